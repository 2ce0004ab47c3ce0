//! Passwords that the servers refuse.

use std::time::{Duration, Instant};

use super::{reason, stack};
use crate::{document, shared};

const TARGETS: &str = r#"
  db:     { plugin: postgres, connection: main-db, grant: desired, desired: { roles: [ { name: refused } ] } }
  files:  { plugin: minio, connection: minio, grant: desired, desired: { buckets: [ { name: refused } ] } }
  events: { plugin: kafka, connection: kafka, grant: desired, desired: { topics: [ { name: refused } ] } }
  plain:  { plugin: kafka, connection: kafka-plain, grant: desired, desired: { topics: [ { name: refused-too } ] } }
  logs:   { plugin: opensearch, connection: search, grant: desired, desired: { tenants: [ { name: refused } ] } }
"#;

/// The account may be in the making; after five minutes nobody would still hope.
#[test]
fn a_wrong_password_is_final_after_15_s_on_every_backend() {
    let (bed, _) = shared();
    let plain = r#"
  kafka-plain:
    kafka: { brokers: "${KAFKA_SASL_BROKERS}", user: "${KAFKA_USER}", password: kafka_admin, mechanism: PLAIN }
targets:"#;
    let stack = stack(bed, &document(TARGETS).replacen("\ntargets:", plain, 1)).with(
        ["POSTGRES_PASSWORD", "MINIO_ROOT_PASSWORD", "KAFKA_PASSWORD", "OPENSEARCH_PASSWORD"]
            .map(|name| (name, "wrong-wrong-wrong")),
    );
    stack.hyhost(&["validate"]).ended(0);
    let began = Instant::now();
    let said = stack.hyhost(&["run"]).ended(1);
    let took = began.elapsed();
    // Side by side: if one had been final at once, the others are seen by their words.
    assert!(took >= Duration::from_secs(15) && took < Duration::from_secs(35), "{took:?}");
    for target in ["db", "files", "events", "plain", "logs"] {
        let reason = reason(&said, target);
        assert!(reason.contains("the login has been refused for 15 s"), "{target}: {reason}");
    }
    assert!(!format!("{}{}", said.stdout, said.stderr).contains("wrong-wrong"), "{}\n{}", said.stdout, said.stderr);
    assert_eq!(said.changed(), Some(0));
}
