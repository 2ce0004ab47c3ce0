//! What the four backends must stand, each on its real server: two runs at
//! once, a crash in the middle of a run, certificates and passwords that are
//! not the right ones, a cluster that is not whole.

mod at_once;
mod certificates;
mod crashes;
mod nodes;
mod passwords;

use std::io::{BufRead, BufReader, Read};
use std::process::Output;
use std::time::Duration;

use hyhost_testbed::{Instance, Testbed};
use hyhost_tests::{Said, Stack};
use serde_json::Value;

/// A stack for all four plugins with this document on these servers.
fn stack(bed: &Testbed, document: &str) -> Stack {
    Stack::new(document)
        .with_plugins(["postgres", "minio", "kafka", "opensearch"].map(hyhost_tests::plugin).to_vec())
        .with(crate::env(bed))
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "two-two-two-2")])
        // OpenSearch takes no weak one.
        .with([("SECRET_THREE", "three-hats-3-in-a-row")])
}

/// `count` items of a list in a document, by number.
fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

/// Why a target failed, as the record of the run says it.
fn reason<'a>(said: &'a Said, target: &str) -> &'a str {
    let ended = said.of_sort("target-ended").find(|event| event["target"] == target);
    ended.and_then(|event| event["message"].as_str()).unwrap_or_default()
}

/// Runs, does `then` at the first event that is such a one, and waits for the
/// end of both.
fn run_until(stack: &Stack, is_it: impl Fn(&Value) -> bool, then: impl FnOnce() + Send) -> Said {
    let mut run = stack.start(&["run"]);
    let (out, mut err) = (run.stdout.take().unwrap(), run.stderr.take().unwrap());
    std::thread::scope(|scope| {
        let errors = scope.spawn(move || {
            let mut all = Vec::new();
            err.read_to_end(&mut all).map(|_| all)
        });
        let mut then = Some(then);
        let mut all = Vec::new();
        for line in BufReader::new(out).lines() {
            let line = line.unwrap();
            if serde_json::from_str(&line).is_ok_and(|event| is_it(&event))
                && let Some(then) = then.take()
            {
                // Beside the reading: the run goes on meanwhile.
                scope.spawn(then);
            }
            all.extend(line.bytes().chain([b'\n']));
        }
        let stderr = errors.join().unwrap().unwrap();
        let said = Said::of(Output { status: run.wait().unwrap(), stdout: all, stderr });
        assert!(then.is_none(), "it ended before: {}\n{}", said.stdout, said.stderr);
        said
    })
}

/// A crash, and a start a moment later on the same data.
fn crash(server: &Instance) {
    server.kill().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    server.start().unwrap();
}
