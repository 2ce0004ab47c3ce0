//! What is printed: a table that can stand in a page, and the targets.

use std::fmt::Write;
use std::time::Duration;

use super::race::{Part, Series};

/// A figure that has a limit, or is only said.
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) limit: String,
    pub(crate) found: String,
    pub(crate) met: Met,
}

/// How a figure stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    Yes,
    No,
    /// It has none.
    Said,
}

impl From<bool> for Met {
    fn from(met: bool) -> Met {
        if met { Met::Yes } else { Met::No }
    }
}

impl Target {
    /// One for a time.
    pub(crate) fn time(what: &str, found: Duration, limit: Duration) -> Target {
        Target {
            what: what.into(),
            limit: format!("at most {}", milliseconds(limit)),
            found: milliseconds(found),
            met: (found <= limit).into(),
        }
    }

    /// One for the memory of every run of hyhost's.
    pub(crate) fn memory(what: &str, parts: &[Part], limit: u64) -> Target {
        let ours = parts.iter().flat_map(|part| &part.series).filter(|series| series.ours);
        let most = ours.max_by_key(|series| series.rss());
        let (name, rss) = most.map_or(("nothing", u64::MAX), |series| (series.name, series.rss()));
        let found = format!("{} ({name})", mebibytes(rss));
        Target { what: what.into(), limit: format!("at most {}", mebibytes(limit)), found, met: (rss <= limit).into() }
    }

    /// How many times of hyhost's (the first side) the other one's median is.
    /// Without a limit it is only said.
    pub(crate) fn ratio(what: &str, part: &Part, least: Option<f64>) -> Target {
        let (ours, theirs) = (part.median(0).as_secs_f64(), part.median(1).as_secs_f64());
        let ratio = if ours > 0.0 { theirs / ours } else { 0.0 };
        Target {
            what: what.into(),
            limit: least.map_or("no target".into(), |least| format!("at least {least}")),
            found: format!("{ratio:.2} times as fast"),
            met: least.map_or(Met::Said, |least| (ratio >= least).into()),
        }
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
        let word = match target.met {
            Met::Yes => "met    ",
            Met::No => "NOT MET",
            Met::Said => "       ",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word}  {}: {}, {}", target.what, target.found, target.limit);
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
        assert_eq!(Target::memory("memory", &parts, 60 << 20).met, Met::Yes);
        let missed = Target::memory("memory", &parts, (60 << 20) - 1);
        assert_eq!(missed.met, Met::No);
        assert_eq!(verdict(&[missed]), "NOT MET  memory: 60.0 MiB (one), at most 60.0 MiB\n");
        assert_eq!(Target::memory("of nobody", &parts[..1], 1 << 30).met, Met::No);
    }

    #[test]
    fn a_ratio_is_the_others_time_over_ours() {
        let run = |ms| Run { wall: Duration::from_millis(ms), cpu: Duration::ZERO, rss: 0 };
        let series = |ours, ms| Series { name: "one", ours, runs: vec![run(ms)] };
        let part = Part { title: "work".into(), series: vec![series(true, 10), series(false, 200)] };
        assert_eq!(Target::ratio("x", &part, Some(20.0)).met, Met::Yes);
        assert_eq!(verdict(&[Target::ratio("x", &part, Some(21.0))]), "NOT MET  x: 20.00 times as fast, at least 21\n");
        assert_eq!(verdict(&[Target::ratio("x", &part, None)]), "         x: 20.00 times as fast, no target\n");
    }
}
