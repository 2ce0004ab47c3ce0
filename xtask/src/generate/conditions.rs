//! What a schema says of fields together: which need and which exclude each
//! other, and what one may be where another is set.

use serde_json::Value;

use super::{fields::forms, words};

/// One sentence each.
pub fn conditions(root: &Value, schema: &Value) -> Vec<String> {
    let mut said = Vec::new();
    let items = forms(root, schema).into_iter().map(|form| &form["items"]).filter(|items| items.is_object());
    for object in items.chain([schema]).flat_map(|schema| forms(root, schema)) {
        for (field, needed) in object["dependentRequired"].as_object().into_iter().flatten() {
            said.push(format!("With `{field}`: {} needed.", are(&texts(needed))));
        }
        for (field, then) in object["dependentSchemas"].as_object().into_iter().flatten() {
            limits(&format!("With `{field}`"), then, &mut said);
        }
        for (key, how) in [("oneOf", "Exactly one"), ("anyOf", "At least one")] {
            let options: Vec<Vec<&str>> =
                object[key].as_array().into_iter().flatten().map(|form| texts(&form["required"])).collect();
            if !options.is_empty() && options.iter().all(|option| !option.is_empty()) {
                let options: Vec<String> = options.iter().map(|option| all(option, " with ")).collect();
                said.push(format!("{how} of {} is needed.", options.join(", ")));
            }
        }
        branch("", object, &mut said);
    }
    said
}

/// `if`, `then`, `else`.
fn branch(before: &str, schema: &Value, said: &mut Vec<String>) {
    let Some(condition) = condition(&schema["if"]) else { return };
    let joined = |words: &str| if before.is_empty() { words.to_owned() } else { format!("{before}, {words}") };
    for (side, words) in [("then", format!("with {condition}")), ("else", format!("without {condition}"))] {
        let when = joined(&words);
        let mut signs = when.chars();
        let capital: String = signs.next().into_iter().flat_map(char::to_uppercase).chain(signs).collect();
        limits(&capital, &schema[side], said);
        branch(&when, &schema[side], said);
    }
}

/// `` `tables` ``, `` `type` = `x` ``.
fn condition(schema: &Value) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        let values = schema["enum"].as_array().cloned().unwrap_or_default();
        let values = if schema["const"].is_null() { values } else { vec![schema["const"].clone()] };
        if !values.is_empty() {
            words.push(format!("`{field}` = {}", values.iter().map(words::value).collect::<Vec<_>>().join(" or ")));
        }
    }
    for field in texts(&schema["required"]) {
        if !words.iter().any(|known| known.starts_with(&format!("`{field}` = "))) {
            words.push(format!("`{field}`"));
        }
    }
    (!words.is_empty()).then(|| words.join(" and "))
}

/// What a schema asks for where a condition holds.
fn limits(when: &str, schema: &Value, said: &mut Vec<String>) {
    let required = texts(&schema["required"]);
    if !required.is_empty() {
        said.push(format!("{when}: {} needed.", are(&required)));
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        if *schema == Value::Bool(false) {
            said.push(format!("{when}: `{field}` is not taken."));
        }
        let values = schema["enum"].as_array().or_else(|| schema["items"]["enum"].as_array());
        if let Some(values) = values {
            let values: Vec<String> = values.iter().map(words::value).collect();
            said.push(format!("{when}: `{field}` takes {}.", values.join(", ")));
        }
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn all(fields: &[&str], between: &str) -> String {
    fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(between)
}

fn are(fields: &[&str]) -> String {
    format!("{} {}", all(fields, ", "), if fields.len() > 1 { "are" } else { "is" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_that_need_or_exclude_each_other_are_said() {
        let object = json!({
            "dependentRequired": { "tables": ["schema"] },
            "dependentSchemas": { "anonymous": { "properties": { "policy": false } } },
            "oneOf": [{ "required": ["a"] }, { "required": ["b"] }],
            "if": { "required": ["tables"] },
            "then": { "properties": { "privileges": { "items": { "enum": ["select"] } } } },
            "else": { "if": { "properties": { "type": { "const": "x" } }, "required": ["type"] }, "then": { "required": ["c", "d"] } },
        });
        let said = conditions(&Value::Null, &json!({ "type": "array", "items": object }));
        assert_eq!(
            said,
            [
                "With `tables`: `schema` is needed.",
                "With `anonymous`: `policy` is not taken.",
                "Exactly one of `a`, `b` is needed.",
                "With `tables`: `privileges` takes `select`.",
                "Without `tables`, with `type` = `x`: `c`, `d` are needed.",
            ]
        );
    }
}
