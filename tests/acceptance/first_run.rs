//! A run on servers that have nothing yet, and the run after it.

use crate::{shared, stack};

#[test]
fn the_first_run_makes_it_so_and_the_second_changes_nothing() {
    let (bed, _) = shared();
    let stack = stack(
        r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles:
        - { name: first_owner, login: true, password: one, connection_limit: 5, settings: { search_path: 'app, "$user"', jit: false } }
        - { name: first_reader, member_of: [pg_monitor] }
      databases: [ { name: first, owner: first_owner, migrations: migrations } ]
      schemas: [ { database: first, name: app, owner: first_owner } ]
      grants:
        - { role: first_reader, database: first, privileges: [connect] }
        - { role: first_reader, database: first, schema: app, privileges: [usage] }
        - { role: first_reader, database: first, schema: app, tables: ["*"], privileges: [select] }
  buckets:
    plugin: minio
    connection: minio
    grant: desired
    desired:
      buckets:
        - { name: first-public, anonymous: download, versioning: enabled }
        - { name: first-private, anonymous: none }
"#,
    );
    stack.write("migrations/1_t.sql", "CREATE TABLE app.t (id int PRIMARY KEY);\nINSERT INTO app.t VALUES (1);\n");
    stack.write("migrations/2_u.sql", "CREATE TABLE app.u (id int REFERENCES app.t);\n");

    let plan = stack.hyhost(&["plan"]).ended(2);
    assert!(plan.changes().contains(&"migration/first/2_u.sql".to_owned()), "{:?}", plan.changes());
    let databases = bed.psql("postgres", "select count(*) from pg_database where datname = 'first'").unwrap();
    assert_eq!(databases.trim(), "0", "a plan changes nothing");

    let first = stack.hyhost(&["run"]).ended(0);
    assert!(first.changes().contains(&"grant/table/first/app/t".to_owned()), "{:?}", first.changes());
    let again = stack.hyhost(&["run"]).ended(0);
    assert_eq!(again.changed(), Some(0), "{}", again.stdout);
    assert_eq!(stack.hyhost(&["plan"]).ended(0).changes(), Vec::<String>::new());

    let owner = bed.psql_as("first_owner", "one-one-one-1", "first", "show search_path").unwrap();
    assert_eq!(owner.trim(), r#"app, "$user""#);
    let read = "set role first_reader; select count(*) from app.t";
    assert!(bed.psql("first", read).unwrap().contains('1'));
    let ran_as = bed.psql("first", "select string_agg(distinct applied_by::text, ',') from hyhost.migrations").unwrap();
    assert_eq!(ran_as.trim(), "first_owner");
    let anonymous = bed.mc(&["anonymous", "get", "testbed/first-public"]).unwrap();
    assert!(anonymous.contains("download"), "{anonymous}");
    let private = bed.mc(&["anonymous", "get", "testbed/first-private"]).unwrap();
    assert!(private.contains("private"), "{private}");
    let version = bed.mc(&["version", "info", "testbed/first-public"]).unwrap();
    assert!(version.contains("enabled"), "{version}");
}

#[test]
fn what_another_target_has_yet_to_make_is_deferred_in_a_plan_and_made_in_a_run() {
    let stack = stack(
        r#"
  roles:
    plugin: postgres
    connection: main-db
    grant: desired
    desired: { roles: [ { name: later_owner } ] }
  databases:
    plugin: postgres
    connection: main-db
    after: [roles]
    grant: desired
    desired: { databases: [ { name: later, owner: later_owner } ] }
"#,
    );
    let plan = stack.hyhost(&["plan"]).ended(2);
    let deferred: Vec<_> = plan.of_sort("deferred").collect();
    assert_eq!(deferred.len(), 1, "{}", plan.stdout);
    assert_eq!(deferred[0]["object"], "database/later");
    stack.hyhost(&["run"]).ended(0);
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}

#[test]
fn two_runs_at_once_both_end_well() {
    let targets = r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles: [ { name: twin_a, login: true, password: one }, { name: twin_b, member_of: [twin_a] }, { name: twin_c } ]
      databases: [ { name: twin, owner: twin_a, migrations: migrations } ]
      schemas: [ { database: twin, name: app, owner: twin_a } ]
      grants: [ { role: twin_b, database: twin, schema: app, tables: ["*"], privileges: [select] } ]
  buckets:
    plugin: minio
    connection: minio
    grant: desired
    desired: { buckets: [ { name: twin-bucket, anonymous: public } ] }
"#;
    let stack = stack(targets);
    stack.write("migrations/1.sql", "CREATE TABLE app.t (id int);");
    let runs: Vec<_> = (0..4).map(|_| stack.start(&["run"])).collect();
    for run in runs {
        hyhost_tests::Said::of(run.wait_with_output().unwrap()).ended(0);
    }
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}

#[test]
fn a_migration_that_was_changed_is_refused_by_name_and_the_rest_goes_on() {
    let (bed, _) = shared();
    let stack = stack(
        r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles: [ { name: mig_owner, login: true, password: one }, { name: mig_other } ]
      databases: [ { name: mig, owner: mig_owner, migrations: migrations } ]
"#,
    );
    stack.write("migrations/1.sql", "CREATE TABLE a (id int);");
    stack.hyhost(&["run"]).ended(0);
    stack.write("migrations/1.sql", "CREATE TABLE a (id bigint);");
    stack.write("migrations/2.sql", "CREATE TABLE b (id int);");
    bed.psql("postgres", "drop role mig_other").unwrap();
    let run = stack.hyhost(&["run"]).ended(1);
    assert!(run.stderr.contains("migration/mig/1.sql"), "{}", run.stderr);
    assert_eq!(run.changes(), ["role/mig_other"]);
    let b = bed.psql("mig", "select to_regclass('b') is null").unwrap();
    assert_eq!(b.trim(), "t", "nothing runs on a history that does not fit");

    stack.write("migrations/1.sql", "CREATE TABLE a (id int);");
    stack.write("migrations/2.sql", "CREATE TABLE b (id int);\nSELECT broken;\n");
    let broken = stack.hyhost(&["run"]).ended(1);
    assert!(broken.stderr.contains("2.sql"), "{}", broken.stderr);
    assert_eq!(bed.psql("mig", "select to_regclass('b') is null").unwrap().trim(), "t", "all of a file or nothing");
}
