//! Signs of life, on stderr.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyhost_engine::{Goal, Progress};

use super::live::{self, Board};
use super::stage::Stage;
use super::style::{self, paint};
use crate::args::Common;

/// The same reason is said again only after this.
const AGAIN: Duration = Duration::from_secs(10);

type Observer = Box<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Shows how far each target is: on a terminal by a line that is rewritten,
/// until the observer is dropped; elsewhere by a line for what is being waited
/// for and tried again.
pub(crate) fn observer(common: &Common, goal: Goal, targets: &[String]) -> Observer {
    if live::is_possible(common) {
        let board = Board::on_stderr(targets);
        return Box::new(move |progress| {
            let (target, stage) = Stage::of(goal, progress);
            board.set(target, stage);
        });
    }
    lines()
}

fn lines() -> Observer {
    let said: Mutex<HashMap<String, (String, Duration)>> = Mutex::default();
    Box::new(move |progress| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Waiting { target, reason, since, limit } => {
                let last = said.get(*target);
                if last.is_none_or(|(text, at)| text != reason || *since >= *at + AGAIN) {
                    said.insert((*target).to_owned(), ((*reason).to_owned(), *since));
                    let (since, limit) = (since.as_secs(), limit.as_secs());
                    say(target, &format!("waiting ({since} s of at most {limit} s): {reason}"));
                }
            }
            Progress::Ready { target, after } => {
                if said.remove(*target).is_some() {
                    say(target, &format!("ready after {:.1} s", after.as_secs_f64()));
                }
            }
            Progress::Retrying { target, what, reason, retry, delay } => {
                say(target, &format!("{what}: retry {retry} in {} ms: {reason}", delay.as_millis()));
            }
            Progress::Working { target, object, count, since } => {
                let more = if *count > 1 { format!(" and {} more", count - 1) } else { String::new() };
                say(target, &format!("at work on {object}{more} for {} s", since.as_secs()));
            }
            Progress::Planned { target, plan } => {
                tracing::debug!(target, changes = plan.changes.len(), deferred = plan.deferred.len(), "planned");
            }
            // What comes of them is printed by others.
            Progress::Planning { .. } | Progress::Making { .. } | Progress::Ended { .. } => {}
        }
    })
}

fn say(target: &str, text: &str) {
    super::tell(&format!("{} {target}: {text}", paint(style::NOTE, "…")));
}
