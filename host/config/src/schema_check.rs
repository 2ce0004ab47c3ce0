//! A plugin's schema: bounded, local, its marks understood, compiled once.

use std::io::{self, Write};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::mark_clash;
use crate::marks::{self, mark};

/// The largest schema, in bytes of JSON.
const MOST_BYTES: usize = 256 << 10;
/// The deepest schema.
const DEPTH: usize = 64;

/// Compiles a schema.
///
/// # Errors
/// Why it cannot be used: for the plugin's author.
pub(crate) fn compile(schema: &Value) -> Result<Validator, String> {
    let mut counter = Counter(0);
    if serde_json::to_writer(&mut counter, schema).is_err() {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let mut check = Check { root: schema, pointer: String::new() };
    check.schema(schema, true, 0)?;
    mark_clash::check(schema)?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        // No backtracking: a pattern cannot take longer than its text.
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("{} at `{}`", error.masked(), error.instance_path()))
}

/// Counts what would be written, and fails beyond the bound.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > MOST_BYTES { Err(io::Error::other("too long")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Check<'s> {
    root: &'s Value,
    pointer: String,
}

/// Keywords whose value is a schema beside which marks are looked for.
const ONE: [&str; 4] = ["items", "additionalProperties", "then", "else"];
/// The same, of lists of schemas.
const MANY: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// The same, of maps of schemas. `$defs` are reached by `$ref`.
const NAMED: [&str; 2] = ["properties", "$defs"];

impl Check<'_> {
    /// `marks`: whether marks are looked for here.
    fn schema(&mut self, schema: &Value, marks: bool, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("it is more than {DEPTH} levels deep"));
        }
        let Some(keywords) = schema.as_object() else {
            return match schema {
                Value::Array(items) => items.iter().try_for_each(|item| self.schema(item, false, depth + 1)),
                _ => Ok(()),
            };
        };
        match mark(schema) {
            Ok(None) => {}
            Ok(Some(_)) if marks => {}
            Ok(Some(_)) => return Err(format!("the mark at `{}` stands where marks are not read", self.pointer)),
            Err(problem) => return Err(format!("the mark at `{}` {problem}", self.pointer)),
        }
        for keyword in ["$ref", "$dynamicRef"] {
            let Some(target) = keywords.get(keyword) else { continue };
            let local = target.as_str().and_then(|target| target.strip_prefix('#')).filter(|_| keyword == "$ref");
            let Some(pointer) = local else {
                return Err(format!("`{keyword}` at `{}` is not a local reference", self.pointer));
            };
            if self.root.pointer(pointer).is_none() {
                return Err(format!("`#{pointer}` at `{}` leads nowhere", self.pointer));
            }
        }
        if depth > 0 && keywords.contains_key("$id") {
            return Err(format!("`$id` at `{}`: references must be local", self.pointer));
        }
        let length = self.pointer.len();
        for (keyword, value) in keywords {
            if keyword == marks::KEYWORD || matches!(keyword.as_str(), "enum" | "const" | "default" | "examples") {
                continue;
            }
            self.pointer.push('/');
            self.pointer.push_str(keyword);
            let inner = self.pointer.len();
            match value {
                Value::Object(map) if NAMED.contains(&keyword.as_str()) => {
                    for (name, schema) in map {
                        self.pointer.push('/');
                        self.pointer.push_str(name);
                        self.schema(schema, marks, depth + 2)?;
                        self.pointer.truncate(inner);
                    }
                }
                Value::Array(schemas) if MANY.contains(&keyword.as_str()) => {
                    for schema in schemas {
                        self.schema(schema, marks, depth + 2)?;
                    }
                }
                value => self.schema(value, marks && ONE.contains(&keyword.as_str()), depth + 1)?,
            }
            self.pointer.truncate(length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn takes_local_schemas() {
        let schema = json!({
            "$defs": { "id": { "type": "string", "x-hyhost": { "name": "sql.role" } } },
            "properties": { "r": { "items": { "$ref": "#/$defs/id" } }, "x-hyhost": { "type": "string" } },
        });
        assert!(compile(&schema).is_ok());
    }

    #[test]
    fn refuses_what_is_not_local_bounded_or_understood() {
        let mut deep = json!({});
        for _ in 0..70 {
            deep = json!({ "items": deep });
        }
        let long = json!({ "description": "x".repeat(300_000) });
        for (schema, why) in [
            (json!({ "$ref": "https://example.com/x" }), "not a local reference"),
            (json!({ "properties": { "a": { "$ref": "#/$defs/none" } } }), "leads nowhere"),
            (json!({ "properties": { "a": { "x-hyhost": { "name": "role" } } } }), "`/properties/a` `role` must be"),
            (json!({ "patternProperties": { "a": { "x-hyhost": { "file": "x" } } } }), "not read"),
            (json!({ "not": { "x-hyhost": { "file": "x" } } }), "not read"),
            (json!({ "items": { "$id": "https://example.com/x" } }), "must be local"),
            (
                json!({ "properties": { "role": { "allOf": [
                    { "x-hyhost": { "name": "sql.role" } },
                    { "x-hyhost": { "attribute": "sql.role.superuser" } },
                ] } } }),
                "beside another mark",
            ),
            (json!({ "type": "strin" }), "/type"),
            (json!({ "pattern": "(" }), "/pattern"),
            (deep, "levels deep"),
            (long, "bytes"),
        ] {
            let error = compile(&schema).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
