//! What `plan` prints.

use std::fmt::Write;

use hyhost_engine::{Report, TargetReport};
use hyhost_table::{Action, Change};
use serde_json::Value;

use super::style::{self, paint};
use crate::args::Common;

/// Prints the plan: for people, or one JSON object a line.
pub(crate) fn print(common: &Common, report: &Report, strict: bool) -> anyhow::Result<()> {
    if super::is_human(common) {
        super::line(for_people(report, strict).trim_end())?;
    } else {
        for line in json_lines(report, strict) {
            super::json(&line)?;
        }
    }
    super::run::last_words(report);
    Ok(())
}

/// The plan as objects: one for each change and remark, then the counts.
/// `strict`: extras count as something to do.
pub(crate) fn json_lines(report: &Report, strict: bool) -> Vec<Value> {
    let mut lines = Vec::new();
    for target in &report.targets {
        for change in &target.plan.changes {
            lines.push(serde_json::json!({ "event": "change", "target": target.name, "change": change }));
        }
        let remarks =
            [("deferred", &target.plan.deferred), ("extra", &target.plan.extras), ("refused", &target.plan.refused)];
        for (event, list) in remarks {
            for remark in list {
                let line = serde_json::json!({
                    "event": event, "target": target.name, "object": remark.id, "text": remark.text,
                });
                lines.push(line);
            }
        }
        for problem in target.problems.iter().filter(|p| !is_refusal(target, p.object.as_deref())) {
            let line = serde_json::json!({
                "event": "problem", "target": target.name, "object": problem.object, "text": problem.text,
            });
            lines.push(line);
        }
    }
    let sum = Sum::of(report);
    lines.push(serde_json::json!({
        "event": "plan-ended",
        "create": sum.create, "update": sum.update, "destroy": sum.destroy, "remove": sum.remove,
        "deferred": sum.deferred, "extra": sum.extra, "refused": sum.refused,
        "targets": report.targets.len(),
        "failed": report.targets.iter().filter(|target| !target.is_ok()).count(),
        "settled": report.is_settled() && !(strict && sum.extra > 0),
    }));
    lines
}

fn is_refusal(target: &TargetReport, object: Option<&str>) -> bool {
    object.is_some_and(|id| target.plan.refused.iter().any(|remark| remark.id == id))
}

/// The plan for people, with colour.
pub(crate) fn for_people(report: &Report, strict: bool) -> String {
    let mut text = String::new();
    for target in &report.targets {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", paint(style::BOLD, &target.name));
        accounts(&mut text, target);
        text.push('\n');
        for change in &target.plan.changes {
            self::change(&mut text, change);
        }
        for remark in &target.plan.deferred {
            let _ = writeln!(text, "  {} {}: later: {}", paint(style::NOTE, "…"), remark.id, remark.text);
        }
        for remark in &target.plan.extras {
            let _ = writeln!(text, "  {} {}: extra: {}", paint(style::WARN, "*"), remark.id, remark.text);
        }
        for remark in &target.plan.refused {
            let _ = writeln!(text, "  {} {}: refused: {}", paint(style::ERROR, "x"), remark.id, remark.text);
        }
        for problem in target.problems.iter().filter(|p| !is_refusal(target, p.object.as_deref())) {
            let _ = writeln!(text, "  {} {problem}", paint(style::ERROR, "x"));
        }
        let extras_pass = !strict || target.plan.extras.is_empty();
        if extras_pass && target.is_ok() && target.plan.is_settled() {
            let _ = writeln!(text, "  {} nothing to do", paint(style::GOOD, "="));
        }
        text.push('\n');
    }
    let sum = Sum::of(report);
    // What may be lost is counted as one, as people know it from elsewhere;
    // each line above says whether a change destroys or removes.
    let lost = sum.destroy + sum.remove;
    let destroys = format!("{lost} to destroy");
    let destroys = if lost > 0 { paint(style::ERROR, &destroys) } else { destroys };
    let _ = write!(text, "Plan: {} to create, {} to change, {destroys}", sum.create, sum.update);
    let extra = if strict { "extra, which --strict does not let pass" } else { "extra" };
    for (count, word) in [(sum.deferred, "for later"), (sum.extra, extra), (sum.refused, "refused")] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text.push_str(". Nothing was changed.\n");
    text
}

/// As whom a target works, and what is to be said of it.
pub(crate) fn accounts(text: &mut String, target: &TargetReport) {
    for (connection, account) in &target.accounts {
        // Writing to a String cannot fail.
        let _ = write!(text, "  {connection} = {}@{}", account.user, account.endpoint);
        if account.superuser == Some(true) {
            let _ = write!(text, " {}", paint(style::WARN, "superuser"));
        }
        if account.plaintext {
            let _ = write!(text, " {}", paint(style::WARN, "plaintext"));
        }
    }
}

fn change(text: &mut String, change: &Change) {
    let (sign, style) = style::action(change.action);
    let _ = writeln!(text, "  {} {}", paint(style, &format!("{sign} {}", change.action)), change.id);
    for line in differences(change) {
        let _ = writeln!(text, "      {line}");
    }
}

/// One line for each attribute that a change sets: `owner: old → new`.
pub(crate) fn differences(change: &Change) -> Vec<String> {
    let blank = serde_json::Map::new();
    let of = |value: &Option<Value>| match value {
        Some(Value::Object(map)) => map.clone(),
        _ => blank.clone(),
    };
    let (before, after) = (of(&change.before), of(&change.after));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut lines = Vec::new();
    for key in keys {
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => lines.push(format!("{key}: {} → {}", short(old), short(new))),
            (None, Some(new)) => lines.push(format!("{key}: {}", short(new))),
            (Some(old), None) => lines.push(format!("{key}: {} → (gone)", short(old))),
            (None, None) => {}
        }
    }
    lines
}

/// A value as a person reads it, on one line.
fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.escape_debug().to_string(),
        Value::Null => "(none)".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[derive(Default)]
struct Sum {
    create: usize,
    update: usize,
    destroy: usize,
    remove: usize,
    deferred: usize,
    extra: usize,
    refused: usize,
}

impl Sum {
    fn of(report: &Report) -> Self {
        let mut sum = Self::default();
        for target in &report.targets {
            for change in &target.plan.changes {
                match change.action {
                    Action::Create => sum.create += 1,
                    Action::Update => sum.update += 1,
                    Action::Destroy => sum.destroy += 1,
                    Action::Remove => sum.remove += 1,
                }
            }
            sum.deferred += target.plan.deferred.len();
            sum.extra += target.plan.extras.len();
            sum.refused += target.plan.refused.len();
        }
        sum
    }
}
