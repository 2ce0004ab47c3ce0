//! Roles: attributes, password, settings, memberships.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, SecretName, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, PUBLIC, Role};
use crate::steps::Steps;
use crate::world::{self, Planned, Roles};

/// The part of the schema.
pub(crate) fn schema() -> Value {
    json!({
        "description": "Roles. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": { "description": "The role's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "not": { "enum": ["public", "none"] }, "x-hyhost": { "name": "sql.role" } },
                "login": { "description": "Whether it may log in.", "type": "boolean" },
                "password": { "description": "The name of the secret that is its password. Only its SCRAM verifier reaches the server.",
                    "type": "string", "x-hyhost": { "secret": "sql.password" } },
                "connection_limit": { "description": "The most sessions at a time; -1: no limit.", "type": "integer", "minimum": -1 },
                "member_of": { "description": "Roles that it is a member of. Others stay and are shown as extra.", "type": "array",
                    "items": { "type": "string", "minLength": 1, "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } } },
                "settings": { "description": "Configuration parameters of its sessions, in all databases.", "type": "object",
                    "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)?$" },
                    "additionalProperties": { "type": ["string", "number", "boolean"] } },
            },
            "required": ["name"],
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
    let Some(there) = world::roles(&desired, seen)? else {
        return Ok(());
    };
    let declared: BTreeSet<&str> = desired.roles.iter().map(|role| role.name.as_str()).collect();
    for role in &desired.roles {
        // A member of a role that this plan makes waits for it; any other
        // must be there.
        let missing = |other: &&String| !there.contains_key(*other) && !declared.contains(other.as_str());
        if let Some(other) = role.member_of.iter().find(missing) {
            let text = format!("role `{other}`, of which it shall be a member, is not there yet");
            plan.deferred.push(Remark::new(id(&role.name), text));
            continue;
        }
        let change = match there.get(&role.name) {
            None => Some(create(role)?),
            Some(is) => update(role, is, seen, plan)?,
        };
        plan.changes.extend(change);
    }
    Ok(())
}

fn create(role: &Role) -> Result<Change, Error> {
    let mut diff = Diff::default();
    diff.want("login", Value::Null, role.login);
    diff.want("connection_limit", Value::Null, role.connection_limit);
    if let Some(secret) = &role.password {
        diff.add("password", Value::Null, shown(secret));
    }
    let mut steps = Steps::default();
    steps.then(&sql::CreateRole {
        name: role.name.clone(),
        login: role.login,
        connection_limit: role.connection_limit,
        password: role.password.clone().map(SecretName::new),
        ..sql::CreateRole::default()
    })?;
    let mut change = Change::create(id(&role.name));
    change = settings(change, role, &BTreeMap::new(), &mut diff, &mut steps)?;
    change = memberships(change, role, &[], &mut diff, &mut steps)?;
    finish(change, role, diff, &steps)
}

fn update(role: &Role, is: &sql::Role, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<Option<Change>, Error> {
    let mut diff = Diff::default();
    diff.want("login", is.login, role.login);
    diff.want("connection_limit", is.connection_limit, role.connection_limit);
    if let Some(secret) = &role.password {
        let proof = sql::PasswordMatches { role: role.name.clone(), password: SecretName::new(secret) };
        match seen.read(&proof)? {
            Some(Some(false)) => diff.add("password", "another", shown(secret)),
            Some(None) => {
                let text = "its password could not be compared: the connection's account may not read it";
                plan.extras.push(Remark::new(id(&role.name), text));
            }
            Some(Some(true)) | None => {}
        }
    }
    let mut steps = Steps::default();
    if !diff.is_empty() {
        steps.then(&sql::AlterRole {
            name: role.name.clone(),
            login: role.login.filter(|_| diff.has("login")),
            connection_limit: role.connection_limit.filter(|_| diff.has("connection_limit")),
            password: role.password.clone().filter(|_| diff.has("password")).map(SecretName::new),
            ..sql::AlterRole::default()
        })?;
    }
    let mut change = Change::update(id(&role.name));
    change = settings(change, role, &is.settings, &mut diff, &mut steps)?;
    change = memberships(change, role, &is.member_of, &mut diff, &mut steps)?;
    extras(role, is, plan);
    if diff.is_empty() {
        return Ok(None);
    }
    finish(change, role, diff, &steps).map(Some)
}

/// Power that the role has and the document does not speak of.
fn extras(role: &Role, is: &sql::Role, plan: &mut Plan) {
    let mut beyond = Vec::new();
    for other in is.member_of.iter().filter(|other| !role.member_of.contains(other)) {
        beyond.push(format!("is a member of `{other}`"));
    }
    let attributes = [
        ("superuser", is.superuser),
        ("createdb", is.createdb),
        ("createrole", is.createrole),
        ("replication", is.replication),
        ("bypassrls", is.bypassrls),
    ];
    beyond.extend(attributes.iter().filter(|(_, has)| *has).map(|(name, _)| format!("has the attribute `{name}`")));
    if !beyond.is_empty() {
        let text = format!("{}, which the document does not say", beyond.join(", "));
        plan.extras.push(Remark::new(id(&role.name), text));
    }
}

fn settings(
    change: Change,
    role: &Role,
    are: &BTreeMap<String, String>,
    diff: &mut Diff,
    steps: &mut Steps,
) -> Result<Change, Error> {
    for (setting, wanted) in &role.settings {
        let is = are
            .get(setting)
            .or_else(|| are.iter().find(|(name, _)| name.eq_ignore_ascii_case(setting)).map(|(_, v)| v));
        if is.is_some_and(|is| same_setting(setting, is, wanted)) {
            continue;
        }
        let value = text_of(wanted);
        diff.add(&format!("settings.{setting}"), is.map_or(Value::Null, |is| json!(is)), value.clone());
        steps.then(&sql::SetRoleSetting { name: role.name.clone(), setting: setting.clone(), value })?;
    }
    Ok(change)
}

fn memberships(
    mut change: Change,
    role: &Role,
    are: &[String],
    diff: &mut Diff,
    steps: &mut Steps,
) -> Result<Change, Error> {
    let missing: Vec<&String> = role.member_of.iter().filter(|other| !are.contains(other)).collect();
    if missing.is_empty() {
        return Ok(change);
    }
    let will_be: Vec<&String> = are.iter().chain(missing.iter().copied()).collect();
    diff.add("member_of", json!(are), json!(will_be));
    for other in missing {
        steps.then(&sql::GrantMembership { role: other.clone(), member: role.name.clone() })?;
        change = change.requires(id(other)).touch(touch::refer("sql", "role", [other]));
    }
    Ok(change)
}

fn finish(change: Change, role: &Role, diff: Diff, steps: &Steps) -> Result<Change, Error> {
    change.lane(id(&role.name)).touch(touch::write("sql", "role", [&role.name])).differs(diff).payload(steps)
}

fn shown(secret: &str) -> String {
    format!("the secret {secret}")
}

/// A value of the document as the server's parser takes it.
fn text_of(value: &Value) -> String {
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a stored setting means what the document says.
fn same_setting(setting: &str, is: &str, wanted: &Value) -> bool {
    match wanted {
        Value::Bool(on) => {
            let words = if *on { ["on", "true", "yes", "1"] } else { ["off", "false", "no", "0"] };
            words.iter().any(|word| is.eq_ignore_ascii_case(word))
        }
        wanted if LISTS.iter().any(|list| list.eq_ignore_ascii_case(setting)) => items(is) == items(&text_of(wanted)),
        wanted => is == text_of(wanted),
    }
}

/// Settings that are lists of names, which the server writes back in its own
/// spelling (`GUC_LIST_QUOTE` in its sources).
const LISTS: &[&str] = &["search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"];

/// The items of a list, without the quotes that an item may stand in.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(last) = items.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(String::new()),
            c if c.is_whitespace() && !quoted => {}
            c => last.push(c),
        }
    }
    items
}
