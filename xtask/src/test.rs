//! `cargo xtask test`: everything, in one order, with a table at the end.

use std::fs::File;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyhost_testbed::{Guard, Guarded};

use crate::run::{cargo, echo};
use crate::{deny, generate, plugins};

/// What a step does.
enum Work {
    /// Cargo, in a directory of the repository.
    Cargo(&'static str, &'static [&'static str]),
    /// Cargo on the first workspace, with the tests that need real servers:
    /// what comes before their features, and after.
    OnServers(&'static [&'static str], &'static [&'static str]),
    /// A function; `Some` is a remark for the table, such as what was not checked.
    Call(fn() -> Result<Option<String>>),
    /// Waits for what was begun at the start.
    Await(Background),
}

/// What is installed beside the first steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Background {
    Deny,
    Servers,
}

/// In this order: what is quick and often wrong comes first. All of cargo's
/// work on the first workspace is on the whole of it: with a part of it,
/// dependencies get other features and are built a second time.
const STEPS: &[(&str, Work)] = &[
    ("format", Work::Cargo("", &["fmt", "--all", "--check"])),
    ("format, plugins", Work::Cargo("plugins", &["fmt", "--all", "--check"])),
    ("format, guests of the tests", Work::Cargo("tests/guests", &["fmt", "--all", "--check"])),
    ("generated files", Work::Call(|| generate::run(true).map(|()| None))),
    ("plugins", Work::Call(|| plugins::run().map(|()| None))),
    ("lints", Work::OnServers(&["clippy", "--workspace", "--all-targets", "--locked"], &["--", "-D", "warnings"])),
    ("lints, plugins", Work::Cargo("plugins", PLUGIN_LINTS)),
    ("lints, guests of the tests", Work::Cargo("tests/guests", GUEST_LINTS)),
    ("cargo-deny installed", Work::Await(Background::Deny)),
    ("licences, bans, sources", Work::Call(|| deny::offline().map(|()| None))),
    ("advisories", Work::Call(deny::advisories)),
    ("tests, plugins", Work::Cargo("plugins", &["test", "--workspace", "--locked"])),
    ("hyhost", Work::Cargo("", &["build", "--workspace", "--bin", "hyhost", "--locked"])),
    ("tests", Work::Cargo("", &["test", "--workspace", "--locked"])),
    ("servers installed", Work::Await(Background::Servers)),
    ("tests on real servers", Work::OnServers(&["test", "--workspace", "--locked", "--test", "*"], &[])),
];

const PLUGIN_LINTS: &[&str] = &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
const GUEST_LINTS: &[&str] =
    &["clippy", "--all-targets", "--locked", "--target-dir", "../../plugins/target", "--", "-D", "warnings"];
/// The feature without which tests that need real servers do not exist.
const SERVERS: &str = "servers";

/// One line of the table.
struct Row {
    name: &'static str,
    time: Duration,
    result: String,
}

/// Runs every step until one fails.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();
    let guard = Guard::new()?;
    let mut deny = Some(Job::start(&guard, Background::Deny)?);
    let mut servers = Some(Job::start(&guard, Background::Servers)?);
    let mut rows = Vec::new();
    let mut counts = Counts::default();
    let mut failure = None;
    for (name, work) in STEPS {
        println!("\n== {name}");
        let begun = Instant::now();
        let done = match work {
            Work::Cargo(place, arguments) => step(&mut cargo(place, arguments), &mut counts),
            Work::OnServers(first, last) => on_servers(first, last, &mut counts),
            Work::Call(function) => function(),
            Work::Await(which) => match which {
                Background::Deny => deny.take(),
                Background::Servers => servers.take(),
            }
            .map_or(Ok(None), Job::finish),
        };
        let time = begun.elapsed();
        let result = match &done {
            Ok(None) => "ok".to_owned(),
            Ok(Some(remark)) => remark.clone(),
            Err(_) => "FAILED".to_owned(),
        };
        println!("== {name}: {result}, {}", seconds(time));
        rows.push(Row { name, time, result });
        if let Err(error) = done {
            failure = Some(error.context(format!("step `{name}`")));
            break;
        }
    }
    print(&rows);
    println!("{} in {}", counts.words(), seconds(started.elapsed()));
    match failure {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn step(command: &mut Command, counts: &mut Counts) -> Result<Option<String>> {
    let ended = echo(command)?;
    let own = Counts::of(&ended.text);
    counts.add(&own);
    if !ended.status.success() {
        bail!("cargo ended with {}; its words stand above", ended.status);
    }
    Ok((own.passed > 0).then(|| format!("ok, {} passed", own.passed)))
}

fn on_servers(first: &[&str], last: &[&str], counts: &mut Counts) -> Result<Option<String>> {
    let features = server_features()?;
    step(&mut cargo("", &[first, &["--features", &features], last].concat()), counts)
}

/// `a/servers,b/servers,…` for each crate that has such tests, so that none
/// can be forgotten.
fn server_features() -> Result<String> {
    let output = cargo("", &["metadata", "--no-deps", "--format-version", "1", "--locked"]).output()?;
    if !output.status.success() {
        bail!("Cargo.toml cannot be read:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let with = packages.iter().filter(|package| !package["features"][SERVERS].is_null());
    let names = with.filter_map(|package| Some(format!("{}/{SERVERS}", package["name"].as_str()?)));
    Ok(names.collect::<Vec<_>>().join(","))
}

fn print(rows: &[Row]) {
    println!("\n{:<28} {:>9}  result", "step", "time");
    for row in rows {
        println!("{:<28} {:>9}  {}", row.name, seconds(row.time), row.result);
    }
    for (name, _) in STEPS.iter().skip(rows.len()) {
        println!("{name:<28} {:>9}  not run", "");
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A copy of ourselves that installs something, and ends with us.
struct Job {
    process: Guarded,
    words: std::path::PathBuf,
}

impl Job {
    fn start(guard: &Arc<Guard>, what: Background) -> Result<Job> {
        let (name, arguments): (_, &[&str]) = match what {
            Background::Deny => ("cargo-deny", &["install-deny"]),
            Background::Servers => ("servers", &["testbed", "install"]),
        };
        let words = guard.directory().join(format!("{name}.log"));
        let log = File::create(&words).with_context(|| format!("cannot write {}", words.display()))?;
        let mut command = guard.command(std::env::current_exe()?)?;
        command.args(arguments).stdout(log.try_clone()?).stderr(log);
        Ok(Job { process: guard.start(&mut command)?, words })
    }

    fn finish(mut self) -> Result<Option<String>> {
        let status = self.process.wait()?;
        let words = std::fs::read_to_string(&self.words).unwrap_or_default();
        print!("{words}");
        match status.success() {
            true => Ok(None),
            false => bail!("the installation ended with {status}; its words stand above"),
        }
    }
}

/// What the test programs said about themselves.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// The sum of the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn of(text: &str) -> Counts {
        let mut sum = Counts::default();
        for line in text.lines() {
            let Some((_, counts)) = line.split_once("test result: ") else { continue };
            let words: Vec<&str> = counts.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            let number = |name: &str| {
                words.windows(2).find(|pair| pair[1] == name).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
            };
            sum.add(&Counts { passed: number("passed"), failed: number("failed"), ignored: number("ignored") });
        }
        sum
    }

    fn add(&mut self, other: &Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    fn words(&self) -> String {
        format!("{} tests passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_test_programs_say() {
        let text = "running 2 tests\n\
            test result: ok. 22 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.04s\n\
            test result: FAILED. 6 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 17.68s\n";
        assert_eq!(Counts::of(text), Counts { passed: 28, failed: 1, ignored: 2 });
    }

    #[test]
    fn what_is_awaited_was_begun_before_it_is_used() {
        let at = |name: &str| STEPS.iter().position(|(step, _)| *step == name).unwrap();
        assert!(at("cargo-deny installed") < at("licences, bans, sources"));
        assert!(at("plugins") < at("tests") && at("hyhost") < at("tests on real servers"));
        assert!(at("servers installed") < at("tests on real servers"));
    }

    #[test]
    fn crates_with_tests_on_servers_are_found() {
        let features = server_features().unwrap();
        let found: Vec<&str> = features.split(',').collect();
        assert!(found.contains(&"hyhost-testbed/servers") && found.contains(&"hyhost-tests/servers"), "{features}");
        assert!(!features.contains("xtask"));
    }
}
