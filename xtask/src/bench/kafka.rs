//! Topics: beside `kafka-topics.sh` one by one, beside a program of the
//! `AdminClient`, and as many as a cluster may have.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyhost_testbed::Server;

use super::commands::{Bench, Program, Servers, variable};
use super::race::{Part, Side, changed, race_cold, unchanged, whatever};
use super::table::Target;
use super::{Outcome, after, machine, side};
use crate::generate::root;

/// Topics that exist, and how many times faster than `kafka-topics.sh`.
const FEW: usize = 100;
const FEW_TIMES: f64 = 20.0;
/// Topics of one run, and its rounds.
const MANY: usize = 1000;
const MANY_ROUNDS: usize = 2;
/// As many as a large cluster has.
const ALL: usize = 10_000;
const ALL_ROUNDS: usize = 3;
const ALL_WITHIN: Duration = Duration::from_secs(5);
const SHOWN_WITHIN: Duration = Duration::from_secs(600);
/// What hyhost and its client may have in memory with all of them.
const MEMORY: u64 = 96 << 20;

/// A round of `kafka-topics.sh` takes minutes: there is one, and none before it.
const ONCE: usize = 1;

/// A document of so many topics, whose names begin alike.
struct Topics {
    name: &'static str,
    count: usize,
}

impl Topics {
    fn prefix(&self) -> String {
        format!("{}-", self.name)
    }

    fn write(&self, bench: &Bench) -> Result<()> {
        let brokers = variable(bench.ours.get(Server::Kafka)?, "KAFKA_BROKERS")?;
        let mut document = format!(
            "connections:\n  kafka:\n    kafka: {{ brokers: \"{brokers}\" }}\n\
             targets:\n  topics:\n    plugin: kafka\n    connection: kafka\n    grant: desired\n    desired:\n      topics:\n"
        );
        for number in 0..self.count {
            document +=
                &format!("        - {{ name: {}{number:05}, partitions: 1, replication_factor: 1 }}\n", self.prefix());
        }
        bench.document(self.name, &document, &[])
    }

    /// Waits until the broker shows them all: its controller makes thousands
    /// in seconds, and it takes minutes to lay their files.
    fn wait(&self, bench: &Bench) -> Result<()> {
        let end = Instant::now() + SHOWN_WITHIN;
        loop {
            let known = bench.ours.kafka_topics(&["--list"])?;
            let shown = known.lines().filter(|name| name.starts_with(&self.prefix())).count();
            if shown == self.count {
                return Ok(());
            }
            ensure!(Instant::now() < end, "the broker shows {shown} of {} topics", self.count);
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    /// Takes them back.
    fn forget(&self, bench: &Bench) -> Result<()> {
        let those = format!("{}.*", self.prefix());
        bench.ours.kafka_topics(&["--delete", "--if-exists", "--topic", &those]).map(drop)?;
        Ok(())
    }
}

/// hyhost, whose client is a process of its own.
fn ours<'a>(bench: &'a Bench, topics: &'a Topics, check: fn(&str) -> Result<()>) -> Side<'a> {
    let name = "`hyhost run` (its peak RSS and its client's, added)";
    Side { family: true, ..side(name, true, check, || bench.documents(topics.name)) }
}

/// Everything about topics.
///
/// # Errors
/// Something does not work.
pub(crate) fn kafka(program: &Program) -> Result<Outcome> {
    let bench = Bench::new(program, &[Server::Kafka.into()], Servers::Shared)?;
    let versions = machine::versions(&bench)?;
    let few = existing(&bench)?;
    let many = made(&bench)?;
    let (first, again) = all(&bench)?;
    let mut targets = vec![
        Target::ratio(&format!("{FEW} existing topics, beside kafka-topics.sh"), &few, Some(FEW_TIMES)),
        Target::ratio(&format!("{MANY} topics made in one run, beside the AdminClient"), &many, None),
        Target::time(&format!("{ALL} topics, nothing to do, median"), again.median(0), ALL_WITHIN),
    ];
    let parts = vec![few, many, first, again];
    targets.push(Target::memory("peak RSS of every hyhost with its client, of the part kafka", &parts, MEMORY));
    Ok(Outcome { parts, targets, versions })
}

fn existing(bench: &Bench) -> Result<Part> {
    let topics = Topics { name: "few", count: FEW };
    topics.write(bench)?;
    bench.measure(&mut bench.documents(topics.name)).context("the topics could not be made")?;
    let theirs = || bench.program("sh", &["xtask/src/bench/topics.sh", &topics.prefix(), &topics.count.to_string()]);
    let sides = [
        ours(bench, &topics, unchanged),
        side("`kafka-topics.sh --create --if-not-exists`, one by one", false, whatever, theirs),
    ];
    race_cold(&format!("{FEW} topics, nothing left to do"), ONCE, &bench.words, &sides)
}

fn made(bench: &Bench) -> Result<Part> {
    let topics = Topics { name: "many", count: MANY };
    topics.write(bench)?;
    let sides = [
        after(|| topics.forget(bench), ours(bench, &topics, changed)),
        after(
            || topics.forget(bench),
            side("a program of the `AdminClient`, one call", false, whatever, || admin(bench, &topics)),
        ),
    ];
    let part = race_cold(&format!("{MANY} topics, first run"), MANY_ROUNDS, &bench.words, &sides)?;
    topics.forget(bench)?;
    Ok(part)
}

/// `java -cp … Topics.java`, with the jars beside the tools on the PATH.
fn admin(bench: &Bench, topics: &Topics) -> Command {
    let brokers = bench.ours.get(Server::Kafka).ok().and_then(|server| variable(server, "KAFKA_BROKERS").ok());
    let home = bench.find("kafka-topics.sh").and_then(|tool| Some(tool.parent()?.parent()?.to_owned()));
    let home = home.unwrap_or_default();
    let mut java = bench.program("java", &["-cp"]);
    java.arg(home.join("libs/*")).arg(format!("-Dlog4j2.configurationFile={}", home.join("tools.yaml").display()));
    java.arg(root().join("xtask/src/bench/Topics.java"));
    java.args([brokers.unwrap_or_default(), topics.prefix(), topics.count.to_string()]);
    java
}

/// How long making them took, and a run afterwards.
fn all(bench: &Bench) -> Result<(Part, Part)> {
    let topics = Topics { name: "all", count: ALL };
    topics.write(bench)?;
    let first = [ours(bench, &topics, changed)];
    let first = race_cold(&format!("{ALL} topics, first run"), ONCE, &bench.words, &first)?;
    topics.wait(bench)?;
    let again = [ours(bench, &topics, unchanged)];
    let again = race_cold(&format!("{ALL} topics, nothing left to do"), ALL_ROUNDS, &bench.words, &again)?;
    Ok((first, again))
}
