//! A server, a client of ours and one that is not ours.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hyhost_backend::{Backend, Fault, Request};
use hyhost_backend_sql::{SqlBackend, connect};
use hyhost_config::{Secret, Sql};
use hyhost_table::{Mode, Operation, sql};
use hyhost_testbed::{Server, Testbed};
use serde_json::Value;
use tokio::time::Instant;

/// Where the server is.
pub struct Place {
    pub user: String,
    pub password: String,
    pub host: String,
    pub port: u16,
    /// What the testbed runs; `None`: the server is someone else's.
    pub bed: Option<Testbed>,
}

/// The server of all tests. A static is not dropped: the testbed's guard ends
/// the server when the tests' process is gone.
pub static PLACE: LazyLock<Place> = LazyLock::new(|| match std::env::var("HYHOST_TEST_POSTGRES") {
    Ok(place) => {
        let (account, server) = place.split_once('@').unwrap();
        let (user, password) = account.split_once(':').unwrap();
        let (host, port) = server.split_once(':').unwrap();
        let [user, password, host] = [user, password, host].map(str::to_owned);
        Place { user, password, host, port: port.parse().unwrap(), bed: None }
    }
    Err(_) => {
        let bed = Testbed::up(&[Server::Postgres]).unwrap();
        let postgres = bed.get(Server::Postgres).unwrap();
        let [user, password, host] = [postgres.user(), postgres.password(), postgres.host()].map(str::to_owned);
        Place { user, password, host, port: postgres.port(), bed: Some(bed) }
    }
});

/// The connection's settings.
pub fn settings() -> Sql {
    Sql {
        host: PLACE.host.clone(),
        port: PLACE.port,
        database: "postgres".into(),
        user: PLACE.user.clone(),
        passwords: vec![Secret::new("admin", PLACE.password.clone())],
        tls: None,
        max_connections: 4,
    }
}

/// A client of ours.
pub fn ours() -> SqlBackend {
    connect("main-db", &settings())
}

/// A client that is not ours, as the superuser.
pub async fn theirs(database: &str) -> tokio_postgres::Client {
    theirs_as(&PLACE.user, &PLACE.password, database).await.unwrap()
}

/// The same as anyone.
pub async fn theirs_as(
    user: &str,
    password: &str,
    database: &str,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(&PLACE.host).port(PLACE.port).user(user).password(password).dbname(database);
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// One value of one row, as text.
pub async fn ask(client: &tokio_postgres::Client, query: &str) -> Option<String> {
    let messages = client.simple_query(query).await.unwrap();
    messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

/// A name that no other test has.
pub fn fresh(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // A server of someone else's keeps the names of the last run.
    format!("{what}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A request for an operation; secrets are `name` → `value of name`.
pub fn request(name: &str, args: Value) -> Request {
    let row = sql().row(name).unwrap();
    let operation = Operation::new(name, args);
    let secrets = row.secrets(&operation);
    let secrets: BTreeMap<_, _> =
        secrets.into_iter().map(|used| (used.name.clone(), Secret::new(&used.name, value_of(&used.name)))).collect();
    Request { operation, row, secrets, file: None }
}

/// A request with a file's content.
pub fn script(args: Value, content: &str) -> Request {
    Request { file: Some(Arc::new(content.as_bytes().to_vec())), ..request("RunScript", args) }
}

/// The ready verifier of `password of <secret>`, for a secret `verifier_…`.
pub fn verifier_of(secret: &str) -> String {
    match secret {
        "verifier_a" => "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$pe+C/zFnavDgfuJhbQnMzALs/N0J9ncrqoqUnZZV+9k=:ey1i20Wzc5SdCGDUBBhIDAP7X7ctu215bdDDvITwNvA=".into(),
        _ => "SCRAM-SHA-256$4096:ZmVkY2JhOTg3NjU0MzIxMA==$qaifxmGCNyNNA3PtHdz6NrlMwH3byPge+BXwjISu1dQ=:KOuv5DdGr/KPbetuhQAUqj4WjcNyeesiVW1VAH7vdDY=".into(),
    }
}

/// The server's major version.
pub fn version() -> i64 {
    static VERSION: LazyLock<i64> = LazyLock::new(|| {
        let asking = async {
            let server = one(&ours(), "ReadServer", serde_json::json!({})).await.unwrap();
            server["version"].as_i64().unwrap() / 10_000
        };
        let run = move || tokio::runtime::Runtime::new().unwrap().block_on(asking);
        std::thread::spawn(run).join().unwrap()
    });
    *VERSION
}

/// The value of a secret of this name.
pub fn value_of(secret: &str) -> String {
    if secret.starts_with("verifier_") {
        return verifier_of(secret);
    }
    format!("value of {secret} '\\\" ✓")
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(90)
}

/// Each on its own.
pub async fn each(backend: &SqlBackend, requests: Vec<Request>) -> Vec<Result<Value, Fault>> {
    let count = requests.len();
    let answers = backend.perform(requests, Mode::Each, soon()).await;
    assert_eq!(answers.len(), count);
    answers
}

/// One operation.
pub async fn one(backend: &SqlBackend, name: &str, args: Value) -> Result<Value, Fault> {
    each(backend, vec![request(name, args)]).await.remove(0)
}
