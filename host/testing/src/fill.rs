//! Answers take the shape that their row promises.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Makes a value fit the schema as far as silence goes: properties that the
/// schema does not name are left out, required ones that nobody set take the
/// default of their type. What contradicts the schema stays as it is, so that
/// the check of the answer finds it.
pub(crate) fn fill(value: &mut Value, schema: &Value, defs: &BTreeMap<String, Value>) {
    let schema = resolve(schema, defs);
    match value {
        Value::Object(map) => fill_object(map, schema, defs),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    fill(item, schema, defs);
                }
            }
        }
        _ => {}
    }
}

fn fill_object(map: &mut Map<String, Value>, schema: &Value, defs: &BTreeMap<String, Value>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    if schema.get("additionalProperties").is_none() {
        map.retain(|key, _| properties.contains_key(key));
    }
    let required = schema.get("required").and_then(Value::as_array);
    for key in required.into_iter().flatten().filter_map(Value::as_str) {
        if !map.contains_key(key) {
            let empty = properties.get(key).map_or(Value::Null, |schema| default(schema, defs));
            map.insert(key.to_owned(), empty);
        }
    }
    for (key, value) in map {
        if let Some(schema) = properties.get(key) {
            fill(value, schema, defs);
        }
    }
}

/// The emptiest value of a schema's type.
fn default(schema: &Value, defs: &BTreeMap<String, Value>) -> Value {
    let schema = resolve(schema, defs);
    if let Some(value) = schema.get("default") {
        return value.clone();
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if types.contains(&"null") {
        return Value::Null;
    }
    match types.first() {
        Some(&"string") => Value::from(""),
        Some(&("integer" | "number")) => Value::from(0),
        Some(&"boolean") => Value::from(false),
        Some(&"array") => Value::Array(Vec::new()),
        Some(&"object") => {
            let mut object = Value::Object(Map::new());
            fill(&mut object, schema, defs);
            object
        }
        _ => Value::Null,
    }
}

fn resolve<'a>(schema: &'a Value, defs: &'a BTreeMap<String, Value>) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix("#/$defs/"));
    target.and_then(|name| defs.get(name)).unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn required_fields_get_the_default_of_their_type() {
        let schema = json!({
            "type": "object",
            "properties": {
                "s": { "type": "string" }, "i": { "type": "integer" }, "b": { "type": "boolean" },
                "a": { "type": "array" }, "n": { "type": ["string", "null"] }, "e": { "enum": ["x", "y"] },
                "o": { "type": "object", "properties": { "p": { "type": "string" } }, "required": ["p"] },
                "optional": { "type": "string" }
            },
            "required": ["s", "i", "b", "a", "n", "e", "o"]
        });
        let mut value = json!({});
        fill(&mut value, &schema, &BTreeMap::new());
        assert_eq!(value, json!({ "s": "", "i": 0, "b": false, "a": [], "n": null, "e": "x", "o": { "p": "" } }));
    }

    #[test]
    fn works_through_lists_and_references_and_hides_what_is_not_named() {
        let defs = BTreeMap::from([(
            "privilege".to_owned(),
            json!({ "type": "object", "properties": { "grantee": {}, "builtin": { "type": "boolean" } }, "required": ["builtin"] }),
        )]);
        let schema = json!({ "type": "array", "items": { "$ref": "#/$defs/privilege" } });
        let mut value = json!([{ "grantee": "a", "odd": 1 }, { "builtin": true }]);
        fill(&mut value, &schema, &defs);
        assert_eq!(value, json!([{ "grantee": "a", "builtin": false }, { "builtin": true }]));
    }
}
