//! The desired state as types, one for each kind's part of the schema. What it
//! does not set is not managed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// The whole of it. A kind reads it once, at the beginning of its `plan`: the
/// document may be long, and reading it takes as long.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Desired {
    pub(crate) roles: Vec<Role>,
    pub(crate) databases: Vec<Database>,
    pub(crate) schemas: Vec<Schema>,
    pub(crate) grants: Vec<Grant>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) login: Option<bool>,
    pub(crate) password: Option<String>,
    pub(crate) connection_limit: Option<i64>,
    #[serde(default)]
    pub(crate) member_of: Vec<String>,
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) template: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) migrations: Option<Migrations>,
}

/// Where a database's migrations are, and as whom they run.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Migrations {
    /// A directory; as the database's owner.
    Path(String),
    /// A directory and a role.
    As {
        /// The directory.
        path: String,
        /// The role; [`CONNECTION`]: the connection's own account.
        r#as: Option<String>,
    },
}

/// The value of `as` that stands for the connection's own account.
pub(crate) const CONNECTION: &str = "connection";

#[derive(Debug, Deserialize)]
pub(crate) struct Schema {
    pub(crate) database: String,
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Grant {
    pub(crate) role: String,
    pub(crate) database: String,
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    pub(crate) privileges: Vec<String>,
}

/// Everybody. No role can have this name.
pub(crate) const PUBLIC: &str = "public";

/// What the document mentions, by whatever kind: the kinds ask for the same,
/// so it is read once for all of them.
impl Desired {
    pub(crate) fn role_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for role in &self.roles {
            names.insert(role.name.as_str());
            names.extend(role.member_of.iter().map(String::as_str));
        }
        names.extend(self.databases.iter().filter_map(|database| database.owner.as_deref()));
        names.extend(self.schemas.iter().filter_map(|schema| schema.owner.as_deref()));
        names.extend(self.grants.iter().map(|grant| grant.role.as_str()));
        names.remove(PUBLIC);
        names
    }

    pub(crate) fn database_names(&self) -> BTreeSet<&str> {
        let databases = self.databases.iter().map(|database| database.name.as_str());
        let of_schemas = self.schemas.iter().map(|schema| schema.database.as_str());
        let of_grants = self.grants.iter().map(|grant| grant.database.as_str());
        databases.chain(of_schemas).chain(of_grants).collect()
    }

    /// By database.
    pub(crate) fn schema_names(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let declared = self.schemas.iter().map(|schema| (schema.database.as_str(), schema.name.as_str()));
        let of_grants =
            self.grants.iter().filter_map(|grant| Some((grant.database.as_str(), grant.schema.as_deref()?)));
        by_first(declared.chain(of_grants))
    }

    /// The schemas on whose tables there are grants, by database.
    pub(crate) fn schemas_of_tables(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let with_tables = self.grants.iter().filter(|grant| !grant.tables.is_empty());
        by_first(with_tables.filter_map(|grant| Some((grant.database.as_str(), grant.schema.as_deref()?))))
    }
}

fn by_first<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut by_first: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (first, second) in pairs {
        by_first.entry(first).or_default().insert(second);
    }
    by_first
}
