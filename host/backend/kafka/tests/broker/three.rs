//! Three brokers, and what happens when one is gone.

use std::time::Duration;

use hyhost_config::Kafka;
use hyhost_testbed::{Server, Testbed};
use serde_json::{Value, json};

use crate::support::{brokers, client, each, good, plain, request, said_by};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_topic_is_on_every_broker_and_a_lost_broker_is_seen() {
    let bed = Testbed::up(&[Server::Kafka3]).unwrap();
    let node = bed.get(Server::Kafka3).unwrap();
    let backend = client(&Kafka { brokers: brokers(&said_by(node, "KAFKA_BROKERS")), ..plain() });
    let up = || async { good(&backend, "ReadCluster", json!({ "defaults": true })).await };
    let cluster = up().await;
    assert_eq!(cluster["brokers"].as_array().unwrap().len(), 3);
    assert_eq!(cluster["default_replication_factor"], json!(3));

    let names: Vec<String> = (0..50).map(|i| format!("wide-{i}")).collect();
    let wanted = names.iter().map(|name| request("CreateTopics", json!({ "topic": name, "partitions": 3 })));
    assert!(each(&backend, wanted.collect()).await.iter().all(|answer| *answer == Ok(Value::Null)));
    // Each broker is asked by itself, at once.
    for broker in brokers(&said_by(node, "KAFKA_BROKERS")) {
        let alone = client(&Kafka { brokers: vec![broker], ..plain() });
        let found = good(&alone, "ReadTopics", json!({ "names": names })).await;
        assert_eq!(found.as_array().unwrap().len(), 50);
        assert!(found.as_array().unwrap().iter().all(|topic| topic["replication_factor"] == json!(3)));
    }

    let third = bed.instances().iter().find(|instance| instance.node() == 3).unwrap();
    third.kill().unwrap();
    for _ in 0..300 {
        if up().await["brokers"].as_array().unwrap().len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the dead broker is still shown");
}
