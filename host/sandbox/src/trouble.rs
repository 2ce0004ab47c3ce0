//! What can go wrong with a plugin itself, apart from what it reports.

use std::fmt;
use std::time::Duration;

/// The functions of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// What is it?
    Describe,
    /// Can the servers work?
    Probe,
    /// What differs?
    Plan,
    /// Make it so.
    Ensure,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Describe => "describe",
            Self::Probe => "probe",
            Self::Plan => "plan",
            Self::Ensure => "ensure",
        })
    }
}

/// A plugin that did not do its part: it was stopped, and nothing that it was
/// about to say is believed. After `ensure`, some of the changes may have been
/// made.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Trouble {
    /// It was stopped.
    #[error("plugin `{plugin}` was stopped in its call `{call}`: {kind}")]
    Trap {
        /// Its manifest name; in `describe` its file's.
        plugin: String,
        /// What it was asked.
        call: Call,
        /// Why.
        kind: TrapKind,
    },
    /// It had no answer when the time was over.
    #[error(
        "plugin `{plugin}` had no answer to `{call}` when its time was over; if the servers are slow or the target \
         is large, raise the target's `timeout`"
    )]
    TimedOut {
        /// Its manifest name.
        plugin: String,
        /// What it was asked.
        call: Call,
    },
    /// What it said makes no sense.
    #[error(
        "plugin `{plugin}` broke the contract in its call `{call}`: {problem}; nothing of its answer is used. This is \
         a fault of the plugin: tell its author"
    )]
    Protocol {
        /// Its manifest name.
        plugin: String,
        /// What it was asked.
        call: Call,
        /// What makes no sense.
        problem: String,
    },
}

/// Why a plugin was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrapKind {
    /// It computed for too long. Waiting for a server does not count.
    Loop {
        /// What one call may use.
        limit: Duration,
    },
    /// It asked for too much memory.
    Memory {
        /// What one call may have, in bytes.
        limit: u64,
    },
    /// All plugins that run at the moment asked for too much memory together.
    TotalMemory {
        /// What they may have, in bytes.
        limit: u64,
    },
    /// Its calls went too deep.
    Stack,
    /// It gave up by itself.
    Panic {
        /// Its own last words, in one line.
        words: Option<String>,
    },
    /// Anything else.
    Other(String),
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1 << 20;
        match self {
            Self::Loop { limit } => write!(
                f,
                "it computed for {} s, and one call may not compute longer. This is a fault of the plugin, or the target \
                 is far too large: tell its author, or make several targets of it",
                limit.as_secs_f64()
            ),
            Self::Memory { limit } => write!(
                f,
                "it asked for more than {} MiB of memory. If the target is that large, write \
                 `limits: {{ memory: {}Mi }}` for this plugin under `plugins:`; else tell the plugin's author",
                limit / MIB,
                limit / MIB * 2
            ),
            Self::TotalMemory { limit } => write!(
                f,
                "all plugins together asked for more than {} MiB of memory, and none gave any back in time. Order some \
                 targets by `after`, so that fewer run at the same time",
                limit / MIB
            ),
            Self::Stack => f.write_str(
                "its calls went too deep. This is a fault of the plugin, or something in `desired` is nested far too \
                 deep: tell its author",
            ),
            Self::Panic { words: Some(words) } => {
                write!(f, "it gave up, saying: {words}. This is a fault of the plugin: tell its author")
            }
            Self::Panic { words: None } => {
                f.write_str("it gave up without a word. This is a fault of the plugin: tell its author")
            }
            Self::Other(what) => write!(f, "{what}. This is a fault of the plugin: tell its author"),
        }
    }
}
