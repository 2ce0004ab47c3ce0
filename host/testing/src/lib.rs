//! Servers that exist in memory only: the same trait as the real backends,
//! driven by the same tables.
//!
//! A [`MemoryBackend`] knows no capability. What an operation does is what its
//! row's `effect` says, so a new row, or a new table, works here at once and
//! a test of a plugin needs no server. Its objects lie in a [`Store`], which a
//! test can look at, alter by hand, and give to a second run.

mod backend;
mod effect;
mod fill;
mod schema;
mod store;

pub use backend::{MemoryBackend, Performed};
pub use store::Store;
