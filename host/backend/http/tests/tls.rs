//! TLS: what is wrong with a certificate is said by its field of the document.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../s3/tests/common/fake.rs"]
mod fake;

use std::path::PathBuf;
use std::sync::Arc;

use common::{backend, basic, one, settings};
use fake::{Answer, Fake, Seen};
use hyhost_backend::Class;
use hyhost_config::Tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

/// A CA in a file, and a server of this name by it.
async fn server(name: &str) -> (tempfile::TempDir, PathBuf, Fake) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let answer = |_: &Seen| Answer::Http(200, "", r#"{"data":{"items":[]}}"#.to_owned());
    (directory, path, Fake::start(Some(TlsAcceptor::from(Arc::new(config))), answer).await)
}

#[tokio::test]
async fn a_wrong_ca_and_a_wrong_name_are_said_to_be_that() {
    let (_keep, ca, there) = server("api.internal").await;
    let (_keep_other, other, _) = server("api.internal").await;
    let with = |ca: &PathBuf, name: Option<&str>| {
        let mut http = settings(there.port, basic(&[("p", "x")]));
        http.secure = true;
        http.tls = Some(Tls { ca: Some(ca.clone()), server_name: name.map(str::to_owned), ..Tls::default() });
        backend(&http)
    };
    one(&with(&ca, Some("api.internal")), "ReadShelves", json!({})).await.unwrap();
    let fault = one(&with(&other, Some("api.internal")), "ReadShelves", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed, "waiting mends no certificate");
    assert!(
        fault.message.contains("from a CA that is not trusted") && fault.message.contains("`tls: { ca: … }`"),
        "{fault}"
    );
    let fault = one(&with(&ca, None), "ReadShelves", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed);
    assert!(fault.message.contains("is for another name") && fault.message.contains("server_name"), "{fault}");
    assert_eq!(there.seen().len(), 1, "nobody else was spoken to");
}
