//! A plugin's schema, walked beside a value: which parts of it hold at a
//! place, and which marks stand there.

use serde_json::Value;

/// What a value looks like, as far as a schema asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Map,
    List,
    Null,
    Bool,
    Integer,
    Number,
    Text,
    /// A scalar whose type is not known yet.
    Scalar,
    /// Not known yet: the body of a file.
    Any,
}

/// The schemas that hold at one place.
pub(crate) type At<'s> = Vec<&'s Value>;

/// A schema whose references are local.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'s> {
    pub root: &'s Value,
}

impl<'s> Schema<'s> {
    /// What holds for the whole value.
    pub fn start(self, shape: Shape) -> At<'s> {
        let mut at = Vec::new();
        self.expand(self.root, shape, &mut at);
        at
    }

    /// What holds for a field.
    pub fn field(self, at: &[&'s Value], key: &str, shape: Shape) -> At<'s> {
        let mut found = Vec::new();
        for schema in at {
            match schema.get("properties").and_then(|properties| properties.get(key)) {
                Some(property) => self.expand(property, shape, &mut found),
                None => {
                    if let Some(other) = schema.get("additionalProperties") {
                        self.expand(other, shape, &mut found);
                    }
                }
            }
        }
        found
    }

    /// What holds for an item of a list.
    pub fn item(self, at: &[&'s Value], index: usize, shape: Shape) -> At<'s> {
        let mut found = Vec::new();
        for schema in at {
            let prefix = schema.get("prefixItems").and_then(Value::as_array);
            if let Some(item) = prefix.and_then(|prefix| prefix.get(index)).or_else(|| schema.get("items")) {
                self.expand(item, shape, &mut found)
            }
        }
        found
    }

    /// What is left of schemas that hold for anything once the shape is known.
    pub fn again(self, at: &[&'s Value], shape: Shape) -> At<'s> {
        at.iter().copied().filter(|schema| self.fits(schema, shape, 0)).collect()
    }

    /// The schema itself, what it refers to, and the branches that fit.
    fn expand(self, schema: &'s Value, shape: Shape, found: &mut At<'s>) {
        if !schema.is_object() || found.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        found.push(schema);
        if let Some(target) = self.reference(schema) {
            self.expand(target, shape, found);
        }
        for branch in branches(schema, &["allOf"]) {
            self.expand(branch, shape, found);
        }
        for branch in branches(schema, &["anyOf", "oneOf"]) {
            if self.fits(branch, shape, 0) {
                self.expand(branch, shape, found);
            }
        }
        for keyword in ["then", "else"] {
            if let Some(branch) = schema.get(keyword) {
                self.expand(branch, shape, found);
            }
        }
    }

    /// What `$ref` points to, within this schema.
    pub fn reference(self, schema: &Value) -> Option<&'s Value> {
        let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    /// Whether a value of this shape can be what the schema wants.
    pub fn fits(self, schema: &Value, shape: Shape, depth: usize) -> bool {
        if depth > 16 {
            return true;
        }
        let types = own_types(schema);
        if !types.is_empty() && !types.iter().any(|name| is_type(name, shape)) {
            return false;
        }
        if self.reference(schema).is_some_and(|target| !self.fits(target, shape, depth + 1)) {
            return false;
        }
        let mut all = branches(schema, &["allOf"]);
        if !all.all(|branch| self.fits(branch, shape, depth + 1)) {
            return false;
        }
        let any: Vec<&Value> = branches(schema, &["anyOf", "oneOf"]).collect();
        any.is_empty() || any.iter().any(|branch| self.fits(branch, shape, depth + 1))
    }
}

fn branches<'v>(schema: &'v Value, keywords: &'v [&str]) -> impl Iterator<Item = &'v Value> {
    keywords.iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten()
}

/// The types that a schema names: by `type`, or by the values of `enum` and
/// `const`.
pub(crate) fn own_types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => return vec![name],
        Some(Value::Array(names)) => return names.iter().filter_map(Value::as_str).collect(),
        _ => {}
    }
    let values = schema.get("enum").and_then(Value::as_array).map(|values| values.iter().collect::<Vec<_>>());
    let values = values.or_else(|| schema.get("const").map(|value| vec![value])).unwrap_or_default();
    values.into_iter().map(type_of).collect()
}

/// The name of a value's type.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_type(name: &str, shape: Shape) -> bool {
    match shape {
        Shape::Map => name == "object",
        Shape::List => name == "array",
        Shape::Null => name == "null",
        Shape::Bool => name == "boolean",
        Shape::Integer => matches!(name, "integer" | "number"),
        Shape::Number => matches!(name, "number" | "integer"),
        Shape::Text => name == "string",
        Shape::Scalar => !matches!(name, "object" | "array"),
        Shape::Any => true,
    }
}

/// A type as people call it.
pub(crate) fn called(name: &str) -> &str {
    match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a map",
        "null" => "nothing",
        other => other,
    }
}
