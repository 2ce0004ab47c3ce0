//! Guests whose answers make no sense.

use hyhost_backend::Class;
use hyhost_sandbox::{Call, Readiness, Trouble};
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn each_is_refused_by_name() {
    let cases = [
        ("probe", "newer", "the readiness `half` is none that this hyhost knows"),
        ("probe", "newer-level", "the log level `shout`"),
        ("plan", "newer-mode", "the mode `quietly`"),
        ("plan", "twice", "two changes have the id `role/ok_a`"),
        ("plan", "newer-action", "change `role/ok_a`: the action `melt`"),
        ("plan", "newer-verb", "change `role/ok_a`: the verb `smell`"),
        ("plan", "newer-key", "the plan has the extension `x`"),
        ("plan", "two-lines", "`role/ok_a\\nrole/forged`, is not `kind/name` in one line"),
        ("plan", "for-ever", "two changes have the id"),
        ("plan", "same-page", "two changes have the id"),
        ("ensure", "too-few", "it was given 1 changes and answered with 0 results"),
        ("ensure", "too-many-results", "it was given 1 changes and answered with 2 results"),
        ("ensure", "newer", "the outcome `half`"),
    ];
    let world = World::new();
    for (name, does, words) in cases {
        let call = match name {
            "probe" => Call::Probe,
            "plan" => Call::Plan,
            _ => Call::Ensure,
        };
        let trouble = world.call(name, does).await.unwrap_err();
        let Trouble::Protocol { plugin, call: found, problem } = &trouble else { panic!("{does}: {trouble}") };
        assert_eq!((plugin.as_str(), *found), ("hostile", call), "{does}");
        assert!(problem.contains(words), "{does}: {problem}");
    }
    world.assert_untouched("answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_no_json_is_refused_without_a_word_of_it() {
    let world = World::new();
    for (does, words) in
        [("no-json-state", "`after` cannot be read: it is not JSON"), ("commas-state", "too many values")]
    {
        let trouble = world.call("plan", does).await.unwrap_err().to_string();
        assert!(trouble.contains(words) && !trouble.contains("hunter2"), "{trouble}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_does_not_end_is_given_up() {
    let world = World::new();
    world.server.store().put("role", &["ok_a"], json!({}));
    for (does, words) in [("for-ever", "more than 1000 pages"), ("same-page", "a page that it has given already")] {
        let trouble = world.call("plan", does).await.unwrap_err().to_string();
        assert!(trouble.contains(words), "{trouble}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_capped_and_written_in_one_line() {
    let world = World::new();
    let fault = world.call("probe", "fail").await.unwrap().unwrap_err();
    assert_eq!(fault.class, Class::Conflict);
    assert!(fault.message.len() < 4_200 && !fault.to_string().contains(char::is_control), "{fault}");
    assert!(fault.code.is_some_and(|code| code.len() < 80) && !fault.login_refused);

    let found = world.probe(json!({ "in": "probe", "does": "not-ready" })).await.unwrap().unwrap();
    assert_eq!(found, Readiness::NotReady("still\\nstarting".into()));

    let plan = world.plan(json!({ "in": "plan", "does": "forged-remark" })).await.unwrap().unwrap();
    assert!(plan.extras[0].text.starts_with("extra\\n\\u{1b}[2Ky") && plan.extras[0].text.len() < 1_100);
}
