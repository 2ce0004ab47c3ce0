//! Order, rounds, verification, the record.

use hyhost_audit::Outcome;
use hyhost_engine::Goal;
use serde_json::json;

use crate::world::{World, fault, scripts_make_a_table, times};

const DATABASE: &str = "  t:\n    plugin: postgres\n    connection: db\n    grant: desired\n    desired:\n\
    \x20     roles: [ { name: o, login: true, password: p }, { name: r } ]\n\
    \x20     databases: [ { name: d, owner: o, migrations: m } ]\n\
    \x20     schemas: [ { database: d, name: x, owner: o } ]\n\
    \x20     grants: [ { role: r, database: d, schema: x, tables: [\"*\"], privileges: [select] } ]\n";

#[tokio::test(flavor = "multi_thread")]
async fn privileges_on_tables_that_a_migration_makes_come_with_the_same_run() {
    let world = World::new(DATABASE);
    world.file("m/1.sql", "create table x.t ()");
    scripts_make_a_table(&world, "x", "t");
    let report = world.run().await;
    assert!(report.is_ok(), "{:?}", report.targets[0].problems);
    assert_eq!(report.targets[0].changed.last().map(String::as_str), Some("grant/table/d/x/t"));
    let privileges = world.store().field("table", &["d", "x", "t"], "privileges").unwrap();
    assert_eq!(privileges[0]["privilege"], "SELECT");
    assert_eq!(world.run().await.counts.changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_undone_behind_its_back_fails_the_run() {
    let world = World::new(
        "  t: { plugin: postgres, connection: db, grant: desired, timeout: 3s, \
                            desired: { roles: [ { name: a, connection_limit: 5 } ] } }\n",
    );
    world.store().put("role", &["a"], json!({ "connection_limit": 1 }));
    world.sql.after("AlterRole", |store, _| {
        store.set("role", &["a"], "connection_limit", json!(1));
    });
    let report = world.run().await;
    assert_eq!(report.targets[0].outcome, Outcome::Failed);
    let problem = report.targets[0].problems[0].to_string();
    assert!(problem.contains("role/a: still differs"), "{problem}");
    assert_eq!(times(&world, "AlterRole"), 1, "what was made is not made again and again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fails_skips_those_after_it_and_no_others() {
    let one = |name: &str, more: &str| {
        format!(
            "  {name}: {{ plugin: postgres, connection: db, grant: desired{more}, desired: {{ roles: [ {{ name: r_{name} }} ] }} }}\n"
        )
    };
    let world = World::new(&(one("a", "") + &one("b", ", after: [a]") + &one("c", ", after: [b]") + &one("d", "")));
    world.sql.after("ReadServer", |_, _| {});
    world.sql.fail_call(1, fault(hyhost_backend::Class::Failed));
    let report = world.run().await;
    let failed: Vec<&str> =
        report.targets.iter().filter(|t| t.outcome == Outcome::Failed).map(|t| t.name.as_str()).collect();
    // The first look is that of `a` or of `d`.
    if failed == ["a"] {
        assert_eq!(report.targets[1].outcome, Outcome::Skipped);
        assert_eq!(report.targets[2].outcome, Outcome::Skipped);
        assert_eq!(report.targets[3].outcome, Outcome::Done);
    } else {
        assert_eq!(failed, ["d"]);
        assert!(report.targets[..3].iter().all(|target| target.outcome == Outcome::Done));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_is_started_once_it_was_asked_to_stop() {
    let world = World::new(
        "  t: { plugin: postgres, connection: db, grant: desired, \
                            desired: { roles: [ { name: a }, { name: b, member_of: [a] } ] } }\n",
    );
    let stop = world.stop.clone();
    world.sql.after("CreateRole", move |_, _| stop.raise());
    let report = world.run().await;
    assert!(report.interrupted && !report.is_ok());
    assert_eq!(world.store().names("role").len(), 1, "the batch that ran was ended, the next was not begun");
    assert_eq!(world.events("run-ended").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_has_an_announcement_before_each_object_and_no_gap() {
    let world = World::new(DATABASE);
    world.file("m/1.sql", "create table x.t ()");
    scripts_make_a_table(&world, "x", "t");
    world.run().await;
    let mut announced = Vec::new();
    for (at, event) in world.all_events().iter().enumerate() {
        assert_eq!(event["seq"], at + 1);
        match event["event"].as_str() {
            Some("announced") => {
                announced.extend(event["changes"].as_array().unwrap().iter().map(|change| change["object"].clone()));
            }
            Some("object") => {
                assert!(announced.contains(&event["object"]), "{event}");
                let operations = event["operations"].as_array().unwrap();
                assert!(!operations.is_empty(), "{event}");
                assert!(operations.iter().all(|operation| operation["touches"][0].is_string()), "{event}");
            }
            _ => {}
        }
    }
    assert_eq!(world.events("object").len(), announced.len());
    assert_eq!(world.events("object").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_what_another_target_has_to_make_first() {
    let world = World::new(
        "  roles: { plugin: postgres, connection: db, grant: desired, desired: { roles: [ { name: o } ] } }\n\
                            \x20 dbs: { plugin: postgres, connection: db, grant: desired, after: [roles], desired: { databases: [ { name: d, owner: o } ] } }\n",
    );
    let report = world.go(Goal::Plan).await;
    assert_eq!(report.targets[1].plan.deferred[0].id, "database/d");
    assert!(report.is_ok() && !report.is_settled());
    assert!(world.run().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_of_the_connections_own_secret_is_withheld() {
    let world =
        World::new("  t: { plugin: postgres, connection: db, grant: desired, desired: { roles: [ { name: a } ] } }\n");
    let said = hyhost_backend::Fault::new(hyhost_backend::Class::Invalid, "you said a-password, and that is wrong");
    world.sql.fail_next("ReadRoles", said);
    let report = world.run().await;
    let problem = report.targets[0].problems[0].to_string();
    assert!(problem.contains("secret `p`") && !problem.contains("a-password"), "{problem}");
    assert!(!format!("{:?}", world.all_events()).contains("a-password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_outside_the_grant_is_refused_in_the_plan_with_what_needs_it() {
    let one = |roles: &str, grant: &str| {
        World::new(&format!(
            "  t: {{ plugin: postgres, connection: db, grant: {{ db: {{ role: {grant} }} }}, desired: {{ roles: {roles} }} }}\n"
        ))
    };
    let world = one("[ { name: a }, { name: b, member_of: [a] }, { name: c } ]", "[a, b, c]");
    assert_eq!(world.go(Goal::Plan).await.targets[0].plan.changes.len(), 3);
    // A grant that the documents would not have let through.
    let smaller = one("[ { name: b, member_of: [a] }, { name: c } ]", "{ write: [b, c], use: [a] }");
    let mut targets = world.targets();
    targets[0].grant = smaller.targets()[0].grant.clone();
    let report = world.go_on(Goal::Plan, targets).await;
    let plan = &report.targets[0].plan;
    assert_eq!(plan.changes.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), ["role/c"]);
    assert!(plan.refused[0].text.contains("grant: { db: { role: { write: [\"a\"] } } }"), "{:?}", plan.refused);
    assert_eq!(plan.refused[1].text, "it needs role/a, which is refused");
    assert!(!report.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_run_is_can_be_seen() {
    let world = World::new(
        "  t: { plugin: postgres, connection: db, grant: desired, \
                            desired: { roles: [ { name: a }, { name: b, member_of: [a] }, { name: c } ] } }\n",
    );
    assert!(world.run().await.is_ok());
    let made = world.made.lock().unwrap().clone();
    assert_eq!(made.first(), Some(&(0, 3)));
    assert!(made.contains(&(2, 3)), "a and c come first: {made:?}");
    assert_eq!(made.last(), Some(&(3, 3)));
    assert!(made.is_sorted(), "{made:?}");
}
