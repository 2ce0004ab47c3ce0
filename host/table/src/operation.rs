//! An operation as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A row's name and its arguments: what a plugin asks for, and all that a
/// recording needs. A secret stands in it as `{"secret": "name"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The row's name, such as `CreateRole`.
    pub name: String,
    /// The arguments, an object.
    pub args: Value,
}

impl Operation {
    /// An operation of this name and these arguments.
    pub fn new(name: impl Into<String>, args: Value) -> Self {
        Self { name: name.into(), args }
    }
}

/// How the operations of one call belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each on its own.
    Each,
    /// All or none, in order.
    Transaction,
}
