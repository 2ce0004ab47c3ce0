//! On what it was measured.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::commands::Bench;
use super::measure::field;
use crate::run::program;

/// Processor, memory, system and versions, one a line.
///
/// # Errors
/// A program that is measured does not say its version.
pub(crate) fn lines(bench: &Bench) -> Result<String> {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "of a kind that it does not say".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let server = bench.theirs.psql("postgres", "show server_version")?;
    let versions = [
        first_line(&mut program("", "rustc", &["--version"]))?,
        first_line(&mut bench.program("psql", &["--version"]))?,
        format!("PostgreSQL server {server}"),
        first_line(&mut bench.program("mc", &["--version"]))?,
    ];
    Ok(format!("\n{cores} cores ({processor}), {memory} of memory, Linux {}\n{}", kernel.trim(), versions.join("\n")))
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

/// How many processes wanted to run in the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
