//! Kafka: topics, ACLs, SCRAM users; by hand through Kafka's own tools.

use hyhost_testbed::{Result, Testbed};

use super::Case;

const KAFKA: (&str, &str) = ("kafka", "kafka");

/// Every kind of the plugin `kafka`.
pub(crate) fn cases() -> Vec<Case> {
    vec![topic(), adopted_topic(), shorter_retention(), acl(), user()]
}

/// Sets one configuration of a topic.
fn set(bed: &Testbed, topic: &str, config: &str) -> Result<String> {
    bed.kafka_configs(&["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", config])
}

fn create(bed: &Testbed, topic: &str, more: &[&str]) -> Result<String> {
    bed.kafka_topics(&[&["--create", "--topic", topic], more].concat())
}

fn topic() -> Case {
    let desired = "{ topics: [
        { name: kt-a, partitions: 3, replication_factor: -1,
          config: { retention.ms: 600000, cleanup.policy: [compact, delete], min.cleanable.dirty.ratio: 0.5, preallocate: false } },
        { name: kt-b } ] }";
    Case::new("topic", KAFKA, desired)
        .drift("retention.ms", "topic/kt-a", |bed| set(bed, "kt-a", "retention.ms=500000"))
        .drift("cleanup.policy", "topic/kt-a", |bed| set(bed, "kt-a", "cleanup.policy=[compact]"))
        .drift("a number", "topic/kt-a", |bed| set(bed, "kt-a", "min.cleanable.dirty.ratio=0.7"))
        .drift("a boolean", "topic/kt-a", |bed| set(bed, "kt-a", "preallocate=true"))
        .grant("[desired, { kafka: { topic: { destroy: [kt-a] } } }]")
        .drift("the whole topic", "topic/kt-b", |bed| bed.kafka_topics(&["--delete", "--topic", "kt-b"]))
        .unmanaged(
            |bed| set(bed, "kt-a", "segment.bytes=5000000"),
            |bed| bed.kafka_configs(&["--describe", "--entity-type", "topics", "--entity-name", "kt-a"]),
        )
        .prune("{ topic: [kt-tmp-*] }", "topic/kt-tmp-1", |bed| create(bed, "kt-tmp-1", &[]))
        .prune("{ topic: [kt-tmp-*], with_data: true }", "topic/kt-tmp-2", |bed| {
            create(bed, "kt-tmp-2", &[])?;
            bed.kafka_produce("kt-tmp-2", "one\ntwo\n").map(|()| String::new())
        })
}

fn adopted_topic() -> Case {
    let desired =
        "{ topics: [ { name: kt-old, partitions: 2, replication_factor: 1, config: { retention.ms: 700000 } } ] }";
    Case::new("topic that was there", KAFKA, desired)
        .adopts(|bed| create(bed, "kt-old", &["--partitions", "2", "--config", "retention.ms=700000"]))
        .drift("fewer partitions than desired", "topic/kt-old", |bed| {
            bed.kafka_topics(&["--delete", "--topic", "kt-old"])?;
            create(bed, "kt-old", &["--partitions", "1", "--config", "retention.ms=700000"])
        })
}

/// Longer by hand: to make it shorter again destroys, and needs the verb.
fn shorter_retention() -> Case {
    let desired = "{ topics: [ { name: kt-short, config: { retention.ms: 600000, retention.bytes: 1000000 } } ] }";
    Case::new("shorter retention", KAFKA, desired)
        .grant("[desired, { kafka: { topic: { destroy: [kt-short] } } }]")
        .drift("retention.ms", "topic/kt-short", |bed| set(bed, "kt-short", "retention.ms=900000"))
        .drift("retention.bytes", "topic/kt-short", |bed| set(bed, "kt-short", "retention.bytes=-1"))
}

const ADD: &[&str] = &["--add", "--allow-principal"];
const REMOVE: &[&str] = &["--remove", "--force", "--allow-principal"];

fn acl() -> Case {
    let desired = "{ acls: [
        { principal: User:ka, topic: ka-events, operations: [read, describe] },
        { principal: User:ka, topic: ka-pre-*, operations: [write] },
        { principal: User:ka, group: ka-group, operations: [read] },
        { principal: User:ka, transactional_id: ka-tx, operations: [write, describe] },
        { principal: User:ka, cluster: kafka-cluster, operations: [idempotent_write] },
        { principal: User:ka, topic: ka-events, operations: [all], permission: deny, host: 10.0.0.1 } ] }";
    Case::new("acl", KAFKA, desired)
        .drift("an operation", "acl/User:ka/topic/ka-events", |bed| {
            bed.kafka_acls(&[REMOVE, &["User:ka", "--operation", "read", "--topic", "ka-events"]].concat())
        })
        .drift("a prefix", "acl/User:ka/topic/ka-pre-*", |bed| {
            let of = ["User:ka", "--operation", "write", "--topic", "ka-pre-", "--resource-pattern-type", "prefixed"];
            bed.kafka_acls(&[REMOVE, &of].concat())
        })
        .drift("a group", "acl/User:ka/group/ka-group", |bed| {
            bed.kafka_acls(&[REMOVE, &["User:ka", "--operation", "read", "--group", "ka-group"]].concat())
        })
        .drift("a transactional id", "acl/User:ka/transactional_id/ka-tx", |bed| {
            bed.kafka_acls(&[REMOVE, &["User:ka", "--operation", "write", "--transactional-id", "ka-tx"]].concat())
        })
        .drift("the cluster", "acl/User:ka/cluster/kafka-cluster", |bed| {
            bed.kafka_acls(&[REMOVE, &["User:ka", "--operation", "IdempotentWrite", "--cluster"]].concat())
        })
        .drift("a denial from a host", "acl/User:ka/topic/ka-events/deny/10.0.0.1", |bed| {
            bed.kafka_acls(&[
                "--remove",
                "--force",
                "--deny-principal",
                "User:ka",
                "--deny-host",
                "10.0.0.1",
                "--operation",
                "all",
                "--topic",
                "ka-events",
            ])
        })
        .extra("an operation", "acl/User:ka/topic/ka-events", |bed| {
            bed.kafka_acls(&[ADD, &["User:ka", "--operation", "write", "--topic", "ka-events"]].concat())
        })
        .extra("another topic", "acl/User:ka/topic/ka-other", |bed| {
            bed.kafka_acls(&[ADD, &["User:ka", "--operation", "read", "--topic", "ka-other"]].concat())
        })
        .prune("{ principal: [\"User:ka-tmp*\"] }", "acl/User:ka-tmp1", |bed| {
            bed.kafka_acls(&[ADD, &["User:ka-tmp1", "--operation", "all", "--topic", "*"]].concat())?;
            bed.kafka_acls(&[ADD, &["User:ka-tmp1", "--operation", "read", "--group", "g"]].concat())
        })
}

/// Sets a credential, or removes one.
fn credential(bed: &Testbed, user: &str, what: &[&str]) -> Result<String> {
    bed.kafka_configs(&[&["--alter", "--entity-type", "users", "--entity-name", user], what].concat())
}

fn user() -> Case {
    let desired = "{ users: [
        { name: ku-one, password: one },
        { name: ku-two, password: two, mechanisms: [SCRAM-SHA-256, SCRAM-SHA-512], iterations: 8192 } ] }";
    Case::new("user", KAFKA, desired)
        .drift("the password", "user/ku-one", |bed| {
            credential(bed, "ku-one", &["--add-config", "SCRAM-SHA-512=[iterations=4096,password=by-hand]"])
        })
        .drift("the password of one mechanism", "user/ku-two", |bed| {
            credential(bed, "ku-two", &["--add-config", "SCRAM-SHA-256=[iterations=8192,password=by-hand]"])
        })
        .drift("the iterations", "user/ku-two", |bed| {
            credential(bed, "ku-two", &["--add-config", "SCRAM-SHA-512=[iterations=4096,password=two-two-two-2]"])
        })
        .drift("a mechanism", "user/ku-two", |bed| credential(bed, "ku-two", &["--delete-config", "SCRAM-SHA-256"]))
        .drift("the whole user", "user/ku-one", |bed| credential(bed, "ku-one", &["--delete-config", "SCRAM-SHA-512"]))
        .extra("a mechanism", "user/ku-one", |bed| {
            credential(bed, "ku-one", &["--add-config", "SCRAM-SHA-256=[iterations=4096,password=more]"])
        })
        .prune("{ user: [ku-tmp*] }", "user/ku-tmp", |bed| {
            credential(bed, "ku-tmp", &["--add-config", "SCRAM-SHA-512=[iterations=4096,password=tmp]"])
        })
}
