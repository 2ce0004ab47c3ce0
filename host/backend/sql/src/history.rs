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
    /// As it should be; `old`: as an older hyhost made it, without the column
    /// `normal`.
    Sound { old: bool },
}

/// What is known of a file that ran.
pub(crate) struct Applied {
    /// Of its content.
    pub(crate) digest: String,
    /// Of its content without comments and white space; empty: not known.
    pub(crate) normal: String,
}

/// A row to be written.
pub(crate) struct Entry<'a> {
    pub(crate) file: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) normal: &'a str,
    /// How long it took; [`BASELINE`]: it did not run.
    pub(crate) milliseconds: i64,
}

/// In place of a duration: taken as applied, not run.
pub(crate) const BASELINE: i64 = -1;

/// `$1`: who logged in. Compared with that name and not with `current_user`,
/// which a setting of the database could have changed. Everything is built in:
/// what these questions call is the server's own.
const LOOK: &str = "\
SELECT n.nspowner = u.oid, pg_get_userbyid(n.nspowner)::text, c.oid IS NOT NULL,
  c.relowner = u.oid, pg_get_userbyid(c.relowner)::text,
  c.relkind = 'r' AND c.relpersistence = 'p' AND c.reloftype = 0,
  c.relispartition OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
  c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid),
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid),
  EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid),
  (SELECT count(*) = 1 AND bool_and(k.contype = 'p' AND NOT k.condeferrable) FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype <> 'n'),
  (SELECT count(*) = 1 AND bool_and(x.indisprimary AND x.indisvalid AND x.indexprs IS NULL AND x.indpred IS NULL
      AND x.indnatts = 1 AND x.indclass[0] < 16384 AND x.indkey[0] = (SELECT a.attnum FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'file' AND NOT a.attisdropped))
    FROM pg_index x WHERE x.indrelid = c.oid),
  (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT array_agg(CASE
      WHEN a.atttypid < 16384 AND a.attndims = 0 AND a.atttypmod = -1 AND a.attcollation = t.typcollation
        AND a.attnotnull AND a.attgenerated = '' AND a.attidentity = '' THEN t.typname::text
      ELSE 'odd' END ORDER BY a.attname)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT array_agg(a.attname::text || ' ' || pg_get_expr(d.adbin, d.adrelid) ORDER BY a.attname)
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = c.oid)
FROM pg_namespace n LEFT JOIN pg_roles u ON u.rolname = $1
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'migrations'
WHERE n.nspname = 'hyhost'";

/// Its columns and their types, by name. The last one is younger than the rest.
const COLUMNS: [(&str, &str); 7] = [
    ("applied_at", "timestamptz"),
    ("applied_by", "text"),
    ("digest", "text"),
    ("duration_ms", "int8"),
    ("file", "text"),
    ("hyhost", "text"),
    ("normal", "text"),
];
/// How many of them older histories have.
const OLD_COLUMNS: usize = 6;
/// Defaults that older histories have. None is used: a row says every value.
const DEFAULTS: [&str; 2] = ["applied_at now()", "applied_by CURRENT_USER"];

const CREATE_SCHEMA: &str = "CREATE SCHEMA hyhost";

const CREATE_TABLE: &str = "\
CREATE TABLE hyhost.migrations (
  file text PRIMARY KEY,
  digest text NOT NULL,
  applied_at timestamptz NOT NULL,
  applied_by text NOT NULL,
  duration_ms bigint NOT NULL,
  hyhost text NOT NULL,
  normal text NOT NULL)";

/// The default is there for the rows that are, and gone before anything reads
/// it: the shape allows none.
const UPGRADE: &str = "\
ALTER TABLE hyhost.migrations ADD COLUMN normal text NOT NULL DEFAULT '';
ALTER TABLE hyhost.migrations ALTER COLUMN normal DROP DEFAULT";

/// Looks whether the history can be used. `search_path` must be empty; `login`
/// is who logged in, `what` names connection and database.
///
/// # Errors
/// `Denied`: it is not what it must be.
pub(crate) async fn look(client: &Client, login: &str, what: &str) -> Result<Result<History, Fault>, Error> {
    let row = client.query_typed_opt(LOOK, &[(&login, Type::TEXT)]).await?;
    let Some(row) = row else { return Ok(Ok(History::Absent { schema: false })) };
    Ok(match verdict(&row, login)? {
        Ok(history) => Ok(history),
        Err(wrong) => Err(Fault::new(
            Class::Denied,
            format!(
                "{what}: the migrations' history is not used: {wrong}; put that right as the owner of the database"
            ),
        )),
    })
}

fn verdict(row: &Row, role: &str) -> Result<Result<History, String>, Error> {
    let is = |at: usize| row.try_get::<_, Option<bool>>(at).map(|value| value == Some(true));
    let name = |at: usize| row.try_get::<_, Option<String>>(at).map(Option::unwrap_or_default);
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
    } else if let Some(problem) = misshapen(row)? {
        format!("{table} {problem}")
    } else {
        let columns = row.try_get::<_, Option<Vec<String>>>(12)?.map_or(0, |columns| columns.len());
        return Ok(Ok(History::Sound { old: columns == OLD_COLUMNS }));
    };
    Ok(Err(wrong))
}

/// In what its columns, constraints and indexes differ from what hyhost makes:
/// each of them could call a function when a row is written.
fn misshapen(row: &Row) -> Result<Option<String>, Error> {
    let list = |at: usize| row.try_get::<_, Option<Vec<String>>>(at).map(Option::unwrap_or_default);
    let (names, types, defaults) = (list(12)?, list(13)?, list(14)?);
    let made = || COLUMNS.iter().map(|(name, _)| *name);
    let found = || names.iter().map(String::as_str);
    if !found().eq(made()) && !found().eq(made().take(OLD_COLUMNS)) {
        return Ok(Some(format!("has the columns {}, not those that hyhost makes", names.join(", "))));
    }
    let odd = COLUMNS.iter().zip(&types).find(|((_, made), found)| made != found);
    if let Some(((name, made), _)) = odd {
        return Ok(Some(format!("has a column `{name}` that is not plainly `{made} NOT NULL`")));
    }
    if let Some(default) = defaults.iter().find(|default| !DEFAULTS.contains(&default.as_str())) {
        let column = default.split(' ').next().unwrap_or_default();
        return Ok(Some(format!("has a default for `{column}` that hyhost did not make")));
    }
    if row.try_get::<_, Option<bool>>(10)? != Some(true) {
        return Ok(Some("has constraints other than its primary key".to_owned()));
    }
    if row.try_get::<_, Option<bool>>(11)? != Some(true) {
        return Ok(Some("has indexes other than that of its primary key, `file`".to_owned()));
    }
    Ok(None)
}

/// Makes the history.
pub(crate) async fn create(client: &Client, schema_is_there: bool) -> Result<(), Error> {
    if !schema_is_there {
        client.batch_execute(CREATE_SCHEMA).await?;
    }
    client.batch_execute(CREATE_TABLE).await
}

/// Makes of an older history one as it is made now; in the transaction of what
/// is written next.
pub(crate) async fn upgrade(client: &Client) -> Result<(), Error> {
    client.batch_execute(UPGRADE).await
}

/// So many rows are read, and so many characters of a name and of a digest.
/// The table is its owner's, who could fill our memory with it.
const MOST_ROWS: usize = 10_000;
const MOST_NAME: usize = 1024;
const MOST_DIGEST: usize = 128;

/// How the column `normal` is read.
fn normal(old: bool) -> String {
    if old { "''".to_owned() } else { format!("left(normal, {})", MOST_DIGEST + 1) }
}

/// All rows, as the row `ReadMigrations` answers; `what` names connection and
/// database.
///
/// # Errors
/// `Failed`: it holds more than a history can.
pub(crate) async fn rows(client: &Client, old: bool, what: &str) -> Result<Result<Value, Fault>, Error> {
    let text = format!(
        "SELECT left(file, {}), left(digest, {}), {}, duration_ms >= 0 FROM hyhost.migrations ORDER BY 1 LIMIT {}",
        MOST_NAME + 1,
        MOST_DIGEST + 1,
        normal(old),
        MOST_ROWS + 1
    );
    let rows = client.query_typed(&text, &[]).await?;
    let too_much = |more: String| {
        let message = format!("{what}: `hyhost.migrations` is not read: it has {more}; hyhost wrote no such thing");
        Ok(Err(Fault::new(Class::Failed, message)))
    };
    if rows.len() > MOST_ROWS {
        return too_much(format!("over {MOST_ROWS} rows"));
    }
    let mut answer = Vec::with_capacity(rows.len());
    for row in &rows {
        let (file, digest, normal): (&str, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let ran: bool = row.try_get(3)?;
        if file.chars().count() > MOST_NAME || [digest, normal].iter().any(|text| text.chars().count() > MOST_DIGEST) {
            return too_much(format!("a file's name over {MOST_NAME} or a digest over {MOST_DIGEST} characters"));
        }
        let normal = Some(normal).filter(|normal| !normal.is_empty());
        answer.push(json!({"file": file, "digest": digest, "normal": normal, "ran": ran}));
    }
    Ok(Ok(Value::Array(answer)))
}

/// What is known of a file that ran; of overlong digests the beginning.
pub(crate) async fn find(client: &Client, old: bool, file: &str) -> Result<Option<Applied>, Error> {
    let (digest, normal) = (MOST_DIGEST + 1, normal(old));
    let text = format!("SELECT left(digest, {digest}), {normal} FROM hyhost.migrations WHERE file = $1");
    let row = client.query_typed_opt(&text, &[(&file, Type::TEXT)]).await?;
    row.map(|row| Ok(Applied { digest: row.try_get(0)?, normal: row.try_get(1)? })).transpose()
}

/// How many files ran.
pub(crate) async fn count(client: &Client) -> Result<i64, Error> {
    client.query_typed_one("SELECT count(*) FROM hyhost.migrations", &[]).await?.try_get(0)
}

/// Writes that a file ran, in place of what stood there of it. Every value is
/// said: no default is asked.
pub(crate) async fn add(client: &Client, entry: &Entry<'_>) -> Result<(), Error> {
    let text = "INSERT INTO hyhost.migrations (file, digest, applied_at, applied_by, duration_ms, hyhost, normal) \
                VALUES ($1, $2, now(), session_user, $3, $4, $5) ON CONFLICT (file) DO UPDATE SET \
                digest = excluded.digest, applied_at = excluded.applied_at, applied_by = excluded.applied_by, \
                duration_ms = excluded.duration_ms, hyhost = excluded.hyhost, normal = excluded.normal";
    let version = env!("CARGO_PKG_VERSION");
    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 5] = [
        (&entry.file, Type::TEXT),
        (&entry.digest, Type::TEXT),
        (&entry.milliseconds, Type::INT8),
        (&version, Type::TEXT),
        (&entry.normal, Type::TEXT),
    ];
    client.execute_typed(text, &values).await.map(drop)
}
