// Written by `cargo xtask generate` from host/table/src/opensearch.yaml.

use serde::{Deserialize, Serialize};

use super::OpenSearch;
use crate::Operation;

/// The cluster's health.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadHealth {}

impl Operation for ReadHealth {
    type Capability = OpenSearch;
    type Output = Health;
    const NAME: &'static str = "ReadHealth";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub status: String,
}
