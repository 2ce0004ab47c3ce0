//! The server in memory behaves as the tables say.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_config::Secret;
use hyhost_table::{Mode, Name, Operation, Table, s3, sql};
use hyhost_testing::{MemoryBackend, Store};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A request as the gate makes it: secrets resolved to `value of NAME`.
fn request(table: &'static Table, name: &str, args: Value) -> Request {
    let row = table.row(name).unwrap_or_else(|| panic!("no row {name}"));
    let operation = Operation::new(name, args);
    let secrets: BTreeMap<_, _> = row
        .secrets(&operation)
        .into_iter()
        .map(|used| (used.name.clone(), Secret::new(&used.name, format!("value of {}", used.name))))
        .collect();
    Request { operation, row, secrets, file: None }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

async fn each(backend: &MemoryBackend, requests: Vec<Request>) -> Vec<Result<Value, Fault>> {
    backend.perform(requests, Mode::Each, soon()).await
}

async fn one_sql(backend: &MemoryBackend, name: &str, args: Value) -> Result<Value, Fault> {
    each(backend, vec![request(sql(), name, args)]).await.remove(0)
}

async fn one_s3(backend: &MemoryBackend, name: &str, args: Value) -> Result<Value, Fault> {
    each(backend, vec![request(s3(), name, args)]).await.remove(0)
}

fn class(result: Result<Value, Fault>) -> Class {
    result.unwrap_err().class
}

#[tokio::test]
async fn a_role_lives() {
    let backend = MemoryBackend::new(sql());
    let create = json!({ "name": "app", "login": true, "password": { "secret": "app_db" } });
    assert_eq!(one_sql(&backend, "CreateRole", create.clone()).await, Ok(Value::Null));
    assert_eq!(class(one_sql(&backend, "CreateRole", create).await), Class::Conflict);

    let set = json!({ "name": "app", "setting": "work_mem", "value": "8MB" });
    one_sql(&backend, "SetRoleSetting", set).await.unwrap();
    one_sql(&backend, "AlterRole", json!({ "name": "app", "connection_limit": 5 })).await.unwrap();
    assert_eq!(
        one_sql(&backend, "ReadRoles", json!({ "names": ["app", "absent"] })).await,
        Ok(json!([{
            "name": "app", "login": true, "superuser": false, "createdb": false, "createrole": false,
            "replication": false, "bypassrls": false, "inherit": true, "connection_limit": 5, "settings": { "work_mem": "8MB" },
            "member_of": []
        }]))
    );
    assert_eq!(one_sql(&backend, "ReadRoles", json!({ "names": [] })).await, Ok(json!([])));
    assert_eq!(class(one_sql(&backend, "AlterRole", json!({ "name": "absent" })).await), Class::Conflict);
}

#[tokio::test]
async fn a_password_is_proved_and_never_shown() {
    let backend = MemoryBackend::new(sql());
    let create = json!({ "name": "app", "password": { "secret": "app_db" } });
    one_sql(&backend, "CreateRole", create).await.unwrap();
    let matches = |secret: &str| json!({ "role": "app", "password": { "secret": secret } });
    assert_eq!(one_sql(&backend, "PasswordMatches", matches("app_db")).await, Ok(json!(true)));
    assert_eq!(one_sql(&backend, "PasswordMatches", matches("other")).await, Ok(json!(false)));

    assert!(backend.store().set_secret("role", &["app"], "password", "changed by hand"));
    assert_eq!(one_sql(&backend, "PasswordMatches", matches("app_db")).await, Ok(json!(false)));
    let alter = json!({ "name": "app", "password": { "secret": "app_db" } });
    one_sql(&backend, "AlterRole", alter).await.unwrap();
    assert_eq!(one_sql(&backend, "PasswordMatches", matches("app_db")).await, Ok(json!(true)));
    assert!(backend.store().secret_is("role", &["app"], "password", "value of app_db"));

    let absent = json!({ "role": "absent", "password": { "secret": "app_db" } });
    assert_eq!(one_sql(&backend, "PasswordMatches", absent).await, Ok(json!(false)));
    let everything = format!("{:?} {:?} {}", backend.store(), backend.log(), backend.store().snapshot());
    assert!(!everything.contains("value of") && !everything.contains("changed by hand"), "{everything}");
    assert!(everything.contains("app_db"), "the name may be shown");
}

#[tokio::test]
async fn a_secret_that_was_not_handed_over_is_a_fault() {
    let backend = MemoryBackend::new(sql());
    let mut create = request(sql(), "CreateRole", json!({ "name": "app", "password": { "secret": "app_db" } }));
    create.secrets.clear();
    assert_eq!(class(each(&backend, vec![create]).await.remove(0)), Class::Failed);
    assert_eq!(backend.store().get("role", &["app"]), None);
}

#[tokio::test]
async fn membership_is_a_set() {
    let backend = MemoryBackend::new(sql());
    one_sql(&backend, "CreateRole", json!({ "name": "app" })).await.unwrap();
    for role in ["b", "a", "b"] {
        one_sql(&backend, "GrantMembership", json!({ "role": role, "member": "app", "admin": false })).await.unwrap();
    }
    assert_eq!(
        backend.store().field("role", &["app"], "member_of"),
        Some(json!([{ "role": "a", "admin": false }, { "role": "b", "admin": false }]))
    );
    let absent = json!({ "role": "a", "member": "absent", "admin": false });
    assert_eq!(class(one_sql(&backend, "GrantMembership", absent).await), Class::Conflict);
}

#[tokio::test]
async fn drift_is_seen_and_the_state_outlives_the_backend() {
    let store = Store::new();
    let first = MemoryBackend::with_store(sql(), store.clone());
    one_sql(&first, "CreateDatabase", json!({ "name": "app", "owner": "app_user" })).await.unwrap();
    let before = store.snapshot();
    assert!(store.set("database", &["app"], "owner", json!("somebody")));
    assert!(!store.set("database", &["absent"], "owner", json!("somebody")));
    assert_ne!(store.snapshot(), before);

    let second = MemoryBackend::with_store(sql(), store.clone());
    let read = one_sql(&second, "ReadDatabases", json!({})).await.unwrap();
    assert_eq!(read[0]["owner"], "somebody");
    one_sql(&second, "AlterDatabaseOwner", json!({ "name": "app", "owner": "app_user" })).await.unwrap();
    assert_eq!(store.snapshot(), before);
}

#[tokio::test]
async fn privileges_are_one_per_item_and_marked_as_not_builtin() {
    let backend = MemoryBackend::new(sql());
    let builtin = json!({ "grantee": "public", "privilege": "CONNECT", "builtin": true });
    backend.store().put("database", &["app"], json!({ "owner": "o", "encoding": "UTF8", "privileges": [builtin] }));
    let grant = |role: &str| json!({ "database": "app", "roles": [role], "privileges": ["CONNECT", "CREATE"], "grant_option": false });
    one_sql(&backend, "GrantOnDatabase", grant("app")).await.unwrap();
    one_sql(&backend, "GrantOnDatabase", grant("public")).await.unwrap();
    let read = one_sql(&backend, "ReadDatabases", json!({})).await.unwrap();
    let mut privileges: Vec<_> = read[0]["privileges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["grantee"].as_str().unwrap(), p["privilege"].as_str().unwrap(), p["builtin"].as_bool().unwrap()))
        .collect();
    privileges.sort_unstable();
    let expected =
        [("app", "CONNECT", false), ("app", "CREATE", false), ("public", "CONNECT", true), ("public", "CREATE", false)];
    assert_eq!(privileges, expected);
}

#[tokio::test]
async fn what_lies_in_an_absent_database_is_absent_not_empty() {
    let backend = MemoryBackend::new(sql());
    for row in ["ReadSchemas", "ReadTables", "ReadMigrations"] {
        assert_eq!(one_sql(&backend, row, json!({ "database": "app" })).await, Ok(Value::Null), "{row}");
    }
    let schema = json!({ "database": "app", "name": "s", "owner": "o" });
    assert_eq!(class(one_sql(&backend, "CreateSchema", schema.clone()).await), Class::Conflict);

    one_sql(&backend, "CreateDatabase", json!({ "name": "app" })).await.unwrap();
    one_sql(&backend, "CreateDatabase", json!({ "name": "other" })).await.unwrap();
    for row in ["ReadSchemas", "ReadTables", "ReadMigrations"] {
        assert_eq!(one_sql(&backend, row, json!({ "database": "app" })).await, Ok(json!([])), "{row}");
    }
    one_sql(&backend, "CreateSchema", schema).await.unwrap();
    backend.store().put("table", &["app", "s", "t"], json!({ "owner": "o" }));
    backend.store().put("table", &["app", "q", "u"], json!({ "owner": "o" }));
    backend.store().put("table", &["other", "s", "t"], json!({ "owner": "o" }));
    assert_eq!(
        one_sql(&backend, "ReadSchemas", json!({ "database": "app", "names": ["s"] })).await,
        Ok(json!([{ "name": "s", "owner": "o", "privileges": [] }]))
    );
    assert_eq!(
        one_sql(&backend, "ReadTables", json!({ "database": "app", "schemas": ["s"] })).await,
        Ok(json!([{ "schema": "s", "name": "t", "owner": "o", "privileges": [] }]))
    );
}

#[tokio::test]
async fn a_script_leaves_its_row_its_content_and_what_the_test_says() {
    let backend = MemoryBackend::new(sql());
    backend.after("RunScript", |store, performed| {
        let text = String::from_utf8(performed.file.as_ref().unwrap().to_vec()).unwrap();
        if let Some(table) = text.strip_prefix("CREATE TABLE public.") {
            store.put("table", &["app", "public", table], json!({ "owner": "app_user" }));
        }
    });
    one_sql(&backend, "CreateDatabase", json!({ "name": "app" })).await.unwrap();
    let digest = format!("sha256:{}", "0".repeat(64));
    let args = json!({
        "database": "app", "directory": "migrations/app", "file": "1.sql", "digest": digest, "as": "app_user",
        "password": { "secret": "app_db" }
    });
    let mut run = request(sql(), "RunScript", args);
    run.file = Some(Arc::new(b"CREATE TABLE public.t".to_vec()));
    assert_eq!(each(&backend, vec![run.clone()]).await, [Ok(Value::Null)]);
    assert_eq!(
        one_sql(&backend, "ReadMigrations", json!({ "database": "app" })).await,
        Ok(json!([{ "file": "1.sql", "digest": digest }]))
    );
    assert_eq!(backend.store().names("table"), [Name::new(["app", "public", "t"])]);
    assert_eq!(class(each(&backend, vec![run]).await.remove(0)), Class::Conflict);
    assert_eq!(backend.store().names("table").len(), 1, "the hook follows success alone");
}

#[tokio::test]
async fn a_bucket_lives() {
    let backend = MemoryBackend::new(s3());
    let bucket = json!({ "bucket": "media" });
    for read in ["GetBucketPolicy", "GetBucketVersioning"] {
        assert_eq!(one_s3(&backend, read, bucket.clone()).await, Ok(Value::Null), "{read}");
    }
    assert_eq!(class(one_s3(&backend, "DeleteBucketPolicy", bucket.clone()).await), Class::Conflict);
    one_s3(&backend, "CreateBucket", bucket.clone()).await.unwrap();
    assert_eq!(one_s3(&backend, "ListBuckets", json!({})).await, Ok(json!([{ "name": "media" }])));
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    one_s3(&backend, "PutBucketPolicy", json!({ "bucket": "media", "policy": policy })).await.unwrap();
    one_s3(&backend, "PutBucketVersioning", json!({ "bucket": "media", "status": "Enabled" })).await.unwrap();
    assert_eq!(one_s3(&backend, "GetBucketPolicy", bucket.clone()).await, Ok(policy));
    assert_eq!(one_s3(&backend, "GetBucketVersioning", bucket.clone()).await, Ok(json!("Enabled")));
    one_s3(&backend, "DeleteBucketPolicy", bucket.clone()).await.unwrap();
    assert_eq!(one_s3(&backend, "GetBucketPolicy", bucket).await, Ok(Value::Null));
    assert_eq!(one_s3(&backend, "ReadHealth", json!({})).await.unwrap()["writable"], true);
}

#[tokio::test]
async fn what_is_removed_takes_along_what_lies_in_it() {
    let text = json!({
        "capability": "t", "summary": "", "rows": [
            { "name": "CreateRole", "summary": "", "args": { "name": {} }, "perform": { "call": "x" },
              "effect": { "does": "create", "kind": "role", "name": ["name"] } },
            { "name": "CreateSchema", "summary": "", "args": { "database": {}, "name": {} }, "perform": { "call": "x" },
              "effect": { "does": "create", "kind": "schema", "parent": "database", "name": ["database", "name"] } },
            { "name": "DropDatabase", "summary": "", "args": { "name": {} }, "perform": { "call": "x" },
              "effect": { "does": "delete", "kind": "database", "name": ["name"] } }
        ]
    });
    let table: &'static Table = Box::leak(Box::new(serde_json::from_value(text).unwrap()));
    let backend = MemoryBackend::new(table);
    for (kind, name) in [
        ("database", vec!["a"]),
        ("database", vec!["b"]),
        ("schema", vec!["a", "s"]),
        ("schema", vec!["b", "s"]),
        ("role", vec!["a"]),
    ] {
        backend.store().put(kind, &name, json!({}));
    }
    let drop = || request(table, "DropDatabase", json!({ "name": "a" }));
    assert_eq!(each(&backend, vec![drop()]).await, [Ok(Value::Null)]);
    assert_eq!(
        backend.store().snapshot(),
        json!({ "database": { "b": {} }, "role": { "a": {} }, "schema": { "b/s": {} } })
    );
    assert_eq!(class(each(&backend, vec![drop()]).await.remove(0)), Class::Conflict);
}

#[tokio::test]
async fn arguments_and_answers_are_checked() {
    let backend = MemoryBackend::new(sql());
    for args in
        [json!({}), json!({ "name": 1 }), json!({ "name": "a", "unknown": 1 }), json!({ "name": "x".repeat(64) })]
    {
        assert_eq!(class(one_sql(&backend, "CreateRole", args.clone()).await), Class::Invalid, "{args}");
    }
    backend.store().put("role", &["app"], json!({ "login": "yes" }));
    let fault = one_sql(&backend, "ReadRoles", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed);
    assert!(fault.message.contains("/0/login"), "{fault}");
}

#[tokio::test]
async fn faults_come_when_they_are_asked_for() {
    let backend = MemoryBackend::new(s3());
    let fault = |class| Fault::new(class, "asked for");
    backend.fail_next("CreateBucket", fault(Class::Transient));
    backend.fail_call(3, fault(Class::Denied));
    let create = |name: &str| request(s3(), "CreateBucket", json!({ "bucket": name }));
    let answers = each(&backend, vec![create("aaa"), create("bbb"), create("ccc"), create("ddd")]).await;
    let classes: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|fault| fault.class)).collect();
    assert_eq!(classes, [Err(Class::Transient), Ok(Value::Null), Err(Class::Denied), Ok(Value::Null)]);
    assert_eq!(backend.store().names("bucket"), [Name::new(["bbb"]), Name::new(["ddd"])]);

    backend.available(false);
    assert_eq!(class(one_s3(&backend, "ReadHealth", json!({})).await), Class::NotReady);
    backend.available(true);
    one_s3(&backend, "ReadHealth", json!({})).await.unwrap();
    assert_eq!((backend.calls(), backend.batches()), (6, 3));
    assert_eq!(backend.names()[4..], ["ReadHealth", "ReadHealth"]);
    assert!(backend.log()[0].result.is_err() && backend.log()[1].result.is_ok());
    assert!(!backend.closed());
    backend.close().await;
    assert!(backend.closed());
}

#[tokio::test]
async fn a_transaction_is_all_or_none() {
    let backend = MemoryBackend::new(sql());
    let role = |name: &str| request(sql(), "CreateRole", json!({ "name": name }));
    let answers = backend.perform(vec![role("a"), role("a"), role("b")], Mode::Transaction, soon()).await;
    assert_eq!(answers.len(), 3);
    assert!(answers.into_iter().all(|answer| class(answer) == Class::Conflict));
    assert_eq!(backend.store().snapshot(), json!({}));
    let answers = backend.perform(vec![role("a"), role("b")], Mode::Transaction, soon()).await;
    assert_eq!(answers, [Ok(Value::Null), Ok(Value::Null)]);

    let database = request(sql(), "CreateDatabase", json!({ "name": "app" }));
    let answers = backend.perform(vec![role("c"), database], Mode::Transaction, soon()).await;
    assert!(answers.into_iter().all(|answer| class(answer) == Class::Invalid));
    let schema = |database: &str| request(sql(), "CreateSchema", json!({ "database": database, "name": "s" }));
    let answers = backend.perform(vec![schema("x"), schema("y")], Mode::Transaction, soon()).await;
    assert!(answers.into_iter().all(|answer| class(answer) == Class::Invalid));
    assert_eq!(backend.calls(), 4, "what is refused whole is not begun");
}

#[tokio::test]
async fn a_slow_server_meets_the_deadline() {
    let backend = MemoryBackend::new(s3());
    backend.latency(Duration::from_secs(60));
    let started = Instant::now();
    let create = request(s3(), "CreateBucket", json!({ "bucket": "aaa" }));
    let deadline = started + Duration::from_millis(20);
    let answer = backend.perform(vec![create.clone()], Mode::Each, deadline).await.remove(0);
    assert_eq!(class(answer), Class::Transient);
    assert!(started.elapsed() >= Duration::from_millis(20) && started.elapsed() < Duration::from_secs(30));
    assert_eq!(backend.calls(), 0);
    backend.latency(Duration::from_millis(1));
    let answer = backend.perform(vec![create], Mode::Each, soon()).await.remove(0);
    assert_eq!(answer, Ok(Value::Null));
}
