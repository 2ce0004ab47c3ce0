//! Two runs on the same documents at the same moment.

use hyhost_tests::Said;

use super::stack;
use crate::{document, shared};

/// Every kind of which two makers could get into each other's way; `@` stands
/// for what all names begin with.
const TARGETS: &str = r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles:
        - { name: @_owner, login: true, password: one, connection_limit: 5, settings: { jit: false } }
        - { name: @_group }
        - { name: @_reader, login: true, password: two, member_of: [@_group, pg_monitor] }
      databases:
        - { name: @_a, owner: @_owner, comment: ours, migrations: migrations }
        - { name: @_b }
      schemas: [ { database: @_a, name: app, owner: @_owner } ]
      extensions: [ { database: @_a, name: hstore } ]
      grants:
        - { role: @_group, database: @_a, privileges: [connect] }
        - { role: @_reader, database: @_a, schema: app, privileges: [usage] }
        - { role: @_reader, database: @_a, schema: app, tables: ["*"], privileges: [select] }
      default_privileges:
        - { owner: @_owner, database: @_a, schema: app, objects: tables, role: @_group, privileges: [select] }
  files:
    plugin: minio
    connection: minio
    grant: desired
    desired:
      buckets:
        - { name: @-a, anonymous: download, versioning: enabled, tags: { team: a }, quota: 1Gi }
        - { name: @-b, lifecycle: [ { id: tmp, prefix: tmp/, expire_days: 5 } ] }
        - { name: @-lock, object_lock: true, retention: { mode: governance, days: 7 } }
      policies:
        - name: @-reads
          policy: { Statement: [ { Effect: Allow, Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::@-a/*"] } ] }
      users:
        - { name: @-one, secret: one, policies: [@-reads] }
        - { name: @-two, secret: two, enabled: true, policies: [readonly] }
      groups: [ { name: @-team, members: [@-one, @-two], policies: [@-reads] } ]
      service_accounts: [ { access_key: @-key, owner: @-one, secret: two, name: app } ]
  events:
    plugin: kafka
    connection: kafka
    grant: desired
    desired:
      topics:
        - { name: @-a, partitions: 3, replication_factor: -1, config: { retention.ms: 600000 } }
        - { name: @-b, partitions: 2, replication_factor: 1, config: { cleanup.policy: [compact] } }
        - { name: @-c }
      acls:
        - { principal: "User:@-one", topic: @-a, operations: [read, describe] }
        - { principal: "User:@-one", group: "@-*", operations: [read] }
        - { principal: "User:@-two", topic: "@-*", operations: [write] }
      users:
        - { name: @-one, password: one }
        - { name: @-two, password: two, mechanisms: [SCRAM-SHA-256, SCRAM-SHA-512], iterations: 8192 }
  logs:
    plugin: opensearch
    connection: search
    grant: desired
    desired:
      component_templates:
        - { name: @-base, body: { template: { mappings: { properties: { at: { type: date } } } } } }
      index_templates:
        - { name: @-logs, body: { index_patterns: ["@-logs-*"], composed_of: [@-base], priority: 70, template: { settings: { number_of_replicas: 0 } } } }
        - { name: @-metrics, body: { index_patterns: ["@-metrics-*"], data_stream: {}, priority: 71, template: { settings: { number_of_replicas: 0 } } } }
      ingest_pipelines: [ { name: @-trim, body: { processors: [ { trim: { field: a } } ] } } ]
      indexes: [ { name: @-000001, alias: @, settings: { number_of_replicas: 0 } } ]
      data_streams: [ { name: @-metrics-app } ]
      tenants: [ { name: @-team, description: ours } ]
      roles:
        - { name: @-reader, cluster_permissions: [cluster_monitor], index_permissions: [ { index_patterns: ["@-logs-*"], allowed_actions: [read] } ] }
        - { name: @-writer, index_permissions: [ { index_patterns: ["@-logs-*"], allowed_actions: [write] } ] }
      role_mappings: [ { name: @-reader, users: [@-app] }, { name: @-writer, users: [@-app], backend_roles: [@-ops] } ]
      users: [ { name: @-app, password: three, attributes: { team: one } }, { name: @-other, password: three } ]
"#;

/// Twice, each time on names that are not there yet.
#[test]
fn two_runs_at_once_on_all_four_backends_both_end_well() {
    for prefix in ["atonce1", "atonce2"] {
        let (bed, _) = shared();
        let stack = stack(bed, &document(&TARGETS.replace('@', prefix)));
        stack.write("migrations/1.sql", "CREATE TABLE app.t (id int);");
        // So that what is compiled is there for both: they are to begin together.
        stack.hyhost(&["validate"]).ended(0);
        let runs = [(); 2].map(|()| stack.start(&["run"]));
        let said = runs.map(|run| Said::of(run.wait_with_output().unwrap()).ended(0));
        let mut made: Vec<String> = said.iter().flat_map(Said::changes).collect();
        made.sort();
        made.dedup();

        let third = stack.hyhost(&["run"]).ended(0);
        assert_eq!(third.changed(), Some(0), "{}", third.stdout);
        assert_eq!(stack.hyhost(&["plan"]).ended(0).changes(), Vec::<String>::new());
        // What one of them did not do, the other one did.
        let objects =
            ["role/@_reader", "database/@_a", "bucket/@-lock", "user/@-one", "topic/@-b", "index_template/@-logs"];
        for object in objects.map(|object| object.replace('@', prefix)) {
            assert!(made.contains(&object), "{object} is not in {made:?}");
        }
        // And as those see it who come by the passwords.
        bed.psql_as(&format!("{prefix}_reader"), "two-two-two-2", &format!("{prefix}_a"), "select * from app.t")
            .unwrap();
        let template = bed.curl("GET", &format!("_index_template/{prefix}-logs"), None).unwrap();
        assert!(template.contains(&format!("{prefix}-base")), "{template}");
        bed.curl_as(&format!("{prefix}-app"), "three-hats-3-in-a-row", "GET", "_cluster/health", None).unwrap();
    }
}
