//! Nothing is left behind: a small shell beside the owner that ends what the
//! owner started and removes its directory, as soon as the owner is gone.
//!
//! It learns of the owner's end because its standard input closes, which no
//! `kill -9` can prevent. (The kernel's parent-death signal would not do: it
//! fires when the thread that spawned ends, and is lost when the account changes.)

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{is_alive, signal, tree, wait_until};
use crate::{Error, Result, tool};

/// Waits for the end of its input, then ends every process group that was
/// announced and not taken back, with the leader's children (Postgres' backends
/// lead groups of their own): a polite end first, because a Postgres that is
/// killed leaves shared memory behind.
const WATCH: &str = r#"
trap '' HUP INT QUIT TERM
watched=
litter=
while read -r word pid; do
    case $word in
    litter) litter="$litter $pid" ;;
    watch) watched="$watched $pid" ;;
    forget)
        rest=
        for one in $watched; do [ "$one" = "$pid" ] || rest="$rest $one"; done
        watched=$rest ;;
    esac
done
all=
for one in $watched; do
    all="$all -$one $(cat "/proc/$one/task/$one/children" 2>/dev/null)"
    kill -s QUIT -- "-$one" 2>/dev/null
done
for one in $all; do kill -s CONT -- "$one" 2>/dev/null; done
tries=0
for one in $watched; do
    while [ $tries -lt 10 ] && kill -s 0 -- "-$one" 2>/dev/null; do tries=$((tries + 1)); sleep 0.1; done
done
for one in $all; do kill -s KILL -- "$one" 2>/dev/null; done
[ -z "$litter" ] || rm -f -- $litter
tries=0
until rm -rf -- "$1" 2>/dev/null || [ $tries -ge 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

/// Holds a program back until the guard knows of it: without its line, it is
/// gone with its owner.
const HOLD: &str = r#"read -r go && exec "$@" </dev/null"#;

/// A directory and processes that end with this value, or with this process
/// in whatever way it ends.
#[derive(Debug)]
pub struct Guard {
    directory: PathBuf,
    watcher: Mutex<Watcher>,
}

#[derive(Debug)]
struct Watcher {
    shell: Child,
    lines: Option<ChildStdin>,
}

impl Guard {
    /// A guard with a new directory below the system's one for temporary files.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory cannot be made, [`Error::MissingTool`] without a shell.
    pub fn new() -> Result<Arc<Guard>> {
        let directory = tempfile::Builder::new()
            .prefix("hyhost-testbed-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(Error::io("creating a directory in", &std::env::temp_dir()))?
            .keep();
        let mut shell = Command::new(tool::require("sh")?)
            .args(["-c", WATCH, "hyhost-testbed-guard"])
            .arg(&directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::io_of("starting", "the guard"))?;
        let lines = shell.stdin.take();
        Ok(Arc::new(Guard { directory, watcher: Mutex::new(Watcher { shell, lines }) }))
    }

    /// The directory that is removed at the end.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A command for [`Guard::start`]. Add arguments, environment and outputs;
    /// its standard input is empty.
    ///
    /// # Errors
    /// [`Error::MissingTool`] without a shell.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(tool::require("sh")?);
        command.args(["-c", HOLD, "hyhost-testbed-hold"]).arg(program);
        command.stdin(Stdio::piped()).process_group(0);
        Ok(command)
    }

    /// Starts a command that [`Guard::command`] made.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be started. A program that is not there
    /// shows only as an exit status of 127.
    pub fn start(self: &Arc<Self>, command: &mut Command) -> Result<Guarded> {
        let mut child = command.spawn().map_err(Error::io_of("starting", "a guarded process"))?;
        let go = child.stdin.take();
        let guarded = Guarded { child, guard: Arc::clone(self) };
        self.tell("watch", guarded.pid())?;
        if let Some(mut go) = go {
            go.write_all(b"go\n").map_err(Error::io_of("starting", "a guarded process"))?;
        }
        Ok(guarded)
    }

    /// Removes a file at the end that a program leaves outside the directory,
    /// where it cannot be told otherwise. Its path holds no blanks.
    pub(crate) fn litter(&self, path: &str) -> Result<()> {
        self.tell("litter", path)
    }

    fn tell(&self, word: &str, pid: impl std::fmt::Display) -> Result<()> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut watcher.lines {
            Some(lines) => writeln!(lines, "{word} {pid}").map_err(Error::io_of("telling", "the guard")),
            None => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let watcher = self.watcher.get_mut().unwrap_or_else(PoisonError::into_inner);
        watcher.lines = None;
        // A failure here has nobody to be told to; the guard does its work all the same.
        let _ = watcher.shell.wait();
    }
}

/// A process under guard. Dropping it kills it.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    guard: Arc<Guard>,
}

impl Guarded {
    /// Its number, which is also its process group's.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// [`Error::Io`] when the system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(Error::io_of("waiting for", "a guarded process"))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Error::Io`] when the system does not say.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().map_err(Error::io_of("waiting for", "a guarded process"))
    }

    /// Sends a signal to it and to all that it started.
    pub(crate) fn signal_all(&self, what: Signal) -> Result<()> {
        tree(self.pid()).into_iter().try_for_each(|pid| signal(pid, what))
    }

    /// `first` to the process, SIGKILL to all of it after `limit`.
    pub(crate) fn end(&mut self, first: Signal, limit: Duration) -> Result<()> {
        if self.ended()?.is_none() {
            signal(self.pid(), first)?;
            // One that is paused would not hear it.
            self.signal_all(Signal::CONT)?;
            wait_until(limit, || !matches!(self.ended(), Ok(None)));
        }
        self.kill()
    }

    /// SIGKILL to all of it; returns when all of it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let all = tree(self.pid());
        if self.ended()?.is_none() {
            for pid in &all {
                signal(*pid, Signal::KILL)?;
            }
            self.wait()?;
        }
        wait_until(Duration::from_secs(5), || !all.iter().any(|pid| is_alive(*pid)));
        self.guard.tell("forget", self.pid())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // What cannot be killed here, the guard kills at its own end.
        let _ = self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_processes_and_removes_the_directory() {
        let guard = Guard::new().unwrap();
        let directory = guard.directory().to_owned();
        let elsewhere = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        guard.litter(elsewhere.to_str().unwrap()).unwrap();
        let mut command = guard.command("sleep").unwrap();
        let started = guard.start(command.arg("600")).unwrap();
        let pid = started.pid();
        assert!(is_alive(pid));
        drop(started);
        assert!(!is_alive(pid));
        assert!(directory.exists() && elsewhere.exists());
        drop(guard);
        assert!(!directory.exists() && !elsewhere.exists());
    }

    #[test]
    fn what_its_owner_forgot_is_ended_too_even_when_stopped() {
        let guard = Guard::new().unwrap();
        let mut command = guard.command("sleep").unwrap();
        let started = guard.start(command.arg("600")).unwrap();
        let pid = started.pid();
        started.signal_all(Signal::STOP).unwrap();
        // As if the owner had died: its end of the pipe closes, nothing is dropped.
        guard.watcher.lock().unwrap().lines = None;
        let gone = guard.watcher.lock().unwrap().shell.wait().unwrap();
        assert!(gone.success());
        assert!(!is_alive(pid));
        assert!(!guard.directory().exists());
    }

    #[test]
    fn a_program_that_is_not_announced_never_starts() {
        let guard = Guard::new().unwrap();
        let mark = guard.directory().join("started");
        let mut command = guard.command("touch").unwrap();
        let mut child = command.arg(&mark).spawn().unwrap();
        drop(child.stdin.take());
        assert!(!child.wait().unwrap().success());
        assert!(!mark.exists());
    }
}
