//! Debian's Postgres 15, which takes TLS alone.

use std::process::Command;
use std::time::Instant;

use hyhost_testbed::{Error, Server, Testbed, is_alive};

use crate::owner::kill_an_owner_of;

#[test]
fn it_comes_up_with_tls_answers_outlives_a_crash_and_leaves_nothing() {
    let begun = Instant::now();
    let bed = Testbed::up(&[Server::Postgres15]).unwrap();
    println!("postgres15: up in {:.1} s", begun.elapsed().as_secs_f64());
    let postgres = bed.get(Server::Postgres15).unwrap();
    assert!(bed.psql15("postgres", "show server_version").unwrap().starts_with("15."));
    assert_eq!(bed.psql15("postgres", "select ssl from pg_stat_ssl where pid = pg_backend_pid()").unwrap(), "t");
    bed.psql15("postgres", "create role app login password 'hunter2'").unwrap();
    assert_eq!(bed.psql15_as("app", "hunter2", "postgres", "select current_user").unwrap(), "app");
    assert!(matches!(bed.psql15_as("app", "wrong", "postgres", "select 1"), Err(Error::Failed { .. })));
    assert!(!without_tls(postgres.port(), postgres.password()), "only TLS is taken");

    let before = postgres.pid().unwrap();
    postgres.kill().unwrap();
    assert!(!is_alive(before));
    postgres.start().unwrap();
    assert_eq!(bed.psql15("postgres", "select rolname from pg_roles where rolname = 'app'").unwrap(), "app");
    postgres.restart().unwrap();

    let (pid, directory) = (postgres.pid().unwrap(), bed.directory().to_owned());
    drop(bed);
    assert!(!is_alive(pid) && !directory.exists());
}

fn without_tls(port: u16, password: &str) -> bool {
    let mut psql = Command::new("/usr/lib/postgresql/15/bin/psql");
    let address = format!("host=localhost port={port} user=postgres dbname=postgres sslmode=disable");
    psql.args(["-X", "-w", "-c", "select 1", &address]).env("PGPASSWORD", password);
    psql.output().unwrap().status.success()
}

#[test]
fn it_does_not_outlive_a_killed_owner() {
    kill_an_owner_of(&[Server::Postgres15]);
}
