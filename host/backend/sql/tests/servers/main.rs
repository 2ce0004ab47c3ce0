//! The client on a real server. All tests share one server of the testbed, and
//! each makes names of its own; `HYHOST_TEST_POSTGRES=user:password@host:port`
//! takes another server, such as one of an older version.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod access;
mod hostile;
mod migrations;
mod objects;
mod rows;
mod sessions;
mod support;
mod tls;
