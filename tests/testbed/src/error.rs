//! What can go wrong, each with the next step where there is one.

use std::path::{Path, PathBuf};

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the testbed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that must be on the PATH is not.
    #[error("`{tool}` is missing: {purpose}. Get it: {remedy}")]
    MissingTool {
        /// The program.
        tool: String,
        /// What it is needed for.
        purpose: &'static str,
        /// How to get it.
        remedy: &'static str,
    },
    /// Neither a cache directory was named nor is there a home.
    #[error("no place for the cache: set HYHOST_CACHE to a directory (neither XDG_CACHE_HOME nor HOME is set)")]
    NoCache,
    /// A program ended with a failure.
    #[error("{doing}: `{program}` ended with {status}\n{output}")]
    Failed {
        /// What was being done.
        doing: String,
        /// The program, without its arguments.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A file, directory or process operation failed.
    #[error("{doing} {what}: {source}")]
    Io {
        /// What was being done, such as `creating`.
        doing: &'static str,
        /// With what.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A server refuses to run as root and no other account was found.
    #[error(
        "{server} does not run as root, and there is no account to run it as (looked for: {accounts}). Run as another user, or make one: useradd --system postgres"
    )]
    NoAccount {
        /// The server.
        server: &'static str,
        /// The accounts that were looked for.
        accounts: String,
    },
    /// No certificate could be made.
    #[error("making a certificate for {name}: {source}")]
    Certificate {
        /// For whom.
        name: String,
        /// Why not.
        source: rcgen::Error,
    },
    /// Somebody else listens on the port that was asked for.
    #[error("port {0} is taken: name another one, or end what listens there (`ss -ltnp` shows it)")]
    PortTaken(u16),
    /// No free port was found.
    #[error("no free port on 127.0.0.1 in {0}..{1}")]
    NoPort(u16, u16),
    /// A server did not come up.
    #[error("{server} on port {port} {what}; the end of its log ({log}):\n{tail}")]
    NotReady {
        /// The server.
        server: &'static str,
        /// Its port.
        port: u16,
        /// `ended with …` or `was not ready after …`.
        what: String,
        /// Where its log lies (removed with the testbed).
        log: String,
        /// The last lines of its log.
        tail: String,
    },
    /// The server is not part of this testbed.
    #[error("this testbed has no {0}: name it in Testbed::up")]
    Absent(&'static str),
    /// The server is not in the state that the call needs.
    #[error("{server} is {state}: {hint}")]
    State {
        /// The server.
        server: &'static str,
        /// `running`, `not running` or `ended with its testbed`.
        state: &'static str,
        /// What to call before.
        hint: &'static str,
    },
}

impl Error {
    /// For `map_err` on operations with a path.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let what: PathBuf = path.to_owned();
        move |source| Error::Io { doing, what: what.display().to_string(), source }
    }

    /// For `map_err` on operations with anything else.
    pub(crate) fn io_of(doing: &'static str, what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let what = what.into();
        move |source| Error::Io { doing, what, source }
    }
}
