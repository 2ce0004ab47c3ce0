//! Migrations: SQL files of a directory, each run once, in order, by a session
//! that logged in as the database's owner. What ran stands in the table
//! `hyhost.migrations` of that database.

use std::collections::BTreeMap;

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, SecretName, Seen, files, touch};
use serde_json::{Value, json};

use crate::desired::{CONNECTION, Database, Desired, Migrations, Role};
use crate::steps::Steps;
use crate::world::{self, Planned};
use crate::{database, role};

/// The part of the schema.
pub(crate) fn schema() -> Value {
    let path = json!({ "file": "migrations" });
    let directory = "A directory beside the documents. Its *.sql files run once each, in the order of their leading \
                     numbers, then of their names.";
    json!({
        "description": "SQL files that run once each, as the database's owner.",
        "x-hyhost": { "name": "sql.script", "verb": "write", "in": ["name"], "value": false },
        "oneOf": [
            { "type": "string", "minLength": 1, "description": directory, "x-hyhost": path },
            { "type": "object",
              "properties": {
                "path": { "type": "string", "minLength": 1, "description": directory, "x-hyhost": path },
                "as": { "description": "The role that the files run as; this target must declare its password. `connection`: the connection's own account.",
                    "type": "string", "minLength": 1, "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } },
              },
              "required": ["path"],
              "additionalProperties": false },
        ],
    })
}

fn id(database: &str, file: &str) -> String {
    hyhost_sdk::id("migration", [database, file])
}

/// As whom the files of a database run.
struct Login {
    /// `None`: the connection's own account.
    role: Option<String>,
    password: Option<SecretName>,
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let Some(there) = world::databases(&desired, seen)? else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    let roles: BTreeMap<&str, &Role> = desired.roles.iter().map(|role| (role.name.as_str(), role)).collect();
    for database in &desired.databases {
        let Some(migrations) = &database.migrations else {
            continue;
        };
        let path = match migrations {
            Migrations::Path(path) | Migrations::As { path, .. } => path,
        };
        let whole = hyhost_sdk::id("migration", [&database.name]);
        let login = match login(&roles, database, migrations) {
            Ok(login) => login,
            Err(text) => {
                plan.refused.push(Remark::new(whole, text));
                continue;
            }
        };
        let history = if there.contains_key(&database.name) {
            let read = sql::ReadMigrations {
                database: database.name.clone(),
                r#as: login.role.clone(),
                password: login.password.clone(),
            };
            match seen.read(&read) {
                Ok(None) => continue,
                Ok(Some(history)) => history.unwrap_or_default(),
                Err(error) => {
                    unreadable(plan, &planned, &whole, &login, error)?;
                    continue;
                }
            }
        } else if planned.changes(&database::id(&database.name)) {
            Vec::new()
        } else {
            plan.deferred.push(Remark::new(whole, "its database is not there yet"));
            continue;
        };
        compare(plan, &planned, database, path, &login, history)?;
    }
    Ok(())
}

/// The role that the files run as, and its password in this target.
fn login(roles: &BTreeMap<&str, &Role>, database: &Database, migrations: &Migrations) -> Result<Login, String> {
    let named = match migrations {
        Migrations::As { r#as: Some(role), .. } if role == CONNECTION => {
            return Ok(Login { role: None, password: None });
        }
        Migrations::As { r#as: Some(role), .. } => Some(role),
        _ => database.owner.as_ref(),
    };
    let Some(role) = named else {
        return Err(format!(
            "its migrations have nobody to run as: set `owner`, or `migrations: {{ path: …, as: <role> }}`, \
             or `as: {CONNECTION}` for the connection's own account"
        ));
    };
    match roles.get(role.as_str()).and_then(|declared| declared.password.as_ref()) {
        Some(secret) => Ok(Login { role: Some(role.clone()), password: Some(SecretName::new(secret)) }),
        None => Err(format!(
            "its migrations run as `{role}`, whose `password` this target does not declare: declare it under `roles`, \
             or say `as: {CONNECTION}` for the connection's own account"
        )),
    }
}

/// The history could not be read: because its role is only about to be made,
/// or for good.
fn unreadable(plan: &mut Plan, planned: &Planned, whole: &str, login: &Login, error: Error) -> Result<(), Error> {
    let Error::Denied(fault) = &error else {
        return Err(error);
    };
    let pending = login.role.as_deref().is_some_and(|role| planned.changes(&role::id(role)));
    match &login.role {
        Some(role) if pending => {
            let text = format!("compared once role `{role}`, which this plan changes, can log in");
            plan.deferred.push(Remark::new(whole, text));
        }
        _ => plan.refused.push(Remark::new(whole, fault.message.clone())),
    }
    Ok(())
}

fn compare(
    plan: &mut Plan,
    planned: &Planned,
    database: &Database,
    path: &str,
    login: &Login,
    history: Vec<sql::Migration>,
) -> Result<(), Error> {
    let mut found: Vec<files::Entry> = files::list(path)?;
    found.retain(|file| file.name.ends_with(".sql"));
    found.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
    let by_name: BTreeMap<&str, &files::Entry> = found.iter().map(|file| (file.name.as_str(), file)).collect();
    let refused = plan.refused.len();
    for applied in &history {
        let text = match by_name.get(applied.file.as_str()) {
            None => "it ran on this database and its file is gone; put the file back",
            Some(file) if file.digest != applied.digest => {
                "it ran on this database and its file was changed since; restore the file and write a new migration"
            }
            Some(_) => continue,
        };
        plan.refused.push(Remark::new(id(&database.name, &applied.file), text));
    }
    let applied: BTreeMap<&str, ()> = history.iter().map(|row| (row.file.as_str(), ())).collect();
    let last = found.iter().rposition(|file| applied.contains_key(file.name.as_str()));
    let pending: Vec<(usize, &files::Entry)> =
        found.iter().enumerate().filter(|(_, file)| !applied.contains_key(file.name.as_str())).collect();
    for (at, file) in &pending {
        if last.is_some_and(|last| *at < last) {
            let text = "it comes before one that ran already; give it a later number";
            plan.refused.push(Remark::new(id(&database.name, &file.name), text));
        }
    }
    // Nothing runs on a history that is not understood.
    if plan.refused.len() > refused {
        return Ok(());
    }
    let mut before: Option<String> = None;
    for (_, file) in pending {
        let id = id(&database.name, &file.name);
        let mut steps = Steps::default();
        steps.then(&sql::RunScript {
            database: database.name.clone(),
            directory: path.to_owned(),
            file: file.name.clone(),
            digest: file.digest.clone(),
            r#as: login.role.clone(),
            password: login.password.clone(),
        })?;
        let mut diff = Diff::default();
        diff.add("runs", Value::Null, file.digest.clone());
        diff.add(
            "as",
            Value::Null,
            login.role.clone().map_or_else(|| json!("the connection's own account"), Value::from),
        );
        let mut change = Change::create(&id)
            .lane(hyhost_sdk::id("migration", [&database.name]))
            .requires(database::id(&database.name))
            .touch(touch::write("sql", "script", [&database.name]));
        if let Some(role) = &login.role {
            change = change.requires(role::id(role)).touch(touch::refer("sql", "role", [role]));
        }
        // The first waits for the database's schemas, each other one for the
        // one before it.
        match before.replace(id) {
            Some(before) => change = change.requires(before),
            None => {
                change.requires.extend(planned.changes_within(&hyhost_sdk::id("schema", [&database.name])).cloned())
            }
        }
        plan.changes.push(change.differs(diff).payload(&steps)?);
    }
    Ok(())
}

/// Files in the order of their leading numbers, then of their names: `2_b`
/// before `10_a`. A leading letter as in `V2__b` does not hinder.
fn order(name: &str) -> (u128, &str) {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (digits[..end].parse().unwrap_or(u128::MAX), name)
}
