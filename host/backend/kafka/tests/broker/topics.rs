//! Topics and their configuration.

use hyhost_backend::{Backend, Class};
use serde_json::{Value, json};

use crate::support::{BED, client, each, good, node, one, plain, refused, request};

async fn read(backend: &hyhost_backend_kafka::KafkaBackend, topic: &str, configs: &[&str]) -> Value {
    good(backend, "ReadTopics", json!({ "names": [topic], "configs": configs })).await
}

#[tokio::test]
async fn the_cluster_says_who_is_there() {
    let backend = client(&plain());
    let cluster = good(&backend, "ReadCluster", json!({ "defaults": true })).await;
    assert_eq!(cluster["brokers"], json!([{ "id": 1, "host": "localhost", "port": node().port() }]));
    assert_eq!(cluster["controller"], json!(1));
    assert_eq!(cluster["default_replication_factor"], json!(1));
    assert_eq!(cluster["default_partitions"], json!(1));
    assert!(cluster["cluster_id"].as_str().is_some_and(|id| id.len() == 22), "{cluster}");
    let cluster = good(&backend, "ReadCluster", json!({})).await;
    assert_eq!(cluster["default_replication_factor"], Value::Null);
}

#[tokio::test]
async fn a_topic_lives() {
    let backend = client(&plain());
    assert_eq!(read(&backend, "life", &[]).await, json!([]));
    let configs = json!({ "retention.ms": "60000", "cleanup.policy": "compact,delete" });
    let wanted = json!({ "topic": "life", "partitions": 3, "replication_factor": -1, "configs": configs });
    assert_eq!(good(&backend, "CreateTopics", wanted.clone()).await, Value::Null);
    refused(one(&backend, "CreateTopics", wanted).await, Class::Conflict, "CreateTopics of `life`");

    // Only what was asked for, with the brokers' own values beside it.
    let found = read(&backend, "life", &["retention.ms", "retention.bytes", "no.such.thing"]).await;
    let expected = json!([{
        "name": "life", "internal": false, "partitions": 3, "replication_factor": 1,
        "configs": { "retention.ms": "60000", "retention.bytes": "-1" }, "dynamic": ["retention.ms"],
    }]);
    assert_eq!(found, expected);
    let listed = BED.kafka_topics(&["--describe", "--topic", "life"]).unwrap();
    assert!(listed.contains("PartitionCount: 3") && listed.contains("retention.ms=60000"), "{listed}");

    good(&backend, "CreatePartitions", json!({ "topic": "life", "partitions": 5 })).await;
    refused(
        one(&backend, "CreatePartitions", json!({ "topic": "life", "partitions": 2 })).await,
        Class::Invalid,
        "CreatePartitions of `life`",
    );
    let found = read(&backend, "life", &[]).await;
    assert_eq!(found[0]["partitions"], json!(5));

    assert_eq!(good(&backend, "DeleteTopics", json!({ "topic": "life" })).await, Value::Null);
    refused(one(&backend, "DeleteTopics", json!({ "topic": "life" })).await, Class::Conflict, "");
    backend.close().await;
}

#[tokio::test]
async fn one_configuration_is_set_and_the_others_stay() {
    let backend = client(&plain());
    let configs = json!({ "retention.ms": "60000", "max.message.bytes": "2000" });
    good(&backend, "CreateTopics", json!({ "topic": "config", "configs": configs })).await;
    let set = |config: &str, value: &str| json!({ "topic": "config", "config": config, "value": value });
    let both = vec![
        request("IncrementalAlterConfigs", set("segment.bytes", "2000000")),
        request("IncrementalAlterConfigs", set("min.insync.replicas", "1")),
    ];
    assert_eq!(each(&backend, both).await, [Ok(Value::Null), Ok(Value::Null)]);
    let all = ["retention.ms", "max.message.bytes", "segment.bytes", "min.insync.replicas"];
    let found = read(&backend, "config", &all).await;
    let expected = json!({
        "retention.ms": "60000", "max.message.bytes": "2000", "segment.bytes": "2000000", "min.insync.replicas": "1",
    });
    assert_eq!(found[0]["configs"], expected);

    // What drops records needs the row that says so.
    let words = "`retention.ms` from `60000` to `59000` would drop records";
    refused(one(&backend, "IncrementalAlterConfigs", set("retention.ms", "59000")).await, Class::Denied, words);
    refused(
        one(&backend, "IncrementalAlterConfigs", set("cleanup.policy", "compact")).await,
        Class::Denied,
        "drop records",
    );
    good(&backend, "IncrementalAlterConfigs", set("retention.ms", "61000")).await;
    good(&backend, "IncrementalAlterConfigsWithLoss", set("retention.ms", "59000")).await;
    assert_eq!(read(&backend, "config", &["retention.ms"]).await[0]["configs"], json!({ "retention.ms": "59000" }));

    let fault = one(&backend, "IncrementalAlterConfigs", set("no.such.thing", "1")).await;
    refused(fault, Class::Invalid, "no.such.thing");
    let missing = json!({ "topic": "nowhere", "config": "segment.bytes", "value": "2000000" });
    refused(one(&backend, "IncrementalAlterConfigs", missing).await, Class::Conflict, "of `nowhere`");
}

#[tokio::test]
async fn what_holds_records_goes_only_where_that_is_said() {
    let backend = client(&plain());
    for topic in ["full", "bare"] {
        good(&backend, "CreateTopics", json!({ "topic": topic, "partitions": 2 })).await;
    }
    BED.kafka_produce("full", "one\ntwo\n").unwrap();
    let answers = each(
        &backend,
        vec![request("DeleteTopics", json!({ "topic": "full" })), request("DeleteTopics", json!({ "topic": "bare" }))],
    )
    .await;
    refused(answers[0].clone(), Class::Denied, "about 2 records are in it");
    assert_eq!(answers[1], Ok(Value::Null));
    good(&backend, "DeleteTopics", json!({ "topic": "full", "with_data": true })).await;
    refused(
        one(&backend, "DeleteTopics", json!({ "topic": "__consumer_offsets", "with_data": true })).await,
        Class::Denied,
        "for itself",
    );
}

#[tokio::test]
async fn the_brokers_words_are_passed_on() {
    let backend = client(&plain());
    let create = |args: Value| request("CreateTopics", args);
    let answers = each(
        &backend,
        vec![
            create(json!({ "topic": "words", "replication_factor": 5 })),
            create(json!({ "topic": "words2", "configs": { "no.such.thing": "1" } })),
            create(json!({ "topic": "words3" })),
            create(json!({ "topic": ".." })),
        ],
    )
    .await;
    refused(answers[0].clone(), Class::Invalid, "are there as many brokers?");
    refused(answers[1].clone(), Class::Invalid, "no.such.thing");
    assert_eq!(answers[2], Ok(Value::Null));
    refused(answers[3].clone(), Class::Invalid, "of `..`");
    assert_eq!(answers[0].as_ref().unwrap_err().code.as_deref(), Some("INVALID_REPLICATION_FACTOR"));
}

#[tokio::test]
async fn many_topics_in_one_go() {
    let backend = client(&plain());
    let names: Vec<String> = (0..300).map(|i| format!("many-{i}")).collect();
    let wanted = names.iter().map(|name| request("CreateTopics", json!({ "topic": name, "partitions": 1 })));
    let answers = each(&backend, wanted.collect()).await;
    assert!(answers.iter().all(|answer| *answer == Ok(Value::Null)), "{:?}", answers.iter().find(|a| a.is_err()));
    let found = good(&backend, "ReadTopics", json!({ "names": names, "configs": ["retention.ms"] })).await;
    assert_eq!(found.as_array().unwrap().len(), 300);
    assert!(found.as_array().unwrap().iter().all(|topic| topic["configs"]["retention.ms"] == "604800000"));
    let all = good(&backend, "ReadTopics", json!({})).await;
    assert!(all.as_array().unwrap().len() >= 300);
    let gone = names.iter().map(|name| request("DeleteTopics", json!({ "topic": name, "with_data": true })));
    let answers = each(&backend, gone.collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|a| a.is_err()));
}
