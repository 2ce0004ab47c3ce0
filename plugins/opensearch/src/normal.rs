//! When two bodies mean the same, whatever they look like.
//!
//! The server writes a body back in its own form: settings as texts below
//! `index`, one value as a list, fields of its own beside ours. So what the
//! document sets is looked for in what is there, and nothing else is compared.

use hyhost_sdk::Diff;
use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Body = Map<String, Value>;

/// Whether what is there says what is desired.
pub(crate) fn fits(is: &Value, shall: &Value) -> bool {
    match (is, shall) {
        (Value::Object(is), Value::Object(shall)) => {
            shall.iter().all(|(key, shall)| fits(is.get(key).unwrap_or(&Value::Null), shall))
        }
        (Value::Array(is), Value::Array(shall)) => {
            is.len() == shall.len() && is.iter().zip(shall).all(|(is, shall)| fits(is, shall))
        }
        // One value may stand for a list of one.
        (Value::Array(is), shall) if !shall.is_object() => is.len() == 1 && fits(&is[0], shall),
        (is, Value::Array(shall)) if !is.is_null() => shall.len() == 1 && fits(is, &shall[0]),
        // What is empty need not be there.
        (Value::Null, Value::Object(shall)) => shall.is_empty(),
        (Value::Null, Value::Array(shall)) => shall.is_empty(),
        (Value::Null, shall) => shall.is_null(),
        (_, Value::Null) => false,
        (is, shall) => text(is) == text(shall),
    }
}

/// A scalar as the server may write it: without quotes.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Adds each attribute that differs, by its path.
pub(crate) fn differences(path: &str, is: &Value, shall: &Value, diff: &mut Diff) {
    if fits(is, shall) {
        return;
    }
    match shall {
        Value::Object(members) if is.is_object() || is.is_null() => {
            for (key, shall) in members {
                let is = is.get(key).unwrap_or(&Value::Null);
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(&path, is, shall, diff);
            }
        }
        _ => diff.add(path, is.clone(), shall.clone()),
    }
}

/// What is there with what is desired put into it. What the document does not
/// speak of stays.
pub(crate) fn merged(is: &Value, shall: &Value) -> Value {
    match (is, shall) {
        (Value::Object(is), Value::Object(shall)) => {
            let mut all = is.clone();
            for (key, shall) in shall {
                let merged = is.get(key).map_or_else(|| shall.clone(), |is| merged(is, shall));
                all.insert(key.clone(), merged);
            }
            Value::Object(all)
        }
        _ => shall.clone(),
    }
}

/// Settings of an index as one level of `index.…`, values as texts.
pub(crate) fn settings(settings: &Value) -> Value {
    let mut flat = Map::new();
    flatten("", settings, &mut flat);
    Value::Object(flat)
}

fn flatten(path: &str, value: &Value, flat: &mut Body) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, flat);
            }
        }
        value => {
            let key = if path.starts_with("index.") { path.to_owned() } else { format!("index.{path}") };
            let value = match value {
                Value::Array(items) => items.iter().map(text).map(Value::String).collect(),
                Value::Null => Value::Null,
                one => Value::String(text(one)),
            };
            flat.insert(key, value);
        }
    }
}

/// Mappings without what the server leaves out: `object` is the type of what
/// has properties.
pub(crate) fn mappings(mappings: &mut Value) {
    if let Value::Object(members) = mappings {
        if members.get("properties").is_some_and(Value::is_object) && members.get("type") == Some(&"object".into()) {
            members.remove("type");
        }
        if let Some(Value::Object(fields)) = members.get_mut("properties") {
            fields.values_mut().for_each(self::mappings);
        }
    }
}

/// What a template makes indexes of: settings, mappings, aliases.
pub(crate) fn template(template: &mut Value) {
    if let Some(given) = template.get_mut("settings") {
        *given = settings(given);
    }
    if let Some(given) = template.get_mut("mappings") {
        mappings(given);
    }
    if let Some(Value::Object(aliases)) = template.get_mut("aliases") {
        aliases.values_mut().for_each(alias);
    }
}

/// `routing` is short for two.
fn alias(alias: &mut Value) {
    if let Value::Object(members) = alias
        && let Some(routing) = members.remove("routing")
    {
        members.entry("index_routing").or_insert_with(|| routing.clone());
        members.entry("search_routing").or_insert(routing);
    }
}

/// A list of texts in order: what is a set to the server.
pub(crate) fn sorted(list: Option<&mut Value>) {
    if let Some(Value::Array(items)) = list {
        items.sort_by_key(text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_writes_back_fits_what_was_sent() {
        let cases = [
            (json!("1"), json!(1), true),
            (json!("false"), json!(false), true),
            (json!(["a"]), json!("a"), true),
            (json!("a"), json!(["a"]), true),
            (json!(["a", "b"]), json!(["a"]), false),
            (json!({ "a": 1, "more": 2 }), json!({ "a": 1 }), true),
            (json!([{ "a": 1, "retry": {} }]), json!([{ "a": 1 }]), true),
            (json!(null), json!({}), true),
            (json!(null), json!({ "a": null }), false),
            (json!({}), json!({ "a": null }), true),
            (json!({ "a": 1 }), json!({ "a": null }), false),
            (json!(null), json!("null"), false),
        ];
        for (is, shall, same) in cases {
            assert_eq!(fits(&is, &shall), same, "{is} {shall}");
        }
    }

    #[test]
    fn settings_have_one_form() {
        let flat = json!({ "index.number_of_shards": "1", "index.sort.field": ["a"], "index.x": null });
        let forms = [
            json!({ "number_of_shards": 1, "index.sort.field": ["a"], "x": null }),
            json!({ "index": { "number_of_shards": "1", "sort": { "field": ["a"] }, "x": null } }),
            flat.clone(),
        ];
        for form in forms {
            assert_eq!(settings(&form), flat);
        }
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let mut diff = Diff::default();
        let is = json!({ "a": { "b": 1, "c": [1] }, "z": 0 });
        differences("", &is, &json!({ "a": { "b": "1", "c": [1, 2], "d": "x" } }), &mut diff);
        let mut expected = Diff::default();
        expected.add("a.c", json!([1]), json!([1, 2]));
        expected.add("a.d", Value::Null, "x");
        assert_eq!(diff, expected);
    }

    #[test]
    fn what_is_not_spoken_of_stays() {
        let is = json!({ "a": { "x": 1, "y": 2 }, "b": [1] });
        let all = merged(&is, &json!({ "a": { "y": 3 }, "b": [2], "c": {} }));
        assert_eq!(all, json!({ "a": { "x": 1, "y": 3 }, "b": [2], "c": {} }));
    }

    #[test]
    fn templates_are_compared_by_meaning() {
        let mut body = json!({ "settings": { "number_of_shards": 1 }, "aliases": { "a": { "routing": "r" } },
            "mappings": { "properties": { "o": { "type": "object", "properties": { "t": { "type": "object" } } } } } });
        template(&mut body);
        assert_eq!(body["settings"], json!({ "index.number_of_shards": "1" }));
        assert_eq!(body["aliases"]["a"], json!({ "index_routing": "r", "search_routing": "r" }));
        assert_eq!(body["mappings"]["properties"]["o"], json!({ "properties": { "t": { "type": "object" } } }));
    }
}
