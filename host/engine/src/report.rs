//! What came of a run.

use std::time::Duration;

use hyhost_audit::{Counts, Outcome};
use hyhost_backend::Account;
use hyhost_config::Place;
use hyhost_table::Plan;

/// What came of a run or a plan.
#[derive(Debug, Clone)]
pub struct Report {
    /// The targets, in the order of the documents.
    pub targets: Vec<TargetReport>,
    /// All their changes.
    pub counts: Counts,
    /// Whether it was asked to stop before it was through.
    pub interrupted: bool,
    /// From start to end.
    pub duration: Duration,
    /// Why the record could not be closed.
    pub record: Option<String>,
}

impl Report {
    /// Whether every target ended well, and that is on record.
    pub fn is_ok(&self) -> bool {
        !self.interrupted && self.record.is_none() && self.targets.iter().all(TargetReport::is_ok)
    }

    /// Whether a plan found something to do.
    pub fn is_settled(&self) -> bool {
        self.targets.iter().all(|target| target.plan.is_settled())
    }
}

/// What came of one target.
#[derive(Debug, Clone)]
pub struct TargetReport {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What came of it.
    pub outcome: Outcome,
    /// Its changes.
    pub counts: Counts,
    /// The last plan: for the goal `plan`, what there is to do; after a run,
    /// what is left.
    pub plan: Plan,
    /// The objects that were changed, in the order in which they were.
    pub changed: Vec<String>,
    /// Why it failed, one for each object or cause.
    pub problems: Vec<Problem>,
    /// As whom it worked, by connection.
    pub accounts: Vec<(String, Account)>,
    /// Until its servers were ready.
    pub ready: Duration,
    /// The work after that.
    pub work: Duration,
}

impl TargetReport {
    /// Whether it ended well.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Done | Outcome::Unchanged)
    }
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `kind/name`; absent: the target as a whole.
    pub object: Option<String>,
    /// One sentence.
    pub text: String,
}

impl Problem {
    /// A problem of the target as a whole.
    pub fn of_target(text: impl Into<String>) -> Self {
        Self { object: None, text: text.into() }
    }

    /// A problem of one object.
    pub fn of(object: impl Into<String>, text: impl Into<String>) -> Self {
        Self { object: Some(object.into()), text: text.into() }
    }
}

/// Signs of life, for people.
#[derive(Debug, Clone)]
pub enum Progress<'a> {
    /// The servers of a target are not ready yet.
    Waiting {
        /// The target.
        target: &'a str,
        /// The last reason.
        reason: &'a str,
        /// Since it began to wait.
        since: Duration,
        /// When it gives up, counted from the same moment.
        limit: Duration,
    },
    /// The servers of a target are ready.
    Ready {
        /// The target.
        target: &'a str,
        /// How long it took.
        after: Duration,
    },
    /// A plan is being made.
    Planning {
        /// The target.
        target: &'a str,
        /// Whether it is a look at what was made.
        again: bool,
    },
    /// A plan was made.
    Planned {
        /// The target.
        target: &'a str,
        /// What it says.
        plan: &'a Plan,
    },
    /// A plan is being made so.
    Making {
        /// The target.
        target: &'a str,
        /// How many of its changes were handed over.
        made: usize,
        /// How many it has.
        of: usize,
    },
    /// A batch takes long.
    Working {
        /// The target.
        target: &'a str,
        /// The first of its objects, `kind/name`.
        object: &'a str,
        /// How many objects it has.
        count: usize,
        /// Since it was handed over.
        since: Duration,
    },
    /// Something will be tried again.
    Retrying {
        /// The target.
        target: &'a str,
        /// `kind/name`, or what was being asked.
        what: &'a str,
        /// Why.
        reason: &'a str,
        /// Which retry, from 1.
        retry: u32,
        /// After this.
        delay: Duration,
    },
    /// A target is through, well or not.
    Ended {
        /// What came of it.
        report: &'a TargetReport,
    },
}
