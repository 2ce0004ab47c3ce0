//! Users, and the proof of a secret.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Body, gone, or_absent, split, taken};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

/// So many are asked for at a time.
const TOGETHER: usize = 8;

const ABSENT: &str = "XMinioAdminNoSuchUser";

/// What the server says of a user.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    status: String,
    #[serde(default)]
    policy_name: String,
}

#[derive(Deserialize)]
struct Names {
    names: Option<BTreeSet<String>>,
}

/// Those of some names are asked for one by one, for the list of all is a
/// sealed answer.
pub(crate) async fn read(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Names { names } = asked.args()?;
    let all: BTreeMap<String, Info> = match names {
        None => Ask::get("list-users", &[]).open(server).await?,
        Some(names) => {
            let one = |name: String| async move {
                // The root account is no user to the server, and let us in.
                let root =
                    || (name == server.user).then(|| Info { status: "enabled".to_owned(), policy_name: String::new() });
                Ok(info(server, &name).await?.or_else(root).map(|info| (name.clone(), info)))
            };
            let found: Vec<_> = stream::iter(names.into_iter().map(one)).buffered(TOGETHER).try_collect().await?;
            found.into_iter().flatten().collect()
        }
    };
    let shown = all
        .iter()
        .map(|(name, info)| json!({ "name": name, "status": info.status, "policies": split(&info.policy_name) }));
    Ok(shown.collect())
}

async fn info(server: &Server, name: &str) -> Result<Option<Info>, Failure> {
    or_absent(Ask::get("user-info", &[("accessKey", name)]).read(server).await, ABSENT)
}

/// Whether the secret is that of the account whose name this argument holds.
pub(crate) async fn secret_matches(server: &Server, asked: &Asked<'_>, name: &str) -> Result<Value, Failure> {
    let proved = server.proves(asked.text(name)?, asked.needed_secret("secret")?).await?;
    Ok(proved.map_or(Value::Null, Value::from))
}

pub(crate) async fn add(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("user")?;
    // The server would change the secret of one that is there.
    if info(server, name).await?.is_some() {
        return Err(taken("user", name));
    }
    write(server, asked, name, asked.text("status")?).await
}

pub(crate) async fn set_secret(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("user")?;
    let Some(info) = info(server, name).await? else { return Err(gone("user", name)) };
    write(server, asked, name, &info.status).await
}

async fn write(server: &Server, asked: &Asked<'_>, name: &str, status: &str) -> Result<Value, Failure> {
    let secret = asked.needed_secret("secret")?;
    let body = Body::Sealed(json!({ "secretKey": secret.expose(), "status": status }));
    Ask::put("add-user", &[("accessKey", name)], body).done(server).await
}

pub(crate) async fn set_status(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("accessKey", asked.text("user")?), ("status", asked.text("status")?)];
    Ask::put("set-user-status", &query, Body::Nothing).done(server).await
}

pub(crate) async fn remove(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("accessKey", asked.text("user")?)];
    or_absent(Ask::delete("remove-user", &query).done(server).await, ABSENT).map(|_| Value::Null)
}
