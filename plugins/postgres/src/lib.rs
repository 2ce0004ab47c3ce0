//! The plugin `postgres`: roles, databases, schemas, extensions, privileges and
//! migrations of a PostgreSQL server.

mod database;
mod default_privileges;
mod desired;
mod extension;
mod grant;
mod membership;
mod migration;
mod object;
mod privilege;
mod prune;
mod role;
mod routine;
mod schema;
mod setting;
mod steps;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_access;
#[cfg(test)]
mod tests_migrations;
#[cfg(test)]
mod tests_objects;
#[cfg(test)]
mod tests_prune;
mod time;
mod world;

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Error, Kind, Manifest, Outcome, Plan, Plugin, Readiness, Seen, kind};

/// The kinds of objects that it provides, a file each, in the order in which
/// one may need another.
const KINDS: &[Kind<Sql>] = &[
    Kind { name: "role", field: "roles", schema: role::schema, plan: role::plan, ensure: steps::perform },
    Kind {
        name: "database",
        field: "databases",
        schema: database::schema,
        plan: database::plan,
        ensure: steps::perform,
    },
    Kind { name: "schema", field: "schemas", schema: schema::schema, plan: schema::plan, ensure: steps::perform },
    Kind {
        name: "extension",
        field: "extensions",
        schema: extension::schema,
        plan: extension::plan,
        ensure: steps::perform,
    },
    Kind {
        name: "migration",
        field: "databases[].migrations",
        schema: migration::schema,
        plan: migration::plan,
        ensure: steps::perform,
    },
    Kind { name: "grant", field: "grants", schema: grant::schema, plan: grant::plan, ensure: steps::perform },
    Kind {
        name: "default_privileges",
        field: "default_privileges",
        schema: default_privileges::schema,
        plan: last,
        ensure: steps::perform,
    },
];

/// The last kind, and after it what goes: by then it is known what stays.
fn last(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    default_privileges::plan(context, seen, plan)?;
    prune::plan(context, seen, plan)
}

/// The slot of its one connection.
const SLOT: &str = "sql";

/// The oldest server that the statement forms are written for.
const OLDEST: i64 = 150_000;

/// The plugin.
#[derive(Debug)]
pub struct Postgres;

impl Plugin for Postgres {
    fn manifest() -> Manifest {
        let summary = "Roles, databases, schemas, extensions, privileges and migrations of PostgreSQL 15 to 18.";
        Manifest::new("postgres", env!("CARGO_PKG_VERSION"), summary)
            .schema(&kind::schema(KINDS))
            .wants::<Sql>(SLOT, "to compare and change what the document declares, and to run its migrations")
    }

    fn probe(context: &Context) -> Result<Readiness, Error> {
        let server = context.sql(SLOT)?.perform(&sql::ReadServer {})?;
        if server.version < OLDEST {
            let version = server.version / 10_000;
            return Err(Error::invalid(format!("the server is PostgreSQL {version}; 15 is the oldest that works")));
        }
        Ok(match server.in_recovery {
            true => Readiness::NotReady("the server is in recovery and takes no writes".to_owned()),
            false => Readiness::Ready,
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
