//! What a plugin's plan says.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Touch;

/// What a change does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is not there yet.
    Create,
    /// It differs; nothing is lost.
    Update,
    /// It stays, but data or access may be lost.
    Destroy,
    /// It will be gone.
    Remove,
}

impl Action {
    /// The word that output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Destroy => "destroy",
            Self::Remove => "remove",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One difference between what is desired and what is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `kind/name`, unique within the target.
    pub id: String,
    /// What it does.
    pub action: Action,
    /// Ids of changes that must have been done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Changes of one lane never run at the same time; empty: no restraint.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lane: String,
    /// All that it will touch with `use` or more.
    pub touches: Vec<Touch>,
    /// The attributes that differ, as they are.
    pub before: Option<Value>,
    /// The same attributes, as they will be.
    pub after: Option<Value>,
    /// For the plugin alone.
    #[serde(default, skip_serializing)]
    pub payload: String,
}

/// Something about one object that a person should read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// `kind/name` of the object.
    pub id: String,
    /// One sentence.
    pub text: String,
}

/// What stands between the desired state and what is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What differs.
    pub changes: Vec<Change>,
    /// Access beyond the document.
    pub extras: Vec<Remark>,
    /// What cannot be compared yet.
    pub deferred: Vec<Remark>,
    /// What cannot be done.
    pub refused: Vec<Remark>,
}

impl Plan {
    /// Whether nothing is left to do: extras do not count.
    pub fn is_settled(&self) -> bool {
        self.changes.is_empty() && self.deferred.is_empty() && self.refused.is_empty()
    }
}
