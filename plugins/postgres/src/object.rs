//! What privileges are on: databases, schemas, tables, sequences, functions,
//! and what of them is there.

use std::collections::BTreeMap;

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Error, Seen};

use crate::desired::Desired;
use crate::privilege::{self, Held, Statement};
use crate::routine;
use crate::steps::Steps;
use crate::world::{self, owned};

/// The sorts of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Database,
    Schema,
    Table,
    Sequence,
    Function,
}

impl Sort {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Schema => "schema",
            Self::Table => "table",
            Self::Sequence => "sequence",
            Self::Function => "function",
        }
    }

    /// What default privileges call them.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Database => "databases",
            Self::Schema => "schemas",
            Self::Table => "tables",
            Self::Sequence => "sequences",
            Self::Function => "functions",
        }
    }

    /// All privileges that there are on one.
    pub(crate) fn all(self) -> &'static [&'static str] {
        match self {
            Self::Database => privilege::OF_DATABASE,
            Self::Schema => privilege::OF_SCHEMA,
            Self::Table => privilege::OF_TABLE,
            Self::Sequence => privilege::OF_SEQUENCE,
            Self::Function => privilege::OF_FUNCTION,
        }
    }
}

/// An object, by the segments of its name, as the document writes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    pub(crate) sort: Sort,
    pub(crate) name: Vec<String>,
}

impl Object {
    pub(crate) fn new<S: Into<String>>(sort: Sort, name: impl IntoIterator<Item = S>) -> Self {
        Self { sort, name: name.into_iter().map(Into::into).collect() }
    }

    /// The id of the object's own changes.
    pub(crate) fn id(&self) -> String {
        hyhost_sdk::id(self.sort.kind(), &self.name)
    }

    /// The id of the changes of privileges on it.
    pub(crate) fn grant_id(&self) -> String {
        hyhost_sdk::id("grant", std::iter::once(self.sort.kind()).chain(self.name.iter().map(String::as_str)))
    }

    /// Adds the operation that grants on it.
    pub(crate) fn grant(&self, statement: Statement, steps: &mut Steps) -> Result<(), Error> {
        let Statement { privileges, option: grant_option, roles } = statement;
        let mut names = self.name.iter().cloned();
        let mut next = || names.next().unwrap_or_default();
        let database = next();
        match self.sort {
            Sort::Database => steps.then(&sql::GrantOnDatabase { database, roles, privileges, grant_option }),
            Sort::Schema => {
                steps.then(&sql::GrantOnSchema { database, schema: next(), roles, privileges, grant_option })
            }
            Sort::Table => {
                let (schema, table) = (next(), next());
                steps.then(&sql::GrantOnTable { database, schema, table, roles, privileges, grant_option })
            }
            Sort::Sequence => {
                let (schema, sequence) = (next(), next());
                steps.then(&sql::GrantOnSequence { database, schema, sequence, roles, privileges, grant_option })
            }
            Sort::Function => {
                let (schema, function) = (next(), next());
                steps.then(&sql::GrantOnFunction { database, schema, function, roles, privileges, grant_option })
            }
        }
    }
    /// Adds the operation that takes privileges on it away.
    pub(crate) fn revoke(&self, statement: Statement, steps: &mut Steps) -> Result<(), Error> {
        let Statement { privileges, option: option_only, roles } = statement;
        let mut names = self.name.iter().cloned();
        let mut next = || names.next().unwrap_or_default();
        let database = next();
        match self.sort {
            Sort::Database => steps.then(&sql::RevokeOnDatabase { database, roles, privileges, option_only }),
            Sort::Schema => {
                steps.then(&sql::RevokeOnSchema { database, schema: next(), roles, privileges, option_only })
            }
            Sort::Table => {
                let (schema, table) = (next(), next());
                steps.then(&sql::RevokeOnTable { database, schema, table, roles, privileges, option_only })
            }
            Sort::Sequence => {
                let (schema, sequence) = (next(), next());
                steps.then(&sql::RevokeOnSequence { database, schema, sequence, roles, privileges, option_only })
            }
            Sort::Function => {
                let (schema, function) = (next(), next());
                steps.then(&sql::RevokeOnFunction { database, schema, function, roles, privileges, option_only })
            }
        }
    }
}

/// Whether an object is there.
pub(crate) enum Found<'a> {
    Is(&'a Held),
    Absent,
    /// The name of several functions.
    Many(Vec<&'a str>),
}

/// What is there, as far as the document asks about it.
#[derive(Debug, Default)]
pub(crate) struct There {
    privileges: BTreeMap<Object, Held>,
    owners: BTreeMap<Object, String>,
    /// Names by sort, database and schema, as the server writes them.
    names: BTreeMap<(Sort, String, String), Vec<String>>,
}

impl There {
    /// `None`: not all is read yet.
    pub(crate) fn read(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<Self>, Error> {
        let (databases, schemas) = (world::databases(desired, seen)?, world::schemas(desired, seen)?);
        // All are asked for before giving up on one.
        let mut all: Vec<(Sort, String, Option<Listed>)> = Vec::new();
        for (database, schemas) in desired.schemas_with(|grant| &grant.tables) {
            let (name, schemas) = (database.to_owned(), Some(owned(&schemas)));
            let found = seen.read(&sql::ReadTables { database: name.clone(), schemas })?;
            let plain = |one: sql::Table| (one.schema, one.name, one.owner, one.privileges);
            all.push((
                Sort::Table,
                name,
                found.map(|found| found.unwrap_or_default().into_iter().map(plain).collect()),
            ));
        }
        for (database, schemas) in desired.schemas_with(|grant| &grant.sequences) {
            let (name, schemas) = (database.to_owned(), Some(owned(&schemas)));
            let found = seen.read(&sql::ReadSequences { database: name.clone(), schemas })?;
            let plain = |one: sql::Sequence| (one.schema, one.name, one.owner, one.privileges);
            all.push((
                Sort::Sequence,
                name,
                found.map(|found| found.unwrap_or_default().into_iter().map(plain).collect()),
            ));
        }
        for (database, schemas) in desired.schemas_with(|grant| &grant.functions) {
            let (name, schemas) = (database.to_owned(), Some(owned(&schemas)));
            let found = seen.read(&sql::ReadFunctions { database: name.clone(), schemas })?;
            let plain = |one: sql::Function| (one.schema, one.name, one.owner, one.privileges);
            all.push((
                Sort::Function,
                name,
                found.map(|found| found.unwrap_or_default().into_iter().map(plain).collect()),
            ));
        }
        let (Some(databases), Some(schemas)) = (databases, schemas) else {
            return Ok(None);
        };
        let mut there = Self::default();
        for (name, database) in databases {
            there.privileges.insert(Object::new(Sort::Database, [name]), privilege::held(database.privileges));
        }
        for (database, schemas) in schemas {
            for (name, schema) in schemas.into_iter().flatten() {
                let object = Object::new(Sort::Schema, [&database, &name]);
                there.owners.insert(object.clone(), schema.owner);
                there.privileges.insert(object, privilege::held(schema.privileges));
            }
        }
        for (sort, database, found) in all {
            let Some(found) = found else { return Ok(None) };
            for (schema, name, owner, privileges) in found {
                let object = Object::new(sort, [&database, &schema, &name]);
                there.owners.insert(object.clone(), owner);
                there.privileges.insert(object, privilege::held(privileges));
                there.names.entry((sort, database.clone(), schema)).or_default().push(name);
            }
        }
        Ok(Some(there))
    }

    pub(crate) fn names(&self, sort: Sort, database: &str, schema: &str) -> impl Iterator<Item = &str> {
        self.names.get(&(sort, database.to_owned(), schema.to_owned())).into_iter().flatten().map(String::as_str)
    }

    /// Who owns the object of this name.
    pub(crate) fn owner(&self, object: &Object) -> Option<&str> {
        match self.spelt(object) {
            Spelt::As(spelt) => self.owners.get(&spelt).map(String::as_str),
            Spelt::Many(_) => None,
        }
    }

    pub(crate) fn has(&self, object: &Object) -> bool {
        self.privileges.contains_key(object)
    }

    /// The object of the document's name.
    pub(crate) fn find(&self, object: &Object) -> Found<'_> {
        match self.spelt(object) {
            Spelt::Many(all) => Found::Many(all),
            Spelt::As(spelt) => self.privileges.get(&spelt).map_or(Found::Absent, Found::Is),
        }
    }

    /// It as the server spells it.
    pub(crate) fn spelt(&self, object: &Object) -> Spelt<'_> {
        let (Sort::Function, [database, schema, name]) = (object.sort, &object.name[..]) else {
            return Spelt::As(object.clone());
        };
        let as_name = |name: &str| Spelt::As(Object::new(Sort::Function, [database.as_str(), schema, name]));
        if !routine::is_bare(name) {
            return as_name(&routine::canonical(name));
        }
        let all = self.names(Sort::Function, database, schema).filter(|other| routine::name(other) == name);
        match all.collect::<Vec<_>>()[..] {
            [] => as_name(name),
            [one] => as_name(one),
            ref several => Spelt::Many(several.to_vec()),
        }
    }
}

/// An object in the server's spelling.
pub(crate) enum Spelt<'a> {
    As(Object),
    /// The name of several functions.
    Many(Vec<&'a str>),
}

/// Schema, name, owner and privileges of each.
type Listed = Vec<(String, String, String, Vec<sql::Privilege>)>;
