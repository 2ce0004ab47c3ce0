//! Users of MinIO: their secret, whether they may log in, their policies.

use std::collections::BTreeSet;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Context, Diff, Error, Kind, Plan, Remark, SecretName, Seen, id, touch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::canned;
use crate::steps::{self, Proof, Steps};

/// Users.
pub const KIND: Kind<S3> = Kind { name: "user", field: "users", schema, plan, ensure: steps::ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    policies: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A user, as the document desires it.
#[derive(Deserialize)]
struct User {
    name: String,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    policies: Option<BTreeSet<String>>,
}

/// The word for whether somebody may log in.
pub fn status(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

fn schema() -> Value {
    json!({
        "description": "Users of MinIO. What is not set stays as it is.",
        "type": "array",
        "x-hyhost": { "note": "needs MinIO's admin API" },
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": { "description": "The user's name, which is its access key.", "type": "string", "minLength": 3,
                    "maxLength": 128, "pattern": "^[^=, ]([^=,]*[^=, ])?$", "x-hyhost": { "name": "s3.user" } },
                "secret": { "description": "The name of the secret that is its secret key. It is proved by a login, and \
                    written only where another is set.", "type": "string", "x-hyhost": { "secret": "s3.user_secret" } },
                "enabled": { "description": "Whether it may log in. A new one may, unless this says no.", "type": "boolean" },
                "policies": { "description": "Policies that are attached to it. Others stay and are shown as extra.",
                    "type": "array", "items": { "type": "string", "minLength": 1,
                        "x-hyhost": { "name": "s3.policy", "verb": "use" } } },
            },
        },
    })
}

/// The users that prune takes, as they are; `None`: not read yet.
///
/// # Errors
/// They cannot be read.
pub fn going(context: &Context, seen: &mut Seen<S3>) -> Result<Option<Vec<s3::User>>, Error> {
    let prune = context.prune::<S3>("user");
    if prune.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let all = seen.read(&s3::ReadUsers { names: None })?;
    Ok(all.map(|all| all.into_iter().filter(|user| prune.takes(&[user.name.as_str()])).collect()))
}

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let document: Document = context.desired()?;
    prune(context, seen, plan)?;
    if document.users.is_empty() {
        return Ok(());
    }
    // The list of all is read where prune needs it anyway.
    let names =
        context.prune::<S3>("user").is_empty().then(|| document.users.iter().map(|user| user.name.clone()).collect());
    let users = seen.read(&s3::ReadUsers { names });
    let attaches = document.users.iter().any(|user| user.policies.is_some());
    let policies = if attaches { canned::there(seen) } else { Ok(Some(Default::default())) };
    let (Some(users), Some(policies)) = (users?, policies?) else { return Ok(()) };
    let mut known: BTreeSet<&str> = policies.keys().map(String::as_str).collect();
    known.extend(document.policies.iter().map(|policy| policy.name.as_str()));
    for user in &document.users {
        let id = id("user", [&user.name]);
        if let Some(policy) = user.policies.iter().flatten().find(|policy| !known.contains(policy.as_str())) {
            let text = format!("policy `{policy}`, which shall be attached to it, is not there yet");
            plan.deferred.push(Remark::new(id, text));
            continue;
        }
        match users.iter().find(|is| is.name == user.name) {
            None => create(user, &id, plan)?,
            Some(is) => update(context, user, is, &id, seen, plan)?,
        }
    }
    Ok(())
}

fn prune(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    for user in going(context, seen)?.unwrap_or_default() {
        let id = id("user", [&user.name]);
        let mut steps = Steps::default();
        steps.then(&s3::RemoveUser { user: user.name.clone() })?;
        let change = Change::remove(&id).lane(id).touch(touch::destroy("s3", "user", [&user.name]));
        plan.changes.push(change.payload(&steps)?);
    }
    Ok(())
}

fn create(user: &User, id: &str, plan: &mut Plan) -> Result<(), Error> {
    let Some(secret) = &user.secret else {
        let text = "it is not there, and without `secret` it cannot be made";
        plan.refused.push(Remark::new(id, text));
        return Ok(());
    };
    let mut diff = Diff::default();
    diff.add("secret", Value::Null, shown(secret));
    diff.want("enabled", Value::Null, user.enabled);
    let mut steps = Steps::default();
    let (name, status) = (user.name.clone(), status(user.enabled.unwrap_or(true)).to_owned());
    steps.then(&s3::AddUser { user: name.clone(), secret: SecretName::new(secret), status })?;
    let attached: Vec<String> = user.policies.iter().flatten().cloned().collect();
    if !attached.is_empty() {
        diff.add("policies", Value::Null, json!(attached));
        steps.then(&s3::AttachUserPolicy { user: name, policies: attached.clone() })?;
    }
    finish(Change::create(id), user, &attached, diff, &steps, plan)
}

fn update(
    context: &Context,
    user: &User,
    is: &s3::User,
    id: &str,
    seen: &mut Seen<S3>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let mut diff = Diff::default();
    let mut steps = Steps::default();
    let (mut disables, mut takes_away) = (false, false);
    let enabled = is.status == status(true);
    if let Some(shall) = user.enabled.filter(|shall| *shall != enabled) {
        diff.add("enabled", enabled, shall);
        disables = !shall;
        steps.then(&s3::SetUserStatus { user: is.name.clone(), status: status(shall).to_owned() })?;
    }
    if let Some(secret) = &user.secret {
        let proof = s3::UserSecretMatches { user: is.name.clone(), secret: SecretName::new(secret) };
        // Nobody can say of one that cannot log in; it is proved when it can.
        if !enabled && user.enabled == Some(true) {
            steps.then_prove(Proof::User(is.name.clone(), secret.clone()));
        } else if enabled && seen.read(&proof)? == Some(Some(false)) {
            diff.add("secret", "another", shown(secret));
            steps.then(&s3::SetUserSecret { user: is.name.clone(), secret: SecretName::new(secret) })?;
        }
    }
    let mut attached = Vec::new();
    if let Some(shall) = &user.policies {
        attached = shall.iter().filter(|policy| !is.policies.contains(policy)).cloned().collect();
        let beyond: Vec<String> = is.policies.iter().filter(|policy| !shall.contains(*policy)).cloned().collect();
        takes_away = context.exact() && !beyond.is_empty();
        if !attached.is_empty() || takes_away {
            let left = is.policies.iter().filter(|policy| !takes_away || shall.contains(*policy));
            let becomes: BTreeSet<&String> = left.chain(&attached).collect();
            diff.add("policies", json!(is.policies), json!(becomes));
        }
        if !attached.is_empty() {
            steps.then(&s3::AttachUserPolicy { user: is.name.clone(), policies: attached.clone() })?;
        }
        if takes_away {
            steps.then(&s3::DetachUserPolicy { user: is.name.clone(), policies: beyond })?;
        } else if !beyond.is_empty() {
            let text = format!("it also has the policies {}, which the document does not say", beyond.join(", "));
            plan.extras.push(Remark::new(id, text));
        }
    }
    if diff.is_empty() {
        return Ok(());
    }
    let mut change = if disables || takes_away { Change::destroy(id) } else { Change::update(id) };
    if disables {
        change = change.touch(touch::destroy("s3", "user", [&user.name]));
    }
    finish(change, user, &attached, diff, &steps, plan)
}

fn finish(
    mut change: Change,
    user: &User,
    attached: &[String],
    diff: Diff,
    steps: &Steps,
    plan: &mut Plan,
) -> Result<(), Error> {
    for policy in attached {
        change = change.requires(id("policy", [policy])).touch(touch::refer("s3", "policy", [policy]));
    }
    let change = change.lane(id("user", [&user.name])).touch(touch::write("s3", "user", [&user.name]));
    plan.changes.push(change.differs(diff).payload(steps)?);
    Ok(())
}

/// A secret, as a person sees it.
pub fn shown(secret: &str) -> String {
    format!("the secret {secret}")
}
