//! What a target's `desired` names, read by the marks of the schema.

use hyhost_table::{Name, Pattern, Touch, Verb};
use serde_json::Value;

use crate::item::{Data, Item};
use crate::marks::{Mark, NameMark, mark};
use crate::schema::Schema;
use crate::source::Spot;
use crate::yaml::shown_key;

/// Everything that the marks found.
#[derive(Default)]
pub(crate) struct Found {
    pub names: Vec<Named>,
    pub secrets: Vec<SecretField>,
    pub directories: Vec<(String, Spot)>,
    pub attributes: Vec<Attribute>,
    /// What a person is told.
    pub notes: Vec<(Spot, String)>,
    /// Fields that may not be there: which, and why.
    pub refusals: Vec<(Spot, String, String)>,
    /// Spots of names that hold an unset variable.
    pub unresolved: Vec<Spot>,
}

/// A name of an object.
pub(crate) struct Named {
    pub touch: Touch,
    pub pattern: Pattern,
    /// The object is declared here.
    pub declared: bool,
    pub spot: Spot,
}

/// A field that names a secret.
pub(crate) struct SecretField {
    pub name: String,
    pub sink: String,
    pub spot: Spot,
    /// How the field is called.
    pub path: String,
}

/// A privileged attribute that is set.
pub(crate) struct Attribute {
    pub capability: String,
    pub kind: String,
    pub attribute: String,
    pub spot: Spot,
}

/// Reads the marks beside the value.
pub(crate) fn find(schema: Schema<'_>, desired: &Item) -> Found {
    let mut walk = Walk { schema, enclosing: Vec::new(), path: String::new(), found: Found::default() };
    let at = schema.start(desired.shape());
    walk.item(desired, &at, None);
    walk.found
}

struct Walk<'s, 'i> {
    schema: Schema<'s>,
    /// The maps round the item, outermost first, each with the key that was
    /// entered.
    enclosing: Vec<(&'i Item, String)>,
    path: String,
    found: Found,
}

impl<'s, 'i> Walk<'s, 'i> {
    fn item(&mut self, item: &'i Item, at: &[&'s Value], key: Option<&str>) {
        for schema in at {
            // A mark that cannot be read was reported with the schema.
            if let Ok(Some(mark)) = mark(schema) {
                self.mark(&mark, item, key);
            }
        }
        let length = self.path.len();
        match &item.data {
            Data::Scalar(_) => {}
            Data::List(items) => {
                for (index, inner) in items.iter().enumerate() {
                    self.path.push_str(&format!("[{index}]"));
                    let at = self.schema.item(at, index, inner.shape());
                    self.item(inner, &at, key);
                    self.path.truncate(length);
                }
            }
            Data::Map(fields) => {
                for field in fields {
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(shown_key(&field.key));
                    self.enclosing.push((item, field.key.clone()));
                    let at = self.schema.field(at, &field.key, field.value.shape());
                    self.item(&field.value, &at, Some(&field.key));
                    self.enclosing.pop();
                    self.path.truncate(length);
                }
            }
        }
    }

    fn mark(&mut self, mark: &Mark<'s>, item: &'i Item, key: Option<&str>) {
        match mark {
            Mark::Name(name) => self.name(name, item, key),
            Mark::Secret(sink) => {
                if let Some(name) = item.as_text() {
                    let (name, sink, path) = (name.to_owned(), (*sink).to_owned(), self.path.clone());
                    self.found.secrets.push(SecretField { name, sink, spot: item.spot, path });
                }
            }
            Mark::File => {
                if let (Some(path), false) = (item.as_text(), item.unresolved) {
                    self.found.directories.push((path.to_owned(), item.spot));
                }
            }
            Mark::Note(text) => self.found.notes.push((item.spot, (*text).to_owned())),
            Mark::Refuse(reason) => {
                self.found.refusals.push((item.spot, self.path.clone(), (*reason).to_owned()));
            }
            Mark::Attribute { capability, kind, attribute } => {
                // Only what a person reads as "yes" asks for a privilege: any
                // other value may stand there for another reason.
                if matches!(item.data, Data::Scalar(Value::Bool(true))) {
                    self.found.attributes.push(Attribute {
                        capability: (*capability).to_owned(),
                        kind: (*kind).to_owned(),
                        attribute: (*attribute).to_owned(),
                        spot: item.spot,
                    });
                }
            }
        }
    }

    fn name(&mut self, mark: &NameMark<'s>, item: &'i Item, key: Option<&str>) {
        // A list holds many names of one kind.
        let values: Vec<(Option<&str>, Spot, bool)> = match (&item.data, mark.value) {
            (_, false) => vec![(None, item.spot, false)],
            (Data::List(items), true) => {
                items.iter().filter_map(|i| Some((Some(i.as_text()?), i.spot, i.unresolved))).collect()
            }
            (Data::Scalar(Value::String(text)), true) => vec![(Some(text), item.spot, item.unresolved)],
            _ => return,
        };
        let mut parents = vec![Vec::new()];
        for field in &mark.within {
            let Some(segment) = self.nearest(item, field, key) else { return };
            if segment.has_unresolved() {
                self.found.unresolved.push(item.spot);
                return;
            }
            let segments: Vec<&str> = match &segment.data {
                Data::List(items) => items.iter().filter_map(Item::as_text).collect(),
                _ => segment.as_text().into_iter().collect(),
            };
            parents = parents
                .iter()
                .flat_map(|parent: &Vec<&str>| {
                    segments.iter().map(|segment| parent.iter().copied().chain([*segment]).collect())
                })
                .collect();
        }
        for (value, spot, unresolved) in values {
            if unresolved {
                self.found.unresolved.push(spot);
                continue;
            }
            for parent in &parents {
                self.found.names.push(named(mark, parent, value, spot));
            }
        }
    }

    /// The field in the nearest enclosing map that has it. The marked field
    /// itself does not count: a `name` within a map with a `name` finds it.
    fn nearest(&self, item: &'i Item, field: &str, key: Option<&str>) -> Option<&'i Item> {
        if let Some(found) = item.field(field) {
            return Some(&found.value);
        }
        let mut enclosing = self.enclosing.iter().rev();
        if key == Some(field) {
            enclosing.next();
        }
        enclosing.find_map(|(map, _)| map.field(field)).map(|field| &field.value)
    }
}

fn named(mark: &NameMark<'_>, parent: &[&str], value: Option<&str>, spot: Spot) -> Named {
    let parent = Name::new(parent.iter().copied());
    let mut name = parent.clone();
    name.0.extend(value.map(str::to_owned));
    let pattern = match value {
        Some(value) if mark.pattern => Pattern::below(&parent, value),
        _ => Pattern::exactly(&name),
    };
    let touch = Touch {
        capability: mark.capability.to_owned(),
        verb: mark.verb.unwrap_or(Verb::Write),
        kind: mark.kind.to_owned(),
        name,
    };
    Named { touch, pattern, declared: mark.verb.is_none(), spot }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_true_sets_an_attribute() {
        let root = json!({ "x-hyhost": { "attribute": "sql.role.superuser" } });
        let set = |data: Data| {
            let spot = Spot::start_of(0);
            let item = Item { spot, data, written: None, unresolved: false, secret: false };
            find(Schema { root: &root }, &item).attributes.len()
        };
        assert_eq!(set(Data::Scalar(json!(true))), 1);
        for other in [json!(null), json!(false), json!("app"), json!("true"), json!(1), json!(0)] {
            assert_eq!(set(Data::Scalar(other.clone())), 0, "{other}");
        }
        assert_eq!(set(Data::List(Vec::new())) + set(Data::Map(Vec::new())), 0);
    }
}
