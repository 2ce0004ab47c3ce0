//! Buckets, their policy and versioning, and a server that is not always there.

use std::time::Duration;

use hyhost_backend::{Backend, Class};
use hyhost_backend_s3::S3Backend;
use hyhost_config::{S3, Secret};
use hyhost_table::Mode;
use hyhost_testbed::{Proxy, Server, Traffic};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::common::{backend, class, each, one, request};
use crate::support::{bucket, root, up};

fn public(bucket: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": ["*"] },
            "Action": ["s3:GetObject"],
            "Resource": [format!("arn:aws:s3:::{bucket}/*")]
        }]
    })
}

async fn seen_from_here(backend: &S3Backend, names: &[&str]) -> Value {
    one(backend, "ListBuckets", json!({ "names": names })).await.unwrap()
}

#[tokio::test]
async fn a_bucket_lives() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    assert_eq!(
        one(&backend, "ReadHealth", json!({})).await,
        Ok(json!({ "writable": true, "reason": "", "minio": true }))
    );
    assert_eq!(one(&backend, "ListBuckets", json!({})).await, Ok(json!([])));

    for name in ["media", "media.old", "other"] {
        assert_eq!(one(&backend, "CreateBucket", bucket(name)).await, Ok(Value::Null), "{name}");
    }
    let all = one(&backend, "ListBuckets", json!({})).await.unwrap();
    assert_eq!(all, json!([{ "name": "media" }, { "name": "media.old" }, { "name": "other" }]));
    assert_eq!(seen_from_here(&backend, &["other", "absent"]).await, json!([{ "name": "other" }]));
    assert_eq!(seen_from_here(&backend, &[]).await, json!([]));

    assert_eq!(one(&backend, "GetBucketVersioning", bucket("media")).await, Ok(Value::Null));
    for status in ["Enabled", "Suspended"] {
        one(&backend, "PutBucketVersioning", json!({ "bucket": "media", "status": status })).await.unwrap();
        assert_eq!(one(&backend, "GetBucketVersioning", bucket("media")).await, Ok(json!(status)));
    }
    assert!(bed.mc(&["version", "info", "testbed/media"]).unwrap().contains("suspended"));

    assert_eq!(one(&backend, "GetBucketPolicy", bucket("media")).await, Ok(Value::Null));
    let policy = public("media");
    one(&backend, "PutBucketPolicy", json!({ "bucket": "media", "policy": policy })).await.unwrap();
    assert_eq!(one(&backend, "GetBucketPolicy", bucket("media")).await, Ok(policy));
    let shown = bed.mc(&["anonymous", "get-json", "testbed/media"]).unwrap();
    assert!(shown.contains("s3:GetObject"), "{shown}");
    for _ in 0..2 {
        assert_eq!(one(&backend, "DeleteBucketPolicy", bucket("media")).await, Ok(Value::Null));
    }
    assert_eq!(one(&backend, "GetBucketPolicy", bucket("media")).await, Ok(Value::Null));
}

#[tokio::test]
async fn what_is_absent_reads_as_null_and_is_a_conflict_to_write() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    for name in ["GetBucketPolicy", "GetBucketVersioning"] {
        assert_eq!(one(&backend, name, bucket("absent")).await, Ok(Value::Null), "{name}");
    }
    let policy = json!({ "bucket": "absent", "policy": public("absent") });
    let versioning = json!({ "bucket": "absent", "status": "Enabled" });
    for (name, args) in
        [("PutBucketPolicy", policy), ("PutBucketVersioning", versioning), ("DeleteBucketPolicy", bucket("absent"))]
    {
        let fault = one(&backend, name, args).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (Class::Conflict, Some("NoSuchBucket")), "{fault}");
    }
    assert_eq!(one(&backend, "GetBucketVersioning", bucket("absent")).await, Ok(Value::Null));
}

#[tokio::test]
async fn a_second_create_is_a_conflict_also_at_the_same_time() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let answers = each(&backend, (0..8).map(|_| request("CreateBucket", bucket("media"))).collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    for fault in answers.into_iter().filter_map(Result::err) {
        assert!(matches!(fault.class, Class::Conflict | Class::Transient), "{fault}");
    }
    let fault = one(&backend, "CreateBucket", bucket("media")).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Conflict, Some("BucketAlreadyOwnedByYou")), "{fault}");
}

#[tokio::test]
async fn what_the_server_refuses_is_invalid_and_says_why() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    for policy in [json!({}), json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Maybe" }] }), public("other")]
    {
        let args = json!({ "bucket": "media", "policy": policy });
        let fault = one(&backend, "PutBucketPolicy", args).await.unwrap_err();
        assert_eq!(
            (fault.class, fault.code.as_deref()),
            (Class::Invalid, Some("MalformedPolicy")),
            "{policy}: {fault}"
        );
        assert!(fault.message.contains("`media`"), "{fault}");
    }
    assert_eq!(one(&backend, "GetBucketPolicy", bucket("media")).await, Ok(Value::Null));
    let fault = one(&backend, "CreateBucket", bucket("10.0.0.1")).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
}

#[tokio::test]
async fn a_user_without_rights_is_denied_but_let_in() {
    let bed = up();
    let secret = "reader-secret-0123456789";
    bed.mc(&["admin", "user", "add", "testbed", "reader", secret]).unwrap();
    bed.mc(&["admin", "policy", "attach", "testbed", "readonly", "--user", "reader"]).unwrap();
    let passwords = vec![Secret::new("reader", secret)];
    let backend = backend(&S3 { user: "reader".to_owned(), passwords, ..root(&bed, None) });
    let fault = one(&backend, "CreateBucket", bucket("media")).await.unwrap_err();
    assert_eq!((fault.class, fault.login_refused), (Class::Denied, false), "{fault}");
    assert_eq!(fault.code.as_deref(), Some("AccessDenied"));
    assert!(!format!("{fault:?}").contains(secret));
}

#[tokio::test]
async fn a_wrong_login_is_refused_and_a_list_of_secrets_is_tried_in_order() {
    let bed = up();
    let right = root(&bed, None);
    let stranger = backend(&S3 { user: "nobody".to_owned(), ..right.clone() });
    let fault = one(&stranger, "ListBuckets", json!({})).await.unwrap_err();
    assert_eq!((fault.class, fault.login_refused), (Class::Denied, true), "{fault}");
    assert_eq!(fault.code.as_deref(), Some("InvalidAccessKeyId"));

    let wrong = Secret::new("minio_new", "not-the-one-0123456789");
    let forgetful = backend(&S3 { passwords: vec![wrong.clone()], ..right.clone() });
    let fault = one(&forgetful, "CreateBucket", bucket("media")).await.unwrap_err();
    assert_eq!((fault.class, fault.login_refused), (Class::Denied, true), "{fault}");
    assert_eq!(fault.code.as_deref(), Some("SignatureDoesNotMatch"));
    assert!(fault.message.contains("`minio_new`") && !fault.message.contains("not-the-one"), "{fault}");

    let rotating = backend(&S3 { passwords: vec![wrong, right.passwords[0].clone()], ..right });
    one(&rotating, "CreateBucket", bucket("media")).await.unwrap();
    assert_eq!(rotating.account().password.as_deref(), Some("minio_root"));
    let fault = one(&rotating, "CreateBucket", bucket("media")).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_found_again() {
    let bed = up();
    let minio = bed.get(Server::Minio).unwrap();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    minio.kill().unwrap();
    for name in ["ReadHealth", "ListBuckets"] {
        let fault = one(&backend, name, json!({})).await.unwrap_err();
        assert_eq!(fault.class, Class::NotReady, "{fault}");
    }
    minio.start().unwrap();
    assert_eq!(seen_from_here(&backend, &["media"]).await, json!([{ "name": "media" }]));
}

#[tokio::test]
async fn while_the_server_starts_nothing_is_absent_or_refused() {
    let bed = up();
    let minio = bed.get(Server::Minio).unwrap();
    let backend = backend(&root(&bed, None));
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();
    one(&backend, "PutBucketPolicy", json!({ "bucket": "media", "policy": public("media") })).await.unwrap();
    minio.kill().unwrap();
    let starting = minio.start_after(Duration::ZERO);
    let mut ready = false;
    let end = Instant::now() + Duration::from_secs(60);
    while !ready && Instant::now() < end {
        match one(&backend, "ReadHealth", json!({})).await {
            Ok(answer) => ready = answer["writable"] == true,
            Err(fault) => assert_eq!(fault.class, Class::NotReady, "{fault}"),
        }
        match one(&backend, "GetBucketPolicy", bucket("media")).await {
            Ok(policy) => assert_eq!(policy, public("media")),
            Err(fault) => assert!(!ready && fault.class == Class::NotReady, "ready: {ready}: {fault}"),
        }
    }
    assert!(ready);
    starting.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_meets_the_deadline_and_one_that_drops_is_not_ready() {
    let bed = up();
    let proxy = Proxy::before(bed.get(Server::Minio).unwrap().port()).unwrap();
    let backend = backend(&root(&bed, Some(proxy.port())));
    assert_eq!(proxy.accepted(), 0, "nothing is dialled before the first request");
    one(&backend, "CreateBucket", bucket("media")).await.unwrap();

    proxy.set(Traffic::Hang);
    let started = Instant::now();
    let late = started + Duration::from_millis(500);
    let answer = backend.perform(vec![request("ListBuckets", json!({}))], Mode::Each, late).await.remove(0);
    assert_eq!(class(&answer), Err(Class::Transient));
    assert!(started.elapsed() < Duration::from_secs(5));

    proxy.set(Traffic::Refuse);
    proxy.drop_all();
    let fault = one(&backend, "ListBuckets", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::NotReady, "{fault}");

    proxy.set(Traffic::Delay(Duration::from_millis(20)));
    assert_eq!(seen_from_here(&backend, &["media"]).await, json!([{ "name": "media" }]));
}

#[tokio::test]
async fn many_at_a_time_share_few_connections() {
    let bed = up();
    let proxy = Proxy::before(bed.get(Server::Minio).unwrap().port()).unwrap();
    let backend = backend(&S3 { max_connections: 4, ..root(&bed, Some(proxy.port())) });
    let names: Vec<_> = (0..60).map(|i| format!("bucket-{i:02}")).collect();
    let create = names.iter().map(|name| request("CreateBucket", bucket(name))).collect();
    for answer in each(&backend, create).await {
        assert_eq!(answer, Ok(Value::Null));
    }
    let read = names.iter().map(|name| request("GetBucketVersioning", bucket(name))).collect();
    assert!(each(&backend, read).await.iter().all(Result::is_ok));
    assert!(proxy.accepted() <= 8, "{} connections for 4 at a time", proxy.accepted());
    assert_eq!(one(&backend, "ListBuckets", json!({})).await.unwrap().as_array().unwrap().len(), 60);
}
