//! What can be wrong with a table that reads well: for those that an operator
//! mounts, and for our own.

use std::collections::BTreeSet;

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

/// The arguments that its places, rules and sinks speak of.
fn places(row: &Row) -> impl Iterator<Item = &str> {
    let names = row.names.iter().flat_map(|name| name.at.iter().chain(name.when.keys())).map(String::as_str);
    let contents = row.content.iter().map(|content| content.at.as_str());
    let sinks = row.sinks.iter().map(|sink| sink.at.split('/').nth(1).unwrap_or_default());
    names.chain(contents).chain(sinks)
}

fn has(row: &Row, argument: &str) -> bool {
    row.args.contains_key(argument) || row.args.contains_key(&format!("{argument}?"))
}

fn http(row: &Row, call: &HttpCall, wrong: &mut impl FnMut(String)) {
    if !METHODS.contains(&call.method.as_str()) {
        wrong(format!("`{}` is not a method; {} are", call.method, METHODS.join(", ")));
    }
    if !call.path.starts_with('/') || call.path.contains(['?', '#']) {
        wrong(format!("the path `{}` must begin with `/` and have no query", call.path));
    }
    for segment in call.path.split('/') {
        if let Some(argument) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            if !row.args.contains_key(argument) {
                wrong(format!("`{{{argument}}}` in its path must be an argument that is always there"));
            }
        } else if segment.contains(['{', '}']) {
            wrong(format!("`{segment}` in its path: an argument is a whole segment"));
        }
    }
    let inner = |text: &str| text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(str::to_owned);
    for argument in call.query.values().filter_map(|value| inner(value)).chain(call.body.clone()) {
        if !has(row, &argument) {
            wrong(format!("it has no argument `{argument}`"));
        }
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
    args: { name: { type: string }, body?: { type: object } }
    names: [{ at: [title], kind: thing, verb: write }]
    sinks: [{ at: /pass/word, kind: password }]
    perform: { http: { method: STORE, path: "things/x{name}/{body}", query: { a: "{b}" }, body: text } }
  - { name: PutThing, summary: Again., perform: { call: x } }
"#,
        )
        .unwrap();
        let found = problems(&table);
        let expected =
            ["`title`", "`pass`", "STORE", "must begin", "whole segment", "{body}", "`b`", "`text`", "two", "ReadMe"];
        for part in expected {
            assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }
}
