//! One function per command; each answers with the exit code.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod run;

/// Success.
pub(crate) const OK: u8 = 0;
/// Something failed, and it was said what.
pub(crate) const FAILED: u8 = 1;
/// `plan` found something to do.
pub(crate) const CHANGES: u8 = 2;
/// Ended by SIGTERM: 128 and its number.
pub(crate) const TERMINATED: u8 = 143;
