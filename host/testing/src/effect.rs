//! What an operation does to the objects: its row's effect, and nothing else.

use std::collections::BTreeMap;

use hyhost_backend::{Class, Fault, Request};
use hyhost_config::Secret;
use hyhost_table::{Effect, EffectKind, Name, Table};
use serde_json::{Map, Value};

use crate::store::{Object, Objects, kinds_within};

/// Does it, and answers. After a fault nothing has changed.
pub(crate) fn apply(objects: &mut Objects, table: &Table, request: &Request) -> Result<Value, Fault> {
    let row = request.row;
    let Some(effect) = &row.effect else {
        return Err(Fault::new(Class::Failed, format!("{}: its row has no effect, so memory cannot do it", row.name)));
    };
    Act { table, request, effect }.run(objects)
}

struct Act<'a> {
    table: &'a Table,
    request: &'a Request,
    effect: &'a Effect,
}

/// What an argument says: a value, or a secret.
enum Given {
    Value(Value),
    Secret(Secret),
}

impl Act<'_> {
    fn run(&self, objects: &mut Objects) -> Result<Value, Fault> {
        match self.effect.does {
            EffectKind::Constant => Ok(Value::Object(self.effect.fields.clone().into_iter().collect())),
            EffectKind::List => self.list(objects),
            EffectKind::Get => {
                let object = objects.get(&self.key()?);
                Ok(object.and_then(|object| object.fields.get(self.field().ok()?)).cloned().unwrap_or_default())
            }
            EffectKind::Prove => self.prove(objects),
            EffectKind::Create => self.create(objects),
            EffectKind::Delete => self.delete(objects),
            EffectKind::Upsert => {
                let (key, given) = (self.key()?, self.given()?);
                let new = || Object { fields: self.effect.fields.clone().into_iter().collect(), ..Object::default() };
                write(objects.entry(key).or_insert_with(new), given);
                Ok(Value::Null)
            }
            EffectKind::Update => {
                let given = self.given()?;
                write(self.object(objects)?, given);
                Ok(Value::Null)
            }
            EffectKind::Unset => {
                let field = self.field()?;
                let object = self.object(objects)?;
                object.fields.insert(field.to_owned(), Value::Null);
                object.secrets.remove(field);
                Ok(Value::Null)
            }
            EffectKind::Put => {
                let key = self.effect.key.as_deref().ok_or_else(|| self.broken("`put` needs a key"))?;
                let key = self.text(key)?;
                let values = self.values()?;
                let value = values.into_iter().next().ok_or_else(|| self.broken("`put` needs a value"))?;
                self.map_field(objects)?.insert(key, value);
                Ok(Value::Null)
            }
            EffectKind::Remove => {
                let key = self.effect.key.as_deref().ok_or_else(|| self.broken("`remove` needs a key"))?;
                let key = self.text(key)?;
                self.map_field(objects)?.remove(&key);
                Ok(Value::Null)
            }
            EffectKind::Exclude => {
                let values = self.values()?;
                self.set_field(objects)?.retain(|item| !values.iter().any(|value| says(item, value)));
                Ok(Value::Null)
            }
            EffectKind::Include => {
                let values = self.values()?;
                include(self.set_field(objects)?, values);
                Ok(Value::Null)
            }
        }
    }

    fn create(&self, objects: &mut Objects) -> Result<Value, Fault> {
        let key = self.key()?;
        if objects.contains_key(&key) {
            return Err(self.conflict(format!("{} `{}` is there already", key.0, key.1)));
        }
        if let (Some(parent), Some((_, above))) = (&self.effect.parent, key.1.0.split_last()) {
            let parent = (parent.clone(), Name(above.to_vec()));
            if !objects.contains_key(&parent) {
                return Err(self.conflict(format!("{} `{}` is not there", parent.0, parent.1)));
            }
        }
        let mut object = Object { fields: self.effect.fields.clone().into_iter().collect(), ..Object::default() };
        write(&mut object, self.given()?);
        objects.insert(key, object);
        Ok(Value::Null)
    }

    /// Removes the object and what lies within it.
    fn delete(&self, objects: &mut Objects) -> Result<Value, Fault> {
        let key = self.key()?;
        self.object(objects)?;
        let within = kinds_within(self.table, &key.0);
        objects.retain(|(kind, name), _| {
            let inside = within.contains(kind) && name.0.starts_with(&key.1.0);
            !inside && (kind, name) != (&key.0, &key.1)
        });
        Ok(Value::Null)
    }

    fn list(&self, objects: &Objects) -> Result<Value, Fault> {
        let args = &self.request.operation.args;
        // Per segment the names that were asked for; `None`: any.
        let mut wanted: Vec<Option<Vec<&str>>> = Vec::new();
        // The segments that are fixed: they name what the objects lie in.
        let mut above = Vec::new();
        for argument in &self.effect.name {
            wanted.push(match args.get(argument) {
                None | Some(Value::Null) => None,
                Some(Value::Array(items)) => Some(items.iter().filter_map(Value::as_str).collect()),
                Some(Value::String(text)) => {
                    above.push(text.clone());
                    Some(vec![text])
                }
                Some(_) => {
                    return Err(self.broken(&format!("`{argument}` is neither a name nor a list of names")));
                }
            });
        }
        if let Some(parent) = &self.effect.parent
            && !objects.contains_key(&(parent.clone(), Name(above)))
        {
            return Ok(Value::Null);
        }
        let fits = |name: &Name| {
            wanted
                .iter()
                .zip(&name.0)
                .all(|(wanted, segment)| wanted.as_ref().is_none_or(|wanted| wanted.contains(&segment.as_str())))
        };
        let chosen = objects.iter().filter(|((kind, name), _)| *kind == self.effect.kind && fits(name));
        let shown = chosen.map(|((_, name), object)| {
            let mut fields = object.fields.clone();
            for (called, segment) in self.effect.segments.iter().zip(&name.0).filter(|(called, _)| !called.is_empty()) {
                fields.insert(called.clone(), Value::from(segment.as_str()));
            }
            Value::Object(fields)
        });
        Ok(Value::Array(shown.collect()))
    }

    /// An object that is not there has no secret, so nothing can be proved.
    fn prove(&self, objects: &Objects) -> Result<Value, Fault> {
        let field = self.field()?;
        let argument = self.effect.value.get(".").ok_or_else(|| self.broken("`prove` needs the value `.`"))?;
        let object = objects.get(&self.key()?);
        let proved = object.is_some_and(|object| match self.argument(argument) {
            Ok(Some(Given::Secret(secret))) => {
                object.secrets.get(field).is_some_and(|last| last.expose() == secret.expose())
            }
            Ok(Some(Given::Value(value))) => object.fields.get(field) == Some(&value),
            Ok(None) | Err(_) => false,
        });
        Ok(Value::from(proved))
    }

    /// Kind and name of the object.
    fn key(&self) -> Result<(String, Name), Fault> {
        let segments: Result<Vec<_>, _> = self.effect.name.iter().map(|argument| self.text(argument)).collect();
        Ok((self.effect.kind.clone(), Name(segments?)))
    }

    fn object<'o>(&self, objects: &'o mut Objects) -> Result<&'o mut Object, Fault> {
        let key = self.key()?;
        objects.get_mut(&key).ok_or_else(|| self.conflict(format!("{} `{}` is not there", key.0, key.1)))
    }

    fn map_field<'o>(&self, objects: &'o mut Objects) -> Result<&'o mut Map<String, Value>, Fault> {
        let field = self.field()?;
        let value = self.object(objects)?.fields.entry(field).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().ok_or_else(|| self.broken(&format!("`{field}` is no map")))
    }

    fn set_field<'o>(&self, objects: &'o mut Objects) -> Result<&'o mut Vec<Value>, Fault> {
        let field = self.field()?;
        let value = self.object(objects)?.fields.entry(field).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::Array(Vec::new());
        }
        value.as_array_mut().ok_or_else(|| self.broken(&format!("`{field}` is no list")))
    }

    /// The arguments that are not part of the name.
    fn given(&self) -> Result<BTreeMap<String, Given>, Fault> {
        let mut given = BTreeMap::new();
        for argument in self.request.operation.args.as_object().into_iter().flat_map(Map::keys) {
            if !self.effect.name.contains(argument)
                && let Some(value) = self.argument(argument)?
            {
                given.insert(argument.clone(), value);
            }
        }
        Ok(given)
    }

    /// What an argument says; `None`: it is absent. `{"secret": …}` in a sink
    /// of the row is the secret, elsewhere a value like any other.
    fn argument(&self, argument: &str) -> Result<Option<Given>, Fault> {
        let Some(value) = self.request.operation.args.get(argument) else {
            return Ok(None);
        };
        let sink = self.request.row.sinks.iter().any(|sink| sink.at.strip_prefix('/') == Some(argument));
        match value.get("secret").and_then(Value::as_str).filter(|_| sink) {
            None => Ok(Some(Given::Value(value.clone()))),
            Some(name) => match self.request.secrets.get(name) {
                Some(secret) => Ok(Some(Given::Secret(secret.clone()))),
                None => Err(self.broken(&format!("the secret `{name}` was not handed over"))),
            },
        }
    }

    /// The values that `include` and `put` write: one for each combination of
    /// the items of arguments that hold lists.
    fn values(&self) -> Result<Vec<Value>, Fault> {
        let args = &self.request.operation.args;
        let items = |argument: &str| match args.get(argument) {
            None => Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(value) => vec![value.clone()],
        };
        if let Some(argument) = self.effect.value.get(".") {
            return Ok(items(argument));
        }
        let mut values = vec![Map::new()];
        for (member, argument) in &self.effect.value {
            let items = items(argument);
            let with = |value: &Map<String, Value>, item: &Value| {
                let mut value = value.clone();
                value.insert(member.clone(), item.clone());
                value
            };
            values = values.iter().flat_map(|value| items.iter().map(|item| with(value, item))).collect();
        }
        Ok(values.into_iter().map(Value::Object).collect())
    }

    fn text(&self, argument: &str) -> Result<String, Fault> {
        let value = self.request.operation.args.get(argument).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| self.broken(&format!("`{argument}` is no text")))
    }

    fn field(&self) -> Result<&str, Fault> {
        self.effect.field.as_deref().ok_or_else(|| self.broken("the effect needs a field"))
    }

    fn conflict(&self, what: String) -> Fault {
        Fault::new(Class::Conflict, format!("{}: {what}", self.request.row.name))
    }

    fn broken(&self, what: &str) -> Fault {
        Fault::new(Class::Failed, format!("{}: {what}", self.request.row.name))
    }
}

fn write(object: &mut Object, given: BTreeMap<String, Given>) {
    for (field, given) in given {
        match given {
            Given::Value(value) => {
                object.fields.insert(field, value);
            }
            Given::Secret(secret) => {
                object.secrets.insert(field, secret);
            }
        }
    }
}

/// Puts values into a set, which stays sorted so that two equal sets are
/// equal. An item that says more than the value says it too.
fn include(set: &mut Vec<Value>, values: Vec<Value>) {
    for value in values {
        if !set.iter().any(|item| says(item, &value)) {
            set.push(value);
        }
    }
    set.sort_by_key(Value::to_string);
}

fn says(item: &Value, value: &Value) -> bool {
    match (item, value) {
        (Value::Object(item), Value::Object(value)) => value.iter().all(|(key, value)| item.get(key) == Some(value)),
        _ => item == value,
    }
}
