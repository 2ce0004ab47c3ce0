//! Documents that must load, and what they come to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::fmt::Write;
use std::path::Path;

use hyhost_config::{Stack, load};

#[test]
fn documents_that_are_right() {
    let manifests = common::manifests();
    let mut failed = Vec::new();
    for case in common::cases("right") {
        let actual = match load(&common::options(&case), &manifests) {
            Ok(stack) => dump(&stack, &case),
            Err(mistakes) => panic!("{}\n{mistakes}", case.display()),
        };
        common::compare(&case.join("expected.txt"), &actual, &mut failed);
    }
    common::verdict(&failed);
}

/// A stack for people: everything but the digest.
fn dump(stack: &Stack, case: &Path) -> String {
    let debug = format!("{stack:?}");
    assert!(!debug.contains(common::SECRET), "{}: a secret in {debug}", case.display());
    let mut text = String::new();
    for target in &stack.targets {
        writeln!(text, "target {} ({}) at {}", target.name, target.plugin, target.place).unwrap();
        for slot in &target.slots {
            writeln!(text, "  slot {}: {} = {}", slot.name, slot.capability, slot.connection).unwrap();
        }
        writeln!(text, "  after {:?}, timeout {:?}, ready {:?}", target.after, target.timeout, target.ready_timeout)
            .unwrap();
        writeln!(text, "  desired {}", target.desired).unwrap();
        for (connection, kinds) in &target.grant.connections {
            for (kind, rule) in kinds {
                for (verb, patterns) in &rule.verbs {
                    let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                    writeln!(text, "  may {verb} {kind} {} on {connection}", patterns.join(", ")).unwrap();
                }
                if !rule.attributes.is_empty() {
                    writeln!(text, "  may set {:?} of {kind} on {connection}", rule.attributes).unwrap();
                }
            }
        }
        for (name, sink) in &target.secrets {
            let length = target.vault.get(name).map_or(0, |secret| secret.expose().len());
            writeln!(text, "  secret {name} ({length} bytes) to {sink}").unwrap();
        }
        for (written, path) in &target.directories {
            writeln!(text, "  directory {written} is {}", path.display()).unwrap();
        }
    }
    for connection in stack.connections.values() {
        writeln!(text, "connection {} at {}: {:?}", connection.name, connection.endpoint(), connection.how).unwrap();
    }
    for (connection, touches) in &stack.mentioned {
        let touches: Vec<String> = touches.iter().map(ToString::to_string).collect();
        writeln!(text, "mentioned on {connection}: {}", touches.join(", ")).unwrap();
    }
    for (name, rule) in &stack.plugins {
        writeln!(text, "plugin {name}: digest {:?}, memory {:?}", rule.digest, rule.memory).unwrap();
    }
    for note in &stack.notes {
        writeln!(text, "{note}").unwrap();
    }
    common::neutral(&text, case)
}
