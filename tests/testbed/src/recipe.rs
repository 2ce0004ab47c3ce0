//! What the kinds of servers differ in: how one is started, asked and ended.

use std::fmt::Debug;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::Result;
use crate::guard::Guard;

/// A server that has been set up and can be started, again and again.
pub(crate) trait Recipe: Debug + Send + Sync {
    /// The administrator's name.
    fn user(&self) -> &'static str;

    /// The administrator's password.
    fn password(&self) -> &str;

    /// The variables by which its clients find it.
    fn env(&self, port: u16) -> Vec<(&'static str, String)>;

    /// The server's command; its output is for the caller to place.
    ///
    /// # Errors
    /// A tool for it is missing, or a file cannot be written.
    fn command(&self, guard: &Guard, port: u16) -> Result<Command>;

    /// Whether it does its work, not only listens.
    fn is_ready(&self, port: u16) -> bool;

    /// How long it may take to come up: many times of what it takes, since the
    /// machine may build something beside it.
    fn start_limit(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The signal on which it ends in the orderly way, and how long that may take.
    fn orderly(&self) -> (Signal, Duration) {
        (Signal::TERM, Duration::from_secs(10))
    }

    /// The signal on which it ends at once, where what it leaves behind matters
    /// to others; else it is killed.
    fn at_once(&self) -> Signal {
        Signal::KILL
    }
}

/// The name under which all servers are dialled: hyhost refuses addresses.
pub(crate) const HOST: &str = "localhost";
