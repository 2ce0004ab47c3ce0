//! What the tests of this crate share: requests as the gate makes them.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_backend_s3::{S3Backend, connect};
use hyhost_config::{S3, Secret};
use hyhost_table::{Mode, Operation, s3};
use serde_json::Value;
use tokio::time::Instant;

/// What no message may contain.
pub const HIDDEN: &str = "hidden-0123456789-secret";

/// A connection to a port of this machine, in the clear.
pub fn settings(port: u16) -> S3 {
    S3 {
        secure: false,
        host: "localhost".to_owned(),
        port,
        user: "the-user".to_owned(),
        passwords: vec![Secret::new("the_secret", HIDDEN)],
        region: "us-east-1".to_owned(),
        tls: None,
        max_connections: 16,
    }
}

pub fn backend(settings: &S3) -> S3Backend {
    connect("store", settings).unwrap()
}

pub fn request(name: &str, args: Value) -> Request {
    let row = s3().row(name).unwrap_or_else(|| panic!("no row {name}"));
    Request { operation: Operation::new(name, args), row, secrets: BTreeMap::new(), file: None }
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub async fn each(backend: &S3Backend, requests: Vec<Request>) -> Vec<Result<Value, Fault>> {
    backend.perform(requests, Mode::Each, soon()).await
}

pub async fn one(backend: &S3Backend, name: &str, args: Value) -> Result<Value, Fault> {
    let answer = each(backend, vec![request(name, args)]).await.remove(0);
    if let Err(fault) = &answer {
        assert!(fault.message.starts_with("store: localhost:"), "{fault}");
        assert!(fault.message.contains(name), "{fault}");
        let said = format!("{fault:?}");
        assert!(!said.contains(HIDDEN) && !said.contains("Signature="), "{fault}");
    }
    answer
}

pub fn class(answer: &Result<Value, Fault>) -> Result<Value, Class> {
    answer.clone().map_err(|fault| fault.class)
}
