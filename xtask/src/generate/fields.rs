//! The fields of a JSON Schema, one after the other, in words.

use serde_json::Value;

use super::words;

/// A field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// `databases[].migrations.path`; `[]` stands for each item, `*` for each
    /// key.
    pub path: String,
    /// What may stand there.
    pub kind: String,
    /// What it means to leave it out; `required`.
    pub absent: String,
    /// What it is.
    pub words: String,
    /// What its marks say.
    pub marks: Vec<String>,
}

/// A schema may refer to itself: the page ends here.
pub const DEEPEST: usize = 8;

/// The field of this name and all that are within it, in the schema's order;
/// itself first.
pub fn fields(root: &Value, name: &str, schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    let required = lists(root, "required", name);
    collect(root, name.to_owned(), schema, required, &mut found);
    found
}

fn collect(root: &Value, path: String, schema: &Value, required: bool, found: &mut Vec<Field>) {
    found.push(field(root, path.clone(), schema, required));
    let mut within = Vec::new();
    inner(root, &path, schema, &mut within);
    within.sort_by_key(|(_, _, required)| !required);
    for (path, schema, required) in within {
        // Two alternatives may have a field in common: the first says it.
        if !found.iter().any(|field| field.path == path) {
            collect(root, path, schema, required, found);
        }
    }
}

/// The fields directly within a value of this schema: those of an object, of
/// a list's objects, of a map's, in each alternative.
fn inner<'a>(root: &'a Value, path: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value, bool)>) {
    if path.matches(['.', '[']).count() > DEEPEST {
        return;
    }
    for schema in forms(root, schema) {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            // `false` only says that two fields do not go together.
            if value.is_object() {
                found.push((format!("{path}.{key}"), value, lists(schema, "required", key)));
            }
        }
        if schema["items"].is_object() {
            inner(root, &format!("{path}[]"), &schema["items"], found);
        }
        if schema["additionalProperties"].is_object() {
            inner(root, &format!("{path}.*"), &schema["additionalProperties"], found);
        }
    }
}

/// The schema itself and its alternatives, references followed.
pub fn forms<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![schema];
    let mut at = 0;
    while let Some(schema) = all.get(at).copied() {
        at += 1;
        // Each once: a reference may lead back.
        let more = resolve(root, schema).into_iter();
        let alternatives = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        for form in more.chain(alternatives) {
            if !all.iter().any(|known| std::ptr::eq(*known, form)) {
                all.push(form);
            }
        }
    }
    all
}

fn resolve<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    root.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)
}

fn field(root: &Value, path: String, schema: &Value, required: bool) -> Field {
    let forms = forms(root, schema);
    let described = forms.iter().find_map(|form| form["description"].as_str()).unwrap_or_default();
    let (words, absent) = split_absent(described);
    let default = forms.iter().map(|form| &form["default"]).find(|value| !value.is_null());
    let absent = match (required, default, absent) {
        (true, _, _) => "required".to_owned(),
        (false, _, Some(absent)) => absent,
        (false, Some(value), None) => words::value(value),
        (false, None, None) => String::new(),
    };
    let mut marks = Vec::new();
    for form in forms {
        words::marks(form, &mut marks);
        // What a list's or map's plain values mean is said of the whole.
        for each in [&form["items"], &form["additionalProperties"], &form["propertyNames"]] {
            for form in self::forms(root, each) {
                words::marks(form, &mut marks);
            }
        }
    }
    Field { path, kind: words::kind(root, schema), absent, words, marks }
}

/// By custom a description says `Absent: …` where that is not just "not
/// managed": the words without that sentence, and the sentence.
fn split_absent(text: &str) -> (String, Option<String>) {
    let Some((before, rest)) = text.split_once("Absent: ") else { return (text.trim().to_owned(), None) };
    let (absent, after) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
    (format!("{} {}", before.trim(), after.trim()).trim().to_owned(), Some(absent.to_owned()))
}

/// Whether the schema's list `key` has this word.
fn lists(schema: &Value, key: &str, word: &str) -> bool {
    schema[key].as_array().into_iter().flatten().any(|item| item == word)
}

/// A text as a cell of a table.
pub fn inline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_is_found_whatever_it_lies_in() {
        let root = json!({
            "$defs": { "name": { "type": "string", "maxLength": 63, "x-hyhost": { "name": "sql.role" } } },
            "properties": {
                "roles": { "type": "array", "description": "Roles.", "items": {
                    "required": ["name"],
                    "properties": {
                        "name": { "$ref": "#/$defs/name", "description": "Its name." },
                        "limit": { "type": "integer", "minimum": -1, "default": -1, "description": "The most." },
                        "files": { "description": "Files. Absent: none are run. Sorted.", "oneOf": [
                            { "type": "string", "x-hyhost": { "file": "f" } },
                            { "type": "object", "properties": { "path": { "type": "string" } }, "required": ["path"] },
                        ] },
                        "of": { "type": "array", "items": { "$ref": "#/$defs/name" } },
                        "map": { "type": "object", "additionalProperties": { "properties": { "x": { "const": 1 } } } },
                    },
                    "dependentSchemas": { "of": { "properties": { "map": false } } },
                } },
            },
        });
        let all = fields(&root, "roles", &root["properties"]["roles"]);
        let paths: Vec<&str> = all.iter().map(|field| field.path.as_str()).collect();
        let expected =
            ["files", "files.path", "limit", "map", "map.*.x", "name", "of"].map(|at| format!("roles[].{at}"));
        assert_eq!(paths[0], "roles");
        let mut rest = paths[1..].to_vec();
        rest.sort_unstable();
        assert_eq!(rest, expected);
        let of = |path: &str| all.iter().find(|field| field.path == format!("roles[].{path}")).unwrap();
        assert_eq!((of("name").absent.as_str(), of("limit").absent.as_str()), ("required", "`-1`"));
        assert_eq!((of("files").absent.as_str(), of("files").words.as_str()), ("none are run", "Files. Sorted."));
        assert_eq!(of("files.path").absent, "required");
        assert_eq!(of("of").marks, ["declares `role`"]);
        assert_eq!(of("files").kind, "text, or an object");
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_an_end() {
        let root = json!({ "$defs": { "t": { "properties": { "t": { "$ref": "#/$defs/t" } } } } });
        assert!(fields(&root, "x", &root["$defs"]["t"]).len() < 100);
    }
}
