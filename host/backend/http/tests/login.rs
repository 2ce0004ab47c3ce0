//! As whom requests are made.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../s3/tests/common/fake.rs"]
mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{HIDDEN, backend, basic, each, one, request, secret, settings};
use fake::{Answer, Fake, Seen};
use hyhost_backend::{Backend, Class};
use hyhost_backend_http::{ConnectError, connect};
use hyhost_config::{Login, Url};
use serde_json::json;

const EMPTY: &str = r#"{"data":{"items":[]}}"#;

/// Answers who sends this header line, and nobody else.
fn knows(line: &str) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let line = line.to_ascii_lowercase();
    move |seen| match seen.head.lines().any(|sent| sent == line) {
        true => Answer::Http(200, "", EMPTY.to_owned()),
        false => Answer::Http(401, "", "Unauthorized".to_owned()),
    }
}

#[tokio::test]
async fn passwords_are_tried_in_order_and_the_right_one_is_kept() {
    // the-user:second-password
    let server = Fake::plain(knows("authorization: Basic dGhlLXVzZXI6c2Vjb25kLXBhc3N3b3Jk")).await;
    let login = basic(&[("first", HIDDEN), ("second", "second-password"), ("third", "x")]);
    let api = backend(&settings(server.port, login));
    assert_eq!(api.account().password, None);
    one(&api, "ReadShelves", json!({})).await.unwrap();
    one(&api, "ReadShelves", json!({})).await.unwrap();
    assert_eq!(server.seen().len(), 3, "the first twice, and then the one that was taken");
    assert_eq!((api.account().user.as_str(), api.account().password.as_deref()), ("the-user", Some("second")));
    assert!(api.account().plaintext);
}

#[tokio::test]
async fn a_refused_login_is_said_with_the_names_of_the_secrets() {
    let server = Fake::plain(knows("authorization: nothing")).await;
    let api = backend(&settings(server.port, basic(&[("first", HIDDEN), ("second", "y")])));
    let fault = one(&api, "ReadShelves", json!({})).await.unwrap_err();
    assert!(fault.class == Class::Denied && fault.login_refused, "{fault}");
    assert!(fault.message.contains("does not take the secret `first`, `second` for `the-user`"), "{fault}");
    let fault = one(&backend(&settings(server.port, Login::None)), "ReadShelves", json!({})).await.unwrap_err();
    assert!(fault.login_refused && fault.message.contains("the connection has none"), "{fault}");
}

#[tokio::test]
async fn what_is_forbidden_is_a_refused_login_only_where_the_row_tests_one() {
    let server = Fake::plain(|_: &Seen| Answer::Http(403, "", "{}".to_owned())).await;
    let api = backend(&settings(server.port, basic(&[("first", "x")])));
    assert!(one(&api, "ReadShelves", json!({})).await.unwrap_err().login_refused);
    let fault = one(&api, "CreateShelf", json!({ "name": "a" })).await.unwrap_err();
    assert!(fault.class == Class::Denied && !fault.login_refused, "{fault}");
}

#[tokio::test]
async fn tokens_and_headers_of_ones_own() {
    let bearer = Fake::plain(knows("authorization: Bearer the-token")).await;
    let login = Login::Bearer(vec![secret("old", "x"), secret("new", "the-token")]);
    one(&backend(&settings(bearer.port, login)), "ReadShelves", json!({})).await.unwrap();
    let header = Fake::plain(knows("x-api-key: the-key")).await;
    let own = |name: &str, value: &str| Login::Header { name: name.to_owned(), values: vec![secret("key", value)] };
    one(&backend(&settings(header.port, own("X-Api-Key", "the-key"))), "ReadShelves", json!({})).await.unwrap();
    let fault = one(&backend(&settings(header.port, own("X-Api-Key", "a\nb"))), "ReadShelves", json!({})).await;
    assert_eq!(fault.unwrap_err().class, Class::Invalid);
    assert!(matches!(connect("api", &settings(1, own("not a name", "x"))), Err(ConnectError::Header(_))));
    assert!(matches!(connect("api", &settings(1, Login::Bearer(Vec::new()))), Err(ConnectError::NoSecret("bearer"))));
}

/// A server that hands out `token-1`, `token-2`, …
async fn tokens(life: u32, calls: Arc<AtomicUsize>) -> Fake {
    // the%2Dclient is not encoded: `-` is unreserved. the-client:c%20s
    let known = "authorization: basic dghllwnsawvuddpjjtiwcw==";
    Fake::plain(move |seen: &Seen| {
        assert_eq!(seen.line, "POST /token HTTP/1.1");
        assert_eq!(seen.body, "grant_type=client_credentials&scope=a%20b");
        if !seen.head.contains(known) {
            return Answer::Http(400, "", r#"{"error":"invalid_client"}"#.to_owned());
        }
        let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
        Answer::Http(200, "", format!(r#"{{"access_token":"token-{number}","expires_in":{life}}}"#))
    })
    .await
}

fn oauth2(port: u16, secrets: &[&str]) -> Login {
    Login::OAuth2 {
        token_url: Url { secure: false, host: "localhost".to_owned(), port, path: "/token".to_owned() },
        client_id: "the-client".to_owned(),
        client_secrets: secrets.iter().enumerate().map(|(i, value)| secret(&format!("s{i}"), value)).collect(),
        scope: Some("a b".to_owned()),
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_it_ends_or_is_refused() {
    let fetched = Arc::new(AtomicUsize::new(0));
    let source = tokens(3600, Arc::clone(&fetched)).await;
    let api = Fake::plain(knows("authorization: Bearer token-1")).await;
    let client = backend(&settings(api.port, oauth2(source.port, &["wrong", "c s"])));
    let answers = each(&client, (0..20).map(|_| request("ReadShelves", json!({}))).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "twenty requests at the same time share one");
    assert_eq!((client.account().user.as_str(), client.account().password.as_deref()), ("the-client", Some("s1")));

    // The server has forgotten the first token: it is renewed once.
    let fetched = Arc::new(AtomicUsize::new(0));
    let source = tokens(3600, Arc::clone(&fetched)).await;
    let api = Fake::plain(knows("authorization: Bearer token-2")).await;
    let client = backend(&settings(api.port, oauth2(source.port, &["c s"])));
    one(&client, "ReadShelves", json!({})).await.unwrap();
    one(&client, "ReadShelves", json!({})).await.unwrap();
    assert_eq!((fetched.load(Ordering::SeqCst), api.seen().len()), (2, 3));

    // One that is over at once is fetched each time, before it is refused.
    let fetched = Arc::new(AtomicUsize::new(0));
    let source = tokens(0, Arc::clone(&fetched)).await;
    let api = Fake::plain(|_: &Seen| Answer::Http(200, "", EMPTY.to_owned())).await;
    let client = backend(&settings(api.port, oauth2(source.port, &["c s"])));
    one(&client, "ReadShelves", json!({})).await.unwrap();
    one(&client, "ReadShelves", json!({})).await.unwrap();
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_nobody_gives_is_a_refused_login() {
    let fetched = Arc::new(AtomicUsize::new(0));
    let source = tokens(3600, Arc::clone(&fetched)).await;
    let api = Fake::plain(knows("authorization: nothing")).await;
    let fault = one(&backend(&settings(api.port, oauth2(source.port, &["x"]))), "ReadShelves", json!({})).await;
    let fault = fault.unwrap_err();
    assert!(fault.class == Class::Denied && fault.login_refused, "{fault}");
    assert!(fault.message.contains("does not take the secret `s0` for `the-client` (invalid_client)"), "{fault}");
    let fault = one(&backend(&settings(api.port, oauth2(source.port, &["c s"]))), "ReadShelves", json!({})).await;
    let fault = fault.unwrap_err();
    assert!(fault.login_refused && fault.message.contains("the token that `the-client` gets"), "{fault}");
    assert_eq!(fetched.load(Ordering::SeqCst), 2, "renewed once, and not for ever");
    let down = Fake::plain(|_: &Seen| Answer::Close).await;
    let fault = one(&backend(&settings(api.port, oauth2(down.port, &["x"]))), "ReadShelves", json!({})).await;
    assert_eq!(fault.unwrap_err().class, Class::NotReady);
}
