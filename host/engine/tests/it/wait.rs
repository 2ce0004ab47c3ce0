//! Waiting for servers, and nothing else.

use hyhost_audit::Outcome;
use hyhost_engine::Goal;

use crate::world::World;

const TWO: &str = "  a: { plugin: postgres, connection: db, grant: desired, ready_timeout: 700ms, \
                         desired: { roles: [ { name: a } ] } }\n\
                   \x20 b: { plugin: postgres, connection: db, grant: desired, ready_timeout: 700ms, after: [a], \
                         desired: { roles: [ { name: b } ] } }\n";

#[tokio::test(flavor = "multi_thread")]
async fn ready_servers_are_looked_at_once_and_nothing_is_planned() {
    let world = World::new(TWO);
    let report = world.go(Goal::Wait).await;
    assert!(report.is_ok() && report.is_settled(), "{:?}", report.targets);
    assert!(report.targets.iter().all(|target| target.outcome == Outcome::Unchanged));
    assert_eq!(world.sql.names(), ["ReadServer", "ReadServer"]);
    assert!(world.all_events().is_empty(), "what changes nothing is not on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_target_says_its_own_reason_also_where_it_comes_after_another() {
    let world = World::new(TWO);
    world.sql.available(false);
    let report = world.go(Goal::Wait).await;
    for target in &report.targets {
        assert_eq!(target.outcome, Outcome::Failed);
        let problem = target.problems[0].to_string();
        assert!(problem.starts_with("not ready within 700ms: "), "{}: {problem}", target.name);
    }
    world.sql.available(true);
    assert!(world.go(Goal::Wait).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_waits_no_longer() {
    let world = World::new(&TWO.replace("700ms", "5m"));
    world.sql.available(false);
    let stop = world.stop.clone();
    let soon = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        stop.raise();
    });
    let began = std::time::Instant::now();
    let report = world.go(Goal::Wait).await;
    soon.await.unwrap();
    assert!(report.interrupted && !report.is_ok());
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(report.targets[0].problems[0].text.starts_with("asked to stop"), "{:?}", report.targets[0].problems);
}
