//! What a row says about one operation: its names, its secrets, its content.

use serde_json::{Map, Value};

use crate::{Name, Operation, Row, Touch, Verb};

/// Arguments that a row does not take.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{operation}: {place}: {problem}")]
pub struct ArgumentError {
    /// The row's name.
    pub operation: String,
    /// The JSON pointer.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A secret that an operation's arguments mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// Where: a JSON pointer.
    pub at: String,
    /// The secret's name.
    pub name: String,
    /// The kind of the sink that the row has there; `None`: it has none.
    pub sink: Option<String>,
}

/// Content that needs a grant of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentUse {
    /// The kind that the attribute belongs to.
    pub kind: String,
    /// The attribute.
    pub attribute: String,
}

impl Row {
    /// The names in the arguments, each with its verb, and the verb that the
    /// grant must allow for it.
    ///
    /// # Errors
    /// A place that holds something that is not a name.
    pub fn touches(&self, capability: &str, operation: &Operation) -> Result<Vec<(Touch, Verb)>, ArgumentError> {
        let mut touches = Vec::new();
        let is = |(argument, value): (&String, &String)| {
            operation.args.get(argument).and_then(Value::as_str) == Some(value.as_str())
        };
        for place in self.names.iter().filter(|place| place.when.iter().all(is)) {
            let mut names = vec![Vec::new()];
            for argument in &place.at {
                let values = self.texts(argument, &operation.args)?;
                names = names
                    .iter()
                    .flat_map(|name: &Vec<String>| {
                        values.iter().map(|value| {
                            let mut name = name.clone();
                            name.push((*value).to_owned());
                            name
                        })
                    })
                    .collect();
            }
            for name in names {
                if name.iter().any(String::is_empty) {
                    return Err(self.wrong(place.at.last().map_or("", String::as_str), "a name is empty"));
                }
                let touch = Touch {
                    capability: capability.to_owned(),
                    verb: place.verb,
                    kind: place.kind.clone(),
                    name: Name(name),
                };
                touches.push((touch, place.grant.unwrap_or(place.verb)));
            }
        }
        Ok(touches)
    }

    /// What stands at a place: an argument, or a JSON pointer in which `*` is
    /// every item of a list.
    fn texts<'a>(&self, place: &str, args: &'a Value) -> Result<Vec<&'a str>, ArgumentError> {
        let mut found = match place.strip_prefix('/') {
            None => args.get(place).into_iter().collect(),
            Some(path) => path.split('/').fold(vec![args], |found, segment| match segment {
                "*" => found.into_iter().filter_map(Value::as_array).flatten().collect(),
                key => found.into_iter().filter_map(|value| value.get(key)).collect(),
            }),
        };
        found.retain(|value| !value.is_null());
        let mut texts = Vec::new();
        for value in found {
            match value {
                Value::String(text) => texts.push(text.as_str()),
                Value::Array(items) => {
                    let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                    texts.extend(items.ok_or_else(|| self.wrong(place, "every item must be a name"))?);
                }
                _ => return Err(self.wrong(place, "must be a name")),
            }
        }
        Ok(texts)
    }

    /// Every secret that the arguments mention, in a sink or not.
    pub fn secrets(&self, operation: &Operation) -> Vec<SecretUse> {
        let mut found = Vec::new();
        find_secrets(&operation.args, &mut String::new(), &mut found);
        for secret in &mut found {
            secret.sink = self.sinks.iter().find(|s| s.at == secret.at).map(|s| s.kind.clone());
        }
        found
    }

    /// The content rules that the arguments meet.
    pub fn contents(&self, operation: &Operation) -> Vec<ContentUse> {
        let set = |at: &str| !matches!(operation.args.get(at), None | Some(Value::Null | Value::Bool(false)));
        let meets = self.content.iter().filter(|rule| set(&rule.at));
        meets.map(|rule| ContentUse { kind: rule.kind.clone(), attribute: rule.attribute.clone() }).collect()
    }

    /// The JSON Schema of the arguments, closed: others are refused. `defs`
    /// are the table's.
    pub fn schema(&self, defs: &std::collections::BTreeMap<String, Value>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (key, schema) in &self.args {
            match key.strip_suffix('?') {
                Some(name) => {
                    properties.insert(name.to_owned(), schema.clone());
                }
                None => {
                    properties.insert(key.clone(), schema.clone());
                    required.push(Value::from(key.as_str()));
                }
            }
        }
        serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
            "$defs": defs,
        })
    }

    fn wrong(&self, argument: &str, problem: &str) -> ArgumentError {
        ArgumentError {
            operation: self.name.clone(),
            place: format!("/{}", argument.trim_start_matches('/')),
            problem: problem.to_owned(),
        }
    }
}

fn find_secrets(value: &Value, at: &mut String, found: &mut Vec<SecretUse>) {
    match value {
        Value::Object(map) => {
            if let (1, Some(Value::String(name))) = (map.len(), map.get("secret")) {
                found.push(SecretUse { at: at.clone(), name: name.clone(), sink: None });
            } else {
                for (key, value) in map {
                    descend(&key.replace('~', "~0").replace('/', "~1"), value, at, found);
                }
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                descend(&i.to_string(), value, at, found);
            }
        }
        _ => {}
    }
}

fn descend(key: &str, value: &Value, at: &mut String, found: &mut Vec<SecretUse>) {
    let length = at.len();
    at.push('/');
    at.push_str(key);
    find_secrets(value, at, found);
    at.truncate(length);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_may_stand_deep_in_an_argument() {
        let row: Row = serde_saphyr::from_str(
            r"
name: PutRole
summary: Makes a role.
args: { name: {}, body: {} }
names:
  - { at: [name], kind: role, verb: write }
  - { at: [/body/on/*/patterns], kind: pattern, verb: use }
perform: { call: x }
",
        )
        .unwrap();
        let touches = |body: Value| {
            let operation = Operation::new("PutRole", json!({ "name": "r", "body": body }));
            let touches = row.touches("c", &operation)?;
            Ok(touches.into_iter().map(|(touch, _)| touch.to_string()).collect::<Vec<_>>())
        };
        let body = json!({ "on": [{ "patterns": ["a", "b"] }, { "patterns": "c" }, {}] });
        assert_eq!(
            touches(body),
            Ok(["write role r", "use pattern a", "use pattern b", "use pattern c"].map(str::to_owned).to_vec())
        );
        assert_eq!(touches(json!({ "on": null })), Ok(vec!["write role r".to_owned()]));
        let wrong: Result<_, ArgumentError> = touches(json!({ "on": [{ "patterns": [1] }] }));
        assert_eq!(wrong.unwrap_err().place, "/body/on/*/patterns");
    }
}
