//! A field that is an attribute is nothing else: whatever branches of a
//! schema meet at one place, an attribute's mark stands there alone.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::marks::{Mark, mark};
use crate::schema::{Schema, Shape};

/// The most steps of the walk. A plugin's schema takes some thousands.
const MOST_STEPS: usize = 2_000_000;

/// Looks for an attribute's mark beside a mark of another kind, through all
/// references and branches.
///
/// # Errors
/// Where they meet, for the plugin's author.
pub(crate) fn check(root: &Value) -> Result<(), String> {
    if !has_attribute(root) {
        return Ok(());
    }
    let schema = Schema { root };
    let mut walk = Walk { schema, seen: HashSet::new(), steps: 0, open: Vec::new() };
    walk.reach(schema.start(Shape::Any), String::new())?;
    while let Some((at, path)) = walk.open.pop() {
        walk.inside(&at, &path)?;
    }
    Ok(())
}

/// Whether a mark of this kind stands anywhere.
fn has_attribute(schema: &Value) -> bool {
    matches!(mark(schema), Ok(Some(Mark::Attribute { .. })))
        || match schema {
            Value::Object(map) => map.values().any(has_attribute),
            Value::Array(items) => items.iter().any(has_attribute),
            _ => false,
        }
}

struct Walk<'s> {
    schema: Schema<'s>,
    /// The sets of schemas that were reached, by their addresses: a schema
    /// that refers to itself leads to the same ones again.
    seen: HashSet<Vec<usize>>,
    steps: usize,
    open: Vec<(Vec<&'s Value>, String)>,
}

impl<'s> Walk<'s> {
    /// The schemas that may hold together at a place.
    fn reach(&mut self, at: Vec<&'s Value>, path: String) -> Result<(), String> {
        self.steps += at.len() + 1;
        if self.steps > MOST_STEPS {
            return Err("its branches meet in too many ways to be looked through for marks".to_owned());
        }
        let marks = || at.iter().filter_map(|schema| mark(schema).ok().flatten());
        let attribute = marks().find_map(|mark| match mark {
            Mark::Attribute { capability, kind, attribute } => Some(format!("{capability}.{kind}.{attribute}")),
            _ => None,
        });
        if let Some(attribute) = attribute
            && marks().any(|mark| !matches!(mark, Mark::Attribute { .. }))
        {
            let place = if path.is_empty() { "/" } else { &path };
            return Err(format!("the field `{place}` has the mark of the attribute `{attribute}` beside another mark"));
        }
        let mut key: Vec<usize> = at.iter().map(|schema| std::ptr::from_ref::<Value>(schema).addr()).collect();
        key.sort_unstable();
        if !at.is_empty() && self.seen.insert(key) {
            self.open.push((at, path));
        }
        Ok(())
    }

    fn inside(&mut self, at: &[&'s Value], path: &str) -> Result<(), String> {
        let properties = at.iter().filter_map(|schema| schema.get("properties")?.as_object());
        let mut keys: BTreeSet<&str> = properties.flat_map(|map| map.keys().map(String::as_str)).collect();
        // A key that nobody named stands for all that `additionalProperties` takes.
        let other = keys.iter().max_by_key(|key| key.len()).map_or_else(|| "*".to_owned(), |key| format!("{key}*"));
        keys.insert(&other);
        for key in keys {
            self.steps += at.len();
            let shown = if key == other { "*" } else { key };
            self.reach(self.schema.field(at, key, Shape::Any), format!("{path}/{shown}"))?;
        }
        let prefixes = at.iter().filter_map(|schema| schema.get("prefixItems")?.as_array());
        let longest = prefixes.map(Vec::len).max().unwrap_or_default();
        for index in 0..=longest {
            self.steps += at.len();
            self.reach(self.schema.item(at, index, Shape::Any), format!("{path}/{index}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_attribute_is_nothing_else_through_any_branch() {
        let name = json!({ "x-hyhost": { "name": "sql.role" } });
        let secret = json!({ "x-hyhost": { "secret": "sql.password" } });
        let file = json!({ "x-hyhost": { "file": "migrations" } });
        let attribute = json!({ "x-hyhost": { "attribute": "sql.role.superuser" } });
        for other in [&name, &secret, &file] {
            for (schema, place) in [
                (json!({ "properties": { "role": { "allOf": [other, attribute] } } }), "/role"),
                (json!({ "properties": { "role": { "oneOf": [other, { "anyOf": [attribute] }] } } }), "/role"),
                (json!({ "allOf": [{ "properties": { "a": other } }, { "properties": { "a": attribute } }] }), "/a"),
                (json!({ "properties": { "a": other }, "else": { "additionalProperties": attribute } }), "/a"),
                (json!({ "additionalProperties": other, "then": { "additionalProperties": attribute } }), "/*"),
                (json!({ "prefixItems": [other], "allOf": [{ "items": attribute }] }), "/0"),
                (
                    json!({ "$defs": { "a": attribute }, "items": { "$ref": "#/$defs/a", "x-hyhost": other["x-hyhost"] } }),
                    "/0",
                ),
                (json!({ "allOf": [other, attribute] }), "/"),
            ] {
                let error = check(&schema).unwrap_err();
                assert!(error.contains(&format!("`{place}`")), "{schema}: {error}");
            }
        }
    }

    #[test]
    fn marks_at_different_places_are_well_also_where_a_schema_refers_to_itself() {
        let schema = json!({
            "$defs": { "role": { "properties": {
                "name": { "x-hyhost": { "name": "sql.role" } },
                "superuser": { "type": "boolean", "x-hyhost": { "attribute": "sql.role.superuser" } },
                "below": { "items": { "$ref": "#/$defs/role" } },
            } } },
            "properties": { "roles": { "items": { "$ref": "#/$defs/role" } } },
        });
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn a_schema_of_endless_meetings_is_refused_in_time() {
        let wide = |n: usize| json!({ "$ref": format!("#/$defs/s{n}") });
        let mut defs = serde_json::Map::new();
        for n in 0..64 {
            let next = json!({ "allOf": [wide((n + 1) % 64), wide((n * 7 + 3) % 64)] });
            defs.insert(format!("s{n}"), json!({ "properties": { "a": next, "b": wide((n + 1) % 64) } }));
        }
        defs.insert("x".to_owned(), json!({ "x-hyhost": { "attribute": "sql.role.superuser" } }));
        assert!(check(&json!({ "$defs": defs, "$ref": "#/$defs/s0" })).unwrap_err().contains("too many"));
    }
}
