// Written by `cargo xtask generate` from host/table/src/s3.yaml.

use serde::{Deserialize, Serialize};

use super::S3;
use crate::{Operation, SecretName};

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

/// The region that the bucket is in; `null` where it is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketLocation {
    pub bucket: String,
}

impl Operation for GetBucketLocation {
    type Capability = S3;
    type Output = Option<String>;
    const NAME: &'static str = "GetBucketLocation";
}

/// The bucket's tags; `null` where it has none or is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketTagging {
    pub bucket: String,
}

impl Operation for GetBucketTagging {
    type Capability = S3;
    type Output = Option<std::collections::BTreeMap<String, String>>;
    const NAME: &'static str = "GetBucketTagging";
}

/// The rules of the bucket's lifecycle, without their transitions; `null` where it has none or is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketLifecycleConfiguration {
    pub bucket: String,
}

impl Operation for GetBucketLifecycleConfiguration {
    type Capability = S3;
    type Output = Option<Vec<LifecycleRule>>;
    const NAME: &'static str = "GetBucketLifecycleConfiguration";
}

/// The default retention of a bucket with object lock; `null` where it has no object lock or is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetObjectLockConfiguration {
    pub bucket: String,
}

impl Operation for GetObjectLockConfiguration {
    type Capability = S3;
    type Output = Option<ObjectLockConfiguration>;
    const NAME: &'static str = "GetObjectLockConfiguration";
}

/// The bucket's default encryption; `null` where it has none or is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketEncryption {
    pub bucket: String,
}

impl Operation for GetBucketEncryption {
    type Capability = S3;
    type Output = Option<BucketEncryption>;
    const NAME: &'static str = "GetBucketEncryption";
}

/// The bucket's CORS rules; `null` where it has none or is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketCors {
    pub bucket: String,
}

impl Operation for GetBucketCors {
    type Capability = S3;
    type Output = Option<Vec<CorsRule>>;
    const NAME: &'static str = "GetBucketCors";
}

/// Where the bucket's events go; `null` where the bucket is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketNotificationConfiguration {
    pub bucket: String,
}

impl Operation for GetBucketNotificationConfiguration {
    type Capability = S3;
    type Output = Option<Vec<Notification>>;
    const NAME: &'static str = "GetBucketNotificationConfiguration";
}

/// The most bytes that the bucket takes; `null` where there is no limit or no bucket. By MinIO's admin API.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GetBucketQuota {
    pub bucket: String,
}

impl Operation for GetBucketQuota {
    type Capability = S3;
    type Output = Option<i64>;
    const NAME: &'static str = "GetBucketQuota";
}

/// The policies that can be attached to users and groups of MinIO, of these names only if names were given.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadPolicies {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadPolicies {
    type Capability = S3;
    type Output = Vec<Policie>;
    const NAME: &'static str = "ReadPolicies";
}

/// Users of MinIO, of these names only if names were given. No secrets.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadUsers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadUsers {
    type Capability = S3;
    type Output = Vec<User>;
    const NAME: &'static str = "ReadUsers";
}

/// Whether this secret is the user's, proved by a request that is signed with it; `null` where the user is disabled or not there, for then the server does not look at the signature.
///
/// Touches: read user `[user]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserSecretMatches {
    pub secret: SecretName,
    pub user: String,
}

impl Operation for UserSecretMatches {
    type Capability = S3;
    type Output = Option<bool>;
    const NAME: &'static str = "UserSecretMatches";
}

/// Groups of MinIO's users, of these names only if names were given. One that is disabled shows no policies.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadGroups {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadGroups {
    type Capability = S3;
    type Output = Vec<Group>;
    const NAME: &'static str = "ReadGroups";
}

/// The access keys of all service accounts of MinIO, with their owners.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ListAccessKeys {}

impl Operation for ListAccessKeys {
    type Capability = S3;
    type Output = Vec<AccessKey>;
    const NAME: &'static str = "ListAccessKeys";
}

/// Service accounts of MinIO by their access keys; those that are not there are left out. No secrets.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadServiceAccounts {
    pub access_keys: Vec<String>,
}

impl Operation for ReadServiceAccounts {
    type Capability = S3;
    type Output = Vec<ServiceAccount>;
    const NAME: &'static str = "ReadServiceAccounts";
}

/// Whether this secret is the service account's, proved by a request that is signed with it; `null` where the account is disabled or not there.
///
/// Touches: read service_account `[access_key]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceAccountSecretMatches {
    pub access_key: String,
    pub secret: SecretName,
}

impl Operation for ServiceAccountSecretMatches {
    type Capability = S3;
    type Output = Option<bool>;
    const NAME: &'static str = "ServiceAccountSecretMatches";
}

/// Makes a bucket.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateBucket {
    pub bucket: String,
    /// With object lock, which can be chosen only now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<Retention>,
    /// Absent: the connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
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

/// Removes a bucket that is empty. One that holds objects or versions is refused.
///
/// Touches: destroy bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteBucket {
    pub bucket: String,
}

impl Operation for DeleteBucket {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DeleteBucket";
}

/// Sets all of the bucket's tags.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketTagging {
    pub bucket: String,
    pub tags: std::collections::BTreeMap<String, String>,
}

impl Operation for PutBucketTagging {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketTagging";
}

/// Removes all of the bucket's tags.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteBucketTagging {
    pub bucket: String,
}

impl Operation for DeleteBucketTagging {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DeleteBucketTagging";
}

/// Sets these rules of the bucket's lifecycle. Rules with other ids stay as they are, and so do the transitions of these.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketLifecycleConfiguration {
    pub bucket: String,
    pub rules: Vec<LifecycleRule>,
}

impl Operation for PutBucketLifecycleConfiguration {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketLifecycleConfiguration";
}

/// Removes the rules with these ids from the bucket's lifecycle.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteBucketLifecycleRules {
    pub bucket: String,
    pub rules: Vec<String>,
}

impl Operation for DeleteBucketLifecycleRules {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DeleteBucketLifecycleRules";
}

/// Sets the bucket's default retention. Only for a bucket that was made with object lock.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutObjectLockConfiguration {
    pub bucket: String,
    pub object_lock: Retention,
}

impl Operation for PutObjectLockConfiguration {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutObjectLockConfiguration";
}

/// Sets the bucket's default encryption.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketEncryption {
    pub bucket: String,
    pub encryption: Encryption,
}

impl Operation for PutBucketEncryption {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketEncryption";
}

/// Sets all of the bucket's CORS rules.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketCors {
    pub bucket: String,
    pub cors: Vec<CorsRule>,
}

impl Operation for PutBucketCors {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketCors";
}

/// Sends events there. What else the bucket sends stays.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutBucketNotificationConfiguration {
    pub bucket: String,
    pub notifications: Vec<Notification>,
}

impl Operation for PutBucketNotificationConfiguration {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "PutBucketNotificationConfiguration";
}

/// Sets the most bytes that the bucket takes; 0 is no limit. By MinIO's admin API.
///
/// Touches: write bucket `[bucket]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetBucketQuota {
    pub bucket: String,
    pub size: i64,
}

impl Operation for SetBucketQuota {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "SetBucketQuota";
}

/// Makes a policy that can be attached to users and groups. One that gives admin actions needs `admin`.
///
/// Touches: write policy `[policy]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddCannedPolicy {
    /// It may give admin actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    pub document: serde_json::Map<String, serde_json::Value>,
    pub policy: String,
}

impl Operation for AddCannedPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AddCannedPolicy";
}

/// Sets what a policy that is there says. One that gives admin actions needs `admin`.
///
/// Touches: write policy `[policy]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetCannedPolicy {
    /// It may give admin actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
    pub document: serde_json::Map<String, serde_json::Value>,
    pub policy: String,
}

impl Operation for SetCannedPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "SetCannedPolicy";
}

/// Removes a policy that is attached to nobody. Built-in ones are refused.
///
/// Touches: destroy policy `[policy]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RemoveCannedPolicy {
    pub policy: String,
}

impl Operation for RemoveCannedPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "RemoveCannedPolicy";
}

/// Makes a user. One that is there is a conflict.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddUser {
    pub secret: SecretName,
    pub status: String,
    pub user: String,
}

impl Operation for AddUser {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AddUser";
}

/// Sets the secret of a user that is there. Its status, policies and groups stay.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetUserSecret {
    pub secret: SecretName,
    pub user: String,
}

impl Operation for SetUserSecret {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "SetUserSecret";
}

/// Enables or disables a user.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetUserStatus {
    pub status: String,
    pub user: String,
}

impl Operation for SetUserStatus {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "SetUserStatus";
}

/// Removes a user, and with it its service accounts.
///
/// Touches: destroy user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RemoveUser {
    pub user: String,
}

impl Operation for RemoveUser {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "RemoveUser";
}

/// Attaches policies to a user. Those that are attached stay.
///
/// Touches: write user `[user]`; use policy `[policies]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AttachUserPolicy {
    pub policies: Vec<String>,
    pub user: String,
}

impl Operation for AttachUserPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AttachUserPolicy";
}

/// Takes policies from a user.
///
/// Touches: write user `[user]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DetachUserPolicy {
    pub policies: Vec<String>,
    pub user: String,
}

impl Operation for DetachUserPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DetachUserPolicy";
}

/// Makes a group without members. One that is there is a conflict.
///
/// Touches: write group `[group]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddGroup {
    pub group: String,
}

impl Operation for AddGroup {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AddGroup";
}

/// Enables or disables a group.
///
/// Touches: write group `[group]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetGroupStatus {
    pub group: String,
    pub status: String,
}

impl Operation for SetGroupStatus {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "SetGroupStatus";
}

/// Makes users members of a group. Those that are members stay.
///
/// Touches: write group `[group]`; use user `[members]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddGroupMembers {
    pub group: String,
    pub members: Vec<String>,
}

impl Operation for AddGroupMembers {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AddGroupMembers";
}

/// Takes users out of a group.
///
/// Touches: write group `[group]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RemoveGroupMembers {
    pub group: String,
    pub members: Vec<String>,
}

impl Operation for RemoveGroupMembers {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "RemoveGroupMembers";
}

/// Attaches policies to a group. Those that are attached stay.
///
/// Touches: write group `[group]`; use policy `[policies]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AttachGroupPolicy {
    pub group: String,
    pub policies: Vec<String>,
}

impl Operation for AttachGroupPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AttachGroupPolicy";
}

/// Takes policies from a group.
///
/// Touches: write group `[group]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DetachGroupPolicy {
    pub group: String,
    pub policies: Vec<String>,
}

impl Operation for DetachGroupPolicy {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DetachGroupPolicy";
}

/// Removes a group. Its members stay users.
///
/// Touches: destroy group `[group]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RemoveGroup {
    pub group: String,
}

impl Operation for RemoveGroup {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "RemoveGroup";
}

/// Makes an access key that acts for a user. One that is there is a conflict.
///
/// Touches: write service_account `[access_key]`; use user `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddServiceAccount {
    pub access_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// RFC 3339; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub owner: String,
    /// Absent: it may do what its owner may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<serde_json::Map<String, serde_json::Value>>,
    pub secret: SecretName,
}

impl Operation for AddServiceAccount {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "AddServiceAccount";
}

/// Changes what is given of an access key that is there. The rest stays.
///
/// Touches: write service_account `[access_key]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UpdateServiceAccount {
    pub access_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Operation for UpdateServiceAccount {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "UpdateServiceAccount";
}

/// Removes an access key.
///
/// Touches: destroy service_account `[access_key]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteServiceAccount {
    pub access_key: String,
}

impl Operation for DeleteServiceAccount {
    type Capability = S3;
    type Output = ();
    const NAME: &'static str = "DeleteServiceAccount";
}

/// A service account by its access key.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessKey {
    pub access_key: String,
    pub owner: String,
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
pub struct BucketEncryption {
    /// AES256 or aws:kms.
    pub algorithm: String,
    /// The name of the key, with aws:kms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One rule of who may use a bucket from a page of another origin.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CorsRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose_headers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    pub methods: Vec<String>,
    pub origins: Vec<String>,
}

/// How new objects are encrypted by default.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Encryption {
    /// One of `AES256`, `aws:kms`.
    pub algorithm: String,
    /// The name of the key, with aws:kms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub members: Vec<String>,
    pub name: String,
    pub policies: Vec<String>,
    pub status: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// It is a MinIO server, so it has MinIO's admin API.
    pub minio: bool,
    pub reason: String,
    pub writable: bool,
}

/// One rule of a bucket's lifecycle. What it does not have is absent.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LifecycleRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_multipart_days: Option<i64>,
    pub enabled: bool,
    /// A day, such as 2030-12-31, at midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_days: Option<i64>,
    /// Delete markers with no version behind them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_delete_markers: Option<bool>,
    pub id: String,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub larger_than: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_days: Option<i64>,
    /// So many noncurrent versions stay, whatever their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_keep: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smaller_than: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<std::collections::BTreeMap<String, String>>,
}

/// Where a bucket's events go.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub arn: String,
    pub events: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// One of `queue`, `topic`, `function`.
    pub to: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectLockConfiguration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
    /// Absent: nothing is kept by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<i64>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Policie {
    pub document: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

/// How long a new object version is kept by default, in days or years. Without a mode nothing is.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
    /// One of `GOVERNANCE`, `COMPLIANCE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<i64>,
}

/// A service account.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceAccount {
    pub access_key: String,
    pub description: String,
    /// RFC 3339, in whole seconds; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
    pub name: String,
    pub owner: String,
    /// Its own; absent: it may do what its owner may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<serde_json::Map<String, serde_json::Value>>,
    pub status: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// Attached to the user itself.
    pub policies: Vec<String>,
    pub status: String,
}
