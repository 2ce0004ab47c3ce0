//! What `wait` prints.

use std::fmt::Write;

use hyhost_engine::{Report, TargetReport};
use serde_json::{Value, json};

use super::stage;
use super::style::{self, paint};
use crate::args::Common;

/// Prints which targets' servers are ready: for people, or one JSON object a
/// line.
pub(crate) fn print(common: &Common, report: &Report) -> anyhow::Result<()> {
    if super::is_human(common) {
        super::line(for_people(report).trim_end())?;
    } else {
        for line in json_lines(report) {
            super::json(&line)?;
        }
    }
    super::run::last_words(report);
    Ok(())
}

/// A line for each target.
pub(crate) fn for_people(report: &Report) -> String {
    let mut text = String::new();
    for target in &report.targets {
        let name = paint(style::BOLD, &target.name);
        // Writing to a String cannot fail.
        if target.is_ok() {
            let _ = write!(text, "{} {name}  {}", paint(style::GOOD, "="), stage::ready(target.ready));
            super::plan::accounts(&mut text, target);
        } else {
            let _ = write!(text, "{} {name}  {}", paint(style::ERROR, "x"), why(target));
        }
        text.push('\n');
    }
    let ready = report.targets.iter().filter(|target| target.is_ok()).count();
    let _ = writeln!(text, "Ready: {ready} of {} targets.", report.targets.len());
    text
}

/// One object for each target, then the counts.
pub(crate) fn json_lines(report: &Report) -> Vec<Value> {
    let line = |target: &TargetReport| match target.is_ok() {
        true => json!({ "event": "ready", "target": target.name, "after_ms": millis(target.ready) }),
        false => json!({ "event": "not-ready", "target": target.name, "text": why(target) }),
    };
    let mut lines: Vec<Value> = report.targets.iter().map(line).collect();
    let ready = report.targets.iter().filter(|target| target.is_ok()).count();
    lines.push(json!({
        "event": "wait-ended",
        "targets": report.targets.len(), "ready": ready, "not_ready": report.targets.len() - ready,
        "duration_ms": millis(report.duration), "interrupted": report.interrupted,
    }));
    lines
}

fn why(target: &TargetReport) -> String {
    let problems: Vec<String> = target.problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
