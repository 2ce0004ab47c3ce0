//! The marks of a schema: the keyword `x-hyhost`.

use hyhost_table::Verb;
use serde_json::Value;

/// The keyword.
pub(crate) const KEYWORD: &str = "x-hyhost";

/// The sorts of marks.
const SORTS: [&str; 6] = ["name", "secret", "file", "attribute", "note", "refuse"];

/// What a field means to the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mark<'s> {
    /// It names an object.
    Name(NameMark<'s>),
    /// It names a secret, for this sink.
    Secret(&'s str),
    /// It names a directory.
    File,
    /// Where it stands, a person is told this.
    Note(&'s str),
    /// It may not stand there, for this reason.
    Refuse(&'s str),
    /// `true` needs a grant of its own; no other value counts.
    Attribute { capability: &'s str, kind: &'s str, attribute: &'s str },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameMark<'s> {
    pub capability: &'s str,
    pub kind: &'s str,
    /// Absent: the object is declared here, which is to write it.
    pub verb: Option<Verb>,
    /// The fields that hold the leading segments.
    pub within: Vec<&'s str>,
    /// Whether the field's own value is the last segment.
    pub value: bool,
    /// Whether a `*` in the value is a wildcard.
    pub pattern: bool,
}

/// The mark of a schema, if it has one.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn mark(schema: &Value) -> Result<Option<Mark<'_>>, String> {
    let Some(mark) = schema.get(KEYWORD) else { return Ok(None) };
    let Some(fields) = mark.as_object() else { return Err("must be a map".to_owned()) };
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let sorts: Vec<&str> = SORTS.into_iter().filter(|sort| text(sort).is_some()).collect();
    let known: &[&str] = match sorts[..] {
        ["name"] => &["name", "verb", "in", "value", "pattern"],
        [_] => &sorts,
        _ => return Err(format!("must have one of `{}`, as a text", SORTS.join("`, `"))),
    };
    if let Some(key) = fields.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("has the unknown key `{key}`"));
    }
    if let Some(name) = text("name") {
        return name_mark(fields, name).map(|mark| Some(Mark::Name(mark)));
    }
    if let Some(sink) = text("secret") {
        return two(sink).map(|_| Some(Mark::Secret(sink)));
    }
    if let Some(note) = text("note") {
        return Ok(Some(Mark::Note(note)));
    }
    if let Some(reason) = text("refuse") {
        return Ok(Some(Mark::Refuse(reason)));
    }
    if let Some(attribute) = text("attribute") {
        let parts: Vec<&str> = attribute.split('.').collect();
        let [capability, kind, attribute] = parts[..] else {
            return Err(format!("`{attribute}` must be `capability.kind.attribute`"));
        };
        return Ok(Some(Mark::Attribute { capability, kind, attribute }));
    }
    Ok(Some(Mark::File))
}

fn name_mark<'s>(fields: &'s serde_json::Map<String, Value>, name: &'s str) -> Result<NameMark<'s>, String> {
    let (capability, kind) = two(name)?;
    let verb = match fields.get("verb").map(Value::as_str) {
        None => None,
        Some(Some("use")) => Some(Verb::Use),
        Some(Some("write")) => Some(Verb::Write),
        Some(_) => return Err("`verb` must be `use` or `write`".to_owned()),
    };
    let flag = |key: &str, default: bool| match fields.get(key) {
        None => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(format!("`{key}` must be true or false")),
    };
    let within = match fields.get("in") {
        None => Vec::new(),
        Some(Value::Array(items)) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.ok_or("`in` must be a list of fields")?
        }
        Some(_) => return Err("`in` must be a list of fields".to_owned()),
    };
    let mark =
        NameMark { capability, kind, verb, within, value: flag("value", true)?, pattern: flag("pattern", false)? };
    if !mark.value && (mark.within.is_empty() || mark.pattern) {
        return Err("`value: false` needs `in`, and no `pattern`".to_owned());
    }
    Ok(mark)
}

fn two(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('.') {
        Some((capability, kind)) if !capability.is_empty() && !kind.is_empty() && !kind.contains('.') => {
            Ok((capability, kind))
        }
        _ => Err(format!("`{text}` must be `capability.kind`")),
    }
}

/// All kinds that a schema's marks speak of.
pub(crate) fn kinds(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_kinds(schema, &mut found);
    found
}

fn collect_kinds(schema: &Value, found: &mut Vec<String>) {
    let kind = match mark(schema) {
        Ok(Some(Mark::Name(name))) => Some(name.kind),
        Ok(Some(Mark::Attribute { kind, .. })) => Some(kind),
        _ => None,
    };
    if let Some(kind) = kind.filter(|kind| !found.iter().any(|known| known == kind)) {
        found.push(kind.to_owned());
    }
    match schema {
        Value::Object(map) => map.values().for_each(|value| collect_kinds(value, found)),
        Value::Array(items) => items.iter().for_each(|item| collect_kinds(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_marks() {
        let schema =
            json!({ "x-hyhost": { "name": "sql.schema", "verb": "use", "in": ["database"], "pattern": true } });
        let Ok(Some(Mark::Name(mark))) = mark(&schema) else { panic!() };
        assert_eq!((mark.capability, mark.kind, mark.verb), ("sql", "schema", Some(Verb::Use)));
        assert_eq!((mark.within, mark.value, mark.pattern), (vec!["database"], true, true));
        let schema = json!({ "x-hyhost": { "attribute": "sql.role.superuser" } });
        let expected = Mark::Attribute { capability: "sql", kind: "role", attribute: "superuser" };
        assert_eq!(super::mark(&schema), Ok(Some(expected)));
        let schema = json!({ "x-hyhost": { "refuse": "no" } });
        assert_eq!(super::mark(&schema), Ok(Some(Mark::Refuse("no"))));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for wrong in [
            json!("x"),
            json!({}),
            json!({ "name": "role" }),
            json!({ "name": "sql.role", "verb": "raw" }),
            json!({ "name": "sql.role", "secret": "sql.password" }),
            json!({ "name": "sql.role", "extra": 1 }),
            json!({ "name": "sql.role", "value": false }),
            json!({ "attribute": "sql.role" }),
            json!({ "name": "sql.role", "in": "database" }),
        ] {
            assert!(mark(&json!({ "x-hyhost": wrong })).is_err(), "{wrong}");
        }
    }
}
