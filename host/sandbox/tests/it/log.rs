//! Guests that talk too much, or in other people's voices.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

/// What a subscriber writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn said(does: &str) -> String {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(written.clone())
        .finish();
    let world = World::new();
    // The guest runs on the thread of the test, so this is its subscriber.
    let guard = tracing::subscriber::set_default(subscriber);
    world.call("plan", does).await.unwrap().unwrap();
    drop(guard);
    let bytes = written.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().filter(|line| line.contains("hyhost::plugin")).map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn a_flood_ends_and_is_counted() {
    let said = said("flood").await;
    assert!(said.len() < 100 << 10, "{}", said.len());
    let lines = said.lines().count();
    let last = said.lines().last().unwrap();
    assert!((50..100).contains(&lines), "{lines}");
    assert!(last.contains(&format!("{} further lines were dropped", 10_000 - (lines - 1))), "{last}");
}

#[tokio::test]
async fn a_long_line_is_cut() {
    let said = said("long-line").await;
    assert!((8 << 10..9 << 10).contains(&said.len()), "{}", said.len());
    assert!(said.starts_with("ERROR hyhost::plugin"), "{}", &said[..80]);
}

#[tokio::test]
async fn a_forged_line_stays_within_its_own() {
    let said = said("forge").await;
    assert_eq!(said.lines().count(), 1);
    assert!(said.contains(r"all well\n2026-01-01T00:00:00Z ERROR forged\u{1b}[1A"), "{said}");
    assert!(said.contains("plugin=\"hostile\"") && said.contains("target=\"app\""), "{said}");
}

#[tokio::test]
async fn a_forged_note_stays_within_its_event() {
    let world = World::new();
    let changes = world.planned(json!({})).await;
    let (answer, session) = world.ensure(json!({ "in": "ensure", "does": "forged-note" }), &changes).await;
    answer.unwrap().remove(0).unwrap();
    session.finish(vec![(hyhost_audit::Outcome::Done, None)]).unwrap();
    let events = world.events("object");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["note"], r#"done\n{"event":"run-ended"}"#);
    assert!(world.events("run-ended").is_empty());
}
