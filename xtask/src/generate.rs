//! `cargo xtask generate`: the SDK's bindings and types from the contract and the tables.
