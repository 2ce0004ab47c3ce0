//! Every row against a real MinIO server, and what is plain S3 against one that
//! is not MinIO.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod support;

mod accounts;
mod buckets;
mod configuration;
mod plain;
mod service_accounts;
