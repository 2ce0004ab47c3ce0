//! Groups of users.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Body, or_absent, split, taken};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

/// So many are asked for at a time.
const TOGETHER: usize = 8;

const ABSENT: &str = "XMinioAdminNoSuchGroup";

/// What the server says of a group.
#[derive(Deserialize)]
struct Info {
    name: String,
    status: String,
    /// `null` where there are none.
    members: Option<BTreeSet<String>>,
    #[serde(default)]
    policy: String,
}

#[derive(Deserialize)]
struct Names {
    names: Option<BTreeSet<String>>,
}

pub(crate) async fn read(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Names { names } = asked.args()?;
    let names = match names {
        Some(names) => names,
        // `null` where there are none.
        None => Ask::get("groups", &[]).read::<Option<_>>(server).await?.unwrap_or_default(),
    };
    let one = |name: String| async move { info(server, &name).await };
    let found: Vec<Option<Info>> = stream::iter(names.into_iter().map(one)).buffered(TOGETHER).try_collect().await?;
    let shown = found.into_iter().flatten().map(|info| {
        json!({
            "name": info.name,
            "status": info.status,
            "members": info.members.unwrap_or_default(),
            "policies": split(&info.policy),
        })
    });
    Ok(shown.collect())
}

async fn info(server: &Server, name: &str) -> Result<Option<Info>, Failure> {
    or_absent(Ask::get("group", &[("group", name)]).read(server).await, ABSENT)
}

pub(crate) async fn add(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("group")?;
    match info(server, name).await? {
        Some(_) => Err(taken("group", name)),
        None => update(server, name, &json!([]), false).await,
    }
}

/// Puts users in, or takes them out.
pub(crate) async fn members(server: &Server, asked: &Asked<'_>, remove: bool) -> Result<Value, Failure> {
    let members = asked.0.operation.args.get("members").cloned().unwrap_or_default();
    update(server, asked.text("group")?, &members, remove).await
}

pub(crate) async fn set_status(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("group", asked.text("group")?), ("status", asked.text("status")?)];
    Ask::put("set-group-status", &query, Body::Nothing).done(server).await
}

/// The server removes a group that has no members, by taking none out of it.
pub(crate) async fn remove(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("group")?;
    let Some(info) = info(server, name).await? else { return Ok(Value::Null) };
    let members = info.members.unwrap_or_default();
    if !members.is_empty() {
        update(server, name, &json!(members), true).await?;
    }
    or_absent(update(server, name, &json!([]), true).await, ABSENT).map(|_| Value::Null)
}

async fn update(server: &Server, group: &str, members: &Value, remove: bool) -> Result<Value, Failure> {
    let body = json!({ "group": group, "members": members, "isRemove": remove });
    Ask::put("update-group-members", &[], Body::Plain(body)).done(server).await
}
