//! A loaded plugin and its calls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyhost_backend::Fault;
use hyhost_config::Manifest;
use hyhost_gate::{PluginId, Session};
use hyhost_table::{Change, Plan, Touch};
use serde_json::Value;

use crate::guest::{Guest, within};
use crate::plan::{Pages, Tables};
use crate::{Call, Trouble, convert};

/// What `probe`, `plan` and `ensure` are told. The connections are those of
/// the session's target.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What is desired.
    pub desired: Value,
    /// What may be removed.
    pub prune: Vec<hyhost_config::PruneRule>,
    /// Whether access beyond the document is removed.
    pub exact: bool,
    /// Every name that the documents mention on these servers.
    pub mentioned: Vec<Touch>,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// The server can do the work.
    Ready,
    /// Not yet, and why.
    NotReady(String),
}

/// What came of a change that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was made so.
    Done,
    /// It was so already.
    Unchanged,
}

/// A loaded component.
pub struct Plugin {
    pub(crate) guest: Guest,
    pub(crate) manifest: Manifest,
    pub(crate) digest: String,
    pub(crate) path: PathBuf,
    pub(crate) imports: Vec<String>,
    /// Whether its code came from the operator's directory; else it was
    /// compiled just now.
    pub compiled_from_cache: bool,
}

impl Plugin {
    /// What it says of itself, checked.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// `sha256:…` of its bytes.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The interfaces that it imports, sorted, such as
    /// `hyhost:provision/sql@0.2.0`.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Who it is, for the gate.
    pub fn id(&self) -> PluginId {
        PluginId { name: self.manifest.name.clone(), digest: self.digest.clone() }
    }

    /// Asks whether the servers can work.
    ///
    /// # Errors
    /// The plugin did not do its part.
    pub async fn probe(&self, session: Arc<Session>, context: &Context) -> Result<Result<Readiness, Fault>, Trouble> {
        let given = convert::context(context, &session);
        let deadline = session.deadline();
        let mut store = self.guest.store(Some(session));
        let inside = store.data().inside();
        let answer = within(deadline, &inside, async {
            self.guest.pre.instantiate_async(&mut store).await?.call_probe(&mut store, &given).await
        })
        .await;
        let answer = self.guest.settle(Call::Probe, store, answer)?;
        let answer = match answer {
            Ok(readiness) => convert::readiness_in(readiness).map(Ok),
            Err(error) => convert::fault_in(error).map(Err),
        };
        answer.map_err(|problem| self.guest.protocol(Call::Probe, problem))
    }

    /// Asks what differs, page by page.
    ///
    /// # Errors
    /// The plugin did not do its part.
    pub async fn plan(&self, session: Arc<Session>, context: &Context) -> Result<Result<Plan, Fault>, Trouble> {
        let wrong = |problem| self.guest.protocol(Call::Plan, problem);
        let capabilities = self.manifest.wishes.iter().map(|wish| &wish.capability);
        let tables: Tables = capabilities.filter_map(|name| Some((name.clone(), session.table(name)?))).collect();
        let given = convert::context(context, &session);
        let mut pages = Pages::default();
        let mut page = None;
        loop {
            let mut store = self.guest.store(Some(Arc::clone(&session)));
            let inside = store.data().inside();
            let answer = within(session.deadline(), &inside, async {
                let guest = self.guest.pre.instantiate_async(&mut store).await?;
                guest.call_plan(&mut store, &given, page.as_deref()).await
            })
            .await;
            match self.guest.settle(Call::Plan, store, answer)? {
                Err(error) => return convert::fault_in(error).map(Err).map_err(wrong),
                Ok(found) => page = pages.add(found, &tables).map_err(wrong)?,
            }
            if page.is_none() {
                return pages.whole().map(Ok).map_err(wrong);
            }
        }
    }

    /// Hands changes of its last plan over to be made so; one result each, in
    /// order.
    ///
    /// # Errors
    /// The plugin did not do its part. Some of the changes may have been made:
    /// the session knows what was performed.
    pub async fn ensure(
        &self,
        session: Arc<Session>,
        context: &Context,
        changes: &[Change],
    ) -> Result<Vec<Result<Done, Fault>>, Trouble> {
        let given = convert::context(context, &session);
        let handed: Vec<_> = changes.iter().map(convert::change_out).collect();
        let deadline = session.deadline();
        let mut store = self.guest.store(Some(session));
        let inside = store.data().inside();
        let answer = within(deadline, &inside, async {
            self.guest.pre.instantiate_async(&mut store).await?.call_ensure(&mut store, &given, &handed).await
        })
        .await;
        let results = self.guest.settle(Call::Ensure, store, answer)?;
        let wrong = |problem| self.guest.protocol(Call::Ensure, problem);
        if results.len() != changes.len() {
            return Err(wrong(format!(
                "it was given {} changes and answered with {} results",
                changes.len(),
                results.len()
            )));
        }
        let result = |result| match result {
            Ok(outcome) => convert::outcome_in(outcome).map(Ok),
            Err(error) => convert::fault_in(error).map(Err),
        };
        results.into_iter().map(result).collect::<Result<_, _>>().map_err(wrong)
    }
}
