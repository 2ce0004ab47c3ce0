//! Requests as rows say, and what answers mean: on a server that says what a
//! real one says in bad hours only.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../s3/tests/common/fake.rs"]
mod fake;

use std::time::Duration;

use common::{HIDDEN, backend, basic, class, each, one, open, request, settings, soon};
use fake::{Answer, Fake, Seen};
use hyhost_backend::{Backend, Class};
use hyhost_config::Login;
use hyhost_table::Mode;
use serde_json::json;

fn says(status: u16, body: &str) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let body = body.to_owned();
    move |_| Answer::Http(status, "", body.clone())
}

#[tokio::test]
async fn a_row_becomes_a_request() {
    let server = Fake::plain(says(200, r#"{"data":{"items":[]}}"#)).await;
    let api = open(server.port);
    one(&api, "GetShelf", json!({ "name": "a/../b c?*" })).await.unwrap();
    one(&api, "ReadShelves", json!({ "names": ["x", "y&z"] })).await.unwrap();
    let more = json!({ "colour": "red", "id": "another" });
    one(&api, "CreateShelf", json!({ "name": "new", "size": 3, "more": more })).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /shelves/a%2F..%2Fb%20c%3F%2A HTTP/1.1");
    assert_eq!(seen[1].line, "GET /shelves?limit=1000&sort=x%2Cy%26z HTTP/1.1");
    assert_eq!(seen[2].line, "POST /shelves HTTP/1.1");
    assert_eq!(seen[2].body, r#"{"colour":"red","id":"new","spec":{"size":3}}"#);
    assert!(seen[2].head.contains("content-type: application/json"), "{}", seen[2].head);
    assert!(seen.iter().all(|seen| !seen.head.contains("authorization")));
}

#[tokio::test]
async fn a_secret_is_put_into_the_body_at_the_sinks_and_nowhere_else() {
    let server = Fake::plain(says(201, "{}")).await;
    let api = open(server.port);
    let secret = json!({ "secret": "key" });
    let more = json!({ "inner": secret, "other": secret });
    one(&api, "CreateShelf", json!({ "name": "a", "lock": secret, "more": more })).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&server.seen()[0].body).unwrap();
    let expected = json!({ "id": "a", "spec": {}, "lock": HIDDEN, "inner": HIDDEN, "other": { "secret": "key" } });
    assert_eq!(body, expected);
    let wrong = one(&api, "GetShelf", json!({ "name": secret })).await;
    assert_eq!(class(&wrong), Err(Class::Invalid));
}

#[tokio::test]
async fn an_answer_is_what_the_row_makes_of_it() {
    let items = r#"{"data":{"items":[{"id":"a","spec":{"size":1}},{"id":"b","lock":null},{"id":"c"}]}}"#;
    let server = Fake::plain(says(200, items)).await;
    let api = open(server.port);
    let chosen = json!([{ "name": "a", "size": 1 }, { "name": "b" }]);
    assert_eq!(one(&api, "ReadShelves", json!({ "names": ["a", "b", "z"] })).await.unwrap(), chosen);
    assert_eq!(one(&api, "CreateShelf", json!({ "name": "a" })).await.unwrap(), json!(null));
    let whole: serde_json::Value = serde_json::from_str(items).unwrap();
    assert_eq!(one(&api, "GetShelf", json!({ "name": "a" })).await.unwrap(), whole);

    let none = open(Fake::plain(says(404, "")).await.port);
    assert_eq!(one(&none, "GetShelf", json!({ "name": "a" })).await.unwrap(), json!(null));
    assert_eq!(class(&one(&none, "ReadShelves", json!({})).await), Err(Class::Failed));
    assert_eq!(class(&one(&none, "CreateShelf", json!({ "name": "a" })).await), Err(Class::Conflict));

    let page = open(Fake::plain(says(200, "<html>Welcome</html>")).await.port);
    let fault = one(&page, "ReadShelves", json!({})).await.unwrap_err();
    assert!(fault.class == Class::Failed && fault.message.contains("is not JSON"), "{fault}");
}

#[tokio::test]
async fn errors_have_the_class_of_their_status_and_code() {
    let exists = r#"{"error":{"type":"resource_already_exists_exception","reason":"there"},"status":400}"#;
    let cases = [
        (400, exists, Class::Conflict),
        (400, r#"{"error":{"type":"parse_exception","reason":"no"}}"#, Class::Invalid),
        (403, r#"{"error":{"type":"security_exception","reason":"no permissions"}}"#, Class::Denied),
        (409, r#"{"status":"CONFLICT","message":"changed"}"#, Class::Conflict),
        (422, "{}", Class::Conflict),
        (429, "", Class::Transient),
        (500, "", Class::Transient),
        (502, "<html>", Class::Transient),
        (503, "OpenSearch Security not initialized.", Class::NotReady),
        (503, r#"{"error":{"type":"cluster_block_exception","reason":"x"}}"#, Class::Transient),
        (302, "", Class::Failed),
    ];
    for (status, body, expected) in cases {
        let server = Fake::plain(says(status, body)).await;
        let fault = one(&open(server.port), "CreateShelf", json!({ "name": "a" })).await.unwrap_err();
        assert_eq!((fault.class, fault.login_refused), (expected, false), "{status} {body}: {fault}");
        assert!(fault.message.contains(&status.to_string()), "{fault}");
        assert_eq!(server.seen().len(), 1, "nothing is tried twice, and no redirect followed");
    }
}

#[tokio::test]
async fn a_way_that_ends_is_told_from_one_that_is_wrong() {
    let closed = Fake::plain(|_: &Seen| Answer::Close).await;
    assert_eq!(class(&one(&open(closed.port), "ReadShelves", json!({})).await), Err(Class::NotReady));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(class(&one(&open(port), "ReadShelves", json!({})).await), Err(Class::NotReady));
    let mut nowhere = settings(80, Login::None);
    nowhere.host = "no-such-host.invalid".to_owned();
    let answer = backend(&nowhere).perform(vec![request("ReadShelves", json!({}))], Mode::Each, soon()).await.remove(0);
    assert_eq!(class(&answer), Err(Class::NotReady));
    let other = Fake::plain(|_: &Seen| Answer::Raw("220 smtp.test ready\r\n")).await;
    let fault = one(&open(other.port), "ReadShelves", json!({})).await.unwrap_err();
    assert!(fault.class == Class::Failed && fault.message.contains("does not speak HTTP"), "{fault}");
    let cut = Fake::plain(|_: &Seen| Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")).await;
    assert_eq!(class(&one(&open(cut.port), "ReadShelves", json!({})).await), Err(Class::NotReady));
    let endless = Fake::plain(says(200, &format!("\"{}\"", "x".repeat(17 << 20)))).await;
    let fault = one(&open(endless.port), "GetShelf", json!({ "name": "a" })).await.unwrap_err();
    assert!(fault.class == Class::Failed && fault.message.contains("longer than"), "{fault}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_at_the_deadline() {
    let server = Fake::plain(|_: &Seen| Answer::Hang).await;
    let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    let answer =
        open(server.port).perform(vec![request("ReadShelves", json!({}))], Mode::Each, deadline).await.remove(0);
    assert_eq!(class(&answer), Err(Class::Transient));
}

#[tokio::test]
async fn what_holds_data_goes_only_with_leave() {
    let boxes = |total: u32| {
        move |seen: &Seen| match seen.line.starts_with("GET") {
            true => Answer::Http(200, "", format!(r#"{{"total":{total}}}"#)),
            false => Answer::Http(200, "", "{}".to_owned()),
        }
    };
    let full = Fake::plain(boxes(12)).await;
    let fault = one(&open(full.port), "DeleteShelf", json!({ "name": "a" })).await.unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("it is not empty (12 boxes)"), "{fault}");
    assert_eq!(full.seen().len(), 1, "it was looked at and not removed");
    one(&open(full.port), "DeleteShelf", json!({ "name": "a", "with_data": true })).await.unwrap();
    assert_eq!(full.seen()[1].line, "DELETE /shelves/a HTTP/1.1");
    let empty = Fake::plain(boxes(0)).await;
    one(&open(empty.port), "DeleteShelf", json!({ "name": "a" })).await.unwrap();
    assert_eq!(empty.seen().len(), 2);
    let odd = Fake::plain(says(200, "{}")).await;
    assert_eq!(class(&one(&open(odd.port), "DeleteShelf", json!({ "name": "a" })).await), Err(Class::Failed));
    let gone = Fake::plain(says(404, "")).await;
    assert_eq!(one(&open(gone.port), "DeleteShelf", json!({ "name": "a" })).await.unwrap(), json!(null));
}

#[tokio::test]
async fn a_proof_is_a_login_of_somebody_else() {
    // somebody:hidden-0123456789-secret
    let right = "authorization: basic c29tzwjvzhk6aglkzgvultaxmjm0nty3odktc2vjcmv0";
    for (status, expected) in [(200, Ok(true)), (403, Ok(true)), (401, Ok(false)), (500, Err(Class::Transient))] {
        let server = Fake::plain(says(status, "{}")).await;
        let api = backend(&settings(server.port, basic(&[("own", "another")])));
        let answer = one(&api, "KeyMatches", json!({ "user": "somebody", "key": { "secret": "key" } })).await;
        assert_eq!(class(&answer), expected.map(|proved| json!(proved)), "{status}");
        assert!(server.seen()[0].head.contains(right), "{}", server.seen()[0].head);
    }
}

#[tokio::test]
async fn connections_are_kept_and_no_more_than_allowed_are_used() {
    let kept = Fake::plain(|_: &Seen| Answer::Kept(200, "{}".to_owned())).await;
    let api = open(kept.port);
    for _ in 0..20 {
        one(&api, "GetShelf", json!({ "name": "a" })).await.unwrap();
    }
    assert_eq!((kept.seen().len(), kept.connections()), (20, 1));

    let slow = Fake::plain(|_: &Seen| Answer::Late(Duration::from_millis(20), 200, "{}".to_owned())).await;
    let mut few = settings(slow.port, Login::None);
    few.max_connections = 4;
    let many = (0..40).map(|i| request("GetShelf", json!({ "name": i.to_string() }))).collect();
    let answers = each(&backend(&few), many).await;
    assert!(answers.len() == 40 && answers.iter().all(Result::is_ok));
    assert_eq!(slow.peak(), 4, "at the same time, and within the limit");
}

#[tokio::test]
async fn there_are_no_transactions() {
    let server = Fake::plain(says(200, "{}")).await;
    let asked = vec![request("GetShelf", json!({ "name": "a" }))];
    let answers = open(server.port).perform(asked, Mode::Transaction, soon()).await;
    assert_eq!(class(&answers[0]), Err(Class::Invalid));
    assert!(server.seen().is_empty());
}
