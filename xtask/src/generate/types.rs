//! JSON Schemas of the tables as Rust types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The types that one table's operations need.
pub struct Types<'a> {
    defs: &'a BTreeMap<String, Value>,
    /// The text of each structure of an answer, by its name.
    structs: BTreeMap<String, String>,
}

impl<'a> Types<'a> {
    pub fn new(defs: &'a BTreeMap<String, Value>) -> Self {
        Self { defs, structs: BTreeMap::new() }
    }

    /// The structures that the types named so far are made of.
    pub fn structs(&self) -> impl Iterator<Item = &String> {
        self.structs.values()
    }

    /// The Rust type of a schema. `name` is what a structure would be called.
    pub fn rust(&mut self, schema: &Value, name: &str) -> Result<String> {
        if let Some(def) = reference(schema) {
            if def == "secret" {
                return Ok("SecretName".to_owned());
            }
            if def == "json" {
                return Ok("serde_json::Value".to_owned());
            }
            let schema = self.defs.get(def).with_context(|| format!("there is no $defs/{def}"))?;
            return self.rust(schema, &pascal(def));
        }
        let (kind, nullable) = kind(schema)?;
        let inner = match kind {
            "string" => "String".to_owned(),
            "boolean" => "bool".to_owned(),
            "integer" => "i64".to_owned(),
            "array" => format!("Vec<{}>", self.rust(&schema["items"], singular(name))?),
            "object" => self.object(schema, name)?,
            other => bail!("no Rust type stands for `{other}`"),
        };
        Ok(if nullable { format!("Option<{inner}>") } else { inner })
    }

    fn object(&mut self, schema: &Value, name: &str) -> Result<String> {
        let Some(properties) = schema["properties"].as_object() else {
            let values = &schema["additionalProperties"];
            return Ok(if values.is_object() {
                format!("std::collections::BTreeMap<String, {}>", self.rust(values, name)?)
            } else {
                "serde_json::Map<String, serde_json::Value>".to_owned()
            });
        };
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut text = String::new();
        writeln!(text, "/// {}", schema["description"].as_str().unwrap_or("Part of an answer."))?;
        writeln!(text, "#[allow(missing_docs, reason = \"the names say it\")]")?;
        writeln!(text, "#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]")?;
        writeln!(text, "pub struct {name} {{")?;
        for (key, schema) in properties {
            let rust = self.rust(schema, &pascal(key))?;
            text.push_str(&field(key, &rust, schema, !required.contains(key.as_str())));
        }
        text.push_str("}\n");
        if let Some(other) = self.structs.insert(name.to_owned(), text.clone())
            && other != text
        {
            bail!("two different structures would be called {name}");
        }
        Ok(name.to_owned())
    }
}

/// A field of a structure, with what its schema says about it.
pub fn field(key: &str, rust: &str, schema: &Value, optional: bool) -> String {
    let mut text = String::new();
    if let Some(remark) = remark(schema) {
        text.push_str(&format!("/// {remark}\n"));
    }
    let key = match key {
        "as" => "r#as",
        "static" => "r#static",
        key => key,
    };
    if optional && !rust.starts_with("Option<") {
        text.push_str(&format!(
            "#[serde(default, skip_serializing_if = \"Option::is_none\")]\npub {key}: Option<{rust}>,\n"
        ));
    } else {
        text.push_str(&format!("pub {key}: {rust},\n"));
    }
    text
}

/// What a person should know of a value besides its type.
fn remark(schema: &Value) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(text) = schema["description"].as_str() {
        parts.push(sentence(text));
    }
    for (schema, introduction) in [(schema, "One of"), (&schema["items"], "Each one of")] {
        if let Some(values) = schema["enum"].as_array() {
            let words: Vec<_> = values.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
            parts.push(format!("{introduction} {}.", words.join(", ")));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The text as a sentence. What begins with code keeps its case.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([':', ',']);
    let stop = if text.ends_with(['.', '…']) { "" } else { "." };
    match text.chars().next() {
        Some(first) if word.chars().all(|c| c.is_ascii_alphabetic()) => {
            format!("{}{}{stop}", first.to_ascii_uppercase(), &text[first.len_utf8()..])
        }
        _ => format!("{text}{stop}"),
    }
}

/// `x` of `#/$defs/x`.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// The schema's type, and whether `null` fits as well.
pub fn kind(schema: &Value) -> Result<(&str, bool)> {
    if schema["enum"].is_array() {
        return Ok(("string", false));
    }
    match &schema["type"] {
        Value::String(kind) => Ok((kind, false)),
        Value::Array(kinds) => {
            let rest: Vec<_> = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
            match rest[..] {
                [kind] => Ok((kind, rest.len() < kinds.len())),
                _ => bail!("a value of several types: {schema}"),
            }
        }
        _ => bail!("a value without a type: {schema}"),
    }
}

/// `MemberOf` of `member_of`.
pub fn pascal(text: &str) -> String {
    let words = text.split(['_', '-']);
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// What one of many is called.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rust(schema: Value) -> Result<(String, Vec<String>)> {
        let defs = BTreeMap::from([
            ("thing".to_owned(), json!({ "type": "object", "properties": { "as": { "type": "string" } } })),
            ("secret".to_owned(), json!({ "type": "object" })),
        ]);
        let mut types = Types::new(&defs);
        let name = types.rust(&schema, "Things")?;
        Ok((name, types.structs().cloned().collect()))
    }

    #[test]
    fn a_schema_becomes_the_type_that_holds_its_values() {
        let cases = [
            (json!({ "enum": ["a", "b"] }), "String"),
            (json!({ "type": ["boolean", "null"] }), "Option<bool>"),
            (json!({ "type": ["array", "null"], "items": { "type": "integer" } }), "Option<Vec<i64>>"),
            (json!({ "type": "array", "items": { "type": "object", "properties": {} } }), "Vec<Thing>"),
            (json!({ "type": "array", "items": { "$ref": "#/$defs/thing" } }), "Vec<Thing>"),
            (json!({ "$ref": "#/$defs/secret" }), "SecretName"),
            (json!({ "$ref": "#/$defs/json" }), "serde_json::Value"),
            (json!({ "type": "object" }), "serde_json::Map<String, serde_json::Value>"),
            (
                json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                "std::collections::BTreeMap<String, String>",
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(rust(schema.clone()).unwrap().0, expected, "{schema}");
        }
    }

    #[test]
    fn what_no_type_fits_is_an_error_and_not_a_guess() {
        for schema in [json!({}), json!({ "type": ["string", "integer"] }), json!({ "$ref": "#/$defs/other" })] {
            assert!(rust(schema.clone()).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_field_that_may_be_absent_is_an_option_and_a_keyword_is_escaped() {
        let (_, structs) = rust(json!({ "$ref": "#/$defs/thing" })).unwrap();
        assert!(structs[0].contains("pub r#as: Option<String>,"), "{}", structs[0]);
    }

    #[test]
    fn sentences_begin_with_a_capital_unless_with_code() {
        assert_eq!(sentence("a role; `public` is everybody"), "A role; `public` is everybody.");
        assert_eq!(sentence("absent: none"), "Absent: none.");
        assert_eq!(sentence("sha256:…"), "sha256:…");
        assert_eq!(sentence("server_version_num, such as 1"), "server_version_num, such as 1.");
    }
}
