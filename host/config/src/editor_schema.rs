//! One JSON Schema of a whole document, so that editors complete and check.

use serde_json::{Map, Value, json};

use crate::Manifest;
use crate::marks::{self, Mark, mark};

/// The part that does not depend on plugins.
const FRAME: &str = include_str!("editor_schema.json");

/// The JSON Schema (2020-12) of a document for the plugins at hand: the
/// `desired` of a target is checked by the schema of its plugin, in which
/// `${…}` and `{ from: … }` may stand in place of values.
pub fn schema(manifests: &[Manifest]) -> Value {
    // The text is part of this program; a test reads it.
    let mut schema: Value = serde_json::from_str(FRAME).unwrap_or_default();
    let names: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let target = &mut schema["$defs"]["hyhost-target"];
    if !names.is_empty() {
        target["properties"]["plugin"]["enum"] = json!(names);
    }
    target["allOf"] = manifests.iter().map(by_plugin).collect();
    if manifests.is_empty() {
        if let Some(target) = target.as_object_mut() {
            target.remove("allOf");
        }
    }
    for manifest in manifests {
        let key = key(&manifest.name);
        let mut desired = value_schema(&manifest.schema, &format!("#/$defs/{key}"));
        if let Some(map) = desired.as_object_mut() {
            map.insert("title".to_owned(), json!(format!("Desired state of {} {}", manifest.name, manifest.version)));
            map.entry("description").or_insert_with(|| json!(manifest.summary));
        }
        schema["$defs"][key] = desired;
    }
    schema
}

fn key(plugin: &str) -> String {
    format!("plugin-{plugin}")
}

/// What holds for a target of this plugin.
fn by_plugin(manifest: &Manifest) -> Value {
    let slots: Map<String, Value> = manifest
        .wishes
        .iter()
        .map(|wish| {
            let about = format!("A connection of the kind {}: {}", wish.capability, wish.reason);
            (wish.slot.clone(), json!({ "type": "string", "description": about }))
        })
        .collect();
    let required: Vec<&String> = slots.keys().collect();
    let map = json!({ "type": "object", "additionalProperties": false, "required": required, "properties": slots });
    let connection = match &manifest.wishes[..] {
        [wish] => {
            let about = format!("A connection of the kind {}: {}", wish.capability, wish.reason);
            json!({ "description": about, "anyOf": [{ "type": "string" }, map] })
        }
        _ => map,
    };
    let kinds: Map<String, Value> =
        marks::kinds(&manifest.schema).into_iter().map(|kind| (kind, json!({ "$ref": "#/$defs/hyhost-kind" }))).collect();
    let grant = json!({
        "anyOf": [
            { "const": "desired", "description": "Just the names written in `desired`." },
            {
                "type": "object",
                "description": "By connection, kind and verb.",
                "minProperties": 1,
                "additionalProperties": {
                    "type": "object",
                    "minProperties": 1,
                    "properties": kinds,
                    "additionalProperties": { "$ref": "#/$defs/hyhost-kind" },
                },
            },
        ],
    });
    json!({
        "if": { "properties": { "plugin": { "const": manifest.name } }, "required": ["plugin"] },
        "then": {
            "properties": {
                "connection": connection,
                "grant": grant,
                "desired": { "$ref": format!("#/$defs/{}", key(&manifest.name)) },
            },
        },
    })
}

/// A schema of a value: `${…}` or `{ from: … }` may stand in its place.
fn value_schema(schema: &Value, base: &str) -> Value {
    let own = rewritten(schema, base);
    // Only a name can be written where a secret's name belongs.
    let secret = matches!(mark(schema), Ok(Some(Mark::Secret(_))));
    if !schema.is_object() || secret {
        return own;
    }
    let mut wrapped = Map::new();
    for keyword in ["title", "description", "default", "examples", "deprecated"] {
        if let Some(value) = schema.get(keyword) {
            wrapped.insert(keyword.to_owned(), value.clone());
        }
    }
    // References point into the schema as the plugin wrote it.
    let defs = own.get("$defs").cloned();
    let mut own = own;
    if let (Some(defs), Some(map)) = (defs, own.as_object_mut()) {
        map.remove("$defs");
        wrapped.insert("$defs".to_owned(), defs);
    }
    wrapped.insert("if".to_owned(), json!({ "$ref": "#/$defs/hyhost-placeholder" }));
    wrapped.insert("else".to_owned(), own);
    Value::Object(wrapped)
}

/// The schema with its references moved, and the schemas of values in it
/// opened for placeholders.
fn rewritten(schema: &Value, base: &str) -> Value {
    let Some(keywords) = schema.as_object() else { return schema.clone() };
    let mut map = Map::new();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), value) {
            ("$schema" | "$id", _) => continue,
            ("$ref", Value::String(target)) => json!(format!("{base}{}", moved(target))),
            ("properties" | "$defs", Value::Object(schemas)) => {
                Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), value_schema(schema, base))).collect())
            }
            ("items" | "additionalProperties", schema) => value_schema(schema, base),
            ("prefixItems", Value::Array(schemas)) => schemas.iter().map(|schema| value_schema(schema, base)).collect(),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                schemas.iter().map(|schema| rewritten(schema, base)).collect()
            }
            ("if" | "then" | "else" | "not" | "contains" | "propertyNames", schema) => rewritten(schema, base),
            ("patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), rewritten(schema, base))).collect())
            }
            (_, value) => value.clone(),
        };
        map.insert(keyword.clone(), value);
    }
    Value::Object(map)
}

/// Where a reference leads once every schema of a value lies under `else`.
fn moved(target: &str) -> String {
    let pointer = target.trim_start_matches('#');
    if pointer.is_empty() || pointer.starts_with("/$defs/") { pointer.to_owned() } else { format!("/else{pointer}") }
}
