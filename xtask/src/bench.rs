//! `cargo xtask bench`: how fast hyhost is and how much memory it takes, beside
//! the same work by `psql` and `mc` in the same minute. `docs/performance.md`
//! says what the figures mean.

mod commands;
mod machine;
mod measure;
mod race;
mod table;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyhost_testbed::Testbed;

use self::commands::Code::{AtHand, Missing};
use self::commands::{Bench, ROLES, forget_example, forget_thousand};
use self::race::{Part, Side, Step, changed, race, unchanged, whatever};
use self::table::{Target, table, verdict};
use crate::build::{Profile, build};
use crate::demo::components;
use crate::plugins;

/// From the start of the process to the first call of a plugin, with compiled
/// code at hand.
const START: Duration = Duration::from_millis(5);
/// What hyhost may have in memory at any time, in bytes.
const MEMORY: u64 = 64 << 20;

/// Rounds: of what takes milliseconds, of a run of the example that changes
/// nothing, of a first one, and of the thousand roles.
const STARTS: usize = 40;
const REPEATS: usize = 10;
const FIRSTS: usize = 5;
const THOUSANDS: usize = 3;

/// The part of the example that the scripts do as well.
const EXAMPLE: &[&str] =
    &["--config", "provisioning", "--target", "app-db", "--target", "tool-dbs", "--target", "buckets"];

/// The row that has the first target, and what hyhost says with `--debug` when
/// the call is done.
const FIRST_CALL: &str = "`hyhost validate`, until the first call of a plugin is done";
const CALLED: &str = "called describe";

/// Builds, measures, prints.
///
/// # Errors
/// Something does not work, or a target is not met.
pub(crate) fn run() -> Result<()> {
    let hyhost = build(Profile::Release)?;
    plugins::run()?;
    let bench = Bench::new(hyhost, components()?)?;
    eprintln!("what the scripts make, read back as the demo does:");
    bench.prove_scripts()?;

    let (begin, load) = (Instant::now(), machine::load());
    let mut parts = starts(&bench)?;
    parts.extend(example(&bench)?);
    parts.extend(thousand(&bench)?);

    println!("{}", machine::lines(&bench)?);
    println!("load average {load} before and {} after these {} s\n", machine::load(), begin.elapsed().as_secs());
    println!("{}", table(&parts));
    let first_call = parts.iter().flat_map(|part| &part.series).find(|series| series.name == FIRST_CALL);
    let [_, start, _] = first_call.context("nothing tells when a plugin was first called")?.wall();
    let targets = [
        Target::time("start to the first call of a plugin, median", start, START),
        Target::memory("peak RSS of every hyhost above", &parts, MEMORY),
    ];
    print!("{}", verdict(&targets));
    match targets.iter().filter(|target| !target.met).count() {
        0 => Ok(()),
        missed => bail!("{missed} of {} targets not met; docs/performance.md says what explains them", targets.len()),
    }
}

/// A side whose runs need nothing before them.
fn side<'a>(
    name: &'static str,
    ours: bool,
    check: fn(&str) -> Result<()>,
    command: impl Fn() -> Command + 'a,
) -> Side<'a> {
    Side { name, ours, before: None, until: None, command: Box::new(command), check }
}

/// The same, with something before each run.
fn after<'a>(before: impl Fn() -> Result<()> + 'a, side: Side<'a>) -> Side<'a> {
    Side { before: Some(Box::new(before) as Step), ..side }
}

/// Processes that call plugins and no server, beside others that only say
/// their version.
fn starts(bench: &Bench) -> Result<Vec<Part>> {
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
    Ok(vec![
        race("Starts, without a server", STARTS, &bench.words, &starts)?,
        race("The same with compiling", REPEATS, &bench.words, &compiling)?,
    ])
}

/// The example's documents: all of it, then each server alone.
fn example(bench: &Bench) -> Result<Vec<Part>> {
    let whole = [&["run"], EXAMPLE].concat();
    let sql = ["run", "--config", "provisioning", "--target", "app-db", "--target", "tool-dbs"];
    let s3 = ["run", "--config", "provisioning", "--target", "buckets"];
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
    Ok(vec![
        race("The example, first run", FIRSTS, &bench.words, &firsts)?,
        race("The example, nothing left to do", REPEATS, &bench.words, &repeats)?,
    ])
}

/// A thousand roles, each with a password of its own.
fn thousand(bench: &Bench) -> Result<Vec<Part>> {
    let ours = |check| side("`hyhost run`", true, check, || bench.thousand());
    let theirs = || side("`psql`, as many statements", false, whatever, || bench.thousand_statements());
    let firsts =
        [after(|| forget_thousand(&bench.ours), ours(changed)), after(|| forget_thousand(&bench.theirs), theirs())];
    Ok(vec![
        race(&format!("{ROLES} roles, first run"), THOUSANDS, &bench.words, &firsts)?,
        race(&format!("{ROLES} roles, nothing left to do"), THOUSANDS, &bench.words, &[ours(unchanged), theirs()])?,
    ])
}
