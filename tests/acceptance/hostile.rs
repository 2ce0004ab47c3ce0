//! A hostile plugin beside sound ones: each misdeed ends in its own clear
//! error, nothing comes of it, and the other targets finish.

use hyhost_tests::{plugin, root};

use crate::{shared, stack};

/// What it does, when, and what the last words must say.
const MISDEEDS: &[(&str, &str, &str)] = &[
    ("plan", "write", "during plan only reads pass"),
    ("ensure", "undeclared", "what a plan did not show cannot happen"),
    ("plan", "spin", "computed for"),
    ("ensure", "spin", "computed for"),
    ("plan", "eat", "memory"),
    ("plan", "panic", "ideas"),
    ("plan", "dig", "went too deep"),
    ("ensure", "too-few", "result"),
    ("plan", "twice", "ok_a"),
];

#[test]
fn each_misdeed_is_named_and_the_others_finish() {
    let (bed, _) = shared();
    let hostile = root().join("tests/guests/built/hostile.wasm");
    assert!(hostile.is_file(), "{} is not built: run `cargo xtask plugins`", hostile.display());
    let mut targets = String::from(
        "  sound: { plugin: postgres, connection: main-db, grant: desired, desired: { roles: [ { name: hostile_sound } ] } }\n\
         \x20 outside: { plugin: hostile, connection: main-db, grant: { main-db: { role: { write: [hostile_*] } } }, \
         desired: { role: elsewhere } }\n",
    );
    for (call, does, _) in MISDEEDS {
        targets.push_str(&format!(
            "  {call}-{does}:\n    plugin: hostile\n    connection: main-db\n    timeout: 120s\n    ready_timeout: 60s\n    \
             grant: {{ main-db: {{ role: {{ write: [ok_*] }} }} }}\n    desired: {{ in: {call}, does: {does} }}\n"
        ));
    }
    let run = stack(&targets).with_plugins(vec![plugin("postgres"), hostile]).hyhost(&["run"]).ended(1);
    assert!(run.changes().contains(&"role/hostile_sound".to_owned()), "{}", run.stdout);
    let ended = |target: &str| {
        let event = run.of_sort("target-ended").find(|event| event["target"] == target).cloned().unwrap();
        (event["outcome"].clone(), event["message"].as_str().unwrap_or_default().to_owned())
    };
    for (call, does, words) in MISDEEDS {
        let (outcome, message) = ended(&format!("{call}-{does}"));
        assert_eq!(outcome, "failed", "{call} {does}: {message}");
        assert!(message.contains(words), "{call} {does}: {message}");
    }
    let (_, message) = ended("outside");
    assert!(message.contains("outside the grant") && message.contains("write: [\"elsewhere\"]"), "{message}");
    let other = bed.psql("postgres", "select count(*) from pg_roles where rolname in ('ok_other')").unwrap();
    assert_eq!(other.trim(), "0");
    // Two operations, and the plan outside its grant.
    assert_eq!(run.of_sort("refused").count(), 3, "refusals are on record: {}", run.stdout);
}
