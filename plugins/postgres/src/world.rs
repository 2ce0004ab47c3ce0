//! What several kinds look at: what is there, read once for all of them, and
//! what the kinds before them have planned.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Error, Plan, Seen};

use crate::desired::Desired;

/// Roles that are there, by name.
pub(crate) type Roles = BTreeMap<String, sql::Role>;
/// Databases that are there, by name.
pub(crate) type Databases = BTreeMap<String, sql::Database>;
/// Schemas that are there, by name, by database; `None`: no such database.
pub(crate) type Schemas = BTreeMap<String, Option<BTreeMap<String, sql::Schema>>>;

/// The roles that the document mentions; `None`: not read yet.
pub(crate) fn roles(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<Roles>, Error> {
    let names = owned(&desired.role_names());
    if names.is_empty() {
        return Ok(Some(Roles::new()));
    }
    let found = seen.read(&sql::ReadRoles { names: Some(names) })?;
    Ok(found.map(|roles| roles.into_iter().map(|role| (role.name.clone(), role)).collect()))
}

/// The databases that the document mentions; `None`: not read yet.
pub(crate) fn databases(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<Databases>, Error> {
    let names = owned(&desired.database_names());
    if names.is_empty() {
        return Ok(Some(Databases::new()));
    }
    let found = seen.read(&sql::ReadDatabases { names: Some(names) })?;
    Ok(found.map(|databases| databases.into_iter().map(|database| (database.name.clone(), database)).collect()))
}

/// The schemas that the document mentions; `None`: not all are read yet.
pub(crate) fn schemas(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<Schemas>, Error> {
    let mut all = Some(Schemas::new());
    // All are asked for, also when one is not read yet: each round of reading
    // is one more call.
    for (database, names) in desired.schema_names() {
        let found = seen.read(&sql::ReadSchemas { database: database.to_owned(), names: Some(owned(&names)) })?;
        match (&mut all, found) {
            (Some(all), Some(there)) => {
                let by_name =
                    there.map(|there| there.into_iter().map(|schema| (schema.name.clone(), schema)).collect());
                all.insert(database.to_owned(), by_name);
            }
            _ => all = None,
        }
    }
    Ok(all)
}

/// Names as operations take them.
pub(crate) fn owned(names: &BTreeSet<&str>) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The ids in a plan, as far as it has come: what the kinds before have put
/// there. A set, because each object asks.
#[derive(Debug)]
pub(crate) struct Planned {
    changes: BTreeSet<String>,
    deferred: BTreeSet<String>,
}

impl Planned {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            changes: plan.changes.iter().map(|change| change.id.clone()).collect(),
            deferred: plan.deferred.iter().map(|remark| remark.id.clone()).collect(),
        }
    }

    /// Whether there is a change of this id.
    pub(crate) fn changes(&self, id: &str) -> bool {
        self.changes.contains(id)
    }

    /// The ids of changes within this one: `schema/d/x` is within `schema/d`.
    pub(crate) fn changes_within(&self, id: &str) -> impl Iterator<Item = &String> {
        within(&self.changes, id)
    }

    /// Whether this id, or one within it, is put off.
    pub(crate) fn puts_off(&self, id: &str) -> bool {
        self.deferred.contains(id) || within(&self.deferred, id).next().is_some()
    }
}

fn within<'a>(ids: &'a BTreeSet<String>, id: &str) -> impl Iterator<Item = &'a String> {
    let beginning = format!("{id}/");
    ids.range(beginning.clone()..).take_while(move |id| id.starts_with(&beginning))
}
