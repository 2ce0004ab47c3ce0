//! What a directory of documents says, checked and typed: the result of
//! [`crate::load`]. Nothing in here prints a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use hyhost_table::{Table, Touch, Verb};
use serde_json::Value;

use crate::{Place, Rule, Secret};

/// Everything that a run needs to know.
#[derive(Debug)]
pub struct Stack {
    /// The directory of the documents.
    pub directory: PathBuf,
    /// `sha256:` over the documents' names and bytes, in order.
    pub digest: String,
    /// The targets that were chosen, in the order of the documents.
    pub targets: Vec<Target>,
    /// The connections that the chosen targets use, by name.
    pub connections: BTreeMap<String, Connection>,
    /// Every name that any target of the directory mentions, by connection
    /// name. What stands here is never pruned.
    pub mentioned: BTreeMap<String, Vec<Touch>>,
    /// What the document says about plugins, by manifest name.
    pub plugins: BTreeMap<String, PluginRule>,
    /// Where the audit goes.
    pub audit: AuditRule,
    /// What a person should know although nothing is wrong.
    pub notes: Vec<Note>,
}

/// A piece of advice, with its place where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub place: Option<Place>,
    /// One sentence.
    pub text: String,
}

/// One target: a plugin, its connections and what is desired.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its key in `targets`.
    pub name: String,
    /// The plugin's manifest name.
    pub plugin: String,
    /// The connection's name by slot, in the order of the manifest.
    pub slots: Vec<Slot>,
    /// The chosen targets that must have succeeded before.
    pub after: Vec<String>,
    /// What is desired: interpolated, cast, checked against the manifest's
    /// schema; secrets still as names.
    pub desired: Value,
    /// What it may touch.
    pub grant: Grant,
    /// Which secret may go to which sink, such as `("app_db", "sql.password")`.
    pub secrets: BTreeSet<(String, String)>,
    /// The secrets themselves, by name.
    pub vault: BTreeMap<String, Secret>,
    /// What may be removed.
    pub prune: Vec<PruneRule>,
    /// Whether access beyond the document is removed.
    pub exact: bool,
    /// The directories that the plugin may list, as written → where they are.
    pub directories: BTreeMap<String, PathBuf>,
    /// For the whole work, waiting for readiness apart.
    pub timeout: Duration,
    /// For getting ready.
    pub ready_timeout: Duration,
    /// Where it stands.
    pub place: Place,
}

/// Objects that may be removed: those of the kind whose name matches and that
/// no document mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneRule {
    /// The capability.
    pub capability: String,
    /// The kind of thing within the capability.
    pub kind: String,
    /// The names.
    pub pattern: hyhost_table::Pattern,
    /// Whether they go with the data that they hold.
    pub with_data: bool,
}

/// A slot of a plugin and the connection in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The slot's name in the manifest.
    pub name: String,
    /// Its capability.
    pub capability: String,
    /// The connection's name in the document.
    pub connection: String,
}

/// What a target may touch, by connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// The rules, by connection name.
    pub connections: BTreeMap<String, BTreeMap<String, KindGrant>>,
}

/// What may be done to one kind of thing on one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindGrant {
    /// Patterns of names by verb.
    pub verbs: BTreeMap<Verb, BTreeSet<hyhost_table::Pattern>>,
    /// Privileged attributes that may be set.
    pub attributes: BTreeSet<String>,
}

impl Grant {
    /// Whether `name` may be touched so, by `verb` or a verb that includes it.
    pub fn allows(&self, connection: &str, touch: &Touch, verb: Verb) -> bool {
        let Some(kind) = self.connections.get(connection).and_then(|kinds| kinds.get(&touch.kind)) else {
            return false;
        };
        kind.verbs.iter().any(|(granted, patterns)| {
            granted.allows(verb) && patterns.iter().any(|pattern| pattern.matches(&touch.name))
        })
    }

    /// Allows what the other allows as well.
    pub fn extend(&mut self, other: Grant) {
        for (connection, kinds) in other.connections {
            for (kind, rules) in kinds {
                let own = self.connections.entry(connection.clone()).or_default().entry(kind).or_default();
                for (verb, patterns) in rules.verbs {
                    own.verbs.entry(verb).or_default().extend(patterns);
                }
                own.attributes.extend(rules.attributes);
            }
        }
    }

    /// Whether the privileged attribute of the kind may be set.
    pub fn allows_attribute(&self, connection: &str, kind: &str, attribute: &str) -> bool {
        let kinds = self.connections.get(connection);
        kinds.and_then(|kinds| kinds.get(kind)).is_some_and(|kind| kind.attributes.contains(attribute))
    }
}

/// A server, and as whom hyhost talks to it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its key in `connections`.
    pub name: String,
    /// How it is reached.
    pub how: How,
    /// Where it stands.
    pub place: Place,
}

impl Connection {
    /// The capability that it serves.
    pub fn capability(&self) -> &'static str {
        match &self.how {
            How::Sql(_) => "sql",
            How::S3(_) => "s3",
            How::Kafka(_) => "kafka",
            How::Http(http) => &http.api.capability,
        }
    }

    /// The table of its operations.
    pub fn table(&self) -> Option<&'static Table> {
        match &self.how {
            How::Http(http) => Some(http.api),
            _ => hyhost_table::shipped(self.capability()),
        }
    }

    /// The secrets that it logs in with.
    pub fn secrets(&self) -> &[Secret] {
        match &self.how {
            How::Sql(sql) => &sql.passwords,
            How::S3(s3) => &s3.passwords,
            How::Kafka(kafka) => &kafka.passwords,
            How::Http(http) => http.login.secrets(),
        }
    }

    /// The server, normalised: lower-case host and port. Two connections of
    /// one endpoint are one server. A cluster is known by its first broker in
    /// the order of their names.
    pub fn endpoint(&self) -> String {
        let (host, port) = match &self.how {
            How::Sql(sql) => (&sql.host, sql.port),
            How::S3(s3) => (&s3.host, s3.port),
            How::Http(http) => (&http.host, http.port),
            How::Kafka(kafka) => match kafka.brokers.iter().min() {
                Some((host, port)) => (host, *port),
                None => return String::new(),
            },
        };
        format!("{}:{port}", host.trim_end_matches('.').to_ascii_lowercase())
    }
}

/// The kinds of connection.
#[derive(Debug, Clone)]
pub enum How {
    /// PostgreSQL.
    Sql(Sql),
    /// S3.
    S3(S3),
    /// Apache Kafka.
    Kafka(Kafka),
    /// An HTTP API.
    Http(Http),
}

/// A PostgreSQL server.
#[derive(Debug, Clone)]
pub struct Sql {
    /// A host name; with `--allow-ip` perhaps an address, IPv6 without brackets.
    pub host: String,
    /// 5432 where nothing is said.
    pub port: u16,
    /// The database of the first session; `postgres` where nothing is said.
    pub database: String,
    /// The account.
    pub user: String,
    /// Its passwords, tried in order. Empty: none is sent.
    pub passwords: Vec<Secret>,
    /// Absent: plaintext.
    pub tls: Option<Tls>,
    /// The most sessions at a time, over all targets; 4 where nothing is said.
    pub max_connections: u32,
}

/// An S3 server.
#[derive(Debug, Clone)]
pub struct S3 {
    /// Whether it is `https`.
    pub secure: bool,
    /// A host name; with `--allow-ip` perhaps an address, IPv6 in brackets.
    pub host: String,
    /// The port of the url, or that of its scheme.
    pub port: u16,
    /// The access key.
    pub user: String,
    /// Its secret keys, tried in order.
    pub passwords: Vec<Secret>,
    /// `us-east-1` where nothing is said.
    pub region: String,
    /// Own CA and client certificate; only with `https`.
    pub tls: Option<Tls>,
    /// The most requests at a time, over all targets; 16 where nothing is said.
    pub max_connections: u32,
}

/// An Apache Kafka cluster.
#[derive(Debug, Clone)]
pub struct Kafka {
    /// Host and port of the brokers that are asked first; at least one.
    pub brokers: Vec<(String, u16)>,
    /// The SASL user; absent: no login.
    pub user: Option<String>,
    /// Its passwords, tried in order.
    pub passwords: Vec<Secret>,
    /// How the user logs in.
    pub mechanism: Mechanism,
    /// Absent: plaintext.
    pub tls: Option<Tls>,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// `SCRAM-SHA-512`, where nothing is said.
    #[default]
    ScramSha512,
    /// `SCRAM-SHA-256`.
    ScramSha256,
    /// `PLAIN`.
    Plain,
}

impl Mechanism {
    /// The name that Kafka and documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
        }
    }
}

/// A server with an HTTP API.
#[derive(Debug, Clone)]
pub struct Http {
    /// Whether it is `https`.
    pub secure: bool,
    /// A host name; with `--allow-ip` perhaps an address, IPv6 in brackets.
    pub host: String,
    /// The port of the url, or that of its scheme.
    pub port: u16,
    /// The table of its API.
    pub api: &'static Table,
    /// How hyhost logs in.
    pub login: Login,
    /// Own CA and client certificate; only with `https`.
    pub tls: Option<Tls>,
    /// The most requests at a time, over all targets; 16 where nothing is said.
    pub max_connections: u32,
}

/// A login to an HTTP API.
#[derive(Debug, Clone)]
pub enum Login {
    /// None.
    None,
    /// User and password (RFC 7617).
    Basic {
        /// The user.
        user: String,
        /// Its passwords, tried in order.
        passwords: Vec<Secret>,
    },
    /// Tokens (RFC 6750), tried in order.
    Bearer(Vec<Secret>),
    /// A header of the API's own.
    Header {
        /// Its name.
        name: String,
        /// Its values, tried in order.
        values: Vec<Secret>,
    },
    /// Client credentials (RFC 6749, 4.4): the host fetches the token.
    OAuth2 {
        /// Where tokens are given.
        token_url: Url,
        /// The client.
        client_id: String,
        /// Its secrets, tried in order.
        client_secrets: Vec<Secret>,
        /// What is asked for.
        scope: Option<String>,
    },
}

impl Login {
    /// The secrets that it needs.
    pub fn secrets(&self) -> &[Secret] {
        match self {
            Self::None => &[],
            Self::Basic { passwords, .. } => passwords,
            Self::Bearer(tokens) => tokens,
            Self::Header { values, .. } => values,
            Self::OAuth2 { client_secrets, .. } => client_secrets,
        }
    }
}

/// An address of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub secure: bool,
    /// A host name; with `--allow-ip` perhaps an address, IPv6 in brackets.
    pub host: String,
    /// The port, or that of the scheme.
    pub port: u16,
    /// Begins with `/`; no query.
    pub path: String,
}

/// How the server is recognised, and we by it.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// A file of PEM certificates that are trusted, in place of the public ones.
    pub ca: Option<PathBuf>,
    /// The client certificate's file (PEM).
    pub certificate: Option<PathBuf>,
    /// The client key's file (PEM).
    pub key: Option<PathBuf>,
    /// The name that the server's certificate must have, if not the host's.
    pub server_name: Option<String>,
}

/// What the document says about one plugin.
#[derive(Debug, Clone, Default)]
pub struct PluginRule {
    /// `sha256:…` that the component must have.
    pub digest: Option<String>,
    /// Its memory limit in bytes.
    pub memory: Option<u64>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// Where the audit goes.
#[derive(Debug, Clone, Default)]
pub struct AuditRule {
    /// Loki's address; empty: stdout only.
    pub loki: Option<String>,
}

/// What a loaded plugin says of itself: the part of its manifest that the
/// documents are checked against.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The name that documents use.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// The JSON Schema of `desired`.
    pub schema: Value,
    /// The capabilities that it wants.
    pub wishes: Vec<Wish>,
}

/// A capability that a plugin wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The slot's name.
    pub slot: String,
    /// The capability.
    pub capability: String,
    /// Why.
    pub reason: String,
}

/// What to read, and what to choose of it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The directory of the documents.
    pub directory: PathBuf,
    /// `--target`: glob patterns of targets' names; empty: all.
    pub targets: Vec<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--allow-ip`: IP addresses as endpoints are accepted.
    pub allow_ip: bool,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Where secrets lie that `secrets:` does not mention: `/run/secrets`.
    pub secrets_directory: PathBuf,
    /// Whether secrets are read: not for `schema` and `inspect`.
    pub read_secrets: bool,
}

/// A set of mistakes: all that were found.
#[derive(Debug)]
pub struct Mistakes(pub Vec<Mistake>);

/// One mistake in the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which rule it breaks: a stable word for `--json`.
    pub rule: Rule,
    /// Where it is.
    pub place: Option<Place>,
    /// The line as written, before interpolation; absent where it could show
    /// a secret.
    pub line: Option<String>,
    /// The part of `line` that is meant: its first character, from 0, and how
    /// many. Not the place's column where something before it was cut out.
    pub underline: Option<(u32, u32)>,
    /// What is wrong: one sentence.
    pub problem: String,
    /// What would be right.
    pub remedy: Option<String>,
    /// The other place, such as that of the first of two equal names.
    pub other: Option<Place>,
}
