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
    pub(crate) extensions: Vec<Extension>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) default_privileges: Vec<DefaultPrivileges>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) login: Option<bool>,
    pub(crate) superuser: Option<bool>,
    pub(crate) createdb: Option<bool>,
    pub(crate) createrole: Option<bool>,
    pub(crate) inherit: Option<bool>,
    pub(crate) replication: Option<bool>,
    pub(crate) bypassrls: Option<bool>,
    pub(crate) connection_limit: Option<i64>,
    pub(crate) valid_until: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) verifier: Option<String>,
    pub(crate) member_of: Vec<Membership>,
    pub(crate) settings: BTreeMap<String, Value>,
}

/// A role of which another is a member, and what it may do by that.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Membership {
    Of(String),
    With {
        role: String,
        #[serde(default)]
        admin: bool,
        inherit: Option<bool>,
        set: Option<bool>,
    },
}

impl Membership {
    /// Role, admin option, inherit option, set option.
    pub(crate) fn parts(&self) -> (&str, bool, Option<bool>, Option<bool>) {
        match self {
            Self::Of(role) => (role, false, None, None),
            Self::With { role, admin, inherit, set } => (role, *admin, *inherit, *set),
        }
    }

    pub(crate) fn role(&self) -> &str {
        self.parts().0
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) template: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) locale_provider: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) collate: Option<String>,
    pub(crate) ctype: Option<String>,
    pub(crate) tablespace: Option<String>,
    pub(crate) connection_limit: Option<i64>,
    pub(crate) comment: Option<String>,
    pub(crate) migrations: Option<Migrations>,
}

/// Where a database's migrations are, and as whom they run.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Migrations {
    /// A directory; as the database's owner.
    Path(String),
    /// A directory and how.
    With(MigrationsWith),
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct MigrationsWith {
    /// The directory.
    pub(crate) path: String,
    /// The role; [`CONNECTION`]: the connection's own account.
    pub(crate) r#as: Option<String>,
    /// Whether a file may come before one that ran.
    #[serde(default)]
    pub(crate) out_of_order: bool,
    /// Up to this number the files are taken as applied, where a database is
    /// older than hyhost.
    pub(crate) baseline: Option<u64>,
}

impl Migrations {
    pub(crate) fn with(&self) -> MigrationsWith {
        match self {
            Self::Path(path) => MigrationsWith { path: path.clone(), ..MigrationsWith::default() },
            Self::With(with) => with.clone(),
        }
    }
}

/// The value of `as` that stands for the connection's own account.
pub(crate) const CONNECTION: &str = "connection";

#[derive(Debug, Deserialize)]
pub(crate) struct Schema {
    pub(crate) database: String,
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Extension {
    pub(crate) database: String,
    pub(crate) name: String,
    pub(crate) schema: Option<String>,
    pub(crate) version: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Grant {
    pub(crate) role: String,
    pub(crate) database: String,
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    #[serde(default)]
    pub(crate) sequences: Vec<String>,
    #[serde(default)]
    pub(crate) functions: Vec<String>,
    pub(crate) privileges: Vec<String>,
    #[serde(default)]
    pub(crate) grant_option: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DefaultPrivileges {
    pub(crate) owner: String,
    pub(crate) database: String,
    pub(crate) schema: Option<String>,
    /// `tables`, `sequences`, …
    pub(crate) objects: String,
    pub(crate) role: String,
    pub(crate) privileges: Vec<String>,
    #[serde(default)]
    pub(crate) grant_option: bool,
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
            names.extend(role.member_of.iter().map(Membership::role));
        }
        names.extend(self.databases.iter().filter_map(|database| database.owner.as_deref()));
        names.extend(self.schemas.iter().filter_map(|schema| schema.owner.as_deref()));
        names.extend(self.grants.iter().map(|grant| grant.role.as_str()));
        names.extend(self.default_privileges.iter().flat_map(|of| [of.owner.as_str(), of.role.as_str()]));
        names.remove(PUBLIC);
        names
    }

    pub(crate) fn database_names(&self) -> BTreeSet<&str> {
        let databases = self.databases.iter().map(|database| database.name.as_str());
        let of_schemas = self.schemas.iter().map(|schema| schema.database.as_str());
        let of_extensions = self.extensions.iter().map(|extension| extension.database.as_str());
        let of_grants = self.grants.iter().map(|grant| grant.database.as_str());
        let of_defaults = self.default_privileges.iter().map(|of| of.database.as_str());
        databases.chain(of_schemas).chain(of_extensions).chain(of_grants).chain(of_defaults).collect()
    }

    /// By database.
    pub(crate) fn schema_names(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let declared = self.schemas.iter().map(|schema| (schema.database.as_str(), schema.name.as_str()));
        let of_extensions = self.extensions.iter().filter_map(|of| Some((of.database.as_str(), of.schema.as_deref()?)));
        let of_grants =
            self.grants.iter().filter_map(|grant| Some((grant.database.as_str(), grant.schema.as_deref()?)));
        let of_defaults =
            self.default_privileges.iter().filter_map(|of| Some((of.database.as_str(), of.schema.as_deref()?)));
        by_first(declared.chain(of_extensions).chain(of_grants).chain(of_defaults))
    }

    /// The schemas on whose objects there are grants, by database: those for
    /// which `names` has some.
    pub(crate) fn schemas_with(&self, names: fn(&Grant) -> &[String]) -> BTreeMap<&str, BTreeSet<&str>> {
        let with = self.grants.iter().filter(|grant| !names(grant).is_empty());
        by_first(with.filter_map(|grant| Some((grant.database.as_str(), grant.schema.as_deref()?))))
    }
}

fn by_first<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut by_first: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (first, second) in pairs {
        by_first.entry(first).or_default().insert(second);
    }
    by_first
}
