//! The client of HTTP APIs, by the rows of an API table: OpenSearch, and what
//! operators write tables for.
//!
//! A row says which request it is; this crate fills its places with the
//! arguments, logs in, sends it to the connection's server and to no other,
//! and tells by status and the server's code what the answer means. It
//! follows no redirect and tries once; the engine retries.

mod call;
mod fault;
mod login;
mod server;
mod template;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use hyhost_backend::wire::WireError;
use hyhost_backend::{Account, Backend, Class, Fault, Request};
use hyhost_config::Http;
use hyhost_table::{Mode, Perform};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::fault::Doing;
use crate::server::Server;

/// The client of one connection. Cheap to clone: clones share its
/// connections.
#[derive(Clone)]
pub struct HttpBackend {
    server: Arc<Server>,
    free: Arc<Semaphore>,
}

/// Why a connection cannot even be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// TLS settings that cannot be used.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A way to log in without a secret.
    #[error("`{0}` needs a secret to log in with")]
    NoSecret(&'static str),
    /// A header that is none.
    #[error("`header.name`: `{0}` is not the name of a header")]
    Header(String),
}

/// The client of this connection, called `name` in the documents. Reads its
/// certificates, and dials nothing before the first request.
///
/// # Errors
/// TLS settings that cannot be used, or no secret to log in with.
pub fn connect(name: &str, http: &Http) -> Result<HttpBackend, ConnectError> {
    let most = usize::try_from(http.max_connections).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
    Ok(HttpBackend { server: Arc::new(Server::new(name, http)?), free: Arc::new(Semaphore::new(most)) })
}

impl HttpBackend {
    async fn one(&self, request: &Request, deadline: Instant) -> Result<Value, Fault> {
        let doing = Doing::new(&self.server, request);
        let Perform::Http(row) = &request.row.perform else {
            return Err(doing.fault(Class::Failed, "the row is not one of an API table"));
        };
        let work = async {
            // Never closed, so there is always a permit to wait for.
            let _permit = self.free.acquire().await;
            call::perform(&self.server, row, request, &doing).await
        };
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(doing.fault(Class::Transient, "no answer before the deadline")))
    }
}

#[async_trait]
impl Backend for HttpBackend {
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>> {
        if mode == Mode::Transaction {
            let refuse = |request: &Request| {
                Err(Doing::new(&self.server, request).fault(Class::Invalid, "an HTTP API has no transactions"))
            };
            return requests.iter().map(refuse).collect();
        }
        join_all(requests.iter().map(|request| self.one(request, deadline))).await
    }

    fn account(&self) -> Account {
        self.server.account()
    }

    /// HTTP has no sessions. Idle connections end with the last clone.
    async fn close(&self) {}
}
