//! A value of `desired` after interpolation, and where each part stands.

use serde_json::{Map, Value};

use crate::schema::{Shape, type_of};
use crate::source::Spot;

/// A part of `desired`.
pub(crate) struct Item {
    pub spot: Spot,
    pub data: Data,
    /// As it was written, where a variable was filled in.
    pub written: Option<String>,
    /// A variable of it is not set: nothing can be said about the value.
    pub unresolved: bool,
    /// It names a secret: never quoted.
    pub secret: bool,
}

pub(crate) enum Data {
    Scalar(Value),
    List(Vec<Item>),
    Map(Vec<Field>),
}

pub(crate) struct Field {
    pub key: String,
    pub key_spot: Spot,
    pub value: Item,
}

impl Item {
    pub fn value(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => Value::Array(items.iter().map(Item::value).collect()),
            Data::Map(fields) => {
                let pairs = fields.iter().map(|field| (field.key.clone(), field.value.value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    pub fn shape(&self) -> Shape {
        match &self.data {
            Data::Map(_) => Shape::Map,
            Data::List(_) => Shape::List,
            Data::Scalar(_) if self.unresolved => Shape::Scalar,
            Data::Scalar(value) => scalar_shape(value),
        }
    }

    pub fn field(&self, key: &str) -> Option<&Field> {
        match &self.data {
            Data::Map(fields) => fields.iter().find(|field| field.key == key),
            _ => None,
        }
    }

    pub fn item(&self, index: usize) -> Option<&Item> {
        match &self.data {
            Data::List(items) => items.get(index),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a variable anywhere in it is not set.
    pub fn has_unresolved(&self) -> bool {
        self.unresolved
            || match &self.data {
                Data::Scalar(_) => false,
                Data::List(items) => items.iter().any(Item::has_unresolved),
                Data::Map(fields) => fields.iter().any(|field| field.value.has_unresolved()),
            }
    }

    /// The value for a sentence: as it was written, never a secret.
    pub fn quoted(&self) -> String {
        if self.secret {
            return "what stands here".to_owned();
        }
        match (&self.written, &self.data) {
            (Some(written), _) => format!("`{}`", crate::fields::shorten(written)),
            (None, Data::Scalar(Value::String(text))) => format!("`{}`", crate::fields::shorten(text)),
            (None, Data::Scalar(value)) => format!("`{value}`"),
            (None, Data::List(_)) => "a list".to_owned(),
            (None, Data::Map(_)) => "a map".to_owned(),
        }
    }
}

/// The shape of a scalar value.
pub(crate) fn scalar_shape(value: &Value) -> Shape {
    match type_of(value) {
        "null" => Shape::Null,
        "boolean" => Shape::Bool,
        "integer" => Shape::Integer,
        "number" => Shape::Number,
        _ => Shape::Text,
    }
}
