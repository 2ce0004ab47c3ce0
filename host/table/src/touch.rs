//! What is touched, and how strongly.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Name;

/// How strongly a thing is touched. Ordered: an operation's phase is the
/// strongest of its verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Look at it.
    Read,
    /// Refer to it (owner, member, grantee) without changing it.
    Use,
    /// Make or change it.
    Write,
    /// Remove it, or change it so that data or access may be lost.
    Destroy,
    /// What no row describes.
    Raw,
}

impl Verb {
    /// The word that documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Use => "use",
            Self::Write => "write",
            Self::Destroy => "destroy",
            Self::Raw => "raw",
        }
    }

    /// Whether a permission of this verb allows what needs `needed`: a verb
    /// allows itself, everything allows `read`, and `write` allows `use`.
    pub fn allows(self, needed: Verb) -> bool {
        self == needed || needed == Self::Read || (self == Self::Write && needed == Self::Use)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing, and how it is touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Touch {
    /// The capability, such as `sql`.
    pub capability: String,
    /// How it is touched.
    pub verb: Verb,
    /// The kind of thing within the capability, such as `role`.
    pub kind: String,
    /// Its name.
    pub name: Name,
}

impl Touch {
    /// Whether this touch, declared in a plan, covers `other`.
    pub fn covers(&self, other: &Touch) -> bool {
        self.capability == other.capability
            && self.kind == other.kind
            && self.name == other.name
            && self.verb.allows(other.verb)
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.verb, self.kind, self.name)
    }
}
