//! One run: every target waits until its servers are ready, is planned, made
//! so, and verified; a target that needs others comes after them; independent
//! ones run side by side.
//!
//! Only the engine retries. A plugin looks once, a backend tries once.

mod backoff;
mod batch;
mod call;
mod granted;
mod ready;
mod report;
mod run;
mod stop;
mod work;

pub use backoff::FullJitter;
pub use report::{Problem, Progress, Report, TargetReport};
pub use run::{Engine, Goal, RunInfo};
pub use stop::Stop;
