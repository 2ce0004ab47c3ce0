//! What the example documents in `provisioning/` need from the environment,
//! and what must be found on the servers afterwards: data, read back by
//! clients that are not ours.

use anyhow::{Context, Result, bail};
use hyhost_testbed::{Server, Testbed, random};

/// Passwords that the documents take from the environment, beside those of the
/// servers' administrators. Made anew each time.
const PASSWORDS: [&str; 5] =
    ["APP_DB_PASSWORD", "N8N_DB_PASSWORD", "KEYCLOAK_DB_PASSWORD", "LOKI_S3_PASSWORD", "OPENSEARCH_SHIPPER_PASSWORD"];

/// Who is asked, and what.
#[derive(Clone, Copy)]
enum Question {
    /// SQL as the superuser, in a database.
    Sql(&'static str, &'static str),
    /// SQL as a role, with the password of a variable, in a database.
    SqlAs { role: &'static str, password: &'static str, database: &'static str, sql: &'static str },
    /// Arguments of `mc`.
    Mc(&'static [&'static str]),
    /// Arguments of `kafka-topics.sh`.
    Topics(&'static [&'static str]),
    /// What `curl` gets of OpenSearch.
    Curl(&'static str),
    /// What `curl` gets of OpenSearch as a user, with the password of a
    /// variable.
    CurlAs { user: &'static str, password: &'static str, path: &'static str },
}

impl Question {
    /// Who answers it.
    fn server(self) -> Server {
        match self {
            Sql(..) | SqlAs { .. } => Server::Postgres,
            Mc(_) => Server::Minio,
            Topics(_) => Server::Kafka,
            Curl(_) | CurlAs { .. } => Server::OpenSearch,
        }
    }
}

/// What the answer must be.
#[derive(Clone, Copy)]
enum Answer {
    /// This, to the letter.
    Is(&'static str),
    /// Something that holds each of these.
    Holds(&'static [&'static str]),
}

use Answer::{Holds, Is};
use Question::{Curl, CurlAs, Mc, Sql, SqlAs, Topics};

/// Everything that the example documents make.
const READINGS: &[(&str, Question, Answer)] = &[
    (
        "roles: login, connection limit, settings",
        Sql(
            "postgres",
            "select rolname, rolcanlogin, rolconnlimit, \
             (select string_agg(setting, ' ' order by setting) from unnest(rolconfig) setting) \
             from pg_roles where rolname in ('reporting', 'app_user', 'app_reader', 'n8n', 'keycloak') order by 1",
        ),
        Is("app_reader|t|-1|\n\
            app_user|t|20|search_path=app statement_timeout=30s\n\
            keycloak|t|-1|\n\
            n8n|t|-1|\n\
            reporting|f|-1|"),
    ),
    (
        "members of reporting",
        Sql("postgres", "select member::regrole from pg_auth_members where roleid = 'reporting'::regrole order by 1"),
        Is("app_reader"),
    ),
    (
        "databases: owner, encoding",
        Sql(
            "postgres",
            "select datname, datdba::regrole, pg_encoding_to_char(encoding) from pg_database \
             where datname in ('app', 'n8n', 'keycloak') order by 1",
        ),
        Is("app|app_user|UTF8\nkeycloak|keycloak|UTF8\nn8n|n8n|UTF8"),
    ),
    (
        "the schema app: owner",
        Sql("app", "select nspowner::regrole from pg_namespace where nspname = 'app'"),
        Is("app_user"),
    ),
    (
        "tables that the migrations made: owner",
        Sql(
            "app",
            "select relname, relowner::regrole from pg_class where relnamespace = 'app'::regnamespace \
             and relkind = 'r' and relname in ('accounts', 'orders') order by 1",
        ),
        Is("accounts|app_user\norders|app_user"),
    ),
    (
        "privileges of reporting: connect, usage, select on both tables, but not insert",
        Sql(
            "app",
            "select has_database_privilege('reporting', 'app', 'connect'), \
             has_schema_privilege('reporting', 'app', 'usage'), \
             has_table_privilege('reporting', 'app.accounts', 'select'), \
             has_table_privilege('reporting', 'app.orders', 'select'), \
             has_table_privilege('reporting', 'app.orders', 'insert')",
        ),
        Is("t|t|t|t|f"),
    ),
    (
        "app_user logs in by its password and finds its tables",
        SqlAs {
            role: "app_user",
            password: "APP_DB_PASSWORD",
            database: "app",
            sql: "select current_user, (select count(*) from accounts)",
        },
        Is("app_user|0"),
    ),
    (
        "app_reader reads what reporting may",
        SqlAs {
            role: "app_reader",
            password: "APP_DB_PASSWORD",
            database: "app",
            sql: "select count(*) from app.orders",
        },
        Is("0"),
    ),
    (
        "n8n logs in by its password",
        SqlAs { role: "n8n", password: "N8N_DB_PASSWORD", database: "n8n", sql: "select current_database()" },
        Is("n8n"),
    ),
    (
        "keycloak logs in by its password",
        SqlAs {
            role: "keycloak",
            password: "KEYCLOAK_DB_PASSWORD",
            database: "keycloak",
            sql: "select current_database()",
        },
        Is("keycloak"),
    ),
    (
        "buckets",
        Mc(&["ls", "testbed"]),
        Holds(&["hy-bucket/", "loki-bucket/", "tempo-bucket/", "cdn-bucket/", "doc-intel-assets/"]),
    ),
    ("hy-bucket: versioning", Mc(&["version", "info", "testbed/hy-bucket"]), Holds(&["versioning is enabled"])),
    ("hy-bucket: anonymous access", Mc(&["anonymous", "get", "testbed/hy-bucket"]), Holds(&["`private`"])),
    ("cdn-bucket: anonymous access", Mc(&["anonymous", "get", "testbed/cdn-bucket"]), Holds(&["`download`"])),
    (
        "doc-intel-assets: its own policy",
        Mc(&["anonymous", "get-json", "testbed/doc-intel-assets"]),
        Holds(&["s3:GetObject", "arn:aws:s3:::doc-intel-assets/public/*"]),
    ),
    (
        "loki: enabled, with its policy",
        Mc(&["admin", "user", "info", "testbed", "loki"]),
        Holds(&["Status: enabled", "loki-storage"]),
    ),
    (
        "the policy loki-storage speaks of its bucket",
        Mc(&["admin", "policy", "info", "testbed", "loki-storage"]),
        Holds(&["arn:aws:s3:::loki-bucket/*", "s3:PutObject"]),
    ),
    (
        "infra-events: partitions",
        Topics(&["--describe", "--topic", "infra-events"]),
        Holds(&["PartitionCount: 3", "ReplicationFactor: 1"]),
    ),
    (
        "application-logs: partitions, retention",
        Topics(&["--describe", "--topic", "application-logs"]),
        Holds(&["PartitionCount: 6", "retention.ms=604800000", "cleanup.policy=delete"]),
    ),
    (
        "the index template and what it is composed of",
        Curl("_index_template/logs_template"),
        Holds(&["logs-*", "\"base\"", "v1.0.0"]),
    ),
    ("the component template", Curl("_component_template/base"), Holds(&["@timestamp"])),
    (
        "the role of the log shipper",
        Curl("_plugins/_security/api/roles/log-writer"),
        Holds(&["logs-*", "create_index"]),
    ),
    (
        "log-shipper logs in by its password, in its role",
        CurlAs { user: "log-shipper", password: "OPENSEARCH_SHIPPER_PASSWORD", path: "_plugins/_security/authinfo" },
        Holds(&["log-shipper", "log-writer"]),
    ),
];

/// The variables that the example documents need beside the servers' own.
///
/// # Errors
/// No random bytes are to be had.
pub(crate) fn variables() -> Result<Vec<(String, String)>> {
    // OpenSearch asks for upper case and for a sign.
    PASSWORDS.iter().map(|name| Ok(((*name).to_owned(), format!("{}-A", random::password()?)))).collect()
}

/// Asks all that the servers of the testbed can answer, prints it, and returns
/// how many answers were as they must be.
///
/// # Errors
/// At least one answer was not; all are asked all the same.
pub(crate) fn read_back(bed: &Testbed, variables: &[(String, String)]) -> Result<usize> {
    let mut wrong = Vec::new();
    let asked: Vec<_> = READINGS.iter().filter(|(_, question, _)| bed.get(question.server()).is_ok()).collect();
    for (title, question, answer) in &asked {
        let said = ask(bed, variables, *question);
        let right = said.as_ref().is_ok_and(|said| is_right(said, *answer));
        println!("{} {title}", if right { "  ok   " } else { "  WRONG" });
        let words = said.unwrap_or_else(|error| format!("{error:#}"));
        words.lines().for_each(|line| println!("           {line}"));
        if !right {
            let wanted = match answer {
                Is(text) => text.replace('\n', " / "),
                Holds(parts) => parts.join(", "),
            };
            println!("           wanted: {wanted}");
            wrong.push(*title);
        }
    }
    match wrong.as_slice() {
        [] => Ok(asked.len()),
        _ => bail!("{} of {} things are not as the documents say: {}", wrong.len(), asked.len(), wrong.join("; ")),
    }
}

fn ask(bed: &Testbed, variables: &[(String, String)], question: Question) -> Result<String> {
    Ok(match question {
        Sql(database, sql) => bed.psql(database, sql)?,
        SqlAs { role, password, database, sql } => bed.psql_as(role, known(variables, password)?, database, sql)?,
        Mc(arguments) => bed.mc(arguments)?,
        Topics(arguments) => bed.kafka_topics(arguments)?,
        Curl(path) => bed.curl("GET", path, None)?,
        CurlAs { user, password, path } => bed.curl_as(user, known(variables, password)?, "GET", path, None)?,
    })
}

fn known<'v>(variables: &'v [(String, String)], name: &str) -> Result<&'v str> {
    let found = variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).with_context(|| format!("no variable {name}"))
}

fn is_right(said: &str, answer: Answer) -> bool {
    match answer {
        Is(text) => said == text,
        Holds(parts) => parts.iter().all(|part| said.contains(part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared() {
        assert!(is_right("a|b", Is("a|b")) && !is_right("a|b ", Is("a|b")));
        assert!(is_right("abc", Holds(&["a", "c"])) && !is_right("abc", Holds(&["a", "d"])));
    }

    #[test]
    fn every_password_that_is_asked_with_is_made() {
        for (title, question, _) in READINGS {
            if let SqlAs { password, .. } | CurlAs { password, .. } = question {
                assert!(PASSWORDS.contains(password), "{title}");
            }
        }
    }
}
