//! What the tests on a real server share.

use std::collections::BTreeMap;

use hyhost_backend::{Fault, Request};
use hyhost_backend_s3::S3Backend;
use hyhost_config::{S3, Secret};
use hyhost_testbed::{Server, Testbed};
use serde_json::{Value, json};

use crate::common::{each, request, settings};

pub fn up() -> Testbed {
    Testbed::up(&[Server::Minio]).unwrap()
}

/// The connection of the testbed's root, by another port where one is given.
pub fn root(bed: &Testbed, port: Option<u16>) -> S3 {
    let minio = bed.get(Server::Minio).unwrap();
    let user = minio.user().to_owned();
    let passwords = vec![Secret::new("minio_root", minio.password())];
    S3 { user, passwords, ..settings(port.unwrap_or_else(|| minio.port())) }
}

pub fn bucket(name: &str) -> Value {
    json!({ "bucket": name })
}

/// A request with a secret in its sink `secret`.
pub fn with_secret(name: &str, mut args: Value, secret: &str) -> Request {
    args["secret"] = json!({ "secret": "the_secret" });
    let secrets = BTreeMap::from([("the_secret".to_owned(), Secret::new("the_secret", secret))]);
    Request { secrets, ..request(name, args) }
}

/// Performs it with this secret.
pub async fn one_with(backend: &S3Backend, name: &str, args: Value, secret: &str) -> Result<Value, Fault> {
    let answer = each(backend, vec![with_secret(name, args, secret)]).await.remove(0);
    assert!(!format!("{answer:?}").contains(secret), "{name}");
    answer
}
