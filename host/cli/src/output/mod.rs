//! What people and programs read: results on stdout, everything else on
//! stderr. Where stdout is no terminal it holds one JSON object a line.

#[cfg(test)]
mod golden;
pub(crate) mod inspect;
pub(crate) mod live;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod stage;
pub(crate) mod style;
pub(crate) mod wait;

use std::io::{IsTerminal, Write};

use clap::ColorChoice;
use hyhost_config::{Mistakes, Note};
use serde::Serialize;

use crate::args::Common;

/// Sets up colour and the program's own log.
pub(crate) fn set_up(common: &Common) {
    match common.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    let level = if common.debug { "warn,hyhost=debug" } else { "warn" };
    let hyhost = ["audit", "backend", "backend_s3", "backend_sql", "config", "engine", "gate", "sandbox"];
    let filter = hyhost.iter().fold(level.to_owned(), |filter, name| match common.debug {
        true => format!("{filter},hyhost_{name}=debug"),
        false => filter,
    });
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(|| live::Log)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// Whether stdout is for people.
pub(crate) fn is_human(common: &Common) -> bool {
    !common.json && (std::io::stdout().is_terminal() || common.color == ColorChoice::Always)
}

/// A line on stdout.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    live::aside(|| {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    })
}

/// An object on stdout, as one line.
pub(crate) fn json(value: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string(value)?;
    live::aside(|| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    })
}

/// A line on stderr. Where even that cannot be written nobody is left to tell;
/// the exit code still says how it ended.
pub(crate) fn tell(text: &str) {
    live::aside(|| {
        let mut out = anstream::stderr().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    });
}

/// A line on stderr that is no error.
pub(crate) fn note(text: &str) {
    tell(&format!("{}note:{} {text}", style::NOTE.render(), style::NOTE.render_reset()));
}

/// The documents' notes.
pub(crate) fn notes(common: &Common, notes: &[Note]) {
    for item in notes {
        let place = item.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        if common.json {
            let value = serde_json::json!({ "event": "note", "place": item.place, "text": item.text });
            tell(&value.to_string());
        } else {
            note(&format!("{place}{}", item.text));
        }
    }
}

/// All mistakes of the documents, on stderr.
pub(crate) fn mistakes(common: &Common, mistakes: &Mistakes) {
    for mistake in &mistakes.0 {
        if common.json {
            let value = serde_json::json!({
                "event": "mistake",
                "rule": mistake.rule,
                "place": mistake.place,
                "line": mistake.line,
                "problem": mistake.problem,
                "remedy": mistake.remedy,
                "other": mistake.other,
            });
            tell(&value.to_string());
        } else {
            let text = mistake.to_string();
            let text = text.trim_end();
            let red = style::ERROR;
            match text.strip_prefix("error:") {
                Some(rest) => tell(&format!("{}error:{}{rest}\n", red.render(), red.render_reset())),
                None => tell(&format!("{text}\n")),
            }
        }
    }
    if !common.json {
        let count = mistakes.0.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        tell(&format!("hyhost: {count} {noun} in the documents; nothing was touched"));
    }
}

/// An error that ended the command, with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    let red = style::ERROR;
    tell(&format!("{}error:{} {error}", red.render(), red.render_reset()));
    for cause in error.chain().skip(1) {
        tell(&format!("  because: {cause}"));
    }
}

/// An id that tells runs apart and sorts by time.
pub(crate) fn run_id() -> String {
    use std::hash::{BuildHasher, Hasher};
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    // The keys of a new hasher are random.
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{:012x}-{random:016x}", now.as_millis())
}
