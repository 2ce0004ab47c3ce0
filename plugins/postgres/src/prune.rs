//! What goes: roles, databases, schemas and extensions that match a prune
//! pattern of the target and that no document mentions. Planned after all
//! kinds. Nothing that the server or the connection needs is among it, and
//! nothing that holds data, unless the document says that data may go.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, RoleUse, Sql};
use hyhost_sdk::{Change, Context, Error, Plan, Remark, Seen, touch};

use crate::steps::Steps;
use crate::{database, extension, role, schema};

/// The databases that every server has.
const DATABASES: [&str; 3] = ["postgres", "template0", "template1"];
/// The schemas that every database has, and the one of the migrations' history.
const SCHEMAS: [&str; 3] = ["public", "information_schema", "hyhost"];
/// Every database has it.
const EXTENSION: &str = "plpgsql";
/// What it begins with is the server's.
const OF_THE_SERVER: &str = "pg_";

/// Adds the removals.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    if ["role", "database", "schema", "extension"].iter().all(|kind| context.prune::<Sql>(kind).is_empty()) {
        return Ok(());
    }
    let (server, all) = (seen.read(&sql::ReadServer {})?, seen.read(&sql::ReadDatabases { names: None })?);
    let roles = roles(context, seen)?;
    let (Some(server), Some(all)) = (server, all) else { return Ok(()) };
    let reserved = |name: &str| DATABASES.contains(&name) || name == server.database;
    let going: BTreeSet<&str> = {
        let prune = context.prune::<Sql>("database");
        let names = all.iter().map(|database| database.name.as_str());
        names.filter(|name| !reserved(name) && prune.takes(&[name])).collect()
    };
    for name in &going {
        drop_database(context, name, seen, plan)?;
    }
    // Templates take no session, or are the pattern of what comes.
    let staying: Vec<&str> = all
        .iter()
        .map(|database| database.name.as_str())
        .filter(|name| !going.contains(name) && !name.starts_with("template"))
        .collect();
    for name in staying {
        drop_within(context, name, seen, plan)?;
    }
    let Some(roles) = roles else { return Ok(()) };
    drop_roles(roles.iter().filter(|name| **name != server.user), seen, plan)
}

fn drop_database(context: &Context, name: &str, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let id = database::id(name);
    let with_data = context.prune::<Sql>("database").with_data(&[name]);
    if !with_data {
        match seen.read(&sql::ReadContents { database: name.to_owned(), schemas: None }) {
            Ok(None) => return Ok(()),
            Ok(Some(contents)) => {
                if let Some(text) = held(&contents.unwrap_or_default()) {
                    plan.refused.push(Remark::new(id, text));
                    return Ok(());
                }
            }
            Err(error) => {
                let text = format!("whether it is empty could not be seen: {}", error.fault().message);
                plan.refused.push(Remark::new(id, text));
                return Ok(());
            }
        }
    }
    let mut steps = Steps::default();
    steps.then(&sql::DropDatabase { name: name.to_owned(), with_data: with_data.then_some(true) })?;
    let change = Change::remove(&id).lane(id).touch(touch::destroy("sql", "database", [name]));
    plan.changes.push(change.payload(&steps)?);
    Ok(())
}

/// The schemas and extensions of a database that stays.
fn drop_within(context: &Context, database: &str, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let (of_schemas, of_extensions) = (context.prune::<Sql>("schema"), context.prune::<Sql>("extension"));
    if !of_extensions.is_empty() {
        let there = seen.read(&sql::ReadExtensions { database: database.to_owned(), names: None });
        for name in names(there, |one: sql::Extension| one.name) {
            if name == EXTENSION || !of_extensions.takes(&[database, &name]) {
                continue;
            }
            let (id, mut steps) = (extension::id(database, &name), Steps::default());
            steps.then(&sql::DropExtension { database: database.to_owned(), name: name.clone() })?;
            let change = Change::remove(&id).lane(id).touch(touch::destroy("sql", "extension", [database, &name]));
            plan.changes.push(change.payload(&steps)?);
        }
    }
    if of_schemas.is_empty() {
        return Ok(());
    }
    let there = seen.read(&sql::ReadSchemas { database: database.to_owned(), names: None });
    for name in names(there, |one: sql::Schema| one.name) {
        let reserved = SCHEMAS.contains(&name.as_str()) || name.starts_with(OF_THE_SERVER);
        if reserved || !of_schemas.takes(&[database, &name]) {
            continue;
        }
        let id = schema::id(database, &name);
        let with_data = of_schemas.with_data(&[database, &name]);
        if !with_data {
            let question = sql::ReadContents { database: database.to_owned(), schemas: Some(vec![name.clone()]) };
            let Some(contents) = seen.read(&question)? else { continue };
            if let Some(text) = held(&contents.unwrap_or_default()) {
                plan.refused.push(Remark::new(id, text));
                continue;
            }
        }
        let (database, mut steps) = (database.to_owned(), Steps::default());
        let touched = touch::destroy("sql", "schema", [&database, &name]);
        steps.then(&sql::DropSchema { database, name, with_data: with_data.then_some(true) })?;
        plan.changes.push(Change::remove(&id).lane(id).touch(touched).payload(&steps)?);
    }
    Ok(())
}

/// The names of what was read; none, where it was not read yet or cannot be: a
/// database that takes no sessions has nothing that could be removed.
fn names<T>(there: Result<Option<Option<Vec<T>>>, Error>, name: fn(T) -> String) -> Vec<String> {
    there.ok().flatten().flatten().into_iter().flatten().map(name).collect()
}

/// Why something stays; `None`: it is empty.
fn held(contents: &[sql::Content]) -> Option<String> {
    let first = contents.first()?;
    let objects: i64 = contents.iter().map(|schema| schema.objects).sum();
    let place = if first.schema.is_empty() { String::new() } else { format!(" in schema `{}`", first.schema) };
    Some(format!(
        "it holds {objects} objects, such as {}{place}, and stays; with `with_data: true` beside its prune pattern it \
         goes with them",
        first.example
    ))
}

/// The roles that a pattern takes; `None`: not read yet.
fn roles(context: &Context, seen: &mut Seen<Sql>) -> Result<Option<Vec<String>>, Error> {
    let prune = context.prune::<Sql>("role");
    if prune.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let Some(all) = seen.read(&sql::ReadRoles { names: None })? else { return Ok(None) };
    let reserved = |name: &str| name == "postgres" || name.starts_with(OF_THE_SERVER);
    Ok(Some(all.into_iter().map(|role| role.name).filter(|name| !reserved(name) && prune.takes(&[name])).collect()))
}

fn drop_roles<'a>(roles: impl Iterator<Item = &'a String>, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let roles: Vec<String> = roles.cloned().collect();
    if roles.is_empty() {
        return Ok(());
    }
    let Some(all) = seen.read(&sql::ReadRoleUses { names: Some(roles.clone()) })? else { return Ok(()) };
    let mut dependencies: BTreeMap<&str, Vec<&RoleUse>> = BTreeMap::new();
    for one in &all {
        dependencies.entry(&one.role).or_default().push(one);
    }
    // Databases that go in this plan take with them what is in them.
    let removes = |change: &&Change| matches!(change.action, hyhost_sdk::Action::Remove);
    let removals: BTreeSet<String> = plan.changes.iter().filter(removes).map(|change| change.id.clone()).collect();
    for name in roles {
        let (id, mut requires, mut stays) = (role::id(&name), Vec::new(), Vec::new());
        for one in dependencies.get(name.as_str()).into_iter().flatten() {
            let within: Vec<String> = match &one.database {
                Some(database) => vec![database::id(database)],
                None => one.objects.iter().map(|object| object.replacen(' ', "/", 1)).collect(),
            };
            // As many names as there are objects, else some of them are others.
            let known = one.database.is_some() || i64::try_from(within.len()) == Ok(one.owns + one.privileges);
            if known && within.iter().all(|id| removals.contains(id)) {
                requires.extend(within);
            } else {
                stays.push(words(one));
            }
        }
        if !stays.is_empty() {
            let text = format!(
                "it {}, and stays: give that to another role or take the privileges away, then it goes",
                stays.join("; ")
            );
            plan.refused.push(Remark::new(id, text));
            continue;
        }
        let mut steps = Steps::default();
        steps.then(&sql::DropRole { name: name.clone() })?;
        let mut change = Change::remove(&id).lane(id).touch(touch::destroy("sql", "role", [&name]));
        for id in requires {
            change = change.requires(id);
        }
        plan.changes.push(change.payload(&steps)?);
    }
    Ok(())
}

/// `owns 3 objects in database app`
fn words(one: &RoleUse) -> String {
    let place = match &one.database {
        Some(database) => format!(" in database `{database}`"),
        None if one.objects.is_empty() => " of the whole server".to_owned(),
        None => format!(" of the whole server ({})", one.objects.join(", ")),
    };
    let mut words = Vec::new();
    if one.owns > 0 {
        words.push(format!("owns {} objects", one.owns));
    }
    if one.privileges > 0 {
        words.push(format!("has privileges on {} objects", one.privileges));
    }
    format!("{}{place}", words.join(" and "))
}
