//! The way to the broker: logins, TLS, and a broker that goes away.

use std::time::{Duration, Instant};

use hyhost_backend::{Backend, Class};
use hyhost_config::{Kafka, Mechanism, Secret, Tls};
use hyhost_testbed::{Proxy, Traffic};
use serde_json::json;

use crate::support::{brokers, client, good, node, one, plain, refused, said, sasl, sasl_tls, trusting};

async fn knock(kafka: &Kafka) -> Result<serde_json::Value, hyhost_backend::Fault> {
    one(&client(kafka), "ReadCluster", json!({})).await
}

#[tokio::test]
async fn every_way_in_works() {
    let mechanisms = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512];
    let mut ways = vec![plain()];
    for mechanism in mechanisms {
        ways.extend([Kafka { mechanism, ..sasl() }, Kafka { mechanism, ..sasl_tls() }]);
    }
    let certificate =
        Tls { certificate: Some(said("KAFKA_CERT").into()), key: Some(said("KAFKA_KEY").into()), ..trusting() };
    let mutual = Kafka { brokers: brokers(&said("KAFKA_MTLS_BROKERS")), tls: Some(certificate), ..plain() };
    ways.push(mutual);
    for way in ways {
        let backend = client(&way);
        good(&backend, "ReadCluster", json!({})).await;
        let account = backend.account();
        assert_eq!(account.plaintext, way.tls.is_none());
        assert_eq!(
            account.user,
            match (&way.user, &way.tls) {
                (Some(user), _) => user.as_str(),
                (None, Some(_)) => "(its certificate)",
                (None, None) => "(anonymous)",
            }
        );
        assert_eq!(account.password.as_deref(), way.user.as_ref().map(|_| "admin"));
        backend.close().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_login_and_a_right_one_among_them_is_found() {
    let wrong = Secret::new("old", "not-the-password");
    let fault = knock(&Kafka { passwords: vec![wrong.clone()], ..sasl() }).await.unwrap_err();
    assert!(fault.login_refused && fault.class == Class::Denied, "{fault:?}");
    assert!(fault.message.ends_with("the brokers do not let `admin` in with the password `old`"), "{fault}");
    let right = Secret::new("new", node().password());
    let backend = client(&Kafka { passwords: vec![wrong, right], ..sasl() });
    good(&backend, "ReadCluster", json!({})).await;
    assert_eq!(backend.account().password.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_way_that_does_not_work_says_why() {
    let nowhere = Kafka { brokers: vec![("localhost".into(), 1)], ..plain() };
    refused(knock(&nowhere).await, Class::NotReady, "localhost:1: connection refused");
    let mut unknown = client(&Kafka { brokers: vec![("nowhere.invalid".into(), 9092)], ..plain() });
    let fault = unknown
        .perform(
            vec![crate::support::request("ReadCluster", json!({}))],
            hyhost_table::Mode::Each,
            tokio::time::Instant::now() + Duration::from_secs(10),
        )
        .await
        .remove(0);
    refused(fault, Class::NotReady, "no such host");
    unknown = client(&Kafka { brokers: sasl().brokers, ..plain() });
    refused(one(&unknown, "ReadCluster", json!({})).await, Class::Failed, "wants a login");
    refused(knock(&Kafka { brokers: plain().brokers, ..sasl() }).await, Class::Failed, "takes no login");
    refused(knock(&Kafka { tls: None, ..sasl_tls() }).await, Class::Failed, "speaks TLS there");
    refused(knock(&Kafka { tls: Some(trusting()), ..sasl() }).await, Class::Failed, "does not speak TLS there");
}

#[tokio::test]
async fn a_wrong_ca_and_a_wrong_name_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("other.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(&other, authority.self_signed(&key).unwrap().pem()).unwrap();
    let wrong = Tls { ca: Some(other.clone()), ..Tls::default() };
    let words = format!("is not signed by the CA in {}", other.display());
    refused(knock(&Kafka { tls: Some(wrong), ..sasl_tls() }).await, Class::Failed, &words);
    // The certificate is for `localhost` alone.
    let address = sasl_tls().brokers.into_iter().map(|(_, port)| ("127.0.0.1".to_owned(), port)).collect();
    let fault = client(&Kafka { brokers: address, ..sasl_tls() })
        .perform(
            vec![crate::support::request("ReadCluster", json!({}))],
            hyhost_table::Mode::Each,
            tokio::time::Instant::now() + Duration::from_secs(10),
        )
        .await
        .remove(0);
    refused(fault, Class::Failed, "the broker's certificate is not for the name `127.0.0.1`");
    // Nor for another, if that is what is to be there.
    let tls = Tls { server_name: Some("other".into()), ..trusting() };
    refused(knock(&Kafka { tls: Some(tls), ..sasl_tls() }).await, Class::Failed, "is not for the name `other`");
    let tls = Tls { server_name: Some("localhost".into()), ..trusting() };
    assert!(knock(&Kafka { tls: Some(tls), ..sasl_tls() }).await.is_ok());
}

#[tokio::test]
async fn a_broker_that_goes_away_is_waited_for() {
    let (_, port) = plain().brokers.remove(0);
    let proxy = Proxy::before(port).unwrap();
    let backend = client(&Kafka { brokers: vec![("localhost".into(), proxy.port())], ..plain() });
    good(&backend, "ReadCluster", json!({})).await;
    proxy.set(Traffic::Refuse);
    let start = Instant::now();
    refused(one(&backend, "ReadCluster", json!({})).await, Class::NotReady, "connection refused");
    assert!(start.elapsed() < Duration::from_secs(3));
    proxy.set(Traffic::Pass);
    good(&backend, "ReadCluster", json!({})).await;
}
