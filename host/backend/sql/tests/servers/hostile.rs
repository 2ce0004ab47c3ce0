//! Names and values that try to be more than that.

use hyhost_backend::Class;
use serde_json::{Value, json};

use crate::support::{PLACE, ask, each, fresh, one, ours, request, settings, theirs, value_of};

/// Each of these would do harm, or be cut short, if it left its quotes.
fn hostile() -> Vec<String> {
    [
        "\"; DROP ROLE postgres; --",
        "'; DROP ROLE postgres; --",
        "\\'; DROP ROLE postgres; --",
        "\\\"; DROP ROLE postgres; --",
        "$$; DROP ROLE postgres; --$$",
        "/* */ \u{202e} -- x",
        "a\nb\tc\r",
        "E'\\'",
        "ｆｕｌｌｗｉｄｔｈ＇；",
        "Ünïcödé ☃",
        "current_user",
        "PUBLIC",
        "select",
    ]
    .into_iter()
    .map(|text| format!("{}{text}", fresh("")))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_only_a_name() {
    let backend = ours();
    let names = hostile();
    let made = each(&backend, names.iter().map(|name| request("CreateRole", json!({"name": name}))).collect()).await;
    assert!(made.iter().all(|answer| answer == &Ok(Value::Null)), "{made:?}");
    let read = one(&backend, "ReadRoles", json!({"names": names})).await.unwrap();
    assert_eq!(read.as_array().unwrap().len(), names.len(), "{read}");

    let db = fresh("\"d';\\b");
    one(&backend, "CreateDatabase", json!({"name": db, "owner": names[0]})).await.unwrap();
    for name in &names {
        let answers = each(
            &backend,
            vec![
                request("CreateSchema", json!({"database": db, "name": name, "owner": name})),
                request(
                    "GrantOnSchema",
                    json!({"database": db, "schema": name, "roles": [names[1]], "privileges": ["USAGE"], "grant_option": false}),
                ),
            ],
        )
        .await;
        assert!(answers.iter().all(Result::is_ok), "{name}: {answers:?}");
    }
    let schemas = one(&backend, "ReadSchemas", json!({"database": db, "names": names})).await.unwrap();
    let mut found: Vec<_> =
        schemas.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap().to_owned()).collect();
    let mut names = names;
    found.sort();
    names.sort();
    assert_eq!(found, names);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_only_a_value() {
    let (backend, role) = (ours(), fresh("role"));
    one(&backend, "CreateRole", json!({"name": role})).await.unwrap();
    for value in hostile() {
        for setting in ["app.note", "search_path"] {
            // In a list an item that is not quoted is folded; the server keeps
            // the quotes of those alone that need them.
            let plain = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            let quoted = format!("\"{}\"", value.replace('"', "\"\""));
            let value = if setting == "search_path" && !plain { quoted } else { value.clone() };
            let args = json!({"name": role, "setting": setting, "value": value});
            assert_eq!(one(&backend, "SetRoleSetting", args).await, Ok(Value::Null), "{value}");
            let read = one(&backend, "ReadRoles", json!({"names": [role]})).await.unwrap();
            assert_eq!(read[0]["settings"][setting], json!(value));
        }
    }
    let admin = theirs("postgres").await;
    assert_eq!(ask(&admin, "SELECT count(*) FROM pg_roles WHERE rolname = 'postgres'").await.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_would_cut_off_is_refused() {
    let backend = ours();
    for name in ["x".repeat(64), "a\0b".into(), String::new()] {
        let fault = one(&backend, "CreateRole", json!({"name": name})).await.unwrap_err();
        assert_eq!(fault.class, Class::Invalid, "{fault}");
        let fault = one(&backend, "ReadSchemas", json!({"database": name})).await.unwrap_err();
        assert_eq!(fault.class, Class::Invalid, "{fault}");
    }
    assert_eq!(one(&backend, "ReadRoles", json!({"names": ["a\0b"]})).await, Ok(json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_reaches_everybody_or_a_role_but_no_session() {
    let backend = ours();
    let db = fresh("db");
    one(&backend, "CreateDatabase", json!({"name": db})).await.unwrap();
    let grant = |role: &str| json!({"database": db, "roles": [role], "privileges": ["CREATE"], "grant_option": false});
    one(&backend, "GrantOnDatabase", grant("public")).await.unwrap();
    for word in ["CURRENT_USER", "current_user", "session_user", "ALL", "PUBLIC"] {
        let fault = one(&backend, "GrantOnDatabase", grant(word)).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_deref()), (Class::Conflict, Some("42704")), "{word}: {fault}");
    }
    let read = one(&backend, "ReadDatabases", json!({"names": [db]})).await.unwrap();
    let expected =
        json!({"grantee": "public", "privilege": "CREATE", "builtin": false, "grantable": false, "grantor": null});
    assert!(read[0]["privileges"].as_array().unwrap().contains(&expected), "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_reaches_the_servers_log() {
    let Some(bed) = &PLACE.bed else { return };
    let admin = theirs("postgres").await;
    admin.batch_execute("ALTER SYSTEM SET log_statement = 'all'").await.unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let (backend, role) = (ours(), fresh("logged"));
    let create = json!({"name": role, "login": true, "password": {"secret": "planted"}});
    one(&backend, "CreateRole", create.clone()).await.unwrap();
    // The failed one is logged as it was sent, whatever the settings.
    let fault = one(&backend, "CreateRole", create).await.unwrap_err();
    one(&backend, "PasswordMatches", json!({"role": role, "password": {"secret": "planted"}})).await.unwrap();
    let log = bed.get(hyhost_testbed::Server::Postgres).unwrap().log();
    assert!(log.contains(&role), "the log is not that of the server");
    let secret = value_of("planted");
    assert!(!log.contains(&secret) && !log.contains("value of planted"));
    assert!(!fault.to_string().contains("value of planted") && !fault.to_string().contains("SCRAM-SHA"), "{fault}");
}

/// A server that answers a login with these bytes; what it is told after that
/// is returned.
async fn liar(answer: &'static [u8]) -> (hyhost_backend::Fault, Vec<u8>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut startup = vec![0; 4096];
        assert!(stream.read(&mut startup).await.unwrap() > 8);
        stream.write_all(answer).await.unwrap();
        let mut told = Vec::new();
        let _ = stream.read_to_end(&mut told).await;
        told
    });
    let place = hyhost_config::Sql { host: "127.0.0.1".into(), port, ..settings() };
    let fault = one(&hyhost_backend_sql::connect("main-db", &place), "ReadServer", json!({})).await.unwrap_err();
    (fault, server.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lies_gets_no_password_and_no_memory() {
    let (fault, told) = liar(b"R\0\0\0\x08\0\0\0\x03").await;
    assert_eq!((fault.class, told.as_slice()), (Class::Denied, &b""[..]), "{fault}");
    assert!(fault.message.contains("only SCRAM is answered without TLS"), "{fault}");
    let (fault, told) = liar(b"R\0\0\0\x0c\0\0\0\x05salt").await;
    assert_eq!((fault.class, told.as_slice()), (Class::Denied, &b""[..]), "{fault}");
    let (fault, _) = liar(b"N\x7f\xff\xff\xff").await;
    assert_eq!(fault.class, Class::Failed, "{fault}");
    assert!(fault.message.contains("64 MiB"), "{fault}");
    // After the login: identity is asked, and answered at length.
    let (fault, _) = liar(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05ID\x7f\xff\xff\xff").await;
    assert_eq!(fault.class, Class::Failed, "{fault}");
}
