//! Policies that can be attached to users and groups.

use std::collections::BTreeMap;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Context, Diff, Error, Kind, Plan, Seen, id, touch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::policy::{self, Policy};
use crate::steps::{self, Steps};
use crate::{group, user};

/// The server's own: used, never written, never removed.
pub const BUILT_IN: [&str; 5] = ["consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"];

/// Policies.
pub const KIND: Kind<S3> = Kind { name: "policy", field: "policies", schema, plan, ensure: steps::ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    policies: Vec<Canned>,
}

#[derive(Deserialize)]
struct Canned {
    name: String,
    policy: Policy,
    #[serde(default)]
    admin: bool,
}

fn schema() -> Value {
    json!({
        "description": "Policies that can be attached to users and groups of MinIO. Each says exactly what is written here.",
        "type": "array",
        "x-hyhost": { "note": "needs MinIO's admin API" },
        "items": {
            "type": "object",
            "required": ["name", "policy"],
            "additionalProperties": false,
            "properties": {
                "name": { "description": "Its name. Those of the server's own policies are taken.", "type": "string",
                    "minLength": 1, "maxLength": 128, "pattern": "^[^, ]([^,]*[^, ])?$", "not": { "enum": BUILT_IN },
                    "x-hyhost": { "name": "s3.policy" } },
                "policy": { "description": "What it says, as in S3; compared by its meaning.", "type": "object",
                    "required": ["Statement"],
                    "properties": { "Statement": { "type": ["array", "object"], "items": { "type": "object" } } } },
                "admin": { "description": "Whether it may give the actions of an administrator (`admin:…`, `kms:…`, `*`).",
                    "type": "boolean", "x-hyhost": { "attribute": "s3.policy.admin" } },
            },
        },
    })
}

/// The policies of these names, as they are; `None`: not read yet.
///
/// # Errors
/// They cannot be read.
pub fn there(seen: &mut Seen<S3>) -> Result<Option<BTreeMap<String, Policy>>, Error> {
    let listed = seen.read(&s3::ReadPolicies { names: None })?;
    Ok(listed.map(|all| all.into_iter().map(|policy| (policy.name, policy.document)).collect()))
}

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let policies = context.desired::<Document>()?.policies;
    let prune = context.prune::<S3>("policy");
    if policies.is_empty() && prune.is_empty() {
        return Ok(());
    }
    let there = there(seen);
    let going = match prune.is_empty() {
        true => Ok(Some(Vec::new())),
        false => holders(context, seen),
    };
    let (Some(there), Some(holders)) = (there?, going?) else { return Ok(()) };
    for canned in policies {
        let id = id("policy", [&canned.name]);
        let touch = touch::write("s3", "policy", [&canned.name]);
        let (name, document) = (canned.name.clone(), policy::complete(canned.policy));
        let admin = canned.admin.then_some(true);
        let mut steps = Steps::default();
        let mut diff = Diff::default();
        let mut change = match there.get(&canned.name) {
            None => {
                diff.add("policy", Value::Null, document.clone());
                steps.then(&s3::AddCannedPolicy { policy: name, document, admin })?;
                Change::create(&id)
            }
            Some(is) => {
                let Some(change) = policy::change(is, &document) else { continue };
                diff.add("policy", is.clone(), document.clone());
                steps.then(&s3::SetCannedPolicy { policy: name, document, admin })?;
                match change {
                    policy::Change::Takes => Change::destroy(&id).touch(touch::destroy("s3", "policy", [&canned.name])),
                    policy::Change::Gives => Change::update(&id),
                }
            }
        };
        change = change.lane(id).touch(touch).differs(diff);
        plan.changes.push(change.payload(&steps)?);
    }
    for name in there.keys().filter(|name| !BUILT_IN.contains(&name.as_str()) && prune.takes(&[name.as_str()])) {
        let id = id("policy", [name]);
        let mut steps = Steps::default();
        steps.then(&s3::RemoveCannedPolicy { policy: name.clone() })?;
        let mut change = Change::remove(&id).lane(id).touch(touch::destroy("s3", "policy", [name]));
        // The server removes none that somebody has.
        for (holder, _) in holders.iter().filter(|(_, policies)| policies.contains(name)) {
            change = change.requires(holder);
        }
        plan.changes.push(change.payload(&steps)?);
    }
    Ok(())
}

/// The id of somebody's change, and the policies that are attached.
type Holder = (String, Vec<String>);

/// Who has which policies, by the ids of their changes: a policy goes after
/// those that have it. `None`: not read yet.
fn holders(context: &Context, seen: &mut Seen<S3>) -> Result<Option<Vec<Holder>>, Error> {
    let users = user::going(context, seen);
    let groups = group::going(context, seen);
    let (Some(users), Some(groups)) = (users?, groups?) else { return Ok(None) };
    let users = users.into_iter().map(|user| (id("user", [&user.name]), user.policies));
    let groups = groups.into_iter().map(|group| (id("group", [&group.name]), group.policies));
    Ok(Some(users.chain(groups).collect()))
}
