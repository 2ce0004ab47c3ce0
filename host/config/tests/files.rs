//! Files that never end, wherever a document or a variable may name one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use hyhost_config::{Options, load};

const HEAD: &str = r#"connections:
  main-db: { sql: { host: postgres, user: postgres, password: pg_admin } }
targets:
  app-db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
"#;

/// The mistakes of a document with this desired state; `FILE` in it is the
/// path of the file. A load that waits for the file fails the test.
fn mistakes(desired: &str, directory: &Path, change: impl FnOnce(&mut Options)) -> String {
    std::fs::write(directory.join("stack.yaml"), format!("{HEAD}      {desired}\n")).unwrap();
    let mut options = common::options(&common::root().join("right/first"));
    options.directory = directory.to_owned();
    change(&mut options);
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(load(&options, &common::manifests()).err().map(|m| m.to_string())));
    receive.recv_timeout(Duration::from_secs(20)).unwrap().unwrap()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_body_that_is_a_pipe_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    pipe(&directory.path().join("roles.json"));
    let said = mistakes("roles: { from: roles.json }", directory.path(), |_| {});
    assert!(said.contains("roles.json: it is no regular file"), "{said}");
}

#[test]
fn a_secret_that_is_a_pipe_or_a_device_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let secrets = tempfile::tempdir().unwrap();
    std::fs::write(secrets.path().join("pg_admin"), "x").unwrap();
    pipe(&secrets.path().join("endless"));
    std::os::unix::fs::symlink("/dev/zero", secrets.path().join("zero")).unwrap();
    for name in ["endless", "zero"] {
        let said = mistakes(&format!("roles: [{{ name: a, password: {name} }}]"), directory.path(), |options| {
            options.secrets_directory = secrets.path().to_owned();
        });
        assert!(said.contains(&format!("/{name} is no regular file")), "{said}");
    }
}

#[test]
fn a_variable_whose_file_never_ends_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("endless");
    pipe(&fifo);
    for path in [&*fifo, Path::new("/dev/zero")] {
        let said = mistakes("roles: [{ name: '${ROLE}' }]", directory.path(), |options| {
            options.environment.insert("ROLE_FILE".to_owned(), path.display().to_string());
        });
        assert!(said.contains("no regular file"), "{said}");
    }
}

#[test]
fn an_empty_secret_of_a_variables_file_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let text = "roles: [{ name: a, password: app }]\nsecrets: { app: { env: APP } }";
    let said = mistakes(text, directory.path(), |options| {
        options.environment.insert("APP_FILE".to_owned(), empty.display().to_string());
    });
    assert!(said.contains(&format!("is empty ({}, named by APP_FILE)", empty.display())), "{said}");
}

#[test]
fn a_directory_that_cannot_be_got_to_is_not_said_to_be_missing() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("loop", directory.path().join("loop")).unwrap();
    let said = mistakes("databases: [{ name: a, migrations: loop }]", directory.path(), |_| {});
    assert!(said.contains("cannot get to the directory") && !said.contains("there is no"), "{said}");
}
