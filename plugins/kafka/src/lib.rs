//! The plugin `kafka`: topics, ACLs and SCRAM users of a Kafka cluster.

mod acl;
mod probe;
mod quota;
#[cfg(test)]
mod tests;
mod topic;
mod user;
mod value;

use hyhost_sdk::kafka::Kafka;
use hyhost_sdk::{Change, Connection, Context, Error, Kind, Manifest, Outcomes, Plan, Plugin, Readiness, kind};

/// The kinds of objects that it provides, a file each.
const KINDS: &[Kind<Kafka>] = &[topic::KIND, user::KIND, acl::KIND, quota::KIND];

/// The slot of its one connection.
const SLOT: &str = "kafka";

struct Plugged;

impl Plugin for Plugged {
    fn manifest() -> Manifest {
        Manifest::new("kafka", env!("CARGO_PKG_VERSION"), "Topics, ACLs and SCRAM users of a Kafka cluster.")
            .schema(&kind::schema(KINDS))
            .wants::<Kafka>(SLOT, "to compare and change topics, ACLs and SCRAM users; never records")
    }

    fn probe(context: &Context) -> Result<Readiness, Error> {
        probe::probe(context, &context.connection(SLOT)?)
    }

    fn plan(context: &Context, page: Option<&str>) -> Result<Plan, Error> {
        kind::plan(context, &context.connection(SLOT)?, KINDS, page)
    }

    fn ensure(context: &Context, changes: &[Change]) -> Outcomes {
        let connection: Result<Connection<Kafka>, Error> = context.connection(SLOT);
        match connection {
            Ok(connection) => kind::ensure(context, &connection, KINDS, changes),
            Err(error) => changes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

hyhost_sdk::export!(Plugged);
