//! A cluster of three brokers of which one is missing.

use std::time::{Duration, Instant};

use hyhost_testbed::{Order, Server, Testbed};

use super::{reason, stack};
use crate::{alone, document};

const TARGETS: &str = r"
  three:
    plugin: kafka
    connection: kafka
    grant: desired
    ready_timeout: @
    desired: { topics: [ { name: nodes-two, replication_factor: 2 }, { name: nodes-three, partitions: 2, replication_factor: 3 } ] }
  default:
    plugin: kafka
    connection: kafka
    grant: desired
    ready_timeout: @
    desired: { topics: [ { name: nodes-default, replication_factor: -1 } ] }
  two:
    plugin: kafka
    connection: kafka
    grant: desired
    ready_timeout: @
    desired: { topics: [ { name: nodes-enough, replication_factor: 2 } ] }
";

#[test]
fn three_replicas_wait_for_the_third_broker() {
    let _alone = alone();
    let bed = Testbed::with(&[Order { start: false, ..Order::from(Server::Kafka3) }]).unwrap();
    let [first, second, third] = [1, 2, 3].map(|node| bed.node(Server::Kafka3, node).unwrap());
    // Both at once: neither is ready without the other one.
    let starts = [first, second].map(|node| node.start_after(Duration::ZERO));
    for start in starts {
        start.join().unwrap().unwrap();
    }

    let early = stack(&bed, &document(&TARGETS.replace('@', "4s")));
    let said = early.hyhost(&["run"]).ended(1);
    let why = reason(&said, "three");
    assert!(why.contains("not ready within 4s"), "{why}");
    assert!(why.contains("2 of 3 brokers are up: topic `nodes-three` has 3 replicas"), "{why}");
    let why = reason(&said, "default");
    assert!(
        why.contains("2 of 3 brokers are up: topic `nodes-default` has 3 replicas (the brokers' default)"),
        "{why}"
    );
    assert!(said.stderr.contains("2 of 3 brokers are up"), "for a person, too: {}", said.stderr);
    assert_eq!(said.changes(), ["topic/nodes-enough"], "two are enough for two replicas, and for nothing else");

    let late = third.start_after(Duration::from_secs(3));
    let began = Instant::now();
    let stack = stack(&bed, &document(&TARGETS.replace('@', "60s")));
    let said = stack.hyhost(&["run"]).ended(0);
    assert!(began.elapsed() >= Duration::from_secs(3), "it cannot have been ready before");
    assert_eq!(said.changed(), Some(3), "{}", said.stdout);
    late.join().unwrap().unwrap();
    let topic = bed.kafka_topics(&["--describe", "--topic", "nodes-three"]).unwrap();
    assert!(topic.contains("ReplicationFactor: 3"), "{topic}");
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}
