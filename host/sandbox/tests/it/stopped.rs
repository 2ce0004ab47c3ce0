//! Guests that must be stopped.

use std::time::{Duration, Instant};

use hyhost_sandbox::{Call, TrapKind, Trouble};
use serde_json::json;

use crate::world::{CPU, MEMORY, World, limits};

fn kind(trouble: Trouble) -> (Call, TrapKind) {
    match trouble {
        Trouble::Trap { plugin, call, kind } if plugin == "hostile" => (call, kind),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_ends_in_its_own_words_in_each_call() {
    let world = World::new();
    let words = TrapKind::Panic { words: Some("out of\\n\\u{1b}[2Jideas".into()) };
    let cases = [
        ("spin", TrapKind::Loop { limit: CPU }),
        ("eat", TrapKind::Memory { limit: MEMORY }),
        ("dig", TrapKind::Stack),
        ("panic", words),
        ("give-up", TrapKind::Panic { words: None }),
    ];
    for (name, call) in [("probe", Call::Probe), ("plan", Call::Plan), ("ensure", Call::Ensure)] {
        for (does, expected) in &cases {
            let (stopped, found) = kind(world.call(name, does).await.unwrap_err());
            assert_eq!(stopped, call, "{does}");
            match (&found, expected) {
                (TrapKind::Panic { words: Some(found) }, TrapKind::Panic { words: Some(expected) }) => {
                    // The place of the panic stands before its words.
                    assert!(found.ends_with(expected), "{found}");
                }
                _ => assert_eq!(&found, expected, "{does} in {name}"),
            }
        }
    }
    world.assert_untouched("stopped");
    // The plugin is as good as before: each call has a store of its own.
    world.probe(json!({})).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_say_what_to_do() {
    let world = World::new();
    let words = world.call("plan", "spin").await.unwrap_err().to_string();
    assert!(words.starts_with("plugin `hostile` was stopped in its call `plan`: it computed for 0.5 s"), "{words}");
    let words = world.call("plan", "eat").await.unwrap_err().to_string();
    assert!(words.contains("more than 48 MiB") && words.contains("memory: 96Mi"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hands_over_too_much_is_stopped() {
    let world = World::with(hyhost_sandbox::Limits { memory: 128 << 20, total_memory: 512 << 20, ..limits() });
    for (call, does) in [("plan", "far-too-large"), ("plan", "huge")] {
        let (_, found) = kind(world.call(call, does).await.unwrap_err());
        let TrapKind::Other(words) = found else { panic!("{does}: {found:?}") };
        assert!(words.contains("too much data"), "{words}");
    }
    world.assert_untouched("too much");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_server_is_not_computing() {
    let mut world = World::new();
    world.time = Duration::from_secs(2);
    world.server.latency(Duration::from_millis(25));
    // It asks for far longer than it may compute, and is never stopped for it:
    // in the end its time is over, and it is told so.
    let fault = world.call("plan", "ask-for-ever").await.unwrap().unwrap_err();
    assert_eq!(fault.class, hyhost_backend::Class::Transient, "{fault}");
    assert!(world.server.calls() > 40, "{}", world.server.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_is_doing_at_the_deadline_ends_in_order() {
    let mut world = World::new();
    world.time = Duration::from_millis(300);
    world.server.latency(Duration::from_secs(60));
    let started = Instant::now();
    let fault = world.call("plan", "").await.unwrap().unwrap_err();
    assert!(fault.message.contains("no answer before the deadline"), "{fault}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_answer_in_time_is_stopped() {
    let mut world = World::with(hyhost_sandbox::Limits { cpu: Duration::from_secs(60), ..limits() });
    world.time = Duration::from_millis(300);
    let started = Instant::now();
    let trouble = world.call("probe", "spin").await.unwrap_err();
    assert_eq!(trouble, Trouble::TimedOut { plugin: "hostile".into(), call: Call::Probe });
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_spins_does_not_hold_the_others_up() {
    let world = World::with(hyhost_sandbox::Limits { cpu: Duration::from_secs(2), ..limits() });
    let started = Instant::now();
    let sound = async {
        for _ in 0..10 {
            world.probe(json!({})).await.unwrap().unwrap();
        }
        started.elapsed()
    };
    let (trouble, sound) = tokio::join!(world.call("plan", "spin"), sound);
    assert!(matches!(kind(trouble.unwrap_err()).1, TrapKind::Loop { .. }));
    assert!(sound < Duration::from_millis(1_500), "{sound:?}");
}
