//! Servers that come late, never, or go away.

use std::io::{BufRead, BufReader, Read};
use std::process::Output;
use std::time::{Duration, Instant};

use hyhost_testbed::{Order, Proxy, Server, Testbed, Traffic};
use hyhost_tests::{Said, Stack};

use crate::{alone, document, env, shared};

const ONE_ROLE: &str = r#"
  db:
    plugin: postgres
    connection: main-db
    ready_timeout: 60s
    grant: desired
    desired: { roles: [ { name: fault_role } ] }
"#;

fn many_roles(count: usize) -> String {
    let roles: Vec<String> = (0..count)
        .map(|i| format!("{{ name: many_{i}, login: true, password: one, settings: {{ jit: false }} }}"))
        .collect();
    format!(
        "\n  db:\n    plugin: postgres\n    connection: main-db\n    grant: desired\n    timeout: 120s\n    desired:\n      roles: [ {} ]\n",
        roles.join(", ")
    )
}

fn stack(bed: &Testbed, targets: &str) -> Stack {
    Stack::new(&document(targets))
        .with(env(bed))
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "two-two-two-2")])
}

#[test]
fn a_server_that_comes_up_20_s_late_is_waited_for() {
    let _alone = alone();
    let orders = [Order { start: false, ..Order::from(Server::Postgres) }, Order::from(Server::Minio)];
    let bed = Testbed::with(&orders).unwrap();
    let late = bed.get(Server::Postgres).unwrap().start_after(Duration::from_secs(20));
    let began = Instant::now();
    let run = stack(&bed, ONE_ROLE).hyhost(&["run"]).ended(0);
    assert!(began.elapsed() >= Duration::from_secs(20), "it cannot have been ready before");
    assert!(run.stderr.contains("waiting"), "a sign of life: {}", run.stderr);
    late.join().unwrap().unwrap();
}

#[test]
fn a_server_that_never_comes_ends_in_1_with_the_target_and_the_reason() {
    let (_, env) = shared();
    let targets = r#"
  never:
    plugin: postgres
    connection: main-db
    ready_timeout: 3s
    grant: desired
    desired: { roles: [ { name: never_role } ] }
  after-it:
    plugin: postgres
    connection: main-db
    after: [never]
    grant: desired
    desired: { roles: [ { name: never_too } ] }
  other:
    plugin: minio
    connection: minio
    grant: desired
    desired: { buckets: [ { name: never-mind } ] }
"#;
    let run = Stack::new(&document(targets))
        .with(env)
        .with([("SECRET_ONE", "x"), ("SECRET_TWO", "x"), ("POSTGRES_PORT", "1")])
        .hyhost(&["run"])
        .ended(1);
    assert!(run.stderr.contains("never") && run.stderr.contains("not ready within 3s"), "{}", run.stderr);
    assert!(run.stderr.contains("refused"), "the last reason: {}", run.stderr);
    assert!(run.stderr.contains("after-it") && run.stderr.contains("skipped"), "{}", run.stderr);
    assert!(run.changes().contains(&"bucket/never-mind".to_owned()), "the others finish: {}", run.stdout);
}

#[test]
fn a_name_that_does_not_resolve_is_bounded() {
    let (_, env) = shared();
    let targets = ONE_ROLE.replace("60s", "4s");
    let began = Instant::now();
    let run = Stack::new(&document(&targets))
        .with(env)
        .with([("SECRET_ONE", "x"), ("SECRET_TWO", "x"), ("POSTGRES_HOST", "no-such-host.invalid")])
        .hyhost(&["run"])
        .ended(1);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(run.stderr.contains("no-such-host.invalid"), "{}", run.stderr);
}

#[test]
fn a_server_that_goes_away_in_the_middle_and_comes_back_ends_converged() {
    let _alone = alone();
    let bed = Testbed::up(&[Server::Postgres, Server::Minio]).unwrap();
    let stack = stack(&bed, &many_roles(400));
    let postgres = bed.get(Server::Postgres).unwrap();
    let run = stack.start(&["run"]);
    let until = Instant::now() + Duration::from_secs(30);
    while bed.psql("postgres", "select 1 from pg_roles where rolname = 'many_3'").unwrap().trim() != "1" {
        assert!(Instant::now() < until, "no role after 30 s");
    }
    postgres.kill().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    postgres.start().unwrap();
    Said::of(run.wait_with_output().unwrap()).ended(0);
    let made = bed.psql("postgres", "select count(*) from pg_roles where rolname like 'many\\_%'").unwrap();
    assert_eq!(made.trim(), "400");
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}

#[test]
fn connections_that_are_cut_again_and_again_do_not_hinder_it() {
    let (bed, env) = shared();
    let proxy = Proxy::before(bed.get(Server::Postgres).unwrap().port()).unwrap();
    let stack = Stack::new(&document(&many_roles(200).replace("many_", "cut_")))
        .with(env)
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "x")])
        .with([("POSTGRES_PORT", proxy.port().to_string())]);
    let run = stack.start(&["run"]);
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(150));
        proxy.drop_all();
    }
    proxy.set(Traffic::Refuse);
    std::thread::sleep(Duration::from_secs(1));
    proxy.set(Traffic::Pass);
    Said::of(run.wait_with_output().unwrap()).ended(0);
    assert_eq!(stack.hyhost(&["plan"]).ended(0).changes(), Vec::<String>::new());
}

#[test]
fn sigterm_ends_it_with_143_and_the_next_run_converges() {
    let (_, env) = shared();
    let stack = Stack::new(&document(&many_roles(600).replace("many_", "term_")))
        .with(env)
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "x")]);
    let mut run = stack.start(&["run"]);
    let mut events = BufReader::new(run.stdout.take().unwrap());
    let mut stdout = String::new();
    // In the middle: something is about to be made.
    while !stdout.contains("\"announced\"") {
        assert_ne!(events.read_line(&mut stdout).unwrap(), 0, "it ended by itself: {stdout}");
    }
    let sent = std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let began = Instant::now();
    events.read_to_string(&mut stdout).unwrap();
    let ended = run.wait_with_output().unwrap();
    let said = Said::of(Output { stdout: stdout.into_bytes(), ..ended }).ended(143);
    assert!(began.elapsed() < Duration::from_secs(9), "within what Compose gives a container");
    assert_eq!(said.of_sort("run-ended").count(), 1, "the record is closed: {}", said.stdout);
    stack.hyhost(&["run"]).ended(0);
    assert_eq!(stack.hyhost(&["plan"]).ended(0).changes(), Vec::<String>::new());
}

#[test]
fn killed_at_random_moments_it_converges_afterwards() {
    let (_, env) = shared();
    let stack = Stack::new(&document(&many_roles(100).replace("many_", "kill_")))
        .with(env)
        .with([("SECRET_ONE", "one-one-one-1"), ("SECRET_TWO", "x")]);
    for millis in [30, 80, 130, 200, 300] {
        let mut run = stack.start(&["run"]);
        std::thread::sleep(Duration::from_millis(millis));
        run.kill().unwrap();
        run.wait_with_output().unwrap();
    }
    stack.hyhost(&["run"]).ended(0);
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}

#[test]
fn a_refused_login_is_believed_after_15_s() {
    let (_, env) = shared();
    let began = Instant::now();
    let run = Stack::new(&document(ONE_ROLE))
        .with(env)
        .with([("SECRET_ONE", "x"), ("SECRET_TWO", "x"), ("POSTGRES_PASSWORD", "wrong-wrong-wrong")])
        .hyhost(&["run"])
        .ended(1);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(15) && took < Duration::from_secs(30), "{took:?}");
    assert!(run.stderr.contains("login") && !run.stderr.contains("wrong-wrong"), "{}", run.stderr);
}
