//! Sessions: how many, how long, and what becomes of them when something goes
//! wrong.

use std::time::Duration;

use hyhost_backend::{Backend, Class, Request};
use hyhost_backend_sql::connect;
use hyhost_config::Secret;
use hyhost_table::Mode;
use hyhost_testbed::{Proxy, Traffic};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{PLACE, ask, each, fresh, one, ours, request, settings, soon, theirs, value_of};

/// Sessions of a backend that names itself like this connection's account.
async fn running(admin: &tokio_postgres::Client, condition: &str) -> u32 {
    let query = format!("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND {condition}");
    ask(admin, &query).await.unwrap().parse().unwrap()
}

async fn until(admin: &tokio_postgres::Client, condition: &str, count: u32) {
    for _ in 0..100 {
        if running(admin, condition).await == count {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("never {count} sessions with {condition}");
}

/// An account of its own for a test, so that its sessions can be counted.
async fn account(backend: &hyhost_backend_sql::SqlBackend) -> hyhost_config::Sql {
    let user = fresh("account");
    let create = json!({"name": user, "login": true, "superuser": true, "password": {"secret": "own"}});
    one(backend, "CreateRole", create).await.unwrap();
    hyhost_config::Sql { user, passwords: vec![Secret::new("own", value_of("own"))], ..settings() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_all_or_nothing() {
    let (backend, a, b) = (ours(), fresh("a"), fresh("b"));
    let create = |name: &str| request("CreateRole", json!({"name": name}));
    let fail = || request("GrantMembership", json!({"role": "nobody_at_all", "member": a, "admin": false}));
    let answers = backend.perform(vec![create(&a), fail(), create(&b)], Mode::Transaction, soon()).await;
    let faults: Vec<_> = answers.into_iter().map(Result::unwrap_err).collect();
    assert_eq!(faults[1].code.as_deref(), Some("42704"));
    assert!(faults.iter().all(|fault| fault.class == Class::Conflict), "{faults:?}");
    assert!(faults[0].message.contains("rolled back, since GrantMembership"), "{}", faults[0]);
    assert_eq!(one(&backend, "ReadRoles", json!({"names": [a, b]})).await, Ok(json!([])));

    let answers = backend.perform(vec![create(&a), create(&b)], Mode::Transaction, soon()).await;
    assert_eq!(answers, vec![Ok(Value::Null), Ok(Value::Null)]);
    assert_eq!(one(&backend, "ReadRoles", json!({"names": [a, b]})).await.unwrap().as_array().unwrap().len(), 2);

    let database = request("CreateDatabase", json!({"name": fresh("db")}));
    let elsewhere = request("CreateSchema", json!({"database": "template1", "name": "s"}));
    for odd in [database, elsewhere] {
        let answers = backend.perform(vec![create(&fresh("c")), odd], Mode::Transaction, soon()).await;
        assert!(answers.iter().all(|a| a.as_ref().is_err_and(|fault| fault.class == Class::Invalid)), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_roles_in_one_call() {
    let (backend, prefix) = (ours(), fresh("many"));
    let names: Vec<_> = (0..1000).map(|i| format!("{prefix}_{i}")).collect();
    let timed = async |what: &str, requests: Vec<Request>| {
        let began = Instant::now();
        let answers = each(&backend, requests).await;
        assert!(answers.iter().all(Result::is_ok));
        println!("{what}: {:?}", began.elapsed());
    };
    let of = |name: &str, args: &dyn Fn(&str) -> Value| -> Vec<_> {
        names.iter().map(|role| request(name, args(role))).collect()
    };
    timed("1,000 roles", of("CreateRole", &|role| json!({"name": role}))).await;
    timed("1,000 passwords", of("AlterRole", &|role| json!({"name": role, "password": {"secret": "one"}}))).await;
    timed("1,000 proofs", of("PasswordMatches", &|role| json!({"role": role, "password": {"secret": "one"}}))).await;
    timed("1,000 reads", of("ReadRoles", &|role| json!({"names": [role]}))).await;
    let read = one(&backend, "ReadRoles", json!({"names": names})).await.unwrap();
    assert_eq!(read.as_array().unwrap().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_more_sessions_than_stated() {
    let mut settings = account(&ours()).await;
    settings.max_connections = 2;
    let user = settings.user.clone();
    let backend = connect("main-db", &settings);
    let dbs: Vec<_> = (0..5).map(|_| fresh("db")).collect();
    let create = dbs.iter().map(|db| request("CreateDatabase", json!({"name": db, "template": "template0"})));
    assert!(each(&backend, create.collect()).await.iter().all(Result::is_ok));
    let admin = theirs("postgres").await;
    let of_user = format!("usename = '{user}'");
    for _ in 0..3 {
        let reads = dbs.iter().map(|db| request("ReadSchemas", json!({"database": db})));
        assert!(each(&backend, reads.collect()).await.iter().all(Result::is_ok));
        // Five databases were asked; two sessions stay, idle ones counted.
        until(&admin, &of_user, 2).await;
    }
    backend.close().await;
    until(&admin, &of_user, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_idle_sessions_are_in_nobodys_way() {
    let (backend, template, copy) = (ours(), fresh("template"), fresh("copy"));
    one(&backend, "CreateDatabase", json!({"name": template})).await.unwrap();
    one(&backend, "CreateSchema", json!({"database": template, "name": "s"})).await.unwrap();
    let began = Instant::now();
    let made = one(&backend, "CreateDatabase", json!({"name": copy, "template": template})).await;
    assert_eq!(made, Ok(Value::Null));
    // The server waits 5 s for sessions in the template to go.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_cancels_what_runs() {
    let (backend, role) = (ours(), fresh("role"));
    one(&backend, "CreateRole", json!({"name": role})).await.unwrap();
    let admin = theirs("postgres").await;
    admin.batch_execute(&format!("BEGIN; ALTER ROLE {role} LOGIN")).await.unwrap();
    let alter = || request("AlterRole", json!({"name": role, "connection_limit": 3}));
    let began = Instant::now();
    let requests = vec![request("ReadServer", json!({})), alter(), alter(), alter()];
    let answers = backend.perform(requests, Mode::Each, Instant::now() + Duration::from_millis(500)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(answers[0].is_ok());
    for answer in &answers[1..] {
        assert_eq!(answer.as_ref().unwrap_err().class, Class::Transient);
    }
    let waits = format!("query LIKE '%{role}%' AND state = 'active'");
    let other = theirs("postgres").await;
    until(&other, &waits, 0).await;
    admin.batch_execute("COMMIT").await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let limit = ask(&admin, &format!("SELECT rolconnlimit FROM pg_roles WHERE rolname = '{role}'")).await;
    assert_eq!(limit.as_deref(), Some("-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_cancels_what_runs() {
    let alone = hyhost_config::Sql { max_connections: 1, ..settings() };
    let (backend, role) = (connect("main-db", &alone), fresh("role"));
    one(&backend, "CreateRole", json!({"name": role})).await.unwrap();
    let admin = theirs("postgres").await;
    admin.batch_execute(&format!("BEGIN; ALTER ROLE {role} LOGIN")).await.unwrap();
    let alter = vec![request("AlterRole", json!({"name": role, "connection_limit": 3}))];
    let dropped = timeout(Duration::from_millis(500), backend.perform(alter, Mode::Each, soon())).await;
    assert!(dropped.is_err());
    let other = theirs("postgres").await;
    until(&other, &format!("query LIKE 'ALTER ROLE%{role}%' AND state = 'active'"), 0).await;
    // Its place, the only one, is free again.
    admin.batch_execute("ROLLBACK").await.unwrap();
    one(&backend, "ReadServer", json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_not_ready_and_mends() {
    let proxy = Proxy::before(PLACE.port).unwrap();
    let backend = connect("main-db", &hyhost_config::Sql { port: proxy.port(), ..settings() });
    let role = fresh("role");
    one(&backend, "CreateRole", json!({"name": role})).await.unwrap();
    // Lost while it was idle: nobody notices.
    proxy.drop_all();
    sleep(Duration::from_millis(100)).await;
    one(&backend, "ReadServer", json!({})).await.unwrap();

    let admin = theirs("postgres").await;
    admin.batch_execute(&format!("BEGIN; ALTER ROLE {role} LOGIN")).await.unwrap();
    let alter = each(
        &backend,
        vec![request("AlterRole", json!({"name": role, "connection_limit": 3})), request("ReadServer", json!({}))],
    );
    let cut = async {
        sleep(Duration::from_millis(400)).await;
        proxy.drop_all();
    };
    let (answers, ()) = tokio::join!(alter, cut);
    for answer in answers {
        assert_eq!(answer.unwrap_err().class, Class::NotReady);
    }
    admin.batch_execute("ROLLBACK").await.unwrap();
    proxy.set(Traffic::Refuse);
    proxy.drop_all();
    sleep(Duration::from_millis(100)).await;
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::NotReady);
    assert!(fault.message.contains(&format!(":{}", proxy.port())), "{fault}");
    proxy.set(Traffic::Pass);
    one(&backend, "ReadServer", json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    let proxy = Proxy::before(PLACE.port).unwrap();
    proxy.set(Traffic::Hang);
    let backend = connect("main-db", &hyhost_config::Sql { port: proxy.port(), ..settings() });
    let began = Instant::now();
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::NotReady);
    assert!((4..7).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_is_named() {
    let backend = connect("main-db", &hyhost_config::Sql { host: "nowhere.invalid".into(), ..settings() });
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!(fault.class, Class::NotReady);
    assert!(fault.message.contains("main-db: looking up `nowhere.invalid`"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_own_database_is_waited_for() {
    let backend = connect("main-db", &hyhost_config::Sql { database: fresh("later"), ..settings() });
    let fault = one(&backend, "ReadServer", json!({})).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::NotReady, Some("3D000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_tried_in_order() {
    let right = settings().passwords.remove(0);
    let wrong = Secret::new("admin_new", "wrong");
    let rotated = hyhost_config::Sql { passwords: vec![wrong.clone(), right], ..settings() };
    let backend = connect("main-db", &rotated);
    assert_eq!(backend.account().password, None);
    assert_eq!(backend.account().superuser, None);
    one(&backend, "ReadServer", json!({})).await.unwrap();
    let account = backend.account();
    assert_eq!(account.password.as_deref(), Some("admin"));
    assert_eq!(account.superuser, Some(true));
    assert!(account.plaintext);
    assert_eq!(account.endpoint, format!("{}:{}", PLACE.host, PLACE.port));

    for passwords in [vec![wrong.clone(), wrong], vec![]] {
        let none = connect("main-db", &hyhost_config::Sql { passwords, ..settings() });
        let fault = one(&none, "ReadServer", json!({})).await.unwrap_err();
        assert_eq!(fault.class, Class::Denied, "{fault}");
        assert!(fault.login_refused, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_that_may_not_be_read_is_not_known() {
    let backend = ours();
    let user = fresh("plain");
    let create = json!({"name": user, "login": true, "password": {"secret": "own"}});
    one(&backend, "CreateRole", create).await.unwrap();
    let own =
        hyhost_config::Sql { user: user.clone(), passwords: vec![Secret::new("own", value_of("own"))], ..settings() };
    let theirs = connect("main-db", &own);
    let args = json!({"role": user, "password": {"secret": "own"}});
    assert_eq!(one(&theirs, "PasswordMatches", args).await, Ok(Value::Null));
    assert_eq!(theirs.account().superuser, Some(false));
    let fault = one(&theirs, "CreateRole", json!({"name": fresh("role")})).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref(), fault.login_refused), (Class::Denied, Some("42501"), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_of_a_verifier_is_seen() {
    let (backend, role) = (ours(), fresh("drift"));
    one(&backend, "CreateRole", json!({"name": role, "password": {"secret": "one"}})).await.unwrap();
    let matches = || one(&backend, "PasswordMatches", json!({"role": role, "password": {"secret": "one"}}));
    assert_eq!(matches().await, Ok(json!(true)));
    let admin = theirs("postgres").await;
    // The server's own verifier of the same password, with its own salt.
    let literal = value_of("one").replace('\'', "''").replace('\\', "\\\\");
    admin.batch_execute(&format!("ALTER ROLE {role} PASSWORD E'{literal}'")).await.unwrap();
    assert_eq!(matches().await, Ok(json!(true)));
    for other in ["PASSWORD 'another'", "PASSWORD NULL"] {
        admin.batch_execute(&format!("ALTER ROLE {role} {other}")).await.unwrap();
        assert_eq!(matches().await, Ok(json!(false)), "{other}");
    }
    admin.batch_execute(&format!("SET password_encryption = 'md5'; ALTER ROLE {role} PASSWORD 'x'")).await.unwrap();
    assert_eq!(matches().await, Ok(json!(false)));
}
