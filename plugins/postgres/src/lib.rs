//! The plugin `postgres`.

use hyhost_sdk::sql::Sql;
use hyhost_sdk::{Change, Context, Error, Kind, Manifest, Outcome, Plan, Plugin, Readiness, kind, sql};

/// The kinds of objects that it provides, a file each.
const KINDS: &[Kind<Sql>] = &[];

/// The slot of its one connection.
const SLOT: &str = "sql";

struct Postgres;

impl Plugin for Postgres {
    fn manifest() -> Manifest {
        Manifest::new("postgres", env!("CARGO_PKG_VERSION"), "Roles, databases and their privileges in PostgreSQL.")
            .schema(&kind::schema(KINDS))
            .wants::<Sql>(SLOT, "to compare and change roles, databases and what is in them")
    }

    fn probe(context: &Context) -> Result<Readiness, Error> {
        let server = context.sql(SLOT)?.perform(&sql::ReadServer {})?;
        Ok(match server.in_recovery {
            false => Readiness::Ready,
            true => Readiness::NotReady("the server is in recovery and takes no writes".to_owned()),
        })
    }

    fn plan(context: &Context, page: Option<&str>) -> Result<Plan, Error> {
        kind::plan(context, &context.sql(SLOT)?, KINDS, page)
    }

    fn ensure(context: &Context, changes: &[Change]) -> Vec<Result<Outcome, Error>> {
        match context.sql(SLOT) {
            Ok(connection) => kind::ensure(context, &connection, KINDS, changes),
            Err(error) => changes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

hyhost_sdk::export!(Postgres);
