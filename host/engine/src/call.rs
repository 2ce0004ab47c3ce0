//! Calls into a target's plugin.

use std::sync::Arc;
use std::time::Duration;

use hyhost_audit::AuditError;
use hyhost_config::Target;
use hyhost_gate::{Phase, PluginId, Session, SessionParts};
use hyhost_sandbox::{Context, Plugin};
use hyhost_table::Change;
use tokio::time::Instant;

use crate::{Engine, Progress};

/// One target's plugin, with all that a call of it needs.
pub(crate) struct Caller<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) target: &'a Arc<Target>,
    pub(crate) plugin: &'a Arc<Plugin>,
    pub(crate) context: Context,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(engine: &'a Engine, target: &'a Arc<Target>, plugin: &'a Arc<Plugin>) -> Self {
        let mentioned = target.slots.iter().filter_map(|slot| engine.mentioned.get(&slot.connection));
        let context = Context {
            desired: target.desired.clone(),
            prune: target.prune.clone(),
            exact: target.exact,
            mentioned: mentioned.flatten().cloned().collect(),
        };
        Self { engine, target, plugin, context }
    }

    fn parts(&self, deadline: Instant, attempt: u32) -> SessionParts {
        SessionParts {
            target: Arc::clone(self.target),
            plugin: PluginId { name: self.plugin.manifest().name.clone(), digest: self.plugin.digest().to_owned() },
            deadline,
            attempt,
        }
    }

    pub(crate) fn reading(&self, phase: Phase, deadline: Instant, attempt: u32) -> Session {
        self.engine.gate.reading(self.parts(deadline, attempt), phase)
    }

    pub(crate) async fn ensuring(
        &self,
        changes: Vec<Change>,
        deadline: Instant,
        attempt: u32,
    ) -> Result<Session, AuditError> {
        self.engine.gate.ensuring(self.parts(deadline, attempt), changes).await
    }

    pub(crate) fn tell(&self, progress: &Progress<'_>) {
        (self.engine.observer)(progress);
    }
}

/// A time as a person reads it: `5m`, `90s`, `250ms`.
pub(crate) fn seconds(time: Duration) -> String {
    let millis = time.as_millis();
    if millis.is_multiple_of(60_000) && millis > 0 {
        format!("{}m", millis / 60_000)
    } else if millis.is_multiple_of(1_000) {
        format!("{}s", millis / 1_000)
    } else if millis < 1_000 {
        format!("{millis}ms")
    } else {
        format!("{:.1}s", time.as_secs_f64())
    }
}
