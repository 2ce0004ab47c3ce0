//! Schemas: owner, comment.

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, Schema};
use crate::steps::Steps;
use crate::world::{self, Planned};
use crate::{database, role};

/// The part of the schema of the documents.
pub(crate) fn schema() -> Value {
    json!({
        "description": "Schemas. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "database": { "description": "The database that it is in.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database", "verb": "use" } },
                "name": { "description": "The schema's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.schema", "in": ["database"] } },
                "owner": { "description": "The role that owns it.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "comment": { "description": "A comment on it; an empty one: none.", "type": "string" },
            },
            "required": ["database", "name"],
            "additionalProperties": false,
        },
    })
}

/// The id of a schema's changes.
pub(crate) fn id(database: &str, name: &str) -> String {
    hyhost_sdk::id("schema", [database, name])
}

/// Every database makes it by itself.
const BUILTIN: &str = "public";

/// Whether every database has a schema of this name.
pub(crate) fn is_builtin(name: &str) -> bool {
    name == BUILTIN
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let (there, roles) = (world::schemas(&desired, seen)?, world::roles(&desired, seen)?);
    let (Some(there), Some(roles)) = (there, roles) else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    for schema in &desired.schemas {
        let id = id(&schema.database, &schema.name);
        let database = database::id(&schema.database);
        let is = match there.get(&schema.database).and_then(Option::as_ref) {
            Some(schemas) => schemas.get(&schema.name),
            None if !planned.changes(&database) => {
                plan.deferred.push(Remark::new(&id, format!("database `{}` is not there yet", schema.database)));
                continue;
            }
            None if schema.name == BUILTIN => {
                plan.deferred.push(Remark::new(&id, "compared once its database is there, which makes it by itself"));
                continue;
            }
            None => None,
        };
        if let Some(owner) = &schema.owner
            && let Some(missing) = role::missing(owner, &roles, &planned, &id)
        {
            plan.deferred.push(missing);
            continue;
        }
        if let Some(change) = change(schema, is, id)? {
            plan.changes.push(change.requires(database));
        }
    }
    Ok(())
}

fn change(schema: &Schema, is: Option<&sql::Schema>, id: String) -> Result<Option<Change>, Error> {
    let (mut diff, mut steps) = (Diff::default(), Steps::default());
    let at = || (schema.database.clone(), schema.name.clone());
    diff.want("owner", is.map_or(Value::Null, |is| json!(is.owner)), schema.owner.clone());
    let had = is.map(|is| is.comment.clone().unwrap_or_default());
    diff.want("comment", had.map_or(Value::Null, Value::from), schema.comment.clone());
    let (database, name) = at();
    let mut change = match is {
        None => {
            steps.then(&sql::CreateSchema { database, name, owner: schema.owner.clone() })?;
            Change::create(&id)
        }
        Some(_) if diff.is_empty() => return Ok(None),
        Some(_) => {
            if let Some(owner) = schema.owner.clone().filter(|_| diff.has("owner")) {
                steps.then(&sql::AlterSchemaOwner { database, name, owner })?;
            }
            Change::update(&id)
        }
    };
    if let Some(comment) =
        schema.comment.clone().filter(|comment| diff.has("comment") && (is.is_some() || !comment.is_empty()))
    {
        let (database, name) = at();
        steps.then(&sql::CommentOnSchema { database, name, comment })?;
    }
    if let Some(owner) = &schema.owner {
        change = change.requires(role::id(owner)).touch(touch::refer("sql", "role", [owner]));
    }
    change = change.touch(touch::write("sql", "schema", [&schema.database, &schema.name]));
    change.lane(id).differs(diff).payload(&steps).map(Some)
}
