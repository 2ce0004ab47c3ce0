// Written by `cargo xtask generate` from host/table/src/kafka.yaml.

use serde::{Deserialize, Serialize};

use super::Kafka;
use crate::{Operation, SecretName};

/// The cluster's id, its controller and the brokers that are up. `defaults`: also how many replicas and partitions a new topic has where nothing is said; `null` where the account may not know.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadCluster {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<bool>,
}

impl Operation for ReadCluster {
    type Capability = Kafka;
    type Output = Cluster;
    const NAME: &'static str = "ReadCluster";
}

/// Topics, of these names only if names were given; those that the cluster keeps for itself are marked. Of their configuration only what `configs` names, as the broker writes it; `dynamic` are those that were set for the topic.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadTopics {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configs: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadTopics {
    type Capability = Kafka;
    type Output = Vec<Topic>;
    const NAME: &'static str = "ReadTopics";
}

/// The ACLs, of these principals only if principals were given. A prefix is shown with a trailing `*`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DescribeAcls {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principals: Option<Vec<String>>,
}

impl Operation for DescribeAcls {
    type Capability = Kafka;
    type Output = Vec<Acl>;
    const NAME: &'static str = "DescribeAcls";
}

/// The SCRAM credentials, without what is secret of them; of these users only if users were given.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DescribeUserScramCredentials {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
}

impl Operation for DescribeUserScramCredentials {
    type Capability = Kafka;
    type Output = Vec<UserScramCredential>;
    const NAME: &'static str = "DescribeUserScramCredentials";
}

/// Whether this secret is the user's password, found by logging in with it; `null` where the connection's listener takes no login by this mechanism.
///
/// Touches: read user `[user]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PasswordMatches {
    pub mechanism: String,
    pub password: SecretName,
    pub user: String,
}

impl Operation for PasswordMatches {
    type Capability = Kafka;
    type Output = Option<bool>;
    const NAME: &'static str = "PasswordMatches";
}

/// Makes a topic, and waits until every broker shows it. `-1`, or nothing said: as many partitions or replicas as the brokers make by default.
///
/// Touches: write topic `[topic]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateTopics {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configs: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_factor: Option<i64>,
    pub topic: String,
}

impl Operation for CreateTopics {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "CreateTopics";
}

/// Gives a topic more partitions, and waits until every broker shows them; `partitions` is how many it shall have. Never fewer.
///
/// Touches: write topic `[topic]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreatePartitions {
    pub partitions: i64,
    pub topic: String,
}

impl Operation for CreatePartitions {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "CreatePartitions";
}

/// Sets one configuration of a topic and leaves the others. `denied` where that would let the broker drop records that it keeps now: a shorter retention, another clean-up.
///
/// Touches: write topic `[topic]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct IncrementalAlterConfigs {
    pub config: String,
    pub topic: String,
    pub value: String,
}

impl Operation for IncrementalAlterConfigs {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "IncrementalAlterConfigs";
}

/// Sets one configuration of a topic and leaves the others, also where the broker will drop records by it.
///
/// Touches: destroy topic `[topic]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct IncrementalAlterConfigsWithLoss {
    pub config: String,
    pub topic: String,
    pub value: String,
}

impl Operation for IncrementalAlterConfigsWithLoss {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "IncrementalAlterConfigsWithLoss";
}

/// Removes a topic. Without `with_data` only an empty one, by its watermarks; else it is `denied`.
///
/// Touches: destroy topic `[topic]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteTopics {
    pub topic: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<bool>,
}

impl Operation for DeleteTopics {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "DeleteTopics";
}

/// Makes an ACL; one that is there already stays. A trailing `*` in the name makes it one for a prefix.
///
/// Touches: use principal `[principal]`; write topic `[name]` where `resource` is `topic`; write group `[name]` where `resource` is `group`; write cluster `[name]` where `resource` is `cluster`; write transactional_id `[name]` where `resource` is `transactional_id`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateAcls {
    /// An address; `*` is any.
    pub host: String,
    pub name: String,
    pub operation: String,
    /// One of `allow`, `deny`.
    pub permission: String,
    pub principal: String,
    pub resource: String,
}

impl Operation for CreateAcls {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "CreateAcls";
}

/// Removes an ACL that the document does not say.
///
/// Touches: write principal `[principal]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteAcls {
    pub host: String,
    pub name: String,
    pub operation: String,
    /// One of `allow`, `deny`.
    pub permission: String,
    pub principal: String,
    pub resource: String,
}

impl Operation for DeleteAcls {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "DeleteAcls";
}

/// Removes an ACL of a principal that no document mentions.
///
/// Touches: destroy principal `[principal]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteAclsOfPrincipal {
    pub host: String,
    pub name: String,
    pub operation: String,
    /// One of `allow`, `deny`.
    pub permission: String,
    pub principal: String,
    pub resource: String,
}

impl Operation for DeleteAclsOfPrincipal {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "DeleteAclsOfPrincipal";
}

/// Makes or changes a user's credential of one mechanism. The salt is new each time.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlterUserScramCredentials {
    pub iterations: i64,
    pub mechanism: String,
    pub password: SecretName,
    pub user: String,
}

impl Operation for AlterUserScramCredentials {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "AlterUserScramCredentials";
}

/// Removes a user's credential of a mechanism that the document does not say.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeUserScramCredentials {
    pub mechanism: String,
    pub user: String,
}

impl Operation for RevokeUserScramCredentials {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "RevokeUserScramCredentials";
}

/// Removes a user's credential. The account of the connection itself is never removed.
///
/// Touches: destroy user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteUserScramCredentials {
    pub mechanism: String,
    pub user: String,
}

impl Operation for DeleteUserScramCredentials {
    type Capability = Kafka;
    type Output = ();
    const NAME: &'static str = "DeleteUserScramCredentials";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Acl {
    pub host: String,
    pub name: String,
    pub operation: String,
    pub permission: String,
    pub principal: String,
    pub resource: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Broker {
    pub host: String,
    pub id: i64,
    pub port: i64,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub brokers: Vec<Broker>,
    pub cluster_id: Option<String>,
    /// The controller's broker id.
    pub controller: Option<i64>,
    pub default_partitions: Option<i64>,
    pub default_replication_factor: Option<i64>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    pub configs: std::collections::BTreeMap<String, String>,
    pub dynamic: Vec<String>,
    pub internal: bool,
    pub name: String,
    pub partitions: i64,
    /// Of the partition that has the fewest replicas.
    pub replication_factor: i64,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserScramCredential {
    pub iterations: i64,
    pub mechanism: String,
    pub user: String,
}
