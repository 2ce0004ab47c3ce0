//! The one place through which every effect passes.
//!
//! A plugin's call becomes plain operations, and [`Session::perform`] is the
//! only way to a backend. It asks, in this order: may this phase do it, does
//! the grant allow it, did the plan announce it, is there budget left; then it
//! is on record, and then it is performed. What is checked here holds for
//! every backend and every plugin, and for the mocks of a test as well.

mod admit;
mod budget;
mod files;
mod port;
mod session;
pub mod text;

pub use admit::lines_to_allow;
pub use budget::Budget;
pub use files::FileEntry;
pub use port::{Gate, PluginId};
pub use session::{LogLevel, Phase, Session, SessionParts};
