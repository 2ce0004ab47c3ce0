//! Words for people who look for a fault, and words for the audit.

#[cfg(target_arch = "wasm32")]
use crate::bindings::hyhost::provision::{audit, log};

/// Of interest while developing.
pub fn debug(message: &str) {
    #[cfg(target_arch = "wasm32")]
    log::write(&log::Level::Debug, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::native::say("debug", message);
}

/// Of interest to an operator.
pub fn info(message: &str) {
    #[cfg(target_arch = "wasm32")]
    log::write(&log::Level::Info, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::native::say("info", message);
}

/// Something is odd.
pub fn warn(message: &str) {
    #[cfg(target_arch = "wasm32")]
    log::write(&log::Level::Warn, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::native::say("warn", message);
}

/// Something is wrong.
pub fn error(message: &str) {
    #[cfg(target_arch = "wasm32")]
    log::write(&log::Level::Error, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::native::say("error", message);
}

/// Adds a sentence to the audit event of a change that `ensure` was given.
/// The last one counts.
pub fn note(change: &str, text: &str) {
    #[cfg(target_arch = "wasm32")]
    audit::note(change, text);
    #[cfg(not(target_arch = "wasm32"))]
    crate::native::say(change, text);
}
