//! How far a target is, in one line.

use std::time::{Duration, Instant};

use anstyle::Style;
use hyhost_audit::Outcome;
use hyhost_engine::{Goal, Progress, TargetReport};
use hyhost_table::Plan;
use indicatif::HumanCount;

use super::style::{self, paint};

/// How far a target is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stage {
    /// It comes after others, or has only begun.
    #[default]
    Begun,
    /// Its servers are not ready.
    Waiting {
        since: Instant,
        reason: String,
    },
    Planning,
    Verifying,
    /// A plan was made that asks for this many changes.
    Planned(usize),
    Making {
        made: usize,
        of: usize,
    },
    /// The same for a long time.
    Working {
        since: Instant,
        object: String,
        more: usize,
    },
    /// Something is tried again.
    Retrying {
        what: String,
        reason: String,
    },
    /// It is through: the sign, and what came of it.
    Ended {
        sign: &'static str,
        style: Style,
        words: String,
    },
}

impl Stage {
    /// What a sign of life says, and of which target.
    pub(crate) fn of<'a>(goal: Goal, progress: &Progress<'a>) -> (&'a str, Self) {
        let ago = |time: Duration| Instant::now().checked_sub(time).unwrap_or_else(Instant::now);
        match progress {
            Progress::Waiting { target, reason, since, .. } => {
                (target, Self::Waiting { since: ago(*since), reason: (*reason).to_owned() })
            }
            Progress::Ready { target, .. } | Progress::Planning { target, again: false } => (target, Self::Planning),
            Progress::Planning { target, again: true } => (target, Self::Verifying),
            Progress::Planned { target, plan } => (target, Self::Planned(plan.changes.len())),
            Progress::Making { target, made, of } => (target, Self::Making { made: *made, of: *of }),
            Progress::Working { target, object, count, since } => {
                let object = (*object).to_owned();
                (target, Self::Working { since: ago(*since), object, more: count.saturating_sub(1) })
            }
            Progress::Retrying { target, what, reason, .. } => {
                (target, Self::Retrying { what: (*what).to_owned(), reason: (*reason).to_owned() })
            }
            Progress::Ended { report } => (&report.name, Self::ended(goal, report)),
        }
    }

    fn ended(goal: Goal, report: &TargetReport) -> Self {
        let because = || report.problems.first().map(ToString::to_string).unwrap_or_default();
        let (sign, style, words) = match report.outcome {
            Outcome::Skipped => ("-", style::WARN, because()),
            Outcome::Done | Outcome::Unchanged => match goal {
                Goal::Wait => ("=", style::GOOD, ready(report.ready)),
                Goal::Plan => ("=", style::GOOD, planned(&report.plan)),
                Goal::Run => ("=", style::GOOD, format!("done: {} changed", HumanCount(report.counts.changed.into()))),
            },
            _ => ("x", style::ERROR, format!("failed: {}", because())),
        };
        Self::Ended { sign, style, words }
    }

    /// The line of the target of this name.
    pub(crate) fn line(&self, target: &str) -> String {
        let (sign, style) = match self {
            Self::Ended { sign, style, .. } => (*sign, *style),
            _ => ("…", style::NOTE),
        };
        // A message of a server may have any signs in it; a line has none.
        let words: String = self.words().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{} {target}  {words}", paint(style, sign))
    }

    fn words(&self) -> String {
        match self {
            Self::Begun => String::new(),
            Self::Waiting { since, reason } => format!("waiting since {} s: {reason}", since.elapsed().as_secs()),
            Self::Planning => "planning".to_owned(),
            Self::Verifying => "verifying".to_owned(),
            Self::Planned(0) => "nothing to change".to_owned(),
            Self::Planned(count) => format!("{} to change", HumanCount(*count as u64)),
            Self::Making { made, of } => {
                format!("{} of {} changes", HumanCount(*made as u64), HumanCount(*of as u64))
            }
            Self::Working { since, object, more } => {
                let more = if *more > 0 { format!(" and {} more", HumanCount(*more as u64)) } else { String::new() };
                format!("at work on {object}{more} since {} s", since.elapsed().as_secs())
            }
            Self::Retrying { what, reason } => format!("{what} is tried again: {reason}"),
            Self::Ended { words, .. } => words.clone(),
        }
    }
}

/// `ready after 0.4 s`.
pub(crate) fn ready(after: Duration) -> String {
    format!("ready after {:.1} s", after.as_secs_f64())
}

fn planned(plan: &Plan) -> String {
    let counts = [(plan.changes.len(), "to change"), (plan.deferred.len(), "for later"), (plan.extras.len(), "extra")];
    let words = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = words.map(|(count, word)| format!("{} {word}", HumanCount(*count as u64))).collect();
    if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stage: &Stage) -> String {
        anstream::adapter::strip_str(&stage.line("app-db")).to_string()
    }

    #[test]
    fn one_line_says_how_far_it_is() {
        let since = Instant::now().checked_sub(Duration::from_secs(12)).unwrap();
        let reason = "connection refused\nby \u{1b}[31mpostgres".to_owned();
        let cases = [
            (Stage::Begun, "… app-db  "),
            (Stage::Waiting { since, reason }, "… app-db  waiting since 12 s: connection refused by  [31mpostgres"),
            (Stage::Planning, "… app-db  planning"),
            (Stage::Planned(1_200), "… app-db  1,200 to change"),
            (Stage::Making { made: 120, of: 1_000 }, "… app-db  120 of 1,000 changes"),
            (
                Stage::Working { since, object: "migration/app/1.sql".into(), more: 0 },
                "… app-db  at work on migration/app/1.sql since 12 s",
            ),
        ];
        for (stage, expected) in cases {
            assert_eq!(line(&stage), expected);
        }
    }

    #[test]
    fn making_comes_after_planning_and_ends_in_what_was_changed() {
        let (target, stage) = Stage::of(Goal::Run, &Progress::Planning { target: "a", again: false });
        assert_eq!((target, stage.words().as_str()), ("a", "planning"));
        let (_, stage) = Stage::of(Goal::Run, &Progress::Making { target: "a", made: 3, of: 7 });
        assert_eq!(stage.words(), "3 of 7 changes");
    }
}
