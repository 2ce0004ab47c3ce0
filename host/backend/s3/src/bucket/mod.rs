//! Buckets, and the plainer parts of their configuration.

pub(crate) mod lifecycle;
pub(crate) mod notification;
pub(crate) mod settings;

use std::collections::{BTreeMap, HashSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Tag, Tagging, VersioningConfiguration,
};
use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Asked;
use crate::fault::{Failure, Refusal};
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

/// What was asked for, or `None` where the server says that it or the bucket
/// is not there.
pub(crate) fn or_absent<T>(answer: Result<T, Failure>, code: &str) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.says_absent(&["NoSuchBucket", code]) => Ok(None),
        Err(failure) => Err(failure),
    }
}

pub(crate) async fn list(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let names = asked.0.operation.args.get("names").and_then(Value::as_array);
    let wanted: Option<HashSet<&str>> = names.map(|names| names.iter().filter_map(Value::as_str).collect());
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    // Each page is bounded by the wire; a server that always has another one
    // is bounded here.
    let (mut listed, mut bytes) = (0usize, 0usize);
    loop {
        let page =
            |client: Client| client.list_buckets().max_buckets(PAGE).set_continuation_token(token.clone()).send();
        let page = server.signed(page).await?;
        let names = page.buckets().iter().filter_map(|bucket| bucket.name());
        listed += 1 + page.buckets().len();
        let token_length = page.continuation_token().map_or(0, str::len);
        if token_length > LONGEST_TOKEN {
            let problem =
                format!("the token for the next page of the list has {token_length} bytes: nobody sends it back");
            return Err(Failure::ours(Class::Failed, problem));
        }
        bytes += token_length + names.clone().map(str::len).sum::<usize>();
        if listed > MOST_LISTED || bytes > MOST_LISTED_BYTES {
            let problem = format!(
                "the server lists too much: more than {MOST_LISTED} buckets and pages, or more than {MOST_LISTED_BYTES} bytes"
            );
            return Err(Failure::ours(Class::Failed, problem));
        }
        let names = names.filter(|name| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
        found.extend(names.map(|name| json!({ "name": name })));
        let next = page.continuation_token().filter(|next| !next.is_empty()).map(str::to_owned);
        match next {
            None => return Ok(Value::Array(found)),
            Some(_) if next == token => {
                let problem = "the server gives the same page of the list again and again";
                return Err(Failure::ours(Class::Failed, problem));
            }
            Some(_) => token = next,
        }
    }
}

#[derive(Deserialize)]
struct Create {
    bucket: String,
    region: Option<String>,
    object_lock: Option<settings::Retention>,
}

pub(crate) async fn create(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Create { bucket, region, object_lock } = asked.args()?;
    let region = region.unwrap_or_else(|| server.region.clone());
    let place = (region != DEFAULT_REGION).then(|| {
        let region = BucketLocationConstraint::from(region.as_str());
        CreateBucketConfiguration::builder().location_constraint(region).build()
    });
    let call = |client: Client| {
        let request = client.create_bucket().bucket(&bucket).set_create_bucket_configuration(place.clone());
        request.set_object_lock_enabled_for_bucket(object_lock.as_ref().map(|_| true)).send()
    };
    server.signed(call).await?;
    match object_lock {
        Some(retention) if retention.mode.is_some() => settings::set_lock(server, &bucket, &retention).await,
        _ => Ok(Value::Null),
    }
}

/// Some servers remove a bucket with all that is in it, so we look first. An
/// object that is written in between is the server's to protect.
pub(crate) async fn delete(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let objects = server.signed(|client| client.list_objects_v2().bucket(bucket).max_keys(1).send()).await;
    let Some(objects) = or_absent(objects, "")? else { return Ok(Value::Null) };
    let mut holds = !objects.contents().is_empty();
    if !holds {
        let versions = |client: Client| client.list_object_versions().bucket(bucket).max_keys(1).send();
        holds = match server.signed(versions).await {
            Ok(found) => !found.versions().is_empty() || !found.delete_markers().is_empty(),
            // It keeps no versions.
            Err(failure) if failure.code() == Some("NotImplemented") => false,
            Err(failure) => return Err(failure),
        };
    }
    if holds {
        let problem = "it holds objects, or versions of objects, which are out of hyhost's reach: empty it by a client \
            of S3, then run again";
        return Err(Failure::Ours(Class::Denied, problem.to_owned(), Some("BucketNotEmpty")));
    }
    let gone = server.signed(|client| client.delete_bucket().bucket(bucket).send()).await;
    or_absent(gone, "").map(|_| Value::Null)
}

/// Some servers answer in XML that the SDK refuses; the header says it too.
pub(crate) async fn location(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let region = match server.signed(|client| client.get_bucket_location().bucket(bucket).send()).await {
        Ok(answer) => answer.location_constraint().map(|region| region.as_str().to_owned()),
        Err(Failure::Unreadable(_)) => {
            let head = server.signed(|client| client.head_bucket().bucket(bucket).send()).await?;
            head.bucket_region().map(str::to_owned)
        }
        Err(failure) if failure.says_absent(&["NoSuchBucket"]) => return Ok(Value::Null),
        Err(failure) => return Err(failure),
    };
    let named = region.filter(|region| !region.is_empty() && region != "default");
    Ok(named.unwrap_or_else(|| DEFAULT_REGION.to_owned()).into())
}

pub(crate) async fn get_policy(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_bucket_policy().bucket(bucket).send()).await;
    let Some(answer) = or_absent(answer, "NoSuchBucketPolicy")? else { return Ok(Value::Null) };
    let policy: Option<Value> = answer.policy().and_then(|text| serde_json::from_str(text).ok());
    let problem = || Failure::ours(Class::Failed, "the policy that is there is not JSON");
    policy.filter(Value::is_object).ok_or_else(problem)
}

pub(crate) async fn put_policy(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let policy = asked.0.operation.args.get("policy").filter(|policy| policy.is_object());
    let policy = policy.ok_or_else(|| Failure::ours(Class::Invalid, "`policy` must be an object"))?.to_string();
    let call = |client: Client| client.put_bucket_policy().bucket(bucket).policy(&policy).send();
    server.signed(call).await.map(|_| Value::Null)
}

pub(crate) async fn delete_policy(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    match server.signed(|client| client.delete_bucket_policy().bucket(bucket).send()).await {
        Ok(_) => Ok(Value::Null),
        // It is as it should be.
        Err(failure) if failure.code() == Some("NoSuchBucketPolicy") => Ok(Value::Null),
        Err(failure) => Err(failure),
    }
}

pub(crate) async fn get_versioning(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_bucket_versioning().bucket(bucket).send()).await;
    let status = or_absent(answer, "")?.and_then(|answer| answer.status);
    Ok(status.map_or(Value::Null, |status| Value::from(status.as_str())))
}

pub(crate) async fn put_versioning(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    must_exist(server, bucket).await?;
    let status = BucketVersioningStatus::from(asked.text("status")?);
    let versioning = VersioningConfiguration::builder().status(status).build();
    let call = |client: Client| {
        client.put_bucket_versioning().bucket(bucket).versioning_configuration(versioning.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

/// MinIO takes versioning for a bucket that is not there, and says that all is
/// well: so we look first. Where we may not look, the server is believed.
async fn must_exist(server: &Server, bucket: &str) -> Result<(), Failure> {
    match server.signed(|client| client.head_bucket().bucket(bucket).send()).await {
        // The answer to HEAD has no body, so no code.
        Err(Failure::Refused(Refusal { status: 404, .. })) => {
            let message = Some("The specified bucket does not exist".to_owned());
            Err(Failure::Refused(Refusal { status: 404, code: Some("NoSuchBucket".to_owned()), message }))
        }
        Err(failure @ (Failure::Way(..) | Failure::Unsent(_))) => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[derive(Deserialize)]
struct Tags {
    bucket: String,
    tags: BTreeMap<String, String>,
}

pub(crate) async fn get_tags(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_bucket_tagging().bucket(bucket).send()).await;
    let Some(answer) = or_absent(answer, "NoSuchTagSet")? else { return Ok(Value::Null) };
    let tags: BTreeMap<&str, &str> = answer.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
    Ok(json!(tags))
}

pub(crate) async fn put_tags(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Tags { bucket, tags } = asked.args()?;
    let tags = Tagging::builder().set_tag_set(Some(tag_set(&tags)?)).build().map_err(unfit)?;
    let call = |client: Client| client.put_bucket_tagging().bucket(&bucket).tagging(tags.clone()).send();
    server.signed(call).await.map(|_| Value::Null)
}

pub(crate) async fn delete_tags(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    server.signed(|client| client.delete_bucket_tagging().bucket(bucket).send()).await.map(|_| Value::Null)
}

pub(crate) fn tag_set(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unfit)).collect()
}

/// What the SDK's types do not take. The row's schema lets none of it pass.
pub(crate) fn unfit(error: impl std::fmt::Display) -> Failure {
    Failure::ours(Class::Invalid, format!("the request cannot be made: {error}"))
}
