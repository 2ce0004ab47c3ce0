//! A command on a terminal of its own.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a test waits for something to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// A screen of this size.
pub fn screen(rows: u16, columns: u16) -> vt100::Parser {
    vt100::Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap(), 0)
}

/// What a person sees of a command, and how it can be ended.
pub struct Watched {
    child: Child,
    written: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was written.
    pub bytes: Vec<u8>,
}

impl Watched {
    /// Starts the command on a terminal of this size: all of its outputs, or
    /// stderr alone, when the command's stdout is already placed elsewhere.
    pub fn start(mut command: Command, rows: u16, columns: u16, stdout: Option<Stdio>) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let side = || slave.try_clone().unwrap();
        command.env("TERM", "xterm-256color").stdin(Stdio::null()).stderr(side());
        command.stdout(stdout.unwrap_or_else(|| side().into()));
        let child = command.spawn().unwrap();
        // With ours closed the terminal ends when the child does.
        drop((command, slave));
        let (sender, written) = channel();
        let mut master = File::from(master);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end is an error where the other side was closed.
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, written, screen: screen(rows, columns), bytes: Vec::new() }
    }

    /// Reads on until the screen is like this; then what it shows.
    #[track_caller]
    pub fn until(&mut self, is_like: impl Fn(&vt100::Screen) -> bool) -> vt100::Screen {
        let end = Instant::now() + PATIENCE;
        while !is_like(self.screen.screen()) {
            let Ok(bytes) = self.written.recv_timeout(end.saturating_duration_since(Instant::now())) else {
                panic!("it was never shown; at last:\n{}", self.screen.screen().contents());
            };
            self.show(&bytes);
        }
        self.screen.screen().clone()
    }

    /// Asks the command to stop.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Reads on until the command has ended; how it did, and what it left on
    /// the screen.
    pub fn end(&mut self) -> (ExitStatus, vt100::Screen) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.written.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.show(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    panic!("it did not end; at last:\n{}", self.screen.screen().contents());
                }
            }
        }
        (self.child.wait().unwrap(), self.screen.screen().clone())
    }

    fn show(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.screen.process(bytes);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It has ended, but where a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
