//! `cargo xtask bench [PART…]`: how fast hyhost is and how much memory it takes,
//! beside the same work by what a user has today in the same minute: `psql`,
//! `mc`, `kafka-topics.sh`, a program of Kafka's `AdminClient`, `curl`.
//! `docs/performance.md` says what the figures mean.

mod commands;
mod family;
mod kafka;
mod machine;
mod measure;
mod opensearch;
mod race;
mod roles;
mod table;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hyhost_testbed::{Order, Server, Testbed};

use self::commands::Code::{AtHand, Missing};
use self::commands::{Bench, Program, Servers, forget_example};
use self::race::{Part, Side, Step, changed, race, unchanged, whatever};
use self::table::{Met, Target, table, verdict};
use crate::build::{Profile, build};
use crate::demo::components;
use crate::plugins;

/// From the start of the process to the first call of a plugin, with compiled
/// code at hand.
const START: Duration = Duration::from_millis(5);
/// What hyhost may have in memory at any time, in bytes.
const MEMORY: u64 = 64 << 20;

/// Rounds: of what takes milliseconds, of a run of the example that changes
/// nothing, and of a first one.
const STARTS: usize = 40;
const REPEATS: usize = 10;
const FIRSTS: usize = 5;

/// The part of the example that the scripts do as well.
const EXAMPLE: &[&str] = &[
    "--config",
    "provisioning",
    "--target",
    "app-db",
    "--target",
    "tool-dbs",
    "--target",
    "buckets",
    "--target",
    "loki-account",
];

/// The row that has the first target (the first of its part), and what hyhost says with `--debug` when
/// the call is done.
const FIRST_CALL: &str = "`hyhost validate`, until the first call of a plugin is done";
const CALLED: &str = "called describe";

/// What may be asked for: its name, and what measures it.
type Named = (&'static str, fn(&Program) -> Result<Outcome>);

const PARTS: [Named; 5] = [
    ("start", starts),
    ("example", example),
    ("roles", roles::roles),
    ("kafka", kafka::kafka),
    ("opensearch", opensearch::opensearch),
];

/// What one of the parts found.
struct Outcome {
    parts: Vec<Part>,
    targets: Vec<Target>,
    versions: Vec<String>,
}

/// Builds, measures the parts that the command line names (all, where it names
/// none), prints.
///
/// # Errors
/// Something does not work, or a target is not met.
pub(crate) fn run() -> Result<()> {
    let wanted = wanted()?;
    let hyhost = build(Profile::Release)?;
    plugins::run()?;
    let program = Program { hyhost, components: components()? };

    let (begin, load) = (Instant::now(), machine::load());
    let mut all = Outcome { parts: Vec::new(), targets: Vec::new(), versions: Vec::new() };
    let mut failed = Vec::new();
    for (name, part) in wanted {
        match part(&program) {
            Ok(outcome) => {
                all.parts.extend(outcome.parts);
                all.targets.extend(outcome.targets);
                all.versions.extend(outcome.versions);
            }
            // What the others found is shown all the same.
            Err(error) => failed.push(format!("{name}: {error:#}")),
        }
    }
    all.versions.sort();
    all.versions.dedup();

    println!("{}\n{}", machine::lines()?, all.versions.join("\n"));
    println!("load average {load} before and {} after these {} s\n", machine::load(), begin.elapsed().as_secs());
    println!("{}", table(&all.parts));
    print!("{}", verdict(&all.targets));
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join("\nnot measured: "));
    }
    match all.targets.iter().filter(|target| target.met == Met::No).count() {
        0 => Ok(()),
        missed => {
            bail!("{missed} of {} targets not met; docs/performance.md says what explains them", all.targets.len())
        }
    }
}

/// The parts that are named behind `bench`.
fn wanted() -> Result<Vec<Named>> {
    let words: Vec<String> = std::env::args().skip(2).collect();
    chosen(&words)
}

fn chosen(words: &[String]) -> Result<Vec<Named>> {
    let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    if let Some(word) = words.iter().find(|word| !known.contains(&word.as_str())) {
        bail!("bench knows no part `{word}`: there are {}", known.join(", "));
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    Ok(PARTS.into_iter().filter(|(name, _)| wanted(name)).collect())
}

/// A side whose runs need nothing before them.
fn side<'a>(
    name: &'static str,
    ours: bool,
    check: fn(&str) -> Result<()>,
    command: impl Fn() -> Command + 'a,
) -> Side<'a> {
    Side { name, ours, before: None, until: None, family: false, command: Box::new(command), check }
}

/// The same, with something before each run.
fn after<'a>(before: impl Fn() -> Result<()> + 'a, side: Side<'a>) -> Side<'a> {
    Side { before: Some(Box::new(before) as Step), ..side }
}

/// Processes that call plugins and no server, beside others that only say
/// their version.
fn starts(program: &Program) -> Result<Outcome> {
    let orders = Server::DEMO.map(|server| Order { start: false, ..server.into() });
    let bench = Bench::new(program, &orders, Servers::Shared)?;
    let validate = [&["validate"], EXAMPLE].concat();
    let debug = [&["validate", "--debug"], EXAMPLE].concat();
    let new = bench.ours.directory().join("compiled-anew");
    let forget = || if new.exists() { Ok(std::fs::remove_dir_all(&new)?) } else { Ok(()) };
    let starts = [
        Side { until: Some(CALLED), ..side(FIRST_CALL, true, whatever, || bench.hyhost(&debug, AtHand)) },
        side("`hyhost validate`", true, whatever, || bench.hyhost(&validate, AtHand)),
        side("`true`", false, whatever, || bench.program("true", &[])),
        side("`psql --version`", false, whatever, || bench.program("psql", &["--version"])),
        side("`mc --version`", false, whatever, || bench.program("mc", &["--version"])),
    ];
    let compiling = [
        side("`hyhost validate` without compiled code", true, whatever, || bench.hyhost(&validate, Missing)),
        after(forget, side("`hyhost compile`", true, whatever, || bench.compile(&new))),
    ];
    let first = race("Starts, without a server", STARTS, &bench.words, &starts)?;
    let mut targets = vec![Target::time("start to the first call of a plugin, median", first.median(0), START)];
    let parts = vec![first, race("The same with compiling", REPEATS, &bench.words, &compiling)?];
    targets.push(Target::memory("peak RSS of every hyhost of the part start", &parts, MEMORY));
    let versions = machine::versions(&bench)?;
    Ok(Outcome { parts, targets, versions })
}

/// The example's documents for Postgres and MinIO: both, then each server alone.
fn example(program: &Program) -> Result<Outcome> {
    let orders = [Server::Postgres.into(), Server::Minio.into()];
    let bench = Bench::new(program, &orders, Servers::Apart)?;
    eprintln!("what the scripts make, read back as the demo does:");
    bench.prove_scripts()?;
    let whole = [&["run"], EXAMPLE].concat();
    let sql = ["run", "--config", "provisioning", "--target", "app-db", "--target", "tool-dbs"];
    let s3 = ["run", "--config", "provisioning", "--target", "buckets", "--target", "loki-account"];
    let anew = |bed: &'_ Testbed| forget_example(bed);
    let firsts = [
        after(|| anew(&bench.ours), side("`hyhost run`", true, changed, || bench.hyhost(&whole, AtHand))),
        after(|| anew(&bench.theirs), side("`psql` and `mc`", false, whatever, || bench.script("both"))),
    ];
    let repeats = [
        side("`hyhost run`", true, unchanged, || bench.hyhost(&whole, AtHand)),
        side("`psql` and `mc`", false, whatever, || bench.script("both")),
        side("`hyhost run`, Postgres alone", true, unchanged, || bench.hyhost(&sql, AtHand)),
        side("`psql` alone", false, whatever, || bench.script("postgres")),
        side("`hyhost run`, MinIO alone", true, unchanged, || bench.hyhost(&s3, AtHand)),
        side("`mc` alone", false, whatever, || bench.script("minio")),
        side("`hyhost run` without compiled code", true, unchanged, || bench.hyhost(&whole, Missing)),
    ];
    let parts = vec![
        race("The example, first run", FIRSTS, &bench.words, &firsts)?,
        race("The example, nothing left to do", REPEATS, &bench.words, &repeats)?,
    ];
    let targets = vec![Target::memory("peak RSS of every hyhost of the part example", &parts, MEMORY)];
    Ok(Outcome { parts, targets, versions: machine::versions(&bench)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_or_all() {
        let names = |words: &[&str]| -> Result<Vec<&str>> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Ok(chosen(&words)?.into_iter().map(|(name, _)| name).collect())
        };
        assert_eq!(names(&["kafka", "start"]).unwrap(), ["start", "kafka"]);
        assert_eq!(names(&[]).unwrap().len(), PARTS.len());
        let said = names(&["kafak"]).unwrap_err().to_string();
        assert!(said.contains("no part `kafak`: there are start, example"), "{said}");
    }
}
