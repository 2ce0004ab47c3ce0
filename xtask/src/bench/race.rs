//! Several sides that do the same work, each in its turn, round after round:
//! what disturbs the machine for a while disturbs them all.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::family::measure_family;
use super::measure::{Run, measure, measure_until, spread};

/// What is done between two runs, without being measured.
pub(crate) type Step<'a> = Box<dyn Fn() -> Result<()> + 'a>;

/// One who does the work.
pub(crate) struct Side<'a> {
    /// As the table shows it.
    pub(crate) name: &'static str,
    /// Whether it is hyhost, whose memory has a target.
    pub(crate) ours: bool,
    /// What makes the same start for each run, without being measured.
    pub(crate) before: Option<Step<'a>>,
    /// The words on stderr at which its time ends; else it ends with the process.
    pub(crate) until: Option<&'static str>,
    /// Whether its child's memory counts beside its own.
    pub(crate) family: bool,
    /// What is run.
    pub(crate) command: Box<dyn Fn() -> Command + 'a>,
    /// What its words must be, so that what is measured is what the table
    /// says it is.
    pub(crate) check: fn(&str) -> Result<()>,
}

/// What a side took.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) ours: bool,
    pub(crate) runs: Vec<Run>,
}

impl Series {
    /// Least, middle and most wall time.
    pub(crate) fn wall(&self) -> [Duration; 3] {
        spread(self.runs.iter().map(|run| run.wall)).unwrap_or_default()
    }

    /// The middle of the CPU times.
    pub(crate) fn cpu(&self) -> Duration {
        spread(self.runs.iter().map(|run| run.cpu)).unwrap_or_default()[1]
    }

    /// The most bytes that any of its runs had in memory.
    pub(crate) fn rss(&self) -> u64 {
        self.runs.iter().map(|run| run.rss).max().unwrap_or_default()
    }
}

/// One part of the table: a piece of work and who did it.
pub(crate) struct Part {
    pub(crate) title: String,
    pub(crate) series: Vec<Series>,
}

impl Part {
    /// The middle of a side's wall times; of none where there is no such side.
    pub(crate) fn median(&self, side: usize) -> Duration {
        self.series.get(side).map(|series| series.wall()[1]).unwrap_or_default()
    }
}

/// Runs each side in its turn, so many rounds; one round before them warms up
/// and is not counted.
///
/// # Errors
/// A run fails, or its words are not what they must be.
pub(crate) fn race(title: &str, rounds: usize, words: &Path, sides: &[Side]) -> Result<Part> {
    let _: Part = race_cold(title, 1, words, sides)?;
    race_cold(title, rounds, words, sides)
}

/// The same without a round that warms up.
///
/// # Errors
/// Those of [`race`].
pub(crate) fn race_cold(title: &str, rounds: usize, words: &Path, sides: &[Side]) -> Result<Part> {
    eprintln!("measuring: {title}");
    let mut series: Vec<Series> =
        sides.iter().map(|side| Series { name: side.name, ours: side.ours, runs: Vec::new() }).collect();
    for _ in 0..rounds {
        for (side, series) in sides.iter().zip(&mut series) {
            let run = once(side, words).with_context(|| format!("{title}: {}", side.name))?;
            series.runs.push(run);
        }
    }
    let runs = if rounds == 1 { "1 run".into() } else { format!("{rounds} runs") };
    Ok(Part { title: format!("{title} ({runs})"), series })
}

fn once(side: &Side, words: &Path) -> Result<Run> {
    if let Some(before) = &side.before {
        before().context("the start could not be made")?;
    }
    let mut command = (side.command)();
    let run = match side.until {
        Some(said) => return measure_until(&mut command, said),
        None if side.family => measure_family(&mut command, words)?,
        None => measure(&mut command, words)?,
    };
    (side.check)(&fs::read_to_string(words)?)?;
    Ok(run)
}

/// Says nothing of the words.
pub(crate) fn whatever(_: &str) -> Result<()> {
    Ok(())
}

/// The words are those of a run of hyhost that changed something.
pub(crate) fn changed(words: &str) -> Result<()> {
    match changes(words)? {
        0 => bail!("it changed nothing, and this should have been a first run"),
        _ => Ok(()),
    }
}

/// The words are those of a run of hyhost that changed nothing.
pub(crate) fn unchanged(words: &str) -> Result<()> {
    match changes(words)? {
        0 => Ok(()),
        some => bail!("it changed {some} objects, and nothing should have been left to change"),
    }
}

/// How many objects the last event of a run says were changed.
fn changes(words: &str) -> Result<u64> {
    let last = words.lines().rev().find(|line| line.starts_with('{')).context("it printed no event")?;
    let event: serde_json::Value = serde_json::from_str(last).context("its last event is no JSON")?;
    event["counts"]["changed"].as_u64().with_context(|| format!("its last event counts nothing: {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_tells_a_first_run_from_another() {
        let words = |count: u32| format!("{{\"event\":\"x\"}}\n{{\"counts\":{{\"changed\":{count}}}}}\nnote: words\n");
        assert!(changed(&words(3)).is_ok() && unchanged(&words(3)).is_err());
        assert!(changed(&words(0)).is_err() && unchanged(&words(0)).is_ok());
        assert!(changed("").is_err() && unchanged("{}").is_err());
    }

    #[test]
    fn sides_take_turns_and_the_first_round_is_not_counted() {
        let seen = std::cell::RefCell::new(String::new());
        let side = |name: &'static str| Side {
            name,
            ours: false,
            before: Some(Box::new(|| {
                seen.borrow_mut().push_str(name);
                Ok(())
            })),
            until: None,
            family: false,
            command: Box::new(|| Command::new("true")),
            check: whatever,
        };
        let words = std::env::temp_dir().join(format!("hyhost-race-{}", std::process::id()));
        let part = race("nothing", 2, &words, &[side("a"), side("b")]).unwrap();
        std::fs::remove_file(words).unwrap();
        assert_eq!(*seen.borrow(), "ababab");
        assert_eq!(part.series.iter().map(|series| series.runs.len()).collect::<Vec<_>>(), [2, 2]);
    }
}
