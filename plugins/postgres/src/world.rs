//! What several kinds look at: read once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Context, Error, Plan, Remark, Seen};
use serde::Deserialize;

use crate::{database, grant, role, schema};

/// The whole desired state.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Desired {
    pub(crate) roles: Vec<role::Role>,
    pub(crate) databases: Vec<database::Database>,
    pub(crate) schemas: Vec<schema::Schema>,
    pub(crate) grants: Vec<grant::Grant>,
}

/// Everybody. No role can have this name.
pub(crate) const PUBLIC: &str = "public";

/// The roles that the document mentions and that are there, by name.
pub(crate) fn roles(context: &Context, seen: &mut Seen<Sql>) -> Result<Option<BTreeMap<String, sql::Role>>, Error> {
    let desired: Desired = context.desired()?;
    let mut names = BTreeSet::new();
    for role in &desired.roles {
        names.insert(role.name.clone());
        names.extend(role.member_of.iter().cloned());
    }
    names.extend(desired.databases.iter().filter_map(|database| database.owner.clone()));
    names.extend(desired.schemas.iter().filter_map(|schema| schema.owner.clone()));
    names.extend(desired.grants.iter().map(|grant| grant.role.clone()));
    names.remove(PUBLIC);
    if names.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    let found = seen.read(&sql::ReadRoles { names: Some(names.into_iter().collect()) })?;
    Ok(found.map(|roles| roles.into_iter().map(|role| (role.name.clone(), role)).collect()))
}

/// The databases that the document mentions and that are there, by name.
pub(crate) fn databases(
    context: &Context,
    seen: &mut Seen<Sql>,
) -> Result<Option<BTreeMap<String, sql::Database>>, Error> {
    let desired: Desired = context.desired()?;
    let mut names: BTreeSet<String> = desired.databases.iter().map(|database| database.name.clone()).collect();
    names.extend(desired.schemas.iter().map(|schema| schema.database.clone()));
    names.extend(desired.grants.iter().map(|grant| grant.database.clone()));
    if names.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    let found = seen.read(&sql::ReadDatabases { names: Some(names.into_iter().collect()) })?;
    Ok(found.map(|databases| databases.into_iter().map(|database| (database.name.clone(), database)).collect()))
}

/// The schemas of a database that the document mentions and that are there, by
/// name. The outer `None`: not read yet; the inner: there is no such database.
pub(crate) fn schemas(
    context: &Context,
    seen: &mut Seen<Sql>,
    database: &str,
) -> Result<Option<Option<BTreeMap<String, sql::Schema>>>, Error> {
    let desired: Desired = context.desired()?;
    let of_schemas =
        desired.schemas.iter().filter(|schema| schema.database == database).map(|schema| schema.name.clone());
    let of_grants =
        desired.grants.iter().filter(|grant| grant.database == database).filter_map(|grant| grant.schema.clone());
    let names: BTreeSet<String> = of_schemas.chain(of_grants).collect();
    let read = sql::ReadSchemas { database: database.to_owned(), names: Some(names.into_iter().collect()) };
    let found = seen.read(&read)?;
    Ok(found
        .map(|there| there.map(|schemas| schemas.into_iter().map(|schema| (schema.name.clone(), schema)).collect())))
}

/// Whether the plan so far has a change of this id.
pub(crate) fn is_planned(plan: &Plan, id: &str) -> bool {
    plan.changes.iter().any(|change| change.id == id)
}

/// Whether a role will be there. If not, the object that refers to it has to
/// wait for another target, or for a hand, to make it.
pub(crate) fn will_be_there(plan: &mut Plan, roles: &BTreeMap<String, sql::Role>, role: &str, object: &str) -> bool {
    let there = role == PUBLIC || roles.contains_key(role) || is_planned(plan, &role::id(role));
    if !there {
        plan.deferred.push(Remark::new(object, format!("role `{role}`, which it refers to, is not there yet")));
    }
    there
}
