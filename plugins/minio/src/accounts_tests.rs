//! Users, groups, policies and service accounts together, as a document has
//! them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use hyhost_sdk::native::{self, Host, Performed};
use hyhost_sdk::s3::S3;
use hyhost_sdk::{Action, Change, Connection, Context, Error, Outcome, Outcomes, Plan, kind};
use serde_json::{Value, json};

use crate::KINDS;

/// A server in memory: what is there of each kind, by name.
#[derive(Default, Clone)]
struct Server {
    objects: Rc<RefCell<BTreeMap<(&'static str, String), Value>>>,
    written: Rc<RefCell<Vec<String>>>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Server {
    fn answer(&self, call: &Performed) -> Result<Value, Error> {
        let mut objects = self.objects.borrow_mut();
        let args = &call.args;
        let list = |kind: &str, name: &str, wanted: &Value| -> Value {
            let found =
                objects.iter().filter(|((k, n), _)| *k == kind && (wanted.is_null() || texts(wanted).contains(n)));
            let shown = found.map(|((_, n), object)| {
                let mut shown = object.clone();
                shown[name] = json!(n);
                shown.as_object_mut().unwrap().remove("secret");
                if kind == "group" && shown["status"] == "disabled" {
                    shown["policies"] = json!([]);
                }
                shown
            });
            shown.collect()
        };
        match call.name.as_str() {
            "ReadPolicies" => return Ok(list("policy", "name", &args["names"])),
            "ReadUsers" => return Ok(list("user", "name", &args["names"])),
            "ReadGroups" => return Ok(list("group", "name", &args["names"])),
            "ListAccessKeys" => return Ok(list("service_account", "access_key", &Value::Null)),
            "ReadServiceAccounts" => return Ok(list("service_account", "access_key", &args["access_keys"])),
            _ => {}
        }
        let kind = ["access_key", "user", "group", "policy"].into_iter().find(|kind| args.get(kind).is_some()).unwrap();
        let name = args[kind].as_str().unwrap().to_owned();
        let key = (if kind == "access_key" { "service_account" } else { kind }, name.clone());
        if call.name.ends_with("Matches") {
            let Some(object) = objects.get(&key).filter(|object| object["status"] == "enabled") else {
                return Ok(Value::Null);
            };
            return Ok((object["secret"] == args["secret"]["secret"]).into());
        }
        self.written.borrow_mut().push(format!("{} {name}", call.name));
        let secret = args["secret"]["secret"].clone();
        match call.name.as_str() {
            "AddCannedPolicy" | "SetCannedPolicy" => {
                assert!(args["document"]["Version"].is_string() && args["document"]["Statement"].is_array());
                objects.insert(key, json!({ "document": args["document"] }));
            }
            "AddUser" => {
                objects.insert(key, json!({ "status": args["status"], "policies": [], "secret": secret }));
            }
            "SetUserSecret" => objects.get_mut(&key).unwrap()["secret"] = secret,
            "SetUserStatus" | "SetGroupStatus" => objects.get_mut(&key).unwrap()["status"] = args["status"].clone(),
            "AddGroup" => {
                objects.insert(key, json!({ "status": "enabled", "members": [], "policies": [] }));
            }
            "AddServiceAccount" => {
                let mut object = json!({ "status": "enabled", "name": "", "description": "" });
                object.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
                object["secret"] = secret;
                objects.insert(key, object);
            }
            "UpdateServiceAccount" => {
                let object = objects.get_mut(&key).unwrap();
                object.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
                if !secret.is_null() {
                    object["secret"] = secret;
                }
            }
            remove if remove.starts_with("Remove") && !remove.ends_with("Members") || remove.starts_with("Delete") => {
                objects.remove(&key);
            }
            list => {
                let field = if list.ends_with("Members") { "members" } else { "policies" };
                let object = objects.get_mut(&key).unwrap();
                let mut all = texts(&object[field]);
                let given = texts(&args[field]);
                all.retain(|name| !given.contains(name));
                if list.starts_with("A") {
                    all.extend(given);
                }
                all.sort();
                object[field] = json!(all);
            }
        }
        Ok(Value::Null)
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

    fn ensure(&self, context: &Context, changes: &[Change]) -> Outcomes {
        self.run(context, |connection| kind::ensure(context, connection, KINDS, changes))
    }

    /// Makes it so, checks that nothing is left, and says what was written.
    fn settle_in(&self, context: &Context) -> Vec<String> {
        let changes = self.plan_in(context).changes;
        self.written.borrow_mut().clear();
        let results = self.ensure(context, &changes);
        assert!(results.iter().all(|result| *result == Ok(Outcome::Done)), "{results:?}");
        let left = self.plan_in(context).changes;
        assert!(left.is_empty(), "{left:?}");
        self.written.take()
    }

    fn settle(&self, desired: &Value) -> Vec<String> {
        self.settle_in(&native::context(desired, &[("s3", "s3")]))
    }

    fn set(&self, kind: &'static str, name: &str, field: &str, value: Value) {
        self.objects.borrow_mut().get_mut(&(kind, name.to_owned())).unwrap()[field] = value;
    }
}

fn may(action: &str) -> Value {
    json!({ "Statement": { "Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::media/*" } })
}

fn all() -> Value {
    json!({
        "policies": [{ "name": "reader", "policy": may("s3:GetObject") }],
        "users": [{ "name": "app", "secret": "app_secret", "enabled": true, "policies": ["reader"] }],
        "groups": [{ "name": "team", "enabled": true, "members": ["app"], "policies": ["reader"] }],
        "service_accounts": [{ "access_key": "app-key", "owner": "app", "secret": "key_secret", "enabled": true,
            "policy": may("s3:GetObject"), "name": "app", "description": "x", "expiration": "2030-01-01T00:00:00Z" }],
    })
}

#[test]
fn everything_is_made_in_its_order_and_then_nothing_is_left() {
    let server = Server::default();
    let plan = server.plan(&all());
    let shown: Vec<_> = plan.changes.iter().map(|change| (change.id.as_str(), change.requires.join(" "))).collect();
    let expected = [
        ("policy/reader", String::new()),
        ("user/app", "policy/reader".to_owned()),
        ("group/team", "user/app policy/reader".to_owned()),
        ("service_account/app-key", "user/app".to_owned()),
    ];
    assert_eq!(shown, expected);
    assert!(plan.changes.iter().all(|change| change.action == Action::Create));
    assert!(!format!("{plan:?}").contains(r#""secret":"app_secret""#));
    let written = server.settle(&all());
    let expected = [
        "AddCannedPolicy reader",
        "AddUser app",
        "AttachUserPolicy app",
        "AddGroup team",
        "AddGroupMembers team",
        "AttachGroupPolicy team",
        "AddServiceAccount app-key",
    ];
    assert_eq!(written, expected);
}

#[test]
fn each_attribute_that_was_changed_by_hand_is_named_and_mended_alone() {
    let cases = [
        ("policy", "reader", "document", may("s3:PutObject"), "policy", "SetCannedPolicy reader", Action::Destroy),
        ("user", "app", "secret", json!("another"), "secret", "SetUserSecret app", Action::Update),
        ("user", "app", "status", json!("disabled"), "enabled", "SetUserStatus app", Action::Update),
        ("user", "app", "policies", json!([]), "policies", "AttachUserPolicy app", Action::Update),
        ("group", "team", "members", json!([]), "members", "AddGroupMembers team", Action::Update),
        ("group", "team", "policies", json!([]), "policies", "AttachGroupPolicy team", Action::Update),
        ("service_account", "app-key", "secret", json!("b"), "secret", "UpdateServiceAccount app-key", Action::Update),
        (
            "service_account",
            "app-key",
            "status",
            json!("disabled"),
            "enabled",
            "UpdateServiceAccount app-key",
            Action::Update,
        ),
        (
            "service_account",
            "app-key",
            "policy",
            may("s3:*"),
            "policy",
            "UpdateServiceAccount app-key",
            Action::Destroy,
        ),
        ("service_account", "app-key", "name", json!("b"), "name", "UpdateServiceAccount app-key", Action::Update),
        (
            "service_account",
            "app-key",
            "description",
            json!("b"),
            "description",
            "UpdateServiceAccount app-key",
            Action::Update,
        ),
        (
            "service_account",
            "app-key",
            "expiration",
            json!("2029-01-01T00:00:00Z"),
            "expiration",
            "UpdateServiceAccount app-key",
            Action::Update,
        ),
    ];
    for (kind, name, field, value, shown, written, action) in cases {
        let server = Server::default();
        server.settle(&all());
        server.set(kind, name, field, value);
        let plan = server.plan(&all());
        let [change] = &plan.changes[..] else { panic!("{kind} {field}: {plan:?}") };
        assert_eq!((change.id.clone(), &change.action), (format!("{kind}/{name}"), &action), "{field}");
        let after: serde_json::Map<String, Value> = serde_json::from_str(change.after.as_deref().unwrap()).unwrap();
        assert_eq!(after.keys().collect::<Vec<_>>(), [shown], "{kind} {field}");
        assert_eq!(server.settle(&all()), [written]);
    }
}

#[test]
fn a_policy_is_compared_by_what_it_means() {
    let server = Server::default();
    server.settle(&all());
    let spelt = json!({ "Version": "2012-10-17", "Id": "", "Statement": { "Sid": "x", "Effect": "Allow", "Condition": {},
        "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::media/*"] } });
    server.set("policy", "reader", "document", spelt);
    assert_eq!(server.plan(&all()), Plan::default());
    // More by hand: to take it away is to take access away; less: to give it back is not.
    let more = json!({ "Statement": [may("s3:GetObject")["Statement"], may("s3:PutObject")["Statement"]] });
    server.set("policy", "reader", "document", more);
    assert_eq!(server.plan(&all()).changes[0].action, Action::Destroy);
    server.set("policy", "reader", "document", json!({ "Statement": [] }));
    assert_eq!(server.plan(&all()).changes[0].action, Action::Update);
    // An administrator's statement names no resource.
    let admin = |action: &str| {
        json!({ "policies": [{ "name": "op", "admin": true, "policy": { "Statement": {
        "Effect": "Allow", "Action": [action] } } }] })
    };
    server.settle(&admin("admin:ServerInfo"));
    assert_eq!(server.plan(&admin("admin:ServerInfo")), Plan::default());
    assert_eq!(server.plan(&admin("admin:*")).changes.len(), 1);
}

#[test]
fn to_disable_is_to_destroy_but_not_on_what_is_new() {
    let mut desired = all();
    for kind in ["users", "groups", "service_accounts"] {
        desired[kind][0]["enabled"] = json!(false);
    }
    let new = Server::default();
    assert!(new.plan(&desired).changes.iter().all(|change| change.action == Action::Create));
    new.settle(&desired);
    assert_eq!(new.objects.borrow()[&("user", "app".to_owned())]["status"], "disabled");
    let server = Server::default();
    server.settle(&all());
    let plan = server.plan(&desired);
    assert_eq!(plan.changes.len(), 3);
    for change in &plan.changes {
        assert_eq!(change.action, Action::Destroy);
        let verbs: Vec<_> = change.touches.iter().map(|touch| format!("{:?}", touch.verb)).collect();
        assert!(verbs.iter().any(|verb| verb.contains("Destroy")) && verbs.iter().any(|verb| verb.contains("Write")));
    }
    server.settle(&desired);
    // Of one that cannot log in nothing is proved, and nothing is amiss.
    server.set("user", "app", "secret", json!("another"));
    assert_eq!(server.plan(&desired), Plan::default());
}

#[test]
fn a_group_shows_its_policies_only_while_it_is_enabled() {
    let server = Server::default();
    server.settle(&all());
    server.set("group", "team", "status", json!("disabled"));
    let mut desired = all();
    desired["groups"][0].as_object_mut().unwrap().remove("enabled");
    assert_eq!(server.plan(&desired), Plan::default());
    let plan = server.plan(&all());
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!((change.id.as_str(), &change.action), ("group/team", &Action::Update));
    assert_eq!(server.settle(&all()), ["SetGroupStatus team", "AttachGroupPolicy team"]);
}

#[test]
fn who_is_enabled_again_gets_the_secret_only_if_it_is_another() {
    for (secret, expected) in [("app_secret", 1), ("another", 2)] {
        let server = Server::default();
        server.settle(&all());
        server.set("user", "app", "status", json!("disabled"));
        server.set("user", "app", "secret", json!(secret));
        let written = server.settle(&all());
        assert_eq!(written.len(), expected, "{written:?}");
        assert_eq!(server.objects.borrow()[&("user", "app".to_owned())]["secret"], "app_secret");
    }
}

#[test]
fn what_is_beyond_the_document_is_extra_and_goes_only_where_exactness_is_asked_for() {
    let server = Server::default();
    server.settle(&all());
    server.settle(&json!({ "users": [{ "name": "bob", "secret": "s" }] }));
    server.set("user", "app", "policies", json!(["reader", "readwrite"]));
    server.set("group", "team", "members", json!(["app", "bob"]));
    server.set("group", "team", "policies", json!(["reader", "readonly"]));
    let plan = server.plan(&all());
    assert!(plan.changes.is_empty());
    let extras: Vec<_> = plan.extras.iter().map(|extra| (extra.id.as_str(), extra.text.as_str())).collect();
    let expected = [
        ("user/app", "it also has the policies readwrite, which the document does not say"),
        ("group/team", "it also has the members bob, which the document does not say"),
        ("group/team", "it also has the policies readonly, which the document does not say"),
    ];
    assert_eq!(extras, expected);
    let exact = native::strict_context(&all(), &[("s3", "s3")], &[]);
    let plan = server.plan_in(&exact);
    assert!(plan.extras.is_empty());
    assert!(plan.changes.iter().all(|change| change.action == Action::Destroy && change.touches.len() == 1));
    let written = server.settle_in(&exact);
    assert_eq!(written, ["DetachUserPolicy app", "RemoveGroupMembers team", "DetachGroupPolicy team"]);
}

#[test]
fn what_refers_to_something_that_is_not_there_waits() {
    let server = Server::default();
    let desired = json!({
        "users": [{ "name": "app", "secret": "s", "policies": ["absent"] }, { "name": "ok-user", "secret": "s" }],
        "groups": [{ "name": "team", "members": ["nobody"] }],
        "service_accounts": [{ "access_key": "key", "owner": "nobody", "secret": "s" }],
    });
    let plan = server.plan(&desired);
    let deferred: Vec<_> = plan.deferred.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(deferred, ["user/app", "group/team", "service_account/key"]);
    assert_eq!(plan.changes.len(), 1);
    let without = server.plan(&json!({ "users": [{ "name": "app" }] }));
    assert!(without.refused[0].text.contains("without `secret`"), "{without:?}");
}

#[test]
fn an_access_key_stays_with_its_owner() {
    let server = Server::default();
    server.settle(&all());
    server.set("service_account", "app-key", "owner", json!("bob"));
    let plan = server.plan(&all());
    assert!(plan.changes.is_empty());
    assert!(plan.refused[0].text.contains("`bob`"), "{plan:?}");
}

#[test]
fn what_no_document_has_is_pruned_in_its_order_and_never_what_the_server_owns() {
    let server = Server::default();
    server.settle(&all());
    for name in ["readwrite", "reader-2"] {
        server.objects.borrow_mut().insert(("policy", name.to_owned()), json!({ "document": may("s3:*") }));
    }
    let rules = [
        ("s3", "policy", "r*", false),
        ("s3", "user", "a*", false),
        ("s3", "group", "t*", false),
        ("s3", "service_account", "app-*", false),
    ];
    let context = native::strict_context(&json!({}), &[("s3", "s3")], &rules);
    let plan = server.plan_in(&context);
    let shown: Vec<_> = plan.changes.iter().map(|change| (change.id.as_str(), change.requires.join(" "))).collect();
    let expected = [
        ("policy/reader", "user/app group/team".to_owned()),
        ("policy/reader-2", String::new()),
        ("user/app", String::new()),
        ("group/team", String::new()),
        ("service_account/app-key", String::new()),
    ];
    assert_eq!(shown, expected);
    assert!(plan.changes.iter().all(|change| change.action == Action::Remove && change.touches.len() == 1));
    server.settle_in(&context);
    let left: Vec<_> = server.objects.borrow().keys().map(|(_, name)| name.clone()).collect();
    assert_eq!(left, ["readwrite"]);
}

#[test]
fn what_is_not_managed_is_not_even_read() {
    let server = Server::default();
    server.settle(&all());
    let desired = json!({ "users": [{ "name": "app" }], "groups": [{ "name": "team" }] });
    server.set("user", "app", "status", json!("disabled"));
    assert_eq!(server.plan(&desired), Plan::default());
}
