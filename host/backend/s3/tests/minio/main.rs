//! Every row against a real MinIO server.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod support;

mod accounts;
mod buckets;
mod configuration;
mod service_accounts;
