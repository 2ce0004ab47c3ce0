//! What a directory of documents says, checked and typed: the result of
//! [`crate::load`]. Nothing in here prints a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use hyhost_table::{Touch, Verb};
use serde_json::Value;

use crate::{Connection, Place, Rule, Secret};

/// Everything that a run needs to know.
#[derive(Debug)]
pub struct Stack {
    /// The directory of the documents.
    pub directory: PathBuf,
    /// `sha256:` over the documents' names and bytes, in order.
    pub digest: String,
    /// The targets that were chosen, in the order of the documents.
    pub targets: Vec<Target>,
    /// The connections that the chosen targets use, by name.
    pub connections: BTreeMap<String, Connection>,
    /// Every name that any target of the directory mentions, by connection
    /// name. What stands here is never pruned.
    pub mentioned: BTreeMap<String, Vec<Touch>>,
    /// What the document says about plugins, by manifest name.
    pub plugins: BTreeMap<String, PluginRule>,
    /// Where the audit goes.
    pub audit: AuditRule,
    /// What a person should know although nothing is wrong.
    pub notes: Vec<Note>,
}

/// A piece of advice, with its place where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub place: Option<Place>,
    /// One sentence.
    pub text: String,
}

/// One target: a plugin, its connections and what is desired.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its key in `targets`.
    pub name: String,
    /// The plugin's manifest name.
    pub plugin: String,
    /// The connection's name by slot, in the order of the manifest.
    pub slots: Vec<Slot>,
    /// The chosen targets that must have succeeded before.
    pub after: Vec<String>,
    /// What is desired: interpolated, cast, checked against the manifest's
    /// schema; secrets still as names.
    pub desired: Value,
    /// What it may touch.
    pub grant: Grant,
    /// Which secret may go to which sink, such as `("app_db", "sql.password")`.
    pub secrets: BTreeSet<(String, String)>,
    /// The secrets themselves, by name.
    pub vault: BTreeMap<String, Secret>,
    /// What may be removed.
    pub prune: Vec<PruneRule>,
    /// Whether access beyond the document is removed.
    pub exact: bool,
    /// The directories that the plugin may list, as written → where they are.
    pub directories: BTreeMap<String, PathBuf>,
    /// For the whole work, waiting for readiness apart.
    pub timeout: Duration,
    /// For getting ready.
    pub ready_timeout: Duration,
    /// Where it stands.
    pub place: Place,
}

/// Objects that may be removed: those of the kind whose name matches and that
/// no document mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneRule {
    /// The capability.
    pub capability: String,
    /// The kind of thing within the capability.
    pub kind: String,
    /// The names.
    pub pattern: hyhost_table::Pattern,
    /// Whether they go with the data that they hold.
    pub with_data: bool,
}

/// A slot of a plugin and the connection in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The slot's name in the manifest.
    pub name: String,
    /// Its capability.
    pub capability: String,
    /// The connection's name in the document.
    pub connection: String,
}

/// What a target may touch, by connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// The rules, by connection name.
    pub connections: BTreeMap<String, BTreeMap<String, KindGrant>>,
}

/// What may be done to one kind of thing on one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindGrant {
    /// Patterns of names by verb.
    pub verbs: BTreeMap<Verb, BTreeSet<hyhost_table::Pattern>>,
    /// Privileged attributes that may be set.
    pub attributes: BTreeSet<String>,
}

impl Grant {
    /// Whether `name` may be touched so, by `verb` or a verb that includes it.
    pub fn allows(&self, connection: &str, touch: &Touch, verb: Verb) -> bool {
        let Some(kind) = self.connections.get(connection).and_then(|kinds| kinds.get(&touch.kind)) else {
            return false;
        };
        kind.verbs.iter().any(|(granted, patterns)| {
            granted.allows(verb) && patterns.iter().any(|pattern| pattern.matches(&touch.name))
        })
    }

    /// Allows what the other allows as well.
    pub fn extend(&mut self, other: Grant) {
        for (connection, kinds) in other.connections {
            for (kind, rules) in kinds {
                let own = self.connections.entry(connection.clone()).or_default().entry(kind).or_default();
                for (verb, patterns) in rules.verbs {
                    own.verbs.entry(verb).or_default().extend(patterns);
                }
                own.attributes.extend(rules.attributes);
            }
        }
    }

    /// Whether the privileged attribute of the kind may be set.
    pub fn allows_attribute(&self, connection: &str, kind: &str, attribute: &str) -> bool {
        let kinds = self.connections.get(connection);
        kinds.and_then(|kinds| kinds.get(kind)).is_some_and(|kind| kind.attributes.contains(attribute))
    }
}

/// What the document says about one plugin.
#[derive(Debug, Clone, Default)]
pub struct PluginRule {
    /// `sha256:…` that the component must have.
    pub digest: Option<String>,
    /// Its memory limit in bytes.
    pub memory: Option<u64>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// Where the audit goes.
#[derive(Debug, Clone, Default)]
pub struct AuditRule {
    /// Loki's address; empty: stdout only.
    pub loki: Option<String>,
}

/// What a loaded plugin says of itself: the part of its manifest that the
/// documents are checked against.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The name that documents use.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// The JSON Schema of `desired`.
    pub schema: Value,
    /// The capabilities that it wants.
    pub wishes: Vec<Wish>,
}

/// A capability that a plugin wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The slot's name.
    pub slot: String,
    /// The capability.
    pub capability: String,
    /// Why.
    pub reason: String,
}

/// What to read, and what to choose of it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The directory of the documents.
    pub directory: PathBuf,
    /// `--target`: glob patterns of targets' names; empty: all.
    pub targets: Vec<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--allow-ip`: IP addresses as endpoints are accepted.
    pub allow_ip: bool,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Where secrets lie that `secrets:` does not mention: `/run/secrets`.
    pub secrets_directory: PathBuf,
    /// Whether secrets are read: not for `schema` and `inspect`.
    pub read_secrets: bool,
}

/// A set of mistakes: all that were found.
#[derive(Debug)]
pub struct Mistakes(pub Vec<Mistake>);

/// One mistake in the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which rule it breaks: a stable word for `--json`.
    pub rule: Rule,
    /// Where it is.
    pub place: Option<Place>,
    /// The line as written, before interpolation; absent where it could show
    /// a secret.
    pub line: Option<String>,
    /// The part of `line` that is meant: its first character, from 0, and how
    /// many. Not the place's column where something before it was cut out.
    pub underline: Option<(u32, u32)>,
    /// What is wrong: one sentence.
    pub problem: String,
    /// What would be right.
    pub remedy: Option<String>,
    /// The other place, such as that of the first of two equal names.
    pub other: Option<Place>,
}
