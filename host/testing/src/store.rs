//! The objects of a server that exists in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyhost_config::Secret;
use hyhost_table::{EffectKind, Name, Table};
use serde_json::{Map, Value};

/// One object: its fields, and the secrets that were written to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) fields: Map<String, Value>,
    pub(crate) secrets: BTreeMap<String, Secret>,
}

/// The objects of a server, by kind and name. A clone is the same server: a
/// test keeps one and gives the other to a backend.
///
/// Secrets are held by value, so that they can be proved, and never shown.
#[derive(Debug, Clone, Default)]
pub struct Store {
    objects: Arc<Mutex<Objects>>,
}

pub(crate) type Objects = BTreeMap<(String, Name), Object>;

impl Store {
    /// A server on which nothing is.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of an object, as an object; `None`: it is not there.
    pub fn get(&self, kind: &str, name: &[&str]) -> Option<Value> {
        let objects = self.lock();
        objects.get(&key(kind, name)).map(|object| Value::Object(object.fields.clone()))
    }

    /// One field of an object; `None`: the object or the field is not there.
    pub fn field(&self, kind: &str, name: &[&str], field: &str) -> Option<Value> {
        self.lock().get(&key(kind, name)).and_then(|object| object.fields.get(field).cloned())
    }

    /// The names of the objects of a kind, sorted.
    pub fn names(&self, kind: &str) -> Vec<Name> {
        self.lock().keys().filter(|(k, _)| k == kind).map(|(_, name)| name.clone()).collect()
    }

    /// Puts an object there, whole, as somebody else would have made it. What
    /// was there of that name is gone with its secrets. Other than an object,
    /// `fields` counts as none.
    pub fn put(&self, kind: &str, name: &[&str], fields: Value) {
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        self.lock().insert(key(kind, name), Object { fields, secrets: BTreeMap::new() });
    }

    /// Sets one field by hand: drift. `false`: the object is not there.
    pub fn set(&self, kind: &str, name: &[&str], field: &str, value: Value) -> bool {
        let mut objects = self.lock();
        let object = objects.get_mut(&key(kind, name));
        object.is_some_and(|object| {
            object.fields.insert(field.to_owned(), value);
            true
        })
    }

    /// Sets a secret by hand: drift. `false`: the object is not there.
    pub fn set_secret(&self, kind: &str, name: &[&str], field: &str, value: &str) -> bool {
        let mut objects = self.lock();
        let object = objects.get_mut(&key(kind, name));
        object.is_some_and(|object| {
            object.secrets.insert(field.to_owned(), Secret::new("by hand", value));
            true
        })
    }

    /// Whether the field's secret was last set to this value.
    pub fn secret_is(&self, kind: &str, name: &[&str], field: &str, value: &str) -> bool {
        let objects = self.lock();
        let secret = objects.get(&key(kind, name)).and_then(|object| object.secrets.get(field));
        secret.is_some_and(|secret| secret.expose() == value)
    }

    /// Removes an object by hand. `false`: it was not there. What it contains
    /// stays; see [`MemoryBackend`](crate::MemoryBackend) for a removal by an
    /// operation.
    pub fn remove(&self, kind: &str, name: &[&str]) -> bool {
        self.lock().remove(&key(kind, name)).is_some()
    }

    /// Everything as one value, `{kind: {name: fields}}`, without secrets: to
    /// compare the state before and after.
    pub fn snapshot(&self) -> Value {
        let mut kinds = Map::new();
        for ((kind, name), object) in self.lock().iter() {
            let of_kind = kinds.entry(kind.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(of_kind) = of_kind {
                of_kind.insert(name.to_string(), Value::Object(object.fields.clone()));
            }
        }
        Value::Object(kinds)
    }

    /// A test that failed while it held the lock must not make others fail.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(kind: &str, name: &[&str]) -> (String, Name) {
    (kind.to_owned(), Name::new(name.iter().copied()))
}

/// The kinds whose objects lie within an object of this kind, by what the
/// table's `create` effects call a parent; at any depth.
pub(crate) fn kinds_within(table: &Table, kind: &str) -> BTreeSet<String> {
    let mut within = BTreeSet::new();
    let mut open = vec![kind.to_owned()];
    while let Some(parent) = open.pop() {
        for effect in table.rows.iter().filter_map(|row| row.effect.as_ref()) {
            let child = effect.does == EffectKind::Create && effect.parent.as_ref() == Some(&parent);
            if child && within.insert(effect.kind.clone()) {
                open.push(effect.kind.clone());
            }
        }
    }
    within
}
