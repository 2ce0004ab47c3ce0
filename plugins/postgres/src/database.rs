//! Databases: owner, template, encoding.

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Database, Desired};
use crate::role;
use crate::steps::Steps;
use crate::world::{self, Planned};

/// The part of the schema; `migrations` is a kind of its own.
pub(crate) fn schema() -> Value {
    json!({
        "description": "Databases. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": { "description": "The database's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database" } },
                "owner": { "description": "The role that owns it.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "template": { "description": "The database that it is copied from when it is made.", "type": "string",
                    "minLength": 1, "maxLength": 63, "x-hyhost": { "name": "sql.database", "verb": "use" } },
                "encoding": { "description": "Its encoding, such as UTF8. It cannot be changed later.", "type": "string" },
            },
            "required": ["name"],
            "additionalProperties": false,
        },
    })
}

/// The id of a database's changes.
pub(crate) fn id(name: &str) -> String {
    hyhost_sdk::id("database", [name])
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let (there, roles) = (world::databases(&desired, seen)?, world::roles(&desired, seen)?);
    let (Some(there), Some(roles)) = (there, roles) else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    for database in &desired.databases {
        let id = id(&database.name);
        if let Some(is) = there.get(&database.name)
            && let Some(encoding) = &database.encoding
            && !same_encoding(encoding, &is.encoding)
        {
            let text =
                format!("its encoding is {} and cannot be changed to {encoding}; make another database", is.encoding);
            plan.refused.push(Remark::new(&id, text));
        }
        if let Some(owner) = &database.owner
            && let Some(missing) = role::missing(owner, &roles, &planned, &id)
        {
            plan.deferred.push(missing);
            continue;
        }
        plan.changes.extend(change(database, there.get(&database.name), id)?);
    }
    Ok(())
}

fn change(database: &Database, is: Option<&sql::Database>, id: String) -> Result<Option<Change>, Error> {
    let (mut diff, mut steps) = (Diff::default(), Steps::default());
    let name = database.name.clone();
    diff.want("owner", is.map_or(Value::Null, |is| json!(is.owner)), database.owner.clone());
    let mut change = match is {
        None => {
            diff.want("template", Value::Null, database.template.clone());
            diff.want("encoding", Value::Null, database.encoding.clone());
            let (owner, template, encoding) =
                (database.owner.clone(), database.template.clone(), database.encoding.clone());
            steps.then(&sql::CreateDatabase { name, owner, template, encoding })?;
            Change::create(&id)
        }
        Some(_) if diff.is_empty() => return Ok(None),
        Some(_) => {
            let owner = database.owner.clone().unwrap_or_default();
            steps.then(&sql::AlterDatabaseOwner { name, owner })?;
            Change::update(&id)
        }
    };
    if let Some(owner) = &database.owner {
        change = change.requires(role::id(owner)).touch(touch::refer("sql", "role", [owner]));
    }
    if let (None, Some(template)) = (is, &database.template) {
        change = change.touch(touch::refer("sql", "database", [template]));
    }
    change = change.touch(touch::write("sql", "database", [&database.name]));
    change.lane(id).differs(diff).payload(&steps).map(Some)
}

/// Encodings have many spellings: `utf-8` is `UTF8`.
fn same_encoding(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        if text == "UNICODE" { "UTF8".to_owned() } else { text }
    };
    plain(a) == plain(b)
}
