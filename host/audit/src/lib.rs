//! What was done, when, by which code: the events of a run.
//!
//! Events are made by the host alone. They are numbered in the order in which
//! they are written, and go to every sink before whoever emitted them goes on;
//! an event that a sink does not take is an error, so that nothing is done
//! that is not on record.

mod event;
mod run;

pub use event::{Announced, Counts, Event, Level, Outcome, Performed, What};
pub use run::{Audit, AuditError, Sink};
