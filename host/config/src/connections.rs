//! `connections:`: what may be dialled, and as whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::fields::{Fields, Reader};
use crate::interpolate::Environment;
use crate::ip::{self, Host};
use crate::merge::is_extension;
use crate::report::Report;
use crate::secrets::Secrets;
use crate::yaml::{Entry, Kind, Node};
use crate::{Connection, How, Options, Rule, S3, Secret, Sql, Tls, Url, suggest};

/// The kinds.
const KINDS: [&str; 4] = ["sql", "s3", "kafka", "http"];

/// What an address must be like.
const ADDRESS: &str = "such as `http://minio:9000`: http or https, a host, perhaps a port, nothing after it";

/// A connection as far as it could be read.
pub(crate) struct Read<'n> {
    pub entry: &'n Entry,
    /// The capability, also where the rest is wrong.
    pub capability: Option<&'static str>,
    /// Absent: a mistake or a note was made.
    pub connection: Option<Connection>,
}

/// Reads all connections. Those that no chosen target uses may have unset
/// variables and secrets that are not there.
pub(crate) fn read<'n>(
    entries: &'n [Entry],
    needed: &BTreeSet<String>,
    options: &Options,
    env: &Environment<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> BTreeMap<String, Read<'n>> {
    let mut connections = BTreeMap::new();
    for entry in entries {
        let needed = needed.contains(&entry.key);
        let reader = Reader { report, env, lenient: !needed, quiet: false };
        let mut one = One { reader, options, secrets, needed, what: format!("connections.{}", entry.key) };
        let (capability, how) = one.kind(entry);
        let place = one.reader.report.sources.place(entry.key_spot);
        let connection = how.zip(place).map(|(how, place)| Connection { name: entry.key.clone(), how, place });
        connections.insert(entry.key.clone(), Read { entry, capability, connection });
    }
    connections
}

/// One connection in the reading.
pub(crate) struct One<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) options: &'a Options,
    secrets: &'a Secrets<'a>,
    needed: bool,
    pub(crate) what: String,
}

impl One<'_> {
    fn kind(&mut self, entry: &Entry) -> (Option<&'static str>, Option<How>) {
        let Some(fields) = self.reader.fields(&entry.value, &self.what, &KINDS) else { return (None, None) };
        let Kind::Map(entries) = &entry.value.kind else { return (None, None) };
        let named: Vec<&Entry> = entries.iter().filter(|e| KINDS.contains(&e.key.as_str())).collect();
        match named[..] {
            [kind] if kind.key == "sql" => (Some("sql"), self.sql(&kind.value)),
            [kind] if kind.key == "s3" => (Some("s3"), self.s3(&kind.value)),
            [kind] if kind.key == "kafka" => (Some("kafka"), self.kafka(&kind.value)),
            [kind] => self.http(&kind.value),
            [first, second, ..] => {
                for kind in named {
                    crate::merge::hide(&kind.value, self.reader.report);
                }
                let problem = format!("`{}` has two kinds, `{}` and `{}`", self.what, first.key, second.key);
                self.reader
                    .report
                    .mistake(Rule::WrongValue, second.key_spot, problem)
                    .help("a connection is one server: make two of them")
                    .other(first.key_spot);
                (None, None)
            }
            [] => {
                // A wrong word in the kind's place has been reported already.
                if fields.is_empty() || entries.iter().all(|e| is_extension(&e.key)) {
                    let problem = format!("`{}` does not say what kind of server it is", self.what);
                    self.reader.report.mistake(Rule::MissingField, entry.key_spot, problem).help(
                        "write `sql: { host: … }`, `s3: { url: … }`, `kafka: { brokers: … }` or `http: { url: … }`",
                    );
                }
                (None, None)
            }
        }
    }

    pub(crate) fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.what)
    }

    fn sql(&mut self, node: &Node) -> Option<How> {
        let known = ["host", "port", "database", "user", "password", "tls", "max_connections"];
        self.what.push_str(".sql");
        let fields = self.reader.fields(node, &self.what.clone(), &known)?;
        let host = self.required(node, &fields, "host").and_then(|entry| self.host(&entry.value));
        let port = self.integer(&fields, "port", 1, u64::from(u16::MAX));
        let database = self.optional(&fields, "database");
        let user = self.required(node, &fields, "user").and_then(|entry| {
            let what = self.at("user");
            self.reader.text(&entry.value, &what)
        });
        let passwords = self.passwords(&fields);
        let tls = self.tls(&fields);
        let most = self.integer(&fields, "max_connections", 1, 100);
        Some(How::Sql(Sql {
            host: host?,
            port: port?.map_or(5432, |port| port as u16),
            database: database?.unwrap_or_else(|| "postgres".to_owned()),
            user: user?,
            passwords: passwords?,
            tls: tls?,
            max_connections: most?.map_or(4, |most| most as u32),
        }))
    }

    fn s3(&mut self, node: &Node) -> Option<How> {
        let known = ["url", "user", "password", "region", "tls", "max_connections"];
        self.what.push_str(".s3");
        let fields = self.reader.fields(node, &self.what.clone(), &known)?;
        let url = self.required(node, &fields, "url").and_then(|entry| self.url(&entry.value));
        let user = self.required(node, &fields, "user").and_then(|entry| {
            let what = self.at("user");
            self.reader.text(&entry.value, &what)
        });
        let passwords = match self.required(node, &fields, "password") {
            Some(_) => self.passwords(&fields),
            None => None,
        };
        let region = self.optional(&fields, "region");
        let tls = self.tls(&fields);
        let most = self.integer(&fields, "max_connections", 1, 1000);
        let (secure, host, port) = url?;
        let tls = tls?;
        self.secure(&fields, secure)?;
        Some(How::S3(S3 {
            secure,
            host,
            port,
            user: user?,
            passwords: passwords?,
            region: region?.unwrap_or_else(|| "us-east-1".to_owned()),
            tls,
            max_connections: most?.map_or(16, |most| most as u32),
        }))
    }

    /// TLS settings belong to `https`.
    pub(crate) fn secure(&mut self, fields: &Fields<'_>, secure: bool) -> Option<()> {
        let Some(entry) = fields.get("tls").filter(|_| !secure) else { return Some(()) };
        let problem = format!("`{}` has TLS settings, but its url is `http`", self.what);
        self.reader
            .report
            .mistake(Rule::WrongValue, entry.key_spot, problem)
            .help("write `https://` in the url, or leave `tls` out");
        None
    }

    pub(crate) fn required<'n>(&mut self, node: &Node, fields: &Fields<'n>, field: &str) -> Option<&'n Entry> {
        let found = fields.get(field);
        if found.is_none() && !fields.is_misspelt(field) {
            let problem = format!("`{}` has no `{field}`", self.what);
            self.reader.report.mistake(Rule::MissingField, node.spot, problem).help(format!("add `{field}: …`"));
        }
        found
    }

    /// Outer `None`: there is one, and it is wrong.
    pub(crate) fn optional(&mut self, fields: &Fields<'_>, field: &str) -> Option<Option<String>> {
        let Some(entry) = fields.get(field) else { return Some(None) };
        let what = self.at(field);
        self.reader.text(&entry.value, &what).map(Some)
    }

    pub(crate) fn integer(&mut self, fields: &Fields<'_>, field: &str, least: u64, most: u64) -> Option<Option<u64>> {
        let Some(entry) = fields.get(field) else { return Some(None) };
        let what = self.at(field);
        self.reader.integer(&entry.value, &what, least, most).map(Some)
    }

    fn host(&mut self, node: &Node) -> Option<String> {
        let what = self.at("host");
        let text = self.reader.text(node, &what)?;
        self.checked_host(node, &what, &text).map(|host| match host {
            // A socket address takes it without brackets.
            Host::V6 => text.trim_start_matches('[').trim_end_matches(']').to_owned(),
            _ => text,
        })
    }

    pub(crate) fn checked_host(&mut self, node: &Node, what: &str, text: &str) -> Option<Host> {
        let found = ip::host(text);
        match found {
            Host::Name => {}
            Host::V4 | Host::V6 if self.options.allow_ip => {}
            Host::V4 | Host::V6 => {
                self.reader
                    .report
                    .mistake(Rule::IpAddress, node.spot, format!("`{what}` leads to an IP address"))
                    .help("name the server, such as the service's name in Compose; `--allow-ip` accepts addresses in tests");
                return None;
            }
            Host::Wrong => {
                self.reader
                    .report
                    .mistake(Rule::WrongForm, node.spot, format!("`{what}` is not the name of a host"))
                    .help(
                        "letters, digits, `-`, `_` and `.` alone, such as `postgres`; the port has a field of its own",
                    );
                return None;
            }
        }
        Some(found)
    }

    /// `http` or `https`, a host, perhaps a port, nothing else.
    pub(crate) fn url(&mut self, node: &Node) -> Option<(bool, String, u16)> {
        let what = self.at("url");
        let found = self.address(node, &what)?;
        if found.path != "/" {
            self.reader
                .report
                .mistake(Rule::WrongForm, node.spot, format!("`{what}` has something after the host"))
                .help(ADDRESS);
            return None;
        }
        Some((found.secure, found.host, found.port))
    }

    /// `http` or `https`, a host, perhaps a port, perhaps a path.
    pub(crate) fn address(&mut self, node: &Node, what: &str) -> Option<Url> {
        let text = self.reader.text(node, what)?;
        let wrong = |report: &mut Report, why: &str| {
            report.mistake(Rule::WrongForm, node.spot, format!("`{what}` {why}")).help(ADDRESS);
        };
        // A user and a password in it, whatever sign of theirs is missing.
        let authority = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        let colons = authority.rsplit(']').next().unwrap_or_default().matches(':').count();
        if text.contains('@') || colons > 1 {
            self.reader.report.hide(node.spot);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            wrong(self.reader.report, "is not an address");
            return None;
        };
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => {
                wrong(self.reader.report, "is neither http nor https");
                return None;
            }
        };
        if rest.contains('@') {
            wrong(self.reader.report, "holds a user: that belongs into `user`, and the password is a secret's name");
            return None;
        }
        if rest.contains(['?', '#']) || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            wrong(self.reader.report, "has something after the host");
            return None;
        }
        let (rest, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let bracket = rest.rfind(']').unwrap_or(0);
        let (host, port) = match rest[bracket..].rfind(':') {
            Some(at) => (&rest[..bracket + at], Some(&rest[bracket + at + 1..])),
            None => (rest, None),
        };
        self.checked_host(node, what, host)?;
        let port = match port {
            None => {
                if secure {
                    443
                } else {
                    80
                }
            }
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => {
                    wrong(self.reader.report, "has a port that is none");
                    return None;
                }
            },
        };
        Some(Url { secure, host: host.to_owned(), port, path: path.to_owned() })
    }

    pub(crate) fn passwords(&mut self, fields: &Fields<'_>) -> Option<Vec<Secret>> {
        let Some(entry) = fields.get("password") else { return Some(Vec::new()) };
        let what = self.at("password");
        self.secrets_of(entry, &what)
    }

    /// The secrets that a field names: one, or several to be tried in order.
    pub(crate) fn secrets_of(&mut self, entry: &Entry, what: &str) -> Option<Vec<Secret>> {
        let nodes = match &entry.value.kind {
            Kind::List(items) if items.is_empty() => {
                let problem = format!("`{what}` is an empty list");
                self.reader
                    .report
                    .mistake(Rule::MissingField, entry.value.spot, problem)
                    .help("name a secret, or leave the field out");
                return None;
            }
            Kind::List(items) => items.iter().collect(),
            _ => vec![&entry.value],
        };
        let mut passwords = Vec::new();
        let mut whole = true;
        for node in nodes {
            let name = self.secrets.named(node, what, self.needed, self.reader.report);
            whole &= name.is_some() || !self.needed;
            if let (Some(name), true) = (name, self.needed) {
                passwords.extend(self.secrets.read(&name, node.spot, self.reader.env, self.reader.report));
            }
        }
        whole.then_some(passwords)
    }

    pub(crate) fn tls(&mut self, fields: &Fields<'_>) -> Option<Option<Tls>> {
        let Some(entry) = fields.get("tls") else { return Some(None) };
        let what = self.at("tls");
        let fields = self.reader.fields(&entry.value, &what, &["ca", "cert", "key", "server_name"])?;
        let ca = self.file(&fields, "ca");
        let certificate = self.file(&fields, "cert");
        let key = self.file(&fields, "key");
        let server_name = match fields.get("server_name") {
            Some(entry) => Some(self.reader.text(&entry.value, &format!("{what}.server_name"))?),
            None => None,
        };
        for (one, other) in [("cert", "key"), ("key", "cert")] {
            if let (Some(entry), None) = (fields.get(one), fields.get(other)) {
                let problem = format!("`{what}` has `{one}` without `{other}`");
                let help = format!("a client certificate needs both: add `{other}: …`");
                self.reader.report.mistake(Rule::MissingField, entry.key_spot, problem).help(help);
                return None;
            }
        }
        Some(Some(Tls { ca: ca?, certificate: certificate?, key: key?, server_name }))
    }

    /// A file beside the documents or anywhere; it must be there if the
    /// connection is going to be used.
    fn file(&mut self, fields: &Fields<'_>, field: &str) -> Option<Option<PathBuf>> {
        let Some(entry) = fields.get(field) else { return Some(None) };
        let what = format!("{}.{field}", self.at("tls"));
        let path = self.options.directory.join(self.reader.text(&entry.value, &what)?);
        if self.needed && self.options.read_secrets && !path.is_file() {
            let problem = format!("`{what}`: there is no file {}", path.display());
            self.reader
                .report
                .mistake(Rule::MissingFile, entry.value.spot, problem)
                .help("mount it, or correct the path; a relative one starts at the directory of the documents");
            return None;
        }
        Some(Some(path))
    }
}

/// Says which connections nothing uses.
pub(crate) fn note_unused(connections: &BTreeMap<String, Read<'_>>, used: &BTreeSet<String>, report: &mut Report) {
    for (name, read) in connections {
        if !used.contains(name) {
            report.note(Some(read.entry.key_spot), format!("no target uses the connection `{name}`"));
        }
    }
}

/// The names, for suggestions.
pub(crate) fn suggest_for(wrong: &str, connections: &[Entry]) -> String {
    suggest::known(wrong, connections.iter().map(|entry| entry.key.as_str()))
        .unwrap_or_else(|| "declare it under `connections:`".to_owned())
}
