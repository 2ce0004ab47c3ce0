//! What was changed by hand is found by name, mended, and nothing else with it.

use crate::{shared, stack};

const TARGETS: &str = r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles:
        - { name: drift_a, login: true, password: one, connection_limit: 5 }
        - { name: drift_b, login: true, password: two }
      databases: [ { name: drift, owner: drift_a } ]
  buckets:
    plugin: minio
    connection: minio
    grant: desired
    desired: { buckets: [ { name: drift-bucket, anonymous: download, versioning: enabled } ] }
"#;

#[test]
fn each_drift_is_named_and_mended_alone() {
    let (bed, _) = shared();
    let stack = stack(TARGETS);
    stack.hyhost(&["run"]).ended(0);
    // Unmanaged: must be there to the end.
    bed.psql(
        "postgres",
        "alter role drift_a createdb valid until '2099-01-01'; alter role drift_a set work_mem = '5MB'",
    )
    .unwrap();

    let by_hand: [(&str, &dyn Fn(), &str); 5] = [
        (
            "an attribute",
            &|| drop(bed.psql("postgres", "alter role drift_a connection limit 7").unwrap()),
            "role/drift_a",
        ),
        (
            "a password",
            &|| drop(bed.psql("postgres", "alter role drift_b password 'by hand'").unwrap()),
            "role/drift_b",
        ),
        (
            "an owner",
            &|| drop(bed.psql("postgres", "alter database drift owner to postgres").unwrap()),
            "database/drift",
        ),
        (
            "a bucket's policy",
            &|| drop(bed.mc(&["anonymous", "set", "none", "testbed/drift-bucket"]).unwrap()),
            "bucket/drift-bucket",
        ),
        (
            "a bucket's versioning",
            &|| drop(bed.mc(&["version", "suspend", "testbed/drift-bucket"]).unwrap()),
            "bucket/drift-bucket",
        ),
    ];
    for (what, change, object) in by_hand {
        change();
        let plan = stack.hyhost(&["plan"]).ended(2);
        assert_eq!(plan.changes(), [object], "{what}");
        let run = stack.hyhost(&["run"]).ended(0);
        assert_eq!(run.changes(), [object], "{what}");
        stack.hyhost(&["plan"]).ended(0);
    }
    bed.psql_as("drift_b", "two-two-two-2", "postgres", "select 1").unwrap();
    let unmanaged = "select rolcreatedb, rolvaliduntil > '2098-01-01', rolconnlimit, \
                     (select setconfig::text from pg_db_role_setting where setrole = pg_roles.oid) \
                     from pg_roles where rolname = 'drift_a'";
    let left = bed.psql("postgres", unmanaged).unwrap();
    assert!(left.contains("t|t|5") && left.contains("work_mem=5MB"), "{left}");
}

#[test]
fn access_beyond_the_document_is_shown_and_stays() {
    let (bed, _) = shared();
    let stack = stack(
        r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles: [ { name: extra_role } ]
      databases: [ { name: extra } ]
"#,
    );
    stack.hyhost(&["run"]).ended(0);
    bed.psql("postgres", "grant pg_monitor to extra_role; grant create on database extra to extra_role").unwrap();
    let plan = stack.hyhost(&["plan"]).ended(0);
    let extras: Vec<String> = plan.of_sort("extra").map(ToString::to_string).collect();
    assert_eq!(extras.len(), 2, "{extras:?}");
    assert!(extras.iter().any(|extra| extra.contains("pg_monitor")), "{extras:?}");
    let run = stack.hyhost(&["run"]).ended(0);
    assert_eq!(run.changed(), Some(0));
    assert!(run.stdout.contains("pg_monitor"), "{}", run.stdout);
    let stays = bed.psql("postgres", "select pg_has_role('extra_role', 'pg_monitor', 'member')").unwrap();
    assert_eq!(stays.trim(), "t");
}
