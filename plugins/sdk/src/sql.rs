//! PostgreSQL: the operations of the table `sql`.

use crate::bindings::hyhost::provision::types::Mode;
use crate::{Call, Capability, Error};

#[path = "generated/sql.rs"]
mod rows;

pub use rows::*;

/// The capability `sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sql {}

impl Capability for Sql {
    const NAME: &'static str = "sql";

    #[cfg(target_arch = "wasm32")]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::bindings::hyhost::provision::sql::perform(connection, calls, mode)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::native::perform(Self::NAME, connection, calls, mode)
    }
}
