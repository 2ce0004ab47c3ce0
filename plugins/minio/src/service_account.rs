//! Service accounts: access keys that act for a user of MinIO.

use std::collections::BTreeSet;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Context, Diff, Error, Kind, Plan, Remark, SecretName, Seen, id, touch};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::policy::{self, Policy};
use crate::steps::{self, Proof, Steps};
use crate::user::{shown, status};

/// Service accounts.
pub const KIND: Kind<S3> =
    Kind { name: "service_account", field: "service_accounts", schema, plan, ensure: steps::ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    service_accounts: Vec<Account>,
    #[serde(default)]
    users: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// A service account, as the document desires it.
#[derive(Deserialize)]
struct Account {
    access_key: String,
    owner: String,
    secret: String,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    policy: Option<Policy>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    expiration: Option<String>,
}

fn schema() -> Value {
    json!({
        "description": "Access keys that act for a user of MinIO. What is not set stays as it is.",
        "type": "array",
        "x-hyhost": { "note": "needs MinIO's admin API" },
        "items": {
            "type": "object",
            "required": ["access_key", "owner", "secret"],
            "additionalProperties": false,
            "properties": {
                "access_key": { "description": "The access key.", "type": "string", "minLength": 3, "maxLength": 128,
                    "pattern": "^[^=, ]([^=,]*[^=, ])?$", "x-hyhost": { "name": "s3.service_account" } },
                "owner": { "description": "The user that it acts for. It stays with that one.", "type": "string",
                    "minLength": 1, "x-hyhost": { "name": "s3.user", "verb": "use" } },
                "secret": { "description": "The name of the secret that is its secret key. It is proved by a login, and \
                    written only where another is set.", "type": "string",
                    "x-hyhost": { "secret": "s3.service_account_secret" } },
                "enabled": { "description": "Whether it may log in. A new one may, unless this says no.", "type": "boolean" },
                "policy": { "description": "What it may do of all that its owner may; compared by its meaning. Absent: not \
                    managed; a new one may do all.", "type": "object", "required": ["Statement"],
                    "properties": { "Statement": { "type": ["array", "object"], "items": { "type": "object" } } } },
                "name": { "description": "A name for people.", "type": "string", "minLength": 1, "maxLength": 32,
                    "pattern": "^[A-Za-z][A-Za-z0-9_-]*$" },
                "description": { "description": "What it is for.", "type": "string", "minLength": 1, "maxLength": 256 },
                "expiration": { "description": "When it ends, such as `2030-12-31T00:00:00Z`. MinIO takes at most a year \
                    from now.", "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" },
            },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let document: Document = context.desired()?;
    let prune = context.prune::<S3>("service_account");
    if !prune.is_empty() {
        for account in seen.read(&s3::ListAccessKeys {})?.unwrap_or_default() {
            if prune.takes(&[account.access_key.as_str()]) {
                let id = id("service_account", [&account.access_key]);
                let mut steps = Steps::default();
                steps.then(&s3::DeleteServiceAccount { access_key: account.access_key.clone() })?;
                let touch = touch::destroy("s3", "service_account", [&account.access_key]);
                plan.changes.push(Change::remove(&id).lane(id).touch(touch).payload(&steps)?);
            }
        }
    }
    let accounts = &document.service_accounts;
    if accounts.is_empty() {
        return Ok(());
    }
    let access_keys = accounts.iter().map(|account| account.access_key.clone()).collect();
    let there = seen.read(&s3::ReadServiceAccounts { access_keys });
    let owners: BTreeSet<String> = accounts.iter().map(|account| account.owner.clone()).collect();
    let users = seen.read(&s3::ReadUsers { names: Some(owners.into_iter().collect()) });
    let (Some(there), Some(users)) = (there?, users?) else { return Ok(()) };
    for account in accounts {
        let id = id("service_account", [&account.access_key]);
        match there.iter().find(|is| is.access_key == account.access_key) {
            Some(is) => update(account, is, &id, seen, plan)?,
            None => {
                let declared = document.users.iter().any(|user| user.name == account.owner);
                if !declared && !users.iter().any(|user| user.name == account.owner) {
                    let text = format!("user `{}`, its owner, is not there yet", account.owner);
                    plan.deferred.push(Remark::new(id, text));
                } else {
                    create(account, &id, plan)?;
                }
            }
        }
    }
    Ok(())
}

fn create(account: &Account, id: &str, plan: &mut Plan) -> Result<(), Error> {
    let mut diff = Diff::default();
    diff.add("owner", Value::Null, account.owner.clone());
    diff.add("secret", Value::Null, shown(&account.secret));
    diff.want("enabled", Value::Null, account.enabled);
    diff.want("policy", Value::Null, account.policy.clone());
    diff.want("name", Value::Null, account.name.clone());
    diff.want("description", Value::Null, account.description.clone());
    diff.want("expiration", Value::Null, account.expiration.clone());
    let mut steps = Steps::default();
    steps.then(&s3::AddServiceAccount {
        access_key: account.access_key.clone(),
        owner: account.owner.clone(),
        secret: SecretName::new(&account.secret),
        policy: account.policy.clone().map(policy::complete),
        name: account.name.clone(),
        description: account.description.clone(),
        expiration: account.expiration.clone(),
    })?;
    if account.enabled == Some(false) {
        let status = Some(status(false).to_owned());
        steps.then(&s3::UpdateServiceAccount {
            access_key: account.access_key.clone(),
            status,
            ..Default::default()
        })?;
    }
    let change = Change::create(id).requires(hyhost_sdk::id("user", [&account.owner]));
    let change = change.touch(touch::refer("s3", "user", [&account.owner]));
    finish(change, account, diff, &steps, plan)
}

fn update(
    account: &Account,
    is: &s3::ServiceAccount,
    id: &str,
    seen: &mut Seen<S3>,
    plan: &mut Plan,
) -> Result<(), Error> {
    if is.owner != account.owner {
        let text = format!("it belongs to `{}`, and an access key stays with its owner: choose another one", is.owner);
        plan.refused.push(Remark::new(id, text));
        return Ok(());
    }
    let mut diff = Diff::default();
    let mut steps = Steps::default();
    let mut destroys = false;
    let mut change = s3::UpdateServiceAccount { access_key: account.access_key.clone(), ..Default::default() };
    let enabled = is.status == status(true);
    if let Some(shall) = account.enabled.filter(|shall| *shall != enabled) {
        diff.add("enabled", enabled, shall);
        destroys |= !shall;
        change.status = Some(status(shall).to_owned());
    }
    let proof = s3::ServiceAccountSecretMatches {
        access_key: account.access_key.clone(),
        secret: SecretName::new(&account.secret),
    };
    // Nobody can say of one that cannot log in; it is proved when it can.
    if !enabled && account.enabled == Some(true) {
        steps.then_prove(Proof::ServiceAccount(account.access_key.clone(), account.secret.clone()));
    } else if enabled && seen.read(&proof)? == Some(Some(false)) {
        diff.add("secret", "another", shown(&account.secret));
        change.secret = Some(SecretName::new(&account.secret));
    }
    if let Some(shall) = &account.policy {
        // Without one it may do all that its owner may.
        let differs = match &is.policy {
            None => Some(policy::Change::Takes),
            Some(is) => policy::change(is, shall),
        };
        if let Some(differs) = differs {
            diff.add("policy", json!(is.policy), json!(shall));
            destroys |= differs == policy::Change::Takes;
            change.policy = Some(policy::complete(shall.clone()));
        }
    }
    if let Some(shall) = account.name.as_ref().filter(|shall| **shall != is.name) {
        diff.add("name", is.name.clone(), shall.clone());
        change.name = Some(shall.clone());
    }
    if let Some(shall) = account.description.as_ref().filter(|shall| **shall != is.description) {
        diff.add("description", is.description.clone(), shall.clone());
        change.description = Some(shall.clone());
    }
    if let Some(shall) = account.expiration.as_ref().filter(|shall| Some(*shall) != is.expiration.as_ref()) {
        diff.add("expiration", is.expiration.clone(), shall.clone());
        // Texts of one form are in the order of their moments.
        destroys |= is.expiration.as_ref().is_none_or(|is| shall < is);
        change.expiration = Some(shall.clone());
    }
    if diff.is_empty() {
        return Ok(());
    }
    steps.then(&change)?;
    let touch = touch::destroy("s3", "service_account", [&account.access_key]);
    let change = if destroys { Change::destroy(id).touch(touch) } else { Change::update(id) };
    finish(change, account, diff, &steps, plan)
}

fn finish(change: Change, account: &Account, diff: Diff, steps: &Steps, plan: &mut Plan) -> Result<(), Error> {
    let change = change.lane(id("service_account", [&account.access_key]));
    let change = change.touch(touch::write("s3", "service_account", [&account.access_key]));
    plan.changes.push(change.differs(diff).payload(steps)?);
    Ok(())
}
