//! The event.

use hyhost_table::{Action, Touch};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// How an event is read: `INFO` was done, `WARN` was denied, `ERROR` failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// As it should be.
    Info,
    /// Refused.
    Warn,
    /// Failed.
    Error,
}

/// What came of a change, a target or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was made so.
    Done,
    /// It was so already.
    Unchanged,
    /// It was not made so yet, and will be tried again.
    Again,
    /// It was not made so, or nobody knows.
    Failed,
    /// The gate or the server refused it.
    Denied,
    /// Something that it needs failed.
    Skipped,
}

impl Outcome {
    /// The level of an event with this outcome.
    pub fn level(self) -> Level {
        match self {
            Self::Done | Self::Unchanged => Level::Info,
            Self::Again | Self::Denied | Self::Skipped => Level::Warn,
            Self::Failed => Level::Error,
        }
    }
}

/// An event as it is written: one JSON line.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When it was written.
    pub time: Timestamp,
    /// How it is read.
    pub level: Level,
    /// The run's id.
    pub run: String,
    /// Its number within the run, from 1, without gaps.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The first event of a run.
    RunStarted {
        /// hyhost's version.
        version: String,
        /// The digest of the documents.
        documents: String,
        /// Who runs it: `HYHOST_ACTOR`.
        #[serde(skip_serializing_if = "Option::is_none")]
        actor: Option<String>,
        /// Which revision of the documents: `HYHOST_REVISION`.
        #[serde(skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// Where: the host's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// The chosen targets.
        targets: Vec<String>,
    },
    /// A batch is about to be made so. One without outcomes reads: unknown,
    /// run again.
    Announced {
        /// The target.
        target: String,
        /// The plugin.
        plugin: String,
        /// The component's `sha256:…`.
        digest: String,
        /// What is about to be touched.
        changes: Vec<Announced>,
        /// From 1.
        attempt: u32,
    },
    /// One object: what was done to it, and what came of it.
    Object {
        /// The target.
        target: String,
        /// The plugin.
        plugin: String,
        /// The component's `sha256:…`.
        digest: String,
        /// `kind/name`.
        object: String,
        /// What was to be done.
        action: Action,
        /// What came of it.
        outcome: Outcome,
        /// The operations that were performed for it, in order.
        operations: Vec<Performed>,
        /// Milliseconds, from the hand-over of its batch.
        duration_ms: u64,
        /// From 1.
        attempt: u32,
        /// What was there.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
        /// What is there now.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// The plugin's own words.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The gate refused an operation.
    Refused {
        /// The target.
        target: String,
        /// The plugin.
        plugin: String,
        /// The component's `sha256:…`.
        digest: String,
        /// The connection's name.
        connection: String,
        /// The operation.
        operation: String,
        /// What it would have touched.
        touches: Vec<Touch>,
        /// Why it was refused.
        message: String,
    },
    /// A target has ended.
    TargetEnded {
        /// The target.
        target: String,
        /// The plugin.
        plugin: String,
        /// The component's `sha256:…`.
        digest: String,
        /// What came of it: `done` with changes, `unchanged` without.
        outcome: Outcome,
        /// Its changes.
        counts: Counts,
        /// Access beyond the documents, `kind/name: text`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        extras: Vec<String>,
        /// Milliseconds of waiting until the servers were ready.
        ready_ms: u64,
        /// Milliseconds of work.
        work_ms: u64,
        /// Why it failed or was skipped.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The last event of a run.
    RunEnded {
        /// What came of it.
        outcome: Outcome,
        /// The changes of all targets.
        counts: Counts,
        /// How many targets ended well.
        targets_ok: u32,
        /// How many failed or were skipped.
        targets_failed: u32,
        /// Milliseconds.
        duration_ms: u64,
        /// Whether it was asked to stop (SIGTERM).
        interrupted: bool,
    },
}

/// A change that is about to be made.
#[derive(Debug, Clone, Serialize)]
pub struct Announced {
    /// `kind/name`.
    pub object: String,
    /// What will be done.
    pub action: Action,
    /// What it may touch.
    pub touches: Vec<Touch>,
}

/// An operation that was performed.
#[derive(Debug, Clone, Serialize)]
pub struct Performed {
    /// The row's name.
    pub operation: String,
    /// What it touched: `write role app_user`.
    pub touches: Vec<String>,
    /// The connection's name.
    pub connection: String,
    /// The account.
    pub account: String,
    /// Whether the server did it.
    pub outcome: Outcome,
    /// The server's code, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// How many changes came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Made so.
    pub changed: u32,
    /// Found to be so already when they were to be made.
    pub unchanged: u32,
    /// Failed or denied.
    pub failed: u32,
    /// Left out, because something that they need failed.
    pub skipped: u32,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl What {
    /// The level of this event.
    pub fn level(&self) -> Level {
        match self {
            Self::RunStarted { .. } | Self::Announced { .. } => Level::Info,
            Self::Refused { .. } => Level::Warn,
            Self::Object { outcome, .. } | Self::TargetEnded { outcome, .. } | Self::RunEnded { outcome, .. } => {
                outcome.level()
            }
        }
    }
}
