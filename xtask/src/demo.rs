//! `cargo xtask demo`: the example documents on real servers, twice, and then
//! read back by others.

use std::process::Command;

use anyhow::{Context, Result, bail};
use hyhost_testbed::{Server, Testbed};

use crate::build::{Profile, build};
use crate::generate::root;
use crate::run::{Ended, echo, program};
use crate::{plugins, reading};

/// What the second run says when nothing was left to change.
const NOTHING_CHANGED: &str = ", 0 changed,";

/// Builds, starts the servers, runs, proves and ends the servers.
pub(crate) fn run() -> Result<()> {
    title("building hyhost and the plugins");
    let hyhost = build(Profile::Debug)?;
    plugins::run()?;
    let components = components()?;

    title("starting real servers");
    let bed = Testbed::up(&Server::DEMO)?;
    for instance in bed.instances() {
        println!("{} on {}:{}", instance.server(), instance.host(), instance.port());
    }
    let variables = reading::variables()?;
    let call = |command: &str| -> Result<Ended> {
        let mut hyhost = program("", &hyhost, &["--color", "always", command, "--config", "provisioning"]);
        title(&format!("hyhost {command} plugins/*.wasm --config provisioning"));
        echo(with_env(hyhost.args(&components), &bed, &variables))
    };

    expect(&call("run")?, "the first run")?;
    let second = call("run")?;
    expect(&second, "the second run")?;
    if !second.text.contains(NOTHING_CHANGED) {
        bail!(
            "the second run did not say `{}`: the first one left something to change",
            NOTHING_CHANGED.trim_matches([',', ' '])
        );
    }
    expect(&call("plan")?, "plan after two runs (2 would mean that something is left to do)")?;

    title("reading everything back by psql, mc, kafka-topics.sh and curl");
    let count = reading::read_back(&bed, &variables)?;
    title(&format!("done: two runs, nothing left to change, {count} things read back"));
    Ok(())
}

fn title(words: &str) {
    println!("\n== {words}");
}

/// The built plugins, relative to the repository.
pub(crate) fn components() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(root().join("plugins")).context("cannot read plugins/")?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> =
        names.filter(|name| name.ends_with(".wasm")).map(|name| format!("plugins/{name}")).collect();
    found.sort();
    if found.is_empty() {
        bail!("there is no plugins/*.wasm: `cargo xtask plugins` builds them");
    }
    Ok(found)
}

fn with_env<'a>(command: &'a mut Command, bed: &Testbed, variables: &[(String, String)]) -> &'a mut Command {
    command.envs(bed.env()).envs(variables.iter().map(|(name, value)| (name, value)))
}

fn expect(ended: &Ended, what: &str) -> Result<()> {
    match ended.status.success() {
        true => Ok(()),
        false => bail!("{what} ended with {}", ended.status),
    }
}
