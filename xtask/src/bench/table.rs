//! What is printed: a table that can stand in a page, and the targets.

use std::fmt::Write;
use std::time::Duration;

use super::race::{Part, Series};

/// A figure that must not be exceeded.
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) limit: String,
    pub(crate) found: String,
    pub(crate) met: bool,
}

impl Target {
    /// One for a time.
    pub(crate) fn time(what: &str, found: Duration, limit: Duration) -> Target {
        Target { what: what.into(), limit: milliseconds(limit), found: milliseconds(found), met: found <= limit }
    }

    /// One for the memory of every run of hyhost's.
    pub(crate) fn memory(what: &str, parts: &[Part], limit: u64) -> Target {
        let ours = parts.iter().flat_map(|part| &part.series).filter(|series| series.ours);
        let most = ours.max_by_key(|series| series.rss());
        let (name, rss) = most.map_or(("nothing", u64::MAX), |series| (series.name, series.rss()));
        let found = format!("{} ({name})", mebibytes(rss));
        Target { what: what.into(), limit: mebibytes(limit), found, met: rss <= limit }
    }
}

/// The parts as one table in Markdown.
pub(crate) fn table(parts: &[Part]) -> String {
    let mut text = String::from(
        "| | wall: least | median | most | CPU, median | peak RSS |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    for part in parts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| **{}** | | | | | |", part.title);
        for series in &part.series {
            let _ = writeln!(text, "{}", row(series));
        }
    }
    text
}

fn row(series: &Series) -> String {
    let [least, median, most] = series.wall().map(milliseconds);
    let (cpu, rss) = (milliseconds(series.cpu()), mebibytes(series.rss()));
    format!("| {} | {least} | {median} | {most} | {cpu} | {rss} |", series.name)
}

/// The targets, one a line.
pub(crate) fn verdict(targets: &[Target]) -> String {
    targets.iter().fold(String::new(), |mut text, target| {
        let word = if target.met { "met    " } else { "NOT MET" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word}  {}: {}, at most {}", target.what, target.found, target.limit);
        text
    })
}

/// Three digits are what such figures are good for.
fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1e3;
    match value {
        ..10.0 => format!("{value:.2} ms"),
        ..100.0 => format!("{value:.1} ms"),
        _ => format!("{value:.0} ms"),
    }
}

fn mebibytes(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let value = bytes as f64 / f64::from(1 << 20);
    format!("{value:.1} MiB")
}

#[cfg(test)]
mod tests {
    use super::super::measure::Run;
    use super::*;

    fn part(ours: bool, rss: u64) -> Part {
        let run = |ms| Run { wall: Duration::from_millis(ms), cpu: Duration::from_micros(1500), rss };
        Part { title: "work".into(), series: vec![Series { name: "one", ours, runs: vec![run(12), run(345), run(6)] }] }
    }

    #[test]
    fn a_row_shows_spread_cpu_and_the_highest_memory() {
        let text = table(&[part(true, 3 << 19)]);
        assert!(
            text.ends_with("| **work** | | | | | |\n| one | 6.00 ms | 12.0 ms | 345 ms | 1.50 ms | 1.5 MiB |\n"),
            "{text}"
        );
    }

    #[test]
    fn only_what_is_ours_has_a_target_and_what_exceeds_it_is_named() {
        let parts = [part(false, 99 << 20), part(true, 60 << 20)];
        assert!(Target::memory("memory", &parts, 60 << 20).met);
        let missed = Target::memory("memory", &parts, (60 << 20) - 1);
        assert!(!missed.met);
        assert_eq!(verdict(&[missed]), "NOT MET  memory: 60.0 MiB (one), at most 60.0 MiB\n");
        assert!(!Target::memory("of nobody", &parts[..1], 1 << 30).met);
    }
}
