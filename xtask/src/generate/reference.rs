//! `docs/operations.md`: the reference of all operations.

use std::fmt::Write as _;

use hyhost_table::{Row, Table, Verb};
use serde_json::Value;

use super::types::{kind, reference};

const HEAD: &str = "\
# Operations

<!-- Written by `cargo xtask generate` from host/table/src/*.yaml. -->

Everything that a plugin can ask of a capability. An operation is a name and a JSON object of arguments; what is not
listed here is refused. How a row is written stands in [table.md](table.md).

- An argument with `?` may be left out. What is left out is not changed.
- *Touches* says which things an operation names, and how strongly. A change must list the same in its `touches`, and
  the document's grant must allow it. `[database, schema]` is a name of two segments, taken from these arguments; if an
  argument that it needs is left out, so is the name; one that is a list stands for as many names.
- *Secret* is an argument that may be `{\"secret\": \"name\"}`. No other may.
- Everything that touches nothing is a read, and needs no grant.
";

/// The page for these tables.
pub fn generate(tables: &[&Table]) -> String {
    let mut text = HEAD.to_owned();
    for table in tables {
        let (capability, summary) = (&table.capability, &table.summary);
        let _ = write!(text, "\n## {capability}\n\n{summary}\n");
        for row in &table.rows {
            operation(table, row, &mut text);
        }
    }
    text
}

fn operation(table: &Table, row: &Row, text: &mut String) {
    let _ = write!(text, "\n### {}\n\n{}\n\n", row.name, row.summary.trim());
    for (key, schema) in &row.args {
        bullet(table, &format!("`{key}`"), schema, 0, text);
    }
    match &row.returns {
        Some(schema) => bullet(table, "Answer", schema, 0, text),
        None => text.push_str("- Answer: `null`\n"),
    }
    if !row.names.is_empty() {
        let _ = writeln!(text, "- Touches: {}", touches(row).join("; "));
    }
    for content in &row.content {
        let (at, attribute, kind) = (&content.at, &content.attribute, &content.kind);
        let _ = writeln!(text, "- `{at}` needs the attribute `{attribute}` in the grant of the kind `{kind}`");
    }
    for sink in &row.sinks {
        let (at, kind, capability) = (sink.at.trim_start_matches('/'), &sink.kind, &table.capability);
        let _ = writeln!(text, "- Secret: `{at}`, from a field marked `{{\"secret\": \"{capability}.{kind}\"}}`");
    }
    if let Some(file) = &row.file {
        let (name, directory, digest) = (&file.name, &file.directory, &file.digest);
        let _ =
            writeln!(text, "- File: `{name}` in `{directory}`, refused unless its content has the digest `{digest}`");
    }
}

/// `write role [name]` for each place of a name.
pub fn touches(row: &Row) -> Vec<String> {
    let places = row.names.iter().map(|place| {
        let needs = match place.grant {
            Some(grant) if grant != place.verb => format!(" (needs a grant to {grant})"),
            _ => String::new(),
        };
        let verb = if place.verb == Verb::Read { "read".to_owned() } else { place.verb.to_string() };
        let when: String = place.when.iter().map(|(at, value)| format!(" where `{at}` is `{value}`")).collect();
        format!("{verb} {} `[{}]`{when}{needs}", place.kind, place.at.join(", "))
    });
    places.collect()
}

/// A value as an item of a list, with its fields below it.
fn bullet(table: &Table, name: &str, schema: &Value, depth: usize, text: &mut String) {
    let _ = writeln!(text, "{}- {name}: {}", "  ".repeat(depth), value(table, schema));
    let schema = resolve(table, schema);
    let object = if schema["items"].is_null() { schema } else { resolve(table, &schema["items"]) };
    if reference(schema) == Some("secret") {
        return;
    }
    for (key, schema) in object["properties"].as_object().into_iter().flatten() {
        bullet(table, &format!("`{key}`"), schema, depth + 1, text);
    }
}

/// What a reference refers to; the name of a secret is a type of its own.
fn resolve<'a>(table: &'a Table, schema: &'a Value) -> &'a Value {
    let def = reference(schema).filter(|def| *def != "secret");
    def.and_then(|def| table.defs.get(def)).unwrap_or(schema)
}

/// A schema in words.
fn value(table: &Table, schema: &Value) -> String {
    let remark = |schema: &Value| schema["description"].as_str().map(|text| format!(" ({text})")).unwrap_or_default();
    let own = if reference(schema).is_some() { remark(schema) } else { String::new() };
    let schema = resolve(table, schema);
    if reference(schema).is_some() {
        return format!("the name of a secret{own}");
    }
    let Ok((kind, nullable)) = kind(schema) else { return format!("`{schema}`") };
    let mut words = match kind {
        "array" => match resolve(table, &schema["items"]) {
            items if items["enum"].is_array() => format!("a list, each {}", value(table, items)),
            items if items["properties"].is_object() => "a list of objects".to_owned(),
            items => format!("a list of {}s", items["type"].as_str().unwrap_or("value")),
        },
        "object" if schema["additionalProperties"].is_object() => {
            format!("an object, each value {}", value(table, &schema["additionalProperties"]))
        }
        "object" => "an object".to_owned(),
        "integer" => "an integer".to_owned(),
        other => format!("a {other}"),
    };
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> = values.iter().filter_map(Value::as_str).map(|text| format!("`{text}`")).collect();
        words = format!("one of {}", values.join(", "));
    }
    if let Some(length) = schema["maxLength"].as_u64() {
        let _ = write!(words, " of at most {length} characters");
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let _ = write!(words, " that matches `{pattern}`");
    }
    if let Some(least) = schema["minimum"].as_i64() {
        let _ = write!(words, ", at least {least}");
    }
    if nullable {
        words.push_str(", or `null`");
    }
    format!("{words}{}{own}", remark(schema))
}
