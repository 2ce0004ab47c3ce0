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
                let values = match operation.args.get(argument) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::String(text)) => vec![text],
                    Some(Value::Array(items)) => {
                        let texts: Option<Vec<_>> = items.iter().map(as_string).collect();
                        texts.ok_or_else(|| self.wrong(argument, "every item must be a name"))?
                    }
                    Some(_) => return Err(self.wrong(argument, "must be a name")),
                };
                names = names
                    .iter()
                    .flat_map(|name: &Vec<String>| {
                        values.iter().map(|value| {
                            let mut name = name.clone();
                            name.push((*value).clone());
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
        ArgumentError { operation: self.name.clone(), place: format!("/{argument}"), problem: problem.to_owned() }
    }
}

fn as_string(value: &Value) -> Option<&String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
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
