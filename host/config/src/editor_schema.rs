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
    if manifests.is_empty()
        && let Some(target) = target.as_object_mut()
    {
        target.remove("allOf");
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
    let kinds: Map<String, Value> = marks::kinds(&manifest.schema)
        .into_iter()
        .map(|kind| (kind, json!({ "$ref": "#/$defs/hyhost-kind" })))
        .collect();
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
    let mut tokens = target.trim_start_matches('#').split('/').skip(1);
    let mut moved = String::new();
    let mut wrapped = true;
    while let Some(token) = tokens.next() {
        if wrapped && token != "$defs" {
            moved.push_str("/else");
        }
        moved.push('/');
        moved.push_str(token);
        let named = matches!(token, "$defs" | "properties" | "prefixItems" | "allOf" | "anyOf" | "oneOf");
        if let Some(name) = named.then(|| tokens.next()).flatten() {
            moved.push('/');
            moved.push_str(name);
        }
        wrapped = matches!(token, "$defs" | "properties" | "prefixItems" | "items" | "additionalProperties");
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;
    use crate::yaml::{self, Kind, Node};

    fn manifest() -> Manifest {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["roles"],
            "properties": {
                "roles": { "type": "array", "items": { "$ref": "#/$defs/role" } },
                "first": { "$ref": "#/properties/roles/items" },
                "policy": { "oneOf": [{ "enum": ["none"] }, { "type": "object" }] },
            },
            "$defs": {
                "role": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "name": { "type": "string", "x-hyhost": { "name": "sql.role" } },
                        "limit": { "type": "integer" },
                        "password": { "type": "string", "pattern": "^[a-z_]+$", "x-hyhost": { "secret": "sql.password" } },
                    },
                },
            },
        });
        let wish = |slot: &str| crate::Wish { slot: slot.into(), capability: "sql".into(), reason: "why".into() };
        Manifest {
            name: "db".into(),
            version: "1.0.0".into(),
            summary: "s".into(),
            schema,
            wishes: vec![wish("server")],
        }
    }

    fn json(node: &Node) -> Value {
        match &node.kind {
            Kind::Scalar(scalar) if scalar.plain => crate::core_schema::typed(&scalar.text),
            Kind::Scalar(scalar) => json!(scalar.text),
            Kind::List(items) => items.iter().map(json).collect(),
            Kind::Map(entries) => Value::Object(entries.iter().map(|e| (e.key.clone(), json(&e.value))).collect()),
        }
    }

    /// Whether an editor takes the document.
    fn takes(text: &str) -> bool {
        let schema = schema(&[manifest()]);
        let validator = jsonschema::options().offline().build(&schema).unwrap();
        validator.is_valid(&json(&yaml::parse(0, text, &mut Report::default()).unwrap()))
    }

    fn target(fields: &str) -> String {
        format!("targets: {{ t: {{ plugin: db, connection: c, grant: desired, {fields} }} }}")
    }

    #[test]
    fn takes_right_documents() {
        assert!(takes(
            "secrets: { a: { env: A } }\nconnections: { c: { sql: { host: h, port: \"${PORT}\", user: u, password: [a] } } }\nx-note: 1"
        ));
        for fields in [
            "desired: { roles: [{ name: a, limit: 5, password: a }], first: { name: b } }",
            "desired: { roles: [{ name: a, limit: \"${LIMIT}\" }] }, timeout: 1h30m, after: [t], profiles: p",
            "desired: { roles: { from: roles.json } }",
            "desired: { from: all.yaml }",
            "desired: { roles: [], policy: { from: p.json } }",
            "desired: { roles: [], policy: none }, x-owner: me",
        ] {
            assert!(takes(&target(fields)), "{fields}");
        }
        assert!(takes(
            "targets: { t: { plugin: db, connection: { server: c }, grant: { c: { role: { use: [a] } } }, desired: { roles: [] } } }"
        ));
    }

    #[test]
    fn refuses_wrong_documents() {
        for fields in [
            "desired: { roles: [{ name: a, limit: many }] }",
            "desired: { roles: [{ nam: a }] }",
            "desired: { roles: [], first: { nam: a } }",
            "desired: {}",
            "desired: { roles: [{ password: \"${A}\" }] }",
            "desired: { roles: [], policy: open }",
            "desired: { roles: [] }, timeout: 5",
            "desired: { roles: [] }, timeou: 5s",
        ] {
            assert!(!takes(&target(fields)), "{fields}");
        }
        assert!(!takes("target: {}"));
        assert!(!takes("targets: { t: { plugin: other, grant: desired, desired: {} } }"));
        assert!(!takes("connections: { c: { sql: { host: h } } }"));
    }

    #[test]
    fn references_follow_what_they_refer_to() {
        assert_eq!(moved("#"), "");
        assert_eq!(moved("#/$defs/a"), "/$defs/a");
        assert_eq!(moved("#/properties/a/items"), "/else/properties/a/else/items");
        assert_eq!(moved("#/$defs/a/oneOf/0/properties/b"), "/$defs/a/else/oneOf/0/properties/b");
    }

    #[test]
    fn everything_of_ours_says_what_it_is() {
        fn walk(value: &Value, at: &str, silent: &mut Vec<String>) {
            for (name, property) in value.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let at = format!("{at}.{name}");
                if property.get("description").is_none() && property.get("$ref").is_none() {
                    silent.push(at.clone());
                }
                walk(property, &at, silent);
            }
        }
        let schema = schema(&[]);
        let mut silent = Vec::new();
        walk(&schema, "", &mut silent);
        for (name, part) in schema["$defs"].as_object().unwrap() {
            walk(part, name, &mut silent);
        }
        assert_eq!(silent, ["hyhost-placeholder.from"; 0]);
    }
}
