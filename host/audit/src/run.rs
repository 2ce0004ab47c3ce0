//! The record of one run.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::{Event, What};

/// Takes events in order. An error means that the event may be lost.
pub type Sink = Box<dyn FnMut(&Event) -> io::Result<()> + Send>;

/// Why the record cannot be kept.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit cannot be written to stdout, so nothing more is done: {0}")]
pub struct AuditError(String);

/// The record of one run; clones write to the same.
#[derive(Clone)]
pub struct Audit {
    run: Arc<str>,
    state: Arc<Mutex<State>>,
}

struct State {
    seq: u64,
    sinks: Vec<Sink>,
    broken: Option<AuditError>,
}

impl Audit {
    /// The record of the run with this id.
    pub fn new(run: impl Into<Arc<str>>, sinks: Vec<Sink>) -> Self {
        Self { run: run.into(), state: Arc::new(Mutex::new(State { seq: 0, sinks, broken: None })) }
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Writes an event to every sink.
    ///
    /// # Errors
    /// A sink did not take it, or an earlier one: from then on every call
    /// fails.
    pub fn emit(&self, what: What) -> Result<(), AuditError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &state.broken {
            return Err(error.clone());
        }
        state.seq += 1;
        let event =
            Event { time: Timestamp::now(), level: what.level(), run: self.run.to_string(), seq: state.seq, what };
        let State { sinks, broken, .. } = &mut *state;
        for sink in sinks {
            if let Err(error) = sink(&event) {
                let error = AuditError(error.to_string());
                *broken = Some(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits until every event so far is kept where the document asks for it.
    ///
    /// # Errors
    /// As [`Audit::emit`].
    #[allow(clippy::unused_async, reason = "sinks over the network acknowledge later")]
    pub async fn acknowledged(&self) -> Result<(), AuditError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.broken.clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Counts, Outcome};

    fn ended() -> What {
        What::RunEnded {
            outcome: Outcome::Done,
            counts: Counts::default(),
            targets_ok: 0,
            targets_failed: 0,
            duration_ms: 0,
            interrupted: false,
        }
    }

    #[test]
    fn numbers_without_gaps() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink_seen = Arc::clone(&seen);
        let audit = Audit::new(
            "r",
            vec![Box::new(move |event| {
                sink_seen.lock().unwrap().push(event.seq);
                Ok(())
            })],
        );
        audit.emit(ended()).unwrap();
        audit.clone().emit(ended()).unwrap();
        assert_eq!(*seen.lock().unwrap(), [1, 2]);
    }

    #[test]
    fn a_sink_that_fails_once_ends_the_record() {
        let mut first = true;
        let audit = Audit::new(
            "r",
            vec![Box::new(move |_| if std::mem::take(&mut first) { Err(io::Error::other("full")) } else { Ok(()) })],
        );
        assert!(audit.emit(ended()).is_err());
        assert!(audit.emit(ended()).is_err());
    }
}
