//! What `run` prints: its events as they come, and the last words.

use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyhost_audit::{Counts, Event, Outcome, What};
use hyhost_engine::{Report, TargetReport};
use hyhost_table::Action;

use super::style::{self, paint};
use crate::args::Common;

/// A sink: one JSON object a line.
pub(crate) fn json_line(event: &Event) -> io::Result<()> {
    super::json(event)
}

/// A sink: what a person wants to see of an event.
pub(crate) fn for_people(event: &Event) -> io::Result<()> {
    match text(event) {
        Some(text) => super::line(&text),
        None => Ok(()),
    }
}

/// How many objects were removed, or changed so that something was lost.
#[derive(Debug, Default)]
pub(crate) struct Destroyed(AtomicUsize);

impl Destroyed {
    /// Counts an event.
    pub(crate) fn count(&self, event: &Event) {
        if let What::Object { action: Action::Destroy | Action::Remove, outcome: Outcome::Done, .. } = &event.what {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(crate) fn text(event: &Event) -> Option<String> {
    match &event.what {
        What::RunStarted { .. } | What::Announced { .. } | What::RunEnded { .. } => None,
        What::Object { target, object, action, outcome, message, note, .. } => {
            let (sign, style) = style::action(*action);
            let tail = match (outcome, message) {
                (Outcome::Done, _) => String::new(),
                (Outcome::Unchanged, _) => ": was so already".to_owned(),
                (_, Some(message)) => format!(": {message}"),
                (_, None) => ": failed".to_owned(),
            };
            let tail = note.as_ref().map_or(tail.clone(), |note| format!("{tail} ({note})"));
            let painted = match outcome {
                Outcome::Done | Outcome::Unchanged => paint(style, &sign.to_string()),
                _ => paint(style::ERROR, "x"),
            };
            Some(format!("{painted} {target}  {object}{tail}"))
        }
        What::Refused { target, operation, message, .. } => {
            Some(format!("{} {target}  {operation}: {message}", paint(style::ERROR, "x")))
        }
        What::TargetEnded { target, outcome, counts, extras, work_ms, message, .. } => {
            let mut lines: Vec<String> =
                extras.iter().map(|extra| format!("{} {target}  extra: {extra}", paint(style::WARN, "*"))).collect();
            let (sign, style) = match outcome {
                Outcome::Done | Outcome::Unchanged => ("=", style::GOOD),
                Outcome::Skipped => ("-", style::WARN),
                _ => ("x", style::ERROR),
            };
            let sign = paint(style, sign);
            let words = match (outcome, message) {
                (Outcome::Skipped, Some(message)) => message.clone(),
                (Outcome::Failed | Outcome::Denied, _) => {
                    let Counts { changed, failed, skipped, .. } = counts;
                    format!("failed: {changed} changed, {failed} failed, {skipped} skipped, in {work_ms} ms")
                }
                _ => format!("{} changed, in {work_ms} ms", counts.changed),
            };
            lines.push(format!("{sign} {target}  {words}"));
            Some(lines.join("\n"))
        }
    }
}

/// The last lines of a run.
pub(crate) fn summary(common: &Common, report: &Report, destroyed: &Destroyed) {
    if report.is_ok() && super::is_human(common) {
        // The exit code says it too.
        let _ = super::line(&done(report, destroyed));
    }
    last_words(report);
}

/// `Done: 2 targets, 5 changed, 1 of them destroyed, 2 extra, in 0.8 s`.
pub(crate) fn done(report: &Report, destroyed: &Destroyed) -> String {
    let (targets, changed) = (report.targets.len(), report.counts.changed);
    let mut text = format!("{} {targets} targets, {changed} changed", paint(style::GOOD, "Done:"));
    let lost = destroyed.0.load(Ordering::Relaxed);
    let extra: usize = report.targets.iter().map(|target| target.plan.extras.len()).sum();
    if lost > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ", {}", paint(style::ERROR, &format!("{lost} of them destroyed")));
    }
    if extra > 0 {
        let _ = write!(text, ", {extra} extra");
    }
    let _ = write!(text, ", in {:.1} s", report.duration.as_secs_f64());
    text
}

/// For a person at night, on stderr: what failed, where it stands, what was
/// changed, that running again is safe, what to do.
pub(crate) fn last_words(report: &Report) {
    if !report.is_ok() {
        let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let command = &words.join(" ");
        super::tell(farewell(report, command).trim_end());
    }
}

/// The last words as text.
pub(crate) fn farewell(report: &Report, command: &str) -> String {
    let (skipped, failed): (Vec<&TargetReport>, Vec<&TargetReport>) =
        report.targets.iter().filter(|target| !target.is_ok()).partition(|target| target.outcome == Outcome::Skipped);
    let mut text = String::new();
    let asked = if report.interrupted { "asked to stop: " } else { "" };
    let left_out = if skipped.is_empty() { String::new() } else { format!(", {} skipped", skipped.len()) };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\n{} {asked}{} of {} targets failed{left_out}",
        paint(style::ERROR, "hyhost:"),
        failed.len(),
        report.targets.len()
    );
    for target in failed.iter().chain(&skipped) {
        let _ = writeln!(text, "\n  {} ({})", paint(style::BOLD, &target.name), target.place);
        for problem in target.problems.iter().take(SHOWN) {
            let _ = writeln!(text, "    {problem}");
        }
        if target.problems.len() > SHOWN {
            let _ = writeln!(text, "    and {} more; each is an event on stdout", target.problems.len() - SHOWN);
        }
    }
    if let Some(record) = &report.record {
        let _ = writeln!(text, "\n  {record}");
    }
    let changed: Vec<String> = report
        .targets
        .iter()
        .flat_map(|target| target.changed.iter().map(move |object| format!("{} {object}", target.name)))
        .collect();
    let _ = match changed.len() {
        0 => writeln!(text, "\n  Changed before that: nothing."),
        n if n <= SHOWN => writeln!(text, "\n  Changed before that: {}.", changed.join(", ")),
        n => writeln!(text, "\n  Changed before that: {}, and {} more.", changed[..SHOWN].join(", "), n - SHOWN),
    };
    let _ = writeln!(text, "  Running again is safe: what is done is not done twice.");
    let _ = match report.interrupted {
        true => writeln!(text, "  Next: run it again: {command}"),
        false => writeln!(text, "  Next: mend what stands above, then run it again: {command}"),
    };
    text
}

/// How many of one sort are shown.
const SHOWN: usize = 10;
