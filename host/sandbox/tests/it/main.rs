//! Guests against the sandbox and the gate, on servers in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answers;
mod calls;
mod compiled;
mod gate;
mod loading;
mod log;
mod stopped;
mod world;
