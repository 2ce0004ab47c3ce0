//! What a change will touch.
//!
//! In `ensure` the host admits only operations within the touches of the
//! changes that it handed over, so a change lists everything that making it
//! refers to, writes or destroys: the names places of its operations' rows in
//! `docs/operations.md`.

use crate::{Touch, Verb};

/// It is referred to, as an owner, member or grantee is, and not changed.
pub fn refer<S: Into<String>>(capability: &str, kind: &str, name: impl IntoIterator<Item = S>) -> Touch {
    touch(Verb::Use, capability, kind, name)
}

/// It is made or changed.
pub fn write<S: Into<String>>(capability: &str, kind: &str, name: impl IntoIterator<Item = S>) -> Touch {
    touch(Verb::Write, capability, kind, name)
}

/// It is removed, or changed so that data or access may be lost.
pub fn destroy<S: Into<String>>(capability: &str, kind: &str, name: impl IntoIterator<Item = S>) -> Touch {
    touch(Verb::Destroy, capability, kind, name)
}

fn touch<S: Into<String>>(verb: Verb, capability: &str, kind: &str, name: impl IntoIterator<Item = S>) -> Touch {
    Touch {
        capability: capability.to_owned(),
        verb,
        kind: kind.to_owned(),
        name: name.into_iter().map(Into::into).collect(),
        extensions: Vec::new(),
    }
}
