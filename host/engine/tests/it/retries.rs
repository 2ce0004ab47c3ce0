//! What is retried, how often, and what is not.

use std::time::Duration;

use hyhost_audit::Outcome;
use hyhost_backend::Class;
use hyhost_engine::Goal;

use crate::world::{World, fault, times};

const TWO_ROLES: &str = "  t: { plugin: postgres, connection: db, grant: desired, \
                         desired: { roles: [ { name: a }, { name: b, member_of: [a] }, { name: c } ] } }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_retried_until_it_has_passed() {
    let world = World::new(TWO_ROLES);
    world.sql.fail_next("CreateRole", fault(Class::Transient));
    world.sql.fail_next("CreateRole", fault(Class::Conflict));
    let report = world.run().await;
    assert!(report.is_ok(), "{:?}", report.targets[0].problems);
    assert_eq!(world.store().names("role").len(), 3);
    assert_eq!(world.run().await.counts.changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_does_not_pass_is_retried_five_times_and_the_others_are_done() {
    let world = World::new(TWO_ROLES);
    for _ in 0..50 {
        world.sql.fail_next("GrantMembership", fault(Class::Transient));
    }
    let report = world.run().await;
    assert_eq!(times(&world, "GrantMembership"), 6, "once, and five times again");
    assert_eq!(report.targets[0].outcome, Outcome::Failed);
    assert_eq!(report.targets[0].problems[0].object.as_deref(), Some("role/b"));
    assert_eq!(world.store().names("role").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_or_wrong_is_not_retried_and_what_needs_it_is_skipped() {
    for class in [Class::Denied, Class::Invalid, Class::Failed] {
        let world = World::new(TWO_ROLES);
        world.sql.fail_next("CreateRole", fault(class));
        let report = world.run().await;
        let problems: Vec<String> = report.targets[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(report.counts.failed, 1, "{class}: {problems:?}");
        assert_eq!(report.counts.skipped, 1, "{class}: {problems:?}");
        assert!(problems[1].contains("role/b: skipped, because role/a failed"), "{problems:?}");
        assert_eq!(times(&world, "CreateRole"), 2, "a and c, once each");
        assert!(world.run().await.is_ok(), "and the next run converges");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_costs_no_retry() {
    let world = World::new(TWO_ROLES);
    // More often than a fault is retried.
    for _ in 0..8 {
        world.sql.fail_next("CreateRole", fault(Class::NotReady));
    }
    let report = world.run().await;
    assert!(report.is_ok(), "{:?}", report.targets[0].problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_given_up_in_time_with_its_last_reason() {
    let world = World::new(&TWO_ROLES.replace("grant:", "ready_timeout: 700ms, grant:"));
    world.sql.available(false);
    let began = std::time::Instant::now();
    let report = world.run().await;
    assert!(began.elapsed() < Duration::from_secs(5));
    let problem = report.targets[0].problems[0].to_string();
    assert!(problem.starts_with("not ready within 700ms: "), "{problem}");
    assert!(world.store().names("role").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_operation_fails_once_the_end_is_the_same() {
    let reference = World::new(TWO_ROLES);
    reference.run().await;
    let (calls, state) = (reference.sql.calls(), reference.store().snapshot());
    assert!(calls > 5, "{calls}");
    for number in 1..=calls {
        // What may pass: the run itself gets there.
        for class in [Class::Transient, Class::Conflict, Class::NotReady] {
            let world = World::new(TWO_ROLES);
            world.sql.fail_call(number, fault(class));
            let report = world.run().await;
            assert!(report.is_ok(), "call {number} {class}: {:?}", report.targets[0].problems);
            assert_eq!(world.store().snapshot(), state, "call {number} {class}");
        }
        // What may not: the next run does.
        let world = World::new(TWO_ROLES);
        world.sql.fail_call(number, fault(Class::Failed));
        assert!(!world.run().await.is_ok(), "call {number}");
        assert!(world.run().await.is_ok(), "call {number}");
        assert_eq!(world.store().snapshot(), state, "call {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_never_writes() {
    let world = World::new(TWO_ROLES);
    let report = world.go(Goal::Plan).await;
    assert_eq!(report.targets[0].plan.changes.len(), 3);
    assert!(world.store().names("role").is_empty());
    assert!(world.sql.names().iter().all(|name| name.starts_with("Read")), "{:?}", world.sql.names());
}
