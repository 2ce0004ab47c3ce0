//! Lists of access, as sets: what is missing, and what is beyond.
//!
//! A list of texts is a set. A list of permissions is a set of actions for
//! each thing that they are on, however the server cuts it into entries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Actions by what they are on, as canonical JSON. A list of texts is on
/// nothing: the empty key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Access(BTreeMap<String, BTreeSet<String>>);

/// The member of an entry that is a set of its own.
const ACTIONS: &str = "allowed_actions";

impl Access {
    /// What a list says.
    pub(crate) fn of(list: &Value) -> Self {
        let mut access = Self::default();
        for item in list.as_array().into_iter().flatten() {
            let (key, actions) = match item {
                Value::Object(entry) => (on(entry), texts(entry.get(ACTIONS).unwrap_or(&Value::Null))),
                text => (String::new(), BTreeSet::from([crate::normal::text(text)])),
            };
            access.0.entry(key).or_default().extend(actions);
        }
        access
    }

    /// What this says and another does not.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let left = self.0.iter().map(|(key, actions)| {
            let others = other.0.get(key);
            let left = actions.iter().filter(|action| !others.is_some_and(|others| others.contains(*action)));
            (key.clone(), left.cloned().collect::<BTreeSet<_>>())
        });
        Self(left.filter(|(_, actions)| !actions.is_empty()).collect())
    }

    /// Both together.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (key, actions) in &other.0 {
            both.0.entry(key.clone()).or_default().extend(actions.iter().cloned());
        }
        both
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// It as the API takes it.
    pub(crate) fn list(&self) -> Value {
        let mut items = Vec::new();
        for (key, actions) in &self.0 {
            match serde_json::from_str::<Map<String, Value>>(key) {
                Ok(mut entry) => {
                    entry.insert(ACTIONS.to_owned(), json!(actions));
                    items.push(Value::Object(entry));
                }
                Err(_) => items.extend(actions.iter().map(|text| Value::from(text.as_str()))),
            }
        }
        Value::Array(items)
    }

    /// It in words.
    pub(crate) fn words(&self) -> String {
        let part = |(key, actions): (&String, &BTreeSet<String>)| {
            let actions = actions.iter().cloned().collect::<Vec<_>>().join(", ");
            let entry: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
            let on: Vec<String> = entry
                .values()
                .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
                .map(|value| crate::normal::text(&value))
                .collect();
            if on.is_empty() { actions } else { format!("{actions} on {}", on.join(", ")) }
        };
        self.0.iter().map(part).collect::<Vec<_>>().join("; ")
    }
}

/// What an entry is on: all but its actions, without what says nothing.
fn on(entry: &Map<String, Value>) -> String {
    let members = entry.iter().filter(|(key, _)| *key != ACTIONS).filter_map(|(key, value)| {
        let value = match value {
            Value::Array(_) => json!(texts(value)),
            other => other.clone(),
        };
        let says_nothing = value.is_null() || value == json!([]) || value == json!("");
        (!says_nothing).then(|| (key.clone(), value))
    });
    Value::Object(members.collect()).to_string()
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(crate::normal::text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_a_set() {
        let (is, shall) = (Access::of(&json!(["b", "a", "b"])), Access::of(&json!(["a", "c"])));
        assert_eq!(shall.without(&is).list(), json!(["c"]));
        assert_eq!(is.without(&shall).words(), "b");
        assert_eq!(is.and(&shall).list(), json!(["a", "b", "c"]));
        assert!(Access::of(&Value::Null).is_empty());
    }

    #[test]
    fn permissions_are_actions_on_something() {
        let is = json!([
            { "index_patterns": ["b", "a"], "dls": null, "fls": [], "masked_fields": [], "allowed_actions": ["read"] },
            { "index_patterns": ["a", "b"], "dls": "", "fls": [], "masked_fields": [], "allowed_actions": ["write"] },
            { "index_patterns": ["a"], "fls": ["x"], "allowed_actions": ["read"] }]);
        let shall = json!([{ "index_patterns": ["a", "b"], "allowed_actions": ["write", "read", "get"] }]);
        let (is, shall) = (Access::of(&is), Access::of(&shall));
        assert_eq!(shall.without(&is).list(), json!([{ "index_patterns": ["a", "b"], "allowed_actions": ["get"] }]));
        assert_eq!(is.without(&shall).words(), "read on x, a");
    }
}
