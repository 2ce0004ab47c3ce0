//! `prune:` of a target: what may be removed.

use hyhost_table::{Pattern, Table, Verb};

use crate::connections::Read;
use crate::fields::Reader;
use crate::heads::Head;
use crate::yaml::{Entry, Kind, Node};
use crate::{PruneRule, Rule, Slot, suggest};

/// The key beside the kinds.
const WITH_DATA: &str = "with_data";

/// The rules of a target. Patterns that would remove everything, and kinds of
/// which nothing can be removed, are mistakes.
pub(crate) fn rules(
    head: &Head<'_>,
    connections: &std::collections::BTreeMap<String, Read<'_>>,
    reader: &mut Reader<'_>,
) -> Vec<PruneRule> {
    let Some(entry) = head.prune else { return Vec::new() };
    let what = format!("targets.{}.prune", head.name);
    let Kind::Map(entries) = &entry.value.kind else {
        reader
            .report
            .mistake(Rule::WrongType, entry.value.spot, format!("`{what}` must be a map of kinds"))
            .help("such as `prune: { role: [app_tmp_*] }`");
        return Vec::new();
    };
    let with_data = entries.iter().find(|entry| entry.key == WITH_DATA);
    let with_data = with_data.and_then(|entry| reader.flag(&entry.value, &format!("{what}.{WITH_DATA}")));
    let tables: Vec<(&Slot, &'static Table)> = head
        .slots
        .iter()
        .filter_map(|slot| Some((slot, connections.get(&slot.connection)?.connection.as_ref()?.table()?)))
        .collect();
    let mut rules = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key != WITH_DATA) {
        let patterns = patterns(&entry.value, &format!("{what}.{}", entry.key), reader);
        let fitting = || tables.iter().filter(|(_, table)| table.kinds(Verb::Destroy).any(|kind| kind == entry.key));
        // Without a connection that could be read nothing is known of kinds.
        if fitting().next().is_none() && !tables.is_empty() {
            unknown(entry, &tables, reader);
        }
        for (slot, _) in fitting() {
            rules.extend(patterns.iter().map(|pattern| PruneRule {
                capability: slot.capability.clone(),
                kind: entry.key.clone(),
                pattern: pattern.clone(),
                with_data: with_data.unwrap_or(false),
            }));
        }
    }
    rules
}

fn unknown(entry: &Entry, tables: &[(&Slot, &'static Table)], reader: &mut Reader<'_>) {
    let known = || tables.iter().flat_map(|(_, table)| table.kinds(Verb::Destroy));
    let problem = format!("nothing of the kind `{}` can be removed here", entry.key);
    let mut all: Vec<&str> = known().collect();
    all.sort_unstable();
    all.dedup();
    let help = suggest::known(&entry.key, known()).unwrap_or_else(|| match all.is_empty() {
        true => "this plugin's server has no operation that removes: leave `prune` out".to_owned(),
        false => format!("what can be: {}", suggest::list(&all)),
    });
    reader.report.mistake(Rule::UnknownKind, entry.key_spot, problem).help(help);
}

fn patterns(node: &Node, what: &str, reader: &mut Reader<'_>) -> Vec<Pattern> {
    let items: Vec<&Node> = match &node.kind {
        Kind::List(items) => items.iter().collect(),
        Kind::Scalar(_) => vec![node],
        Kind::Map(_) => {
            reader
                .report
                .mistake(Rule::WrongType, node.spot, format!("`{what}` must be a list of patterns"))
                .help("such as `[app_tmp_*]`");
            return Vec::new();
        }
    };
    items.into_iter().filter_map(|item| pattern(item, what, reader)).collect()
}

fn pattern(node: &Node, what: &str, reader: &mut Reader<'_>) -> Option<Pattern> {
    let Kind::Scalar(scalar) = &node.kind else {
        reader
            .report
            .mistake(Rule::WrongType, node.spot, format!("`{what}` must hold patterns"))
            .help("such as `tmp_*`");
        return None;
    };
    let filled = reader.fill(node.spot, &scalar.text)?;
    let everything = !filled.text.is_empty() && filled.text.chars().all(|c| matches!(c, '*' | '/'));
    let problem = match (everything, filled.empty || filled.text.is_empty()) {
        (true, _) => Some("this pattern would remove everything"),
        (false, true) => Some("a variable in this pattern is empty"),
        _ => None,
    };
    if let Some(problem) = problem {
        reader
            .report
            .mistake(Rule::PruneEverything, node.spot, problem)
            .help("name a part that all of them share, such as `app_tmp_*`");
        return None;
    }
    match filled.text.parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            reader
                .report
                .mistake(Rule::Pattern, node.spot, format!("`{what}`: this is not a pattern of names: {error}"))
                .help("segments are joined by `/`; `*` stays within a segment; `\\/` is a `/` in a name");
            None
        }
    }
}
