// Written by `cargo xtask generate` from host/table/src/s3.yaml.

use serde::{Deserialize, Serialize};

use super::S3;
use crate::Operation;

/// Whether the server can take writes. On MinIO its write quorum; elsewhere whether it answers.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadHealth {}

impl Operation for ReadHealth {
    type Capability = S3;
    type Output = Health;
    const NAME: &'static str = "ReadHealth";
}

/// The buckets that the account can see, of these names only if names were given.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ListBuckets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ListBuckets {
    type Capability = S3;
    type Output = Vec<Bucket>;
    const NAME: &'static str = "ListBuckets";
}

/// The bucket's policy as JSON; `null` where it has none or the bucket is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketPolicy {
    pub bucket: String,
}

impl Operation for GetBucketPolicy {
    type Capability = S3;
    type Output = Option<serde_json::Map<String, serde_json::Value>>;
    const NAME: &'static str = "GetBucketPolicy";
}

/// `Enabled`, `Suspended`, or `null` where versioning was never set or the bucket is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketVersioning {
    pub bucket: String,
}

impl Operation for GetBucketVersioning {
    type Capability = S3;
    type Output = Option<String>;
    const NAME: &'static str = "GetBucketVersioning";
}

/// Makes a bucket in the connection's region.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateBucket {
    pub bucket: String,
}

impl Operation for CreateBucket {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "CreateBucket";
}

/// Sets the bucket's policy.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketPolicy {
    pub bucket: String,
    pub policy: serde_json::Map<String, serde_json::Value>,
}

impl Operation for PutBucketPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketPolicy";
}

/// Removes the bucket's policy.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteBucketPolicy {
    pub bucket: String,
}

impl Operation for DeleteBucketPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DeleteBucketPolicy";
}

/// Enables or suspends versioning.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketVersioning {
    pub bucket: String,
    /// One of `Enabled`, `Suspended`.
    pub status: String,
}

impl Operation for PutBucketVersioning {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketVersioning";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub reason: String,
    pub writable: bool,
}
