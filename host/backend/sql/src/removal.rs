//! Removing a database: only what is empty goes, unless its data may.

use std::sync::Arc;

use hyhost_backend::{Class, Fault};
use hyhost_table::Perform;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::classify::session_fault;
use crate::job::{Job, Work};
use crate::login::Login;
use crate::perform::send;
use crate::pool::Pool;
use crate::quote;

/// The databases that every server has.
const OF_THE_SERVER: [&str; 3] = ["postgres", "template0", "template1"];

/// Removes a database. Between the look at what it holds and its end somebody
/// could put something into it; nothing of the server's prevents that.
pub(crate) async fn drop_database(
    pool: &Arc<Pool>,
    job: &Job,
    name: &str,
    with_data: bool,
    deadline: Instant,
) -> Result<Value, Fault> {
    let what = format!("{}: {}", pool.server.name, job.label);
    if OF_THE_SERVER.contains(&name) || name == pool.server.sql.database {
        let message = format!("{what}: this database is never removed: the server, or the connection, needs it");
        return Err(Fault::new(Class::Denied, message));
    }
    if !with_data {
        look_inside(pool, &what, name, deadline).await?;
    }
    let mut text = "DROP DATABASE ".to_owned();
    quote::identifier(name, &mut text)
        .map_err(|error| Fault::new(Class::Invalid, format!("{what}: the name: {error}")))?;
    pool.vacate(|database| database == name).await;
    let lease = pool.lease(&pool.server.sql.database, Login::Own, deadline).await?;
    match timeout_at(deadline, lease.client().batch_execute(&text)).await {
        Ok(done) => {
            lease.finish().await;
            done.map(|()| Value::Null).map_err(|error| session_fault(&error, &what))
        }
        Err(_) => {
            Err(Fault::new(Class::Transient, format!("{what}: it was not done in time; cancelling was asked for")))
        }
    }
}

/// Whether it holds nothing.
///
/// # Errors
/// `Denied`: it holds something. Those of a session in it.
async fn look_inside(pool: &Arc<Pool>, what: &str, name: &str, deadline: Instant) -> Result<(), Fault> {
    let Some(Perform::Query { text, .. }) = hyhost_table::sql().row("ReadContents").map(|row| &row.perform) else {
        return Err(Fault::new(Class::Failed, format!("{what}: the table has no question for its contents")));
    };
    let lease = pool.lease(name, Login::Own, deadline).await?;
    let question = Work::Query { text, bind: vec![None], named: true };
    let answer = timeout_at(deadline, send(lease.client(), &question)).await;
    let Ok(answer) = answer else {
        return Err(Fault::new(Class::Transient, format!("{what}: what it holds was not said in time")));
    };
    lease.finish().await;
    let held = answer.map_err(|error| session_fault(&error, what))?;
    let Some(first) = held.as_array().and_then(|held| held.first()) else { return Ok(()) };
    let of = |schema: &Value| {
        let (schema, example) =
            (schema["schema"].as_str().unwrap_or_default(), schema["example"].as_str().unwrap_or("something"));
        if schema.is_empty() { example.to_owned() } else { format!("{example} in schema `{schema}`") }
    };
    let objects: i64 = held.as_array().into_iter().flatten().filter_map(|schema| schema["objects"].as_i64()).sum();
    let message = format!(
        "{what}: it is not empty: it holds {objects} objects, such as {}; with `with_data: true` beside its prune \
         pattern it goes with them",
        of(first)
    );
    Err(Fault::new(Class::Denied, message))
}
