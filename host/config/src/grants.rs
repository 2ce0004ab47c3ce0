//! What a target may touch: as its document names things, or spelt out.

use std::collections::BTreeMap;

use hyhost_table::{Pattern, Verb};

use crate::fields::Reader;
use crate::objects::Found;
use crate::report::Report;
use crate::source::Spot;
use crate::yaml::{Kind, Node};
use crate::{Grant, KindGrant, Rule, Slot, suggest};

/// What a kind's rule may say.
const VERBS: [(&str, Verb); 4] =
    [("use", Verb::Use), ("write", Verb::Write), ("destroy", Verb::Destroy), ("raw", Verb::Raw)];

/// The grant of `grant: desired`: just what is named, and the privileged
/// attributes that are spelt out.
pub(crate) fn of_desired(found: &Found, slots: &[Slot]) -> Grant {
    let mut grant = Grant::default();
    for named in &found.names {
        for slot in slots.iter().filter(|slot| slot.capability == named.touch.capability) {
            let kind = kind_of(&mut grant, &slot.connection, &named.touch.kind);
            kind.verbs.entry(named.touch.verb).or_default().insert(named.pattern.clone());
        }
    }
    for attribute in &found.attributes {
        for slot in slots.iter().filter(|slot| slot.capability == attribute.capability) {
            let kind = kind_of(&mut grant, &slot.connection, &attribute.kind);
            kind.attributes.insert(attribute.attribute.clone());
        }
    }
    grant
}

fn kind_of<'g>(grant: &'g mut Grant, connection: &str, kind: &str) -> &'g mut KindGrant {
    grant.connections.entry(connection.to_owned()).or_default().entry(kind.to_owned()).or_default()
}

/// A spelt-out grant: by connection, kind and verb.
pub(crate) fn spelt_out(
    node: &Node,
    target: &str,
    slots: &[Slot],
    kinds: &[String],
    reader: &mut Reader<'_>,
) -> Option<Grant> {
    let what = format!("targets.{target}.grant");
    let Kind::Map(connections) = &node.kind else {
        let problem = format!("`{what}` is neither `desired` nor a map");
        reader.report.mistake(Rule::WrongType, node.spot, problem).help(
            "write `grant: desired`, or by connection, kind and verb: `{ main-db: { role: { write: [app_*] } } }`",
        );
        return None;
    };
    let before = reader.report.mistakes();
    let mut grant = Grant::default();
    for entry in connections {
        let Some(slot) = slots.iter().find(|slot| slot.connection == entry.key) else {
            let problem = format!("`{what}` speaks of `{}`, which is not a connection of this target", entry.key);
            let help = suggest::known(&entry.key, slots.iter().map(|slot| slot.connection.as_str()));
            reader.report.mistake(Rule::UnknownConnection, entry.key_spot, problem).help_if(help);
            continue;
        };
        let what = format!("{what}.{}", entry.key);
        let Kind::Map(rules) = &entry.value.kind else {
            reader
                .report
                .mistake(Rule::WrongType, entry.value.spot, format!("`{what}` must be a map of kinds"))
                .help("such as `{ role: [app_*] }`");
            continue;
        };
        if rules.is_empty() {
            empty(&what, entry.value.spot, reader.report);
        }
        for rule in rules {
            let known = kinds.contains(&rule.key) || is_kind(&slot.capability, &rule.key);
            if !known {
                let problem = format!("`{}` has no kind `{}`", slot.capability, rule.key);
                let help = suggest::known(&rule.key, kinds.iter().map(String::as_str));
                reader.report.mistake(Rule::UnknownKind, rule.key_spot, problem).help_if(help);
                continue;
            }
            let kind = kind_of(&mut grant, &entry.key, &rule.key);
            kind_rule(&rule.value, &format!("{what}.{}", rule.key), kind, reader);
        }
    }
    (reader.report.mistakes() == before).then_some(grant)
}

/// Whether the capability's own table knows the kind.
fn is_kind(capability: &str, kind: &str) -> bool {
    hyhost_table::shipped(capability)
        .is_some_and(|table| table.rows.iter().flat_map(|row| &row.names).any(|name| name.kind == kind))
}

fn kind_rule(node: &Node, what: &str, kind: &mut KindGrant, reader: &mut Reader<'_>) {
    match &node.kind {
        Kind::List(items) => patterns(items, Verb::Write, what, node.spot, kind, reader),
        Kind::Map(verbs) => {
            if verbs.is_empty() {
                empty(what, node.spot, reader.report);
            }
            for entry in verbs {
                let what = format!("{what}.{}", entry.key);
                let Kind::List(items) = &entry.value.kind else {
                    reader
                        .report
                        .mistake(Rule::WrongType, entry.value.spot, format!("`{what}` must be a list"))
                        .help(format!("write `{}: [ … ]`", entry.key));
                    continue;
                };
                if entry.key == "attributes" {
                    if items.is_empty() {
                        empty(&what, entry.value.spot, reader.report);
                    }
                    kind.attributes.extend(reader.texts(&entry.value, &what).into_iter().map(|(text, _)| text));
                    continue;
                }
                match VERBS.iter().find(|(word, _)| *word == entry.key) {
                    Some((_, verb)) => patterns(items, *verb, &what, entry.value.spot, kind, reader),
                    None => {
                        let known = VERBS.iter().map(|(word, _)| *word).chain(["attributes"]);
                        let problem = format!("`{}` is not a verb of a grant", entry.key);
                        let help = suggest::known(&entry.key, known);
                        reader.report.mistake(Rule::UnknownVerb, entry.key_spot, problem).help_if(help);
                    }
                }
            }
        }
        Kind::Scalar(_) => {
            reader
                .report
                .mistake(Rule::WrongType, node.spot, format!("`{what}` must be a list of names, or a map of verbs"))
                .help("write `[app_*]`, or `{ write: [app_*], use: [pg_monitor] }`");
        }
    }
}

fn empty(what: &str, spot: Spot, report: &mut Report) {
    report.mistake(Rule::EmptyGrant, spot, format!("`{what}` grants nothing")).help("name something, or leave it out");
}

fn patterns(items: &[Node], verb: Verb, what: &str, spot: Spot, kind: &mut KindGrant, reader: &mut Reader<'_>) {
    if items.is_empty() {
        empty(what, spot, reader.report);
    }
    for item in items {
        let Some(text) = reader.text(item, what) else { continue };
        match text.parse::<Pattern>() {
            Ok(pattern) => {
                if pattern.is_everything() {
                    let note = format!("`{what}` matches everything: this target may {verb} all of them");
                    reader.report.note(Some(item.spot), note);
                }
                kind.verbs.entry(verb).or_default().insert(pattern);
            }
            Err(error) => {
                reader
                    .report
                    .mistake(Rule::Pattern, item.spot, format!("`{what}`: this is not a pattern of names: {error}"))
                    .help("segments are joined by `/`, as in `app/public/t_*`; `*` stays within a segment; `\\/` is a `/` in a name");
            }
        }
    }
}

/// A target whose document asks for more than its grant allows.
pub(crate) fn compare(grant: &Grant, found: &Found, slots: &[Slot], node: &Node, report: &mut Report) {
    let mut missing: BTreeMap<(String, String, String), (Vec<String>, Spot)> = BTreeMap::new();
    let mut lacks = |connection: &str, kind: &str, verb: &str, name: String, spot: Spot| {
        let key = (connection.to_owned(), kind.to_owned(), verb.to_owned());
        let (names, _) = missing.entry(key).or_insert_with(|| (Vec::new(), spot));
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for slot in slots {
        for named in found.names.iter().filter(|named| named.touch.capability == slot.capability) {
            if !covers(grant, &slot.connection, named) {
                let name = String::from(named.pattern.clone());
                lacks(&slot.connection, &named.touch.kind, named.touch.verb.as_str(), name, named.spot);
            }
        }
        for attribute in found.attributes.iter().filter(|attribute| attribute.capability == slot.capability) {
            if !grant.allows_attribute(&slot.connection, &attribute.kind, &attribute.attribute) {
                lacks(&slot.connection, &attribute.kind, "attributes", attribute.attribute.clone(), attribute.spot);
            }
        }
    }
    for ((connection, kind, verb), (names, spot)) in missing {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = suggest::list(&names);
        let problem = match verb.as_str() {
            "attributes" => {
                format!("`desired` sets the privileged attributes {list} of a {kind}, which the grant does not allow")
            }
            verb => format!("`desired` needs to {verb} the {kind} {list}, which the grant does not allow"),
        };
        let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
        let help = format!("add to the grant: `{connection}: {{ {kind}: {{ {verb}: [{}] }} }}`", quoted.join(", "));
        report.mistake(Rule::GrantTooSmall, node.spot, problem).help(help).other(spot);
    }
}

fn covers(grant: &Grant, connection: &str, named: &crate::objects::Named) -> bool {
    let Some(kind) = grant.connections.get(connection).and_then(|kinds| kinds.get(&named.touch.kind)) else {
        return false;
    };
    kind.verbs.iter().any(|(verb, patterns)| {
        let granted = || {
            patterns.iter().any(|pattern| {
                // A pattern lies within another if its own text does: a `*`
                // there is matched by a `*` here, never by a plain name.
                pattern == &named.pattern || pattern.matches(&named.touch.name)
            })
        };
        verb.allows(named.touch.verb) && granted()
    })
}

/// A name as YAML takes it in a list.
fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '*' | '.'));
    if plain && crate::core_schema::typed(name).is_string() { name.to_owned() } else { format!("{name:?}") }
}
