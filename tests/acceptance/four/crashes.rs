//! A server that is killed in the middle of a run, and comes back on the same
//! data. Postgres is in `faults.rs`.

use std::time::Duration;

use hyhost_testbed::{Server, Testbed};
use serde_json::Value;

use super::{crash, list, reason, run_until, stack};
use crate::{alone, document};

/// A run that was cut short by a crash ends well, or says what hindered it;
/// the next one ends well, and then nothing is left.
fn converges_after_a_crash(server: Server, target: &str, is_it: fn(&Value) -> bool, delay: Duration) {
    let _alone = alone();
    let bed = Testbed::up(&[server]).unwrap();
    let stack = stack(&bed, &document(target));
    stack.hyhost(&["validate"]).ended(0);
    let instance = bed.get(server).unwrap();
    let run = run_until(&stack, is_it, || {
        std::thread::sleep(delay);
        crash(instance);
    });
    assert!(run.stderr.contains("many: waiting"), "the crash was not noticed: {}", run.stderr);
    match run.code {
        Some(0) => {}
        Some(1) => assert!(!reason(&run, "many").is_empty(), "without a reason: {}\n{}", run.stdout, run.stderr),
        _ => panic!("ended with {:?}: {}\n{}", run.code, run.stdout, run.stderr),
    }
    let next = stack.hyhost(&["run"]).ended(0);
    let done = next.changed().unwrap();
    eprintln!("{server}: the run ended with {:?} after {:?} changes, the next one did {done}", run.code, run.changed());
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
    stack.hyhost(&["plan"]).ended(0);
}

/// An object has been made.
fn is_done(event: &Value) -> bool {
    event["event"] == "object" && event["outcome"] == "done"
}

#[test]
fn kafka() {
    let topics = list(400, |i| format!("{{ name: many-{i}, partitions: 1, config: {{ retention.ms: 600000 }} }}"));
    let users = list(20, |i| format!("{{ name: many-{i}, password: one }}"));
    let acls = list(20, |i| format!("{{ principal: \"User:many-{i}\", topic: many-{i}, operations: [read] }}"));
    let target = format!(
        "  many:\n    plugin: kafka\n    connection: kafka\n    grant: desired\n    timeout: 60s\n    ready_timeout: 30s\n    \
         desired: {{ topics: [ {topics} ], users: [ {users} ], acls: [ {acls} ] }}\n"
    );
    // Many topics are one request: in the middle of it.
    let is_announced = |event: &Value| event["event"] == "announced";
    converges_after_a_crash(Server::Kafka, &target, is_announced, Duration::from_millis(300));
}

#[test]
fn minio() {
    let buckets = list(80, |i| format!("{{ name: many-{i}, versioning: enabled, anonymous: download }}"));
    let users = list(40, |i| format!("{{ name: many-{i}, secret: one, policies: [readonly] }}"));
    let target = format!(
        "  many:\n    plugin: minio\n    connection: minio\n    grant: desired\n    timeout: 60s\n    ready_timeout: 30s\n    \
         desired: {{ buckets: [ {buckets} ], users: [ {users} ] }}\n"
    );
    converges_after_a_crash(Server::Minio, &target, is_done, Duration::from_millis(20));
}

#[test]
fn opensearch() {
    let templates = list(60, |i| {
        format!(
            "{{ name: many-{i}, body: {{ index_patterns: [many-{i}-*], priority: {i}, template: {{ settings: {{ number_of_replicas: 0 }} }} }} }}"
        )
    });
    let roles = list(20, |i| format!("{{ name: many-{i}, cluster_permissions: [cluster_monitor] }}"));
    let users = list(10, |i| format!("{{ name: many-{i}, password: three }}"));
    let target = format!(
        "  many:\n    plugin: opensearch\n    connection: search\n    grant: desired\n    timeout: 60s\n    ready_timeout: 60s\n    \
         desired: {{ index_templates: [ {templates} ], roles: [ {roles} ], users: [ {users} ] }}\n"
    );
    converges_after_a_crash(Server::OpenSearch, &target, is_done, Duration::from_millis(20));
}
