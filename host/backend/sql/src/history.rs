//! The migrations' history: `hyhost.migrations` in each database.
//!
//! Whoever can put a trigger, a rule or a view in its place has his own code
//! run by whoever writes to it. So it is used only where it is an ordinary
//! table of the very role whose session it is, and looked at before each use.

use hyhost_backend::{Class, Fault};
use serde_json::{Value, json};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row};

/// How the history stands.
pub(crate) enum History {
    /// Not there; `schema`: but its schema is.
    Absent { schema: bool },
    /// As it should be.
    Sound,
}

const LOOK: &str = "\
SELECT n.nspowner = u.oid, pg_get_userbyid(n.nspowner)::text, c.oid IS NOT NULL,
  c.relowner = u.oid, pg_get_userbyid(c.relowner)::text, c.relkind = 'r' AND c.relpersistence = 'p',
  c.relispartition OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
  c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid),
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
  EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid), u.rolname::text
FROM pg_namespace n JOIN pg_roles u ON u.rolname = current_user
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'migrations'
WHERE n.nspname = 'hyhost'";

const CREATE_SCHEMA: &str = "CREATE SCHEMA hyhost";

const CREATE_TABLE: &str = "\
CREATE TABLE hyhost.migrations (
  file text PRIMARY KEY,
  digest text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL DEFAULT current_user,
  duration_ms bigint NOT NULL,
  hyhost text NOT NULL)";

/// Looks whether the history can be used. `search_path` must be empty; `what`
/// names connection and database.
///
/// # Errors
/// `Denied`: it is not what it must be.
pub(crate) async fn look(client: &Client, what: &str) -> Result<Result<History, Fault>, Error> {
    let row = client.query_typed_opt(LOOK, &[]).await?;
    let Some(row) = row else { return Ok(Ok(History::Absent { schema: false })) };
    Ok(match verdict(&row)? {
        Ok(history) => Ok(history),
        Err(wrong) => Err(Fault::new(
            Class::Denied,
            format!(
                "{what}: the migrations' history is not used: {wrong}; put that right as the owner of the database"
            ),
        )),
    })
}

fn verdict(row: &Row) -> Result<Result<History, String>, Error> {
    let is = |at: usize| row.try_get::<_, Option<bool>>(at).map(|value| value == Some(true));
    let name = |at: usize| row.try_get::<_, Option<String>>(at).map(Option::unwrap_or_default);
    let role = name(10)?;
    if !is(0)? {
        return Ok(Err(format!("schema `hyhost` belongs to `{}`, not to `{role}`, who runs the migrations", name(1)?)));
    }
    if !is(2)? {
        return Ok(Ok(History::Absent { schema: true }));
    }
    let table = "`hyhost.migrations`";
    let wrong = if !is(5)? {
        format!("{table} is no ordinary table")
    } else if !is(3)? {
        format!("{table} belongs to `{}`, not to `{role}`, who runs the migrations", name(4)?)
    } else if is(6)? {
        format!("{table} is a partition or inherits")
    } else if is(7)? {
        format!("{table} has row security")
    } else if is(8)? {
        format!("{table} has triggers")
    } else if is(9)? {
        format!("{table} has rules")
    } else {
        return Ok(Ok(History::Sound));
    };
    Ok(Err(wrong))
}

/// Makes the history.
pub(crate) async fn create(client: &Client, schema_is_there: bool) -> Result<(), Error> {
    if !schema_is_there {
        client.batch_execute(CREATE_SCHEMA).await?;
    }
    client.batch_execute(CREATE_TABLE).await
}

/// All rows, as the row `ReadMigrations` answers.
pub(crate) async fn rows(client: &Client) -> Result<Value, Error> {
    let text = "SELECT file, digest FROM hyhost.migrations ORDER BY file";
    let rows = client.query_typed(text, &[]).await?;
    let rows = rows.iter().map(|row| {
        let (file, digest): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(json!({"file": file, "digest": digest}))
    });
    rows.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// The digest with which a file ran.
pub(crate) async fn digest_of(client: &Client, file: &str) -> Result<Option<String>, Error> {
    let text = "SELECT digest FROM hyhost.migrations WHERE file = $1";
    let row = client.query_typed_opt(text, &[(&file, Type::TEXT)]).await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Writes that a file ran.
pub(crate) async fn add(client: &Client, file: &str, digest: &str, milliseconds: i64) -> Result<(), Error> {
    let text = "INSERT INTO hyhost.migrations (file, digest, duration_ms, hyhost) VALUES ($1, $2, $3, $4)";
    let version = env!("CARGO_PKG_VERSION");
    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
        [(&file, Type::TEXT), (&digest, Type::TEXT), (&milliseconds, Type::INT8), (&version, Type::TEXT)];
    client.execute_typed(text, &values).await.map(drop)
}
