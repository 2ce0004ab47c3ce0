//! What each call of a plugin gets.

use serde::de::DeserializeOwned;

use crate::bindings::hyhost::provision::types;
use crate::s3::S3;
use crate::sql::Sql;
use crate::{Capability, Connection, Error, Touch};

/// The desired state, the connections, and what is known of other targets.
#[derive(Debug)]
pub struct Context {
    inner: types::Context,
}

impl Context {
    pub(crate) fn new(inner: types::Context) -> Self {
        Self { inner }
    }

    /// The desired state, or the part of it that the type has fields for.
    /// Every secret in it is a name.
    ///
    /// # Errors
    /// `invalid` if it is not of this type. The host has checked it against
    /// the manifest's schema, so this means that schema and type differ.
    pub fn desired<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.inner.desired)
            .map_err(|error| Error::invalid(format!("the desired state is not what the plugin can read: {error}")))
    }

    /// The PostgreSQL connection in this slot.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn sql(&self, slot: &str) -> Result<Connection<Sql>, Error> {
        self.connection(slot)
    }

    /// The S3 connection in this slot.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn s3(&self, slot: &str) -> Result<Connection<S3>, Error> {
        self.connection(slot)
    }

    /// The connection in this slot, of the capability that is asked for.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn connection<C: Capability>(&self, slot: &str) -> Result<Connection<C>, Error> {
        let fits = |s: &&types::Slot| s.name == slot && s.capability == C::NAME;
        match self.inner.connections.iter().find(fits) {
            Some(found) => Ok(Connection::new(&found.name)),
            None => Err(Error::invalid(format!("no {} connection stands in the slot {slot}", C::NAME))),
        }
    }

    /// What may be removed: patterns by kind, as written. `*` matches within a
    /// segment.
    pub fn prune(&self) -> &[Touch] {
        &self.inner.prune
    }

    /// Every name that any target of the documents mentions on these servers.
    /// What stands here is never pruned.
    pub fn mentioned(&self) -> &[Touch] {
        &self.inner.mentioned
    }
}
