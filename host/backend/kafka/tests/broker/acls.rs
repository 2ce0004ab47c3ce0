//! ACLs.

use hyhost_backend::Class;
use serde_json::{Value, json};

use crate::support::{BED, client, each, good, plain, refused, request, sasl};

fn acl(principal: &str, resource: &str, name: &str, operation: &str) -> Value {
    json!({
        "principal": principal, "resource": resource, "name": name, "operation": operation, "permission": "allow",
        "host": "*",
    })
}

/// The brokers take ACLs into account a little later.
async fn count(backend: &hyhost_backend_kafka::KafkaBackend, principals: &[&str], expected: usize) {
    let mut found = Value::Null;
    for _ in 0..400 {
        found = good(backend, "DescribeAcls", json!({ "principals": principals })).await;
        if found.as_array().unwrap().len() == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{expected} are expected: {found}");
}

#[tokio::test]
async fn acls_are_made_listed_and_removed() {
    let backend = client(&plain());
    let whose = "User:acl-one";
    let wanted = [
        acl(whose, "cluster", "kafka-cluster", "create"),
        acl(whose, "group", "g", "read"),
        acl(whose, "topic", "*", "describe"),
        acl(whose, "topic", "pre-*", "read"),
        acl(whose, "topic", "pre-*", "write"),
        acl(whose, "transactional_id", "t", "write"),
        json!({
            "principal": whose, "resource": "topic", "name": "pre-*", "operation": "all", "permission": "deny",
            "host": "10.0.0.1",
        }),
    ];
    let rows = |name: &str| wanted.iter().map(|acl| request(name, acl.clone())).collect();
    for _ in 0..2 {
        // One that is there stays.
        assert!(each(&backend, rows("CreateAcls")).await.iter().all(|answer| *answer == Ok(Value::Null)));
    }
    count(&backend, &[whose], 7).await;
    let mut found = good(&backend, "DescribeAcls", json!({ "principals": [whose] })).await;
    let sorted = |acls: &mut Vec<Value>| acls.sort_by_key(Value::to_string);
    let mut expected = wanted.to_vec();
    sorted(&mut expected);
    sorted(found.as_array_mut().unwrap());
    assert_eq!(found, Value::from(expected));
    let listed = BED.kafka_acls(&["--list", "--principal", whose]).unwrap();
    assert!(listed.contains("name=pre-, patternType=PREFIXED"), "{listed}");
    assert!(listed.contains("host=10.0.0.1, operation=ALL, permissionType=DENY"), "{listed}");

    good(&backend, "CreateAcls", acl("User:acl-two", "topic", "x", "read")).await;
    count(&backend, &[whose, "User:acl-two"], 8).await;
    assert_eq!(good(&backend, "DescribeAcls", json!({ "principals": [] })).await, json!([]));

    // Just the one: not the prefix's name as a literal one.
    good(&backend, "DeleteAcls", acl(whose, "topic", "pre-", "read")).await;
    count(&backend, &[whose], 7).await;
    assert!(each(&backend, rows("DeleteAcls")).await.iter().all(Result::is_ok));
    count(&backend, &[whose], 0).await;
    good(&backend, "DeleteAclsOfPrincipal", acl("User:acl-two", "topic", "x", "read")).await;
}

/// What an account may not do is denied, by the brokers' own decision.
#[tokio::test]
async fn an_account_without_rights_is_denied() {
    let admin = client(&plain());
    let user = json!({
        "user": "nobody", "mechanism": "SCRAM-SHA-512", "iterations": 4096, "password": { "secret": "pw-nobody" },
    });
    good(&admin, "AlterUserScramCredentials", user).await;
    let settings = hyhost_config::Kafka {
        user: Some("nobody".into()),
        passwords: vec![hyhost_config::Secret::new("nobody", "pw-nobody")],
        ..sasl()
    };
    let backend = client(&settings);
    for _ in 0..400 {
        if !crate::support::one(&backend, "ReadCluster", json!({})).await.is_err_and(|fault| fault.login_refused) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    refused(
        crate::support::one(&backend, "CreateTopics", json!({ "topic": "mine" })).await,
        Class::Denied,
        "the account lacks the permission",
    );
    refused(crate::support::one(&backend, "DescribeAcls", json!({})).await, Class::Denied, "permission");
    let cluster = good(&backend, "ReadCluster", json!({ "defaults": true })).await;
    assert_eq!(cluster["default_replication_factor"], Value::Null, "what it may not know is not known");
}
