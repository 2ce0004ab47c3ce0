use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use hyhost_sdk::native::{self, Host, Performed};
use hyhost_sdk::{Action, Connection, Outcome, kind};
use serde_json::{Value, json};

use super::*;

const KINDS: &[Kind<S3>] = &[KIND];

/// A server in memory: each bucket's policy and versioning, and every
/// operation that it was asked for.
#[derive(Default, Clone)]
struct Server {
    buckets: Rc<RefCell<BTreeMap<String, (Value, Value)>>>,
    log: Rc<RefCell<Vec<Performed>>>,
}

impl Server {
    fn of(buckets: Value) -> Self {
        let server = Self::default();
        for (name, bucket) in buckets.as_object().unwrap() {
            let state = (bucket["policy"].clone(), bucket["versioning"].clone());
            server.buckets.borrow_mut().insert(name.clone(), state);
        }
        server
    }

    fn answer(&self, call: &Performed) -> Result<Value, Error> {
        self.log.borrow_mut().push(call.clone());
        let mut buckets = self.buckets.borrow_mut();
        if call.name == "ListBuckets" {
            let wanted: Vec<String> = serde_json::from_value(call.args["names"].clone()).unwrap();
            let names = buckets.keys().filter(|name| wanted.contains(name));
            return Ok(names.map(|name| json!({ "name": name })).collect());
        }
        let name = call.args["bucket"].as_str().unwrap();
        if call.name == "CreateBucket" {
            if name == "foreign" || buckets.contains_key(name) {
                return Err(Error::conflict(format!("bucket {name}: it exists")));
            }
            buckets.insert(name.to_owned(), (Value::Null, Value::Null));
            return Ok(Value::Null);
        }
        if name == "locked" {
            return Err(Error::denied("bucket locked: access denied"));
        }
        let bucket = buckets.get_mut(name).ok_or_else(|| Error::conflict(format!("bucket {name}: it is gone")))?;
        match call.name.as_str() {
            "GetBucketPolicy" => return Ok(bucket.0.clone()),
            "GetBucketVersioning" => return Ok(bucket.1.clone()),
            "PutBucketPolicy" => bucket.0 = call.args["policy"].clone(),
            "DeleteBucketPolicy" => bucket.0 = Value::Null,
            "PutBucketVersioning" => bucket.1 = call.args["status"].clone(),
            other => panic!("{other}"),
        }
        Ok(Value::Null)
    }

    fn run<T>(&self, desired: Value, code: impl FnOnce(&Context, &Connection<S3>) -> T) -> T {
        let server = self.clone();
        Host::new(move |call| server.answer(call)).run(|| {
            let context = native::context(&desired, &[("s3", "s3")]);
            let connection = context.s3("s3").unwrap();
            code(&context, &connection)
        })
    }

    fn plan(&self, desired: &Value) -> Plan {
        self.run(desired.clone(), |context, connection| kind::plan(context, connection, KINDS, None)).unwrap()
    }

    fn ensure(&self, desired: &Value, changes: &[Change]) -> Vec<Result<Outcome, Error>> {
        self.run(desired.clone(), |context, connection| kind::ensure(context, connection, KINDS, changes))
    }

    /// The names of the operations since the last time, by call.
    fn calls(&self) -> Vec<Vec<String>> {
        let mut calls: Vec<Vec<String>> = Vec::new();
        for call in self.log.borrow_mut().drain(..) {
            if calls.len() <= call.round {
                calls.resize_with(call.round + 1, Vec::new);
            }
            calls[call.round].push(call.name);
        }
        calls
    }
}

fn three() -> Value {
    json!({ "buckets": [
        { "name": "aaa", "anonymous": "download", "versioning": "enabled" },
        { "name": "bbb", "versioning": "suspended" },
        { "name": "ccc", "policy": { "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::1:user/a" }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::ccc/*" },
        ] } },
    ] })
}

#[test]
fn a_first_run_makes_everything_in_four_calls_and_a_second_finds_nothing() {
    let server = Server::default();
    let plan = server.plan(&three());
    assert_eq!(server.calls(), [["ListBuckets"]]);
    let ids: Vec<_> = plan.changes.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(ids, ["bucket/aaa", "bucket/bbb", "bucket/ccc"]);
    assert!(plan.changes.iter().all(|change| matches!(change.action, Action::Create) && change.before.is_none()));
    assert_eq!(plan.changes[0].after.as_deref(), Some(r#"{"anonymous":"download","versioning":"enabled"}"#));
    assert_eq!(plan.changes[0].touches, [touch::write("s3", "bucket", ["aaa"])]);

    let results = server.ensure(&three(), &plan.changes);
    assert!(results.iter().all(|result| *result == Ok(Outcome::Done)), "{results:?}");
    let calls = server.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0], ["CreateBucket"; 3]);
    assert_eq!(calls[1], ["PutBucketPolicy"; 2]);
    assert_eq!(calls[2], ["PutBucketVersioning"; 2]);

    assert_eq!(server.plan(&three()), Plan::default());
    let calls = server.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].len(), 4, "only what the document manages is read");
}

#[test]
fn what_was_changed_by_hand_is_named_and_mended_and_nothing_else() {
    let server = Server::default();
    server.ensure(&three(), &server.plan(&three()).changes);
    server.buckets.borrow_mut().get_mut("aaa").unwrap().0 = Value::Null;
    server.buckets.borrow_mut().get_mut("bbb").unwrap().0 = json!({ "Statement": [] });
    server.calls();

    let plan = server.plan(&three());
    let [change] = &plan.changes[..] else { panic!("{:?}", plan.changes) };
    assert_eq!((change.id.as_str(), &change.action), ("bucket/aaa", &Action::Update));
    assert_eq!(change.before.as_deref(), Some(r#"{"anonymous":"none"}"#));
    assert_eq!(change.after.as_deref(), Some(r#"{"anonymous":"download"}"#));
    server.calls();
    assert_eq!(server.ensure(&three(), &plan.changes), [Ok(Outcome::Done)]);
    let written: Vec<_> = server.calls().into_iter().flatten().filter(|name| !name.starts_with("Get")).collect();
    assert_eq!(written, ["PutBucketPolicy"]);
    assert_eq!(server.plan(&three()), Plan::default());
}

#[test]
fn making_a_change_again_writes_nothing() {
    let server = Server::default();
    let changes = server.plan(&three()).changes;
    server.ensure(&three(), &changes);
    server.calls();
    // The buckets exist, so each create is answered by a conflict.
    let again = server.ensure(&three(), &changes);
    assert!(again.iter().all(|result| *result == Ok(Outcome::Unchanged)), "{again:?}");
    assert!(server.calls().into_iter().flatten().all(|name| !name.starts_with("Put")));
}

#[test]
fn a_name_that_is_somebody_elses_stays_a_conflict() {
    let server = Server::default();
    let desired = json!({ "buckets": [{ "name": "foreign" }, { "name": "mine" }] });
    let results = server.ensure(&desired, &server.plan(&desired).changes);
    assert!(matches!(&results[..], [Err(Error::Conflict(_)), Ok(Outcome::Done)]), "{results:?}");
}

#[test]
fn a_bucket_that_may_not_be_read_does_not_stop_the_others() {
    let server = Server::of(json!({ "locked": {}, "open": {} }));
    let desired =
        json!({ "buckets": [{ "name": "locked", "anonymous": "none" }, { "name": "open", "versioning": "enabled" }] });
    let plan = server.plan(&desired);
    assert_eq!(plan.refused, [Remark::new("bucket/locked", "bucket locked: access denied")]);
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn statements_of_others_are_extras_and_survive() {
    let other = json!({ "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::1:user/b"] }, "Action": ["s3:GetObject"],
        "Resource": ["arn:aws:s3:::ccc/*"] });
    let policy = json!({ "Version": "2012-10-17", "Id": "x", "Statement": [other] });
    let server = Server::of(json!({ "aaa": { "policy": policy }, "bbb": {}, "ccc": { "policy": policy } }));
    let plan = server.plan(&three());
    let extras: Vec<_> = plan.extras.iter().map(|extra| extra.id.as_str()).collect();
    assert_eq!(extras, ["bucket/aaa", "bucket/ccc"]);
    server.ensure(&three(), &plan.changes);
    for name in ["aaa", "ccc"] {
        let (policy, _) = &server.buckets.borrow()[name];
        assert_eq!(policy["Statement"][0], other);
        assert_eq!(policy["Id"], json!("x"));
    }
    let settled = server.plan(&three());
    assert!(settled.changes.is_empty() && settled.extras.len() == 2);
}

#[test]
fn what_was_given_to_everybody_by_hand_is_shown_as_it_is() {
    let server = Server::of(json!({ "aaa": { "policy": { "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::aaa/x*" } } } }));
    let desired = json!({ "buckets": [{ "name": "aaa", "anonymous": "none" }] });
    let plan = server.plan(&desired);
    let before = r#"{"anonymous":["everybody may s3:GetObject on arn:aws:s3:::aaa/x*"]}"#;
    assert_eq!(plan.changes[0].before.as_deref(), Some(before));
    server.ensure(&desired, &plan.changes);
    assert_eq!(server.buckets.borrow()["aaa"].0, Value::Null);
}

#[test]
fn an_unmanaged_bucket_is_only_listed() {
    let server = Server::of(json!({ "aaa": { "policy": { "Statement": [] }, "versioning": "Enabled" } }));
    assert_eq!(server.plan(&json!({ "buckets": [{ "name": "aaa" }] })), Plan::default());
    assert_eq!(server.calls(), [["ListBuckets"]]);
    assert_eq!(server.plan(&json!({})), Plan::default());
    assert!(server.calls().is_empty());
}

#[test]
fn a_payload_of_somebody_else_is_refused_alone() {
    let server = Server::default();
    let desired = json!({ "buckets": [{ "name": "aaa" }] });
    let mut changes = server.plan(&desired).changes;
    changes.insert(0, Change::create("bucket/xxx"));
    let results = server.ensure(&desired, &changes);
    assert!(matches!(&results[..], [Err(Error::Invalid(_)), Ok(Outcome::Done)]), "{results:?}");
    assert_eq!(server.buckets.borrow().keys().collect::<Vec<_>>(), ["aaa"]);
}
