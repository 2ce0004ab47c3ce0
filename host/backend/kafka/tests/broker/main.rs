//! The client on a real broker. All tests but that of three nodes share one,
//! and each makes names of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod acls;
mod support;
mod three;
mod topics;
mod users;
mod ways;
