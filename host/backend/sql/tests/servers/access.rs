//! Attributes of roles, memberships, privileges and default privileges: each
//! row is performed and read back, by the catalogue and by what the server
//! lets people do.

use hyhost_backend::Class;
use hyhost_backend_sql::SqlBackend;
use serde_json::{Value, json};

use crate::support::{ask, each, fresh, one, ours, request, theirs, theirs_as, value_of, verifier_of, version};

async fn role(backend: &SqlBackend, what: &str) -> String {
    let name = fresh(what);
    one(backend, "CreateRole", json!({"name": name, "login": true, "password": {"secret": "own"}})).await.unwrap();
    name
}

async fn read_role(backend: &SqlBackend, name: &str) -> Value {
    one(backend, "ReadRoles", json!({"names": [name]})).await.unwrap()[0].clone()
}

/// The privileges of a role on an object, as `WORD` or `WORD*` with the option.
fn of(privileges: &Value, role: &str) -> Vec<String> {
    let all = privileges.as_array().unwrap().iter().filter(|one| one["grantee"] == role);
    let word = |one: &Value| {
        let star = if one["grantable"] == true { "*" } else { "" };
        format!("{}{star}", one["privilege"].as_str().unwrap())
    };
    let mut words: Vec<_> = all.map(word).collect();
    words.sort();
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_of_a_role() {
    let (backend, name) = (ours(), fresh("role"));
    let on = json!({"name": name, "login": true, "superuser": true, "createdb": true, "createrole": true,
        "inherit": false, "replication": true, "bypassrls": true, "connection_limit": 3,
        "valid_until": "2031-02-03T04:05:06+01:00"});
    one(&backend, "CreateRole", on.clone()).await.unwrap();
    let is = read_role(&backend, &name).await;
    for (attribute, value) in on.as_object().unwrap().iter().filter(|(attribute, _)| *attribute != "valid_until") {
        assert_eq!(&is[attribute], value, "{attribute}");
    }
    assert_eq!((&is["valid_until"], &is["comment"]), (&json!("2031-02-03T03:05:06Z"), &Value::Null));
    let off = json!({"name": name, "login": false, "superuser": false, "createdb": false, "createrole": false,
        "inherit": true, "replication": false, "bypassrls": false, "connection_limit": -1, "valid_until": "infinity"});
    one(&backend, "AlterRole", off.clone()).await.unwrap();
    let is = read_role(&backend, &name).await;
    for (attribute, value) in off.as_object().unwrap() {
        assert_eq!(&is[attribute], value, "{attribute}");
    }
    for (comment, shown) in [("it's \\ a role", json!("it's \\ a role")), ("", Value::Null)] {
        one(&backend, "CommentOnRole", json!({"name": name, "comment": comment})).await.unwrap();
        assert_eq!(read_role(&backend, &name).await["comment"], shown);
    }
    one(&backend, "SetRoleSetting", json!({"name": name, "setting": "work_mem", "value": "8MB"})).await.unwrap();
    assert_eq!(read_role(&backend, &name).await["settings"], json!({"work_mem": "8MB"}));
    one(&backend, "ResetRoleSetting", json!({"name": name, "setting": "work_mem"})).await.unwrap();
    assert_eq!(read_role(&backend, &name).await["settings"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_verifier_is_the_password() {
    let (backend, name) = (ours(), fresh("role"));
    let with = |secret: &str| json!({"name": name, "login": true, "verifier": {"secret": secret}});
    // Its value is no verifier: nothing of it reaches the server.
    let fault = one(&backend, "CreateRole", with("plain")).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
    assert!(!fault.message.contains(&value_of("plain")), "{fault}");
    one(&backend, "CreateRole", with("verifier_a")).await.unwrap();
    assert!(theirs_as(&name, "password of verifier_a", "postgres").await.is_ok());
    let matches =
        |secret: &'static str| one(&backend, "VerifierMatches", json!({"role": name, "verifier": {"secret": secret}}));
    assert_eq!((matches("verifier_a").await, matches("verifier_b").await), (Ok(json!(true)), Ok(json!(false))));
    one(&backend, "AlterRole", with("verifier_b")).await.unwrap();
    assert_eq!((matches("verifier_a").await, matches("verifier_b").await), (Ok(json!(false)), Ok(json!(true))));
    let stored = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'");
    assert_eq!(ask(&theirs("postgres").await, &stored).await, Some(verifier_of("verifier_b")));
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_and_their_options() {
    let backend = ours();
    let (group, member) = (role(&backend, "group").await, role(&backend, "member").await);
    let grant = |admin: bool| json!({"role": group, "member": member, "admin": admin});
    let held = async || {
        let all = read_role(&backend, &member).await["member_of"].clone();
        all.as_array().unwrap().iter().map(|one| (one["role"].clone(), one["admin"].clone())).collect::<Vec<_>>()
    };
    one(&backend, "GrantMembership", grant(false)).await.unwrap();
    assert_eq!(held().await, [(json!(group), json!(false))]);
    one(&backend, "GrantMembership", grant(true)).await.unwrap();
    assert_eq!(held().await, [(json!(group), json!(true))]);
    // What is there already loses nothing.
    one(&backend, "GrantMembership", grant(false)).await.unwrap();
    assert_eq!(held().await, [(json!(group), json!(true))]);
    let grantor = read_role(&backend, &member).await["member_of"][0]["grantor"].clone();
    let revoke = |admin_only: bool, grantor: Option<&Value>| json!({"role": group, "member": member, "admin_only": admin_only, "grantor": grantor});
    let grantor = Some(&grantor).filter(|_| version() >= 16);
    one(&backend, "RevokeMembership", revoke(true, grantor)).await.unwrap();
    assert_eq!(held().await, [(json!(group), json!(false))]);
    if version() >= 16 {
        let with = json!({"role": group, "member": member, "admin": false, "inherit": false, "set": false});
        one(&backend, "GrantMembershipWith", with).await.unwrap();
        let is = read_role(&backend, &member).await["member_of"][0].clone();
        assert_eq!((&is["inherit"], &is["set"]), (&json!(false), &json!(false)));
        let his = theirs_as(&member, &value_of("own"), "postgres").await.unwrap();
        assert!(his.batch_execute(&format!("SET ROLE {group}")).await.is_err());
        let with = json!({"role": group, "member": member, "admin": false, "set": true});
        one(&backend, "GrantMembershipWith", with).await.unwrap();
        assert!(his.batch_execute(&format!("SET ROLE {group}")).await.is_ok());
        let is = read_role(&backend, &member).await["member_of"][0].clone();
        assert_eq!((&is["inherit"], &is["set"]), (&json!(false), &json!(true)));
    } else {
        let is = read_role(&backend, &member).await["member_of"][0].clone();
        assert_eq!((&is["inherit"], &is["set"]), (&Value::Null, &Value::Null));
    }
    one(&backend, "RevokeMembership", revoke(false, grantor)).await.unwrap();
    assert!(held().await.is_empty());
}

/// A database with a schema `s` and a few things in it.
async fn home(backend: &SqlBackend) -> String {
    let db = fresh("db");
    one(backend, "CreateDatabase", json!({"name": db})).await.unwrap();
    let text = "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE SEQUENCE s.q; \
                CREATE TYPE s.\"Mood;\" AS ENUM ('a'); \
                CREATE FUNCTION s.f(a int, b varchar, c s.\"Mood;\"[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
                CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 2'; \
                CREATE PROCEDURE s.p(a timestamptz) LANGUAGE sql AS 'SELECT 1'; \
                REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA s FROM PUBLIC";
    theirs(&db).await.batch_execute(text).await.unwrap();
    db
}

#[tokio::test(flavor = "multi_thread")]
async fn privileges_on_every_sort_of_object() {
    let backend = ours();
    let (db, a, b) = (home(&backend).await, role(&backend, "a").await, role(&backend, "b").await);
    let mut of_tables = vec!["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"];
    if version() >= 17 {
        of_tables.insert(2, "MAINTAIN");
    }
    let cases = [
        ("Database", json!({}), vec!["CONNECT", "CREATE", "TEMPORARY"], "ReadDatabases"),
        ("Schema", json!({"schema": "s"}), vec!["CREATE", "USAGE"], "ReadSchemas"),
        ("Table", json!({"schema": "s", "table": "t"}), of_tables, "ReadTables"),
        ("Sequence", json!({"schema": "s", "sequence": "q"}), vec!["SELECT", "UPDATE", "USAGE"], "ReadSequences"),
        (
            "Function",
            json!({"schema": "s", "function": "f(int, varchar, s.\"Mood;\"[])"}),
            vec!["EXECUTE"],
            "ReadFunctions",
        ),
        ("Function", json!({"schema": "s", "function": "p"}), vec!["EXECUTE"], "ReadFunctions"),
    ];
    for (sort, place, words, read) in cases {
        let privileges = async || {
            let (names, name) = match sort {
                "Database" => (json!({"names": [db]}), json!(db)),
                "Schema" => (json!({"database": db, "names": ["s"]}), json!("s")),
                "Function" if place["function"] == "p" => {
                    (json!({"database": db, "schemas": ["s"]}), json!("p(timestamp with time zone)"))
                }
                "Function" => {
                    (json!({"database": db, "schemas": ["s"]}), json!("f(integer, character varying, s.\"Mood;\"[])"))
                }
                _ => (json!({"database": db, "schemas": ["s"]}), place[sort.to_lowercase()].clone()),
            };
            let all = one(&backend, read, names).await.unwrap();
            let found = all.as_array().unwrap().iter().find(|object| object["name"] == name);
            found.unwrap_or_else(|| panic!("{name} is not in {all}"))["privileges"].clone()
        };
        let args = |more: Value| {
            let mut args = place.clone();
            args["database"] = json!(db);
            args["privileges"] = json!(words);
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            args
        };
        let (grant, revoke) = (format!("GrantOn{sort}"), format!("RevokeOn{sort}"));
        one(&backend, &grant, args(json!({"roles": [a, b, "public"], "grant_option": false}))).await.unwrap();
        let is = privileges().await;
        for role in [&a, &b, "public"] {
            assert_eq!(of(&is, role), words, "{sort} {role}");
        }
        one(&backend, &grant, args(json!({"roles": [b], "grant_option": true}))).await.unwrap();
        let with_option: Vec<String> = words.iter().map(|word| format!("{word}*")).collect();
        let is = privileges().await;
        assert_eq!(
            (of(&is, &a), of(&is, &b)),
            (words.iter().map(ToString::to_string).collect(), with_option),
            "{sort}"
        );
        one(&backend, &revoke, args(json!({"roles": [b], "option_only": true}))).await.unwrap();
        assert_eq!(of(&privileges().await, &b), words, "{sort}");
        one(&backend, &revoke, args(json!({"roles": [a, b, "public"], "option_only": false}))).await.unwrap();
        let is = privileges().await;
        assert_eq!(of(&is, &a).len() + of(&is, &b).len() + of(&is, "public").len(), 0, "{sort} {is}");
    }
    // What the owner did not grant is shown with who did.
    let admin = theirs(&db).await;
    let text = format!(
        "GRANT USAGE ON SCHEMA s TO {a}; GRANT SELECT ON s.t TO {a} WITH GRANT OPTION; SET ROLE {a}; \
         GRANT SELECT ON s.t TO {b}"
    );
    admin.batch_execute(&text).await.unwrap();
    let tables = one(&backend, "ReadTables", json!({"database": db, "schemas": ["s"]})).await.unwrap();
    let by = tables[0]["privileges"].as_array().unwrap().iter().find(|one| one["grantee"] == json!(b)).unwrap();
    assert_eq!(by["grantor"], json!(a));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_several_is_not_guessed() {
    let backend = ours();
    let (db, a) = (home(&backend).await, role(&backend, "a").await);
    let grant = |function: &str| json!({"database": db, "schema": "s", "function": function, "roles": [a], "privileges": ["EXECUTE"], "grant_option": false});
    let fault = one(&backend, "GrantOnFunction", grant("f")).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Failed, Some("42725")), "{fault}");
    one(&backend, "GrantOnFunction", grant("f()")).await.unwrap();
    let fault = one(&backend, "GrantOnFunction", grant("f(int); DROP SCHEMA s")).await.unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("42883"), "a name, and nothing but one: {fault}");
    let fault = one(&backend, "GrantOnFunction", grant("f(int;)")).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn default_privileges() {
    let backend = ours();
    let (db, owner, reader) = (home(&backend).await, role(&backend, "owner").await, role(&backend, "reader").await);
    let args = |more: Value| {
        let mut args = json!({"database": db, "owner": owner, "roles": [reader]});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let held = async || {
        let all = one(&backend, "ReadDefaultPrivileges", json!({"database": db})).await.unwrap();
        let of_reader = all.as_array().unwrap().iter().filter(|one| one["grantee"] == json!(reader)).cloned();
        of_reader
            .map(|one| {
                assert_eq!((&one["owner"], &one["builtin"]), (&json!(owner), &json!(false)));
                format!("{} {} {} {}", one["schema"], one["objects"], one["privilege"], one["grantable"])
                    .replace('"', "")
            })
            .collect::<Vec<_>>()
    };
    for (row, more) in [
        ("GrantDefaultPrivileges", json!({"objects": "TABLES", "privileges": ["SELECT"], "grant_option": true})),
        ("GrantDefaultPrivileges", json!({"objects": "SCHEMAS", "privileges": ["USAGE"], "grant_option": false})),
        (
            "GrantDefaultPrivilegesInSchema",
            json!({"schema": "s", "objects": "SEQUENCES", "privileges": ["USAGE"], "grant_option": false}),
        ),
        (
            "GrantDefaultPrivilegesInSchema",
            json!({"schema": "s", "objects": "FUNCTIONS", "privileges": ["EXECUTE"], "grant_option": false}),
        ),
        (
            "GrantDefaultPrivilegesInSchema",
            json!({"schema": "s", "objects": "TYPES", "privileges": ["USAGE"], "grant_option": false}),
        ),
    ] {
        one(&backend, row, args(more)).await.unwrap();
    }
    let mut is = held().await;
    is.sort();
    let expected = [
        "null SCHEMAS USAGE false",
        "null TABLES SELECT true",
        "s FUNCTIONS EXECUTE false",
        "s SEQUENCES USAGE false",
        "s TYPES USAGE false",
    ];
    assert_eq!(is, expected);
    // They do what they say.
    let text = format!("GRANT CREATE ON SCHEMA s TO {owner}; SET ROLE {owner}; CREATE TABLE s.new (); RESET ROLE");
    let admin = theirs(&db).await;
    admin.batch_execute(&text).await.unwrap();
    let may = format!("SELECT has_table_privilege('{reader}', 's.new', 'SELECT')");
    assert_eq!(ask(&admin, &may).await.as_deref(), Some("t"));

    let revoke = json!({"objects": "TABLES", "privileges": ["SELECT"], "option_only": true});
    one(&backend, "RevokeDefaultPrivileges", args(revoke)).await.unwrap();
    assert!(held().await.contains(&"null TABLES SELECT false".to_owned()));
    let revoke = json!({"schema": "s", "objects": "SEQUENCES", "privileges": ["USAGE"], "option_only": false});
    one(&backend, "RevokeDefaultPrivilegesInSchema", args(revoke)).await.unwrap();
    assert!(!held().await.iter().any(|one| one.contains("SEQUENCES")));
    let nowhere = json!({"database": fresh("nowhere")});
    assert_eq!(one(&backend, "ReadDefaultPrivileges", nowhere).await, Ok(Value::Null));
}

/// An account that may make roles and databases, and is no superuser, can give
/// a database to a role that it has just made.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_no_superuser_makes_owners() {
    if version() < 16 {
        // There it would have to be a member of each of them.
        return;
    }
    let admin = ours();
    let (account, owner, db) = (fresh("account"), fresh("owner"), fresh("db"));
    let create =
        json!({"name": account, "login": true, "createrole": true, "createdb": true, "password": {"secret": "own"}});
    one(&admin, "CreateRole", create).await.unwrap();
    let settings = hyhost_config::Sql {
        user: account,
        passwords: vec![hyhost_config::Secret::new("own", value_of("own"))],
        ..crate::support::settings()
    };
    let backend = hyhost_backend_sql::connect("main-db", &settings);
    let answers = each(
        &backend,
        vec![
            request("CreateRole", json!({"name": owner})),
            request("CreateDatabase", json!({"name": db, "owner": owner})),
        ],
    )
    .await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let made = one(&backend, "CreateSchema", json!({"database": db, "name": "again", "owner": owner})).await;
    assert_eq!(made, Ok(Value::Null));
}
