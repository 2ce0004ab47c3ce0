//! The configuration of buckets.

use std::net::TcpListener;

use hyhost_backend::Class;
use hyhost_testbed::{Server, Testbed};
use serde_json::{Value, json};

use crate::common::{backend, one};
use crate::support::{bucket, root, up};

fn mc(bed: &Testbed, args: &[&str]) -> String {
    bed.mc(args).unwrap()
}

#[tokio::test]
async fn tags_are_set_read_and_removed() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    assert_eq!(one(&backend, "GetBucketTagging", bucket("media")).await, Ok(Value::Null));
    let tags = json!({ "team": "a b", "stage": "prod" });
    one(&backend, "PutBucketTagging", json!({ "bucket": "media", "tags": tags })).await.unwrap();
    assert_eq!(one(&backend, "GetBucketTagging", bucket("media")).await, Ok(tags));
    assert!(mc(&bed, &["tag", "list", "testbed/media"]).contains("prod"));
    mc(&bed, &["tag", "set", "testbed/media", "team=c"]);
    assert_eq!(one(&backend, "GetBucketTagging", bucket("media")).await, Ok(json!({ "team": "c" })));
    for _ in 0..2 {
        assert_eq!(one(&backend, "DeleteBucketTagging", bucket("media")).await, Ok(Value::Null));
    }
    assert_eq!(one(&backend, "GetBucketTagging", bucket("media")).await, Ok(Value::Null));
}

#[tokio::test]
async fn rules_of_the_lifecycle_are_set_one_by_one() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    let read = || one(&backend, "GetBucketLifecycleConfiguration", bucket("media"));
    let put =
        |rules: Value| one(&backend, "PutBucketLifecycleConfiguration", json!({ "bucket": "media", "rules": rules }));
    assert_eq!(read().await, Ok(Value::Null));
    // Made by hand: it stays.
    mc(&bed, &["ilm", "rule", "add", "testbed/media", "--expire-days", "90", "--prefix", "by-hand/"]);
    let by_hand = read().await.unwrap()[0].clone();
    assert_eq!((&by_hand["expire_days"], &by_hand["prefix"]), (&json!(90), &json!("by-hand/")));

    let rules = json!([
        { "id": "tmp", "enabled": true, "prefix": "tmp/", "expire_days": 3 },
        { "id": "day", "enabled": false, "expire_date": "2031-05-01" },
        { "id": "markers", "enabled": true, "expire_delete_markers": true },
        { "id": "old", "enabled": true, "noncurrent_days": 30, "noncurrent_keep": 2 },
        { "id": "tag", "enabled": true, "tags": { "keep": "no" }, "expire_days": 1 },
        { "id": "and", "enabled": true, "prefix": "x/", "tags": { "a": "b", "c": "d" }, "larger_than": 10,
          "smaller_than": 100, "expire_days": 1 },
        { "id": "large", "enabled": true, "larger_than": 1_048_576, "expire_days": 5 },
    ]);
    put(rules.clone()).await.unwrap();
    let mut expected = vec![by_hand.clone()];
    expected.extend(rules.as_array().unwrap().clone());
    assert_eq!(read().await, Ok(Value::Array(expected.clone())));
    assert!(mc(&bed, &["ilm", "rule", "ls", "testbed/media"]).contains("tmp/"));

    // One is replaced in its place, the others stay.
    expected[1] = json!({ "id": "tmp", "enabled": true, "expire_days": 9 });
    put(json!([expected[1]])).await.unwrap();
    assert_eq!(read().await, Ok(Value::Array(expected.clone())));

    let delete = |ids: Value| one(&backend, "DeleteBucketLifecycleRules", json!({ "bucket": "media", "rules": ids }));
    delete(json!(["tmp", "absent"])).await.unwrap();
    expected.remove(1);
    assert_eq!(read().await, Ok(Value::Array(expected.clone())));
    let all: Vec<_> = expected.iter().map(|rule| rule["id"].clone()).collect();
    delete(all.into()).await.unwrap();
    assert_eq!(read().await, Ok(Value::Null));
    assert_eq!(delete(json!(["tmp"])).await, Ok(Value::Null));
}

/// Why the plugin refuses it: the server takes it and forgets it.
#[tokio::test]
async fn minio_forgets_what_a_rule_says_of_multipart_uploads() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    let rules = json!([{ "id": "a", "enabled": true, "expire_days": 1, "abort_multipart_days": 2 }]);
    one(&backend, "PutBucketLifecycleConfiguration", json!({ "bucket": "media", "rules": rules })).await.unwrap();
    let read = one(&backend, "GetBucketLifecycleConfiguration", bucket("media")).await.unwrap();
    assert_eq!(read, json!([{ "id": "a", "enabled": true, "expire_days": 1 }]));
}

#[tokio::test]
async fn object_lock_is_chosen_when_a_bucket_is_made_and_retention_later() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("plain")).await.unwrap();
    one(&backend, "CreateBucket", json!({ "bucket": "locked", "object_lock": {} })).await.unwrap();
    let year = json!({ "mode": "COMPLIANCE", "years": 1 });
    one(&backend, "CreateBucket", json!({ "bucket": "vault", "object_lock": year })).await.unwrap();
    let read = |name| one(&backend, "GetObjectLockConfiguration", bucket(name));
    assert_eq!(read("plain").await, Ok(Value::Null));
    assert_eq!(read("absent").await, Ok(Value::Null));
    assert_eq!(read("locked").await, Ok(json!({})));
    assert_eq!(read("vault").await, Ok(year));
    assert_eq!(one(&backend, "GetBucketVersioning", bucket("locked")).await, Ok(json!("Enabled")));

    let days = json!({ "mode": "GOVERNANCE", "days": 7 });
    let put = |name| one(&backend, "PutObjectLockConfiguration", json!({ "bucket": name, "object_lock": days }));
    put("locked").await.unwrap();
    assert_eq!(read("locked").await, Ok(days.clone()));
    assert!(mc(&bed, &["retention", "info", "--default", "testbed/locked"]).contains("7DAYS"));
    mc(&bed, &["retention", "set", "--default", "compliance", "2y", "testbed/locked"]);
    assert_eq!(read("locked").await, Ok(json!({ "mode": "COMPLIANCE", "years": 2 })));
    let fault = put("plain").await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Invalid, Some("InvalidBucketState")), "{fault}");
}

#[tokio::test]
async fn a_quota_is_set_read_and_lifted() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    let read = || one(&backend, "GetBucketQuota", bucket("media"));
    let set = |size: u64| one(&backend, "SetBucketQuota", json!({ "bucket": "media", "size": size }));
    assert_eq!(read().await, Ok(Value::Null));
    set(10 << 30).await.unwrap();
    assert_eq!(read().await, Ok(json!(10u64 << 30)));
    assert!(mc(&bed, &["quota", "info", "testbed/media"]).contains("10 GiB"));
    mc(&bed, &["quota", "set", "testbed/media", "--size", "1MiB"]);
    assert_eq!(read().await, Ok(json!(1 << 20)));
    set(0).await.unwrap();
    assert_eq!(read().await, Ok(Value::Null));
    assert_eq!(one(&backend, "GetBucketQuota", bucket("absent")).await, Ok(Value::Null));
    let fault = one(&backend, "SetBucketQuota", json!({ "bucket": "absent", "size": 1 })).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Conflict, Some("NoSuchBucket")), "{fault}");
}

#[tokio::test]
async fn what_this_server_cannot_do_is_its_own_refusal() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    for name in ["GetBucketEncryption", "GetBucketCors"] {
        assert_eq!(one(&backend, name, bucket("media")).await, Ok(Value::Null), "{name}");
        assert_eq!(one(&backend, name, bucket("absent")).await, Ok(Value::Null), "{name}");
    }
    let cors = json!([{ "origins": ["https://a.example"], "methods": ["GET"] }]);
    let cases = [
        ("PutBucketEncryption", json!({ "bucket": "media", "encryption": { "algorithm": "AES256" } }), "KMS"),
        ("PutBucketCors", json!({ "bucket": "media", "cors": cors }), "leave the field out"),
    ];
    for (name, args, said) in cases {
        let fault = one(&backend, name, args).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (Class::Failed, Some("NotImplemented")), "{fault}");
        assert!(fault.message.contains(said), "{fault}");
    }
}

#[tokio::test]
async fn events_go_where_the_server_knows_to_send_them() {
    let bed = up();
    let minio = bed.get(Server::Minio).unwrap();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    let read = || one(&backend, "GetBucketNotificationConfiguration", bucket("media"));
    let arn = "arn:minio:sqs::here:webhook";
    let wanted = json!({ "id": "new", "to": "queue", "arn": arn, "events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
        "prefix": "in/", "suffix": ".csv" });
    let put = |all: Value| {
        one(&backend, "PutBucketNotificationConfiguration", json!({ "bucket": "media", "notifications": all }))
    };
    assert_eq!(read().await, Ok(json!([])));
    assert_eq!(one(&backend, "GetBucketNotificationConfiguration", bucket("absent")).await, Ok(Value::Null));
    let fault = put(json!([wanted])).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");

    // The server tries a destination before it takes it.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("endpoint=http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    mc(&bed, &["admin", "config", "set", "testbed", "notify_webhook:here", &endpoint]);
    minio.kill().unwrap();
    minio.start().unwrap();
    // The connections that it had are lost.
    while read().await.is_err() {}
    mc(&bed, &["event", "add", "testbed/media", arn, "--event", "put", "--prefix", "by-hand/"]);
    put(json!([wanted])).await.unwrap();
    let all = read().await.unwrap();
    let mut all = all.as_array().unwrap().clone();
    all.sort_by_key(|one| one["prefix"].to_string());
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["prefix"], json!("by-hand/"));
    let mut expected = wanted.clone();
    expected["arn"] = json!("arn:minio:sqs:us-east-1:here:webhook");
    assert_eq!(all[1], expected, "the server writes its region into the name");
    // The same again stands there once.
    put(json!([wanted])).await.unwrap();
    assert_eq!(read().await.unwrap().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_bucket_is_removed_when_it_is_empty() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let delete = |name| one(&backend, "DeleteBucket", bucket(name));
    for name in ["empty", "full", "versions"] {
        one(&backend, "CreateBucket", bucket(name)).await.unwrap();
    }
    one(&backend, "PutBucketVersioning", json!({ "bucket": "versions", "status": "Enabled" })).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for name in ["full", "versions"] {
        mc(&bed, &["cp", path, &format!("testbed/{name}/object")]);
    }
    mc(&bed, &["rm", "testbed/versions/object"]);
    for name in ["full", "versions"] {
        let fault = delete(name).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (Class::Denied, Some("BucketNotEmpty")), "{fault}");
        assert!(fault.message.contains("empty it"), "{fault}");
    }
    assert_eq!(delete("empty").await, Ok(Value::Null));
    assert_eq!(delete("empty").await, Ok(Value::Null));
    let left = one(&backend, "ListBuckets", json!({})).await.unwrap();
    assert_eq!(left, json!([{ "name": "full" }, { "name": "versions" }]));
}

#[tokio::test]
async fn a_bucket_says_where_it_is() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", json!({ "bucket": "here", "region": "us-east-1" })).await.unwrap();
    assert_eq!(one(&backend, "GetBucketLocation", bucket("here")).await, Ok(json!("us-east-1")));
    assert_eq!(one(&backend, "GetBucketLocation", bucket("absent")).await, Ok(Value::Null));
    let elsewhere = json!({ "bucket": "there", "region": "mars-north-1" });
    let fault = one(&backend, "CreateBucket", elsewhere).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
}
