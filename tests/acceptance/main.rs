//! The whole command on real servers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod drift;
mod faults;
mod first_run;
mod four;
mod hostile;
mod kinds;
mod secrets;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyhost_testbed::{Server, Testbed};

/// A testbed that these tests share: each uses names of its own on it. Tests
/// that harm a server have one of their own.
fn shared() -> (&'static Testbed, Vec<(String, String)>) {
    static BED: std::sync::OnceLock<Testbed> = std::sync::OnceLock::new();
    let bed = BED.get_or_init(|| Testbed::up(&Server::DEMO).unwrap());
    (bed, env(bed))
}

/// The variables that documents of these tests use.
fn env(bed: &Testbed) -> Vec<(String, String)> {
    bed.env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Tests that measure time, or hold a server for themselves.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connections of the documents.
const CONNECTIONS: &str = r#"
secrets:
  pg_admin: { env: POSTGRES_PASSWORD }
  minio_root: { env: MINIO_ROOT_PASSWORD }
  one: { env: SECRET_ONE }
  two: { env: SECRET_TWO }
  three: { env: SECRET_THREE }
  kafka_admin: { env: KAFKA_PASSWORD }
  os_admin: { env: OPENSEARCH_PASSWORD }
connections:
  main-db:
    sql: { host: "${POSTGRES_HOST}", port: "${POSTGRES_PORT}", user: "${POSTGRES_USER}", password: pg_admin }
  minio:
    s3: { url: "${MINIO_URL}", user: "${MINIO_ROOT_USER}", password: minio_root }
  kafka:
    kafka: { brokers: "${KAFKA_SASL_BROKERS}", user: "${KAFKA_USER}", password: kafka_admin }
  search:
    http:
      url: "${OPENSEARCH_URL}"
      api: opensearch
      basic: { user: "${OPENSEARCH_USER}", password: os_admin }
      tls: { ca: "${OPENSEARCH_CA}" }
"#;

/// A document of these targets.
fn document(targets: &str) -> String {
    format!("{CONNECTIONS}\ntargets:\n{targets}")
}

/// A stack of these targets on the shared servers.
fn stack(targets: &str) -> hyhost_tests::Stack {
    let (_, env) = shared();
    hyhost_tests::Stack::new(&document(targets))
        .with(env)
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "two-two-two-2")])
        // OpenSearch takes no weak one.
        .with([("SECRET_THREE", "three-hats-3-in-a-row")])
}
