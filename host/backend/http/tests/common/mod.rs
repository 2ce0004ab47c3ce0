//! What the tests of this crate share: a table as an operator writes one, and
//! requests as the gate makes them.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_backend_http::{HttpBackend, connect};
use hyhost_config::{Http, Login, Secret};
use hyhost_table::{Mode, Operation, Table};
use serde_json::Value;
use tokio::time::Instant;

/// What no message may contain.
pub const HIDDEN: &str = "hidden-0123456789-secret";

static SHELF: LazyLock<Table> = LazyLock::new(|| serde_saphyr::from_str(include_str!("../shelf.yaml")).unwrap());

/// A connection to a port of this machine, in the clear.
pub fn settings(port: u16, login: Login) -> Http {
    Http { secure: false, host: "localhost".to_owned(), port, api: &SHELF, login, tls: None, max_connections: 16 }
}

pub fn secret(name: &str, value: &str) -> Secret {
    Secret::new(name, value)
}

pub fn basic(passwords: &[(&str, &str)]) -> Login {
    let passwords = passwords.iter().map(|(name, value)| secret(name, value)).collect();
    Login::Basic { user: "the-user".to_owned(), passwords }
}

pub fn backend(settings: &Http) -> HttpBackend {
    connect("api", settings).unwrap()
}

/// A backend that logs in as nobody.
pub fn open(port: u16) -> HttpBackend {
    backend(&settings(port, Login::None))
}

pub fn request(name: &str, args: Value) -> Request {
    let row = SHELF.row(name).unwrap_or_else(|| panic!("no row {name}"));
    let secrets = BTreeMap::from([("key".to_owned(), secret("key", HIDDEN))]);
    Request { operation: Operation::new(name, args), row, secrets, file: None }
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub async fn each(backend: &HttpBackend, requests: Vec<Request>) -> Vec<Result<Value, Fault>> {
    backend.perform(requests, Mode::Each, soon()).await
}

pub async fn one(backend: &HttpBackend, name: &str, args: Value) -> Result<Value, Fault> {
    let answer = each(backend, vec![request(name, args)]).await.remove(0);
    if let Err(fault) = &answer {
        assert!(fault.message.starts_with("api: localhost:"), "{fault}");
        assert!(fault.message.contains(name), "{fault}");
        assert!(!format!("{fault:?}").contains(HIDDEN), "{fault}");
    }
    answer
}

pub fn class(answer: &Result<Value, Fault>) -> Result<Value, Class> {
    answer.clone().map_err(|fault| fault.class)
}
