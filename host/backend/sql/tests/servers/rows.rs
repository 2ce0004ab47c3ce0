//! Each row of the table is performed and read back.

use serde_json::{Value, json};

use crate::support::{ask, each, fresh, one, ours, request, theirs, theirs_as, value_of};

fn privilege(grantee: &str, privilege: &str, builtin: bool) -> Value {
    json!({"grantee": grantee, "privilege": privilege, "builtin": builtin, "grantable": false, "grantor": null})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_what_it_is() {
    let backend = ours();
    let server = one(&backend, "ReadServer", json!({})).await.unwrap();
    assert!(server["version"].as_i64().unwrap() >= 150_000, "{server}");
    assert_eq!(server["in_recovery"], false);
    assert_eq!(server["superuser"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles() {
    let (backend, role, group) = (ours(), fresh("role"), fresh("group"));
    let create =
        json!({"name": role, "login": true, "connection_limit": 7, "createdb": true, "password": {"secret": "one"}});
    let answers = each(
        &backend,
        vec![
            request("CreateRole", json!({"name": group})),
            request("CreateRole", create.clone()),
            request("GrantMembership", json!({"role": group, "member": role, "admin": false})),
            request(
                "SetRoleSetting",
                json!({"name": role, "setting": "search_path", "value": "\"$user\", app, \"Mixed, x\""}),
            ),
            request("SetRoleSetting", json!({"name": role, "setting": "app.note", "value": "a=b 'c' \\d"})),
            request("SetRoleSetting", json!({"name": role, "setting": "DateStyle", "value": "ISO, DMY"})),
        ],
    )
    .await;
    assert!(answers.iter().all(|answer| answer == &Ok(Value::Null)), "{answers:?}");
    let read = one(&backend, "ReadRoles", json!({"names": [role, group, "nobody"]})).await.unwrap();
    let expected = json!([
        {"name": group, "login": false, "connection_limit": -1, "settings": {}, "member_of": []},
        {"name": role, "login": true, "connection_limit": 7, "inherit": true, "valid_until": null, "comment": null, "settings": {
            "search_path": "\"$user\", app, \"Mixed, x\"", "app.note": "a=b 'c' \\d", "DateStyle": "ISO, DMY"}},
    ]);
    assert_eq!(read.as_array().unwrap().len(), 2);
    for (found, expected) in read.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{field}");
        }
    }
    assert_eq!((&read[1]["member_of"][0]["role"], &read[1]["member_of"][0]["admin"]), (&json!(group), &json!(false)));
    let everyone = one(&backend, "ReadRoles", json!({})).await.unwrap();
    assert!(everyone.as_array().unwrap().iter().any(|found| found["name"] == "pg_monitor"));

    assert!(theirs_as(&role, &value_of("one"), "postgres").await.is_ok());
    let matches =
        |secret: &'static str| one(&backend, "PasswordMatches", json!({"role": role, "password": {"secret": secret}}));
    assert_eq!(matches("one").await, Ok(json!(true)));
    assert_eq!(matches("two").await, Ok(json!(false)));
    let alter = json!({"name": role, "password": {"secret": "two"}, "connection_limit": -1, "createdb": false});
    assert_eq!(one(&backend, "AlterRole", alter).await, Ok(Value::Null));
    assert_eq!(matches("two").await, Ok(json!(true)));
    assert!(theirs_as(&role, &value_of("one"), "postgres").await.is_err());
    let none = one(&backend, "PasswordMatches", json!({"role": "nobody", "password": {"secret": "one"}})).await;
    assert_eq!(none, Ok(json!(false)));

    let again = one(&backend, "CreateRole", create).await.unwrap_err();
    assert_eq!((again.class, again.code.as_deref()), (hyhost_backend::Class::Conflict, Some("42710")));
    assert!(again.message.starts_with(&format!("main-db: CreateRole {role}: ")), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_schemas_and_tables() {
    let (backend, owner, user, db) = (ours(), fresh("owner"), fresh("user"), fresh("db"));
    for name in [&owner, &user] {
        one(&backend, "CreateRole", json!({"name": name})).await.unwrap();
    }
    let absent = each(
        &backend,
        vec![
            request("ReadSchemas", json!({"database": db})),
            request("ReadTables", json!({"database": db})),
            request("CreateSchema", json!({"database": db, "name": "s"})),
        ],
    )
    .await;
    assert_eq!(absent[0], Ok(Value::Null));
    assert_eq!(absent[1], Ok(Value::Null));
    let fault = absent[2].as_ref().unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (hyhost_backend::Class::Conflict, Some("3D000")));

    let create = json!({"name": db, "owner": owner, "template": "template0", "encoding": "UTF8"});
    assert_eq!(one(&backend, "CreateDatabase", create).await, Ok(Value::Null));
    let grant = json!({"database": db, "roles": [user], "privileges": ["CONNECT", "TEMPORARY"], "grant_option": false});
    assert_eq!(one(&backend, "GrantOnDatabase", grant).await, Ok(Value::Null));
    let read = one(&backend, "ReadDatabases", json!({"names": [db]})).await.unwrap();
    assert_eq!(
        (&read[0]["name"], &read[0]["owner"], &read[0]["encoding"]),
        (&json!(db), &json!(owner), &json!("UTF8"))
    );
    let privileges = read[0]["privileges"].as_array().unwrap();
    for expected in [
        privilege("public", "CONNECT", true),
        privilege("public", "TEMPORARY", true),
        privilege(&owner, "CREATE", true),
        privilege(&user, "CONNECT", false),
        privilege(&user, "TEMPORARY", false),
    ] {
        assert!(privileges.contains(&expected), "{expected} is not in {privileges:?}");
    }
    one(&backend, "AlterDatabaseOwner", json!({"name": db, "owner": user})).await.unwrap();
    assert_eq!(one(&backend, "ReadDatabases", json!({"names": [db]})).await.unwrap()[0]["owner"], json!(user));

    let answers = each(
        &backend,
        vec![
            request("CreateSchema", json!({"database": db, "name": "Own", "owner": owner})),
            request("CreateSchema", json!({"database": db, "name": "s"})),
            request("AlterSchemaOwner", json!({"database": db, "name": "s", "owner": owner})),
            request(
                "GrantOnSchema",
                json!({"database": db, "schema": "s", "roles": [user], "privileges": ["USAGE", "CREATE"], "grant_option": false}),
            ),
            request("GrantOnSchema", json!({"database": db, "schema": "s", "roles": ["public"], "privileges": ["USAGE"], "grant_option": false})),
            request("ReadSchemas", json!({"database": db, "names": ["s", "Own", "public"]})),
        ],
    )
    .await;
    let schemas = answers[5].as_ref().unwrap().as_array().unwrap();
    let names: Vec<_> = schemas.iter().map(|schema| schema["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Own", "public", "s"]);
    assert_eq!(schemas[0]["owner"], json!(owner));
    let s = schemas[2]["privileges"].as_array().unwrap();
    for expected in [
        privilege(&owner, "USAGE", true),
        privilege(&user, "USAGE", false),
        privilege(&user, "CREATE", false),
        privilege("public", "USAGE", false),
    ] {
        assert!(s.contains(&expected), "{expected} is not in {s:?}");
    }
    // What initdb gives is nobody's extra.
    let public = schemas[1]["privileges"].as_array().unwrap();
    assert!(public.contains(&privilege("public", "USAGE", true)), "{public:?}");
    assert!(public.iter().all(|privilege| privilege["builtin"] == true), "{public:?}");

    let admin = theirs(&db).await;
    admin.batch_execute("CREATE TABLE s.t (a int); CREATE VIEW s.v AS SELECT 1").await.unwrap();
    let grant = json!({"database": db, "schema": "s", "table": "t", "roles": [user], "privileges": ["SELECT", "INSERT"], "grant_option": false});
    one(&backend, "GrantOnTable", grant).await.unwrap();
    let tables = one(&backend, "ReadTables", json!({"database": db, "schemas": ["s"]})).await.unwrap();
    assert_eq!(tables[0]["name"], "t");
    assert_eq!(tables[1]["name"], "v");
    let t = tables[0]["privileges"].as_array().unwrap();
    assert!(t.contains(&privilege(&user, "INSERT", false)), "{t:?}");
    assert_eq!(
        ask(&admin, &format!("SELECT has_table_privilege('{user}', 's.t', 'SELECT')")).await.as_deref(),
        Some("t")
    );
    let gone = json!({"database": db, "schema": "s", "table": "gone", "roles": [user], "privileges": ["SELECT"], "grant_option": false});
    let fault = one(&backend, "GrantOnTable", gone).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (hyhost_backend::Class::Conflict, Some("42P01")));
    assert!(fault.message.contains(&db), "{fault}");
}
