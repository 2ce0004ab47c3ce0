//! Grants: privileges of a role on a database, a schema, or tables.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Privilege, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, Grant, PUBLIC};
use crate::steps::Steps;
use crate::world::{self, Planned};
use crate::{database, role, schema};

const OF_DATABASE: &[&str] = &["create", "connect", "temporary"];
const OF_SCHEMA: &[&str] = &["create", "usage"];
const OF_TABLE: &[&str] = &["select", "insert", "update", "delete", "truncate", "references", "trigger"];

/// The part of the schema of the documents.
pub(crate) fn schema() -> Value {
    let words = |of: &[&str]| {
        let words: Vec<&str> = of.iter().copied().chain(["all"]).collect();
        json!({ "properties": { "privileges": { "items": { "enum": words } } } })
    };
    json!({
        "description": "Privileges: on a database; with `schema` on that schema; with `tables` on tables of it. \
                        What a role has beyond them stays and is shown as extra.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "role": { "description": "Who gets them; `public` is everybody.", "type": "string", "minLength": 1,
                    "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "database": { "description": "The database.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database", "verb": "write" } },
                "schema": { "description": "The schema.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.schema", "verb": "write", "in": ["database"] } },
                "tables": { "description": "Tables and views by name; `*`: all that are there.", "type": "array", "minItems": 1,
                    "items": { "type": "string", "minLength": 1, "maxLength": 63,
                        "x-hyhost": { "name": "sql.table", "verb": "write", "in": ["database", "schema"], "pattern": true } } },
                "privileges": { "description": "Such as `connect`, `usage`, `select`, or `all`.", "type": "array", "minItems": 1,
                    "items": { "type": "string" } },
            },
            "required": ["role", "database", "privileges"],
            "dependentRequired": { "tables": ["schema"] },
            "if": { "required": ["tables"] },
            "then": words(OF_TABLE),
            "else": { "if": { "required": ["schema"] }, "then": words(OF_SCHEMA), "else": words(OF_DATABASE) },
            "additionalProperties": false,
        },
    })
}

/// Something that privileges are on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Object {
    Database(String),
    Schema(String, String),
    Table(String, String, String),
}

impl Object {
    fn kind(&self) -> &'static str {
        match self {
            Self::Database(_) => "database",
            Self::Schema(..) => "schema",
            Self::Table(..) => "table",
        }
    }

    fn name(&self) -> Vec<&str> {
        match self {
            Self::Database(database) => vec![database],
            Self::Schema(database, schema) => vec![database, schema],
            Self::Table(database, schema, table) => vec![database, schema, table],
        }
    }

    fn id(&self) -> String {
        hyhost_sdk::id(self.kind(), self.name())
    }

    fn grant_id(&self, role: &str) -> String {
        let name = std::iter::once(self.kind()).chain(self.name()).chain([role]);
        hyhost_sdk::id("grant", name)
    }

    fn all(&self) -> &'static [&'static str] {
        match self {
            Self::Database(_) => OF_DATABASE,
            Self::Schema(..) => OF_SCHEMA,
            Self::Table(..) => OF_TABLE,
        }
    }
}

/// The privileges on one object by grantee: which, and whether it is the
/// server's own doing.
type Held = BTreeMap<String, BTreeMap<String, bool>>;

fn held(privileges: Vec<Privilege>) -> Held {
    let mut held = Held::new();
    for privilege in privileges {
        let words = held.entry(privilege.grantee).or_default();
        let builtin = words.entry(privilege.privilege.to_ascii_lowercase()).or_insert(true);
        *builtin &= privilege.builtin;
    }
    held
}

/// What is there, as far as the document asks about it.
#[derive(Default)]
struct There {
    privileges: BTreeMap<Object, Held>,
    /// The tables by database and schema.
    tables: BTreeMap<(String, String), Vec<String>>,
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let (there, roles) = (read(&desired, seen)?, world::roles(&desired, seen)?);
    let (Some(there), Some(roles)) = (there, roles) else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    let wanted = wanted(&desired, &there, &planned, plan);
    for ((object, role), privileges) in &wanted {
        let id = object.grant_id(role);
        let is: BTreeSet<String> = match there.privileges.get(object) {
            Some(held) => held.get(role).into_iter().flat_map(BTreeMap::keys).cloned().collect(),
            None if planned.changes(&object.id()) => BTreeSet::new(),
            None => {
                plan.deferred.push(Remark::new(id, format!("{} is not there yet", object.id())));
                continue;
            }
        };
        let missing: Vec<&String> = privileges.difference(&is).collect();
        if missing.is_empty() {
            continue;
        }
        match role::missing(role, &roles, &planned, &id) {
            Some(missing) => plan.deferred.push(missing),
            None => plan.changes.push(change(object, role, &is, &missing, id)?),
        }
    }
    extras(&desired, &there, &wanted, plan);
    Ok(())
}

/// `None`: not all is read yet.
fn read(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<There>, Error> {
    let (databases, schemas) = (world::databases(desired, seen)?, world::schemas(desired, seen)?);
    let mut tables = Vec::new();
    for (database, schemas) in desired.schemas_of_tables() {
        let read = sql::ReadTables { database: database.to_owned(), schemas: Some(world::owned(&schemas)) };
        tables.push((database, seen.read(&read)?));
    }
    let (Some(databases), Some(schemas)) = (databases, schemas) else {
        return Ok(None);
    };
    let mut there = There::default();
    for (name, database) in databases {
        there.privileges.insert(Object::Database(name), held(database.privileges));
    }
    for (database, schemas) in schemas {
        for (name, schema) in schemas.unwrap_or_default() {
            there.privileges.insert(Object::Schema(database.clone(), name), held(schema.privileges));
        }
    }
    for (database, tables) in tables {
        let Some(tables) = tables else {
            return Ok(None);
        };
        for table in tables.unwrap_or_default() {
            let of_schema = there.tables.entry((database.to_owned(), table.schema.clone())).or_default();
            of_schema.push(table.name.clone());
            let object = Object::Table(database.to_owned(), table.schema, table.name);
            there.privileges.insert(object, held(table.privileges));
        }
    }
    Ok(Some(there))
}

type Wanted = BTreeMap<(Object, String), BTreeSet<String>>;

/// The privileges of the document by object and role; `*` is every table that
/// is there.
fn wanted(desired: &Desired, there: &There, planned: &Planned, plan: &mut Plan) -> Wanted {
    let mut wanted = Wanted::new();
    for grant in &desired.grants {
        let objects = match &grant.schema {
            None => vec![Object::Database(grant.database.clone())],
            Some(schema) if grant.tables.is_empty() => {
                vec![Object::Schema(grant.database.clone(), schema.clone())]
            }
            Some(schema) => tables(grant, schema, there, planned, plan),
        };
        for object in objects {
            let all = grant.privileges.iter().any(|privilege| privilege == "all");
            let words = match all {
                true => object.all().iter().map(ToString::to_string).collect(),
                false => grant.privileges.clone(),
            };
            wanted.entry((object, grant.role.clone())).or_default().extend(words);
        }
    }
    wanted
}

fn tables(grant: &Grant, schema: &str, there: &There, planned: &Planned, plan: &mut Plan) -> Vec<Object> {
    let database = &grant.database;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for table in &grant.tables {
        if table == "*" {
            let found = there.tables.get(&(database.clone(), schema.to_owned()));
            names.extend(found.into_iter().flatten().map(String::as_str));
            let of_schema = Object::Schema(database.clone(), schema.to_owned());
            let all = Object::Table(database.clone(), schema.to_owned(), table.clone()).grant_id(&grant.role);
            let migrations = hyhost_sdk::id("migration", [database]);
            if planned.changes_within(&migrations).next().is_some() || planned.puts_off(&migrations) {
                let text = "compared again once the migrations of this database have made their tables";
                plan.deferred.push(Remark::new(all, text));
            } else if !there.privileges.contains_key(&of_schema) && !planned.changes(&of_schema.id()) {
                plan.deferred.push(Remark::new(all, format!("{} is not there yet", of_schema.id())));
            }
        } else {
            names.insert(table);
        }
    }
    names.into_iter().map(|table| Object::Table(database.clone(), schema.to_owned(), table.to_owned())).collect()
}

fn change(
    object: &Object,
    role: &str,
    is: &BTreeSet<String>,
    missing: &[&String],
    id: String,
) -> Result<Change, Error> {
    let privileges: Vec<String> = missing.iter().map(|privilege| privilege.to_ascii_uppercase()).collect();
    let (role_name, mut steps) = (role.to_owned(), Steps::default());
    match object.clone() {
        Object::Database(database) => {
            steps.then(&sql::GrantOnDatabase { database, role: role_name, privileges })?;
        }
        Object::Schema(database, schema) => {
            steps.then(&sql::GrantOnSchema { database, schema, role: role_name, privileges })?;
        }
        Object::Table(database, schema, table) => {
            steps.then(&sql::GrantOnTable { database, schema, table, role: role_name, privileges })?;
        }
    }
    let mut diff = Diff::default();
    let will_be: BTreeSet<&String> = is.iter().chain(missing.iter().copied()).collect();
    diff.add("privileges", json!(is), json!(will_be));
    let mut change = if is.is_empty() { Change::create(&id) } else { Change::update(&id) };
    change = change.lane(object.id()).requires(object.id());
    if let Object::Schema(database, name) | Object::Table(database, name, _) = object {
        change = change.requires(database::id(database)).requires(schema::id(database, name));
    }
    if role != PUBLIC {
        change = change.requires(role::id(role));
    }
    change
        .touch(touch::refer("sql", "role", [role]))
        .touch(touch::write("sql", object.kind(), object.name()))
        .differs(diff)
        .payload(&steps)
}

/// Access on what the document declares or grants on, beyond what it says.
fn extras(desired: &Desired, there: &There, wanted: &Wanted, plan: &mut Plan) {
    let granted = wanted.keys().map(|(object, _)| object.clone());
    let databases = desired.databases.iter().map(|database| Object::Database(database.name.clone()));
    let schemas = desired.schemas.iter().map(|schema| Object::Schema(schema.database.clone(), schema.name.clone()));
    let objects: BTreeSet<Object> = granted.chain(databases).chain(schemas).collect();
    for object in objects {
        for (grantee, held) in there.privileges.get(&object).into_iter().flatten() {
            let said = wanted.get(&(object.clone(), grantee.clone()));
            let beyond =
                held.iter().filter(|(word, builtin)| !**builtin && !said.is_some_and(|said| said.contains(*word)));
            let words: Vec<&str> = beyond.map(|(word, _)| word.as_str()).collect();
            if !words.is_empty() {
                let text = format!("`{grantee}` has {}, which the document does not say", words.join(", "));
                plan.extras.push(Remark::new(object.id(), text));
            }
        }
    }
}
