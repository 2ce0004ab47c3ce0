//! Roles: attributes, password, settings, memberships, comment.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, SecretName, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, Membership, PUBLIC, Role};
use crate::steps::Steps;
use crate::world::{self, Planned, Roles};
use crate::{membership, setting, time};

/// The part of the schema.
pub(crate) fn schema() -> Value {
    let privileged = |attribute: &str, description: &str| {
        let mark = json!({ "attribute": format!("sql.role.{attribute}") });
        json!({ "description": description, "type": "boolean", "x-hyhost": mark })
    };
    json!({
        "description": "Roles. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": { "description": "The role's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "not": { "enum": ["public", "none"] }, "x-hyhost": { "name": "sql.role" } },
                "login": { "description": "Whether it may log in.", "type": "boolean" },
                "superuser": privileged("superuser", "Whether no rule holds for it."),
                "createdb": privileged("createdb", "Whether it may make databases."),
                "createrole": privileged("createrole", "Whether it may make and change roles."),
                "replication": privileged("replication", "Whether it may replicate the whole server."),
                "bypassrls": privileged("bypassrls", "Whether row security does not hold for it."),
                "inherit": { "description": "Whether it has the privileges of the roles that it becomes a member of.", "type": "boolean" },
                "password": { "description": "The name of the secret that is its password. Only its SCRAM verifier reaches the server.",
                    "type": "string", "x-hyhost": { "secret": "sql.password" } },
                "verifier": { "description": "In place of `password`: the name of the secret that is its ready SCRAM-SHA-256 verifier.",
                    "type": "string", "x-hyhost": { "secret": "sql.verifier" } },
                "connection_limit": { "description": "The most sessions at a time; -1: no limit.", "type": "integer", "minimum": -1 },
                "valid_until": { "description": "Until when its password works: a day such as 2030-01-31 (its first second in UTC), \
                    a time with its zone such as 2030-01-31T12:00:00+01:00, or infinity.",
                    "type": "string", "pattern": time::PATTERN },
                "comment": { "description": "A comment on it; an empty one: none.", "type": "string" },
                "member_of": membership::schema(),
                "settings": { "description": "Configuration parameters of its sessions, in all databases; null: the role sets none of its own.", "type": "object",
                    "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)?$" },
                    "additionalProperties": { "type": ["string", "number", "boolean", "null"] } },
            },
            "required": ["name"],
            "not": { "required": ["password", "verifier"] },
            "additionalProperties": false,
        },
    })
}

/// The id of a role's changes.
pub(crate) fn id(name: &str) -> String {
    hyhost_sdk::id("role", [name])
}

/// Why the object of this id has to wait: a role that it refers to is not
/// there, and this plan does not make it. Another target, or a hand, has to.
pub(crate) fn missing(role: &str, there: &Roles, planned: &Planned, object: &str) -> Option<Remark> {
    let will_be_there = role == PUBLIC || there.contains_key(role) || planned.changes(&id(role));
    let text = || format!("role `{role}`, which it refers to, is not there yet");
    (!will_be_there).then(|| Remark::new(object, text()))
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let needs_server = |role: &Role| role.valid_until.is_some() || role.member_of.iter().any(membership::is_particular);
    let server = match desired.roles.iter().any(needs_server) {
        true => seen.read(&sql::ReadServer {})?,
        false => Some(sql::Server::default()),
    };
    let (Some(there), Some(server)) = (world::roles(&desired, seen)?, server) else {
        return Ok(());
    };
    let declared: BTreeSet<&str> = desired.roles.iter().map(|role| role.name.as_str()).collect();
    for role in &desired.roles {
        // A member of a role that this plan makes waits for it; any other
        // must be there.
        let missing = |other: &&str| !there.contains_key(*other) && !declared.contains(other);
        if let Some(other) = role.member_of.iter().map(Membership::role).find(missing) {
            let text = format!("role `{other}`, of which it shall be a member, is not there yet");
            plan.deferred.push(Remark::new(id(&role.name), text));
            continue;
        }
        match compare(role, there.get(&role.name), (&server, context.exact()), seen, plan) {
            Ok(change) => plan.changes.extend(change),
            Err(Stop::Refused(text)) => plan.refused.push(Remark::new(id(&role.name), text)),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Why a role is not compared to the end.
enum Stop {
    /// It cannot be made so: a matter of this role alone.
    Refused(String),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What differs, `is` being what is there.
fn compare(
    role: &Role,
    is: Option<&sql::Role>,
    (server, exact): (&sql::Server, bool),
    seen: &mut Seen<Sql>,
    plan: &mut Plan,
) -> Result<Option<Change>, Stop> {
    let until = valid_until(role)?;
    let mut diff = Diff::default();
    // Whether it takes access away from who has it.
    let mut loses = attributes(role, is, &mut diff);
    if let Some((until, at)) = &until {
        let had = is.map(|is| is.valid_until.as_deref().unwrap_or(time::NEVER));
        if had != Some(until) {
            diff.add("valid_until", had.map_or(Value::Null, Value::from), until.clone());
            loses |= at.is_some_and(|at| at <= server.now);
        }
    }
    secrets(role, is, &mut diff, seen, plan)?;
    let mut steps = Steps::default();
    let given = |attribute: &str, value: Option<bool>| value.filter(|_| diff.has(attribute));
    let secret = |field: &str, value: &Option<String>| value.clone().filter(|_| diff.has(field)).map(SecretName::new);
    let make = sql::CreateRole {
        name: role.name.clone(),
        login: given("login", role.login),
        superuser: given("superuser", role.superuser),
        createdb: given("createdb", role.createdb),
        createrole: given("createrole", role.createrole),
        inherit: given("inherit", role.inherit),
        replication: given("replication", role.replication),
        bypassrls: given("bypassrls", role.bypassrls),
        connection_limit: role.connection_limit.filter(|_| diff.has("connection_limit")),
        valid_until: until.map(|(until, _)| until).filter(|_| diff.has("valid_until")),
        password: secret("password", &role.password),
        verifier: secret("password", &role.verifier),
    };
    match is {
        None => steps.then(&make)?,
        Some(_) if diff.is_empty() => {}
        Some(_) => steps.then(&alter(make))?,
    }
    let had = is.and_then(|is| is.comment.as_deref()).unwrap_or_default();
    if let Some(comment) = role.comment.as_ref().filter(|comment| *comment != had) {
        diff.add("comment", is.map_or(Value::Null, |_| Value::from(had)), comment.clone());
        steps.then(&sql::CommentOnRole { name: role.name.clone(), comment: comment.clone() })?;
    }
    settings(role, is, &mut diff, &mut steps)?;
    let are = is.map_or(&[][..], |is| &is.member_of);
    if server.version < membership::WITH_OPTIONS
        && let Some(other) = role.member_of.iter().find(|of| membership::is_particular(of))
    {
        return Err(Stop::Refused(membership::too_old(other.role(), server.version)));
    }
    let memberships = membership::compare(role, are, exact, &mut diff, &mut steps)?;
    loses |= memberships.loses;
    if let Some(is) = is {
        extras(role, is, &memberships.beyond, plan);
        if diff.is_empty() {
            return Ok(None);
        }
    }
    let mut change = match is {
        None => Change::create(id(&role.name)),
        Some(_) if memberships.goes && !loses => Change::destroy(id(&role.name)),
        Some(_) if loses => Change::destroy(id(&role.name)).touch(touch::destroy("sql", "role", [&role.name])),
        Some(_) => Change::update(id(&role.name)),
    };
    for other in memberships.others {
        change = change.requires(id(&other)).touch(touch::refer("sql", "role", [other]));
    }
    let change = change.lane(id(&role.name)).touch(touch::write("sql", "role", [&role.name]));
    Ok(Some(change.differs(diff).payload(&steps)?))
}

/// The attributes that are on or off, and the limit; whether one of them is
/// taken away.
fn attributes(role: &Role, is: Option<&sql::Role>, diff: &mut Diff) -> bool {
    let mut loses = false;
    for (name, shall, has) in [
        ("login", role.login, is.map(|is| is.login)),
        ("superuser", role.superuser, is.map(|is| is.superuser)),
        ("createdb", role.createdb, is.map(|is| is.createdb)),
        ("createrole", role.createrole, is.map(|is| is.createrole)),
        ("inherit", role.inherit, is.map(|is| is.inherit)),
        ("replication", role.replication, is.map(|is| is.replication)),
        ("bypassrls", role.bypassrls, is.map(|is| is.bypassrls)),
    ] {
        loses |= has == Some(true) && shall == Some(false);
        diff.want(name, has.map_or(Value::Null, Value::from), shall);
    }
    let had = is.map(|is| is.connection_limit);
    loses |= had.is_some_and(|had| had != 0) && role.connection_limit == Some(0);
    diff.want("connection_limit", had.map_or(Value::Null, Value::from), role.connection_limit);
    loses
}

/// In UTC, and in seconds; without these: never.
fn valid_until(role: &Role) -> Result<Option<(String, Option<i64>)>, Stop> {
    match role.valid_until.as_deref() {
        None => Ok(None),
        Some(time::NEVER) => Ok(Some((time::NEVER.to_owned(), None))),
        Some(written) => match time::seconds(written) {
            Some(seconds) => Ok(Some((time::text(seconds), Some(seconds)))),
            None => Err(Stop::Refused(format!("`valid_until: {written}`: there is no such day or time"))),
        },
    }
}

fn alter(make: sql::CreateRole) -> sql::AlterRole {
    let sql::CreateRole {
        name,
        login,
        superuser,
        createdb,
        createrole,
        inherit,
        replication,
        bypassrls,
        connection_limit,
        valid_until,
        password,
        verifier,
    } = make;
    sql::AlterRole {
        name,
        login,
        superuser,
        createdb,
        createrole,
        inherit,
        replication,
        bypassrls,
        connection_limit,
        valid_until,
        password,
        verifier,
    }
}

/// Password or verifier: proved by the host, shown by the secret's name.
fn secrets(
    role: &Role,
    is: Option<&sql::Role>,
    diff: &mut Diff,
    seen: &mut Seen<Sql>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let (secret, known) = match (&role.password, &role.verifier) {
        (Some(secret), _) => (secret, true),
        (None, Some(secret)) => (secret, false),
        (None, None) => return Ok(()),
    };
    let shown = format!("the secret {secret}");
    if is.is_none() {
        diff.add("password", Value::Null, shown);
        return Ok(());
    }
    let (name, secret) = (role.name.clone(), SecretName::new(secret));
    let proof = match known {
        true => seen.read(&sql::PasswordMatches { role: name, password: secret })?,
        false => seen.read(&sql::VerifierMatches { role: name, verifier: secret })?,
    };
    match proof {
        Some(Some(false)) => diff.add("password", "another", shown),
        Some(None) => {
            let text = "its password could not be compared: the connection's account may not read it";
            plan.extras.push(Remark::new(id(&role.name), text));
        }
        Some(Some(true)) | None => {}
    }
    Ok(())
}

/// Power that the role has and the document does not speak of.
fn extras(role: &Role, is: &sql::Role, memberships: &[String], plan: &mut Plan) {
    let attributes = [
        ("superuser", is.superuser, role.superuser),
        ("createdb", is.createdb, role.createdb),
        ("createrole", is.createrole, role.createrole),
        ("replication", is.replication, role.replication),
        ("bypassrls", is.bypassrls, role.bypassrls),
    ];
    let silent = attributes.iter().filter(|(_, has, shall)| *has && shall.is_none());
    let mut beyond: Vec<String> = silent.map(|(name, ..)| format!("has the attribute `{name}`")).collect();
    beyond.extend(memberships.iter().cloned());
    if !beyond.is_empty() {
        let text = format!("{}, which the document does not say", beyond.join(", "));
        plan.extras.push(Remark::new(id(&role.name), text));
    }
}

fn settings(role: &Role, is: Option<&sql::Role>, diff: &mut Diff, steps: &mut Steps) -> Result<(), Error> {
    let none = BTreeMap::new();
    let are = is.map_or(&none, |is| &is.settings);
    for (name, wanted) in &role.settings {
        let is =
            are.get(name).or_else(|| are.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, v)| v));
        if wanted.is_null() {
            if let Some(is) = is {
                diff.add(&format!("settings.{name}"), json!(is), Value::Null);
                steps.then(&sql::ResetRoleSetting { name: role.name.clone(), setting: name.clone() })?;
            }
            continue;
        }
        if is.is_some_and(|is| setting::same(name, is, wanted)) {
            continue;
        }
        let value = setting::text_of(wanted);
        diff.add(&format!("settings.{name}"), is.map_or(Value::Null, |is| json!(is)), value.clone());
        steps.then(&sql::SetRoleSetting { name: role.name.clone(), setting: name.clone(), value })?;
    }
    Ok(())
}
