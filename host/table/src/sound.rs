//! What can be wrong with a table that reads well: for those that an operator
//! mounts, and for our own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{HttpCall, Perform, Row, Table};

const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"];

/// Each thing that is wrong with the table, as a sentence that names the row.
pub fn problems(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for row in &table.rows {
        let mut wrong = |text: String| found.push(format!("row `{}`: {text}", row.name));
        if !names.insert(row.name.as_str()) {
            wrong("there are two of this name".to_owned());
        }
        for argument in places(row) {
            if !has(row, argument) {
                wrong(format!("it has no argument `{argument}`"));
            }
        }
        if let Perform::Http(call) = &row.perform {
            http(row, call, &mut wrong);
        }
    }
    if let Some(login) = table.login.as_ref().filter(|login| table.row(login).is_none()) {
        found.push(format!("`login`: there is no row `{login}`"));
    }
    found
}

/// The arguments that its places, rules and sinks speak of. What begins with
/// `/` is a JSON pointer into them.
fn places(row: &Row) -> impl Iterator<Item = &str> {
    let names = row.names.iter().flat_map(|name| name.at.iter().chain(name.when.keys()));
    let sinks = row.sinks.iter().map(|sink| &sink.at);
    let contents = row.content.iter().map(|content| &content.at);
    names.chain(contents).chain(sinks).map(|at| match at.strip_prefix('/') {
        Some(pointer) => pointer.split('/').next().unwrap_or_default(),
        None => at,
    })
}

fn has(row: &Row, argument: &str) -> bool {
    row.args.contains_key(argument) || row.args.contains_key(&format!("{argument}?"))
}

fn http(row: &Row, call: &HttpCall, wrong: &mut impl FnMut(String)) {
    address(row, &call.method, &call.path, &call.query, wrong);
    let mut spoken = Vec::new();
    for guard in &call.guard {
        address(row, guard.method.as_deref().unwrap_or("GET"), &guard.path, &guard.query, wrong);
        spoken.extend(guard.unless.iter().chain(&guard.when).cloned());
    }
    if let Some(body) = &call.body {
        places_of(body, &mut spoken);
    }
    spoken.extend(call.list.as_ref().and_then(|list| list.only.clone()));
    spoken.extend(call.proof.iter().flat_map(|proof| [proof.user.clone(), proof.password.clone()]));
    for argument in spoken.iter().filter(|argument| !has(row, argument)) {
        wrong(format!("it has no argument `{argument}`"));
    }
}

/// A request's method and address. No secret may stand there, for addresses
/// are logged.
fn address(row: &Row, method: &str, path: &str, query: &BTreeMap<String, String>, wrong: &mut impl FnMut(String)) {
    if !METHODS.contains(&method) {
        wrong(format!("`{method}` is not a method; {} are", METHODS.join(", ")));
    }
    if !path.starts_with('/') || path.contains(['?', '#']) {
        wrong(format!("the path `{path}` must begin with `/` and have no query"));
    }
    let mut spoken = Vec::new();
    for segment in path.split('/') {
        if let Some(argument) = inner(segment) {
            if !row.args.contains_key(argument) {
                wrong(format!("`{{{argument}}}` in its path must be an argument that is always there"));
            }
            spoken.push(argument);
        } else if segment.contains(['{', '}']) {
            wrong(format!("`{segment}` in its path: an argument is a whole segment"));
        }
    }
    for argument in query.values().filter_map(|value| inner(value)) {
        if !has(row, argument) {
            wrong(format!("it has no argument `{argument}`"));
        }
        spoken.push(argument);
    }
    for sink in row.sinks.iter().filter_map(|sink| sink.at.split('/').nth(1)) {
        if spoken.contains(&sink) {
            wrong(format!("the secret at `{sink}` would stand in its address"));
        }
    }
}

/// The argument that a text stands for, if all of it is a place.
fn inner(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.is_empty() && !name.contains(['{', '}', '"', ' ']))
}

/// The arguments that a body's template has places for.
fn places_of(template: &Value, found: &mut Vec<String>) {
    match template {
        Value::String(text) => found.extend(inner(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| places_of(item, found)),
        Value::Object(members) => {
            for (key, value) in members {
                found.extend(inner(key).map(str::to_owned));
                places_of(value, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_is_named() {
        let table: Table = serde_saphyr::from_str(
            r#"
capability: things
summary: A small API.
login: ReadMe
rows:
  - name: PutThing
    summary: Makes a thing.
    args: { name: { type: string }, body?: { type: object }, pass?: {} }
    names: [{ at: [title], kind: thing, verb: write }]
    sinks: [{ at: /word, kind: password }, { at: /pass/word, kind: password }]
    perform: { http: { method: STORE, path: "things/x{name}/{body}", query: { a: "{b}", c: "{pass}" }, body: { x: ["{text}"] } } }
  - { name: PutThing, summary: Again., perform: { call: x } }
"#,
        )
        .unwrap();
        let found = problems(&table);
        let expected = [
            "`title`",
            "`word`",
            "the secret at `pass`",
            "STORE",
            "must begin",
            "whole segment",
            "{body}",
            "`b`",
            "`text`",
            "two",
            "ReadMe",
        ];
        for part in expected {
            assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }
}
