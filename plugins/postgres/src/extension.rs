//! Extensions: schema, version.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, Extension};
use crate::steps::Steps;
use crate::world::{self, Planned, owned};
use crate::{database, schema};

/// The part of the schema of the documents.
pub(crate) fn schema() -> Value {
    json!({
        "description": "Extensions. What is not set stays as it is. One that another requires stands before it.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "database": { "description": "The database that it is in.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database", "verb": "use" } },
                "name": { "description": "The extension's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.extension", "in": ["database"] } },
                "schema": { "description": "The schema that its objects are in.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.schema", "verb": "use", "in": ["database"] } },
                "version": { "description": "Its version; latest: the one that the server prefers, also when that becomes another.",
                    "type": "string", "minLength": 1 },
            },
            "required": ["database", "name"],
            "additionalProperties": false,
        },
    })
}

/// The id of an extension's changes.
pub(crate) fn id(database: &str, name: &str) -> String {
    hyhost_sdk::id("extension", [database, name])
}

/// The version that is the server's choice.
const LATEST: &str = "latest";

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    if desired.extensions.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<&str> = desired.extensions.iter().map(|extension| extension.name.as_str()).collect();
    let available = seen.read(&sql::ReadAvailableExtensions { names: Some(owned(&names)) })?;
    let (there, schemas) = (read(&desired, seen)?, world::schemas(&desired, seen)?);
    let (Some(available), Some(there), Some(schemas)) = (available, there, schemas) else {
        return Ok(());
    };
    let available: BTreeMap<String, Option<String>> =
        available.into_iter().map(|extension| (extension.name, extension.default_version)).collect();
    let planned = Planned::of(plan);
    for extension in &desired.extensions {
        let id = id(&extension.database, &extension.name);
        let is = match there.get(&extension.database).and_then(Option::as_ref) {
            Some(extensions) => extensions.get(&extension.name),
            None if planned.changes(&database::id(&extension.database)) => None,
            None => {
                let text = format!("database `{}` is not there yet", extension.database);
                plan.deferred.push(Remark::new(&id, text));
                continue;
            }
        };
        let Some(preferred) = available.get(&extension.name) else {
            let text = format!("the server has no files of an extension `{}`; install them there", extension.name);
            plan.refused.push(Remark::new(&id, text));
            continue;
        };
        if let Some(name) = &extension.schema {
            let known = schemas.get(&extension.database).and_then(Option::as_ref);
            let is_there = known.is_some_and(|known| known.contains_key(name)) || schema::is_builtin(name);
            if !is_there && !planned.changes(&schema::id(&extension.database, name)) {
                plan.deferred.push(Remark::new(&id, format!("schema `{name}` is not there yet")));
                continue;
            }
        }
        let version = match extension.version.as_deref() {
            Some(LATEST) => preferred.clone(),
            version => version.map(str::to_owned),
        };
        plan.changes.extend(change(extension, is, version, id)?);
    }
    Ok(())
}

type Extensions = BTreeMap<String, Option<BTreeMap<String, sql::Extension>>>;

/// By name, by database; `None` within: no such database. `None`: not read yet.
fn read(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<Extensions>, Error> {
    let mut all = Some(Extensions::new());
    let databases: BTreeSet<&str> = desired.extensions.iter().map(|extension| extension.database.as_str()).collect();
    for database in databases {
        let found = seen.read(&sql::ReadExtensions { database: database.to_owned(), names: None })?;
        match (&mut all, found) {
            (Some(all), Some(there)) => {
                let by_name = there.map(|there| there.into_iter().map(|one| (one.name.clone(), one)).collect());
                all.insert(database.to_owned(), by_name);
            }
            _ => all = None,
        }
    }
    Ok(all)
}

fn change(
    extension: &Extension,
    is: Option<&sql::Extension>,
    version: Option<String>,
    id: String,
) -> Result<Option<Change>, Error> {
    let (mut diff, mut steps) = (Diff::default(), Steps::default());
    let (database, name) = (&extension.database, &extension.name);
    diff.want("schema", is.map_or(Value::Null, |is| json!(is.schema)), extension.schema.clone());
    diff.want("version", is.map_or(Value::Null, |is| json!(is.version)), version.clone());
    let mut change = match is {
        None => {
            let (database, name, schema) = (database.clone(), name.clone(), extension.schema.clone());
            steps.then(&sql::CreateExtension { database, name, schema, version })?;
            Change::create(&id)
        }
        Some(_) if diff.is_empty() => return Ok(None),
        Some(_) => {
            if let Some(schema) = extension.schema.clone().filter(|_| diff.has("schema")) {
                steps.then(&sql::AlterExtensionSchema { database: database.clone(), name: name.clone(), schema })?;
            }
            if let Some(version) = version.filter(|_| diff.has("version")) {
                steps.then(&sql::UpdateExtension { database: database.clone(), name: name.clone(), version })?;
            }
            Change::update(&id)
        }
    };
    if let Some(name) = &extension.schema {
        change = change.requires(schema::id(database, name)).touch(touch::refer("sql", "schema", [database, name]));
    }
    change = change.requires(database::id(database)).touch(touch::write("sql", "extension", [database, name]));
    change.lane(id).differs(diff).payload(&steps).map(Some)
}
