//! The calls that the table's rows name.

use std::sync::atomic::Ordering;

use aws_sdk_s3::primitives::SdkBody;
use http::{HeaderMap, Request as Get, Response, StatusCode};
use hyhost_backend::{Class, Fault, Request};
use hyhost_config::Secret;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::{Doing, Failure, way};
use crate::login::Server;
use crate::{admin, bucket};

/// One operation's arguments and secrets.
pub(crate) struct Asked<'a>(pub(crate) &'a Request);

impl Asked<'_> {
    /// The arguments as a type. The gate has checked them against the row's
    /// schema.
    pub(crate) fn args<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let read = serde_json::from_value(self.0.operation.args.clone());
        read.map_err(|error| Failure::ours(Class::Invalid, format!("the arguments are not those of the row: {error}")))
    }

    /// One argument that is a text.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Failure> {
        let text = self.0.operation.args.get(name).and_then(Value::as_str);
        text.ok_or_else(|| Failure::ours(Class::Invalid, format!("`{name}` must be a text")))
    }

    /// The secret in the sink of this argument; `None`: there is none.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<&Secret>, Failure> {
        let Some(secret) = self.0.operation.args.get(name) else { return Ok(None) };
        let secret = secret.get("secret").and_then(Value::as_str).and_then(|secret| self.0.secrets.get(secret));
        let missing = || Failure::ours(Class::Failed, format!("the secret of `{name}` was not handed over"));
        secret.ok_or_else(missing).map(Some)
    }

    /// The same where the row demands one.
    pub(crate) fn needed_secret(&self, name: &str) -> Result<&Secret, Failure> {
        let missing = || Failure::ours(Class::Invalid, format!("`{name}` must be a secret"));
        self.secret(name)?.ok_or_else(missing)
    }
}

/// Performs one call and answers as its row says.
pub(crate) async fn perform(server: &Server, call: &str, request: &Request, doing: &Doing) -> Result<Value, Fault> {
    let asked = &Asked(request);
    let done = match call {
        "ReadHealth" => read_health(server).await,
        "ListBuckets" => bucket::list(server, asked).await,
        "CreateBucket" => bucket::create(server, asked).await,
        "DeleteBucket" => bucket::delete(server, asked).await,
        "GetBucketLocation" => bucket::location(server, asked).await,
        "GetBucketPolicy" => bucket::get_policy(server, asked).await,
        "PutBucketPolicy" => bucket::put_policy(server, asked).await,
        "DeleteBucketPolicy" => bucket::delete_policy(server, asked).await,
        "GetBucketVersioning" => bucket::get_versioning(server, asked).await,
        "PutBucketVersioning" => bucket::put_versioning(server, asked).await,
        "GetBucketTagging" => bucket::get_tags(server, asked).await,
        "PutBucketTagging" => bucket::put_tags(server, asked).await,
        "DeleteBucketTagging" => bucket::delete_tags(server, asked).await,
        "GetBucketLifecycleConfiguration" => bucket::lifecycle::get(server, asked).await,
        "PutBucketLifecycleConfiguration" => bucket::lifecycle::put(server, asked).await,
        "DeleteBucketLifecycleRules" => bucket::lifecycle::delete(server, asked).await,
        "GetObjectLockConfiguration" => bucket::settings::get_lock(server, asked).await,
        "PutObjectLockConfiguration" => bucket::settings::put_lock(server, asked).await,
        "GetBucketEncryption" => bucket::settings::get_encryption(server, asked).await,
        "PutBucketEncryption" => bucket::settings::put_encryption(server, asked).await,
        "GetBucketCors" => bucket::settings::get_cors(server, asked).await,
        "PutBucketCors" => bucket::settings::put_cors(server, asked).await,
        "GetBucketNotificationConfiguration" => bucket::notification::get(server, asked).await,
        "PutBucketNotificationConfiguration" => bucket::notification::put(server, asked).await,
        "GetBucketQuota" => admin::get_quota(server, asked).await,
        "SetBucketQuota" => admin::set_quota(server, asked).await,
        "ReadPolicies" => admin::policy::read(server, asked).await,
        "AddCannedPolicy" => admin::policy::add(server, asked).await,
        "SetCannedPolicy" => admin::policy::set(server, asked).await,
        "RemoveCannedPolicy" => admin::policy::remove(server, asked).await,
        "AttachUserPolicy" => admin::policy::associate(server, asked, "user", "attach").await,
        "DetachUserPolicy" => admin::policy::associate(server, asked, "user", "detach").await,
        "AttachGroupPolicy" => admin::policy::associate(server, asked, "group", "attach").await,
        "DetachGroupPolicy" => admin::policy::associate(server, asked, "group", "detach").await,
        "ReadUsers" => admin::user::read(server, asked).await,
        "UserSecretMatches" => admin::user::secret_matches(server, asked, "user").await,
        "AddUser" => admin::user::add(server, asked).await,
        "SetUserSecret" => admin::user::set_secret(server, asked).await,
        "SetUserStatus" => admin::user::set_status(server, asked).await,
        "RemoveUser" => admin::user::remove(server, asked).await,
        "ReadGroups" => admin::group::read(server, asked).await,
        "AddGroup" => admin::group::add(server, asked).await,
        "SetGroupStatus" => admin::group::set_status(server, asked).await,
        "AddGroupMembers" => admin::group::members(server, asked, false).await,
        "RemoveGroupMembers" => admin::group::members(server, asked, true).await,
        "RemoveGroup" => admin::group::remove(server, asked).await,
        "ListAccessKeys" => admin::service_account::list(server).await,
        "ReadServiceAccounts" => admin::service_account::read(server, asked).await,
        "ServiceAccountSecretMatches" => admin::user::secret_matches(server, asked, "access_key").await,
        "AddServiceAccount" => admin::service_account::add(server, asked).await,
        "UpdateServiceAccount" => admin::service_account::update(server, asked).await,
        "DeleteServiceAccount" => admin::service_account::delete(server, asked).await,
        _ => Err(Failure::ours(Class::Failed, format!("there is no call `{call}`"))),
    };
    done.map_err(|failure| server.fault(failure, doing))
}

/// The header by which MinIO shows itself.
const QUORUM: &str = "x-minio-write-quorum";

/// MinIO says itself whether its write quorum is met and everything loaded,
/// to anybody who asks. Of another server we know that it works when it
/// answers a signed request.
async fn read_health(server: &Server) -> Result<Value, Failure> {
    let response = ask_health(server).await?;
    let quorum = text_of(response.headers(), QUORUM);
    match (response.status(), quorum) {
        (StatusCode::OK, Some(_)) => return Ok(json!({ "writable": true, "reason": "", "minio": true })),
        (StatusCode::SERVICE_UNAVAILABLE, quorum) => {
            let status = text_of(response.headers(), "x-minio-server-status");
            let minio = status.is_some() || quorum.is_some();
            let reason = match (status, quorum) {
                (Some(status), _) => format!("the server is starting: {status}"),
                (None, Some(quorum)) => format!("fewer drives can be written than the write quorum of {quorum}"),
                (None, None) => "HTTP 503".to_owned(),
            };
            return Ok(json!({ "writable": false, "reason": reason, "minio": minio }));
        }
        _ => {}
    }
    let writable = json!({ "writable": true, "reason": "", "minio": false });
    match server.signed(|client| client.list_buckets().max_buckets(1).send()).await {
        Ok(_) => Ok(writable),
        // It knows us, and answers: we may not list, which need not matter.
        Err(failure) if failure.code() == Some("AccessDenied") => Ok(writable),
        Err(failure) => Err(failure),
    }
}

async fn ask_health(server: &Server) -> Result<Response<Incoming>, Failure> {
    let request = Get::get(server.url("/minio/health/cluster")).body(SdkBody::empty());
    let request = request.map_err(|error| Failure::ours(Class::Invalid, format!("the address is not one: {error}")))?;
    let response = server.wire.send(request).await.map_err(|error| way(&error))?;
    if response.headers().contains_key(QUORUM) {
        server.minio.store(true, Ordering::Relaxed);
    }
    Ok(response)
}

/// Whether it is a MinIO server. To any other the paths of MinIO's admin API
/// are objects in a bucket called `minio`.
pub(crate) async fn is_minio(server: &Server) -> Result<bool, Failure> {
    if !server.minio.load(Ordering::Relaxed) {
        let response = ask_health(server).await?;
        // One that is starting does not always show itself.
        if response.status() == StatusCode::SERVICE_UNAVAILABLE && !response.headers().contains_key(QUORUM) {
            return Err(Failure::ours(Class::NotReady, "the server answers HTTP 503"));
        }
    }
    Ok(server.minio.load(Ordering::Relaxed))
}

/// A header's text, if it is a short and plain one.
fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= 64 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}
