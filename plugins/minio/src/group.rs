//! Groups of MinIO's users: members, policies, whether they count.

use std::collections::BTreeSet;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Context, Diff, Error, Kind, Plan, Remark, Seen, id, touch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::canned;
use crate::steps::{self, Steps};
use crate::user::status;

/// Groups.
pub const KIND: Kind<S3> = Kind { name: "group", field: "groups", schema, plan, ensure: steps::ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    users: Vec<Named>,
    #[serde(default)]
    policies: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A group, as the document desires it.
#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    members: Option<BTreeSet<String>>,
    #[serde(default)]
    policies: Option<BTreeSet<String>>,
}

fn schema() -> Value {
    json!({
        "description": "Groups of MinIO's users. What is not set stays as it is.",
        "type": "array",
        "x-hyhost": { "note": "needs MinIO's admin API" },
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": { "description": "The group's name.", "type": "string", "minLength": 1, "maxLength": 128,
                    "pattern": "^[^=, ]([^=,]*[^=, ])?$", "x-hyhost": { "name": "s3.group" } },
                "enabled": { "description": "Whether its policies count. Those of a new one do, unless this says no.",
                    "type": "boolean" },
                "members": { "description": "Users in it. Others stay and are shown as extra.", "type": "array",
                    "items": { "type": "string", "minLength": 1, "x-hyhost": { "name": "s3.user", "verb": "use" } } },
                "policies": { "description": "Policies that are attached to it. Others stay and are shown as extra.",
                    "type": "array", "items": { "type": "string", "minLength": 1,
                        "x-hyhost": { "name": "s3.policy", "verb": "use" } } },
            },
        },
    })
}

/// The groups that prune takes, as they are; `None`: not read yet.
///
/// # Errors
/// They cannot be read.
pub fn going(context: &Context, seen: &mut Seen<S3>) -> Result<Option<Vec<s3::Group>>, Error> {
    let prune = context.prune::<S3>("group");
    if prune.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let all = seen.read(&s3::ReadGroups { names: None })?;
    Ok(all.map(|all| all.into_iter().filter(|group| prune.takes(&[group.name.as_str()])).collect()))
}

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let document: Document = context.desired()?;
    for group in going(context, seen)?.unwrap_or_default() {
        let id = id("group", [&group.name]);
        let mut steps = Steps::default();
        steps.then(&s3::RemoveGroup { group: group.name.clone() })?;
        let change = Change::remove(&id).lane(id).touch(touch::destroy("s3", "group", [&group.name]));
        plan.changes.push(change.payload(&steps)?);
    }
    if document.groups.is_empty() {
        return Ok(());
    }
    let names =
        context.prune::<S3>("group").is_empty().then(|| document.groups.iter().map(|g| g.name.clone()).collect());
    let groups = seen.read(&s3::ReadGroups { names });
    let attaches = document.groups.iter().any(|group| group.policies.is_some());
    let policies = if attaches { canned::there(seen) } else { Ok(Some(Default::default())) };
    let members: BTreeSet<&String> = document.groups.iter().flat_map(|group| group.members.iter().flatten()).collect();
    let users = match members.is_empty() {
        true => Ok(Some(Vec::new())),
        false => seen.read(&s3::ReadUsers { names: Some(members.into_iter().cloned().collect()) }),
    };
    let (Some(groups), Some(policies), Some(users)) = (groups?, policies?, users?) else { return Ok(()) };
    let mut known_policies: BTreeSet<&str> = policies.keys().map(String::as_str).collect();
    known_policies.extend(document.policies.iter().map(|policy| policy.name.as_str()));
    let mut known_users: BTreeSet<&str> = users.iter().map(|user| user.name.as_str()).collect();
    known_users.extend(document.users.iter().map(|user| user.name.as_str()));
    for group in &document.groups {
        let policy = group.policies.iter().flatten().find(|name| !known_policies.contains(name.as_str()));
        let user = group.members.iter().flatten().find(|name| !known_users.contains(name.as_str()));
        let missing = user.map(|user| format!("user `{user}`, which shall be a member, is not there yet"));
        let attached = |policy| format!("policy `{policy}`, which shall be attached to it, is not there yet");
        match missing.or_else(|| policy.map(attached)) {
            Some(text) => plan.deferred.push(Remark::new(id("group", [&group.name]), text)),
            None => compare(context, group, groups.iter().find(|is| is.name == group.name), plan)?,
        }
    }
    Ok(())
}

fn compare(context: &Context, group: &Group, is: Option<&s3::Group>, plan: &mut Plan) -> Result<(), Error> {
    let name = || group.name.clone();
    let id = id("group", [&group.name]);
    let mut diff = Diff::default();
    let mut steps = Steps::default();
    if is.is_none() {
        steps.then(&s3::AddGroup { group: name() })?;
    }
    let enabled = is.is_none_or(|is| is.status == status(true));
    let set_status = |on: bool| s3::SetGroupStatus { group: name(), status: status(on).to_owned() };
    let changed = group.enabled.filter(|shall| *shall != enabled);
    if is.is_none() || changed.is_some() {
        diff.want("enabled", is.map(|_| enabled), group.enabled);
    }
    // A group that is disabled gets no policies, so it is enabled first and
    // disabled last.
    if changed == Some(true) {
        steps.then(&set_status(true))?;
    }
    let members = List::of(context, group.members.as_ref(), is.map(|is| is.members.as_slice()));
    // One that stays disabled does not show its policies.
    let shown = group.policies.as_ref().filter(|_| enabled || changed == Some(true));
    let policies = List::of(context, shown, is.map(|is| is.policies.as_slice()));
    for (field, list) in [("members", &members), ("policies", &policies)] {
        if list.differs() {
            diff.add(field, is.map(|_| json!(list.is)), json!(list.becomes()));
        }
        if !list.extra.is_empty() {
            let text = format!("it also has the {field} {}, which the document does not say", list.extra.join(", "));
            plan.extras.push(Remark::new(&id, text));
        }
    }
    if !members.missing.is_empty() {
        steps.then(&s3::AddGroupMembers { group: name(), members: members.missing.clone() })?;
    }
    if !policies.missing.is_empty() {
        steps.then(&s3::AttachGroupPolicy { group: name(), policies: policies.missing.clone() })?;
    }
    if !members.goes.is_empty() {
        steps.then(&s3::RemoveGroupMembers { group: name(), members: members.goes.clone() })?;
    }
    if !policies.goes.is_empty() {
        steps.then(&s3::DetachGroupPolicy { group: name(), policies: policies.goes.clone() })?;
    }
    if changed == Some(false) {
        steps.then(&set_status(false))?;
    }
    if is.is_some() && diff.is_empty() {
        return Ok(());
    }
    let disables = is.is_some() && changed == Some(false);
    let takes_away = !members.goes.is_empty() || !policies.goes.is_empty();
    let mut change = match is {
        None => Change::create(&id),
        Some(_) if disables || takes_away => Change::destroy(&id),
        Some(_) => Change::update(&id),
    };
    if disables {
        change = change.touch(touch::destroy("s3", "group", [&group.name]));
    }
    for user in &members.missing {
        change = change.requires(hyhost_sdk::id("user", [user])).touch(touch::refer("s3", "user", [user]));
    }
    for policy in &policies.missing {
        change = change.requires(hyhost_sdk::id("policy", [policy])).touch(touch::refer("s3", "policy", [policy]));
    }
    let change = change.lane(id).touch(touch::write("s3", "group", [&group.name]));
    plan.changes.push(change.differs(diff).payload(&steps)?);
    Ok(())
}

/// A list that may have more than the document says.
#[derive(Default)]
struct List {
    is: Vec<String>,
    missing: Vec<String>,
    /// What is there beyond the document and stays.
    extra: Vec<String>,
    /// What is there beyond the document and goes.
    goes: Vec<String>,
}

impl List {
    fn of(context: &Context, shall: Option<&BTreeSet<String>>, is: Option<&[String]>) -> Self {
        let Some(shall) = shall else { return Self::default() };
        let is = is.unwrap_or_default();
        let missing = shall.iter().filter(|name| !is.contains(name)).cloned().collect();
        let beyond: Vec<String> = is.iter().filter(|name| !shall.contains(*name)).cloned().collect();
        let (extra, goes) = if context.exact() { (Vec::new(), beyond) } else { (beyond, Vec::new()) };
        Self { is: is.to_vec(), missing, extra, goes }
    }

    fn differs(&self) -> bool {
        !self.missing.is_empty() || !self.goes.is_empty()
    }

    fn becomes(&self) -> BTreeSet<&String> {
        self.is.iter().filter(|name| !self.goes.contains(name)).chain(&self.missing).collect()
    }
}
