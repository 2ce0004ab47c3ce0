//! Servers, and as whom hyhost talks to them: `connections:`, typed.

use std::path::PathBuf;

use hyhost_table::Table;

use crate::{Place, Secret};

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
