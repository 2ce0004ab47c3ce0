//! Scripts, and what happens to their history.

use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_backend_sql::SqlBackend;
use hyhost_table::Mode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{PLACE, ask, each, fresh, one, ours, script, soon, theirs, theirs_as, value_of};

/// A database with an owner who can log in.
struct Home {
    backend: SqlBackend,
    db: String,
    owner: String,
}

impl Home {
    async fn new() -> Self {
        let home = Self { backend: ours(), db: fresh("db"), owner: fresh("owner") };
        let role = json!({"name": home.owner, "login": true, "password": {"secret": "own"}});
        one(&home.backend, "CreateRole", role).await.unwrap();
        one(&home.backend, "CreateDatabase", json!({"name": home.db, "owner": home.owner})).await.unwrap();
        home
    }

    fn script(&self, file: &str, text: &str) -> Request {
        let digest = format!("sha256:{:0>64}", text.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(31) + u64::from(b)));
        let args = json!({
            "database": self.db, "directory": "migrations/app", "file": file, "digest": digest,
            "as": self.owner, "password": {"secret": "own"}});
        script(args, text)
    }

    async fn run(&self, file: &str, text: &str) -> Result<Value, Fault> {
        each(&self.backend, vec![self.script(file, text)]).await.remove(0)
    }

    async fn history(&self) -> Result<Value, Fault> {
        let args = json!({"database": self.db, "as": self.owner, "password": {"secret": "own"}});
        one(&self.backend, "ReadMigrations", args).await
    }

    async fn files(&self) -> Vec<String> {
        let history = self.history().await.unwrap();
        history
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|row| row["file"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn admin(&self, text: &str) -> Option<String> {
        ask(&theirs(&self.db).await, text).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_runs_once_as_its_role() {
    let home = Home::new().await;
    assert_eq!(home.history().await, Ok(Value::Null));
    let text = "\u{feff}create table t (a text default 'x;''y');\r\n\
        create function f() returns text language plpgsql as $$ begin return session_user || current_user; end $$;\n\
        insert into t values (f()), (current_schema());";
    assert_eq!(home.run("1.sql", text).await, Ok(json!("done")));
    assert_eq!(home.run("1.sql", text).await, Ok(json!("unchanged")));
    let owner = &home.owner;
    assert_eq!(home.admin("SELECT string_agg(a, ' ') FROM public.t").await, Some(format!("{owner}{owner} public")));
    assert_eq!(home.files().await, ["1.sql"]);
    let row =
        home.admin("SELECT applied_by || ' ' || hyhost || ' ' || (duration_ms >= 0) FROM hyhost.migrations").await;
    assert_eq!(row, Some(format!("{owner} {} true", env!("CARGO_PKG_VERSION"))));
    let fault = home.run("1.sql", "select 1").await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_of_the_connections_own_account() {
    let home = Home::new().await;
    one(&home.backend, "AlterDatabaseOwner", json!({"name": home.db, "owner": "postgres"})).await.unwrap();
    let args = json!({"database": home.db, "directory": "m", "file": "1.sql", "digest": format!("sha256:{:0>64}", 1)});
    let ran = each(&home.backend, vec![script(args, "create table public.t ()")]).await.remove(0);
    assert_eq!(ran, Ok(json!("done")));
    let read = one(&home.backend, "ReadMigrations", json!({"database": home.db})).await.unwrap();
    assert_eq!(read[0]["file"], "1.sql");
    // The same history is not the owner's.
    let fault = home.history().await.unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("belongs to `postgres`"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_leaves_nothing() {
    let home = Home::new().await;
    let fault = home.run("1.sql", "create table t (a int);\n\nselect 1,\n  nothing;\nselect 2").await.unwrap_err();
    assert!(fault.message.contains("migrations/app/1.sql:4: column \"nothing\" does not exist"), "{fault}");
    assert_eq!(fault.code.as_deref(), Some("42703"));
    assert_eq!(fault.class, Class::Failed);
    // Without a position: the line of the statement.
    let fault =
        home.run("1.sql", "create table t (a int);\nselect '☃';\n\n-- x\ncreate table t (b int)").await.unwrap_err();
    assert!(fault.message.contains("1.sql:5: relation \"t\" already exists"), "{fault}");
    assert_eq!(home.history().await, Ok(Value::Null));
    assert_eq!(home.admin("SELECT to_regclass('public.t')::text").await, None);
    // The ones behind it do not run.
    let calls = vec![home.script("1.sql", "select x"), home.script("2.sql", "create table t2 ()")];
    let answers = each(&home.backend, calls).await;
    assert_eq!(answers[1].as_ref().unwrap_err().class, Class::Conflict);
    assert!(answers[1].as_ref().unwrap_err().message.contains("`1.sql` failed before it"));
    assert_eq!(home.files().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn transaction_control_never_runs() {
    let home = Home::new().await;
    for (text, line) in [
        ("create table t ();\ncommit;\nselect 1", 2),
        ("create table t ();\n\n/* ; */ ROLLBACK;", 3),
        ("begin;\ncreate table t ();\nend", 1),
        ("create table t ();\n\\connect other", 2),
        ("create table t ();\ncopy t from stdin;\n\\.", 2),
    ] {
        let fault = home.run("1.sql", text).await.unwrap_err();
        assert_eq!(fault.class, Class::Invalid, "{fault}");
        assert!(fault.message.contains(&format!("1.sql:{line}: ")), "{fault}");
    }
    assert_eq!(home.admin("SELECT to_regclass('public.t')::text").await, None);
    // What the lexer is told wrongly about shows in the transaction's number.
    let hidden =
        "set standard_conforming_strings = off;\nselect 'a\\'; select ';\ncommit; create table u (); select '\\'';";
    let ran = home.run("2.sql", hidden).await;
    assert!(ran.is_err(), "{ran:?}");
    assert_eq!(home.files().await, [""; 0]);
    // A block that commits is refused by the server.
    let fault = home.run("3.sql", "do $$ begin commit; end $$").await.unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("2D000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_left_behind_is_refused() {
    let home = Home::new().await;
    let group = fresh("group");
    one(&home.backend, "CreateRole", json!({"name": group})).await.unwrap();
    one(&home.backend, "GrantMembership", json!({"role": group, "member": home.owner, "admin": false})).await.unwrap();
    let fault = home.run("1.sql", &format!("create table t (); set role {group}")).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
    assert!(fault.message.contains("RESET ROLE"), "{fault}");
    assert_eq!(home.admin("SELECT to_regclass('public.t')::text").await, None);
    let kept = format!("set role {group}; reset role");
    assert_eq!(home.run("1.sql", &kept).await, Ok(json!("done")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_a_trap_is_not_touched() {
    let home = Home::new().await;
    home.run("1.sql", "select 1").await.unwrap();
    for (trap, undo, word) in [
        (
            "create function public.f() returns trigger language plpgsql as 'begin return new; end'; \
             create trigger x before insert on hyhost.migrations for each row execute function public.f()",
            "drop trigger x on hyhost.migrations",
            "triggers",
        ),
        (
            "create rule x as on insert to hyhost.migrations do also select 1",
            "drop rule x on hyhost.migrations",
            "rules",
        ),
        (
            "alter table hyhost.migrations enable row level security",
            "alter table hyhost.migrations disable row level security",
            "row security",
        ),
        ("create table public.child () inherits (hyhost.migrations)", "drop table public.child", "inherits"),
        (
            "alter table hyhost.migrations add constraint x check (length(file) > 0)",
            "alter table hyhost.migrations drop constraint x",
            "constraints",
        ),
        (
            "create function public.d() returns text language sql as 'select ''x''::text'; \
             alter table hyhost.migrations alter applied_by set default public.d()",
            "alter table hyhost.migrations alter applied_by set default current_user",
            "default for `applied_by`",
        ),
        ("create index x on hyhost.migrations (lower(file))", "drop index hyhost.x", "indexes"),
        ("create index x on hyhost.migrations (file) where file > ''", "drop index hyhost.x", "indexes"),
        (
            "alter table hyhost.migrations add more text generated always as (file || 'x') stored",
            "alter table hyhost.migrations drop more",
            "columns",
        ),
        (
            "create domain public.word as text; alter table hyhost.migrations alter hyhost type public.word",
            "alter table hyhost.migrations alter hyhost type text",
            "column `hyhost`",
        ),
        (
            "alter table hyhost.migrations owner to postgres",
            &format!("alter table hyhost.migrations owner to {}", home.owner),
            "belongs to",
        ),
        (
            "alter schema hyhost owner to postgres",
            &format!("alter schema hyhost owner to {}", home.owner),
            "belongs to",
        ),
    ] {
        theirs(&home.db).await.batch_execute(trap).await.unwrap();
        for answer in [home.history().await, home.run("2.sql", "select 1").await] {
            let fault = answer.unwrap_err();
            assert_eq!(fault.class, Class::Denied, "{fault}");
            assert!(fault.message.contains(word), "{fault}");
        }
        theirs(&home.db).await.batch_execute(undo).await.unwrap();
        assert_eq!(home.files().await, ["1.sql"], "{word}");
    }
    theirs(&home.db)
        .await
        .batch_execute(
            "alter table hyhost.migrations rename to m; create view hyhost.migrations as select * from hyhost.m",
        )
        .await
        .unwrap();
    assert!(home.history().await.unwrap_err().message.contains("no ordinary table"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_database_gets_no_rights_of_the_connection() {
    let home = Home::new().await;
    let (db, owner) = (&home.db, &home.owner);
    let own = |file: &str, text: &str| {
        let digest = format!("sha256:{:0>64}", text.len());
        script(json!({"database": db, "directory": "m", "file": file, "digest": digest}), text)
    };
    // What he can do himself: a trap for whoever calls `lower`, a path and a
    // role for all who come, and a history of the right form that calls.
    let his = theirs_as(owner, &value_of("own"), db).await.unwrap();
    let trap = format!(
        "create schema evil; \
         create function evil.lower(text) returns text language plpgsql as \
           $$ begin execute 'alter role {owner} superuser'; return 'evil'; end $$; \
         create function public.lower(varchar) returns text language sql as $$ select evil.lower('') $$; \
         alter database {db} set search_path = evil, pg_catalog, public"
    );
    his.batch_execute(&trap).await.unwrap();
    let text = "create table public.seen as select lower('ABC'::varchar) as a, lower('ABC') as b, current_user as c";
    let ran = each(&home.backend, vec![own("1.sql", text)]).await.remove(0);
    assert_eq!(ran, Ok(json!("done")));
    let superuser = format!("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '{owner}'");
    assert_eq!(home.admin(&superuser).await.as_deref(), Some("f"));
    let seen = home.admin("SELECT a || ' ' || b || ' ' || c FROM public.seen").await;
    assert_eq!(seen, Some(format!("abc abc {}", PLACE.user)));

    // In another database of his, where he was first.
    let home = Home::new().await;
    let (db, owner) = (&home.db, &home.owner);
    let his = theirs_as(owner, &value_of("own"), db).await.unwrap();
    let trap = format!(
        "create function public.own(text) returns boolean language plpgsql as $$ begin \
           perform set_config('role', 'none', false); execute 'alter role {owner} superuser'; return true; end $$; \
         create schema hyhost; \
         create table hyhost.migrations (file text primary key check (public.own(file)), digest text not null, \
           applied_at timestamptz not null default now(), applied_by text not null default current_user, \
           duration_ms bigint not null, hyhost text not null); \
         alter database {db} set role = '{owner}'"
    );
    his.batch_execute(&trap).await.unwrap();
    let args = json!({"database": db, "directory": "m", "file": "1.sql", "digest": format!("sha256:{:0>64}", 1)});
    let fault = each(&home.backend, vec![script(args, "select 1")]).await.remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Denied, "{fault}");
    assert!(fault.message.contains(&format!("belongs to `{owner}`, not to `{}`", PLACE.user)), "{fault}");
    let superuser = format!("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '{owner}'");
    assert_eq!(ask(&theirs("postgres").await, &superuser).await.as_deref(), Some("f"));
    // The host's own statements are not his either.
    one(&home.backend, "CreateSchema", json!({"database": db, "name": "made"})).await.unwrap();
    let of = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'made'";
    assert_eq!(home.admin(of).await, Some(PLACE.user.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_any_size_is_not_read_whole() {
    let home = Home::new().await;
    home.run("1.sql", "select 1").await.unwrap();
    let insert = |file: &str, digest: &str, normal: &str, count: u32| {
        format!(
            "INSERT INTO hyhost.migrations SELECT {file}, {digest}, now(), 'x', 1, 'x', {normal} FROM generate_series(1, {count}) g"
        )
    };
    for (rows, word) in [
        (insert("'many' || g", "'d'", "'n'", 10_000), "over 10000 rows"),
        (insert("'long' || repeat('x', 1021)", "'d'", "'n'", 1), "over 1024"),
        (insert("'heavy'", "repeat('x', 1000000)", "'n'", 1), "over 128"),
        (insert("'normal'", "'d'", "repeat('x', 1000000)", 1), "over 128"),
    ] {
        theirs(&home.db).await.batch_execute(&rows).await.unwrap();
        let fault = home.history().await.unwrap_err();
        assert_eq!(fault.class, Class::Failed, "{fault}");
        assert!(fault.message.contains(word) && fault.message.len() < 500, "{fault}");
        theirs(&home.db).await.batch_execute("DELETE FROM hyhost.migrations WHERE file <> '1.sql'").await.unwrap();
    }
    assert_eq!(home.files().await, ["1.sql"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_can_do_without_a_transaction() {
    let home = Home::new().await;
    home.run("1.sql", "create table t (a int); insert into t values (1), (1)").await.unwrap();
    let text = "-- an index\n-- hyhost: no-transaction\n\ncreate index concurrently i on t (a);\nbegin; insert into t values (2); commit;\n";
    assert_eq!(home.run("2.sql", text).await, Ok(json!("done")));
    assert_eq!(
        home.admin("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.i'::regclass").await.as_deref(),
        Some("t")
    );
    assert_eq!(home.files().await, ["1.sql", "2.sql"]);

    let text =
        "-- hyhost: no-transaction\ncreate table u (a int);\ncreate unique index concurrently j\n  on t (a);\nselect 1";
    let fault = home.run("3.sql", text).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Failed, Some("23505")));
    assert!(fault.message.contains("3.sql:3: "), "{fault}");
    assert!(
        fault.message.contains("statement 2 of 3") && fault.message.contains("statement 1 is done and stays"),
        "{fault}"
    );
    let fault = home.run("4.sql", "-- hyhost: no-transaction\nselect 1;\nselect\n  nothing").await.unwrap_err();
    assert!(fault.message.contains("4.sql:4: "), "{fault}");
    let fault = home.run("5.sql", "-- hyhost: no-transaction\nbegin; create table v ()").await.unwrap_err();
    assert!(fault.message.contains("open transaction"), "{fault}");
    assert_eq!(home.files().await, ["1.sql", "2.sql"]);
}

/// What hyhost made before it kept a digest without comments.
const OLD: &str = "create schema hyhost; create table hyhost.migrations (file text primary key, digest text not null, \
    applied_at timestamptz not null, applied_by text not null, duration_ms bigint not null, hyhost text not null); \
    insert into hyhost.migrations values ('1.sql', 'sha256:old', now(), current_user, 5, '0.1.0')";

#[tokio::test(flavor = "multi_thread")]
async fn an_older_history_is_read_and_becomes_a_present_one() {
    let home = Home::new().await;
    let his = theirs_as(&home.owner, &value_of("own"), &home.db).await.unwrap();
    his.batch_execute(OLD).await.unwrap();
    let row = json!({"file": "1.sql", "digest": "sha256:old", "normal": null, "ran": true});
    assert_eq!(home.history().await, Ok(json!([row])));
    // Reading changes nothing.
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'hyhost.migrations'::regclass AND attnum > 0";
    assert_eq!(home.admin(columns).await.as_deref(), Some("6"));
    // A script that fails takes the new column with it.
    home.run("2.sql", "select nothing").await.unwrap_err();
    assert_eq!(home.admin(columns).await.as_deref(), Some("6"));
    for (file, text) in [("2.sql", "select 2"), ("3.sql", "-- hyhost: no-transaction\nselect 3")] {
        assert_eq!(home.run(file, text).await, Ok(json!("done")));
    }
    assert_eq!(home.admin(columns).await.as_deref(), Some("7"));
    let all = home.history().await.unwrap();
    assert_eq!((&all[0], all[1]["normal"].as_str().map(str::len)), (&row, Some(71)));
    assert_eq!(home.files().await, ["1.sql", "2.sql", "3.sql"]);

    // The same without a transaction first.
    let home = Home::new().await;
    let his = theirs_as(&home.owner, &value_of("own"), &home.db).await.unwrap();
    his.batch_execute(OLD).await.unwrap();
    assert_eq!(home.run("2.sql", "-- hyhost: no-transaction\nselect 3").await, Ok(json!("done")));
    assert_eq!(home.files().await, ["1.sql", "2.sql"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_comments_are_the_same_script_and_other_content_is_not() {
    let home = Home::new().await;
    assert_eq!(home.run("1.sql", "create table t (a int);").await, Ok(json!("done")));
    assert_eq!(home.run("1.sql", "-- SPDX\r\ncreate table t ( a int ) ;\r\n").await, Ok(json!("unchanged")));
    let fault = home.run("1.sql", "create table t (b int);").await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
    // What the plan asks is what the history says.
    let mut asked = home.script("1.sql", "create  table t(a int);");
    asked.row = hyhost_table::sql().row("ReadScriptDigest").unwrap();
    asked.operation.name = "ReadScriptDigest".into();
    let normal = each(&home.backend, vec![asked]).await.remove(0).unwrap();
    assert_eq!(normal, home.history().await.unwrap()[0]["normal"]);
    let mut broken = home.script("1.sql", "select '");
    broken.row = hyhost_table::sql().row("ReadScriptDigest").unwrap();
    assert_eq!(each(&home.backend, vec![broken]).await.remove(0), Ok(Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeatable_script_runs_again_when_it_is_another() {
    let home = Home::new().await;
    let again = async |text: &str| {
        let mut request = home.script("R__v.sql", text);
        request.row = hyhost_table::sql().row("RunScriptAgain").unwrap();
        each(&home.backend, vec![request]).await.remove(0)
    };
    assert_eq!(home.run("R__v.sql", "create or replace view v as select 1 as a").await, Ok(json!("done")));
    assert_eq!(again("create or replace view v as select 1 as a -- one").await, Ok(json!("unchanged")));
    assert_eq!(again("create or replace view v as select 1 as a, 2 as b").await, Ok(json!("done")));
    assert_eq!(home.admin("SELECT b FROM public.v").await.as_deref(), Some("2"));
    assert_eq!(home.files().await, ["R__v.sql"]);
    // The row is that of the last time, also where the file fails.
    again("create or replace view v as select nothing").await.unwrap_err();
    assert_eq!(again("create or replace view v as select 1 as a, 2 as b").await, Ok(json!("unchanged")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_is_written_whole_or_not_at_all() {
    let home = Home::new().await;
    let baseline = |files: &[&str]| {
        let of = |what: &str| files.iter().map(|file| format!("sha256:{what} {file}")).collect::<Vec<_>>();
        json!({"database": home.db, "files": files, "digests": of("digest"), "normals": of("normal"), "as": home.owner,
            "password": {"secret": "own"}})
    };
    assert_eq!(
        one(&home.backend, "BaselineMigrations", baseline(&["1.sql", "1.sql", "2.sql"])).await.map(|_| ()),
        Ok(())
    );
    let history = home.history().await.unwrap();
    let expected = |file: &str| json!({"file": file, "digest": format!("sha256:digest {file}"), "normal": format!("sha256:normal {file}"), "ran": false});
    assert_eq!(history, json!([expected("1.sql"), expected("2.sql")]));
    assert_eq!(one(&home.backend, "BaselineMigrations", baseline(&["2.sql"])).await, Ok(json!("unchanged")));
    let fault = one(&home.backend, "BaselineMigrations", baseline(&["1.sql", "3.sql"])).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
    assert_eq!(home.run("3.sql", "select 1").await, Ok(json!("done")));
    let owner = home.admin("SELECT string_agg(DISTINCT applied_by, ',') FROM hyhost.migrations").await;
    assert_eq!(owner.as_deref(), Some(home.owner.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_are_one() {
    let home = Home::new().await;
    let other = ours();
    let text = "create table t (a int); select pg_sleep(0.5); insert into t values (1)";
    let [a, b] = [&home.backend, &other].map(|backend| each(backend, vec![home.script("1.sql", text)]));
    let (mut a, mut b) = tokio::join!(a, b);
    let mut states = [a.remove(0).unwrap(), b.remove(0).unwrap()].map(|answer| answer.as_str().unwrap().to_owned());
    states.sort();
    assert_eq!(states, ["done", "unchanged"]);
    assert_eq!(home.admin("SELECT count(*) FROM public.t").await.as_deref(), Some("1"));

    // The one that waits holds no snapshot: the other's index gets done.
    let text = "-- hyhost: no-transaction\ncreate index concurrently i on t (a)";
    let [a, b] = [&home.backend, &other].map(|backend| each(backend, vec![home.script("2.sql", text)]));
    let (a, b) = tokio::join!(a, b);
    assert!(a[0].is_ok() && b[0].is_ok(), "{a:?} {b:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_takes_too_long_is_cancelled() {
    let home = Home::new().await;
    let perform = |text| {
        let deadline = Instant::now() + Duration::from_millis(2500);
        home.backend.perform(vec![home.script("1.sql", text)], Mode::Each, deadline)
    };
    let began = Instant::now();
    // It takes the server's own limit away.
    let fault =
        perform("create table t (); set statement_timeout = 0; select pg_sleep(30)").await.remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Transient);
    assert!(fault.message.contains("nothing of it is left"), "{fault}");
    assert!(began.elapsed() < Duration::from_secs(5));
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()";
    // One session asks: another one's farewell would be counted too.
    let admin = theirs(&home.db).await;
    let mut left = ask(&admin, running).await;
    for _ in 0..60 {
        if left.as_deref() == Some("0") {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        left = ask(&admin, running).await;
    }
    assert_eq!(left.as_deref(), Some("0"));
    assert_eq!(home.admin("SELECT to_regclass('public.t')::text").await, None);

    let text = "-- hyhost: no-transaction\ncreate table t ();\nselect pg_sleep(30)";
    let fault = perform(text).await.remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Failed);
    assert!(fault.message.contains("statement 2 of 2") && fault.message.contains("statement 1 is done"), "{fault}");
    assert_eq!(home.admin("SELECT to_regclass('public.t')::text").await.as_deref(), Some("t"));

    // Somebody else holds the lock.
    let holder = theirs(&home.db).await;
    holder.batch_execute("SELECT pg_advisory_lock(x'6879686f73740001'::bigint)").await.unwrap();
    let fault = perform("select 1").await.remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Transient);
    assert!(fault.message.contains("lock"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_cannot_log_in_says_nothing_of_the_connection() {
    let home = Home::new().await;
    let with = |role: &str, secret: &str| json!({"database": home.db, "as": role, "password": {"secret": secret}});
    let fault = one(&home.backend, "ReadMigrations", with(&home.owner, "wrong")).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref(), fault.login_refused), (Class::Denied, Some("28P01"), false));
    let fault = one(&home.backend, "ReadMigrations", with("nobody_at_all", "own")).await.unwrap_err();
    assert_eq!((fault.class, fault.login_refused), (Class::Denied, false));
    let nowhere = json!({"database": fresh("nowhere"), "as": home.owner, "password": {"secret": "own"}});
    assert_eq!(one(&home.backend, "ReadMigrations", nowhere).await, Ok(Value::Null));
    // Who may not make a schema is told where it failed.
    let guest = fresh("guest");
    let role = json!({"name": guest, "login": true, "password": {"secret": "own"}});
    one(&home.backend, "CreateRole", role).await.unwrap();
    let mut request = home.script("1.sql", "select 1");
    request.operation.args["as"] = json!(guest);
    let fault = home.backend.perform(vec![request], Mode::Each, soon()).await.remove(0).unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Denied, Some("42501")));
    assert!(fault.message.contains("schema `hyhost`"), "{fault}");
    assert!(theirs_as(&guest, &value_of("own"), &home.db).await.is_ok());
}
