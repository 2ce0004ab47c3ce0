//! Known secrets are planted wherever one can come from, and searched for
//! wherever something was written.

use hyhost_testbed::{Server, Testbed};
use hyhost_tests::Stack;

use crate::{document, env};

const PLANTED: [&str; 3] = ["planted-one-Zx81", "planted-two-Qv27", "planted-file-Jk55"];

#[test]
fn no_secret_is_written_anywhere() {
    let bed = Testbed::up(&[Server::Postgres, Server::Minio]).unwrap();
    let targets = r#"
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles:
        - { name: sec_one, login: true, password: one }
        - { name: sec_two, login: true, password: two }
        - { name: sec_file, login: true, password: from_file }
      databases: [ { name: sec, owner: sec_one, migrations: migrations } ]
  buckets:
    plugin: minio
    connection: minio
    grant: desired
    desired: { buckets: [ { name: sec-bucket, anonymous: public } ] }
"#;
    let secrets = tempfile::tempdir().unwrap();
    std::fs::write(secrets.path().join("from_file"), format!("{}\n", PLANTED[2])).unwrap();
    let two = secrets.path().join("two");
    std::fs::write(&two, PLANTED[1]).unwrap();
    let stack = Stack::new(&document(targets))
        .with(env(&bed))
        .with([("SECRET_ONE", PLANTED[0]), ("SECRET_TWO_FILE", two.to_str().unwrap())]);
    stack.write("migrations/1.sql", "SELECT 1;");
    let directory = secrets.path().to_str().unwrap().to_owned();

    let mut written = String::new();
    let mut keep = |said: hyhost_tests::Said| {
        written.push_str(&said.stdout);
        written.push_str(&said.stderr);
    };
    let with = |command: &'static str| {
        let mut words = vec![command, "--secrets", directory.as_str()];
        words.push("--debug");
        words
    };
    keep(stack.hyhost(&with("validate")).ended(0));
    keep(stack.hyhost(&with("plan")).ended(2));
    keep(stack.hyhost(&with("run")).ended(0));
    bed.psql("postgres", "alter role sec_one password 'other'").unwrap();
    keep(stack.hyhost(&with("plan")).ended(2));
    keep(stack.hyhost(&with("run")).ended(0));
    // Failures speak as well: a migration that fails, a role that cannot be made.
    stack.write("migrations/2.sql", "SELECT broken;");
    keep(stack.hyhost(&with("run")).ended(1));
    bed.psql("postgres", "alter role sec_two nologin").unwrap();
    for server in [Server::Postgres, Server::Minio] {
        written.push_str(&bed.get(server).unwrap().log());
    }
    let admin = bed.get(Server::Postgres).unwrap().password();
    let root = bed.get(Server::Minio).unwrap().password();
    for secret in PLANTED.iter().copied().chain([admin, root]) {
        assert!(secret.len() > 5);
        for (number, line) in written.lines().enumerate() {
            assert!(!line.contains(secret), "line {number} holds a secret: {line}");
        }
    }
    // The search finds what is there.
    assert!(written.contains("sec_one"));
    for (role, secret) in [("sec_one", PLANTED[0]), ("sec_two", PLANTED[1]), ("sec_file", PLANTED[2])] {
        bed.psql("postgres", &format!("alter role {role} login")).unwrap();
        bed.psql_as(role, secret, "postgres", "select 1").unwrap();
    }
}

#[test]
fn a_secret_that_may_not_be_read_says_whose_it_is_and_who_we_are() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("closed");
    std::fs::write(&file, PLANTED[0]).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let document = "secrets: { closed: { file: \"${CLOSED}\" } }\n\
                    connections: { db: { sql: { host: db, user: u, password: closed } } }\n\
                    targets: { t: { plugin: postgres, connection: db, grant: desired, desired: {} } }\n";
    let stack = Stack::new(document).with([("CLOSED", file.to_str().unwrap())]);

    // What everybody may read in place of a checkout that others may not enter.
    let open = tempfile::tempdir().unwrap();
    std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(stack.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(secrets.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let copy = |from: std::path::PathBuf| {
        let to = open.path().join(from.file_name().unwrap());
        std::fs::copy(&from, &to).unwrap();
        to
    };
    let (hyhost, plugin) = (copy(hyhost_tests::binary()), copy(hyhost_tests::plugin("postgres")));
    let mut run = std::process::Command::new(hyhost);
    run.arg("validate").arg(plugin).arg("--config").arg(stack.path()).env_clear().env("CLOSED", &file);
    let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap()) == 0;
    let (owner, us) = if root {
        run.uid(65534).gid(65534);
        ("0", "65534")
    } else {
        // We own it, so nobody may read it at all.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
        ("", "")
    };
    let said = hyhost_tests::Said::of(run.output().unwrap()).ended(1);
    for words in [file.to_str().unwrap(), owner, us, "stack.yaml:1"] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
    println!("{}", said.stderr);
}
