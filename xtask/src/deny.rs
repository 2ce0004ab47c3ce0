//! `cargo deny`: licences, bans and sources always; advisories where their
//! database can be had.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use hyhost_testbed::{cache, tool};

use crate::run::{echo, program};

const VERSION: &str = "0.20.2";
/// The workspaces; each has a lock file of its own.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "plugins/Cargo.toml", "tests/guests/Cargo.toml"];

/// The program of the pinned version: from the PATH, else from the cache,
/// where it is installed first when it is not there (about 3 minutes).
///
/// # Errors
/// It cannot be installed.
pub(crate) fn installed() -> Result<PathBuf> {
    if let Some(found) = tool::find("cargo-deny").filter(says_version) {
        return Ok(found);
    }
    let directory = cache::entry(&format!("tools/cargo-deny-{VERSION}"), |directory| {
        eprintln!("installing cargo-deny {VERSION} (once; kept in the cache)");
        let mut cargo = Command::new(tool::require("cargo")?);
        cargo.args(["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION, "--root"]).arg(directory);
        // In its own way and place: what is set for this workspace's build is not meant for it.
        cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        tool::run(&mut cargo, "installing cargo-deny").map(drop)
    });
    Ok(directory
        .context("cargo-deny could not be installed; by hand: cargo install cargo-deny --locked")?
        .join("bin/cargo-deny"))
}

fn says_version(program: &PathBuf) -> bool {
    let said = Command::new(program).arg("--version").output();
    said.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == format!("cargo-deny {VERSION}"))
}

/// What needs no network.
///
/// # Errors
/// A licence, crate or source that `deny.toml` does not allow.
pub(crate) fn offline() -> Result<()> {
    check(&["licenses", "bans", "sources"])
}

/// The advisories. `Some` says why they were not checked: the database lies on
/// a host that may be out of reach, and without it nothing can be said.
///
/// # Errors
/// A crate with an advisory.
pub(crate) fn advisories() -> Result<Option<String>> {
    let deny = installed()?;
    let fetched = echo(&mut program("", deny, &["--config", "deny.toml", "fetch", "db"]))?;
    if !fetched.status.success() {
        return Ok(Some("not checked: the advisory database could not be fetched".into()));
    }
    check(&["advisories"]).map(|()| None)
}

fn check(what: &[&str]) -> Result<()> {
    let deny = installed()?;
    for manifest in MANIFESTS {
        let mut command =
            program("", &deny, &["--manifest-path", manifest, "--config", "deny.toml", "--locked", "check"]);
        let ended = echo(command.args(what))?;
        if !ended.status.success() {
            bail!("cargo deny refuses something in {manifest}; its words stand above, the rules in deny.toml");
        }
    }
    Ok(())
}
