//! What holds for every kind of every shipped table.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use hyhost_backend::{Backend, Request};
use hyhost_config::Secret;
use hyhost_table::{EffectKind, Mode, Operation, Row, Table, s3, shipped, sql};
use hyhost_testing::MemoryBackend;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// A value that fits the schema: texts of any characters that it allows.
fn any(random: &mut fastrand::Rng, schema: &Value, table: &Table) -> Value {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return any(random, &table.defs[target.strip_prefix("#/$defs/").unwrap()], table);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values[random.usize(..values.len())].clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(random.bool()),
        Some("integer") => {
            let least = schema["minimum"].as_i64().unwrap_or(-9);
            json!(random.i64(least..least.max(0) + 100))
        }
        Some("array") => {
            (0..random.usize(1..4)).map(|_| any(random, &schema["items"], table)).collect::<Vec<_>>().into()
        }
        Some("object") if schema["properties"].get("secret").is_some() => {
            json!({ "secret": format!("s{}", random.u8(..)) })
        }
        Some("object") if schema["additionalProperties"]["type"] == "string" => json!({ "k": "v" }),
        Some("object") => json!({ "k": random.u8(..) }),
        Some("string") => match schema["pattern"].as_str() {
            Some("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$") => json!(format!("b-{}", random.u32(..))),
            Some("^[a-zA-Z0-9._-]{1,249}$") => json!(format!("T_{}.-", random.u32(..))),
            Some("^sha256:[0-9a-f]{64}$") => json!(format!("sha256:{:064x}", random.u128(..))),
            Some(pattern) => panic!("say how a text of the pattern {pattern} is made"),
            None => {
                let alphabet = ['a', 'Z', '"', '\'', '/', '\\', ' ', 'ß', '雪', '\u{1}'];
                (0..random.usize(1..20)).map(|_| alphabet[random.usize(..alphabet.len())]).collect::<String>().into()
            }
        },
        other => panic!("say how a value of the type {other:?} is made"),
    }
}

fn arguments(random: &mut fastrand::Rng, row: &Row, table: &Table) -> Value {
    let mut args = Map::new();
    for (key, schema) in &row.args {
        let optional = key.ends_with('?');
        if !optional || random.bool() {
            args.insert(key.trim_end_matches('?').to_owned(), any(random, schema, table));
        }
    }
    Value::Object(args)
}

fn request(row: &'static Row, args: Value) -> Request {
    let operation = Operation::new(&row.name, args);
    let used = row.secrets(&operation);
    let secrets = used.into_iter().map(|used| (used.name.clone(), Secret::new(used.name, "hidden"))).collect();
    Request { operation, row, secrets, file: None }
}

async fn perform(backend: &MemoryBackend, request: Request) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    let name = request.row.name.clone();
    backend
        .perform(vec![request], Mode::Each, deadline)
        .await
        .remove(0)
        .unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// What is made is listed by its name, with the fields that it was made with.
#[tokio::test]
async fn what_is_created_is_listed() {
    let mut kinds = Vec::new();
    for table in [sql(), s3(), shipped("kafka").unwrap()] {
        let of = |does: EffectKind| {
            table.rows.iter().filter_map(move |row| row.effect.as_ref().filter(|e| e.does == does).map(|e| (row, e)))
        };
        for (create, made) in of(EffectKind::Create) {
            kinds.push(made.kind.as_str());
            let (list, listed) = of(EffectKind::List).find(|(_, listed)| listed.kind == made.kind).unwrap();
            for seed in 0..100 {
                let mut random = fastrand::Rng::with_seed(seed);
                let backend = MemoryBackend::new(table);
                let args = arguments(&mut random, create, table);
                let name: Vec<_> = made.name.iter().map(|argument| args[argument].as_str().unwrap()).collect();
                if let Some(parent) = &made.parent {
                    backend.store().put(parent, &name[..name.len() - 1], json!({}));
                }
                perform(&backend, request(create, args.clone())).await;

                let mut query = Map::new();
                for (argument, segment) in listed.name.iter().zip(&name) {
                    let many = list.args.contains_key(&format!("{argument}?"));
                    query.insert(argument.clone(), if many { json!([segment]) } else { json!(segment) });
                }
                let answer = perform(&backend, request(list, Value::Object(query))).await;
                let [found] = answer.as_array().unwrap().as_slice() else { panic!("{}: {answer}", create.name) };
                for (called, segment) in listed.segments.iter().zip(&name).filter(|(called, _)| !called.is_empty()) {
                    assert_eq!(found[called], *segment, "{} {args}", create.name);
                }
                for (argument, value) in args.as_object().unwrap() {
                    if let Some(shown) = found.get(argument).filter(|_| !made.name.contains(argument)) {
                        assert_eq!(shown, value, "{} {args}", create.name);
                    }
                }
                assert!(!format!("{:?} {answer}", backend.store()).contains("hidden"));
            }
        }
    }
    kinds.sort_unstable();
    let s3 = ["bucket", "group", "policy", "service_account", "user"];
    let others = ["database", "extension", "migration", "role", "schema", "topic"];
    let mut expected: Vec<_> = others.into_iter().chain(s3).collect();
    expected.sort_unstable();
    assert_eq!(kinds, expected);
}

/// Each row can be performed here, and a read of nothing answers in the shape
/// that it promises.
#[tokio::test]
async fn every_row_has_an_effect_and_every_read_answers() {
    for table in [sql(), s3(), shipped("kafka").unwrap()] {
        for row in &table.rows {
            let effect = row.effect.as_ref().unwrap_or_else(|| panic!("{} has no effect", row.name));
            let reads =
                matches!(effect.does, EffectKind::List | EffectKind::Get | EffectKind::Prove | EffectKind::Constant);
            assert_eq!(reads, row.phase() == hyhost_table::Verb::Read, "{}", row.name);
            if reads {
                let mut random = fastrand::Rng::with_seed(1);
                perform(&MemoryBackend::new(table), request(row, arguments(&mut random, row, table))).await;
            }
        }
    }
}
