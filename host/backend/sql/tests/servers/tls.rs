//! TLS: asked for, or not at all. The testbed's server has none, so that is
//! what is seen of it here; with `HYHOST_TEST_POSTGRES_CA=file` the other server
//! is asked with TLS by the name that `HYHOST_TEST_POSTGRES_NAME` says.

use hyhost_backend::{Backend, Class};
use hyhost_backend_sql::connect;
use hyhost_config::{Sql, Tls};
use serde_json::json;

use crate::support::{one, settings};

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_way_back_to_the_clear() {
    if std::env::var_os("HYHOST_TEST_POSTGRES_CA").is_some() {
        return;
    }
    let backend = connect("main-db", &Sql { tls: Some(Tls::default()), ..settings() });
    assert!(!backend.account().plaintext);
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed, "{fault}");
    assert!(!fault.login_refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_file_that_is_not_there_is_named() {
    let tls = Tls { ca: Some("/nowhere/ca.pem".into()), ..Tls::default() };
    let backend = connect("main-db", &Sql { tls: Some(tls), ..settings() });
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed);
    assert!(fault.message.starts_with("ReadServer: main-db: CA certificate /nowhere/ca.pem: "), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_be_trusted_and_bear_the_name() {
    let (Ok(ca), Ok(name)) = (std::env::var("HYHOST_TEST_POSTGRES_CA"), std::env::var("HYHOST_TEST_POSTGRES_NAME"))
    else {
        return;
    };
    let with = |ca: Option<&str>, name: &str| {
        let tls = Tls { ca: ca.map(Into::into), server_name: Some(name.to_owned()), ..Tls::default() };
        connect("main-db", &Sql { tls: Some(tls), ..settings() })
    };
    one(&with(Some(&ca), &name), "ReadServer", json!({})).await.unwrap();
    for wrong in [with(Some(&ca), "other.example"), with(None, &name)] {
        let fault = one(&wrong, "ReadServer", json!({})).await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "{fault}");
        assert!(fault.message.contains("certificate"), "{fault}");
    }
}
