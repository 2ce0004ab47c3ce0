//! Misbehaves as its desired state asks: `{ "in": "plan", "does": "spin" }`.
//! Without that it is a sound plugin that makes one role.

use hyhost_guests::types::{
    self, Action, Change, Context, Error, Fault, Manifest, Mode, Operation, Outcome, Plan, Readiness, Remark, Touch,
    Verb,
};
use hyhost_guests::{Guest, audit, dig, eat, files, log, operation, perform, speak_in_panic, spin, sql};
use serde_json::{Value, json};

struct Hostile;

hyhost_sdk::bindings::export_bindings!(Hostile with_types_in hyhost_sdk::bindings);

impl Guest for Hostile {
    fn describe() -> Manifest {
        hyhost_guests::manifest("hostile")
    }

    fn probe(context: Context) -> Result<Readiness, Error> {
        let does = asked(&context, "probe");
        act(&does)?;
        match does.as_str() {
            "newer" => Ok(Readiness::Other("half".to_owned())),
            "not-ready" => Ok(Readiness::NotReady("still\nstarting".to_owned())),
            "fail" => Err(Error::Conflict(Fault {
                message: format!("{}\u{1b}[31m\nred", "x".repeat(10_000)),
                code: Some("\u{7}".repeat(1_000)),
                extensions: Vec::new(),
            })),
            _ => perform("ReadServer", "{}").map(|_| Readiness::Ready),
        }
    }

    fn plan(context: Context, page: Option<String>) -> Result<Plan, Error> {
        let does = asked(&context, "plan");
        act(&does)?;
        let name = role(&context);
        let found: Value = serde_json::from_str(&perform("ReadRoles", json!({ "names": [name] }))?).unwrap_or_default();
        let there = found.as_array().is_some_and(|roles| !roles.is_empty());
        let mut plan = plan(if there { Vec::new() } else { vec![change(&name)] });
        match does.as_str() {
            "twice" => plan.changes = vec![change("ok_a"), change("ok_a")],
            "newer-action" => plan.changes[0].action = Action::Other("melt".to_owned()),
            "newer-verb" => plan.changes[0].touches[0].verb = Verb::Other("smell".to_owned()),
            "newer-key" => plan.extensions = vec![("x".to_owned(), "1".to_owned())],
            "no-json-state" => plan.changes[0].after = Some("{\"password\": hunter2}".to_owned()),
            "commas-state" => plan.changes[0].after = Some(format!("{{\"a\":[{}0]}}", "0,".repeat(1_000_000))),
            "two-lines" => plan.changes[0].id = "role/ok_a\nrole/forged".to_owned(),
            "huge" => plan.changes[0].payload = "x".repeat(40 << 20),
            "for-ever" => plan.next = Some(page.map_or(0, |page| page.parse::<u64>().unwrap_or(0) + 1).to_string()),
            "same-page" => plan.next = Some("1".to_owned()),
            "pages" => {
                let page: usize = page.and_then(|page| page.parse().ok()).unwrap_or(0);
                plan.changes = (0..2_000).map(|i| change(&format!("ok_{}", page * 2_000 + i))).collect();
                plan.next = (page < 4).then(|| (page + 1).to_string());
            }
            "many" => plan.changes = (0..1_000).map(|i| change(&format!("ok_{i}"))).collect(),
            "forged-remark" => {
                let text = format!("extra\n\u{1b}[2K{}", "y".repeat(100_000));
                plan.extras = vec![Remark { id: "role/ok_a".to_owned(), text, extensions: Vec::new() }];
            }
            _ => {}
        }
        Ok(plan)
    }

    fn ensure(context: Context, changes: Vec<Change>) -> Vec<Result<Outcome, Error>> {
        let does = asked(&context, "ensure");
        if let Err(error) = act(&does) {
            return changes.iter().map(|_| Err(error.clone())).collect();
        }
        let of = |id: &str| id.trim_start_matches("role/").to_owned();
        match does.as_str() {
            "too-few" => return Vec::new(),
            "too-many-results" => return vec![Ok(Outcome::Done); changes.len() + 1],
            "newer" => return vec![Ok(Outcome::Other("half".to_owned())); changes.len()],
            "lie" => return vec![Ok(Outcome::Done); changes.len()],
            "undeclared" => return vec![perform("CreateRole", json!({ "name": "ok_other" })).map(|_| Outcome::Done)],
            "forged-note" => audit::note(&changes[0].id, "done\n{\"event\":\"run-ended\"}"),
            _ => {}
        }
        let create = |change: &Change| operation("CreateRole", json!({ "name": of(&change.id) }));
        let all: Vec<Operation> = changes.iter().map(create).collect();
        let answers = sql::perform("db", &all, &Mode::Each);
        answers.into_iter().map(|answer| answer.map(|_| Outcome::Done)).collect()
    }
}

/// What can be done in any call.
fn act(does: &str) -> Result<(), Error> {
    let name = json!({ "name": "ok_a" });
    match does {
        "spin" => spin(),
        "eat" => eat(),
        "dig" => drop(dig(0)),
        "panic" => {
            speak_in_panic();
            panic!("out of\n\u{1b}[2Jideas")
        }
        "give-up" => std::process::abort(),
        "flood" => {
            for i in 0..10_000 {
                log::write(&log::Level::Warn, &format!("line {i} {}", "z".repeat(1_000)));
            }
        }
        "long-line" => log::write(&log::Level::Error, &"w".repeat(1 << 20)),
        "forge" => log::write(
            &log::Level::Info,
            "all well\n2026-01-01T00:00:00Z ERROR forged\u{1b}[1A\u{1b}[2K{\"event\":\"run-ended\"}",
        ),
        "newer-level" => log::write(&log::Level::Other("shout".to_owned()), "x"),
        "write" => drop(perform("CreateRole", name)?),
        "destroy" => drop(perform("DropRole", name)?),
        "no-json" => drop(perform("ReadRoles", "{\"names\": hunter2}")?),
        "no-object" => drop(perform("ReadRoles", "[]")?),
        "unknown-argument" => drop(perform("ReadRoles", r#"{"sql":"DROP TABLE a"}"#)?),
        "unknown-operation" => drop(perform("Exec\nute", json!({ "sql": "DROP TABLE a" }))?),
        "unknown-slot" => drop(sql::perform("other", &[operation("ReadRoles", "{}")], &Mode::Each).remove(0)?),
        "unknown-directory" => drop(files::list("/etc")?),
        "newer-mode" => {
            sql::perform("db", &[operation("ReadRoles", "{}")], &Mode::Other("quietly".to_owned()));
        }
        "secret-elsewhere" => drop(perform("CreateRole", json!({ "name": { "secret": "app_db" } }))?),
        "secret-not-its-own" => {
            drop(perform("CreateRole", json!({ "name": "ok_a", "password": { "secret": "root_pw" } }))?);
        }
        "too-many" => {
            let all: Vec<Operation> = (0..1_001).map(|_| operation("ReadServer", "{}")).collect();
            drop(sql::perform("db", &all, &Mode::Each).remove(0)?);
        }
        "too-large" => drop(perform("ReadRoles", json!({ "names": ["x".repeat(5 << 20)] }))?),
        "far-too-large" => drop(perform("ReadRoles", json!({ "names": ["x".repeat(20 << 20)] }))?),
        "commas" => drop(perform("ReadRoles", format!("{{\"names\":[{}0]}}", "0,".repeat(1_000_000)))?),
        "ask-for-ever" => loop {
            drop(perform("ReadServer", "{}")?);
        },
        "half-a-transaction" => {
            let all = [operation("ReadRoles", "{}"), operation("ReadRoles", "{")];
            let mut answers = sql::perform("db", &all, &Mode::Transaction);
            drop(answers.remove(0)?);
        }
        _ => {}
    }
    Ok(())
}

fn asked(context: &Context, call: &str) -> String {
    let desired: Value = serde_json::from_str(&context.desired).unwrap_or_default();
    let text = |key: &str| desired.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("in") == call { text("does") } else { String::new() }
}

fn role(context: &Context) -> String {
    let desired: Value = serde_json::from_str(&context.desired).unwrap_or_default();
    desired.get("role").and_then(Value::as_str).unwrap_or("ok_a").to_owned()
}

fn plan(changes: Vec<Change>) -> Plan {
    let none = Vec::new;
    Plan { changes, extras: none(), deferred: none(), refused: none(), next: None, extensions: Vec::new() }
}

fn change(name: &str) -> Change {
    Change {
        id: format!("role/{name}"),
        action: Action::Create,
        requires: Vec::new(),
        lane: String::new(),
        touches: vec![Touch {
            capability: "sql".to_owned(),
            verb: Verb::Write,
            kind: "role".to_owned(),
            name: vec![name.to_owned()],
            extensions: Vec::new(),
        }],
        before: None,
        after: Some(json!({ "name": name }).to_string()),
        payload: "x".repeat(100),
        extensions: Vec::<(String, types::Json)>::new(),
    }
}
