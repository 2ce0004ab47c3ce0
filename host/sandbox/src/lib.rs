//! Plugins as guests: loaded, checked, limited, called.
//!
//! A [`Sandbox`] loads components ([`Sandbox::load`]) and hands out a
//! [`Plugin`] for each. A plugin has four calls; each of them gets a store of
//! its own, with the limits of [`Limits`], and the store is gone when the call
//! has ended, however it ended. What a guest imports goes to the
//! [`Session`](hyhost_gate::Session) of the call and nowhere else: this crate
//! has no way to a server.
//!
//! What bounds a call:
//! - memory: the plugin's own limit, and one over all stores together;
//! - computing: a budget in ticks of 10 ms, counted by an OS thread that no
//!   guest can starve. Waiting for the host does not count;
//! - time: the session's deadline. What the host is doing for the guest at
//!   that moment ends in order first, within the gate's own limit;
//! - the volume of what one call of an import, or the answer of an export,
//!   may hand over: 8 MiB. That is room for an `ensure` of a thousand
//!   operations (4 MiB of arguments at most) and for a page of a plan with
//!   some thousand changes; a larger plan has several pages;
//! - the depth of calls, the number of tables, instances and handles.
//!
//! Whatever a guest says is looked through here: what the contract does not
//! know is refused, text is capped and written in one line, JSON is bounded
//! before it is read.
//!
//! A guest that computes gives way every 10 ms. A runtime that runs guests
//! should look at its timers as often: tokio does so only after 61 polls, so
//! build it with `event_interval(1)`, or deadlines fire up to 0.6 s late.
//!
//! Compiled code is native code. It is read only from the directory that the
//! operator names ([`Sandbox::compile`] writes it), never from beside the
//! plugins.

mod bindings;
mod check;
mod compiled;
mod convert;
mod engine;
mod guest;
mod load;
mod load_error;
mod manifest;
mod memory;
mod plan;
mod plugin;
mod state;
mod text;
mod trouble;
mod wasi;

pub use compiled::CompiledFile;
pub use engine::{Limits, Sandbox, SandboxError};
pub use load_error::LoadError;
pub use plugin::{Context, Done, Plugin, Readiness};
pub use trouble::{Call, TrapKind, Trouble};
