//! A host for tests: `cargo test` runs a plugin natively, where the
//! contract's imports do not exist.
//!
//! ```
//! use hyhost_sdk::{native, s3};
//! use serde_json::json;
//!
//! let host = native::Host::new(|call| match call.name.as_str() {
//!     "ListBuckets" => Ok(json!([{ "name": "a" }])),
//!     _ => Err(hyhost_sdk::Error::invalid("no such operation")),
//! });
//! let buckets = host.run(|| {
//!     let context = native::context(&json!({}), &[("s3", "s3")]);
//!     context.s3("s3")?.perform(&s3::ListBuckets { names: None })
//! });
//! assert_eq!(buckets.unwrap()[0].name, "a");
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::bindings::hyhost::provision::types::{self, Mode, Slot};
use crate::files::Entry;
use crate::{Call, Change, Context, Error, Manifest, Outcomes, Plan, Plugin, Readiness};

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

type Answer = Box<dyn FnMut(&Performed) -> Result<Value, Error>>;

/// An operation that the plugin asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Performed {
    /// The capability.
    pub capability: String,
    /// The slot.
    pub connection: String,
    /// The row's name.
    pub name: String,
    /// The arguments.
    pub args: Value,
    /// Which call of the contract it was part of, counted from 0.
    pub round: usize,
    /// Whether it was part of a transaction.
    pub transaction: bool,
}

/// What stands in for the host on this thread.
#[derive(Default)]
pub struct Host {
    answer: Option<Answer>,
    files: BTreeMap<String, Vec<Entry>>,
    round: usize,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Host {
    /// A host that answers each operation so. In a transaction the first
    /// error ends it and is the answer to all.
    pub fn new(answer: impl FnMut(&Performed) -> Result<Value, Error> + 'static) -> Self {
        Self { answer: Some(Box::new(answer)), ..Self::default() }
    }

    /// With files in a directory: names and digests.
    #[must_use]
    pub fn with_files(mut self, directory: &str, files: &[(&str, &str)]) -> Self {
        let entries = files.iter().map(|(name, digest)| Entry {
            name: (*name).to_owned(),
            size: 1,
            digest: (*digest).to_owned(),
            extensions: Vec::new(),
        });
        self.files.insert(directory.to_owned(), entries.collect());
        self
    }

    /// Runs code of a plugin on this host.
    pub fn run<T>(self, code: impl FnOnce() -> T) -> T {
        HOST.with_borrow_mut(|host| *host = Some(self));
        let result = code();
        HOST.with_borrow_mut(|host| *host = None);
        result
    }
}

/// A context with this desired state and these connections: slot and
/// capability.
pub fn context(desired: &Value, slots: &[(&str, &str)]) -> Context {
    let slot = |(name, capability): &(&str, &str)| Slot {
        name: (*name).to_owned(),
        capability: (*capability).to_owned(),
        extensions: Vec::new(),
    };
    Context::new(types::Context {
        desired: desired.to_string(),
        connections: slots.iter().map(slot).collect(),
        prune: Vec::new(),
        mentioned: Vec::new(),
        exact: false,
        extensions: Vec::new(),
    })
}

/// The same, with access beyond the document to be removed, and with rules of
/// what may be: capability, kind, pattern (its segments joined by `/`),
/// whether with data.
pub fn strict_context(desired: &Value, slots: &[(&str, &str)], prune: &[(&str, &str, &str, bool)]) -> Context {
    let rule = |(capability, kind, pattern, with_data): &(&str, &str, &str, bool)| types::PruneRule {
        capability: (*capability).to_owned(),
        kind: (*kind).to_owned(),
        name: pattern.split('/').map(str::to_owned).collect(),
        with_data: *with_data,
        extensions: Vec::new(),
    };
    let mut context = context(desired, slots);
    context.inner.exact = true;
    context.inner.prune = prune.iter().map(rule).collect();
    context
}

/// What a plugin exports, as functions: `PLUGIN` in a crate that has called
/// [`crate::export!`].
#[derive(Debug, Clone, Copy)]
pub struct Exports {
    /// [`Plugin::manifest`].
    pub manifest: fn() -> Manifest,
    /// [`Plugin::probe`].
    pub probe: fn(&Context) -> Result<Readiness, Error>,
    /// [`Plugin::plan`].
    pub plan: fn(&Context, Option<&str>) -> Result<Plan, Error>,
    /// [`Plugin::ensure`].
    pub ensure: fn(&Context, &[Change]) -> Outcomes,
}

impl Exports {
    /// Those of this plugin.
    pub const fn of<P: Plugin>() -> Self {
        Self { manifest: P::manifest, probe: P::probe, plan: P::plan, ensure: P::ensure }
    }
}

pub(crate) fn perform(capability: &str, connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
    HOST.with_borrow_mut(|host| {
        let Some(Host { answer: Some(answer), round, .. }) = host else {
            return calls.iter().map(|_| Err(no_host())).collect();
        };
        let transaction = matches!(mode, Mode::Transaction);
        let mut answers = Vec::new();
        for call in calls {
            let performed = Performed {
                capability: capability.to_owned(),
                connection: connection.to_owned(),
                name: call.name.clone(),
                args: serde_json::from_str(&call.args).unwrap_or_default(),
                round: *round,
                transaction,
            };
            let given = answer(&performed).map(|value| value.to_string());
            if let (true, Err(error)) = (transaction, &given) {
                answers = calls.iter().map(|_| Err(error.clone())).collect();
                break;
            }
            answers.push(given);
        }
        *round += 1;
        answers
    })
}

pub(crate) fn list(directory: &str) -> Result<Vec<Entry>, Error> {
    HOST.with_borrow(|host| {
        let files = host.as_ref().map(|host| &host.files).ok_or_else(no_host)?;
        let denied = || Error::denied(format!("{directory}: no field of the document holds this directory"));
        files.get(directory).cloned().ok_or_else(denied)
    })
}

pub(crate) fn say(subject: &str, text: &str) {
    eprintln!("{subject}: {text}");
}

fn no_host() -> Error {
    Error::failed("outside of a component there is no host: run the code by hyhost_sdk::native::Host")
}
