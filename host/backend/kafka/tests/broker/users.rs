//! SCRAM users.

use std::time::Duration;

use hyhost_backend::Class;
use hyhost_testbed::KafkaTool;
use serde_json::{Value, json};

use crate::support::{BED, client, each, good, node, one, plain, refused, request, sasl, sasl_tls};

fn credential(user: &str, mechanism: &str, password: &str) -> Value {
    json!({ "user": user, "mechanism": mechanism, "iterations": 5000, "password": { "secret": password } })
}

async fn matches(kafka: &hyhost_config::Kafka, user: &str, mechanism: &str, password: &str) -> Value {
    let args = json!({ "user": user, "mechanism": mechanism, "password": { "secret": password } });
    good(&client(kafka), "PasswordMatches", args).await
}

/// The brokers take a credential into account a little later.
async fn soon(kafka: &hyhost_config::Kafka, user: &str, mechanism: &str, password: &str) -> bool {
    for _ in 0..400 {
        if matches(kafka, user, mechanism, password).await == Value::Bool(true) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn a_user_lives() {
    let backend = client(&sasl());
    let both = || {
        ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .map(|mechanism| request("AlterUserScramCredentials", credential("u-one", mechanism, "pw-of-one")))
            .to_vec()
    };
    assert_eq!(each(&backend, both()).await, [Ok(Value::Null), Ok(Value::Null)]);
    let found = good(&backend, "DescribeUserScramCredentials", json!({ "users": ["u-one", "u-nobody"] })).await;
    let expected = json!([
        { "user": "u-one", "mechanism": "SCRAM-SHA-256", "iterations": 5000 },
        { "user": "u-one", "mechanism": "SCRAM-SHA-512", "iterations": 5000 },
    ]);
    assert_eq!(found, expected);
    assert_eq!(good(&backend, "DescribeUserScramCredentials", json!({ "users": [] })).await, json!([]));
    let all = good(&backend, "DescribeUserScramCredentials", json!({})).await;
    assert!(all.as_array().unwrap().len() >= 4, "{all}");

    // It is a password: Kafka's own client logs in with it.
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for kafka in [sasl(), sasl_tls()] {
            assert!(soon(&kafka, "u-one", mechanism, "pw-of-one").await);
            assert_eq!(matches(&kafka, "u-one", mechanism, "pw-of-two").await, json!(false));
        }
        assert_eq!(matches(&plain(), "u-one", mechanism, "pw-of-one").await, Value::Null);
    }
    BED.kafka_as("u-one", "pw-of-one", "SCRAM-SHA-256", KafkaTool::Topics, &["--list"]).unwrap();
    assert!(BED.kafka_as("u-one", "pw-of-two", "SCRAM-SHA-256", KafkaTool::Topics, &["--list"]).is_err());

    // Drift by hand is seen.
    let other = "SCRAM-SHA-512=[iterations=4096,password=by-hand]";
    BED.kafka_configs(&["--alter", "--add-config", other, "--entity-type", "users", "--entity-name", "u-one"]).unwrap();
    assert!(soon(&sasl(), "u-one", "SCRAM-SHA-512", "by-hand").await);
    assert_eq!(matches(&sasl(), "u-one", "SCRAM-SHA-512", "pw-of-one").await, json!(false));

    let one_of = json!({ "user": "u-one", "mechanism": "SCRAM-SHA-256" });
    good(&backend, "RevokeUserScramCredentials", one_of).await;
    let one_of = json!({ "user": "u-one", "mechanism": "SCRAM-SHA-512" });
    good(&backend, "DeleteUserScramCredentials", one_of.clone()).await;
    refused(one(&backend, "DeleteUserScramCredentials", one_of).await, Class::Conflict, "of `u-one`");
}

#[tokio::test]
async fn the_connections_own_account_is_never_removed() {
    let own = json!({ "user": node().user(), "mechanism": "SCRAM-SHA-256" });
    for row in ["DeleteUserScramCredentials", "RevokeUserScramCredentials"] {
        refused(one(&client(&sasl()), row, own.clone()).await, Class::Denied, "the account of the connection itself");
    }
}
