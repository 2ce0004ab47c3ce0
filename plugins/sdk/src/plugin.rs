//! What a plugin implements, and how it becomes a component.

use std::marker::PhantomData;

use crate::bindings::hyhost::provision::types::{self, Wish};
use crate::bindings::{self, Guest};
use crate::{Capability, Change, Context, Error, Manifest, Outcome, Plan, Readiness};

/// What came of each change, in the order of the changes.
pub type Outcomes = Vec<Result<Outcome, Error>>;

/// A plugin. Each call gets an instance of its own: nothing in memory outlives
/// the call.
pub trait Plugin {
    /// What it is. Called without any capability: every call to the host
    /// fails here.
    fn manifest() -> Manifest;

    /// Can the servers do this work, by meaning and not by open port? One
    /// look; the host does the waiting. Reads only.
    ///
    /// # Errors
    /// `not-ready` is as good as an answer: the host waits and asks again.
    fn probe(context: &Context) -> Result<Readiness, Error>;

    /// What differs? Reads only. `page` is what the page before returned as
    /// `next`.
    ///
    /// # Errors
    /// What makes the whole target impossible to plan. What is wrong with one
    /// object belongs into the plan's `refused`.
    fn plan(context: &Context, page: Option<&str>) -> Result<Plan, Error>;

    /// Makes changes so; one result each, in their order. Safe to repeat:
    /// "already so" is success.
    fn ensure(context: &Context, changes: &[Change]) -> Outcomes;
}

impl Manifest {
    /// A plugin of this name and version, in one line. It wants nothing yet
    /// and takes any desired state.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            schema: "{}".to_owned(),
            capabilities: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// The JSON Schema of its desired state.
    #[must_use]
    pub fn schema(mut self, schema: &serde_json::Value) -> Self {
        self.schema = schema.to_string();
        self
    }

    /// A capability that it wants: the name of the slot, and why, in one line
    /// for the person who decides.
    #[must_use]
    pub fn wants<C: Capability>(mut self, slot: &str, reason: &str) -> Self {
        self.capabilities.push(Wish {
            slot: slot.to_owned(),
            capability: C::NAME.to_owned(),
            reason: reason.to_owned(),
            extensions: Vec::new(),
        });
        self
    }
}

/// The bridge from the contract's exports to a [`Plugin`]; made by
/// [`crate::export!`].
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: Plugin> Guest for Adapter<P> {
    fn describe() -> Manifest {
        show_panics();
        P::manifest()
    }

    fn probe(context: types::Context) -> Result<Readiness, Error> {
        show_panics();
        P::probe(&Context::new(context))
    }

    fn plan(context: types::Context, page: Option<String>) -> Result<Plan, Error> {
        show_panics();
        P::plan(&Context::new(context), page.as_deref())
    }

    fn ensure(context: types::Context, changes: Vec<bindings::Change>) -> Outcomes {
        show_panics();
        P::ensure(&Context::new(context), &changes)
    }
}

/// A panic ends in a trap that says nothing, so its message and place go to
/// the log first.
fn show_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| crate::log::error(&info.to_string())));
}

/// Makes a type that implements [`Plugin`] the component's plugin.
///
/// ```
/// # use hyhost_sdk::{Change, Context, Error, Manifest, Outcome, Outcomes, Plan, Plugin, Readiness};
/// struct Nothing;
///
/// impl Plugin for Nothing {
///     fn manifest() -> Manifest {
///         Manifest::new("nothing", "0.1.0", "Does nothing.")
///     }
///     fn probe(_: &Context) -> Result<Readiness, Error> {
///         Ok(Readiness::Ready)
///     }
///     fn plan(_: &Context, _: Option<&str>) -> Result<Plan, Error> {
///         Ok(Plan::default())
///     }
///     fn ensure(_: &Context, changes: &[Change]) -> Outcomes {
///         changes.iter().map(|_| Ok(Outcome::Unchanged)).collect()
///     }
/// }
///
/// hyhost_sdk::export!(Nothing);
/// ```
#[macro_export]
#[rustfmt::skip]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "generated: the functions that the host calls")]
        const _: () = {
            type Exported = $crate::Adapter<$plugin>;
            $crate::bindings::export_bindings!(Exported with_types_in $crate::bindings);
        };
        /// The plugin, for tests that run natively.
        #[cfg(not(target_arch = "wasm32"))]
        pub const PLUGIN: $crate::native::Exports = $crate::native::Exports::of::<$plugin>();
    };
}
