//! What a target may touch: as its document names things, or spelt out.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_table::{Name, Pattern, Table, Verb};

use crate::fields::Reader;
use crate::objects::Found;
use crate::report::Report;
use crate::source::Spot;
use crate::yaml::{Kind, Node};
use crate::{Grant, KindGrant, PruneRule, Rule, Slot, suggest};

/// What a kind's rule may say.
const VERBS: [(&str, Verb); 4] =
    [("use", Verb::Use), ("write", Verb::Write), ("destroy", Verb::Destroy), ("raw", Verb::Raw)];

/// Attributes that a document grants by what it says beside `desired`.
const EXACT: &str = "exact";
const WITH_DATA: &str = "with_data";

/// Everything that a target's document asks for.
pub(crate) struct Asked<'a> {
    pub found: &'a Found,
    pub prune: &'a [PruneRule],
    pub exact: bool,
    pub slots: &'a [Slot],
}

/// A privileged attribute that is asked for.
struct Wanted<'a> {
    connection: &'a str,
    kind: &'a str,
    attribute: &'a str,
    /// Where it is asked for; absent: by the target as a whole.
    spot: Option<Spot>,
}

impl Asked<'_> {
    /// The grant of `grant: desired`: just what is named, the privileged
    /// attributes that are spelt out, and what may be removed.
    pub(crate) fn grant(&self) -> Grant {
        let mut grant = Grant::default();
        for named in &self.found.names {
            for slot in self.slots_of(&named.touch.capability) {
                let kind = kind_of(&mut grant, &slot.connection, &named.touch.kind);
                kind.verbs.entry(named.touch.verb).or_default().insert(named.pattern.clone());
            }
        }
        for rule in self.prune {
            for slot in self.slots_of(&rule.capability) {
                let kind = kind_of(&mut grant, &slot.connection, &rule.kind);
                kind.verbs.entry(Verb::Destroy).or_default().insert(rule.pattern.clone());
            }
        }
        for wanted in self.attributes() {
            kind_of(&mut grant, wanted.connection, wanted.kind).attributes.insert(wanted.attribute.to_owned());
        }
        grant
    }

    fn slots_of(&self, capability: &str) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(move |slot| slot.capability == capability)
    }

    /// The privileged attributes: those that `desired` sets, `exact` of the
    /// kinds that it declares, `with_data` of those that are pruned so.
    fn attributes(&self) -> Vec<Wanted<'_>> {
        let mut all = Vec::new();
        for set in &self.found.attributes {
            all.extend(self.slots_of(&set.capability).map(|slot| Wanted {
                connection: &slot.connection,
                kind: &set.kind,
                attribute: &set.attribute,
                spot: Some(set.spot),
            }));
        }
        let written = self.found.names.iter().filter(|named| self.exact && named.touch.verb == Verb::Write);
        let exact = written.map(|named| (&named.touch.capability, &named.touch.kind, EXACT));
        let pruned = self.prune.iter().filter(|rule| rule.with_data);
        let with_data = pruned.map(|rule| (&rule.capability, &rule.kind, WITH_DATA));
        for (capability, kind, attribute) in exact.chain(with_data) {
            for slot in self.slots_of(capability) {
                all.push(Wanted { connection: &slot.connection, kind, attribute, spot: None });
            }
        }
        all
    }
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
    table: &dyn Fn(&str) -> Option<&'static Table>,
    reader: &mut Reader<'_>,
) -> Option<Grant> {
    let what = format!("targets.{target}.grant");
    let Kind::Map(connections) = &node.kind else {
        let problem = format!("`{what}` is neither `desired` nor a map");
        reader.report.mistake(Rule::WrongType, node.spot, problem).help(
            "write `grant: desired`, or by connection, kind and verb: `{ main-db: { role: { write: [app_*] } } }`, or \
             a list of both",
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
            let known = kinds.contains(&rule.key) || table(&entry.key).is_some_and(|table| table.has_kind(&rule.key));
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
pub(crate) fn compare(grant: &Grant, asked: &Asked<'_>, node: &Node, report: &mut Report) {
    let mut missing: BTreeMap<(String, String, String), (Vec<String>, Spot)> = BTreeMap::new();
    let mut lacks = |connection: &str, kind: &str, verb: &str, name: String, spot: Spot| {
        let key = (connection.to_owned(), kind.to_owned(), verb.to_owned());
        let (names, _) = missing.entry(key).or_insert_with(|| (Vec::new(), spot));
        if !names.contains(&name) {
            names.push(name);
        }
    };
    for named in &asked.found.names {
        for slot in asked.slots_of(&named.touch.capability) {
            let need = (named.touch.kind.as_str(), named.touch.verb, &named.pattern);
            if !covers(grant, &slot.connection, need, Some(&named.touch.name)) {
                let name = String::from(named.pattern.clone());
                lacks(&slot.connection, &named.touch.kind, named.touch.verb.as_str(), name, named.spot);
            }
        }
    }
    for rule in asked.prune {
        for slot in asked.slots_of(&rule.capability) {
            if !covers(grant, &slot.connection, (&rule.kind, Verb::Destroy, &rule.pattern), None) {
                let name = String::from(rule.pattern.clone());
                lacks(&slot.connection, &rule.kind, Verb::Destroy.as_str(), name, node.spot);
            }
        }
    }
    for wanted in asked.attributes() {
        if !grant.allows_attribute(wanted.connection, wanted.kind, wanted.attribute) {
            let spot = wanted.spot.unwrap_or(node.spot);
            lacks(wanted.connection, wanted.kind, "attributes", wanted.attribute.to_owned(), spot);
        }
    }
    for ((connection, kind, verb), (names, spot)) in missing {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let list = suggest::list(&names);
        let problem = match verb.as_str() {
            "attributes" => {
                format!("`desired` sets the privileged attributes {list} of a {kind}, which the grant does not allow")
            }
            "destroy" => format!("`prune` needs to destroy the {kind} {list}, which the grant does not allow"),
            verb => format!("`desired` needs to {verb} the {kind} {list}, which the grant does not allow"),
        };
        let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
        let help = format!("add to the grant: `{connection}: {{ {kind}: {{ {verb}: [{}] }} }}`", quoted.join(", "));
        let mistake = report.mistake(Rule::GrantTooSmall, node.spot, problem).help(help);
        if spot != node.spot {
            mistake.other(spot);
        }
    }
}

/// Whether the grant allows a verb on all that a pattern stands for.
fn covers(grant: &Grant, connection: &str, need: (&str, Verb, &Pattern), name: Option<&Name>) -> bool {
    let (kind, needed, wanted) = need;
    let Some(kind) = grant.connections.get(connection).and_then(|kinds| kinds.get(kind)) else {
        return false;
    };
    // A pattern lies within another if its own text does: a `*` there is
    // matched by a `*` here, never by a plain name.
    let text = Name(wanted.segments());
    let name = name.unwrap_or(&text);
    let granted =
        |patterns: &BTreeSet<Pattern>| patterns.iter().any(|pattern| pattern == wanted || pattern.matches(name));
    kind.verbs.iter().any(|(verb, patterns)| verb.allows(needed) && granted(patterns))
}

/// A name as YAML takes it in a list.
fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '*' | '.'));
    if plain && crate::core_schema::typed(name).is_string() { name.to_owned() } else { format!("{name:?}") }
}
