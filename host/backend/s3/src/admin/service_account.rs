//! Access keys that act for a user.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Body, gone, or_absent, taken};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

const ABSENT: &str = "XMinioInvalidIAMCredentials";

/// Among others: the access key is taken.
const NOT_ALLOWED: &str = "XMinioIAMServiceAccountNotAllowed";

/// The one that sites replicate by: the server's own.
const REPLICATOR: &str = "site-replicator-0";

/// What the server says of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    parent_user: String,
    account_status: String,
    /// It has no policy of its own; `policy` is then its owner's.
    implied_policy: bool,
    #[serde(default)]
    policy: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    expiration: Option<String>,
}

impl Info {
    fn own_policy(&self) -> Result<Option<Value>, Failure> {
        if self.implied_policy {
            return Ok(None);
        }
        let policy = serde_json::from_str(&self.policy);
        policy.map(Some).map_err(|error| Failure::Unreadable(format!("its policy is no JSON: {error}")))
    }
}

#[derive(Deserialize)]
struct Keys {
    #[serde(rename = "serviceAccounts", default)]
    service_accounts: Option<Vec<OneKey>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneKey {
    access_key: String,
}

pub(crate) async fn list(server: &Server) -> Result<Value, Failure> {
    let query = [("listType", "svcacc-only"), ("all", "true")];
    let all: BTreeMap<String, Keys> = Ask::get("list-access-keys-bulk", &query).open(server).await?;
    let keys = all.into_iter().flat_map(|(owner, keys)| {
        let keys = keys.service_accounts.unwrap_or_default().into_iter();
        keys.filter(|key| key.access_key != REPLICATOR)
            .map(move |key| json!({ "access_key": key.access_key, "owner": owner }))
    });
    Ok(keys.collect())
}

#[derive(Deserialize)]
struct Read {
    access_keys: BTreeSet<String>,
}

/// One after the other: each is a sealed answer.
pub(crate) async fn read(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Read { access_keys } = asked.args()?;
    let mut found = Vec::new();
    for key in access_keys {
        let Some(info) = info(server, &key).await? else { continue };
        let enabled = matches!(info.account_status.as_str(), "on" | "enabled");
        let mut shown = json!({
            "access_key": key,
            "owner": info.parent_user,
            "status": if enabled { "enabled" } else { "disabled" },
            "name": info.name,
            "description": info.description,
        });
        if let Some(policy) = info.own_policy()? {
            shown["policy"] = policy;
        }
        if let Some(expiration) = info.expiration {
            shown["expiration"] = expiration.into();
        }
        found.push(shown);
    }
    Ok(Value::Array(found))
}

async fn info(server: &Server, key: &str) -> Result<Option<Info>, Failure> {
    or_absent(Ask::get("info-service-account", &[("accessKey", key)]).open(server).await, ABSENT)
}

#[derive(Deserialize)]
struct Add {
    access_key: String,
    owner: String,
    policy: Option<Value>,
    name: Option<String>,
    description: Option<String>,
    expiration: Option<String>,
}

pub(crate) async fn add(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let args: Add = asked.args()?;
    if info(server, &args.access_key).await?.is_some() {
        return Err(taken("access key", &args.access_key));
    }
    let mut body = json!({
        "accessKey": args.access_key,
        "secretKey": asked.needed_secret("secret")?.expose(),
        "targetUser": args.owner,
    });
    let rest = [
        ("policy", args.policy),
        ("name", args.name.map(Value::from)),
        ("description", args.description.map(Value::from)),
        ("expiration", args.expiration.map(Value::from)),
    ];
    for (field, value) in rest {
        if let Some(value) = value {
            body[field] = value;
        }
    }
    // The answer holds the secret, sealed: it is not even opened.
    let made = Ask::put("add-service-account", &[], Body::Sealed(body)).done(server).await;
    match made {
        // Another one may have made it since we looked; the code alone stands
        // for other reasons, too.
        Err(refused) if refused.code() == Some(NOT_ALLOWED) && info(server, &args.access_key).await?.is_some() => {
            Err(taken("access key", &args.access_key))
        }
        made => made,
    }
}

#[derive(Deserialize)]
struct Update {
    access_key: String,
    status: Option<String>,
    policy: Option<Value>,
    name: Option<String>,
    description: Option<String>,
    expiration: Option<String>,
}

/// The server takes an update without a policy for the wish that there be
/// none, so the one that is there goes with it.
pub(crate) async fn update(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let args: Update = asked.args()?;
    let Some(info) = info(server, &args.access_key).await? else {
        return Err(gone("access key", &args.access_key));
    };
    let policy = match args.policy {
        Some(policy) => Some(policy),
        None => info.own_policy()?,
    };
    let rest = [
        ("newPolicy", policy),
        ("newSecretKey", asked.secret("secret")?.map(|secret| secret.expose().into())),
        ("newStatus", args.status.map(Value::from)),
        ("newName", args.name.map(Value::from)),
        ("newDescription", args.description.map(Value::from)),
        ("newExpiration", args.expiration.map(Value::from)),
    ];
    let body: serde_json::Map<_, _> =
        rest.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect();
    if body.is_empty() {
        return Err(Failure::ours(Class::Invalid, "nothing to change was given"));
    }
    let query = [("accessKey", args.access_key.as_str())];
    Ask::post("update-service-account", &query, Body::Sealed(body.into())).done(server).await
}

pub(crate) async fn delete(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("accessKey", asked.text("access_key")?)];
    or_absent(Ask::delete("delete-service-account", &query).done(server).await, ABSENT).map(|_| Value::Null)
}
