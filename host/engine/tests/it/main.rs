//! Whole runs of the real plugins on servers in memory: what the engine
//! promises, without a server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod retries;
mod targets;
mod wait;
mod world;
