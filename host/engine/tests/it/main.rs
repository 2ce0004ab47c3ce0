//! Whole runs of the real plugins on servers in memory: what the engine
//! promises, without a server.

mod retries;
mod targets;
mod world;
