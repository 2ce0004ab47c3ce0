//! What is printed, held by the files in `tests/golden`. `UPDATE_EXPECT=1`
//! writes them anew.

use std::path::Path;
use std::time::Duration;

use hyhost_audit::{Announced, Counts, Event, Outcome, Performed, What};
use hyhost_backend::Account;
use hyhost_config::Place;
use hyhost_engine::{Problem, Report, TargetReport};
use hyhost_table::{Action, Change, Name, Plan, Remark, Touch, Verb};
use serde_json::{Value, json};

fn holds(file: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    // Escape codes as text, so that a diff can be read.
    let actual = actual.replace('\u{1b}', "\\e");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{} (UPDATE_EXPECT=1 writes it anew)", path.display());
}

fn change(id: &str, action: Action, before: Option<Value>, after: Option<Value>) -> Change {
    let touch =
        Touch { capability: "sql".into(), verb: Verb::Write, kind: "role".into(), name: Name::new(["app_user"]) };
    Change {
        id: id.into(),
        action,
        requires: Vec::new(),
        lane: String::new(),
        touches: vec![touch],
        before,
        after,
        payload: "for the plugin alone".into(),
    }
}

fn target(name: &str, outcome: Outcome, plan: Plan, problems: Vec<Problem>) -> TargetReport {
    let account = Account {
        user: "postgres".into(),
        endpoint: "postgres:5432".into(),
        plaintext: true,
        superuser: Some(true),
        password: None,
    };
    TargetReport {
        name: name.into(),
        place: Place { file: "provisioning/stack.yaml".into(), line: 14, column: 3 },
        outcome,
        counts: Counts { changed: 2, failed: 1, ..Counts::default() },
        plan,
        changed: vec!["role/reporting".into(), "role/app_user".into()],
        problems,
        accounts: vec![("main-db".into(), account)],
        ready: Duration::from_millis(40),
        work: Duration::from_millis(300),
    }
}

fn report(targets: Vec<TargetReport>) -> Report {
    Report {
        targets,
        counts: Counts::default(),
        interrupted: false,
        record: None,
        duration: Duration::from_millis(1234),
    }
}

fn planned() -> Report {
    let plan = Plan {
        changes: vec![
            change(
                "role/app_user",
                Action::Create,
                None,
                Some(json!({ "login": true, "password": "the secret app_db" })),
            ),
            change(
                "database/app",
                Action::Update,
                Some(json!({ "owner": "postgres" })),
                Some(json!({ "owner": "app_user" })),
            ),
            change(
                "topic/old",
                Action::Destroy,
                Some(json!({ "retention.ms": "-1" })),
                Some(json!({ "retention.ms": "1000" })),
            ),
            change("role/app_tmp", Action::Remove, Some(json!({ "login": true })), None),
        ],
        extras: vec![Remark {
            id: "role/app_user".into(),
            text: "is a member of `pg_monitor`, which the document does not say".into(),
        }],
        deferred: vec![Remark { id: "grant/table/app/app/*/reporting".into(), text: "compared again later".into() }],
        refused: vec![Remark { id: "migration/app/1.sql".into(), text: "its file was changed since it ran".into() }],
    };
    let problem = Problem::of("migration/app/1.sql", "its file was changed since it ran");
    report(vec![
        target("app-db", Outcome::Failed, plan, vec![problem]),
        target("tool-dbs", Outcome::Unchanged, Plan::default(), Vec::new()),
        target(
            "topics",
            Outcome::Skipped,
            Plan::default(),
            vec![Problem::of_target("skipped, because it comes after `app-db`, which failed")],
        ),
    ])
}

#[test]
fn a_plan_for_people() {
    holds("plan.txt", &super::plan::for_people(&planned(), false));
}

fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_plan_for_programs() {
    let lines = jsonl(&super::plan::json_lines(&planned(), false));
    holds("plan.jsonl", &lines);
    assert!(!lines.contains("for the plugin alone"));
}

/// Nothing to do but for what is there beyond the documents.
fn extras() -> Report {
    let extras = vec![Remark { id: "role/app_user".into(), text: "has the attribute `createdb`".into() }];
    let plan = Plan { extras, ..Plan::default() };
    report(vec![
        target("app-db", Outcome::Unchanged, plan, Vec::new()),
        target("tool-dbs", Outcome::Unchanged, Plan::default(), Vec::new()),
    ])
}

#[test]
fn a_strict_plan_does_not_let_extras_pass() {
    let both = |strict| {
        let lines = jsonl(&super::plan::json_lines(&extras(), strict));
        super::plan::for_people(&extras(), strict) + "\n" + &lines
    };
    holds("plan-extras.txt", &both(false));
    holds("plan-strict.txt", &both(true));
}

#[test]
fn what_wait_says() {
    let why = "not ready within 5m: postgres:5432 refuses connections";
    let waited = report(vec![
        target("app-db", Outcome::Unchanged, Plan::default(), Vec::new()),
        target("tool-dbs", Outcome::Failed, Plan::default(), vec![Problem::of_target(why)]),
    ]);
    holds("wait.txt", &super::wait::for_people(&waited));
    holds("wait.jsonl", &jsonl(&super::wait::json_lines(&waited)));
}

#[test]
fn the_end_of_a_run_counts_what_was_lost() {
    let destroyed = super::run::Destroyed::default();
    assert_eq!(strip(&super::run::done(&extras(), &destroyed)), "Done: 2 targets, 0 changed, 1 extra, in 1.2 s");
    let mut events = events();
    for event in &mut events {
        if let What::Object { action, .. } = &mut event.what {
            *action = Action::Remove;
        }
        destroyed.count(event);
    }
    let mut report = extras();
    report.counts.changed = 2;
    let words = "Done: 2 targets, 2 changed, 1 of them destroyed, 1 extra, in 1.2 s";
    assert_eq!(strip(&super::run::done(&report, &destroyed)), words, "what failed, or was so already, does not count");
}

fn strip(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_last_words() {
    holds("last-words.txt", &super::run::farewell(&planned(), "hyhost run plugins --config provisioning"));
    let mut many = planned();
    many.interrupted = true;
    many.targets[0].problems =
        (0..13).map(|i| Problem::of(format!("role/r{i}"), "permission denied (42501)")).collect();
    many.targets[0].changed = (0..13).map(|i| format!("role/c{i}")).collect();
    holds("last-words-many.txt", &super::run::farewell(&many, "hyhost run plugins --config provisioning"));
}

fn events() -> Vec<Event> {
    let touch =
        Touch { capability: "sql".into(), verb: Verb::Write, kind: "role".into(), name: Name::new(["app_user"]) };
    let (target, plugin, digest) = ("app-db".to_owned(), "postgres".to_owned(), "sha256:ab12".to_owned());
    let object = |outcome, message: Option<&str>, note: Option<&str>| What::Object {
        target: target.clone(),
        plugin: plugin.clone(),
        digest: digest.clone(),
        object: "role/app_user".into(),
        action: Action::Create,
        outcome,
        operations: vec![Performed {
            operation: "CreateRole".into(),
            touches: vec!["write role app_user".into()],
            connection: "main-db".into(),
            account: "postgres".into(),
            outcome,
            code: None,
        }],
        duration_ms: 12,
        attempt: 1,
        before: None,
        after: Some(json!({ "login": true })),
        message: message.map(str::to_owned),
        note: note.map(str::to_owned),
    };
    let all = vec![
        What::RunStarted {
            version: "0.1.0".into(),
            documents: "sha256:cd34".into(),
            actor: Some("ci".into()),
            revision: None,
            host: Some("sidecar".into()),
            targets: vec![target.clone()],
        },
        What::Announced {
            target: target.clone(),
            plugin: plugin.clone(),
            digest: digest.clone(),
            changes: vec![Announced {
                object: "role/app_user".into(),
                action: Action::Create,
                touches: vec![touch.clone()],
            }],
            attempt: 1,
        },
        object(Outcome::Done, None, Some("the plugin's words")),
        object(Outcome::Unchanged, None, None),
        object(Outcome::Failed, Some("permission denied (42501)"), None),
        What::Refused {
            target: target.clone(),
            plugin: plugin.clone(),
            digest: digest.clone(),
            connection: "main-db".into(),
            operation: "AlterRole".into(),
            touches: vec![touch],
            message: "`AlterRole` needs `write` on role `postgres`, which is outside the grant".into(),
        },
        What::TargetEnded {
            target,
            plugin,
            digest,
            outcome: Outcome::Failed,
            counts: Counts { changed: 1, unchanged: 1, failed: 1, skipped: 2 },
            extras: vec!["role/app_user: is a member of `pg_monitor`, which the document does not say".into()],
            ready_ms: 40,
            work_ms: 300,
            message: Some("role/app_user: permission denied (42501)".into()),
        },
        What::RunEnded {
            outcome: Outcome::Failed,
            counts: Counts { changed: 1, unchanged: 1, failed: 1, skipped: 2 },
            targets_ok: 0,
            targets_failed: 1,
            duration_ms: 345,
            interrupted: false,
        },
    ];
    let time = "2026-01-02T03:04:05.678Z".parse().unwrap();
    let number =
        |(at, what): (usize, What)| Event { time, level: what.level(), run: "r-1".into(), seq: at as u64 + 1, what };
    all.into_iter().enumerate().map(number).collect()
}

#[test]
fn the_events_of_a_run() {
    let lines: Vec<String> = events().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    holds("run.jsonl", &(lines.join("\n") + "\n"));
    let shown: Vec<String> = events().iter().filter_map(super::run::text).collect();
    holds("run.txt", &(shown.join("\n") + "\n"));
}
