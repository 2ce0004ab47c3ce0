//! What the gate needs of a client: one trait, implemented by each backend
//! and by the in-memory ones in `hyhost-testing`.

mod fault;
mod tls;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use hyhost_config::Secret;
use hyhost_table::{Mode, Operation, Row};
use serde_json::Value;
use tokio::time::Instant;

pub use fault::{Class, Fault};
pub use tls::{TlsError, client_config};

/// An operation that passed the gate, with all that its row asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do. Its arguments fit the row's schema.
    pub operation: Operation,
    /// Its row.
    pub row: &'static Row,
    /// The secrets that stand in its sinks, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// The content of the file that it names, of the digest that it names.
    pub file: Option<Arc<Vec<u8>>>,
}

/// How a connection stands with its server: said in the plan and the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account that hyhost is on this server.
    pub user: String,
    /// Host and port.
    pub endpoint: String,
    /// Whether everything, secrets included, travels in the clear.
    pub plaintext: bool,
    /// Whether the account may do everything there; `None`: not known yet.
    pub superuser: Option<bool>,
    /// Which of several passwords was taken; `None`: not logged in yet.
    pub password: Option<String>,
}

/// The client of one connection. All retries are the engine's: a backend
/// tries once.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Performs the requests; answers in their order, as many as there are.
    /// `Mode::Each`: they may run at the same time. Ends by `deadline` with
    /// `transient` faults, and leaves nothing running on the server.
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>>;

    /// As whom it works, as far as known.
    fn account(&self) -> Account;

    /// Ends its sessions.
    async fn close(&self);
}
