//! Kafka, one node and three, asked by its own tools.

use std::time::{Duration, Instant};

use hyhost_testbed::{Error, KafkaTool, Server, Testbed, is_alive};

use crate::owner::kill_an_owner_of;
use crate::{gone_within, resident};

fn topics_as(bed: &Testbed, user: &str, password: &str, mechanism: &str) -> Result<String, Error> {
    bed.kafka_as(user, password, mechanism, KafkaTool::Topics, &["--list"])
}

#[test]
fn one_node_comes_up_answers_outlives_a_crash_and_leaves_nothing() {
    let begun = Instant::now();
    let bed = Testbed::up(&[Server::Kafka]).unwrap();
    let kafka = bed.get(Server::Kafka).unwrap();
    println!("kafka: up in {:.1} s, {} MiB", begun.elapsed().as_secs_f64(), resident(kafka.pid().unwrap()));

    bed.kafka_topics(&["--create", "--topic", "kept", "--partitions", "3", "--config", "retention.ms=1000000"])
        .unwrap();
    bed.kafka_produce("kept", "one\ntwo\n").unwrap();
    bed.kafka_acls(&["--add", "--allow-principal", "User:app", "--operation", "Read", "--topic", "kept"]).unwrap();
    let password = "SCRAM-SHA-512=[password=hunter2]";
    bed.kafka_configs(&["--alter", "--entity-type", "users", "--entity-name", "app", "--add-config", password])
        .unwrap();

    // The account that was made at the start, by each mechanism, over TLS.
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] {
        assert_eq!(topics_as(&bed, kafka.user(), kafka.password(), mechanism).unwrap(), "kept", "{mechanism}");
    }
    assert!(matches!(topics_as(&bed, kafka.user(), "wrong", "SCRAM-SHA-512"), Err(Error::Failed { .. })));
    // One that was made later, which may see its topic and make none.
    assert_eq!(topics_as(&bed, "app", "hunter2", "SCRAM-SHA-512").unwrap(), "kept");
    let denied = bed.kafka_as("app", "hunter2", "SCRAM-SHA-512", KafkaTool::Topics, &["--create", "--topic", "other"]);
    assert!(denied.unwrap_err().to_string().contains("Authorization"));

    // By certificate, where the common name is who comes.
    let by_certificate = || bed.kafka_by_certificate(KafkaTool::Topics, &["--list"]).unwrap();
    assert_eq!(by_certificate(), "");
    bed.kafka_acls(&["--add", "--allow-principal", "User:client", "--operation", "Describe", "--topic", "kept"])
        .unwrap();
    assert_eq!(by_certificate(), "kept");

    let (port, before) = (kafka.port(), kafka.pid().unwrap());
    kafka.kill().unwrap();
    assert!(!is_alive(before));
    let begun = Instant::now();
    kafka.start().unwrap();
    println!("kafka: up again after kill -9 in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(kafka.port(), port);
    let said = bed.kafka_topics(&["--describe", "--topic", "kept"]).unwrap();
    assert!(said.contains("PartitionCount: 3") && said.contains("retention.ms=1000000"), "{said}");
    let said = bed.kafka_acls(&["--list", "--topic", "kept"]).unwrap();
    assert!(said.contains("principal=User:app"), "{said}");
    let begun = Instant::now();
    kafka.restart().unwrap();
    println!("kafka: stopped and up again in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(topics_as(&bed, "app", "hunter2", "SCRAM-SHA-512").unwrap(), "kept");
    let size = resident(kafka.pid().unwrap());
    assert!(size <= 300, "{size} MiB");

    let (pid, directory) = (kafka.pid().unwrap(), bed.directory().to_owned());
    drop(bed);
    assert!(!is_alive(pid) && !directory.exists());
}

#[test]
fn three_nodes_of_which_one_goes_and_comes() {
    let begun = Instant::now();
    let bed = Testbed::up(&[Server::Kafka3]).unwrap();
    println!("kafka3: up in {:.1} s", begun.elapsed().as_secs_f64());
    let sizes: Vec<u64> = bed.instances().iter().map(|node| resident(node.pid().unwrap())).collect();
    println!("kafka3: {sizes:?} MiB");
    assert!(sizes.len() == 3 && sizes.iter().all(|size| *size <= 300), "{sizes:?} MiB");

    let create = |name: &str, copies: &str| {
        bed.kafka_topics(&["--create", "--topic", name, "--partitions", "1", "--replication-factor", copies])
    };
    create("three", "3").unwrap();
    assert!(create("five", "5").unwrap_err().to_string().contains("replication factor"));
    let in_sync = || {
        let said = bed.kafka_topics(&["--describe", "--topic", "three"]).unwrap();
        let (_, rest) = said.split_once("Isr: ").unwrap();
        rest.split_whitespace().next().unwrap().split(',').count()
    };
    assert_eq!(in_sync(), 3);

    let third = bed.node(Server::Kafka3, 3).unwrap();
    third.kill().unwrap();
    assert!(gone_within(Duration::from_secs(30), || in_sync() == 2), "the dead one is noticed");
    let brokers = |bed: &Testbed| bed.env().into_iter().find(|(name, _)| *name == "KAFKA_BROKERS").unwrap().1;
    assert_eq!(brokers(&bed).split(',').count(), 3, "the dead one is named as before");
    third.start().unwrap();
    create("again", "3").unwrap();
    assert!(gone_within(Duration::from_secs(30), || in_sync() == 3), "it caught up");
    // The same client through the other way: by name, with TLS.
    let admin = bed.get(Server::Kafka3).unwrap();
    let said = topics_as(&bed, admin.user(), admin.password(), "SCRAM-SHA-512").unwrap();
    assert_eq!(said, "again\nthree");
}

#[test]
fn no_java_outlives_a_killed_owner() {
    kill_an_owner_of(&[Server::Kafka]);
}
