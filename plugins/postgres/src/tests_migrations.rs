//! Migrations: what a history says against the files.

use hyhost_sdk::{Action, Plan, Plugin, native};
use serde_json::{Value, json};

use crate::Postgres;
use crate::tests::{change, database, ids, role};
use crate::tests_objects::steps;

/// A plan of migrations with this history, these files (name and digest), and
/// digests without comments by file; `holds`: what the database has in it.
fn migrations(
    with: Value,
    history: Value,
    files: &'static [(&'static str, &'static str)],
    normal: Value,
    holds: Value,
) -> Plan {
    let mut migrations = json!({ "path": "m" });
    migrations.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    let desired = json!({ "roles": [{ "name": "o", "password": "s" }], "databases": [{ "name": "d", "owner": "o", "migrations": migrations }] });
    let host = native::Host::new(move |call| {
        Ok(match call.name.as_str() {
            "ReadRoles" => json!([role("o", json!({}))]),
            "ReadDatabases" => json!([database("d", json!({}))]),
            "PasswordMatches" => json!(true),
            "ReadMigrations" => history.clone(),
            "ReadScriptDigest" => normal[call.args["file"].as_str().unwrap()].clone(),
            "ReadContents" => holds.clone(),
            _ => Value::Null,
        })
    });
    let host = host.with_files("m", files);
    host.run(|| Postgres::plan(&native::context(&desired, &[("sql", "sql")]), None)).unwrap()
}

fn ran(file: &str, digest: &str, normal: Value) -> Value {
    json!({ "file": file, "digest": digest, "normal": normal, "ran": true })
}

#[test]
fn another_comment_is_no_other_file() {
    let of = |normal: Value| {
        migrations(
            json!({}),
            json!([ran("1.sql", "sha256:old", normal)]),
            &[("1.sql", "sha256:new"), ("2.sql", "sha256:2")],
            json!({ "1.sql": "sha256:n" }),
            json!([]),
        )
    };
    assert_eq!(ids(&of(json!("sha256:n"))), ["migration/d/2.sql"]);
    let changed = of(json!("sha256:other"));
    assert!(
        changed.changes.is_empty() && changed.refused[0].text.contains("was changed since; restore"),
        "{:?}",
        changed.refused
    );
    let old = of(Value::Null);
    assert!(old.changes.is_empty() && old.refused[0].text.contains("older history"), "{:?}", old.refused);
}

#[test]
fn repeatable_files_run_last_and_again_when_they_are_others() {
    const FILES: &[(&str, &str)] = &[("R__b.sql", "sha256:b2"), ("R__a.sql", "sha256:a"), ("V9__x.sql", "sha256:x")];
    let plan = migrations(json!({}), json!([]), FILES, json!({}), json!([]));
    assert_eq!(ids(&plan), ["migration/d/V9__x.sql", "migration/d/R__a.sql", "migration/d/R__b.sql"]);
    assert!(change(&plan, "migration/d/R__a.sql").requires.contains(&"migration/d/V9__x.sql".to_owned()));
    let history = json!([
        ran("R__a.sql", "sha256:a", json!("n")),
        ran("R__b.sql", "sha256:b", json!("n")),
        ran("R__gone.sql", "sha256:g", json!("n"))
    ]);
    let plan = migrations(json!({}), history.clone(), FILES, json!({ "R__b.sql": "other" }), json!([]));
    assert_eq!(ids(&plan), ["migration/d/V9__x.sql", "migration/d/R__b.sql"], "{:?}", plan.refused);
    let again = change(&plan, "migration/d/R__b.sql");
    assert!(matches!(again.action, Action::Update));
    assert_eq!(steps(again)[0].0, "RunScriptAgain");
    // Its comments are others.
    let plan = migrations(json!({}), history, FILES, json!({ "R__b.sql": "n" }), json!([]));
    assert_eq!(ids(&plan), ["migration/d/V9__x.sql"]);
}

#[test]
fn a_file_that_comes_late_runs_only_where_it_may() {
    let of = |with: Value| {
        migrations(
            with,
            json!([ran("2.sql", "sha256:2", json!("n"))]),
            &[("1.sql", "sha256:1"), ("2.sql", "sha256:2")],
            json!({}),
            json!([]),
        )
    };
    let refused = of(json!({}));
    assert!(refused.changes.is_empty() && refused.refused[0].text.contains("out_of_order"), "{:?}", refused.refused);
    assert_eq!(ids(&of(json!({ "out_of_order": true }))), ["migration/d/1.sql"]);
}

#[test]
fn a_baseline_is_for_a_database_that_has_something_and_no_history() {
    const FILES: &[(&str, &str)] = &[("1_a.sql", "sha256:a"), ("2_b.sql", "sha256:b"), ("3_c.sql", "sha256:c")];
    let of = |history: Value, holds: Value| {
        migrations(json!({ "baseline": 2 }), history, FILES, json!({ "1_a.sql": "na", "2_b.sql": "nb" }), holds)
    };
    let something = json!([{ "schema": "public", "objects": 1, "example": "table t" }]);
    let plan = of(Value::Null, something.clone());
    assert_eq!(ids(&plan), ["migration/d/baseline", "migration/d/3_c.sql"]);
    let [(name, args)] = &steps(change(&plan, "migration/d/baseline"))[..] else { panic!() };
    assert_eq!(
        (name.as_str(), &args["files"], &args["normals"]),
        ("BaselineMigrations", &json!(["1_a.sql", "2_b.sql"]), &json!(["na", "nb"]))
    );
    assert!(change(&plan, "migration/d/3_c.sql").requires.contains(&"migration/d/baseline".to_owned()));
    assert_eq!(ids(&of(json!([]), json!([]))).len(), 3, "an empty database gets all of them");
    let history = json!([ran("1_a.sql", "sha256:a", json!("na")), ran("2_b.sql", "sha256:b", json!("nb"))]);
    assert_eq!(ids(&of(history, something)), ["migration/d/3_c.sql"]);
}
