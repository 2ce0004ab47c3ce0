//! From `desired` as written to its value: `from` read, variables filled in,
//! types as the plugin's schema wants them.

use serde_json::Value;

use crate::body::Bodies;
use crate::core_schema::typed;
use crate::fields::Reader;
use crate::item::{Data, Field, Item, scalar_shape};
use crate::marks::{Mark, mark};
use crate::merge::hide;
use crate::schema::{Schema, Shape, own_types};
use crate::secrets::Secrets;
use crate::source::Spot;
use crate::yaml::{Kind, Node, Scalar, shown_key, speaks_of_secrets};

/// Resolves the desired state of one target.
pub(crate) struct Resolver<'a, 's> {
    pub reader: Reader<'a>,
    pub schema: Schema<'s>,
    pub secrets: &'a Secrets<'a>,
    pub bodies: &'a mut Bodies,
}

impl<'s> Resolver<'_, 's> {
    /// The whole of it.
    pub fn resolve(&mut self, node: &Node) -> Item {
        let at = self.schema.start(shape(node));
        self.node(node, &at, None, false)
    }

    fn node(&mut self, node: &Node, at: &[&'s Value], key: Option<&str>, literal: bool) -> Item {
        if at.iter().any(|schema| matches!(mark(schema), Ok(Some(Mark::Secret(_))))) {
            return self.secret(node);
        }
        if let (Kind::Map(entries), false) = (&node.kind, literal)
            && let [entry] = &entries[..]
            && entry.key == "from"
        {
            return self.from(&entry.value, at, key);
        }
        match &node.kind {
            Kind::Scalar(scalar) => {
                if key.is_some_and(speaks_of_secrets) && !self.secrets.is_known(&scalar.text) {
                    self.reader.report.hide(node.spot);
                }
                self.scalar(node.spot, scalar, at, literal)
            }
            Kind::List(nodes) => {
                let resolve = |(index, node): (usize, &Node)| {
                    let at = self.schema.item(at, index, shape(node));
                    self.node(node, &at, key, literal)
                };
                item(node.spot, Data::List(nodes.iter().enumerate().map(resolve).collect()))
            }
            Kind::Map(entries) => {
                let mut fields = Vec::with_capacity(entries.len());
                for entry in entries {
                    if shown_key(&entry.key) != entry.key {
                        self.reader.report.hide(entry.key_spot);
                    }
                    let at = self.schema.field(at, &entry.key, shape(&entry.value));
                    let value = self.node(&entry.value, &at, Some(&entry.key), literal);
                    fields.push(Field { key: entry.key.clone(), key_spot: entry.key_spot, value });
                }
                item(node.spot, Data::Map(fields))
            }
        }
    }

    /// A field that names a secret: its text is a name or nothing.
    fn secret(&mut self, node: &Node) -> Item {
        let value = match &node.kind {
            Kind::Scalar(_) if node.is_null() => Value::Null,
            Kind::Scalar(scalar)
                if !scalar.plain || typed(&scalar.text).is_string() || self.secrets.is_known(&scalar.text) =>
            {
                Value::String(scalar.text.clone())
            }
            Kind::Scalar(scalar) => typed(&scalar.text),
            Kind::List(_) => Value::Array(Vec::new()),
            Kind::Map(_) => Value::Object(serde_json::Map::new()),
        };
        if !value.as_str().is_some_and(|name| self.secrets.is_known(name)) {
            hide(node, self.reader.report);
        }
        Item { secret: true, ..item(node.spot, Data::Scalar(value)) }
    }

    fn scalar(&mut self, spot: Spot, scalar: &Scalar, at: &[&'s Value], literal: bool) -> Item {
        let plain = |text: &str| if scalar.plain { typed(text) } else { Value::String(text.to_owned()) };
        if literal || !scalar.text.contains('$') {
            return item(spot, Data::Scalar(plain(&scalar.text)));
        }
        let Some(filled) = self.reader.fill(spot, &scalar.text) else {
            return Item { unresolved: true, ..item(spot, Data::Scalar(Value::String(scalar.text.clone()))) };
        };
        if !filled.interpolated {
            return item(spot, Data::Scalar(plain(&filled.text)));
        }
        let value = cast(filled.text, scalar.plain, at);
        Item { written: Some(scalar.text.clone()), ..item(spot, Data::Scalar(value)) }
    }

    /// `{ from: file.json }`: a body as it is.
    fn from(&mut self, node: &Node, at: &[&'s Value], key: Option<&str>) -> Item {
        let unknown = || Item { unresolved: true, ..item(node.spot, Data::Scalar(Value::Null)) };
        let Some(path) = self.reader.text(node, "from") else { return unknown() };
        let Some(root) = self.bodies.read(&path, node.spot, self.reader.lenient, self.reader.report) else {
            return unknown();
        };
        // Until now all branches of the schema held.
        let at = self.schema.again(at, shape(&root));
        self.node(&root, &at, key, true)
    }
}

fn item(spot: Spot, data: Data) -> Item {
    Item { spot, data, written: None, unresolved: false, secret: false }
}

/// The shape of what was written; a scalar with a variable may become any.
pub(crate) fn shape(node: &Node) -> Shape {
    match &node.kind {
        Kind::Map(entries) if entries.len() == 1 && entries.iter().all(|entry| entry.key == "from") => Shape::Any,
        Kind::Map(_) => Shape::Map,
        Kind::List(_) => Shape::List,
        Kind::Scalar(scalar) if scalar.text.contains("${") => Shape::Scalar,
        Kind::Scalar(scalar) if scalar.plain => scalar_shape(&typed(&scalar.text)),
        Kind::Scalar(_) => Shape::Text,
    }
}

/// The filled-in text as the type that the schema wants: its own if that is
/// among those wanted, else text if text will do. What is quoted is a text
/// wherever one may stand; where none may, it was quoted because `${…}` must
/// be in `{ … }` and `[ … ]`.
fn cast(text: String, plain: bool, at: &[&Value]) -> Value {
    let wanted: Vec<&str> = at.iter().flat_map(|schema| own_types(schema)).collect();
    let text_will_do = wanted.contains(&"string") || (wanted.is_empty() && !plain);
    let value = typed(&text);
    let is_wanted = match &value {
        _ if !plain && text_will_do => false,
        _ if wanted.is_empty() => true,
        // An empty text is a text where one may stand.
        Value::Null => !text.is_empty() && wanted.contains(&"null"),
        Value::Bool(_) => wanted.contains(&"boolean"),
        Value::Number(number) => wanted.contains(&"number") || (wanted.contains(&"integer") && !number.is_f64()),
        _ => false,
    };
    if is_wanted || !text_will_do { value } else { Value::String(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn casts_to_what_is_wanted() {
        let cast = |text: &str, schema: Value| super::cast(text.to_owned(), true, &[&schema]);
        let quoted = |text: &str, schema: Value| super::cast(text.to_owned(), false, &[&schema]);
        assert_eq!(cast("5", json!({ "type": "integer" })), json!(5));
        assert_eq!(cast("5", json!({ "type": "string" })), json!("5"));
        assert_eq!(cast("5", json!({ "type": ["integer", "string"] })), json!(5));
        assert_eq!(cast("x", json!({ "type": ["integer", "string"] })), json!("x"));
        assert_eq!(cast("true", json!({ "type": "boolean" })), json!(true));
        assert_eq!(cast("", json!({ "type": ["string", "null"] })), json!(""));
        assert_eq!(cast("", json!({ "type": "null" })), json!(null));
        assert_eq!(cast("1", json!({ "enum": [1, 2] })), json!(1));
        assert_eq!(cast("1", json!({ "enum": ["1", "2"] })), json!("1"));
        assert_eq!(cast("x", json!({ "type": "integer" })), json!("x"));
        assert_eq!(cast("1.5", json!({})), json!(1.5));
        assert_eq!(quoted("1.5", json!({})), json!("1.5"));
        assert_eq!(quoted("5", json!({ "type": ["integer", "string"] })), json!("5"));
        assert_eq!(quoted("5", json!({ "type": "integer" })), json!(5));
    }
}
