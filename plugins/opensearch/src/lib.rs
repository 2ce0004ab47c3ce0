//! The plugin `opensearch`: templates, pipelines, policies, indexes, security
//! and settings of OpenSearch.

mod access;
mod index;
mod normal;
mod pipeline;
mod policy;
mod repository;
mod role;
mod security;
mod setting;
mod shape;
mod stream;
mod template;
#[cfg(test)]
mod tests;
mod user;

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Change, Connection, Context, Error, Kind, Manifest, Outcomes, Plan, Plugin, Readiness, kind};

/// The kinds of objects that it provides. What lives by another kind stands
/// before it: when both are to go, it goes first.
const KINDS: &[Kind<OpenSearch>] = &[
    stream::KIND,
    index::KIND,
    template::INDEX,
    template::COMPONENT,
    template::LEGACY,
    pipeline::KIND,
    policy::KIND,
    user::TENANT,
    role::ROLE,
    role::MAPPING,
    user::USER,
    setting::KIND,
    repository::KIND,
];

/// The slot of its one connection.
const SLOT: &str = "opensearch";

/// The plugin.
#[derive(Debug)]
pub struct OpenSearchPlugin;

fn connection(context: &Context) -> Result<Connection<OpenSearch>, Error> {
    context.connection(SLOT)
}

impl Plugin for OpenSearchPlugin {
    fn manifest() -> Manifest {
        let summary = "Templates, pipelines, policies, indexes, security and settings of OpenSearch.";
        Manifest::new("opensearch", env!("CARGO_PKG_VERSION"), summary)
            .schema(&kind::schema(KINDS))
            .wants::<OpenSearch>(SLOT, "to compare and change what the document declares; never documents")
    }

    fn probe(context: &Context) -> Result<Readiness, Error> {
        let health = connection(context)?.perform(&opensearch::ReadHealth {})?;
        Ok(match health.status.as_str() {
            "green" | "yellow" => Readiness::Ready,
            other => Readiness::NotReady(format!(
                "the cluster's health is {other}: shards are missing that hold data (nodes: {})",
                health.number_of_nodes
            )),
        })
    }

    fn plan(context: &Context, page: Option<&str>) -> Result<Plan, Error> {
        kind::plan(context, &connection(context)?, KINDS, page)
    }

    fn ensure(context: &Context, changes: &[Change]) -> Outcomes {
        match connection(context) {
            Ok(connection) => kind::ensure(context, &connection, KINDS, changes),
            Err(error) => changes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

hyhost_sdk::export!(OpenSearchPlugin);
