//! What is plain S3, on a server that is not MinIO: SeaweedFS.

use hyhost_backend::Class;
use hyhost_config::{S3, Secret};
use hyhost_testbed::{Server, Testbed};
use serde_json::{Value, json};

use crate::common::{backend, one, settings};
use crate::support::bucket;

fn up() -> (Testbed, S3) {
    let bed = Testbed::up(&[Server::SeaweedFs]).unwrap();
    let server = bed.get(Server::SeaweedFs).unwrap();
    let passwords = vec![Secret::new("root", server.password())];
    let settings = S3 { user: server.user().to_owned(), passwords, ..settings(server.port()) };
    (bed, settings)
}

/// What is written is read back as it was, and by `mc`.
#[tokio::test]
async fn a_bucket_has_all_that_plain_s3_has() {
    let (bed, settings) = up();
    let backend = backend(&settings);
    let health = json!({ "writable": true, "reason": "", "minio": false });
    assert_eq!(one(&backend, "ReadHealth", json!({})).await, Ok(health));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    one(&backend, "CreateBucket", json!({ "bucket": "vault", "object_lock": {} })).await.unwrap();
    assert_eq!(one(&backend, "CreateBucket", bucket("media")).await.unwrap_err().class, Class::Conflict);
    assert_eq!(one(&backend, "GetBucketLocation", bucket("media")).await, Ok(json!("us-east-1")));
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": ["*"] },
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::media/*" }] });
    let rules = json!([
        { "id": "tmp", "enabled": true, "prefix": "tmp/", "expire_days": 3 },
        { "id": "old", "enabled": true, "noncurrent_days": 3, "noncurrent_keep": 2 },
        { "id": "abort", "enabled": true, "abort_multipart_days": 2 },
        { "id": "and", "enabled": false, "prefix": "x/", "tags": { "a": "b" }, "larger_than": 5, "expire_days": 1 },
    ]);
    let cors = json!([{ "id": "a", "origins": ["https://a.example"], "methods": ["GET", "PUT"], "headers": ["*"],
        "expose_headers": ["etag"], "max_age": 60 }]);
    let cases = [
        ("GetBucketPolicy", "PutBucketPolicy", "media", "policy", policy),
        ("GetBucketVersioning", "PutBucketVersioning", "media", "status", json!("Enabled")),
        ("GetBucketTagging", "PutBucketTagging", "media", "tags", json!({ "team": "a b" })),
        ("GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "media", "rules", rules.clone()),
        ("GetBucketEncryption", "PutBucketEncryption", "media", "encryption", json!({ "algorithm": "AES256" })),
        ("GetBucketCors", "PutBucketCors", "media", "cors", cors),
        (
            "GetObjectLockConfiguration",
            "PutObjectLockConfiguration",
            "vault",
            "object_lock",
            json!({ "mode": "GOVERNANCE", "days": 7 }),
        ),
    ];
    for (get, put, name, argument, value) in cases {
        assert_eq!(one(&backend, get, bucket("absent")).await, Ok(Value::Null), "{get}");
        let before = if name == "vault" { json!({}) } else { Value::Null };
        assert_eq!(one(&backend, get, bucket(name)).await, Ok(before), "{get}");
        one(&backend, put, json!({ "bucket": name, argument: value })).await.unwrap();
        assert_eq!(one(&backend, get, bucket(name)).await, Ok(value), "{get}");
    }
    assert_eq!(one(&backend, "GetObjectLockConfiguration", bucket("media")).await, Ok(Value::Null));
    let ids = json!({ "bucket": "media", "rules": ["tmp", "old", "abort"] });
    one(&backend, "DeleteBucketLifecycleRules", ids).await.unwrap();
    let left = one(&backend, "GetBucketLifecycleConfiguration", bucket("media")).await.unwrap();
    assert_eq!(left, json!([rules[3]]));
    assert!(bed.mc(&["tag", "list", "seaweed/media"]).unwrap().contains("a b"));
    assert!(bed.mc(&["version", "info", "seaweed/media"]).unwrap().contains("enabled"));
}

#[tokio::test]
async fn what_needs_more_than_plain_s3_is_said_and_not_tried_again() {
    let (_bed, settings) = up();
    let backend = backend(&settings);
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    let events = json!([{ "to": "queue", "arn": "arn:aws:sqs:us-east-1:1:q", "events": ["s3:ObjectCreated:*"] }]);
    for (name, args, said) in [
        ("GetBucketQuota", bucket("media"), "MinIO's admin API"),
        ("SetBucketQuota", json!({ "bucket": "media", "size": 1 }), "MinIO's admin API"),
        ("ReadUsers", json!({}), "MinIO's admin API"),
        (
            "PutBucketNotificationConfiguration",
            json!({ "bucket": "media", "notifications": events }),
            "no notifications",
        ),
    ] {
        let fault = one(&backend, name, args).await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "{fault}");
        assert!(fault.message.contains(said), "{fault}");
    }
}

#[tokio::test]
async fn a_bucket_that_holds_something_stays() {
    let (bed, settings) = up();
    let backend = backend(&settings);
    for name in ["full", "versions", "empty"] {
        one(&backend, "CreateBucket", bucket(name)).await.unwrap();
    }
    one(&backend, "PutBucketVersioning", json!({ "bucket": "versions", "status": "Enabled" })).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "something").unwrap();
    for name in ["full", "versions"] {
        bed.mc(&["cp", file.path().to_str().unwrap(), &format!("seaweed/{name}/object")]).unwrap();
    }
    bed.mc(&["rm", "seaweed/versions/object"]).unwrap();
    for name in ["full", "versions"] {
        let fault = one(&backend, "DeleteBucket", bucket(name)).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (Class::Denied, Some("BucketNotEmpty")), "{fault}");
    }
    for _ in 0..2 {
        assert_eq!(one(&backend, "DeleteBucket", bucket("empty")).await, Ok(Value::Null));
    }
    let left = one(&backend, "ListBuckets", json!({})).await.unwrap();
    assert_eq!(left, json!([{ "name": "full" }, { "name": "versions" }]));
}
