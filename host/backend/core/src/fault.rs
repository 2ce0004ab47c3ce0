//! Faults of backends, by what to do about them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What to do about a fault. The contract's `error` has the same cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The server is not there or not able to work yet: wait. A lost
    /// connection is one.
    NotReady,
    /// Try the same again.
    Transient,
    /// What is there has changed: plan again.
    Conflict,
    /// Not allowed, by the gate or by the server.
    Denied,
    /// Cannot be right.
    Invalid,
    /// Anything else.
    Failed,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReady => "not ready",
            Self::Transient => "transient",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        })
    }
}

/// A failed operation. The message names the thing, the place and the cause,
/// and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}{}", code.as_ref().map(|c| format!(" ({c})")).unwrap_or_default())]
pub struct Fault {
    /// What to do about it.
    pub class: Class,
    /// One sentence.
    pub message: String,
    /// The server's own code.
    pub code: Option<String>,
    /// Whether the server refused the connection's own login: accounts may
    /// still be in the making, so the engine waits a little before it
    /// believes it.
    #[serde(default)]
    pub login_refused: bool,
}

impl Fault {
    /// A fault of this class.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), code: None, login_refused: false }
    }

    /// The same with the server's code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}
