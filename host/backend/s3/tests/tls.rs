//! TLS: own CA, server name, client certificate, and no way round them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/fake.rs"]
mod fake;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{backend, one, settings};
use fake::{Answer, Fake};
use hyhost_backend::wire::WireError;
use hyhost_backend::{Backend, Class};
use hyhost_backend_s3::{ConnectError, connect};
use hyhost_config::{S3, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// A CA, in files, and what it signs.
struct Ca {
    directory: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let ca = Self { directory: tempfile::tempdir().unwrap(), issuer };
        std::fs::write(ca.path("ca.pem"), ca.issuer.pem()).unwrap();
        ca
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// Writes a certificate and its key.
    fn identity(&self, name: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign(name);
        std::fs::write(self.path("client.pem"), certificate.pem()).unwrap();
        std::fs::write(self.path("client.key"), key.serialize_pem()).unwrap();
        (self.path("client.pem"), self.path("client.key"))
    }

    /// A server whose certificate has this name.
    async fn server(&self, name: &str, wants_certificate: bool) -> Fake {
        let (certificate, key) = self.sign(name);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.unwrap();
        let builder = if wants_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let answer = |_: &fake::Seen| Answer::Http(200, "x-minio-write-quorum: 1\r\n", String::new());
        Fake::start(Some(TlsAcceptor::from(Arc::new(config))), answer).await
    }
}

fn secure(port: u16, tls: Tls) -> S3 {
    S3 { secure: true, tls: Some(tls), ..settings(port) }
}

fn trusting(ca: &Path) -> Tls {
    Tls { ca: Some(ca.to_owned()), ..Tls::default() }
}

#[tokio::test]
async fn an_own_ca_is_trusted_and_another_is_not() {
    let ca = Ca::new();
    let server = ca.server("localhost", false).await;
    let trusted = backend(&secure(server.port, trusting(&ca.path("ca.pem"))));
    one(&trusted, "ReadHealth", json!({})).await.unwrap();
    assert!(!trusted.account().plaintext);

    let other = Ca::new();
    for tls in [Tls::default(), trusting(&other.path("ca.pem"))] {
        let fault = one(&backend(&secure(server.port, tls)), "ReadHealth", json!({})).await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "waiting mends no certificate: {fault}");
        assert!(fault.message.contains("certificate"), "{fault}");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_name_in_the_certificate_is_the_hosts_or_the_one_that_is_given() {
    let ca = Ca::new();
    let server = ca.server("store.internal", false).await;
    let tls = trusting(&ca.path("ca.pem"));
    let fault = one(&backend(&secure(server.port, tls.clone())), "ReadHealth", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed, "{fault}");
    let named = Tls { server_name: Some("store.internal".to_owned()), ..tls };
    one(&backend(&secure(server.port, named)), "ReadHealth", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let ca = Ca::new();
    let server = ca.server("localhost", true).await;
    let tls = trusting(&ca.path("ca.pem"));
    assert!(one(&backend(&secure(server.port, tls.clone())), "ReadHealth", json!({})).await.is_err());
    let (certificate, key) = ca.identity("hyhost");
    let known = Tls { certificate: Some(certificate), key: Some(key), ..tls };
    one(&backend(&secure(server.port, known)), "ReadHealth", json!({})).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_not_spoken_to_in_the_clear() {
    let tcp = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = tcp.local_addr().unwrap().port();
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = tcp.accept().await.unwrap();
        let mut greeting = vec![0; 16];
        stream.read_exact(&mut greeting).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        greeting
    });
    let fault = one(&backend(&secure(port, Tls::default())), "ReadHealth", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed, "{fault}");
    assert!(fault.message.contains("the server does not speak TLS there"), "{fault}");
    assert_eq!(greeting.await.unwrap()[..2], [0x16, 3], "the first bytes are a TLS handshake");
}

#[test]
fn what_cannot_be_used_is_said_at_once() {
    let absent = secure(9000, trusting(Path::new("/nowhere/ca.pem")));
    assert!(matches!(connect("store", &absent), Err(ConnectError::Wire(WireError::Tls(_)))));
    let name = secure(9000, Tls { server_name: Some("no name".to_owned()), ..Tls::default() });
    assert!(
        matches!(connect("store", &name), Err(ConnectError::Wire(WireError::ServerName(name))) if name == "no name")
    );
    let bare = S3 { passwords: Vec::new(), ..settings(9000) };
    assert!(matches!(connect("store", &bare), Err(ConnectError::NoSecret)));
}
