//! What a hyhost plugin is built on.
//!
//! A plugin *decides*, the host *acts*: a plugin compares what a document
//! desires with what is there, says what differs, and makes it so when the
//! host hands the differences back. It holds no secret, no socket and no
//! statement of its own.
//!
//! - [`Plugin`] is what a plugin implements, [`export!`] makes it one.
//! - [`Context`] is what each call gets: the desired state, and connections.
//! - [`sql`], [`s3`], [`kafka`] and [`opensearch`] are the operations, typed,
//!   generated from the host's tables; `docs/operations.md` is their reference.
//! - [`Kind`] is a kind of object in one file; [`kind`] runs a plugin that is
//!   a list of kinds. [`Seen`] reads in bulk on their behalf.
//! - [`native`] stands in for the host in `cargo test`.
//!
//! The records and variants of the contract ([`Change`], [`Plan`], [`Error`],
//! …) are re-exported as they are; what the SDK adds are ways to make them.

#[allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::panic,
    clippy::unwrap_used,
    reason = "generated from wit/ by `cargo xtask generate`"
)]
#[doc(hidden)]
pub mod bindings;
mod change;
mod connection;
mod context;
mod error;
pub mod files;
pub mod http;
pub mod kafka;
pub mod kind;
pub mod log;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod opensearch;
mod operation;
mod plugin;
pub mod s3;
mod seen;
pub mod sql;
pub mod touch;

pub use bindings::hyhost::provision::types::{
    Action, Change, Error, Fault, Manifest, Mode, Outcome, Plan, Readiness, Remark, Touch, Verb,
};
pub use change::{Diff, id};
pub use connection::{Answers, Batch, Connection, Ticket};
pub use context::{Context, Prune};
pub use kind::Kind;
pub use operation::{Call, Capability, Operation, SecretName};
pub use plugin::{Adapter, Outcomes, Plugin};
pub use seen::Seen;
