//! The engine: one for a process.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine};

use crate::memory::Total;
use crate::state::TICK;

/// The stack of a guest. Its frames live on a fiber of 2 MiB.
const STACK: usize = 512 << 10;
/// How long a guest waits for memory that others have.
const PATIENCE: Duration = Duration::from_secs(5);

/// What guests may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of memory of one call, where the documents say nothing else.
    pub memory: u64,
    /// Bytes of memory of all calls that run at the same time.
    pub total_memory: u64,
    /// Computing time of one call.
    pub cpu: Duration,
    /// Bytes of a component's file.
    pub component: u64,
    /// Bytes that compiling a component may take; `None`: what the
    /// container's own limit leaves, if there is one.
    pub compile_memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            total_memory: 128 << 20,
            cpu: Duration::from_secs(10),
            component: 64 << 20,
            compile_memory: None,
        }
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine does not start on this machine.
    #[error("the WebAssembly engine does not start on this machine: {0}")]
    Engine(String),
    /// The thread that counts computing time does not start.
    #[error("the thread that counts the plugins' computing time does not start: {0}")]
    Thread(std::io::Error),
}

/// Where plugins run. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) limits: Arc<Limits>,
    pub(crate) total: Arc<Total>,
}

impl Sandbox {
    /// A sandbox with these limits. Its thread ends with the last clone and
    /// the last plugin.
    ///
    /// # Errors
    /// The engine or its thread does not start.
    pub fn new(limits: Limits) -> Result<Self, SandboxError> {
        let engine = Engine::new(&config().map_err(|error| SandboxError::Engine(format!("{error:#}")))?)
            .map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        tick(&engine).map_err(SandboxError::Thread)?;
        let total = Arc::new(Total::new(limits.total_memory, PATIENCE));
        Ok(Self { engine, limits: Arc::new(limits), total })
    }

    /// Bytes that compiling may take, as far as anything says so.
    pub(crate) fn compile_memory(&self) -> Option<u64> {
        self.limits.compile_memory.or_else(left_in_container)
    }
}

fn config() -> wasmtime::Result<Config> {
    let mut config = Config::new();
    // Naming the target keeps the engine from using what only this machine's
    // processor has: compiled code can be carried to another of its kind.
    config.target(&target_lexicon::HOST.to_string())?;
    config.epoch_interruption(true);
    config.concurrency_support(false);
    config.max_wasm_stack(STACK);
    Ok(config)
}

/// Advances the epoch for as long as the engine lives. A thread of its own: a
/// task could be starved by the very guest that it must stop.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("hyhost-epoch".to_owned()).spawn(move || {
        loop {
            thread::sleep(TICK);
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
        }
    })?;
    Ok(())
}

/// What the container's memory limit leaves (cgroup v2).
fn left_in_container() -> Option<u64> {
    let text = |name: &str| fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok();
    left(&text("max")?, &text("current")?, &text("stat")?)
}

/// Pages of files count as used, and are given back when they are needed.
fn left(limit: &str, used: &str, statistics: &str) -> Option<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let lines = statistics.lines().filter_map(|line| line.split_once(' '));
    let files = lines.filter(|(name, _)| matches!(*name, "active_file" | "inactive_file"));
    let files = files.filter_map(|(_, value)| number(value)).sum();
    Some(number(limit)?.saturating_sub(number(used)?.saturating_sub(files)))
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn what_a_container_leaves() {
        let statistics = "anon 50\ninactive_file 20\nactive_file 10\nfile_mapped 5\n";
        assert_eq!(left("256\n", "80\n", statistics), Some(206));
        assert_eq!(left("max\n", "80\n", statistics), None);
        assert_eq!(left("10\n", "80\n", ""), Some(0));
    }
}
