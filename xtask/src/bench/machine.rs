//! On what it was measured.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use hyhost_testbed::Server;

use super::commands::Bench;
use super::measure::field;
use crate::run::program;

/// Processor, memory, system and compiler.
///
/// # Errors
/// The compiler does not say its version.
pub(crate) fn lines() -> Result<String> {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "of a kind that it does not say".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rustc = first_line(&mut program("", "rustc", &["--version"]))?;
    Ok(format!("\n{cores} cores ({processor}), {memory} of memory, Linux {}\n{rustc}", kernel.trim()))
}

/// The versions of what a part measures beside hyhost, one a line.
///
/// # Errors
/// One does not say its version.
pub(crate) fn versions(bench: &Bench) -> Result<Vec<String>> {
    let running = bench.theirs.instances().iter().filter(|instance| instance.pid().is_some());
    let mut found = Vec::new();
    for instance in running {
        match instance.server() {
            Server::Postgres => {
                let version = bench.theirs.psql("postgres", "show server_version")?;
                found.push(format!("PostgreSQL server {version}"));
                found.push(first_line(&mut bench.program("psql", &["--version"]))?);
            }
            Server::Minio => found.push(first_line(&mut bench.program("mc", &["--version"]))?),
            Server::Kafka => {
                let version = first_line(&mut bench.program("kafka-topics.sh", &["--version"]))?;
                found.push(format!("Kafka and its tools {version}"));
                let java = bench.program("java", &["--version"]);
                found.push(format!("the tools' Java: {}", first_line(&mut { java })?));
            }
            Server::OpenSearch => {
                let told: serde_json::Value = serde_json::from_str(&bench.theirs.curl("GET", "/", None)?)?;
                let version = told["version"]["number"].as_str().context("OpenSearch does not say its version")?;
                found.push(format!("OpenSearch {version}"));
                found.push(first_line(&mut bench.program("curl", &["--version"]))?);
            }
            _ => {}
        }
    }
    Ok(found)
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
