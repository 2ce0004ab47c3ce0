//! A sound plugin.

use hyhost_sandbox::{Done, Limits, Readiness};
use serde_json::json;

use crate::world::{World, limits};

#[tokio::test(flavor = "multi_thread")]
async fn probe_plan_ensure_and_nothing_left() {
    let world = World::new();
    assert_eq!(world.probe(json!({})).await, Ok(Ok(Readiness::Ready)));
    let changes = world.planned(json!({})).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].after, Some(json!({ "name": "ok_a" })));
    assert_eq!(changes[0].payload.len(), 100);
    let (answer, session) = world.ensure(json!({}), &changes).await;
    assert_eq!(answer, Ok(vec![Ok(Done::Done)]));
    session.finish(vec![(hyhost_audit::Outcome::Done, None)]).unwrap();
    assert!(world.server.store().get("role", &["ok_a"]).is_some());
    assert_eq!(world.events("object")[0]["operations"][0]["operation"], "CreateRole");
    assert!(world.planned(json!({})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_are_made_at_once() {
    let world = World::with(Limits { cpu: Limits::default().cpu, ..limits() });
    let changes = world.planned(json!({ "in": "plan", "does": "many" })).await;
    assert_eq!(changes.len(), 1_000);
    let (answer, _) = world.ensure(json!({}), &changes).await;
    assert!(answer.unwrap().iter().all(|result| *result == Ok(Done::Done)));
    assert_eq!(world.server.store().names("role").len(), 1_000);
    assert_eq!(world.server.batches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_plan_comes_in_pages() {
    let world = World::with(Limits { cpu: Limits::default().cpu, ..limits() });
    let changes = world.planned(json!({ "in": "plan", "does": "pages" })).await;
    assert_eq!(changes.len(), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_can_be_handed_to_other_threads() {
    let world = std::sync::Arc::new(World::new());
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { world.probe(json!({})).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(Ok(Readiness::Ready)));
    }
}
