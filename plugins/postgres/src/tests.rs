//! Compares, in `cargo test`: a host of a few lines answers the reads.

use hyhost_sdk::{Change, Plan, Plugin, native};
use serde_json::{Value, json};

use crate::Postgres;

/// A plan of this desired state on a server that answers so.
pub(crate) fn plan(desired: &Value, answers: impl Fn(&str, &Value) -> Value + 'static) -> Plan {
    let host = native::Host::new(move |call| Ok(answers(&call.name, &call.args)))
        .with_files("migrations", &[("10_b.sql", "sha256:b"), ("2_a.sql", "sha256:a"), ("notes.txt", "sha256:n")]);
    host.run(|| Postgres::plan(&native::context(desired, &[("sql", "sql")]), None)).unwrap()
}

pub(crate) fn empty_server(name: &str, _: &Value) -> Value {
    match name {
        "ReadRoles" | "ReadDatabases" => json!([]),
        _ => Value::Null,
    }
}

/// A role as the server shows it, with nothing particular but these.
pub(crate) fn role(name: &str, more: Value) -> Value {
    with(
        json!({ "name": name, "login": true, "superuser": false, "createdb": false, "createrole": false,
            "replication": false, "bypassrls": false, "inherit": true, "connection_limit": -1, "valid_until": null,
            "comment": null, "settings": {}, "member_of": [] }),
        more,
    )
}

/// The same of a database.
pub(crate) fn database(name: &str, more: Value) -> Value {
    with(
        json!({ "name": name, "owner": "o", "encoding": "UTF8", "locale_provider": "libc", "collate": "C", "ctype": "C",
            "tablespace": "pg_default", "connection_limit": -1, "comment": null, "privileges": [] }),
        more,
    )
}

fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

pub(crate) fn ids(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.id.as_str()).collect()
}

pub(crate) fn change<'a>(plan: &'a Plan, id: &str) -> &'a Change {
    plan.changes.iter().find(|change| change.id == id).unwrap()
}

#[test]
fn an_empty_server_gets_everything_in_the_order_of_its_needs() {
    let desired = json!({
        "roles": [{ "name": "o", "login": true, "password": "s" }, { "name": "m", "member_of": ["o"] }],
        "databases": [{ "name": "d", "owner": "o", "migrations": "migrations" }],
        "schemas": [{ "database": "d", "name": "x", "owner": "o" }],
        "grants": [{ "role": "m", "database": "d", "schema": "x", "tables": ["*"], "privileges": ["select"] },
                   { "role": "m", "database": "d", "schema": "x", "privileges": ["usage"] }],
    });
    let plan = plan(&desired, empty_server);
    let expected = [
        "role/o",
        "role/m",
        "database/d",
        "schema/d/x",
        "migration/d/2_a.sql",
        "migration/d/10_b.sql",
        "grant/schema/d/x",
    ];
    assert_eq!(ids(&plan), expected);
    assert_eq!(change(&plan, "migration/d/10_b.sql").requires, ["database/d", "role/o", "migration/d/2_a.sql"]);
    assert_eq!(change(&plan, "migration/d/2_a.sql").requires, ["database/d", "role/o", "schema/d/x"]);
    assert_eq!(change(&plan, "role/m").requires, ["role/o"]);
    assert_eq!(plan.deferred.len(), 1, "the tables are not made yet: {:?}", plan.deferred);
    assert!(plan.refused.is_empty());
}

#[test]
fn only_what_differs_is_changed_and_the_rest_is_left_alone() {
    let desired = json!({ "roles": [{ "name": "r", "login": true, "settings": { "search_path": "a, \"$user\"", "jit": false } }] });
    let settings = json!({ "search_path": "a, \"$user\"", "jit": "false", "work_mem": "1MB" });
    let member_of = json!([{ "role": "pg_monitor", "admin": false }]);
    let is = json!({ "login": false, "createdb": true, "connection_limit": 7, "member_of": member_of, "settings": settings });
    let role = json!([role("r", is)]);
    let plan = plan(&desired, move |name, _| if name == "ReadRoles" { role.clone() } else { Value::Null });
    let change = change(&plan, "role/r");
    assert_eq!(change.before.as_deref(), Some(r#"{"login":false}"#));
    assert_eq!(change.after.as_deref(), Some(r#"{"login":true}"#));
    assert!(plan.extras[0].text.contains("pg_monitor"));
}

#[test]
fn a_role_that_nobody_makes_is_waited_for() {
    let desired = json!({ "databases": [{ "name": "d", "owner": "elsewhere" }] });
    let plan = plan(&desired, empty_server);
    assert!(plan.changes.is_empty());
    assert!(plan.deferred[0].text.contains("`elsewhere`"));
}

#[test]
fn a_history_that_does_not_fit_the_files_stops_its_database_alone() {
    let desired = json!({
        "roles": [{ "name": "o", "password": "s" }],
        "databases": [{ "name": "d", "owner": "o", "migrations": { "path": "migrations" } }, { "name": "e" }],
    });
    let history = |rows: Value| {
        move |name: &str, _: &Value| match name {
            "ReadRoles" => {
                json!([role("o", json!({}))])
            }
            "ReadDatabases" => {
                json!([database("d", json!({}))])
            }
            "ReadMigrations" => rows.clone(),
            "PasswordMatches" => json!(true),
            _ => Value::Null,
        }
    };
    let changed = plan(&desired, history(json!([{ "file": "2_a.sql", "digest": "sha256:old", "ran": true }])));
    assert_eq!(ids(&changed), ["database/e"]);
    assert_eq!(changed.refused[0].id, "migration/d/2_a.sql");

    let gone = plan(&desired, history(json!([{ "file": "1_z.sql", "digest": "sha256:z", "ran": true }])));
    assert_eq!(gone.refused[0].id, "migration/d/1_z.sql");

    let between = plan(&desired, history(json!([{ "file": "10_b.sql", "digest": "sha256:b", "ran": true }])));
    assert_eq!(between.refused[0].id, "migration/d/2_a.sql");

    let half = plan(&desired, history(json!([{ "file": "2_a.sql", "digest": "sha256:a", "ran": true }])));
    assert_eq!(ids(&half), ["database/e", "migration/d/10_b.sql"]);
}

#[test]
fn migrations_without_a_password_to_log_in_with_are_refused() {
    let desired = json!({ "databases": [{ "name": "d", "owner": "o", "migrations": "migrations" }] });
    let plan = plan(&desired, |name, _| match name {
        "ReadRoles" => {
            json!([role("o", json!({}))])
        }
        "ReadDatabases" => {
            json!([database("d", json!({}))])
        }
        _ => Value::Null,
    });
    assert!(plan.refused[0].text.contains("password"), "{:?}", plan.refused);
}

#[test]
fn access_beyond_the_document_is_an_extra_and_no_change() {
    let desired = json!({ "grants": [{ "role": "m", "database": "d", "privileges": ["connect"] }] });
    let plan = plan(&desired, |name, _| match name {
        "ReadRoles" => {
            json!([role("m", json!({}))])
        }
        "ReadDatabases" => json!([database(
            "d",
            json!({ "privileges": [
            { "grantee": "m", "privilege": "CONNECT", "builtin": false },
            { "grantee": "m", "privilege": "CREATE", "builtin": false },
            { "grantee": "public", "privilege": "TEMPORARY", "builtin": true } ] })
        )]),
        _ => Value::Null,
    });
    assert!(plan.changes.is_empty());
    assert_eq!(plan.extras.len(), 1);
    assert!(plan.extras[0].text.contains("create"));
}

/// Long documents are read, and planned ids looked up, in a time that grows
/// with them and not with their square: done so it takes a fraction of a
/// second, with a reading of the document for each schema more than a minute.
#[test]
fn a_long_document_takes_no_time() {
    let schema = |i: usize| json!({ "database": format!("d{}", i % 200), "name": format!("s{i}"), "owner": "o" });
    let grant = |i: usize| json!({ "role": "o", "database": format!("d{}", i % 200), "schema": format!("s{i}"), "tables": ["*"], "privileges": ["select"] });
    let desired = json!({
        "roles": [{ "name": "o", "login": true, "password": "s" }],
        "databases": (0..200).map(|i| json!({ "name": format!("d{i}"), "owner": "o", "migrations": "migrations" })).collect::<Vec<_>>(),
        "schemas": (0..4_000).map(schema).collect::<Vec<_>>(),
        "grants": (0..4_000).map(grant).collect::<Vec<_>>(),
    });
    let began = std::time::Instant::now();
    let plan = plan(&desired, empty_server);
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((plan.changes.len(), plan.next.as_deref()), (1_000, Some("1000")));
    assert_eq!(plan.deferred.len(), 4_000, "all tables wait for migrations");
}
