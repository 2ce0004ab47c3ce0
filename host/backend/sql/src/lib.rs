//! The client of the capability `sql`: PostgreSQL by the rows of its table.
//!
//! A plugin sends no SQL. What it asks for is a row with arguments; this crate
//! writes the statement and quotes every value ([`quote`] is the one place),
//! sends it in a session of its pool, and says by SQLSTATE what an error means.
//! A password never stands in a statement: verifiers are computed here.
//!
//! Scripts (migrations) are the exception: their text is the user's. They run
//! in sessions that logged in as the role that they run for, never by `SET
//! ROLE`, and such a session is never used again.

mod classify;
mod guard;
mod history;
mod job;
mod lexer;
mod login;
mod perform;
mod pool;
mod quote;
mod removal;
mod render;
mod scripts;
mod verifier;

use std::sync::Arc;

use async_trait::async_trait;
use hyhost_backend::{Account, Backend, Fault, Request};
use hyhost_config::Sql;
use hyhost_table::Mode;
use serde_json::Value;
use tokio::time::Instant;

/// The client of one PostgreSQL connection. Cheap to clone: clones share the
/// sessions.
#[derive(Clone)]
pub struct SqlBackend {
    pool: Arc<pool::Pool>,
}

/// The client of this connection, called `name` in the documents. Dials
/// nothing before the first request.
pub fn connect(name: &str, sql: &Sql) -> SqlBackend {
    SqlBackend { pool: pool::Pool::new(login::Server::new(name, sql)) }
}

#[async_trait]
impl Backend for SqlBackend {
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>> {
        perform::perform(&self.pool, requests, mode, deadline).await
    }

    fn account(&self) -> Account {
        self.pool.server.account()
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
