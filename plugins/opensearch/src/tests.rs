//! The plugin against a server that keeps what it is told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use hyhost_sdk::native::{Host, Performed, context};
use hyhost_sdk::{Action, Change, Context, Error, Outcome, Outcomes, Plan, Plugin};
use serde_json::{Value, json};

use crate::OpenSearchPlugin;

/// Objects by what their rows are called, and what was asked of it.
#[derive(Clone, Default)]
struct Server {
    objects: Rc<RefCell<BTreeMap<(String, String), Value>>>,
    log: Rc<RefCell<Vec<(String, Value)>>>,
}

/// Rows and the kind that they are about.
const BODIES: [(&str, &str, &str, &str); 5] = [
    ("ReadComponentTemplates", "PutComponentTemplate", "DeleteComponentTemplate", "component_template"),
    ("ReadIndexTemplates", "PutIndexTemplate", "DeleteIndexTemplate", "index_template"),
    ("ReadPipelines", "PutPipeline", "DeletePipeline", "ingest_pipeline"),
    ("ReadPolicies", "PutPolicy", "DeletePolicy", "ism_policy"),
    ("ReadSnapshotRepositories", "PutSnapshotRepository", "DeleteSnapshotRepository", "snapshot_repository"),
];

const SECURITY: [(&str, &str, &str, &[&str], &str); 4] = [
    (
        "ReadRoles",
        "PutRole",
        "SetRole",
        &["AlterRole", "AddClusterPermissions", "AddIndexPermissions", "AddTenantPermissions"],
        "role",
    ),
    (
        "ReadRoleMappings",
        "PutRoleMapping",
        "SetRoleMapping",
        &["AlterRoleMapping", "AddMappedUsers", "AddMappedBackendRoles", "AddMappedHosts"],
        "role_mapping",
    ),
    ("ReadUsers", "PutUser", "SetUser", &["AlterUser", "AddUserBackendRoles", "AddUserSecurityRoles"], "user"),
    ("ReadTenants", "PutTenant", "SetTenant", &[], "tenant"),
];

impl Server {
    fn put(&self, kind: &str, name: &str, object: Value) {
        self.objects.borrow_mut().insert((kind.to_owned(), name.to_owned()), object);
    }

    fn get(&self, kind: &str, name: &str) -> Value {
        self.objects.borrow().get(&(kind.to_owned(), name.to_owned())).cloned().unwrap_or_default()
    }

    fn host(&self) -> Host {
        let server = self.clone();
        Host::new(move |call| {
            server.log.borrow_mut().push((call.name.clone(), call.args.clone()));
            server.answer(call)
        })
    }

    fn plan(&self, desired: &Value) -> Plan {
        self.host().run(|| OpenSearchPlugin::plan(&on(desired), None)).unwrap()
    }

    fn ensure(&self, desired: &Value, changes: &[Change]) -> Outcomes {
        self.host().run(|| OpenSearchPlugin::ensure(&on(desired), changes))
    }

    /// Plans and ensures, and asserts that nothing is left.
    fn settle(&self, desired: &Value) -> Plan {
        let plan = self.plan(desired);
        let outcomes = self.ensure(desired, &plan.changes);
        assert!(outcomes.iter().all(|outcome| *outcome == Ok(Outcome::Done)), "{outcomes:?}");
        let left = self.plan(desired);
        assert!(left.changes.is_empty() && left.refused.is_empty(), "{left:?}");
        plan
    }

    /// The operations since the last time, by name.
    fn names(&self) -> Vec<String> {
        self.log.take().into_iter().map(|(name, _)| name).collect()
    }

    fn answer(&self, call: &Performed) -> Result<Value, Error> {
        let name = call.args["name"].as_str().unwrap_or_default();
        let listed = |kind: &str, form: &dyn Fn(&str, &Value) -> Value| {
            let wanted = call.args["names"].as_array();
            let objects = self.objects.borrow();
            let of_kind = objects
                .iter()
                .filter(|((of, name), _)| of == kind && wanted.is_none_or(|wanted| wanted.contains(&json!(name))));
            Ok(of_kind.map(|((_, name), object)| form(name, object)).collect())
        };
        for (read, put, delete, kind) in BODIES {
            if call.name == read {
                return listed(
                    kind,
                    &|name, body| json!({ "name": name, "body": body, "seq_no": 0, "primary_term": 1 }),
                );
            } else if call.name == put {
                self.put(kind, name, call.args["body"].clone());
                return Ok(Value::Null);
            } else if call.name == delete {
                self.objects.borrow_mut().remove(&(kind.to_owned(), name.to_owned()));
                return Ok(Value::Null);
            }
        }
        for (read, put, set, add, kind) in SECURITY {
            if call.name == read {
                return listed(kind, &|name, fields| {
                    let mut all = json!({ "name": name, "reserved": false, "hidden": false, "static": false });
                    for (key, value) in fields.as_object().into_iter().flatten() {
                        all[key] = value.clone();
                    }
                    all
                });
            }
            let mut object = self.get(kind, name);
            if call.name == put {
                object = call.args.clone();
            } else if call.name == set || call.name.starts_with("Alter") && add.contains(&call.name.as_str()) {
                for (key, value) in call.args.as_object().into_iter().flatten() {
                    object[key] = value.clone();
                }
            } else if add.contains(&call.name.as_str()) {
                for (key, value) in call.args.as_object().into_iter().flatten().filter(|(_, value)| value.is_array()) {
                    let mut all = object[key].as_array().cloned().unwrap_or_default();
                    all.extend(value.as_array().cloned().unwrap_or_default());
                    object[key] = Value::Array(all);
                }
            } else {
                continue;
            }
            self.put(kind, name, object);
            return Ok(Value::Null);
        }
        match call.name.as_str() {
            "PasswordMatches" => {
                let user = self.get("user", call.args["user"].as_str().unwrap_or_default());
                Ok(json!(user["password"] == call.args["password"]))
            }
            "ReadClusterSettings" => listed("cluster_setting", &|name, value| json!({ "name": name, "value": value })),
            "PutClusterSetting" => {
                self.put("cluster_setting", name, call.args["value"].clone());
                Ok(Value::Null)
            }
            "ReadHealth" => Ok(json!({ "status": self.get("cluster", "status"), "number_of_nodes": 1 })),
            other => Err(Error::invalid(format!("no handler found for {other}"))),
        }
    }
}

fn on(desired: &Value) -> Context {
    context(desired, &[("opensearch", "opensearch")])
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.id.as_str()).collect()
}

fn bodies() -> Value {
    json!({
        "index_templates": [{ "name": "logs", "body": { "index_patterns": ["logs-*"], "composed_of": ["base"],
            "template": { "settings": { "number_of_replicas": 0 } }, "priority": 5 } }],
        "component_templates": [{ "name": "base", "body": { "template": { "mappings": {
            "properties": { "at": { "type": "date" } } } } } }],
        "ingest_pipelines": [{ "name": "trim", "body": { "processors": [{ "trim": { "field": "x" } }] } }],
        "ism_policies": [{ "name": "old", "body": { "states": [{ "name": "hot" }],
            "ism_template": [{ "index_patterns": ["logs-*"] }] } }],
        "snapshot_repositories": [{ "name": "backup", "type": "fs", "settings": { "location": "/x" } }],
        "cluster_settings": [{ "name": "action.auto_create_index", "value": false }],
    })
}

#[test]
fn bodies_are_made_once_and_in_order() {
    let server = Server::default();
    let plan = server.settle(&bodies());
    let expected = [
        "index_template/logs",
        "component_template/base",
        "ingest_pipeline/trim",
        "ism_policy/old",
        "cluster_setting/action.auto_create_index",
        "snapshot_repository/backup",
    ];
    assert_eq!(ids(&plan), expected);
    assert_eq!(plan.changes[0].requires, ["component_template/base"]);
    let touched: Vec<_> =
        plan.changes[0].touches.iter().map(|touch| (touch.kind.as_str(), touch.name.join("/"))).collect();
    assert_eq!(touched, [("index_template", "logs".to_owned()), ("index_pattern", "logs-*".to_owned())]);
    assert!(plan.changes.iter().all(|change| change.action == Action::Create));
    server.names();
    server.plan(&bodies());
    assert_eq!(server.names().len(), 6, "one read for each kind");
}

#[test]
fn one_drift_is_one_change_and_what_is_not_spoken_of_stays() {
    let server = Server::default();
    server.settle(&bodies());
    server.put(
        "index_template",
        "logs",
        json!({ "index_patterns": ["logs-*"], "composed_of": ["base"], "priority": "5",
        "version": 7, "template": { "settings": { "index": { "number_of_replicas": "1", "codec": "best" } } } }),
    );
    server.names();
    let plan = server.settle(&bodies());
    assert_eq!(ids(&plan), ["index_template/logs"]);
    assert_eq!(plan.changes[0].before.as_deref(), Some(r#"{"template.settings.index.number_of_replicas":"1"}"#));
    assert_eq!(plan.changes[0].after.as_deref(), Some(r#"{"template.settings.index.number_of_replicas":"0"}"#));
    let is = server.get("index_template", "logs");
    assert_eq!((&is["version"], &is["template"]["settings"]["index.codec"]), (&json!(7), &json!("best")));
}

#[test]
fn two_hundred_templates_are_read_at_once() {
    let server = Server::default();
    let many: Vec<Value> = (0..200)
        .map(|i| json!({ "name": format!("t{i}"), "body": { "index_patterns": [format!("t{i}-*")] } }))
        .collect();
    let desired = json!({ "index_templates": many });
    assert_eq!(server.settle(&desired).changes.len(), 200);
    server.names();
    server.plan(&desired);
    assert_eq!(server.names(), ["ReadIndexTemplates"]);
}

#[test]
fn a_policy_is_written_with_what_was_read_just_before() {
    let server = Server::default();
    server.settle(&bodies());
    let first = server.log.take().into_iter().find(|(name, _)| name == "PutPolicy").unwrap().1;
    assert!(first.get("seq_no").is_none(), "there was none: {first}");
    server.put("ism_policy", "old", json!({ "states": [{ "name": "hot" }, { "name": "warm" }] }));
    server.settle(&bodies());
    let second = server.log.take().into_iter().find(|(name, _)| name == "PutPolicy").unwrap().1;
    assert_eq!((&second["seq_no"], &second["primary_term"]), (&json!(0), &json!(1)), "0 is a number");
}

#[test]
fn deleting_by_policy_is_said_to_destroy() {
    let server = Server::default();
    server.settle(&bodies());
    let mut desired = bodies();
    desired["ism_policies"][0]["body"]["states"] =
        json!([{ "name": "hot" }, { "name": "gone", "actions": [{ "delete": {} }] }]);
    let plan = server.plan(&desired);
    assert_eq!((ids(&plan), plan.changes[0].action.clone()), (vec!["ism_policy/old"], Action::Destroy));
    assert!(plan.changes[0].touches.iter().any(|touch| touch.verb == hyhost_sdk::Verb::Destroy));
}

#[test]
fn what_the_server_does_not_have_is_said_of_each_object_and_the_rest_goes_on() {
    let server = Server::default();
    let desired =
        json!({ "indexes": [{ "name": "a" }], "ingest_pipelines": [{ "name": "p", "body": { "processors": [] } }] });
    let plan = server.plan(&desired);
    assert_eq!(ids(&plan), ["ingest_pipeline/p"]);
    assert_eq!(plan.refused[0].id, "index/a");
    assert!(plan.refused[0].text.contains("no handler found"), "{:?}", plan.refused);
}

fn security() -> Value {
    json!({
        "tenants": [{ "name": "team", "description": "ours" }],
        "roles": [{ "name": "reader", "cluster_permissions": ["cluster_monitor"], "index_permissions": [
            { "index_patterns": ["b-*", "a-*"], "allowed_actions": ["read", "get"] }] }],
        "role_mappings": [{ "name": "reader", "users": ["app"], "backend_roles": ["ops"] }],
        "users": [{ "name": "app", "password": "app_pw", "backend_roles": ["x"], "attributes": { "k": "v" } }],
    })
}

#[test]
fn what_has_only_a_name_is_made_with_a_field_that_says_nothing() {
    let server = Server::default();
    server.settle(
        &json!({ "tenants": [{ "name": "a" }], "roles": [{ "name": "a" }], "role_mappings": [{ "name": "a" }] }),
    );
    assert_eq!(server.get("tenant", "a")["description"], json!(""));
    assert_eq!(server.get("role", "a")["cluster_permissions"], json!([]));
    assert_eq!(server.get("role_mapping", "a")["users"], json!([]));
}

#[test]
fn security_is_made_then_added_to_and_extras_stay() {
    let server = Server::default();
    let plan = server.settle(&security());
    assert_eq!(ids(&plan), ["tenant/team", "role/reader", "role_mapping/reader", "user/app"]);
    assert_eq!(plan.changes[2].requires, ["role/reader"]);
    assert!(!plan.changes[3].after.as_deref().unwrap().contains(r#""secret""#));
    assert_eq!(server.get("user", "app")["password"], json!({ "secret": "app_pw" }));

    server.put("role", "reader", json!({ "description": "kept", "cluster_permissions": ["manage"], "index_permissions": [
        { "index_patterns": ["a-*", "b-*"], "fls": [], "dls": null, "masked_fields": [], "allowed_actions": ["read"] }] }));
    server.put("role_mapping", "reader", json!({ "users": ["else", "app"], "backend_roles": ["ops"] }));
    server.names();
    let plan = server.settle(&security());
    assert_eq!(ids(&plan), ["role/reader"]);
    assert_eq!(plan.changes[0].action, Action::Update);
    let extras: Vec<_> = plan.extras.iter().map(|extra| (extra.id.as_str(), extra.text.as_str())).collect();
    assert_eq!(
        extras,
        [
            ("role/reader", "its cluster permissions also say: manage"),
            ("role_mapping/reader", "its users also say: else")
        ]
    );
    let names = server.names();
    assert!(
        names.contains(&"AddClusterPermissions".to_owned())
            && !names.iter().any(|name| name.starts_with("Put") || name.starts_with("Set")),
        "{names:?}"
    );
    assert_eq!(server.get("role", "reader")["cluster_permissions"], json!(["manage", "cluster_monitor"]));
    assert_eq!(server.get("role", "reader")["description"], json!("kept"));
}

#[test]
fn another_password_is_seen_by_logging_in_and_set_again() {
    let server = Server::default();
    server.settle(&security());
    let mut user = server.get("user", "app");
    user["password"] = json!("by hand");
    server.put("user", "app", user);
    let plan = server.settle(&security());
    assert_eq!(
        (ids(&plan), plan.changes[0].after.as_deref()),
        (vec!["user/app"], Some(r#"{"password":"the secret app_pw"}"#))
    );
    let none = json!({ "users": [{ "name": "app" }, { "name": "new" }] });
    let plan = server.plan(&none);
    assert!(plan.changes.is_empty() && plan.refused.len() == 1, "{plan:?}");
}

#[test]
fn what_is_reserved_is_refused_only_if_it_differs() {
    let server = Server::default();
    server.put("role", "all_access", json!({ "reserved": true, "cluster_permissions": ["*"] }));
    let role = |permission: &str| json!({ "roles": [{ "name": "all_access", "cluster_permissions": [permission] }] });
    assert_eq!(server.plan(&role("*")), Plan::default());
    let plan = server.plan(&role("x"));
    assert!(plan.changes.is_empty() && plan.refused[0].text.contains("reserved"), "{plan:?}");
}

#[test]
fn ready_is_yellow_or_better() {
    let server = Server::default();
    let probe = |status: &str| {
        server.put("cluster", "status", json!(status));
        server.host().run(|| OpenSearchPlugin::probe(&on(&json!({})))).unwrap()
    };
    assert_eq!(probe("yellow"), hyhost_sdk::Readiness::Ready);
    assert!(matches!(probe("red"), hyhost_sdk::Readiness::NotReady(reason) if reason.contains("red")));
}

#[test]
fn a_payload_of_somebody_else_is_refused_alone() {
    let server = Server::default();
    let mut changes = server.plan(&bodies()).changes;
    changes.insert(0, Change::create("index_template/x"));
    let results = server.ensure(&bodies(), &changes);
    assert!(matches!(results[0], Err(Error::Invalid(_))) && results[1..].iter().all(Result::is_ok), "{results:?}");
}
