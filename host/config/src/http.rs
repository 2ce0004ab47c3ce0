//! `http:` of a connection, and the API tables that operators mount.

use hyhost_table::Table;

use crate::connections::One;
use crate::fields::Fields;
use crate::yaml::{Entry, Node};
use crate::{How, Http, Login, Rule};

const FIELDS: [&str; 8] = ["url", "api", "basic", "bearer", "header", "oauth2", "tls", "max_connections"];
const LOGINS: [&str; 4] = ["basic", "bearer", "header", "oauth2"];

/// The most bytes of a mounted table.
const LARGEST: u64 = 1 << 20;

impl One<'_> {
    /// The capability, also where the rest is wrong, and the connection.
    pub(crate) fn http(&mut self, node: &Node) -> (Option<&'static str>, Option<How>) {
        self.what.push_str(".http");
        let Some(fields) = self.reader.fields(node, &self.what.clone(), &FIELDS) else { return (None, None) };
        let url = self.required(node, &fields, "url").and_then(|entry| self.url(&entry.value));
        let api = self.required(node, &fields, "api").and_then(|entry| self.api(&entry.value));
        let login = self.login(&fields);
        let tls = self.tls(&fields);
        let most = self.integer(&fields, "max_connections", 1, 1000);
        let how = || {
            let (secure, host, port) = url?;
            self.secure(&fields, secure)?;
            let max_connections = most?.map_or(16, |most| most as u32);
            Some(How::Http(Http { secure, host, port, api: api?, login: login?, tls: tls?, max_connections }))
        };
        (api.map(|api| api.capability.as_str()), how())
    }

    /// The table: a shipped one by its name, or a file.
    fn api(&mut self, node: &Node) -> Option<&'static Table> {
        let what = self.at("api");
        let text = self.reader.text(node, &what)?;
        let http = |name: &&str| hyhost_table::shipped(name).is_some_and(Table::is_http);
        if let Some(table) = hyhost_table::shipped(&text).filter(|table| table.is_http()) {
            return Some(table);
        }
        let is_file = text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml");
        if !is_file {
            let shipped: Vec<&str> = hyhost_table::capabilities().filter(http).collect();
            let help = format!("shipped: `{}`; a table of your own is a file: `./NAME.yaml`", shipped.join("`, `"));
            self.reader
                .report
                .mistake(Rule::WrongValue, node.spot, format!("`{what}`: no API table `{text}` is shipped"))
                .help(help);
            return None;
        }
        match mounted(&self.options.directory.join(&text)) {
            Ok(table) => Some(table),
            Err(problems) => {
                for problem in problems {
                    self.reader
                        .report
                        .mistake(Rule::WrongValue, node.spot, format!("the API table `{text}`: {problem}"))
                        .help("docs/api-tables.md says what a table is made of");
                }
                None
            }
        }
    }

    fn login(&mut self, fields: &Fields<'_>) -> Option<Login> {
        let named: Vec<&Entry> = LOGINS.iter().filter_map(|name| fields.get(name)).collect();
        let entry = match named[..] {
            [] => return Some(Login::None),
            [one] => one,
            [first, second, ..] => {
                let problem = format!("`{}` has two logins, `{}` and `{}`", self.what, first.key, second.key);
                self.reader
                    .report
                    .mistake(Rule::WrongValue, second.key_spot, problem)
                    .help("leave one of them out")
                    .other(first.key_spot);
                return None;
            }
        };
        let what = self.at(&entry.key);
        let before = std::mem::replace(&mut self.what, what.clone());
        let login = self.login_of(entry, &what);
        self.what = before;
        login
    }

    fn login_of(&mut self, entry: &Entry, what: &str) -> Option<Login> {
        let node = &entry.value;
        let known: &[&str] = match entry.key.as_str() {
            "bearer" => return self.secrets_of(entry, what).map(Login::Bearer),
            "basic" => &["user", "password"],
            "header" => &["name", "value"],
            _ => &["token_url", "client_id", "client_secret", "scope"],
        };
        let fields = self.reader.fields(node, what, known)?;
        let secrets = |one: &mut Self, field: &str| {
            let entry = one.required(node, &fields, field)?;
            let what = one.at(field);
            one.secrets_of(entry, &what)
        };
        let text = |one: &mut Self, field: &str| {
            let entry = one.required(node, &fields, field)?;
            let what = one.at(field);
            one.reader.text(&entry.value, &what)
        };
        match entry.key.as_str() {
            "basic" => {
                let (user, passwords) = (text(self, "user"), secrets(self, "password"));
                Some(Login::Basic { user: user?, passwords: passwords? })
            }
            "header" => {
                let (name, values) = (text(self, "name"), secrets(self, "value"));
                Some(Login::Header { name: name?, values: values? })
            }
            _ => {
                let token_url = self.required(node, &fields, "token_url").and_then(|entry| {
                    let what = self.at("token_url");
                    self.address(&entry.value, &what)
                });
                let (client_id, client_secrets) = (text(self, "client_id"), secrets(self, "client_secret"));
                let scope = self.optional(&fields, "scope");
                Some(Login::OAuth2 {
                    token_url: token_url?,
                    client_id: client_id?,
                    client_secrets: client_secrets?,
                    scope: scope?,
                })
            }
        }
    }
}

/// Reads a mounted table. It lives as long as the process: one run reads each
/// file once.
fn mounted(path: &std::path::Path) -> Result<&'static Table, Vec<String>> {
    let cannot = |error: std::io::Error| vec![format!("{} cannot be read: {error}", path.display())];
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > LARGEST {
        return Err(vec![format!("{} has {size} bytes; {LARGEST} are the most", path.display())]);
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let table = Table::from_yaml(&text).map_err(|error| vec![error.to_string()])?;
    let mut problems = hyhost_table::problems(&table);
    if hyhost_table::shipped(&table.capability).is_some() {
        problems.push(format!("its capability `{}` is that of a shipped table: give it another", table.capability));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if table.capability.is_empty() || !table.capability.chars().all(plain) {
        problems.push("its capability must be made of lower case letters, digits and `-`".to_owned());
    }
    let others = table.rows.iter().filter(|row| !matches!(row.perform, hyhost_table::Perform::Http(_)));
    problems.extend(others.map(|row| format!("row `{}` is not performed by `http`", row.name)));
    if problems.is_empty() { Ok(Box::leak(Box::new(table))) } else { Err(problems) }
}
