//! The client of the capability `s3`: buckets and their configuration, and
//! the accounts of MinIO, by the rows of its table. No object data.
//!
//! The client of the S3 protocol is `aws-sdk-s3`, and this is the only crate
//! that knows it. All that it would look for by itself (the environment,
//! profiles, instance metadata, proxies, another region) is left out or off:
//! what the document says is all that counts. It tries once; the engine
//! retries. What an error means is told by HTTP status and S3 code. What only
//! MinIO has is asked by its admin API (`admin`), whose requests this crate
//! signs and seals itself.

mod admin;
mod bucket;
mod call;
mod fault;
mod login;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use hyhost_backend::wire::WireError;
use hyhost_backend::{Account, Backend, Class, Fault, Request};
use hyhost_config::S3;
use hyhost_table::{Mode, Perform};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::fault::Doing;
use crate::login::Server;

/// The client of one S3 connection. Cheap to clone: clones share its
/// connections.
#[derive(Clone)]
pub struct S3Backend {
    server: Arc<Server>,
    free: Arc<Semaphore>,
}

/// Why a connection cannot even be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// TLS settings that cannot be used.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// There is no secret key to sign with.
    #[error("an S3 connection needs a password: the secret key of its user")]
    NoSecret,
}

/// The client of this connection, called `name` in the documents. Reads its
/// certificates, and dials nothing before the first request.
///
/// # Errors
/// TLS settings that cannot be used, or no secret.
pub fn connect(name: &str, s3: &S3) -> Result<S3Backend, ConnectError> {
    let most = usize::try_from(s3.max_connections).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
    Ok(S3Backend { server: Arc::new(Server::new(name, s3)?), free: Arc::new(Semaphore::new(most)) })
}

impl S3Backend {
    async fn one(&self, request: &Request, deadline: Instant) -> Result<Value, Fault> {
        let doing = Doing::new(&self.server, request);
        let Perform::Call(call) = &request.row.perform else {
            return Err(doing.fault(Class::Failed, "the row is not one of S3"));
        };
        let work = async {
            // Never closed, so there is always a permit to wait for.
            let _permit = self.free.acquire().await;
            call::perform(&self.server, call, request, &doing).await
        };
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(doing.fault(Class::Transient, "no answer before the deadline")))
    }
}

#[async_trait]
impl Backend for S3Backend {
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>> {
        if mode == Mode::Transaction {
            let refuse = |request: &Request| {
                Err(Doing::new(&self.server, request).fault(Class::Invalid, "S3 has no transactions"))
            };
            return requests.iter().map(refuse).collect();
        }
        join_all(requests.iter().map(|request| self.one(request, deadline))).await
    }

    fn account(&self) -> Account {
        self.server.account()
    }

    /// S3 has no sessions. Idle connections end with the last clone.
    async fn close(&self) {}
}
