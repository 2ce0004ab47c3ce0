use std::cell::RefCell;
use std::rc::Rc;

use hyhost_sdk::native::{self, Host, Performed};
use hyhost_sdk::{Action, Error, Outcome, Plan, Readiness, Verb};
use serde_json::{Value, json};

use crate::PLUGIN;

/// Runs code on a host that answers so, and says what it was asked for.
fn on<T>(answer: impl Fn(&Performed) -> Result<Value, Error> + 'static, code: impl FnOnce() -> T) -> (T, Vec<String>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let asked = Rc::clone(&log);
    let host = Host::new(move |call| {
        asked.borrow_mut().push(format!("{} {}", call.name, call.args));
        answer(call)
    });
    let result = host.run(code);
    (result, log.take())
}

fn context(desired: &Value) -> hyhost_sdk::Context {
    native::context(desired, &[("kafka", "kafka")])
}

fn plan(desired: Value, answer: impl Fn(&Performed) -> Result<Value, Error> + 'static) -> Plan {
    on(answer, || (PLUGIN.plan)(&context(&desired), None)).0.unwrap()
}

fn topic(name: &str, partitions: i64, configs: Value) -> Value {
    json!({
        "name": name, "internal": false, "partitions": partitions, "replication_factor": 1, "configs": configs,
        "dynamic": [],
    })
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.id.as_str()).collect()
}

fn after(plan: &Plan) -> Value {
    serde_json::from_str(plan.changes[0].after.as_deref().unwrap()).unwrap()
}

#[test]
fn only_what_differs_of_a_topic_is_planned() {
    let desired = json!({ "topics": [
        { "name": "new", "partitions": 3, "config": { "cleanup.policy": ["compact", "delete"] } },
        { "name": "same", "partitions": 2, "replication_factor": -1, "config": { "retention.ms": 60_000 } },
        { "name": "more", "partitions": 5 },
        { "name": "other", "config": { "segment.bytes": 7, "preallocate": true } },
        { "name": "unmanaged" },
    ] });
    let plan = plan(desired, |_| {
        Ok(json!([
            topic("same", 2, json!({ "retention.ms": "60000" })),
            topic("more", 3, json!({})),
            topic("other", 1, json!({ "segment.bytes": "8", "preallocate": "true" })),
            topic("unmanaged", 9, json!({ "retention.ms": "1" })),
        ]))
    });
    assert_eq!(ids(&plan), ["topic/new", "topic/more", "topic/other"]);
    assert!(plan.changes[0].action == Action::Create && plan.changes[2].action == Action::Update);
    assert_eq!(after(&plan), json!({ "partitions": 3, "cleanup.policy": "compact,delete" }));
    assert_eq!(plan.changes[2].before.as_deref(), Some(r#"{"segment.bytes":"8"}"#));
    assert!(plan.changes.iter().all(|change| change.touches[0].verb == Verb::Write));
}

#[test]
fn what_cannot_be_is_refused_and_never_made_anew() {
    let desired = json!({ "topics": [
        { "name": "fewer", "partitions": 2 }, { "name": "replicas", "replication_factor": 3 },
    ] });
    let plan = plan(desired, |_| Ok(json!([topic("fewer", 3, json!({})), topic("replicas", 1, json!({}))])));
    assert!(plan.changes.is_empty());
    let texts: Vec<&str> = plan.refused.iter().map(|remark| remark.text.as_str()).collect();
    assert!(texts[0].contains("3 partitions and shall have 2"), "{texts:?}");
    assert!(texts[1].contains("1 replicas and shall have 3"), "{texts:?}");
}

#[test]
fn a_shorter_retention_destroys() {
    let desired = json!({ "topics": [{ "name": "t", "config": { "retention.ms": 5, "segment.bytes": 9 } }] });
    let there = |_: &Performed| Ok(json!([topic("t", 1, json!({ "retention.ms": "6", "segment.bytes": "8" }))]));
    let plan = plan(desired.clone(), there);
    assert_eq!((&plan.changes[0].action, &plan.changes[0].touches[0].verb), (&Action::Destroy, &Verb::Destroy));
    let (outcomes, asked) = on(|_| Ok(Value::Null), || (PLUGIN.ensure)(&context(&desired), &plan.changes));
    assert_eq!(outcomes, [Ok(Outcome::Done)]);
    assert_eq!(
        asked,
        [
            r#"IncrementalAlterConfigsWithLoss {"config":"retention.ms","topic":"t","value":"5"}"#,
            r#"IncrementalAlterConfigs {"config":"segment.bytes","topic":"t","value":"9"}"#,
        ]
    );
}

#[test]
fn ten_thousand_topics_are_read_in_pages_and_in_one_call() {
    let topics: Vec<Value> = (0..10_000).map(|i| json!({ "name": format!("t{i}"), "partitions": 1 })).collect();
    let answer = |call: &Performed| {
        let names = call.args["names"].as_array().unwrap().iter();
        Ok(names.map(|name| topic(name.as_str().unwrap(), 1, json!({}))).collect())
    };
    let desired = json!({ "topics": topics });
    let (plan, asked) = on(answer, || (PLUGIN.plan)(&context(&desired), None).unwrap());
    assert_eq!((plan.changes.len(), asked.len()), (0, 5));
}

#[test]
fn another_run_that_was_faster_is_no_error() {
    let desired = json!({ "topics": [{ "name": "t" }] });
    let plan = plan(desired.clone(), |_| Ok(json!([])));
    let answer = |call: &Performed| match call.name.as_str() {
        "CreateTopics" => Err(Error::conflict("it exists")),
        _ => Ok(json!([topic("t", 1, json!({}))])),
    };
    let (outcomes, _) = on(answer, || (PLUGIN.ensure)(&context(&desired), &plan.changes));
    assert_eq!(outcomes, [Ok(Outcome::Unchanged)]);
}

fn acl(operation: &str, name: &str) -> Value {
    json!({
        "principal": "User:app", "resource": "topic", "name": name, "operation": operation, "permission": "allow",
        "host": "*",
    })
}

#[test]
fn missing_acls_are_made_and_others_are_extras() {
    let desired = json!({ "acls": [
        { "principal": "User:app", "topic": "pre-*", "operations": ["read", "write"] },
        { "principal": "User:app", "group": "g", "operations": ["read"], "permission": "deny", "host": "10.0.0.1" },
    ] });
    let there = |call: &Performed| {
        assert_eq!(call.args, json!({ "principals": ["User:app"] }));
        Ok(json!([acl("read", "pre-*"), acl("describe", "pre-*"), acl("all", "other")]))
    };
    let plan = plan(desired.clone(), there);
    assert_eq!(ids(&plan), [r"acl/User:app/group/g/deny/10.0.0.1", "acl/User:app/topic/pre-*"]);
    assert!(plan.changes[0].action == Action::Create && plan.changes[1].action == Action::Update);
    let extras: Vec<&str> = plan.extras.iter().map(|remark| remark.id.as_str()).collect();
    assert_eq!(extras, ["acl/User:app/topic/other", "acl/User:app/topic/pre-*"]);
    let touches: Vec<_> = plan.changes[1].touches.iter().map(|touch| (touch.kind.as_str(), &touch.verb)).collect();
    assert_eq!(touches, [("principal", &Verb::Use), ("topic", &Verb::Write)]);
    let (outcomes, asked) = on(|_| Ok(Value::Null), || (PLUGIN.ensure)(&context(&desired), &plan.changes));
    assert_eq!(outcomes, [Ok(Outcome::Done), Ok(Outcome::Done)]);
    assert_eq!(asked.len(), 2, "{asked:?}");
}

#[test]
fn brokers_without_acls_refuse_them_and_nothing_else() {
    let desired = json!({
        "topics": [{ "name": "t" }], "acls": [{ "principal": "User:a", "topic": "t", "operations": ["read"] }],
    });
    let plan = plan(desired, |call| match call.name.as_str() {
        "DescribeAcls" => Err(Error::failed("no authorizer")),
        _ => Ok(json!([])),
    });
    assert_eq!(ids(&plan), ["topic/t"]);
    assert_eq!(plan.refused[0].text, "no authorizer");
}

#[test]
fn a_users_password_is_proved_and_written_only_where_it_is_another() {
    let desired = json!({ "users": [
        { "name": "new", "password": "pw" },
        { "name": "same", "password": "pw", "mechanisms": ["SCRAM-SHA-256", "SCRAM-SHA-512"] },
        { "name": "drifted", "password": "pw", "iterations": 8192 },
        { "name": "more", "password": "pw" },
    ] });
    let there = |call: &Performed| {
        let of = |user: &str, mechanism: &str| json!({ "user": user, "mechanism": mechanism, "iterations": 4096 });
        match call.name.as_str() {
            "PasswordMatches" => Ok(json!(call.args["user"] != "drifted")),
            _ => Ok(json!([
                of("same", "SCRAM-SHA-256"),
                of("same", "SCRAM-SHA-512"),
                of("drifted", "SCRAM-SHA-512"),
                of("more", "SCRAM-SHA-256"),
                of("more", "SCRAM-SHA-512"),
            ])),
        }
    };
    let plan = plan(desired.clone(), there);
    assert_eq!(ids(&plan), ["user/new", "user/drifted"]);
    assert_eq!(after(&plan), json!({ "mechanisms": ["SCRAM-SHA-512"] }));
    let drifted = plan.changes[1].after.as_deref().unwrap();
    assert_eq!(drifted, r#"{"iterations of SCRAM-SHA-512":8192,"password":"as declared"}"#);
    assert!(plan.extras.len() == 1 && plan.extras[0].text.contains("SCRAM-SHA-256"));
    let (_, asked) = on(|_| Ok(Value::Null), || (PLUGIN.ensure)(&context(&desired), &plan.changes));
    assert_eq!(asked.len(), 2);
    let expected = r#"AlterUserScramCredentials {"iterations":4096,"mechanism":"SCRAM-SHA-512","password":{"secret":"pw"},"user":"new"}"#;
    assert_eq!(asked[0], expected);
}

#[test]
fn ready_is_a_controller_and_brokers_enough() {
    let probe = |desired: Value, brokers: i64, controller: Value| {
        let brokers: Vec<Value> = (0..brokers).map(|id| json!({ "id": id, "host": "h", "port": 1 })).collect();
        let cluster = json!({
            "cluster_id": "c", "controller": controller, "brokers": brokers, "default_replication_factor": 3,
            "default_partitions": 1,
        });
        let (readiness, _) = on(move |_| Ok(cluster.clone()), || (PLUGIN.probe)(&context(&desired)).unwrap());
        readiness
    };
    let three =
        json!({ "topics": [{ "name": "a", "replication_factor": 1 }, { "name": "b", "replication_factor": 3 }] });
    assert!(matches!(probe(three.clone(), 3, json!(1)), Readiness::Ready));
    let expected = "2 of 3 brokers are up: topic `b` has 3 replicas";
    assert!(matches!(probe(three, 2, json!(1)), Readiness::NotReady(text) if text == expected));
    let default = json!({ "topics": [{ "name": "a" }] });
    let expected = "1 of 3 brokers are up: topic `a` has 3 replicas (the brokers' default)";
    assert!(matches!(probe(default, 1, json!(1)), Readiness::NotReady(text) if text == expected));
    assert!(matches!(probe(json!({}), 1, Value::Null), Readiness::NotReady(_)));
    assert!(matches!(probe(json!({}), 1, json!(1)), Readiness::Ready));
}

/// With `exact`, and rules of what may be removed.
fn strict(desired: &Value, prune: &[(&str, &str, &str, bool)]) -> hyhost_sdk::Context {
    native::strict_context(desired, &[("kafka", "kafka")], prune)
}

#[test]
fn with_exact_what_is_beyond_is_removed() {
    let desired = json!({
        "acls": [{ "principal": "User:app", "topic": "t", "operations": ["read"] }],
        "users": [{ "name": "u", "password": "pw" }],
    });
    let there = |call: &Performed| {
        let of = |mechanism: &str| json!({ "user": "u", "mechanism": mechanism, "iterations": 4096 });
        Ok(match call.name.as_str() {
            "DescribeAcls" => json!([acl("read", "t"), acl("write", "t"), acl("all", "other")]),
            "PasswordMatches" => json!(true),
            _ => json!([of("SCRAM-SHA-256"), of("SCRAM-SHA-512")]),
        })
    };
    let (plan, _) = on(there, || (PLUGIN.plan)(&strict(&desired, &[]), None).unwrap());
    assert_eq!(ids(&plan), ["user/u", "acl/User:app/topic/other", "acl/User:app/topic/t"]);
    assert!(plan.extras.is_empty() && plan.changes.iter().all(|change| change.action == Action::Destroy));
    let touches = &plan.changes[2].touches;
    assert!(touches.len() == 1 && touches[0].kind == "principal" && touches[0].verb == Verb::Write);
    let (_, asked) = on(|_| Ok(Value::Null), || (PLUGIN.ensure)(&strict(&desired, &[]), &plan.changes));
    let expected = r#"RevokeUserScramCredentials {"mechanism":"SCRAM-SHA-256","user":"u"}"#;
    assert!(asked.len() == 3 && asked[0] == expected, "{asked:?}");
    assert!(asked[1..].iter().all(|call| call.starts_with("DeleteAcls ")), "{asked:?}");
}

#[test]
fn what_no_document_mentions_goes_where_a_rule_says_so() {
    let prune = [
        ("kafka", "topic", "tmp*", true),
        ("kafka", "user", "tmp*", false),
        ("kafka", "principal", "User:tmp*", false),
    ];
    let there = |call: &Performed| {
        assert!(call.args.get("names").is_none() && call.args.get("users").is_none());
        Ok(match call.name.as_str() {
            "DescribeAcls" => json!([acl("read", "t"), {
                "principal": "User:tmp1", "resource": "topic", "name": "x", "operation": "all", "permission": "allow",
                "host": "*",
            }]),
            "ReadTopics" => {
                json!([topic("kept", 1, json!({})), topic("tmp-1", 1, json!({})), topic("__tmp", 1, json!({}))])
            }
            _ => json!([
                { "user": "tmp", "mechanism": "SCRAM-SHA-512", "iterations": 4096 },
                { "user": "kept", "mechanism": "SCRAM-SHA-512", "iterations": 4096 },
            ]),
        })
    };
    let desired = json!({});
    let (plan, _) = on(there, || (PLUGIN.plan)(&strict(&desired, &prune), None).unwrap());
    assert_eq!(ids(&plan), ["topic/tmp-1", "user/tmp", "acl/User:tmp1"]);
    assert!(plan.changes.iter().all(|change| change.action == Action::Remove));
    assert!(plan.changes.iter().all(|change| change.touches.len() == 1 && change.touches[0].verb == Verb::Destroy));
    let (outcomes, asked) = on(|_| Ok(Value::Null), || (PLUGIN.ensure)(&strict(&desired, &prune), &plan.changes));
    assert_eq!(outcomes, [Ok(Outcome::Done), Ok(Outcome::Done), Ok(Outcome::Done)]);
    assert_eq!(asked[0], r#"DeleteTopics {"topic":"tmp-1","with_data":true}"#);
    assert!(asked[2].starts_with("DeleteAclsOfPrincipal "), "{asked:?}");
}
