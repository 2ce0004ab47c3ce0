//! The rows of the API table `opensearch` on the server in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_config::Secret;
use hyhost_table::{EffectKind, Mode, Operation, Table, Verb, shipped};
use hyhost_testing::MemoryBackend;
use serde_json::{Value, json};
use tokio::time::Instant;

fn table() -> &'static Table {
    shipped("opensearch").unwrap()
}

async fn one(backend: &MemoryBackend, name: &str, args: Value) -> Result<Value, Fault> {
    let row = table().row(name).unwrap_or_else(|| panic!("no row {name}"));
    let secrets = BTreeMap::from([("pw".to_owned(), Secret::new("pw", "value of pw"))]);
    let request = Request { operation: Operation::new(name, args), row, secrets, file: None };
    let soon = Instant::now() + Duration::from_secs(10);
    backend.perform(vec![request], Mode::Each, soon).await.remove(0)
}

#[test]
fn every_row_has_an_effect_of_its_phase() {
    for row in &table().rows {
        let effect = row.effect.as_ref().unwrap_or_else(|| panic!("{} has no effect", row.name));
        let reads = matches!(effect.does, EffectKind::List | EffectKind::Prove | EffectKind::Constant);
        assert_eq!(reads, row.phase() == Verb::Read, "{}", row.name);
    }
}

#[tokio::test]
async fn a_template_is_put_and_put_again() {
    let backend = MemoryBackend::new(table());
    for priority in [1, 2] {
        let body = json!({ "index_patterns": ["a-*"], "priority": priority });
        one(&backend, "PutIndexTemplate", json!({ "name": "a", "body": body })).await.unwrap();
        let listed = one(&backend, "ReadIndexTemplates", json!({ "names": ["a", "b"] })).await;
        assert_eq!(listed, Ok(json!([{ "name": "a", "body": body }])));
    }
    // A pattern that is no list would be no name to the gate.
    let text = json!({ "name": "a", "body": { "index_patterns": "*" } });
    assert_eq!(one(&backend, "PutIndexTemplate", text).await.unwrap_err().class, Class::Invalid);
    for name in ["*", "a,b", "_all", ".kibana", "a/b", "a b"] {
        let wild = one(&backend, "DeleteIndexTemplate", json!({ "name": name })).await;
        assert_eq!(wild.unwrap_err().class, Class::Invalid, "{name}");
    }
    one(&backend, "DeleteIndexTemplate", json!({ "name": "a" })).await.unwrap();
    assert_eq!(one(&backend, "ReadIndexTemplates", json!({})).await, Ok(json!([])));
}

#[tokio::test]
async fn a_user_is_made_added_to_and_proved() {
    let backend = MemoryBackend::new(table());
    let password = json!({ "secret": "pw" });
    let user = json!({ "name": "app", "password": password, "backend_roles": ["x"] });
    one(&backend, "PutUser", user).await.unwrap();
    one(&backend, "AddUserBackendRoles", json!({ "name": "app", "backend_roles": ["y", "x"] })).await.unwrap();
    let listed = one(&backend, "ReadUsers", json!({})).await.unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["backend_roles"]), (&json!("app"), &json!(["x", "y"])));
    assert!(!listed.to_string().contains("value of pw"));
    let proof = json!({ "user": "app", "password": password });
    assert_eq!(one(&backend, "PasswordMatches", proof.clone()).await, Ok(json!(true)));
    backend.store().set_secret("user", &["app"], "password", "by hand");
    assert_eq!(one(&backend, "PasswordMatches", proof).await, Ok(json!(false)));
    one(&backend, "SetUser", json!({ "name": "app", "exact": true, "backend_roles": ["x"] })).await.unwrap();
    assert_eq!(backend.store().field("user", &["app"], "backend_roles"), Some(json!(["x"])));
}
