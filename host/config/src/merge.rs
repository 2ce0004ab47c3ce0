//! All documents of the directory as one.

use crate::Rule;
use crate::report::Report;
use crate::suggest;
use crate::yaml::{Entry, Kind, Node};

/// What may stand at the top.
pub(crate) const SECTIONS: [&str; 5] = ["secrets", "connections", "targets", "plugins", "audit"];

/// The sections, each name once.
#[derive(Default)]
pub(crate) struct Document {
    pub secrets: Vec<Entry>,
    pub connections: Vec<Entry>,
    pub targets: Vec<Entry>,
    pub plugins: Vec<Entry>,
    pub audit: Option<Entry>,
}

/// Puts the roots together. A name that stands in two files is a mistake
/// that shows both places.
pub(crate) fn merge(roots: Vec<Node>, report: &mut Report) -> Document {
    let mut document = Document::default();
    for root in roots {
        if root.is_null() {
            continue;
        }
        let spot = root.spot;
        let Kind::Map(entries) = root.kind else {
            report
                .mistake(Rule::WrongType, spot, "a document must be a map")
                .help(format!("at its top stand {}", suggest::list(&SECTIONS)))
                .without_line();
            continue;
        };
        for entry in entries {
            section(&mut document, entry, report);
        }
    }
    document
}

fn section(document: &mut Document, entry: Entry, report: &mut Report) {
    let (names, what) = match entry.key.as_str() {
        "secrets" => (&mut document.secrets, "secret"),
        "connections" => (&mut document.connections, "connection"),
        "targets" => (&mut document.targets, "target"),
        "plugins" => (&mut document.plugins, "plugin"),
        "audit" => {
            match &document.audit {
                Some(first) => {
                    report
                        .mistake(Rule::DuplicateName, entry.key_spot, "`audit` stands in two files")
                        .help("keep one of them")
                        .other(first.key_spot);
                }
                None => document.audit = Some(entry),
            }
            return;
        }
        key if is_extension(key) => return,
        key => {
            report.unknown_field(key, entry.key_spot, "at the top of a document", suggest::known(key, SECTIONS));
            hide(&entry.value, report);
            return;
        }
    };
    if entry.value.is_null() {
        return;
    }
    let spot = entry.value.spot;
    let Kind::Map(entries) = entry.value.kind else {
        hide(&entry.value, report);
        let problem = format!("`{}` must be a map of {what}s by name", entry.key);
        report.mistake(Rule::WrongType, spot, problem).help(format!("write `{}: {{ name: … }}`", entry.key));
        return;
    };
    for new in entries {
        if is_extension(&new.key) {
            continue;
        }
        match names.iter().find(|known| known.key == new.key) {
            Some(first) => {
                let problem = format!("the {what} `{}` is declared twice", new.key);
                report
                    .mistake(Rule::DuplicateName, new.key_spot, problem)
                    .help("rename or remove one of them")
                    .other(first.key_spot);
            }
            None => names.push(new),
        }
    }
}

/// `x-…` is for people and other tools.
pub(crate) fn is_extension(key: &str) -> bool {
    key.starts_with("x-")
}

/// Nothing of this value is ever shown.
pub(crate) fn hide(node: &Node, report: &mut Report) {
    for spot in node.words() {
        report.hide(spot);
    }
}
