use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use hyhost_sdk::native::{self, Host, Performed};
use hyhost_sdk::{Action, Connection, Context, Outcome, Touch, kind};
use serde_json::{Map, Value, json};

use super::*;

const KINDS: &[Kind<S3>] = &[KIND];

/// A server in memory: the fields of each bucket, and what was written.
#[derive(Default, Clone)]
struct Server {
    buckets: Rc<RefCell<BTreeMap<String, Map<String, Value>>>>,
    written: Rc<RefCell<Vec<String>>>,
    minio: bool,
}

/// The field that a read answers with.
fn field(read: &str) -> Option<&'static str> {
    Some(match read {
        "GetBucketLocation" => "region",
        "GetBucketPolicy" => "policy",
        "GetBucketVersioning" => "status",
        "GetBucketTagging" => "tags",
        "GetObjectLockConfiguration" => "object_lock",
        "GetBucketLifecycleConfiguration" => "rules",
        "GetBucketEncryption" => "encryption",
        "GetBucketQuota" => "size",
        "GetBucketNotificationConfiguration" => "notifications",
        "GetBucketCors" => "cors",
        _ => return None,
    })
}

impl Server {
    fn answer(&self, call: &Performed) -> Result<Value, Error> {
        let mut buckets = self.buckets.borrow_mut();
        match call.name.as_str() {
            "ReadHealth" => return Ok(json!({ "writable": true, "reason": "", "minio": self.minio })),
            "ListBuckets" => return Ok(buckets.keys().map(|name| json!({ "name": name })).collect()),
            _ => {}
        }
        let mut args = call.args.as_object().unwrap().clone();
        let name = args.remove("bucket").unwrap().as_str().unwrap().to_owned();
        if let Some(field) = field(&call.name) {
            if self.denies(&call.name, &name) {
                return Err(Error::failed(format!("{} of {name}: there is none", call.name)));
            }
            return Ok(buckets.get(&name).and_then(|bucket| bucket.get(field)).cloned().unwrap_or_default());
        }
        self.written.borrow_mut().push(call.name.clone());
        match call.name.as_str() {
            "DeleteBucket" => {
                buckets.remove(&name);
            }
            "CreateBucket" => {
                args.entry("region").or_insert("us-east-1".into());
                buckets.insert(name, args);
            }
            "PutBucketLifecycleConfiguration" => {
                let rules = buckets.get_mut(&name).unwrap().entry("rules").or_insert(json!([]));
                let rules = rules.as_array_mut().unwrap();
                for rule in args["rules"].as_array().unwrap() {
                    rules.retain(|there| there["id"] != rule["id"]);
                    rules.push(rule.clone());
                }
            }
            "DeleteBucketLifecycleRules" => {
                let rules = buckets.get_mut(&name).unwrap()["rules"].as_array_mut().unwrap();
                rules.retain(|there| !args["rules"].as_array().unwrap().contains(&there["id"]));
            }
            "PutBucketNotificationConfiguration" => {
                let all = buckets.get_mut(&name).unwrap().entry("notifications").or_insert(json!([]));
                all.as_array_mut().unwrap().extend(args["notifications"].as_array().unwrap().clone());
            }
            "DeleteBucketPolicy" => {
                buckets.get_mut(&name).unwrap().remove("policy");
            }
            _ => buckets.get_mut(&name).unwrap().extend(args),
        }
        Ok(Value::Null)
    }

    /// A bucket of this name cannot have a quota.
    fn denies(&self, call: &str, bucket: &str) -> bool {
        call == "GetBucketQuota" && bucket == "elsewhere"
    }

    fn run<T>(&self, context: &Context, code: impl FnOnce(&Connection<S3>) -> T) -> T {
        let server = self.clone();
        Host::new(move |call| server.answer(call)).run(|| code(&context.s3("s3").unwrap()))
    }

    fn plan_in(&self, context: &Context) -> Plan {
        self.run(context, |connection| kind::plan(context, connection, KINDS, None)).unwrap()
    }

    fn plan(&self, desired: &Value) -> Plan {
        self.plan_in(&native::context(desired, &[("s3", "s3")]))
    }

    /// Makes it so, checks that nothing is left, and says what was written.
    fn settle_in(&self, context: &Context) -> Vec<String> {
        let changes = self.plan_in(context).changes;
        self.written.borrow_mut().clear();
        let results = self.run(context, |connection| kind::ensure(context, connection, KINDS, &changes));
        assert!(results.iter().all(|result| *result == Ok(Outcome::Done)), "{results:?}");
        let left = self.plan_in(context).changes;
        assert!(left.is_empty(), "{left:?}");
        self.written.take()
    }

    fn settle(&self, desired: &Value) -> Vec<String> {
        self.settle_in(&native::context(desired, &[("s3", "s3")]))
    }

    fn set(&self, bucket: &str, field: &str, value: Value) {
        self.buckets.borrow_mut().get_mut(bucket).unwrap().insert(field.to_owned(), value);
    }
}

fn all() -> Value {
    json!({ "buckets": [{
        "name": "media",
        "region": "us-east-1",
        "object_lock": true,
        "anonymous": "download",
        "versioning": "enabled",
        "tags": { "team": "a" },
        "retention": { "mode": "governance", "days": 7 },
        "lifecycle": [{ "id": "tmp", "prefix": "tmp/", "expire_days": 9 }],
        "encryption": { "algorithm": "aws:kms", "key": "mine" },
        "quota": "10Gi",
        "notifications": [{ "to": "queue", "arn": "arn:minio:sqs::x:webhook", "events": ["s3:ObjectCreated:*"] }],
        "cors": [{ "origins": ["*"], "methods": ["PUT", "GET"] }],
    }] })
}

#[test]
fn everything_is_set_on_a_new_bucket_and_then_nothing_is_left() {
    let server = Server::default();
    let plan = server.plan(&all());
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!((&change.action, change.touches.len()), (&Action::Create, 1));
    let written = server.settle(&all());
    let expected = [
        "CreateBucket",
        "PutBucketPolicy",
        "PutBucketVersioning",
        "PutBucketTagging",
        "PutObjectLockConfiguration",
        "PutBucketLifecycleConfiguration",
        "SetBucketQuota",
        "PutBucketNotificationConfiguration",
        "PutBucketEncryption",
        "PutBucketCors",
    ];
    assert_eq!(written, expected);
    let bucket = &server.buckets.borrow()["media"];
    assert_eq!(bucket["size"], json!(10u64 << 30));
    assert_eq!(bucket["object_lock"], json!({ "mode": "GOVERNANCE", "days": 7 }));
}

#[test]
fn each_attribute_that_was_changed_by_hand_is_named_and_mended_alone() {
    let rule = |days: u64| json!([{ "id": "tmp", "enabled": true, "prefix": "tmp/", "expire_days": days }]);
    let cases = [
        ("tags", "tags", json!({ "team": "b", "other": "x" }), "PutBucketTagging"),
        ("object_lock", "retention", json!({ "mode": "GOVERNANCE", "days": 3 }), "PutObjectLockConfiguration"),
        ("rules", "lifecycle", rule(4), "PutBucketLifecycleConfiguration"),
        ("encryption", "encryption", json!({ "algorithm": "AES256" }), "PutBucketEncryption"),
        ("encryption", "encryption", Value::Null, "PutBucketEncryption"),
        ("size", "quota", json!(5), "SetBucketQuota"),
        ("notifications", "notifications", json!([]), "PutBucketNotificationConfiguration"),
        ("cors", "cors", json!([]), "PutBucketCors"),
        ("status", "versioning", json!("Suspended"), "PutBucketVersioning"),
    ];
    for (field, shown, value, written) in cases {
        let server = Server::default();
        server.settle(&all());
        server.set("media", field, value);
        let plan = server.plan(&all());
        let [change] = &plan.changes[..] else { panic!("{field}: {plan:?}") };
        assert_eq!((change.id.as_str(), &change.action), ("bucket/media", &Action::Update), "{field}");
        let after: Map<String, Value> = serde_json::from_str(change.after.as_deref().unwrap()).unwrap();
        assert_eq!(after.keys().collect::<Vec<_>>(), [shown]);
        assert_eq!(server.settle(&all()), [written]);
    }
}

#[test]
fn what_a_server_writes_in_its_own_way_is_the_same() {
    let server = Server::default();
    server.settle(&all());
    server.set("media", "encryption", json!({ "algorithm": "aws:kms", "key": "arn:aws:kms:mine" }));
    server.set("media", "cors", json!([{ "id": "x", "origins": ["*"], "methods": ["GET", "PUT"], "max_age": 5 }]));
    let other = json!({ "to": "queue", "arn": "arn:y", "events": ["s3:ObjectRemoved:*"] });
    let own = json!({ "id": "9", "to": "queue", "arn": "arn:minio:sqs:us-east-1:x:webhook", "events": ["s3:ObjectCreated:*"] });
    server.set("media", "notifications", json!([other, own]));
    server.set("media", "tags", json!({ "team": "a", "others": "stay" }));
    assert_eq!(server.plan(&all()), Plan::default());
}

#[test]
fn what_may_lose_data_or_protection_is_a_change_that_destroys() {
    let mut desired = all();
    let destroys = |server: &Server, desired: &Value| {
        let plan = server.plan(desired);
        let [change] = &plan.changes[..] else { panic!("{plan:?}") };
        let touches: [Touch; 2] = [touch::write("s3", "bucket", ["media"]), touch::destroy("s3", "bucket", ["media"])];
        assert_eq!((&change.action, &change.touches[..]), (&Action::Destroy, &touches[..]));
    };
    let server = Server::default();
    server.settle(&desired);
    desired["buckets"][0]["lifecycle"][0]["expire_days"] = json!(8);
    destroys(&server, &desired);
    server.settle(&desired);
    let add = |desired: &mut Value, rule| desired["buckets"][0]["lifecycle"].as_array_mut().unwrap().push(rule);
    add(&mut desired, json!({ "id": "new", "noncurrent_days": 30 }));
    destroys(&server, &desired);
    server.settle(&desired);
    desired["buckets"][0]["retention"] = json!({ "mode": "governance", "days": 6 });
    destroys(&server, &desired);
    server.settle(&desired);
    // And what does not: a longer retention, a rule that removes no data, a smaller quota.
    desired["buckets"][0]["retention"] = json!({ "mode": "compliance", "years": 1 });
    add(&mut desired, json!({ "id": "markers", "expire_delete_markers": true }));
    desired["buckets"][0]["quota"] = json!(1);
    assert_eq!(server.plan(&desired).changes[0].action, Action::Update);
    server.settle(&desired);
    desired["buckets"][0]["retention"] = json!({ "mode": "governance", "years": 1 });
    destroys(&server, &desired);
}

#[test]
fn what_destroys_only_since_it_was_planned_is_planned_again() {
    let server = Server::default();
    server.settle(&all());
    server.set("media", "size", json!(1));
    let context = native::context(&all(), &[("s3", "s3")]);
    let changes = server.plan_in(&context).changes;
    let rule = json!([{ "id": "tmp", "enabled": true, "prefix": "tmp/", "expire_days": 99 }]);
    server.set("media", "rules", rule);
    let results = server.run(&context, |connection| kind::ensure(&context, connection, KINDS, &changes));
    assert!(matches!(&results[..], [Err(Error::Conflict(_))]), "{results:?}");
}

#[test]
fn rules_of_others_are_extras_and_go_only_where_exactness_is_asked_for() {
    let server = Server::default();
    server.settle(&all());
    let mut rules = server.buckets.borrow()["media"]["rules"].as_array().unwrap().clone();
    rules.push(json!({ "id": "by-hand", "enabled": true, "expire_days": 1 }));
    server.set("media", "rules", rules.into());
    let plan = server.plan(&all());
    assert!(plan.changes.is_empty());
    assert_eq!(plan.extras, [Remark::new("bucket/media", "its lifecycle also has the rule `by-hand`")]);

    let statement = json!({ "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::1:user/b"] },
        "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::media/*"] });
    let policy = server.buckets.borrow()["media"]["policy"].clone();
    let mut more = policy.clone();
    more["Statement"].as_array_mut().unwrap().push(statement);
    server.set("media", "policy", more);
    assert_eq!(server.plan(&all()).extras.len(), 2);
    let exact = native::strict_context(&all(), &[("s3", "s3")], &[]);
    let plan = server.plan_in(&exact);
    assert!(plan.extras.is_empty());
    assert_eq!(plan.changes[0].action, Action::Destroy);
    assert_eq!(plan.changes[0].touches, [touch::write("s3", "bucket", ["media"])]);
    assert_eq!(server.settle_in(&exact), ["PutBucketPolicy", "DeleteBucketLifecycleRules"]);
    assert_eq!(server.buckets.borrow()["media"]["policy"], policy);
}

#[test]
fn what_cannot_be_is_refused_and_the_rest_goes_on() {
    let server = Server::default();
    server.settle(&json!({ "buckets": [{ "name": "media" }, { "name": "elsewhere" }] }));
    let desired = json!({ "buckets": [
        { "name": "media", "region": "mars-1", "object_lock": true, "retention": { "mode": "governance", "days": 1 },
          "tags": { "a": "b" } },
        { "name": "elsewhere", "quota": 5, "tags": { "a": "b" } },
    ] });
    let plan = server.plan(&desired);
    let refused: Vec<_> = plan.refused.iter().map(|one| (one.id.as_str(), one.text.as_str())).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].0 == "bucket/media" && refused[0].1.contains("`us-east-1`"), "{refused:?}");
    assert!(refused[1].1.contains("without object lock"), "{refused:?}");
    assert_eq!(refused[2], ("bucket/elsewhere", "GetBucketQuota of elsewhere: there is none"));
    assert_eq!(server.settle(&desired), ["PutBucketTagging", "PutBucketTagging"]);
}

#[test]
fn minio_is_not_asked_for_what_it_ignores() {
    let desired = json!({ "buckets": [{ "name": "media", "lifecycle": [
        { "id": "both", "expire_days": 1, "abort_multipart_days": 2 }, { "id": "only", "abort_multipart_days": 2 },
    ] }] });
    let minio = Server { minio: true, ..Server::default() };
    let plan = minio.plan(&desired);
    assert!(plan.refused[0].text.contains("MinIO ignores"), "{plan:?}");
    minio.settle(&desired);
    let rules = minio.buckets.borrow()["media"]["rules"].clone();
    assert_eq!(rules, json!([{ "id": "both", "enabled": true, "expire_days": 1 }]));
    let other = Server::default();
    other.settle(&desired);
    assert_eq!(other.buckets.borrow()["media"]["rules"][1]["abort_multipart_days"], json!(2));
}

#[test]
fn a_bucket_is_pruned_when_no_document_has_it() {
    let server = Server::default();
    server.settle(&json!({ "buckets": [{ "name": "tmp-1" }, { "name": "tmp-2" }, { "name": "old-1" }] }));
    let rules = [("s3", "bucket", "tmp-*", false), ("s3", "bucket", "old-*", true)];
    let context = native::strict_context(&json!({}), &[("s3", "s3")], &rules);
    let plan = server.plan_in(&context);
    let ids: Vec<_> = plan.changes.iter().map(|change| (change.id.as_str(), &change.action)).collect();
    assert_eq!(ids, [("bucket/tmp-1", &Action::Remove), ("bucket/tmp-2", &Action::Remove)]);
    assert_eq!(plan.changes[0].touches, [touch::destroy("s3", "bucket", ["tmp-1"])]);
    assert!(plan.refused[0].id == "bucket/old-1" && plan.refused[0].text.contains("out of hyhost's reach"));
    assert_eq!(server.settle_in(&context), ["DeleteBucket", "DeleteBucket"]);
}
