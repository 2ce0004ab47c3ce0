//! What every kind of answer means, from a server that gives it on demand.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/fake.rs"]
mod fake;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{HIDDEN, backend, class, each, one, request, settings, soon};
use fake::{Answer, Fake, Seen};
use hyhost_backend::{Backend, Class};
use hyhost_config::{S3, Secret};
use hyhost_table::Mode;
use serde_json::{Value, json};
use tokio::time::Instant;

fn xml(status: u16, body: &str) -> Answer {
    Answer::Http(status, "content-type: application/xml\r\n", body.to_owned())
}

fn error(status: u16, code: &str) -> Answer {
    xml(status, &format!("<Error><Code>{code}</Code><Message>Some words.</Message></Error>"))
}

fn buckets(names: &[&str], token: &str) -> Answer {
    let names: String = names.iter().map(|name| format!("<Bucket><Name>{name}</Name></Bucket>")).collect();
    let token =
        if token.is_empty() { String::new() } else { format!("<ContinuationToken>{token}</ContinuationToken>") };
    xml(200, &format!("<ListAllMyBucketsResult><Buckets>{names}</Buckets>{token}</ListAllMyBucketsResult>"))
}

fn bucket() -> Value {
    json!({ "bucket": "media" })
}

/// A server that answers everything so, and what an operation makes of it.
async fn answered(answer: fn() -> Answer, name: &str, args: Value) -> Result<Value, Class> {
    let server = Fake::plain(move |_| answer()).await;
    class(&one(&backend(&settings(server.port)), name, args).await)
}

#[tokio::test]
async fn what_cannot_be_read_is_never_absent() {
    let strange = || xml(200, "<GetBucketVersioningResponse><Status>Enabled</Status></GetBucketVersioningResponse>");
    assert_eq!(answered(strange, "GetBucketVersioning", bucket()).await, Err(Class::Failed));
    let page = || Answer::Http(200, "content-type: text/html\r\n", "<html>Welcome</html>".to_owned());
    for name in ["GetBucketVersioning", "GetBucketPolicy"] {
        assert_eq!(answered(page, name, bucket()).await, Err(Class::Failed), "{name}");
    }
    assert_eq!(answered(page, "ListBuckets", json!({})).await, Err(Class::Failed));
    let not_found = || Answer::Http(404, "content-type: text/html\r\n", "<html>Not found</html>".to_owned());
    let no_body = || Answer::Http(404, "", String::new());
    for name in ["GetBucketVersioning", "GetBucketPolicy"] {
        assert_eq!(answered(not_found, name, bucket()).await, Err(Class::Failed), "{name}");
        assert_eq!(answered(no_body, name, bucket()).await, Err(Class::Failed), "{name}");
        assert_eq!(answered(|| error(404, "NoSuchBucket"), name, bucket()).await, Ok(Value::Null), "{name}");
    }
    assert_eq!(answered(|| xml(200, "[1]"), "GetBucketPolicy", bucket()).await, Err(Class::Failed));
    assert_eq!(answered(|| error(404, "NoSuchBucketPolicy"), "GetBucketPolicy", bucket()).await, Ok(Value::Null));
    let never_set = || xml(200, "<VersioningConfiguration/>");
    assert_eq!(answered(never_set, "GetBucketVersioning", bucket()).await, Ok(Value::Null));
}

#[tokio::test]
async fn errors_are_classified_by_code_and_keep_it() {
    for (status, code, expected) in [
        (409, "BucketAlreadyOwnedByYou", Class::Conflict),
        (409, "BucketAlreadyExists", Class::Denied),
        (409, "OperationAborted", Class::Transient),
        (503, "SlowDown", Class::Transient),
        (500, "InternalError", Class::Transient),
        (404, "NoSuchBucket", Class::Conflict),
        (403, "AccessDenied", Class::Denied),
        (503, "XMinioServerNotInitialized", Class::NotReady),
    ] {
        let server = Fake::plain(move |_| error(status, code)).await;
        let fault = one(&backend(&settings(server.port)), "CreateBucket", bucket()).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (expected, Some(code)));
        assert!(fault.message.contains("`media`") && fault.message.contains("Some words"), "{fault}");
        assert!(!fault.login_refused);
        assert_eq!(server.seen().len(), 1, "{code}: a backend tries once");
    }
}

#[tokio::test]
async fn a_refused_login_is_told_from_a_refused_operation() {
    for code in ["InvalidAccessKeyId", "SignatureDoesNotMatch"] {
        let server = Fake::plain(move |_| error(403, code)).await;
        let backend = backend(&settings(server.port));
        let fault = one(&backend, "CreateBucket", bucket()).await.unwrap_err();
        assert_eq!((fault.class, fault.login_refused), (Class::Denied, true));
        assert!(fault.message.contains("`the-user`"), "{fault}");
        assert_eq!(backend.account().password, None);
    }
}

#[tokio::test]
async fn health_is_what_minio_says_and_else_what_a_signed_request_finds() {
    let health = |answer: fn(bool) -> Answer| async move {
        let server = Fake::plain(move |seen: &Seen| answer(seen.line.starts_with("GET /minio/health/cluster "))).await;
        let answer = one(&backend(&settings(server.port)), "ReadHealth", json!({})).await;
        (class(&answer), server.seen())
    };
    let good = |minio| json!({ "writable": true, "reason": "", "minio": minio });

    let minio = |_| Answer::Http(200, "x-minio-write-quorum: 2\r\n", String::new());
    let (answer, seen) = health(minio).await;
    assert_eq!((answer, seen.len()), (Ok(good(true)), 1));
    assert!(!seen[0].head.contains("authorization"), "{}", seen[0].head);

    let starting = |_| Answer::Http(503, "x-minio-server-status: iam-offline\r\n", String::new());
    let (answer, _) = health(starting).await;
    let reason = "the server is starting: iam-offline";
    assert_eq!(answer, Ok(json!({ "writable": false, "reason": reason, "minio": true })));
    let few = |_| Answer::Http(503, "x-minio-write-quorum: 3\r\n", String::new());
    let reason = "fewer drives can be written than the write quorum of 3";
    assert_eq!(health(few).await.0, Ok(json!({ "writable": false, "reason": reason, "minio": true })));

    // Not MinIO: a page for everybody, or an error.
    let page = |health| if health { Answer::Http(200, "", "Welcome".to_owned()) } else { buckets(&[], "") };
    let (answer, seen) = health(page).await;
    assert_eq!(answer, Ok(good(false)));
    assert!(seen[1].head.contains("authorization: aws4-hmac-sha256"), "{}", seen[1].head);
    let other = |_| error(403, "AccessDenied");
    assert_eq!(health(other).await.0, Ok(good(false)));
    let stranger = |health| if health { error(404, "NoSuchBucket") } else { error(403, "InvalidAccessKeyId") };
    assert_eq!(health(stranger).await.0, Err(Class::Denied));
    let early = |health| if health { error(404, "x") } else { error(503, "XMinioServerNotInitialized") };
    assert_eq!(health(early).await.0, Err(Class::NotReady));
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let server = Fake::plain(|seen| {
        if seen.line.contains("continuation-token=next") {
            buckets(&["ccc"], "")
        } else {
            buckets(&["aaa", "bbb"], "next")
        }
    })
    .await;
    let backend_of_pages = backend(&settings(server.port));
    let all = one(&backend_of_pages, "ListBuckets", json!({})).await.unwrap();
    assert_eq!(all, json!([{ "name": "aaa" }, { "name": "bbb" }, { "name": "ccc" }]));
    let some = one(&backend_of_pages, "ListBuckets", json!({ "names": ["ccc", "absent"] })).await.unwrap();
    assert_eq!(some, json!([{ "name": "ccc" }]));
    assert_eq!(one(&backend_of_pages, "ListBuckets", json!({ "names": [] })).await, Ok(json!([])));

    assert_eq!(answered(|| buckets(&["aaa"], "same"), "ListBuckets", json!({})).await, Err(Class::Failed));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    // Many names, names that are long, and a token that fits into no address.
    for (count, name, token, said) in
        [(30_000, 1, 1, "lists too much"), (1, 6 << 20, 1, "lists too much"), (0, 0, 70_000, "token")]
    {
        let pages = AtomicUsize::new(0);
        let server = Fake::plain(move |_| {
            let page = pages.fetch_add(1, Ordering::SeqCst);
            let names = vec!["b".repeat(name); count];
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            buckets(&names, &format!("{page}{}", "t".repeat(token)))
        })
        .await;
        let fault = one(&backend(&settings(server.port)), "ListBuckets", json!({ "names": [] })).await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "{fault}");
        assert!(fault.message.contains(said), "{fault}");
        assert!(server.seen().len() < 5, "{}", server.seen().len());
    }
}

#[tokio::test]
async fn requests_are_path_style_signed_and_name_the_region() {
    let server = Fake::plain(|_| Answer::Http(200, "", String::new())).await;
    let default = backend(&settings(server.port));
    one(&default, "CreateBucket", bucket()).await.unwrap();
    let elsewhere = S3 { region: "eu-central-1".to_owned(), ..settings(server.port) };
    one(&backend(&elsewhere), "CreateBucket", json!({ "bucket": "media--x-s3" })).await.unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "a b" }] });
    one(&default, "PutBucketPolicy", json!({ "bucket": "media", "policy": policy })).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen[0].line.starts_with("PUT /media"), "{}", seen[0].line);
    assert!(seen[0].head.contains(&format!("host: localhost:{}", server.port)), "{}", seen[0].head);
    assert!(seen[0].head.contains("credential=the-user/") && seen[0].head.contains("/us-east-1/s3/aws4_request"));
    assert_eq!(seen[0].body, "", "us-east-1 is not a location constraint");
    assert!(seen[1].line.starts_with("PUT /media--x-s3"), "{}", seen[1].line);
    assert!(seen[1].body.contains("<LocationConstraint>eu-central-1</LocationConstraint>"), "{}", seen[1].body);
    assert!(seen[1].head.contains("/eu-central-1/s3/aws4_request"));
    assert_eq!(seen[2].body, r#"{"Statement":[{"Sid":"a b"}],"Version":"2012-10-17"}"#);
    for seen in &seen {
        assert!(!seen.head.contains("expect:") && !seen.head.contains("x-amz-security-token"), "{}", seen.head);
    }
    assert!(!seen[2].head.contains("aws-chunked"), "{}", seen[2].head);
}

/// Runs the test above in an environment that would lead it astray.
#[test]
fn the_environment_counts_for_nothing() {
    let nowhere = "http://127.0.0.1:9";
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "requests_are_path_style_signed_and_name_the_region"]);
    for proxy in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        again.env(proxy, nowhere);
    }
    again.env("AWS_ENDPOINT_URL", nowhere).env("AWS_ENDPOINT_URL_S3", nowhere).env("AWS_REGION", "mars-1");
    again.env("AWS_ACCESS_KEY_ID", "astray").env("AWS_SECRET_ACCESS_KEY", "astray").env("AWS_SESSION_TOKEN", "astray");
    again.env("AWS_PROFILE", "absent").env("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_SUPPORTED");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    let gone = Fake::plain(|_| Answer::Close).await;
    let lost = one(&backend(&settings(gone.port)), "ListBuckets", json!({})).await.unwrap_err();
    assert_eq!(lost.class, Class::NotReady, "{lost}");

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = one(&backend(&settings(port)), "ReadHealth", json!({})).await.unwrap_err();
    assert_eq!(refused.class, Class::NotReady, "{refused}");
    assert!(refused.message.contains("refused"), "{refused}");

    let nowhere = S3 { host: "nowhere.invalid".to_owned(), ..settings(9000) };
    for name in ["ReadHealth", "ListBuckets"] {
        let fault = each(&backend(&nowhere), vec![request(name, json!({}))]).await.remove(0).unwrap_err();
        assert_eq!(fault.class, Class::NotReady, "{fault}");
        assert!(fault.message.starts_with("store: nowhere.invalid:9000: "), "{fault}");
        assert!(fault.message.contains("looked up"), "{fault}");
    }
}

#[tokio::test]
async fn what_is_no_s3_server_is_not_waited_for() {
    assert_eq!(answered(|| Answer::Raw("SSH-2.0-OpenSSH\r\n"), "ListBuckets", json!({})).await, Err(Class::Failed));
    let plain = || Answer::Http(400, "", "Client sent an HTTP request to an HTTPS server.".to_owned());
    assert_eq!(answered(plain, "ListBuckets", json!({})).await, Err(Class::Invalid));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    // A list that could be read, were it not for its length.
    let list = |padding: usize| {
        let padding = " ".repeat(padding);
        xml(200, &format!("<ListAllMyBucketsResult>{padding}<Buckets></Buckets></ListAllMyBucketsResult>"))
    };
    let long = Fake::plain(move |_| list(1 << 20)).await;
    assert_eq!(one(&backend(&settings(long.port)), "ListBuckets", json!({})).await, Ok(json!([])));
    let server = Fake::plain(move |_| list(20 << 20)).await;
    let answer = one(&backend(&settings(server.port)), "ListBuckets", json!({})).await;
    assert_eq!(class(&answer), Err(Class::Failed));
    assert!(answer.unwrap_err().message.len() < 600);
}

#[tokio::test]
async fn a_slow_server_meets_the_deadline() {
    let server = Fake::plain(|_| Answer::Hang).await;
    let backend = backend(&settings(server.port));
    let started = Instant::now();
    let deadline = started + Duration::from_millis(300);
    let requests = vec![request("ReadHealth", json!({})), request("CreateBucket", bucket())];
    let answers = backend.perform(requests, Mode::Each, deadline).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    let classes: Vec<_> = answers.iter().map(class).collect();
    assert_eq!(classes, [Err(Class::Transient), Err(Class::Transient)]);
}

#[tokio::test]
async fn no_more_at_a_time_than_the_connection_allows_and_answers_in_order() {
    let server = Fake::plain(|seen| {
        let name = seen.line.trim_start_matches("GET /").split(['/', '?']).next().unwrap().to_owned();
        let late = Duration::from_millis(if name == "b-0" { 100 } else { 20 });
        Answer::Late(late, 200, json!({ "Id": name }).to_string())
    })
    .await;
    let settings = S3 { max_connections: 3, ..settings(server.port) };
    let requests = (0..12).map(|i| request("GetBucketPolicy", json!({ "bucket": format!("b-{i}") }))).collect();
    let answers = each(&backend(&settings), requests).await;
    for (i, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer, Ok(json!({ "Id": format!("b-{i}") })));
    }
    assert_eq!(server.peak(), 3);
}

#[tokio::test]
async fn a_transaction_is_refused_and_nothing_is_dialled() {
    let server = Fake::plain(|_| buckets(&[], "")).await;
    let backend = backend(&settings(server.port));
    let requests = vec![request("CreateBucket", bucket()), request("ListBuckets", json!({}))];
    let answers = backend.perform(requests, Mode::Transaction, soon()).await;
    assert!(answers.len() == 2 && answers.iter().all(|answer| class(answer) == Err(Class::Invalid)));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_secret_that_works_is_found_kept_and_said() {
    let server = Fake::plain(|_| buckets(&[], "")).await;
    let passwords = vec![Secret::new("new", "n".repeat(20)), Secret::new("old", HIDDEN)];
    let backend = backend(&S3 { passwords, ..settings(server.port) });
    let account = backend.account();
    assert_eq!((account.password, account.superuser, account.plaintext), (None, None, true));
    assert_eq!((account.user.as_str(), account.endpoint), ("the-user", format!("localhost:{}", server.port)));
    one(&backend, "ListBuckets", json!({})).await.unwrap();
    assert_eq!(backend.account().password.as_deref(), Some("new"));
}

/// To another server the paths of MinIO's admin API are objects in a bucket
/// called `minio`, so nothing is sent there, secrets least of all.
#[tokio::test]
async fn the_admin_api_is_asked_of_minio_alone() {
    let server = Fake::plain(|_| error(404, "NoSuchBucket")).await;
    let backend = backend(&settings(server.port));
    let quota = json!({ "bucket": "media", "size": 1 });
    for (name, args) in [("GetBucketQuota", bucket()), ("SetBucketQuota", quota), ("ReadUsers", json!({}))] {
        let fault = one(&backend, name, args).await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "{fault}");
        assert!(fault.message.contains("MinIO's admin API"), "{fault}");
    }
    let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert!(lines.iter().all(|line| line.starts_with("GET /minio/health/")), "{lines:?}");
}

#[tokio::test]
async fn an_answer_of_the_admin_api_that_cannot_be_read_is_never_absent() {
    fn minio(status: u16, body: &'static str) -> impl Fn(&Seen) -> Answer {
        move |seen| {
            let head = "x-minio-write-quorum: 1\r\n";
            let health = seen.line.contains("/health/");
            if health { Answer::Http(200, head, String::new()) } else { Answer::Http(status, head, body.to_owned()) }
        }
    }
    let policies = ("ReadPolicies", json!({}));
    let user = ("ReadUsers", json!({ "names": ["a"] }));
    let all = ("ReadUsers", json!({}));
    let cases = [
        (200, "<html>", policies.clone(), Class::Failed),
        (200, "not sealed, but long enough to have a head of forty-one bytes", all, Class::Failed),
        (404, "<html>", user.clone(), Class::Failed),
        (404, r#"{"Code":"XMinioSomethingElse"}"#, user.clone(), Class::Failed),
        (403, r#"{"Code":"AccessDenied","Message":"no"}"#, user.clone(), Class::Denied),
        (503, r#"{"Code":"XMinioIAMNotInitialized"}"#, policies, Class::NotReady),
    ];
    for (status, body, (name, args), expected) in cases {
        let server = Fake::plain(minio(status, body)).await;
        assert_eq!(class(&one(&backend(&settings(server.port)), name, args).await), Err(expected), "{status} {body}");
    }
    let server = Fake::plain(minio(404, r#"{"Code":"XMinioAdminNoSuchUser","Message":"none"}"#)).await;
    assert_eq!(one(&backend(&settings(server.port)), user.0, user.1).await, Ok(json!([])));
}

/// What MinIO does not have without a KMS or at all, as another server gives
/// and takes it.
#[tokio::test]
async fn encryption_and_cors_are_read_and_written() {
    let server = Fake::plain(|seen| match seen.line.split(' ').next().unwrap() {
        "PUT" => Answer::Http(200, "", String::new()),
        _ if seen.line.contains("encryption") => xml(
            200,
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms\
             </SSEAlgorithm><KMSMasterKeyID>mine</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>",
        ),
        _ => xml(
            200,
            "<CORSConfiguration><CORSRule><ID>a</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
             <MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>",
        ),
    })
    .await;
    let backend = backend(&settings(server.port));
    let encryption = json!({ "algorithm": "aws:kms", "key": "mine" });
    assert_eq!(one(&backend, "GetBucketEncryption", bucket()).await, Ok(encryption.clone()));
    let cors = json!([{ "id": "a", "origins": ["*"], "methods": ["GET"], "max_age": 5 }]);
    assert_eq!(one(&backend, "GetBucketCors", bucket()).await, Ok(cors.clone()));
    one(&backend, "PutBucketEncryption", json!({ "bucket": "media", "encryption": encryption })).await.unwrap();
    one(&backend, "PutBucketCors", json!({ "bucket": "media", "cors": cors })).await.unwrap();
    let bodies: Vec<_> = server.seen().into_iter().map(|seen| seen.body).filter(|body| !body.is_empty()).collect();
    assert!(bodies[0].contains("<KMSMasterKeyID>mine</KMSMasterKeyID>"), "{bodies:?}");
    assert!(bodies[1].contains("<MaxAgeSeconds>5</MaxAgeSeconds>"), "{bodies:?}");
}
