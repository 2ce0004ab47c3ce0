//! A broker, a client of ours, and Kafka's own tools.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_backend_kafka::{KafkaBackend, connect_by};
use hyhost_config::{Kafka, Mechanism, Secret, Tls};
use hyhost_table::{Mode, Operation, shipped};
use hyhost_testbed::{Instance, Server, Testbed};
use serde_json::Value;
use tokio::time::Instant;

/// The broker of all tests. A static is not dropped: the testbed's guard ends
/// it when the tests' process is gone.
pub static BED: LazyLock<Testbed> = LazyLock::new(|| Testbed::up(&[Server::Kafka]).unwrap());

pub fn node() -> &'static Instance {
    BED.get(Server::Kafka).unwrap()
}

/// What the testbed says of the broker.
pub fn said(name: &str) -> String {
    said_by(node(), name)
}

pub fn said_by(node: &Instance, name: &str) -> String {
    node.env().into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name}")).1
}

pub fn brokers(list: &str) -> Vec<(String, u16)> {
    let broker = |text: &str| {
        let (host, port) = text.rsplit_once(':').unwrap();
        (host.to_owned(), port.parse().unwrap())
    };
    list.split(',').map(broker).collect()
}

/// The listener without login and TLS.
pub fn plain() -> Kafka {
    Kafka {
        brokers: brokers(&said("KAFKA_BROKERS")),
        user: None,
        passwords: Vec::new(),
        mechanism: Mechanism::ScramSha512,
        tls: None,
    }
}

/// The listener with a login, as the administrator.
pub fn sasl() -> Kafka {
    Kafka {
        brokers: brokers(&said("KAFKA_SASL_BROKERS")),
        user: Some(node().user().to_owned()),
        passwords: vec![Secret::new("admin", node().password())],
        ..plain()
    }
}

/// The listener with a login and TLS.
pub fn sasl_tls() -> Kafka {
    Kafka { brokers: brokers(&said("KAFKA_SSL_BROKERS")), tls: Some(trusting()), ..sasl() }
}

pub fn trusting() -> Tls {
    Tls { ca: Some(said("KAFKA_CA").into()), ..Tls::default() }
}

pub fn client(kafka: &Kafka) -> KafkaBackend {
    connect_by("events", kafka, PathBuf::from(env!("CARGO_BIN_EXE_kafka-client"))).unwrap()
}

pub fn request(name: &str, args: Value) -> Request {
    let row = shipped("kafka").unwrap().row(name).unwrap_or_else(|| panic!("no row {name}"));
    let operation = Operation::new(name, args);
    // In these tests a secret's name is its value.
    let used = row.secrets(&operation).into_iter();
    let secrets: BTreeMap<_, _> = used.map(|used| (used.name.clone(), Secret::new(&used.name, &*used.name))).collect();
    Request { operation, row, secrets, file: None }
}

pub async fn each(backend: &KafkaBackend, requests: Vec<Request>) -> Vec<Result<Value, Fault>> {
    backend.perform(requests, Mode::Each, Instant::now() + Duration::from_secs(60)).await
}

pub async fn one(backend: &KafkaBackend, name: &str, args: Value) -> Result<Value, Fault> {
    let answer = each(backend, vec![request(name, args)]).await.remove(0);
    if let Err(fault) = &answer {
        assert!(fault.message.starts_with("events: localhost:"), "{fault}");
        assert!(!fault.message.contains(node().password()), "{fault}");
    }
    answer
}

pub async fn good(backend: &KafkaBackend, name: &str, args: Value) -> Value {
    one(backend, name, args).await.unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

pub fn refused(answer: Result<Value, Fault>, class: Class, words: &str) {
    let fault = answer.unwrap_err();
    assert!(fault.class == class && fault.message.contains(words), "{:?}: {fault}", fault.class);
}
