//! The connections behind the gate.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use hyhost_audit::{Announced, Audit, AuditError, What};
use hyhost_backend::{Account, Backend};
use hyhost_config::{Secret, Target};
use hyhost_table::{Change, Row, Table};
use jsonschema::Validator;

use crate::{Phase, Session, SessionParts};

/// Which component is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginId {
    /// Its manifest name.
    pub name: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
}

/// The gate of one run: its connections and its record.
pub struct Gate {
    ports: HashMap<String, Port>,
    pub(crate) audit: Audit,
    /// The connections' own secrets.
    pub(crate) secrets: Vec<Secret>,
}

/// A connection: its client, its table, and the rows' schemas, each compiled
/// when it is first asked for.
pub(crate) struct Port {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) table: &'static Table,
    schemas: Vec<OnceLock<Option<Validator>>>,
}

impl Port {
    /// The row of this name and the check of its arguments.
    pub(crate) fn row(&self, name: &str) -> Option<(&'static Row, Option<&Validator>)> {
        let at = self.table.rows.iter().position(|row| row.name == name)?;
        let row = &self.table.rows[at];
        let compiled =
            self.schemas.get(at)?.get_or_init(|| jsonschema::validator_for(&row.schema(&self.table.defs)).ok());
        Some((row, compiled.as_ref()))
    }
}

impl Gate {
    /// A gate without connections, writing to this record.
    pub fn new(audit: Audit) -> Self {
        Self { ports: HashMap::new(), audit, secrets: Vec::new() }
    }

    /// Adds a connection.
    pub fn connect(&mut self, connection: impl Into<String>, table: &'static Table, backend: Arc<dyn Backend>) {
        let schemas = table.rows.iter().map(|_| OnceLock::new()).collect();
        self.ports.insert(connection.into(), Port { backend, table, schemas });
    }

    /// Secrets that no answer, fault or word of a plugin may hold, beside those
    /// of its target: the connections' own.
    pub fn withhold(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.extend(secrets);
    }

    /// As whom hyhost works on a connection.
    pub fn account(&self, connection: &str) -> Option<Account> {
        self.ports.get(connection).map(|port| port.backend.account())
    }

    /// The record.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Ends all sessions with servers.
    pub async fn close(&self) {
        for port in self.ports.values() {
            port.backend.close().await;
        }
    }

    pub(crate) fn port(&self, connection: &str) -> Option<&Port> {
        self.ports.get(connection)
    }

    /// What a plugin may do while it probes, plans or verifies: read.
    pub fn reading(self: &Arc<Self>, parts: SessionParts, phase: Phase) -> Session {
        Session::new(Arc::clone(self), parts, phase, Vec::new())
    }

    /// What a plugin may do to make these changes so: touch what they
    /// declare. They are on record, acknowledged, before this returns.
    ///
    /// # Errors
    /// The record cannot be kept.
    pub async fn ensuring(self: &Arc<Self>, parts: SessionParts, changes: Vec<Change>) -> Result<Session, AuditError> {
        let announced = |change: &Change| Announced {
            object: change.id.clone(),
            action: change.action,
            touches: change.touches.clone(),
        };
        self.audit.emit(What::Announced {
            target: parts.target.name.clone(),
            plugin: parts.plugin.name.clone(),
            digest: parts.plugin.digest.clone(),
            changes: changes.iter().map(announced).collect(),
            attempt: parts.attempt,
        })?;
        self.audit.acknowledged().await?;
        Ok(Session::new(Arc::clone(self), parts, Phase::Ensure, changes))
    }

    /// The target's connection in a slot.
    pub(crate) fn slot<'a>(target: &'a Target, slot: &str) -> Option<&'a hyhost_config::Slot> {
        target.slots.iter().find(|s| s.name == slot)
    }
}
