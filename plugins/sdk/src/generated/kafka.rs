// Written by `cargo xtask generate` from host/table/src/kafka.yaml.

use serde::{Deserialize, Serialize};

use super::Kafka;
use crate::Operation;

/// The cluster's id, its controller and its brokers.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadCluster {}

impl Operation for ReadCluster {
    type Capability = Kafka;
    type Output = Cluster;
    const NAME: &'static str = "ReadCluster";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Broker {
    pub address: String,
    pub id: i64,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub brokers: Vec<Broker>,
    pub cluster_id: String,
    pub controller: Option<i64>,
}
