//! Grants: privileges of a role on a database, a schema, or tables.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Privilege, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::steps::Steps;
use crate::world::{self, Desired, PUBLIC};
use crate::{database, role, schema};

/// Privileges of the document.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Grant {
    pub(crate) role: String,
    pub(crate) database: String,
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    pub(crate) privileges: Vec<String>,
}

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

/// What is there, as far as the document asks about it.
#[derive(Default)]
struct There {
    privileges: BTreeMap<Object, Vec<Privilege>>,
    /// The tables by database and schema.
    tables: BTreeMap<(String, String), Vec<String>>,
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let (there, roles) = (read(context, seen, &desired)?, world::roles(context, seen)?);
    let (Some(there), Some(roles)) = (there, roles) else {
        return Ok(());
    };
    let wanted = wanted(&desired, &there, plan);
    for ((object, role), privileges) in &wanted {
        let id = object.grant_id(role);
        let is: BTreeSet<String> = match there.privileges.get(object) {
            Some(all) => all.iter().filter(|p| p.grantee == *role).map(|p| p.privilege.to_ascii_lowercase()).collect(),
            None if world::is_planned(plan, &object.id()) => BTreeSet::new(),
            None => {
                plan.deferred.push(Remark::new(id, format!("{} is not there yet", object.id())));
                continue;
            }
        };
        let missing: Vec<&String> = privileges.difference(&is).collect();
        if !missing.is_empty() && world::will_be_there(plan, &roles, role, &id) {
            let change = change(object, role, &is, &missing, id)?;
            plan.changes.push(change);
        }
    }
    extras(&desired, &there, &wanted, plan);
    Ok(())
}

fn read(context: &Context, seen: &mut Seen<Sql>, desired: &Desired) -> Result<Option<There>, Error> {
    let mut there = There::default();
    let mut complete = true;
    match world::databases(context, seen)? {
        Some(databases) => {
            for (name, database) in databases {
                there.privileges.insert(Object::Database(name), database.privileges);
            }
        }
        None => complete = false,
    }
    let names: BTreeSet<&str> = desired
        .grants
        .iter()
        .filter(|grant| grant.schema.is_some())
        .map(|grant| grant.database.as_str())
        .chain(desired.schemas.iter().map(|schema| schema.database.as_str()))
        .collect();
    for database in names {
        match world::schemas(context, seen, database)? {
            Some(schemas) => {
                for (name, schema) in schemas.unwrap_or_default() {
                    there.privileges.insert(Object::Schema(database.to_owned(), name), schema.privileges);
                }
            }
            None => complete = false,
        }
        let of_tables = desired.grants.iter().filter(|grant| grant.database == database && !grant.tables.is_empty());
        let schemas: BTreeSet<String> = of_tables.filter_map(|grant| grant.schema.clone()).collect();
        if schemas.is_empty() {
            continue;
        }
        let read = sql::ReadTables { database: database.to_owned(), schemas: Some(schemas.into_iter().collect()) };
        match seen.read(&read)? {
            Some(tables) => {
                for table in tables.unwrap_or_default() {
                    let key = (database.to_owned(), table.schema.clone());
                    there.tables.entry(key).or_default().push(table.name.clone());
                    let object = Object::Table(database.to_owned(), table.schema, table.name);
                    there.privileges.insert(object, table.privileges);
                }
            }
            None => complete = false,
        }
    }
    Ok(complete.then_some(there))
}

type Wanted = BTreeMap<(Object, String), BTreeSet<String>>;

/// The privileges of the document by object and role; `*` is every table that
/// is there.
fn wanted(desired: &Desired, there: &There, plan: &mut Plan) -> Wanted {
    let mut wanted = Wanted::new();
    for grant in &desired.grants {
        let objects = match &grant.schema {
            None => vec![Object::Database(grant.database.clone())],
            Some(schema) if grant.tables.is_empty() => {
                vec![Object::Schema(grant.database.clone(), schema.clone())]
            }
            Some(schema) => tables(grant, schema, there, plan),
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

fn tables(grant: &Grant, schema: &str, there: &There, plan: &mut Plan) -> Vec<Object> {
    let database = &grant.database;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for table in &grant.tables {
        if table == "*" {
            let found = there.tables.get(&(database.clone(), schema.to_owned()));
            names.extend(found.into_iter().flatten().map(String::as_str));
            let of_schema = Object::Schema(database.clone(), schema.to_owned());
            let all = Object::Table(database.clone(), schema.to_owned(), table.clone()).grant_id(&grant.role);
            let makes_tables = makes_tables(plan, database);
            if makes_tables {
                let text = "compared again once the migrations of this database have made their tables";
                plan.deferred.push(Remark::new(all, text));
            } else if !there.privileges.contains_key(&of_schema) && !world::is_planned(plan, &of_schema.id()) {
                plan.deferred.push(Remark::new(all, format!("{} is not there yet", of_schema.id())));
            }
        } else {
            names.insert(table);
        }
    }
    names.into_iter().map(|table| Object::Table(database.clone(), schema.to_owned(), table.to_owned())).collect()
}

/// Whether this plan runs, or puts off, migrations of the database.
fn makes_tables(plan: &Plan, database: &str) -> bool {
    let whole = hyhost_sdk::id("migration", [database]);
    let of_it = |id: &str| id == whole || id.strip_prefix(&whole).is_some_and(|rest| rest.starts_with('/'));
    plan.changes.iter().any(|change| of_it(&change.id)) || plan.deferred.iter().any(|remark| of_it(&remark.id))
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
        let mut beyond: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for privilege in there.privileges.get(&object).into_iter().flatten().filter(|p| !p.builtin) {
            let word = privilege.privilege.to_ascii_lowercase();
            let said =
                wanted.get(&(object.clone(), privilege.grantee.clone())).is_some_and(|words| words.contains(&word));
            if !said {
                beyond.entry(&privilege.grantee).or_default().insert(word);
            }
        }
        for (grantee, words) in beyond {
            let words: Vec<String> = words.into_iter().collect();
            let text = format!("`{grantee}` has {}, which the document does not say", words.join(", "));
            plan.extras.push(Remark::new(object.id(), text));
        }
    }
}
