//! A run that makes something, as a person sees it.

use hyhost_testbed::{Server, Testbed};
use hyhost_tests::Stack;

use crate::pty::Watched;
use crate::{board, rows};

#[test]
fn what_is_done_stands_above_the_line_that_counts_it() {
    let bed = Testbed::up(&[Server::Postgres]).unwrap();
    let stack = Stack::new(
        r#"
secrets:
  pg_admin: { env: POSTGRES_PASSWORD }
  one: { env: SECRET_ONE }
connections:
  main-db:
    sql: { host: "${POSTGRES_HOST}", port: "${POSTGRES_PORT}", user: "${POSTGRES_USER}", password: pg_admin }
targets:
  db:
    plugin: postgres
    connection: main-db
    grant: desired
    desired:
      roles: [ { name: watched, login: true, password: one } ]
      databases: [ { name: watched, owner: watched, migrations: migrations } ]
"#,
    )
    .with(bed.env().into_iter().map(|(name, value)| (name.to_owned(), value)))
    .with([("SECRET_ONE", "one-one-one-1")]);
    stack.write("migrations/1.sql", "SELECT pg_sleep(3);");
    let mut watched = Watched::start(stack.command(&["run"]), 24, 80, None);
    let seen = watched.until(|screen| screen.contents().contains("… db  2 of 3 changes"));
    let shown = rows(&seen);
    let at = |text: &str| shown.iter().position(|row| row.starts_with(text)).unwrap_or(usize::MAX);
    assert!(at("+ db  role/watched") < at("+ db  database/watched"), "{shown:?}");
    assert_eq!(at("+ db  database/watched") + 1, at("… db  2 of 3 changes"), "{shown:?}");
    assert_eq!(board(&seen), 1);
    let (status, left) = watched.end();
    assert_eq!(status.code(), Some(0), "{}", left.contents());
    assert_eq!(board(&left), 0);
    let shown: Vec<String> = rows(&left).into_iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(shown.len(), 5, "three objects, the target, the run: {shown:?}");
    assert!(shown[4].starts_with("Done: 1 targets, 3 changed, in "), "{shown:?}");
}
