//! A schema and its marks in words.

use serde_json::Value;

use super::fields::{DEEPEST, forms};

/// What may stand in a field of this schema.
pub fn kind(root: &Value, schema: &Value) -> String {
    kind_at(root, schema, 0)
}

fn kind_at(root: &Value, schema: &Value, depth: usize) -> String {
    if depth > DEEPEST {
        return "…".to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for form in forms(root, schema) {
        if let Some(word) = one(root, form, depth)
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    match words.is_empty() {
        true => "anything".to_owned(),
        false => words.join(", or "),
    }
}

/// `None`: this form says nothing of the type.
fn one(root: &Value, schema: &Value, depth: usize) -> Option<String> {
    if !schema["const"].is_null() {
        return Some(value(&schema["const"]));
    }
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().map(value).collect::<Vec<_>>().join(", "));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ if schema["properties"].is_object() => vec!["object"],
        _ if schema["items"].is_object() => vec!["array"],
        _ => return None,
    };
    Some(types.iter().map(|name| named(root, schema, name, depth)).collect::<Vec<_>>().join(" or "))
}

fn named(root: &Value, schema: &Value, name: &str, depth: usize) -> String {
    let number = |key: &str| schema[key].as_i64();
    match name {
        "string" => {
            let pattern = schema["pattern"].as_str().map(|pattern| format!(" like `{pattern}`")).unwrap_or_default();
            match (number("minLength"), number("maxLength")) {
                (_, Some(most)) => format!("text of at most {most} signs{pattern}"),
                _ => format!("text{pattern}"),
            }
        }
        "boolean" => "`true` or `false`".to_owned(),
        "integer" | "number" => {
            let word = if name == "integer" { "whole number" } else { "number" };
            match (number("minimum"), number("maximum")) {
                (Some(least), Some(most)) => format!("{word} from {least} to {most}"),
                (Some(least), None) => format!("{word} from {least}"),
                (None, Some(most)) => format!("{word} up to {most}"),
                (None, None) => word.to_owned(),
            }
        }
        "array" if schema["items"].is_object() => match kind_at(root, &schema["items"], depth + 1).as_str() {
            "an object" => "a list of objects".to_owned(),
            items => format!("a list: {items}"),
        },
        "array" => "a list".to_owned(),
        "object" if schema["additionalProperties"].is_object() => {
            format!("a map: {}", kind_at(root, &schema["additionalProperties"], depth + 1))
        }
        "object" => "an object".to_owned(),
        "null" => "`null`".to_owned(),
        other => other.to_owned(),
    }
}

/// A JSON value as code.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// Adds what the marks of this schema say.
pub fn marks(schema: &Value, found: &mut Vec<String>) {
    let mark = &schema["x-hyhost"];
    let text = |key: &str| mark[key].as_str();
    let mut words = Vec::new();
    if let Some(name) = text("name") {
        words.push(name_mark(mark, name));
    }
    if let Some(sink) = text("secret") {
        words.push(format!("the name of a secret, which goes only to `{sink}`"));
    }
    if mark.get("file").is_some() {
        words.push("a path below the documents; the plugin sees names and digests of its files".to_owned());
    }
    if let Some((kind, attribute)) = text("attribute").and_then(|name| name.split_once('.')?.1.split_once('.')) {
        words.push(format!("`true` needs the attribute `{attribute}` in the grant of `{kind}`"));
    }
    if let Some(note) = text("note") {
        words.push(format!("note: {note}"));
    }
    if let Some(reason) = text("refuse") {
        words.push(format!("**refused**: {reason}"));
    }
    for word in words {
        if !found.contains(&word) {
            found.push(word);
        }
    }
}

/// `refers to` `schema` `database/…`.
fn name_mark(mark: &Value, name: &str) -> String {
    let kind = name.split_once('.').map_or(name, |(_, kind)| kind);
    let does = match mark["verb"].as_str() {
        None => "declares",
        Some("use") => "refers to",
        Some(_) => "changes",
    };
    let within: Vec<&str> = mark["in"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let place = match (within.is_empty(), mark["value"] == false) {
        (true, _) => String::new(),
        (false, true) => format!(" of `{}`", within.join("/")),
        (false, false) => format!(" in `{}`", within.join("/")),
    };
    let many = if mark["pattern"] == true { ", `*` for any" } else { "" };
    format!("{does} `{kind}`{place}{many}")
}
