//! `after`: what waits for what.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Report;
use crate::source::Spot;
use crate::{Rule, suggest};

/// A target's name and what it waits for, each with its spot.
pub(crate) type Edges<'a> = BTreeMap<&'a str, Vec<(String, Spot)>>;

/// Checks the names and looks for cycles, over all targets, chosen or not.
pub(crate) fn check(edges: &Edges<'_>, report: &mut Report) {
    for (target, after) in edges {
        for (name, spot) in after {
            if !edges.contains_key(name.as_str()) {
                let problem = format!("`{target}` waits for `{name}`, which is not a target");
                let others = edges.keys().copied().filter(|known| known != target);
                let help = suggest::known(name, others)
                    .unwrap_or_else(|| "write it under `targets:`, or leave it out here".to_owned());
                report.mistake(Rule::UnknownTarget, *spot, problem).help(help);
            }
        }
    }
    let mut done = BTreeSet::new();
    for target in edges.keys() {
        walk(target, edges, &mut Vec::new(), &mut done, report);
    }
}

fn walk<'e>(
    target: &'e str,
    edges: &'e Edges<'_>,
    path: &mut Vec<&'e str>,
    done: &mut BTreeSet<&'e str>,
    report: &mut Report,
) {
    if done.contains(target) {
        return;
    }
    path.push(target);
    for (name, spot) in edges.get(target).into_iter().flatten() {
        match path.iter().position(|step| step == name) {
            Some(start) => {
                let mut cycle: Vec<&str> = path[start..].to_vec();
                cycle.push(name);
                let problem = format!("targets wait for each other: {}", cycle.join(" → "));
                report
                    .mistake(Rule::Cycle, *spot, problem)
                    .help("read `→` as `after`; take out one of these, so that one of them can begin");
            }
            None => walk(name, edges, path, done, report),
        }
    }
    path.pop();
    done.insert(target);
}

/// What a chosen target waits for among the chosen ones. The others count
/// as met, which is said.
pub(crate) fn among(
    target: &str,
    after: &[(String, Spot)],
    chosen: &BTreeSet<String>,
    report: &mut Report,
) -> Vec<String> {
    let mut met = Vec::new();
    for (name, spot) in after {
        if chosen.contains(name) {
            if !met.contains(name) {
                met.push(name.clone());
            }
        } else {
            report.note(Some(*spot), format!("`{target}` waits for `{name}`, which is not chosen: it counts as done"));
        }
    }
    met
}
