//! Between the contract's types and the host's. Whatever comes from a guest
//! is refused where it is not known.

use hyhost_backend::{Class, Fault};
use hyhost_gate::Session;
use hyhost_table::{Action, Change, Mode, Touch, Verb};
use serde_json::Value;

use crate::bindings::hyhost::provision::types;
use crate::text;
use crate::{Context, Done, Readiness};

/// The most bytes of a fault's message and code, and of the reason why a
/// server is not ready.
const MESSAGE: usize = 4 << 10;
const CODE: usize = 64;

/// What is wrong with something that a guest said.
pub(crate) type Wrong = String;

pub(crate) fn context(context: &Context, session: &Session) -> types::Context {
    let slot = |slot: &hyhost_config::Slot| types::Slot {
        name: slot.name.clone(),
        capability: slot.capability.clone(),
        extensions: Vec::new(),
    };
    types::Context {
        desired: context.desired.to_string(),
        connections: session.target().slots.iter().map(slot).collect(),
        prune: context.prune.iter().map(prune_out).collect(),
        mentioned: context.mentioned.iter().map(touch_out).collect(),
        exact: context.exact,
        extensions: Vec::new(),
    }
}

fn prune_out(rule: &hyhost_config::PruneRule) -> types::PruneRule {
    types::PruneRule {
        capability: rule.capability.clone(),
        kind: rule.kind.clone(),
        name: rule.pattern.segments(),
        with_data: rule.with_data,
        extensions: Vec::new(),
    }
}

fn touch_out(touch: &Touch) -> types::Touch {
    types::Touch {
        capability: touch.capability.clone(),
        verb: match touch.verb {
            Verb::Read => types::Verb::Read,
            Verb::Use => types::Verb::Use,
            Verb::Write => types::Verb::Write,
            Verb::Destroy => types::Verb::Destroy,
            Verb::Raw => types::Verb::Raw,
        },
        kind: touch.kind.clone(),
        name: touch.name.0.clone(),
        extensions: Vec::new(),
    }
}

pub(crate) fn verb_in(verb: types::Verb) -> Result<Verb, Wrong> {
    Ok(match verb {
        types::Verb::Read => Verb::Read,
        types::Verb::Use => Verb::Use,
        types::Verb::Write => Verb::Write,
        types::Verb::Destroy => Verb::Destroy,
        types::Verb::Raw => Verb::Raw,
        types::Verb::Other(case) => return Err(unknown("verb", &case)),
    })
}

pub(crate) fn action_in(action: types::Action) -> Result<Action, Wrong> {
    Ok(match action {
        types::Action::Create => Action::Create,
        types::Action::Update => Action::Update,
        types::Action::Destroy => Action::Destroy,
        types::Action::Remove => Action::Remove,
        types::Action::Other(case) => return Err(unknown("action", &case)),
    })
}

pub(crate) fn mode_in(mode: types::Mode) -> Result<Mode, Wrong> {
    Ok(match mode {
        types::Mode::Each => Mode::Each,
        types::Mode::Transaction => Mode::Transaction,
        types::Mode::Other(case) => return Err(unknown("mode", &case)),
    })
}

/// A change of a plan as it is handed back.
pub(crate) fn change_out(change: &Change) -> types::Change {
    types::Change {
        id: change.id.clone(),
        action: match change.action {
            Action::Create => types::Action::Create,
            Action::Update => types::Action::Update,
            Action::Destroy => types::Action::Destroy,
            Action::Remove => types::Action::Remove,
        },
        requires: change.requires.clone(),
        lane: change.lane.clone(),
        touches: change.touches.iter().map(touch_out).collect(),
        before: change.before.as_ref().map(Value::to_string),
        after: change.after.as_ref().map(Value::to_string),
        payload: change.payload.clone(),
        extensions: Vec::new(),
    }
}

pub(crate) fn readiness_in(readiness: types::Readiness) -> Result<Readiness, Wrong> {
    Ok(match readiness {
        types::Readiness::Ready => Readiness::Ready,
        types::Readiness::NotReady(reason) => Readiness::NotReady(text::line(&reason, MESSAGE)),
        types::Readiness::Other(case) => return Err(unknown("readiness", &case)),
    })
}

pub(crate) fn outcome_in(outcome: types::Outcome) -> Result<Done, Wrong> {
    Ok(match outcome {
        types::Outcome::Done => Done::Done,
        types::Outcome::Unchanged => Done::Unchanged,
        types::Outcome::Other(case) => return Err(unknown("outcome", &case)),
    })
}

/// A fault as the host tells it to a guest.
pub(crate) fn fault_out(fault: Fault) -> types::Error {
    let said = types::Fault { message: fault.message, code: fault.code, extensions: Vec::new() };
    match fault.class {
        Class::NotReady => types::Error::NotReady(said),
        Class::Transient => types::Error::Transient(said),
        Class::Conflict => types::Error::Conflict(said),
        Class::Denied => types::Error::Denied(said),
        Class::Invalid => types::Error::Invalid(said),
        Class::Failed => types::Error::Failed(said),
    }
}

/// A fault as a guest tells it. That a login was refused is never believed of
/// a guest: the gate has seen it itself.
pub(crate) fn fault_in(error: types::Error) -> Result<Fault, Wrong> {
    let (class, said) = match error {
        types::Error::NotReady(said) => (Class::NotReady, said),
        types::Error::Transient(said) => (Class::Transient, said),
        types::Error::Conflict(said) => (Class::Conflict, said),
        types::Error::Denied(said) => (Class::Denied, said),
        types::Error::Invalid(said) => (Class::Invalid, said),
        // The contract says how a host reads a class that it does not know.
        types::Error::Failed(said) | types::Error::Other(said) => (Class::Failed, said),
    };
    no_extensions("an error", &said.extensions)?;
    let mut fault = Fault::new(class, text::line(&said.message, MESSAGE));
    fault.code = said.code.map(|code| text::line(&code, CODE));
    Ok(fault)
}

/// No version of the contract that this host knows has extensions.
pub(crate) fn no_extensions(of: &str, extensions: &[(String, String)]) -> Result<(), Wrong> {
    match extensions.first() {
        None => Ok(()),
        Some((key, _)) => {
            Err(format!("{of} has the extension `{}`, which this hyhost does not know", text::line(key, 64)))
        }
    }
}

fn unknown(of: &str, case: &str) -> Wrong {
    format!("the {of} `{}` is none that this hyhost knows", text::line(case, 64))
}
