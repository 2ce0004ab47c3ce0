//! Secrets: where they are, and reading them.
//!
//! In a field that names a secret a person may have typed the secret itself.
//! So a name is shown only if it is declared or exists, and the line of any
//! mistake has everything else cut out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::bounded::{self, Unread};
use crate::fields::Reader;
use crate::interpolate::{Environment, FillError, MOST_BYTES, trim_newline};
use crate::merge::hide;
use crate::report::Report;
use crate::source::Spot;
use crate::yaml::{Entry, Kind, Node};
use crate::{Options, Rule, Secret, suggest};

/// Where a secret comes from.
enum Origin {
    Variable(String),
    File(PathBuf),
    /// A file that is not there, of a path that may be the secret itself.
    Nowhere,
    /// A file whose path holds a variable that is not set.
    Unset,
    /// The declaration is wrong, and that has been said.
    Wrong,
}

struct Declared {
    origin: Origin,
    spot: Spot,
}

/// All secrets that can be named.
pub(crate) struct Secrets<'a> {
    directory: &'a Path,
    declared: BTreeMap<String, Declared>,
    existing: RefCell<BTreeMap<String, bool>>,
    values: RefCell<BTreeMap<String, Option<Secret>>>,
    read: bool,
}

impl<'a> Secrets<'a> {
    /// The declarations in `secrets:`.
    pub fn declare(entries: &[Entry], options: &'a Options, env: &Environment<'_>, report: &mut Report) -> Self {
        let mut secrets = Self {
            directory: &options.secrets_directory,
            declared: BTreeMap::new(),
            existing: RefCell::default(),
            values: RefCell::default(),
            read: options.read_secrets,
        };
        for entry in entries {
            if !is_name(&entry.key) {
                report
                    .mistake(Rule::WrongName, entry.key_spot, "this is not a name for a secret")
                    .help("letters, digits, `_`, `-` and `.`, such as `app_db`")
                    .without_line();
                hide(&entry.value, report);
                continue;
            }
            let origin = secrets.origin(entry, &options.directory, env, report);
            secrets.declared.insert(entry.key.clone(), Declared { origin, spot: entry.key_spot });
        }
        secrets
    }

    fn origin(&self, entry: &Entry, directory: &Path, env: &Environment<'_>, report: &mut Report) -> Origin {
        let what = format!("secrets.{}", entry.key);
        let help =
            "write `{ env: VARIABLE }` or `{ file: path }`; without either it is a file of the secrets' directory";
        // Whether it matters is known only when the secret is used.
        let mut reader = Reader { report, env, lenient: true, quiet: true };
        let Kind::Map(_) = entry.value.kind else {
            hide(&entry.value, reader.report);
            let problem = format!("`{what}` must say where the secret is, not what it is");
            reader.report.mistake(Rule::WrongType, entry.value.spot, problem).help(help);
            return Origin::Wrong;
        };
        let Some(fields) = reader.fields(&entry.value, &what, &["env", "file"]) else { return Origin::Wrong };
        match (fields.get("env"), fields.get("file")) {
            (Some(variable), None) => {
                let Kind::Scalar(scalar) = &variable.value.kind else {
                    hide(&variable.value, reader.report);
                    let problem = format!("`{what}.env` must be the name of a variable");
                    reader.report.mistake(Rule::WrongType, variable.value.spot, problem).help(help);
                    return Origin::Wrong;
                };
                let known = env.plain(&scalar.text).is_some() || env.plain(&format!("{}_FILE", scalar.text)).is_some();
                if !known && !is_variable(&scalar.text) {
                    reader.report.hide(variable.value.spot);
                    let problem = format!("`{what}.env` must be the name of a variable");
                    reader
                        .report
                        .mistake(Rule::WrongName, variable.value.spot, problem)
                        .help("upper-case letters, digits and `_`, such as `APP_DB_PASSWORD`; never the secret itself");
                    return Origin::Wrong;
                }
                Origin::Variable(scalar.text.clone())
            }
            (None, Some(file)) => match reader.text(&file.value, &format!("{what}.file")) {
                Some(text) => {
                    let path = directory.join(&text);
                    if text.starts_with(['/', '.']) || path.exists() {
                        Origin::File(path)
                    } else {
                        reader.report.hide(file.value.spot);
                        Origin::Nowhere
                    }
                }
                None => Origin::Unset,
            },
            (Some(_), Some(file)) => {
                let problem = format!("`{what}` has both `env` and `file`");
                reader.report.mistake(Rule::WrongValue, file.key_spot, problem).help("keep one of them");
                Origin::Wrong
            }
            (None, None) => {
                if fields.is_empty() {
                    let problem = format!("`{what}` does not say where the secret is");
                    reader.report.mistake(Rule::MissingField, entry.value.spot, problem).help(help);
                }
                Origin::Wrong
            }
        }
    }

    /// Whether there is a secret of this name, so that the name may be shown.
    pub fn is_known(&self, name: &str) -> bool {
        if self.declared.contains_key(name) {
            return true;
        }
        if !is_name(name) || self.directory.as_os_str().is_empty() {
            return false;
        }
        let mut existing = self.existing.borrow_mut();
        *existing.entry(name.to_owned()).or_insert_with(|| self.directory.join(name).symlink_metadata().is_ok())
    }

    /// The name in a field that names a secret. What is no known name is
    /// hidden, and is a mistake where it `matters`.
    pub fn named(&self, node: &Node, what: &str, matters: bool, report: &mut Report) -> Option<String> {
        let Kind::Scalar(scalar) = &node.kind else {
            hide(node, report);
            report
                .mistake(Rule::WrongType, node.spot, format!("`{what}` must be the name of a secret"))
                .help(self.remedy());
            return None;
        };
        self.named_text(&scalar.text, node.spot, what, matters, report)
    }

    /// The same for a text and its spot.
    pub fn named_text(&self, text: &str, spot: Spot, what: &str, matters: bool, report: &mut Report) -> Option<String> {
        if text.contains("${") {
            report.hide(spot);
            let problem = format!("`{what}` names a secret: `${{…}}` is not filled in here");
            report
                .mistake(Rule::InterpolatedSecret, spot, problem)
                .help("declare it: `secrets: { some_name: { env: VARIABLE } }`, and write `some_name` here");
            return None;
        }
        if self.is_known(text) {
            return Some(text.to_owned());
        }
        report.hide(spot);
        if matters && self.read {
            let problem = format!("`{what}` names a secret that does not exist (what was written is not shown)");
            let mut remedy = self.remedy();
            let names: Vec<&str> = self.declared.keys().map(String::as_str).collect();
            if let Some(known) = suggest::known(text, names) {
                remedy = format!("{remedy}; {known}");
            }
            report.mistake(Rule::UnknownSecret, spot, problem).help(remedy);
            return None;
        }
        is_name(text).then(|| text.to_owned())
    }

    fn remedy(&self) -> String {
        format!(
            "a secret stands here by its name: the file {}/<name> (`--secrets DIR` names another directory), or a name under `secrets:`",
            self.directory.display().to_string().trim_end_matches('/')
        )
    }

    /// The secret itself, read once. `None`: a mistake was reported, or
    /// secrets are not read at all.
    pub fn read(&self, name: &str, used: Spot, env: &Environment<'_>, report: &mut Report) -> Option<Secret> {
        if !self.read {
            return None;
        }
        if let Some(known) = self.values.borrow().get(name) {
            return known.clone();
        }
        let value = self.fetch(name, used, env, report).map(|value| Secret::new(name, value));
        self.values.borrow_mut().insert(name.to_owned(), value.clone());
        value
    }

    fn fetch(&self, name: &str, used: Spot, env: &Environment<'_>, report: &mut Report) -> Option<String> {
        let declared = self.declared.get(name);
        let spot = declared.map_or(used, |declared| declared.spot);
        let (value, from) = match declared.map(|declared| &declared.origin) {
            Some(Origin::Wrong) => return None,
            Some(Origin::Unset) => {
                let problem = format!("the secret `{name}`: the path of its file holds a variable that is not set");
                report
                    .mistake(Rule::UnsetVariable, spot, problem)
                    .help("set it, or give a default: `${VAR:-…}`")
                    .other(used);
                return None;
            }
            Some(Origin::Nowhere) => {
                let problem = format!("the secret `{name}`: its file is not there (what was written is not shown)");
                report
                    .mistake(Rule::MissingSecret, spot, problem)
                    .help("`file` takes a path, never the secret itself; a path that starts with `/` or `./` is shown here")
                    .other(used);
                return None;
            }
            Some(Origin::Variable(variable)) => {
                let problem = match env.lookup(variable) {
                    Ok(Some(value)) => {
                        let from = match env.plain(variable) {
                            Some(_) => format!("the variable {variable}"),
                            None => {
                                let path = env.plain(&format!("{variable}_FILE")).unwrap_or_default();
                                format!("{path}, named by {variable}_FILE")
                            }
                        };
                        return check(name, value, &from, spot, report);
                    }
                    Ok(None) => format!("the secret `{name}`: the variable {variable} is not set"),
                    Err(FillError::Both { .. }) => {
                        let problem = format!("the secret `{name}`: {variable} and {variable}_FILE are both set");
                        report.mistake(Rule::VariableTwice, spot, problem).help("unset one of them").other(used);
                        return None;
                    }
                    Err(FillError::File { path, .. }) => match read_text(Path::new(&path)) {
                        Ok(value) => return check(name, value, &path, spot, report),
                        Err(problem) => {
                            problem.report(name, &format!("named by {variable}_FILE"), spot, used, report);
                            return None;
                        }
                    },
                    Err(_) => return None,
                };
                let help = format!("set {variable}, or {variable}_FILE to the path of a file");
                report.mistake(Rule::MissingSecret, spot, problem).help(help).other(used);
                return None;
            }
            Some(Origin::File(path)) => (read_text(path), path.clone()),
            None => {
                let path = self.directory.join(name);
                (read_text(&path), path)
            }
        };
        match value {
            Ok(value) => check(name, value, &from.display().to_string(), spot, report),
            Err(problem) => {
                problem.report(name, "", spot, used, report);
                None
            }
        }
    }
}

/// What a secret's value must be.
fn check(name: &str, value: String, from: &str, spot: Spot, report: &mut Report) -> Option<String> {
    let value = trim_newline(&value).to_owned();
    if value.is_empty() {
        let problem = format!("the secret `{name}` is empty ({from})");
        report
            .mistake(Rule::WrongSecret, spot, problem)
            .help("write the secret there; a newline at its end does not count");
        return None;
    }
    if value.contains('\0') {
        let problem = format!("the secret `{name}` holds a zero byte ({from})");
        report.mistake(Rule::WrongSecret, spot, problem).help("write it as plain text");
        return None;
    }
    Some(value)
}

/// Why a file does not give a secret.
struct Unreadable {
    rule: Rule,
    cause: String,
    help: String,
}

impl Unreadable {
    fn report(self, name: &str, whose: &str, spot: Spot, used: Spot, report: &mut Report) {
        let whose = if whose.is_empty() { String::new() } else { format!(" ({whose})") };
        let draft = report.mistake(self.rule, spot, format!("the secret `{name}`{whose}: {}", self.cause));
        draft.help(self.help);
        if used != spot {
            draft.other(used);
        }
    }
}

fn read_text(path: &Path) -> Result<String, Unreadable> {
    let shown = path.display();
    let (rule, cause, help) = match bounded::read(path, MOST_BYTES) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => {
                (Rule::WrongSecret, format!("{shown} is not UTF-8 text"), "write the secret as text, such as base64")
            }
        },
        Err(Unread::Io(error)) => return Err(unreadable(path, &error)),
        Err(Unread::Directory) => (
            Rule::UnreadableSecret,
            format!("{shown} is a directory"),
            "a bind mount of a file that was not there makes a directory: put the file there and mount it again",
        ),
        Err(Unread::NotRegular) => {
            (Rule::UnreadableSecret, format!("{shown} is no regular file"), "write the secret into a file")
        }
        Err(Unread::TooLarge) => (
            Rule::TooLarge,
            format!("{shown} has more than {MOST_BYTES} bytes; a secret has no more"),
            "is this the right file?",
        ),
    };
    Err(Unreadable { rule, cause, help: help.to_owned() })
}

fn unreadable(path: &Path, error: &io::Error) -> Unreadable {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Unreadable {
            rule: Rule::MissingSecret,
            cause: format!("there is no file {shown}"),
            help: "put the secret into this file, name another directory of secrets with `--secrets DIR`, or say under `secrets:` where it is; in Compose, list it in the service's `secrets`".into(),
        },
        io::ErrorKind::PermissionDenied => {
            let owner = std::fs::metadata(path).ok().map(|metadata| (metadata.uid(), metadata.mode() & 0o7777));
            let we = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
            denied(&shown.to_string(), owner, we)
        }
        _ => Unreadable {
            rule: Rule::UnreadableSecret,
            cause: format!("cannot read {shown}: {error}"),
            help: "make it a readable file".into(),
        },
    }
}

/// A file that we may not read: whose it is, and who we are.
fn denied(shown: &str, owner: Option<(u32, u32)>, (uid, gid): (u32, u32)) -> Unreadable {
    let whose = match owner {
        Some((owner, mode)) => format!("it belongs to uid {owner} with mode {mode:04o}"),
        None => "a directory above it may not be entered".to_owned(),
    };
    Unreadable {
        rule: Rule::UnreadableSecret,
        cause: format!("cannot read {shown}: {whose}, and hyhost runs as uid {uid}, gid {gid}"),
        help: format!(
            "on the host: `chown {uid} FILE` or `chmod o+r FILE`; Compose ignores `uid`, `gid` and `mode` of a secret that is a file"
        ),
    }
}

/// Whether this can be the name of a secret: of one file in a directory.
fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    first && name.len() <= 128 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_file_says_whose_it_is_and_who_we_are() {
        let unreadable = denied("/run/secrets/x", Some((0, 0o600)), (65534, 65533));
        assert_eq!(
            unreadable.cause,
            "cannot read /run/secrets/x: it belongs to uid 0 with mode 0600, and hyhost runs as uid 65534, gid 65533"
        );
        assert!(unreadable.help.contains("chown 65534"));
    }

    #[test]
    fn names_are_names_of_files() {
        assert!(is_name("app_db") && is_name("a.b-c") && is_name("_x"));
        assert!(!is_name("") && !is_name("..") && !is_name("a/b") && !is_name(".hidden") && !is_name("p@ss"));
    }
}
