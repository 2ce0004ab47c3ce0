//! The servers' certificates: the right CA is enough, a wrong CA and a wrong
//! name are refused at once, by a sentence that says which of them it is.

use std::time::{Duration, Instant};

use hyhost_testbed::{Server, Testbed};

use super::{reason, stack};
use crate::shared;

/// A connection whose field `tls` is `@`, and a target on it with one object.
struct Way {
    connection: &'static str,
    target: &'static str,
    ca: &'static str,
    /// A CA that is a real one, of another server.
    other: &'static str,
    /// What is said of a wrong CA, and of a wrong name.
    words: [&'static str; 2],
}

const SECRETS: &str = r"
secrets:
  kafka_admin: { env: KAFKA_PASSWORD }
  os_admin: { env: OPENSEARCH_PASSWORD }
  pg_admin: { env: POSTGRES15_PASSWORD }
";

impl Way {
    /// The right CA works; a wrong one and a wrong name do not.
    fn go(&self, bed: &Testbed, more: &[(&'static str, String)]) {
        let Way { connection, target, ca, other, words } = self;
        let document = |tls: &str| {
            let connection = connection.replace('@', tls);
            format!(
                "{SECRETS}\nconnections:\n  there: {connection}\ntargets:\n  it:\n    connection: there\n    grant: desired\n    ready_timeout: 20s\n    {target}\n"
            )
        };
        let run = |tls: &str| stack(bed, &document(tls)).with(more.iter().cloned());
        let good = run(&format!("{{ ca: \"${{{ca}}}\" }}"));
        assert_eq!(good.hyhost(&["run"]).ended(0).changed(), Some(1));
        // Under the name that is in the certificate, when it is said as well.
        let named = run(&format!("{{ ca: \"${{{ca}}}\", server_name: localhost }}"));
        assert_eq!(named.hyhost(&["run"]).ended(0).changed(), Some(0));

        let wrong_ca = format!("{{ ca: \"${{{other}}}\" }}");
        let wrong_name = format!("{{ ca: \"${{{ca}}}\", server_name: other.example }}");
        for (tls, word, not) in [(wrong_ca, words[0], words[1]), (wrong_name, words[1], words[0])] {
            let stack = run(&tls);
            stack.hyhost(&["validate"]).ended(0);
            let began = Instant::now();
            let said = stack.hyhost(&["run"]).ended(1);
            let (took, reason) = (began.elapsed(), reason(&said, "it"));
            assert!(reason.contains(word) && !reason.contains(not), "{tls}: {reason}");
            assert!(said.stderr.contains(word), "for a person, too: {}", said.stderr);
            assert!(took < Duration::from_secs(10), "waiting mends no certificate: {took:?}");
        }
    }
}

#[test]
fn of_kafka() {
    let (bed, _) = shared();
    let way = Way {
        connection: r#"{ kafka: { brokers: "${KAFKA_SSL_BROKERS}", user: "${KAFKA_USER}", password: kafka_admin, tls: @ } }"#,
        target: "plugin: kafka\n    desired: { topics: [ { name: tls-topic } ] }",
        ca: "KAFKA_CA",
        other: "OPENSEARCH_CA",
        words: ["is not signed by the CA in", "is not for the name `other.example`"],
    };
    way.go(bed, &[]);
}

#[test]
fn of_opensearch() {
    let (bed, _) = shared();
    let way = Way {
        connection: r#"{ http: { url: "${OPENSEARCH_URL}", api: opensearch, basic: { user: "${OPENSEARCH_USER}", password: os_admin }, tls: @ } }"#,
        target: "plugin: opensearch\n    desired: { tenants: [ { name: tls-tenant } ] }",
        ca: "OPENSEARCH_CA",
        other: "KAFKA_CA",
        words: ["comes from a CA that is not trusted here", "is for another name"],
    };
    way.go(bed, &[]);
}

#[test]
fn of_postgres() {
    let bed = Testbed::up(&[Server::Postgres15]).unwrap();
    let (others, _) = shared();
    let other = others.env().into_iter().filter(|(name, _)| *name == "KAFKA_CA").collect::<Vec<_>>();
    let way = Way {
        connection: r#"{ sql: { host: "${POSTGRES15_HOST}", port: "${POSTGRES15_PORT}", user: "${POSTGRES15_USER}", password: pg_admin, tls: @ } }"#,
        target: "plugin: postgres\n    desired: { roles: [ { name: tls_role } ] }",
        ca: "POSTGRES15_CA",
        other: "KAFKA_CA",
        words: ["comes from a CA that is not trusted here", "is for another name"],
    };
    way.go(&bed, &other);
}
