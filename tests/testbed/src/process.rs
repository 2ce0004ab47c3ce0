//! Processes by number: who they are, what they started, signals to them.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it was started, in clock ticks since boot.
    started: u64,
}

impl Identity {
    /// Who has this number now; nobody's when the process is gone.
    pub fn of(pid: u32) -> Option<Identity> {
        Stat::read(pid).map(|stat| Identity { pid, started: stat.started })
    }

    /// Whether that process still runs.
    pub fn is_running(self) -> bool {
        Stat::read(self.pid).is_some_and(|stat| stat.started == self.started && !stat.is_dead())
    }

    /// Asks it to end (SIGTERM) and waits. True when it is gone within `limit`.
    ///
    /// # Errors
    /// [`Error::Io`] when it is not ours to end.
    pub fn end(self, limit: Duration) -> Result<bool> {
        if self.is_running() {
            signal(self.pid, Signal::TERM)?;
        }
        Ok(wait_until(limit, || !self.is_running()))
    }
}

/// Whether a process of this number runs; one that only waits to be reaped does not.
pub fn is_alive(pid: u32) -> bool {
    Stat::read(pid).is_some_and(|stat| !stat.is_dead())
}

/// Sends a signal. A process that is gone already is no error.
pub(crate) fn signal(pid: u32, signal: Signal) -> Result<()> {
    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    match kill_process(number, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(Error::io_of("sending a signal to", format!("process {pid}"))(error.into())),
    }
}

/// `root` and all that it started, parents first. Postgres makes a session of
/// its own for each backend, so the process group alone would miss them.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Some(stat) = Stat::read(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Asks every 5 ms until it is so; false when it was not so within `limit`.
pub(crate) fn wait_until(limit: Duration, mut so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The fields of `/proc/<pid>/stat` that matter here.
struct Stat {
    state: char,
    parent: u32,
    started: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The program's name stands in parentheses and may hold any character, so
    /// the fields are counted from the last one that closes.
    fn parse(line: &str) -> Option<Stat> {
        let mut fields = line.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some(Stat { state, parent, started })
    }

    fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn reads_a_stat_line_whose_name_is_hostile() {
        let line = "42 (a) S 7 (b) S 12 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.started), ('S', 12, 987_654));
    }

    #[test]
    fn an_identity_ends_with_its_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert!(identity.is_running());
        assert!(!Identity { started: identity.started + 1, ..identity }.is_running(), "a later process of that number");
        assert!(tree(std::process::id()).contains(&child.id()));
        assert!(identity.end(Duration::from_secs(5)).unwrap());
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
    }
}
