//! The rules that documents can break.

use serde::Serialize;

/// A rule: a stable word for `--json` and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The file is not YAML.
    Syntax,
}
