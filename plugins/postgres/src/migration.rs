//! Migrations: SQL files of a directory, run in order by a session that logged
//! in as the database's owner: each once, but for repeatable ones (`R__*.sql`),
//! which run after the others whenever their content is another. What ran
//! stands in the table `hyhost.migrations` of that database.

use std::collections::BTreeMap;

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, SecretName, Seen, files, touch};
use serde_json::{Value, json};

use crate::desired::{CONNECTION, Database, Desired, MigrationsWith, Role};
use crate::steps::Steps;
use crate::world::{self, Planned};
use crate::{database, role};

/// The part of the schema.
pub(crate) fn schema() -> Value {
    let path = json!({ "file": "migrations" });
    let directory = "A directory beside the documents. Its *.sql files run once each, in the order of their leading \
                     numbers, then of their names; then R__*.sql, each time that their content is another.";
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
                "out_of_order": { "description": "Whether a file runs whose number is below one that ran already. Else it is refused.", "type": "boolean" },
                "baseline": { "description": "Of a database that has something in it and no history: files up to this number are taken as applied.",
                    "type": "integer", "minimum": 0 },
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
        let with = migrations.with();
        let whole = hyhost_sdk::id("migration", [&database.name]);
        let login = match login(&roles, database, &with) {
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
        let is_there = there.contains_key(&database.name);
        let files = Files { database: &database.name, with: &with, all: list(&with.path)? };
        let Some(todo) = files.compare(is_there, &history, seen, plan)? else { continue };
        make(plan, &planned, &files, &login, todo)?;
    }
    Ok(())
}

/// The role that the files run as, and its password in this target.
fn login(roles: &BTreeMap<&str, &Role>, database: &Database, with: &MigrationsWith) -> Result<Login, String> {
    let named = match &with.r#as {
        Some(role) if role == CONNECTION => return Ok(Login { role: None, password: None }),
        Some(role) => Some(role),
        None => database.owner.as_ref(),
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

/// The files of one database.
struct Files<'a> {
    database: &'a str,
    with: &'a MigrationsWith,
    /// In the order in which they run.
    all: Vec<files::Entry>,
}

/// What is to be done.
#[derive(Default)]
struct Todo<'a> {
    /// Files that are taken as applied, each with its digest without comments.
    baseline: Vec<(&'a files::Entry, String)>,
    /// Files that run, and whether one ran before with another content.
    run: Vec<(&'a files::Entry, bool)>,
}

fn list(path: &str) -> Result<Vec<files::Entry>, Error> {
    let mut all: Vec<files::Entry> = files::list(path)?;
    all.retain(|file| file.name.ends_with(".sql"));
    all.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
    Ok(all)
}

impl Files<'_> {
    /// `None`: not all is read yet, or something is refused: nothing runs on a
    /// history that is not understood.
    fn compare(
        &self,
        is_there: bool,
        history: &[sql::Migration],
        seen: &mut Seen<Sql>,
        plan: &mut Plan,
    ) -> Result<Option<Todo<'_>>, Error> {
        let (mut whole, refused) = (true, plan.refused.len());
        let by_name: BTreeMap<&str, &files::Entry> = self.all.iter().map(|file| (file.name.as_str(), file)).collect();
        let applied: BTreeMap<&str, &sql::Migration> = history.iter().map(|row| (row.file.as_str(), row)).collect();
        let mut todo = Todo::default();
        // What ran and is another now, by name.
        let mut changed: BTreeMap<&str, &sql::Migration> = BTreeMap::new();
        for row in history {
            let Some(file) = by_name.get(row.file.as_str()).filter(|file| file.digest != row.digest) else { continue };
            match self.normal(file, seen)? {
                None => whole = false,
                Some(normal) if normal.is_some() && normal == row.normal => {}
                Some(_) => {
                    changed.insert(&row.file, row);
                }
            }
        }
        for row in history.iter().filter(|row| !is_repeatable(&row.file)) {
            let text = match (by_name.get(row.file.as_str()), changed.get(row.file.as_str())) {
                (None, _) => "it ran on this database and its file is gone; put the file back",
                (_, Some(row)) if row.normal.is_none() => {
                    "it ran on this database and its file was changed since, or only its comments, which this older \
                     history cannot tell; restore the file and write a new migration"
                }
                (_, Some(_)) => {
                    "it ran on this database and its file was changed since; restore the file and write a new migration"
                }
                (Some(_), None) => continue,
            };
            plan.refused.push(Remark::new(id(self.database, &row.file), text));
        }
        let takes_baseline = match self.with.baseline {
            Some(_) if is_there && history.is_empty() => {
                match seen.read(&sql::ReadContents { database: self.database.to_owned(), schemas: None })? {
                    Some(contents) => contents.is_some_and(|contents| !contents.is_empty()),
                    None => return Ok(None),
                }
            }
            _ => false,
        };
        let last =
            self.all.iter().rposition(|file| !is_repeatable(&file.name) && applied.contains_key(file.name.as_str()));
        for (at, file) in self.all.iter().enumerate() {
            let name = file.name.as_str();
            if is_repeatable(name) {
                if !applied.contains_key(name) || changed.contains_key(name) {
                    todo.run.push((file, changed.contains_key(name)));
                }
                continue;
            }
            if applied.contains_key(name) {
                continue;
            }
            if takes_baseline && self.with.baseline.is_some_and(|last| order(name).1 <= u128::from(last)) {
                match self.normal(file, seen)? {
                    None => whole = false,
                    Some(normal) => todo.baseline.push((file, normal.unwrap_or_default())),
                }
                continue;
            }
            if last.is_some_and(|last| at < last) && !self.with.out_of_order {
                let text = "it comes before one that ran already; give it a later number, or set `out_of_order: true`";
                plan.refused.push(Remark::new(id(self.database, name), text));
            }
            todo.run.push((file, false));
        }
        Ok(Some(todo).filter(|_| whole && plan.refused.len() == refused))
    }

    /// The digest of a file without comments: outside, whether it is read yet;
    /// inside, whether it could be said.
    fn normal(&self, file: &files::Entry, seen: &mut Seen<Sql>) -> Result<Option<Option<String>>, Error> {
        seen.read(&sql::ReadScriptDigest {
            directory: self.with.path.clone(),
            file: file.name.clone(),
            digest: file.digest.clone(),
        })
    }
}

/// Makes the changes of it.
fn make(plan: &mut Plan, planned: &Planned, files: &Files<'_>, login: &Login, todo: Todo<'_>) -> Result<(), Error> {
    let database = files.database;
    let shown = login.role.clone().map_or_else(|| json!("the connection's own account"), Value::from);
    let mut before: Option<String> = None;
    let mut add = |mut change: Change, diff: Diff, steps: &Steps| -> Result<(), Error> {
        change = change
            .lane(hyhost_sdk::id("migration", [database]))
            .requires(database::id(database))
            .touch(touch::write("sql", "script", [database]));
        if let Some(role) = &login.role {
            change = change.requires(role::id(role)).touch(touch::refer("sql", "role", [role]));
        }
        // The first waits for the database's schemas and extensions, each
        // other one for the one before it.
        match before.replace(change.id.clone()) {
            Some(before) => change = change.requires(before),
            None => {
                for kind in ["schema", "extension"] {
                    change.requires.extend(planned.changes_within(&hyhost_sdk::id(kind, [database])).cloned());
                }
            }
        }
        plan.changes.push(change.differs(diff).payload(steps)?);
        Ok(())
    };
    if !todo.baseline.is_empty() {
        let (mut diff, mut steps) = (Diff::default(), Steps::default());
        let names: Vec<String> = todo.baseline.iter().map(|(file, _)| file.name.clone()).collect();
        diff.add("taken as applied", Value::Null, json!(names));
        steps.then(&sql::BaselineMigrations {
            database: database.to_owned(),
            files: names,
            digests: todo.baseline.iter().map(|(file, _)| file.digest.clone()).collect(),
            normals: todo.baseline.iter().map(|(_, normal)| normal.clone()).collect(),
            r#as: login.role.clone(),
            password: login.password.clone(),
        })?;
        add(Change::create(id(database, "baseline")), diff, &steps)?;
    }
    for (file, again) in todo.run {
        let (mut diff, mut steps) = (Diff::default(), Steps::default());
        let id = id(database, &file.name);
        let (directory, name, digest) = (files.with.path.clone(), file.name.clone(), file.digest.clone());
        diff.add("runs", if again { json!("another content") } else { Value::Null }, digest.clone());
        let (database, r#as, password) = (database.to_owned(), login.role.clone(), login.password.clone());
        let change = if again {
            steps.then(&sql::RunScriptAgain { database, directory, file: name, digest, r#as, password })?;
            Change::update(id)
        } else {
            diff.add("as", Value::Null, shown.clone());
            steps.then(&sql::RunScript { database, directory, file: name, digest, r#as, password })?;
            Change::create(id)
        };
        add(change, diff, &steps)?;
    }
    Ok(())
}

/// Whether a file runs each time that its content is another.
fn is_repeatable(name: &str) -> bool {
    name.starts_with("R__")
}

/// Files in the order of their leading numbers, then of their names: `2_b`
/// before `10_a`. A leading letter as in `V2__b` does not hinder. Repeatable
/// ones come last.
fn order(name: &str) -> (bool, u128, &str) {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (is_repeatable(name), digits[..end].parse().unwrap_or(u128::MAX), name)
}
