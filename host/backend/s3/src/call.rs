//! The calls that the table's rows name.

use std::collections::HashSet;

use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use http::{HeaderMap, Request, StatusCode};
use hyhost_backend::{Class, Fault};
use serde_json::{Value, json};

use crate::fault::{Doing, Failure, Refusal, way};
use crate::login::Server;

/// So many buckets are asked for at a time, where the server pages at all.
const PAGE: i32 = 1000;
/// The most buckets and pages of one list, together.
const MOST_LISTED: usize = 100_000;
/// The most bytes of names and tokens of one list.
const MOST_LISTED_BYTES: usize = 16 << 20;
/// The longest token, in bytes. S3's have 1024 at most; one that does not fit
/// into an address the SDK would answer with a panic.
const LONGEST_TOKEN: usize = 4096;
/// The region whose buckets must be made without naming it.
const DEFAULT_REGION: &str = "us-east-1";

/// Performs one call and answers as its row says.
pub(crate) async fn perform(server: &Server, call: &str, args: &Value, doing: &Doing) -> Result<Value, Fault> {
    let text = |name: &str| {
        let text = args.get(name).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| doing.fault(Class::Invalid, &format!("`{name}` must be a text")))
    };
    match call {
        "ReadHealth" => return read_health(server, doing).await,
        "ListBuckets" => return list_buckets(server, args, doing).await,
        "GetBucketPolicy" => return get_policy(server, text("bucket")?, doing).await,
        _ => {}
    }
    let bucket = text("bucket")?;
    let done = match call {
        "GetBucketVersioning" => get_versioning(server, bucket).await,
        "CreateBucket" => create(server, bucket).await,
        "PutBucketPolicy" => {
            let policy = args.get("policy").filter(|policy| policy.is_object());
            let policy = policy.ok_or_else(|| doing.fault(Class::Invalid, "`policy` must be an object"))?;
            put_policy(server, bucket, policy.to_string()).await
        }
        "DeleteBucketPolicy" => delete_policy(server, bucket).await,
        "PutBucketVersioning" => put_versioning(server, bucket, text("status")?).await,
        _ => return Err(doing.fault(Class::Failed, &format!("there is no call `{call}`"))),
    };
    done.map_err(|failure| server.fault(failure, doing))
}

/// MinIO says itself whether its write quorum is met and everything loaded,
/// to anybody who asks. Of another server we know that it works when it
/// answers a signed request.
async fn read_health(server: &Server, doing: &Doing) -> Result<Value, Fault> {
    let request = Request::get(server.url("/minio/health/cluster")).body(SdkBody::empty());
    let request = request.map_err(|error| doing.fault(Class::Invalid, &format!("the address is not one: {error}")))?;
    let response = server.wire.send(request).await.map_err(|error| way(&error).fault(doing))?;
    let quorum = text_of(response.headers(), "x-minio-write-quorum");
    match (response.status(), quorum) {
        (StatusCode::OK, Some(_)) => return Ok(json!({ "writable": true, "reason": "" })),
        (StatusCode::SERVICE_UNAVAILABLE, quorum) => {
            let reason = match (text_of(response.headers(), "x-minio-server-status"), quorum) {
                (Some(status), _) => format!("the server is starting: {status}"),
                (None, Some(quorum)) => format!("fewer drives can be written than the write quorum of {quorum}"),
                (None, None) => "HTTP 503".to_owned(),
            };
            return Ok(json!({ "writable": false, "reason": reason }));
        }
        _ => {}
    }
    match server.signed(|client| client.list_buckets().max_buckets(1).send()).await {
        Ok(_) => Ok(json!({ "writable": true, "reason": "" })),
        // It knows us, and answers: we may not list, which need not matter.
        Err(failure) if failure.code() == Some("AccessDenied") => Ok(json!({ "writable": true, "reason": "" })),
        Err(failure) => Err(server.fault(failure, doing)),
    }
}

/// A header's text, if it is a short and plain one.
fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= 64 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

async fn list_buckets(server: &Server, args: &Value, doing: &Doing) -> Result<Value, Fault> {
    let wanted: Option<HashSet<&str>> =
        args.get("names").and_then(Value::as_array).map(|names| names.iter().filter_map(Value::as_str).collect());
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    // Each page is bounded by the wire; a server that always has another one
    // is bounded here.
    let (mut listed, mut bytes) = (0usize, 0usize);
    loop {
        let page = |client: aws_sdk_s3::Client| {
            client.list_buckets().max_buckets(PAGE).set_continuation_token(token.clone()).send()
        };
        let page = server.signed(page).await.map_err(|failure| server.fault(failure, doing))?;
        let names = page.buckets().iter().filter_map(|bucket| bucket.name());
        listed += 1 + page.buckets().len();
        let token_length = page.continuation_token().map_or(0, str::len);
        if token_length > LONGEST_TOKEN {
            let problem =
                format!("the token for the next page of the list has {token_length} bytes: nobody sends it back");
            return Err(doing.fault(Class::Failed, &problem));
        }
        bytes += token_length + names.clone().map(str::len).sum::<usize>();
        if listed > MOST_LISTED || bytes > MOST_LISTED_BYTES {
            let problem = format!(
                "the server lists too much: more than {MOST_LISTED} buckets and pages, or more than {MOST_LISTED_BYTES} bytes"
            );
            return Err(doing.fault(Class::Failed, &problem));
        }
        let names = names.filter(|name| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
        found.extend(names.map(|name| json!({ "name": name })));
        let next = page.continuation_token().filter(|next| !next.is_empty()).map(str::to_owned);
        match next {
            None => return Ok(Value::Array(found)),
            Some(_) if next == token => {
                return Err(doing.fault(Class::Failed, "the server gives the same page of the list again and again"));
            }
            Some(_) => token = next,
        }
    }
}

async fn get_policy(server: &Server, bucket: String, doing: &Doing) -> Result<Value, Fault> {
    let answer = match server.signed(|client| client.get_bucket_policy().bucket(&bucket).send()).await {
        Ok(answer) => answer,
        Err(failure) if is_absent(&failure) => return Ok(Value::Null),
        Err(failure) => return Err(server.fault(failure, doing)),
    };
    let policy: Option<Value> = answer.policy().and_then(|text| serde_json::from_str(text).ok());
    policy.filter(Value::is_object).ok_or_else(|| doing.fault(Class::Failed, "the policy that is there is not JSON"))
}

async fn get_versioning(server: &Server, bucket: String) -> Result<Value, Failure> {
    match server.signed(|client| client.get_bucket_versioning().bucket(&bucket).send()).await {
        Ok(answer) => Ok(answer.status().map_or(Value::Null, |status| Value::from(status.as_str()))),
        Err(failure) if is_absent(&failure) => Ok(Value::Null),
        Err(failure) => Err(failure),
    }
}

async fn create(server: &Server, bucket: String) -> Result<Value, Failure> {
    let place = (server.region != DEFAULT_REGION).then(|| {
        let region = BucketLocationConstraint::from(server.region.as_str());
        CreateBucketConfiguration::builder().location_constraint(region).build()
    });
    let call = |client: aws_sdk_s3::Client| {
        client.create_bucket().bucket(&bucket).set_create_bucket_configuration(place.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

async fn put_policy(server: &Server, bucket: String, policy: String) -> Result<Value, Failure> {
    let call = |client: aws_sdk_s3::Client| client.put_bucket_policy().bucket(&bucket).policy(&policy).send();
    server.signed(call).await.map(|_| Value::Null)
}

async fn delete_policy(server: &Server, bucket: String) -> Result<Value, Failure> {
    match server.signed(|client| client.delete_bucket_policy().bucket(&bucket).send()).await {
        Ok(_) => Ok(Value::Null),
        // It is as it should be.
        Err(failure) if failure.code() == Some("NoSuchBucketPolicy") => Ok(Value::Null),
        Err(failure) => Err(failure),
    }
}

/// MinIO takes versioning for a bucket that is not there, and says that all is
/// well: so we look first. Where we may not look, the server is believed.
async fn put_versioning(server: &Server, bucket: String, status: String) -> Result<Value, Failure> {
    match server.signed(|client| client.head_bucket().bucket(&bucket).send()).await {
        // The answer to HEAD has no body, so no code.
        Err(Failure::Refused(Refusal { status: 404, .. })) => {
            let message = Some("The specified bucket does not exist".to_owned());
            return Err(Failure::Refused(Refusal { status: 404, code: Some("NoSuchBucket".to_owned()), message }));
        }
        Err(failure @ (Failure::Way(..) | Failure::Unsent(_))) => return Err(failure),
        Ok(_) | Err(_) => {}
    }
    let status = BucketVersioningStatus::from(status.as_str());
    let versioning = VersioningConfiguration::builder().status(status).build();
    let call = |client: aws_sdk_s3::Client| {
        client.put_bucket_versioning().bucket(&bucket).versioning_configuration(versioning.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

/// Whether the server said, in so many words, that what was read is not there.
/// Any other error, an answer that cannot be read above all, is none of this.
fn is_absent(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal) if refusal.status == 404
        && matches!(refusal.code.as_deref(), Some("NoSuchBucket" | "NoSuchBucketPolicy")))
}
