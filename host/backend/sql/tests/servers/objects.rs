//! Databases, schemas and extensions: their attributes, and how they go.

use hyhost_backend::Class;
use serde_json::{Value, json};

use crate::support::{fresh, one, ours, theirs, version};

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_of_a_database() {
    let (backend, name) = (ours(), fresh("db"));
    let create = json!({"name": name, "template": "template0", "encoding": "UTF8", "locale_provider": "libc",
        "collate": "C", "ctype": "C.UTF-8", "tablespace": "pg_default", "connection_limit": 7});
    one(&backend, "CreateDatabase", create).await.unwrap();
    let read = async || one(&backend, "ReadDatabases", json!({"names": [name]})).await.unwrap()[0].clone();
    let is = read().await;
    for (attribute, value) in [
        ("encoding", json!("UTF8")),
        ("locale_provider", json!("libc")),
        ("locale", Value::Null),
        ("collate", json!("C")),
        ("ctype", json!("C.UTF-8")),
        ("tablespace", json!("pg_default")),
        ("connection_limit", json!(7)),
        ("comment", Value::Null),
    ] {
        assert_eq!(is[attribute], value, "{attribute}");
    }
    one(&backend, "AlterDatabaseConnectionLimit", json!({"name": name, "connection_limit": -1})).await.unwrap();
    one(&backend, "CommentOnDatabase", json!({"name": name, "comment": "ours"})).await.unwrap();
    let is = read().await;
    assert_eq!((&is["connection_limit"], &is["comment"]), (&json!(-1), &json!("ours")));
    // Its own session in it is in nobody's way.
    one(&backend, "ReadSchemas", json!({"database": name})).await.unwrap();
    one(&backend, "AlterDatabaseTablespace", json!({"name": name, "tablespace": "pg_default"})).await.unwrap();

    let by_locale = fresh("db");
    one(&backend, "CreateDatabase", json!({"name": by_locale, "template": "template0", "locale": "C"})).await.unwrap();
    let is = one(&backend, "ReadDatabases", json!({"names": [by_locale]})).await.unwrap()[0].clone();
    assert_eq!((&is["collate"], &is["ctype"]), (&json!("C"), &json!("C")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_by_each_provider_of_locales() {
    let backend = ours();
    let name = fresh("icu");
    let create = json!({"name": name, "template": "template0", "encoding": "UTF8", "locale_provider": "icu", "icu_locale": "de-AT"});
    match one(&backend, "CreateDatabase", create).await {
        Ok(_) => {
            let is = one(&backend, "ReadDatabases", json!({"names": [name]})).await.unwrap()[0].clone();
            assert_eq!((&is["locale_provider"], &is["locale"]), (&json!("icu"), &json!("de-AT")));
        }
        // A server that was built without it says so.
        Err(fault) => assert_eq!(fault.code.as_deref(), Some("0A000"), "{fault}"),
    }
    let name = fresh("builtin");
    let create = json!({"name": name, "template": "template0", "encoding": "UTF8", "locale_provider": "builtin", "builtin_locale": "C.UTF-8"});
    let made = one(&backend, "CreateDatabase", create).await;
    if version() >= 17 {
        made.unwrap();
        let is = one(&backend, "ReadDatabases", json!({"names": [name]})).await.unwrap()[0].clone();
        assert_eq!((&is["locale_provider"], &is["locale"]), (&json!("builtin"), &json!("C.UTF-8")));
    } else {
        assert_eq!(made.unwrap_err().class, Class::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_have_comments_and_extensions_versions() {
    let (backend, db) = (ours(), fresh("db"));
    one(&backend, "CreateDatabase", json!({"name": db})).await.unwrap();
    for name in ["s", "u"] {
        one(&backend, "CreateSchema", json!({"database": db, "name": name})).await.unwrap();
    }
    one(&backend, "CommentOnSchema", json!({"database": db, "name": "s", "comment": "for things"})).await.unwrap();
    let schemas = one(&backend, "ReadSchemas", json!({"database": db, "names": ["s", "u"]})).await.unwrap();
    assert_eq!((&schemas[0]["comment"], &schemas[1]["comment"]), (&json!("for things"), &Value::Null));

    let available = one(&backend, "ReadAvailableExtensions", json!({"names": ["pg_trgm", "no_such"]})).await.unwrap();
    let preferred = available[0]["default_version"].as_str().unwrap().to_owned();
    assert_eq!(available.as_array().unwrap().len(), 1);
    let of = |more: Value| {
        let mut args = json!({"database": db, "name": "pg_trgm"});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    one(&backend, "CreateExtension", of(json!({"schema": "s", "version": "1.4"}))).await.unwrap();
    let read = async || one(&backend, "ReadExtensions", json!({"database": db, "names": ["pg_trgm"]})).await.unwrap();
    assert_eq!(read().await, json!([{"name": "pg_trgm", "schema": "s", "version": "1.4"}]));
    one(&backend, "AlterExtensionSchema", of(json!({"schema": "u"}))).await.unwrap();
    one(&backend, "UpdateExtension", of(json!({"version": preferred}))).await.unwrap();
    assert_eq!(read().await, json!([{"name": "pg_trgm", "schema": "u", "version": preferred}]));
    // What an extension made is nobody's data.
    assert_eq!(one(&backend, "ReadContents", json!({"database": db})).await, Ok(json!([])));
    let again = one(&backend, "CreateExtension", of(json!({}))).await.unwrap_err();
    assert_eq!((again.class, again.code.as_deref()), (Class::Conflict, Some("42710")));
    theirs(&db)
        .await
        .batch_execute("CREATE TABLE s.t (a text); CREATE INDEX ON s.t USING gin (a u.gin_trgm_ops)")
        .await
        .unwrap();
    let needed = one(&backend, "DropExtension", of(json!({}))).await.unwrap_err();
    assert_eq!((needed.class, needed.code.as_deref()), (Class::Denied, Some("2BP01")), "{needed}");
    theirs(&db).await.batch_execute("DROP TABLE s.t").await.unwrap();
    one(&backend, "DropExtension", of(json!({}))).await.unwrap();
    assert_eq!(read().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_goes_only_when_it_is_empty_or_its_data_may_go() {
    let backend = ours();
    for (text, example) in [
        ("CREATE TABLE t ()", "table t in schema `public`"),
        ("CREATE SCHEMA s; CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function f in schema `s`"),
        ("CREATE TYPE mood AS ENUM ('a')", "type mood"),
        ("CREATE DOMAIN d AS int", "type d"),
        ("CREATE SEQUENCE q", "sequence q"),
        ("SELECT lo_create(0)", "large object"),
    ] {
        let db = fresh("db");
        one(&backend, "CreateDatabase", json!({"name": db})).await.unwrap();
        theirs(&db).await.batch_execute(text).await.unwrap();
        let fault = one(&backend, "DropDatabase", json!({"name": db})).await.unwrap_err();
        assert_eq!(fault.class, Class::Denied, "{fault}");
        assert!(fault.message.contains(example) && fault.message.contains("with_data"), "{fault}");
        // A session of a test's own ends a moment later.
        let mut gone = one(&backend, "DropDatabase", json!({"name": db, "with_data": true})).await;
        for _ in 0..3 {
            if gone.is_ok() {
                break;
            }
            gone = one(&backend, "DropDatabase", json!({"name": db, "with_data": true})).await;
        }
        assert_eq!(gone, Ok(Value::Null));
        assert_eq!(one(&backend, "ReadDatabases", json!({"names": [db]})).await, Ok(json!([])));
    }
    // Empty schemas, extensions and privileges are no data; nor are our own
    // idle sessions in the way.
    let db = fresh("db");
    one(&backend, "CreateDatabase", json!({"name": db})).await.unwrap();
    one(&backend, "CreateSchema", json!({"database": db, "name": "s"})).await.unwrap();
    one(&backend, "CreateExtension", json!({"database": db, "name": "pg_trgm"})).await.unwrap();
    assert_eq!(one(&backend, "DropDatabase", json!({"name": db})).await, Ok(Value::Null));
    let fault = one(&backend, "DropDatabase", json!({"name": db})).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Conflict, Some("3D000")));
    for reserved in ["postgres", "template0", "template1"] {
        let fault = one(&backend, "DropDatabase", json!({"name": reserved, "with_data": true})).await.unwrap_err();
        assert_eq!(fault.class, Class::Denied, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_goes_only_when_it_is_empty_or_its_data_may_go() {
    let (backend, db) = (ours(), fresh("db"));
    one(&backend, "CreateDatabase", json!({"name": db})).await.unwrap();
    let admin = theirs(&db).await;
    admin
        .batch_execute(
            "CREATE SCHEMA s; CREATE TABLE s.t (); CREATE SCHEMA e; CREATE SCHEMA other; CREATE TABLE other.o ()",
        )
        .await
        .unwrap();
    let contents = one(&backend, "ReadContents", json!({"database": db, "schemas": ["s", "e"]})).await.unwrap();
    assert_eq!(contents, json!([{"schema": "s", "objects": 1, "example": "table t"}]));
    let drop = |name: &str, more: Value| {
        let mut args = json!({"database": db, "name": name});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let fault = one(&backend, "DropSchema", drop("s", json!({}))).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Denied, Some("2BP01")), "{fault}");
    assert!(fault.message.contains("table s.t"), "{fault}");
    let fault = one(&backend, "DropSchema", drop("s", json!({"with_data": false}))).await.unwrap_err();
    assert_eq!(fault.class, Class::Denied, "{fault}");
    one(&backend, "DropSchema", drop("e", json!({}))).await.unwrap();
    one(&backend, "DropSchema", drop("s", json!({"with_data": true}))).await.unwrap();
    let left = one(&backend, "ReadSchemas", json!({"database": db, "names": ["s", "e", "other"]})).await.unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_something_needs_stays_and_it_is_said_where() {
    let (backend, db, role, free) = (ours(), fresh("db"), fresh("role"), fresh("free"));
    for name in [&role, &free] {
        one(&backend, "CreateRole", json!({"name": name})).await.unwrap();
    }
    one(&backend, "CreateDatabase", json!({"name": db, "owner": role})).await.unwrap();
    let text = format!(
        "CREATE TABLE a (); CREATE TABLE b (); ALTER TABLE a OWNER TO {role}; GRANT SELECT ON b TO {role}; GRANT {role} TO {free}"
    );
    theirs(&db).await.batch_execute(&text).await.unwrap();
    let all = one(&backend, "ReadRoleUses", json!({"names": [role, free]})).await.unwrap();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 2, "{all:?}");
    let within = all.iter().find(|one| one["database"] == json!(db)).unwrap();
    assert_eq!((&within["role"], &within["owns"]), (&json!(role), &json!(1)));
    assert!(within["privileges"].as_i64().unwrap() >= 1, "{within}");
    let shared = all.iter().find(|one| one["database"].is_null()).unwrap();
    assert_eq!((&shared["owns"], &shared["objects"]), (&json!(1), &json!([format!("database {db}")])));
    let fault = one(&backend, "DropRole", json!({"name": role})).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Denied, Some("2BP01")), "{fault}");
    assert!(fault.message.contains(&format!("database {db}")), "{fault}");
    assert_eq!(one(&backend, "DropRole", json!({"name": free})).await, Ok(Value::Null));
    let fault = one(&backend, "DropRole", json!({"name": free})).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
}
