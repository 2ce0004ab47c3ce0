//! Ways to make plans, changes and remarks.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Action, Change, Error, Remark, Touch};

/// The id of an object: `kind/name`, with the name's segments joined by `/`
/// and escaped as the host shows them.
pub fn id<S: AsRef<str>>(kind: &str, name: impl IntoIterator<Item = S>) -> String {
    let mut id = kind.to_owned();
    for segment in name {
        id.push('/');
        for c in segment.as_ref().chars() {
            match c {
                '/' | '\\' => id.extend(['\\', c]),
                c if c.is_control() => id.extend(c.escape_unicode()),
                c => id.push(c),
            }
        }
    }
    id
}

impl Change {
    /// What is not there will be made.
    pub fn create(id: impl Into<String>) -> Self {
        Self::new(id, Action::Create)
    }

    /// What is there will be changed, and nothing is lost.
    pub fn update(id: impl Into<String>) -> Self {
        Self::new(id, Action::Update)
    }

    /// What is there will be changed, and data or access may be lost.
    pub fn destroy(id: impl Into<String>) -> Self {
        Self::new(id, Action::Destroy)
    }

    /// What is there will be gone.
    pub fn remove(id: impl Into<String>) -> Self {
        Self::new(id, Action::Remove)
    }

    fn new(id: impl Into<String>, action: Action) -> Self {
        let change = Self {
            id: id.into(),
            action,
            requires: Vec::new(),
            lane: String::new(),
            touches: Vec::new(),
            before: None,
            after: None,
            payload: String::new(),
            extensions: Vec::new(),
        };
        // Absent would say that nothing is, or will be, there.
        change.differs(Diff::default())
    }

    /// A change that must have been done before. One that is not in the plan
    /// counts as done, so an owner can be named whether or not it is new.
    #[must_use]
    pub fn requires(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        if !self.requires.contains(&id) {
            self.requires.push(id);
        }
        self
    }

    /// Changes of one lane never run at the same time.
    #[must_use]
    pub fn lane(mut self, lane: impl Into<String>) -> Self {
        self.lane = lane.into();
        self
    }

    /// Something that making the change will touch: see [`crate::touch`].
    #[must_use]
    pub fn touch(mut self, touch: Touch) -> Self {
        if !self.touches.contains(&touch) {
            self.touches.push(touch);
        }
        self
    }

    /// The attributes that differ, before and after. What is created has no
    /// before, what is removed no after.
    #[must_use]
    pub fn differs(mut self, diff: Diff) -> Self {
        if !matches!(self.action, Action::Create) {
            self.before = Some(Value::Object(diff.before).to_string());
        }
        if !matches!(self.action, Action::Remove) {
            self.after = Some(Value::Object(diff.after).to_string());
        }
        self
    }

    /// What `ensure` needs to make the change; only the plugin reads it.
    ///
    /// # Errors
    /// `failed` if it has no JSON form.
    pub fn payload<T: Serialize>(mut self, payload: &T) -> Result<Self, Error> {
        self.payload = serde_json::to_string(payload)
            .map_err(|error| Error::failed(format!("{}: the payload is no JSON: {error}", self.id)))?;
        Ok(self)
    }

    /// What [`Change::payload`] was given.
    ///
    /// # Errors
    /// `invalid` if it is not of this type.
    pub fn read_payload<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.payload)
            .map_err(|error| Error::invalid(format!("{}: the payload is not the plugin's own: {error}", self.id)))
    }
}

/// The attributes of an object that differ.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Diff {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Diff {
    /// Adds the attribute if the document sets it and it differs. What the
    /// document is silent about is not managed.
    pub fn want<T: Into<Value>>(&mut self, attribute: &str, is: impl Into<Value>, shall: Option<T>) {
        let Some(shall) = shall else { return };
        let (is, shall) = (is.into(), shall.into());
        if is != shall {
            self.add(attribute, is, shall);
        }
    }

    /// Adds an attribute that is known to differ.
    pub fn add(&mut self, attribute: &str, is: impl Into<Value>, shall: impl Into<Value>) {
        self.before.insert(attribute.to_owned(), is.into());
        self.after.insert(attribute.to_owned(), shall.into());
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.after.is_empty()
    }

    /// Whether this attribute differs.
    pub fn has(&self, attribute: &str) -> bool {
        self.after.contains_key(attribute)
    }
}

impl Remark {
    /// A sentence about an object.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into(), extensions: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_escape_what_would_be_read_as_another_name() {
        assert_eq!(id("table", ["app", "a/b", "c\\d\n"]), r"table/app/a\/b/c\\d\u{a}");
    }

    #[test]
    fn what_is_unmanaged_or_equal_does_not_differ() {
        let mut diff = Diff::default();
        diff.want("login", false, None::<bool>);
        diff.want("limit", 3, Some(3));
        assert!(diff.is_empty());
        diff.want("owner", "a", Some("b"));
        let change = Change::update("x/y").differs(diff);
        assert_eq!(change.before.as_deref(), Some(r#"{"owner":"a"}"#));
        assert_eq!(change.after.as_deref(), Some(r#"{"owner":"b"}"#));
    }

    #[test]
    fn what_is_created_has_no_before() {
        let mut diff = Diff::default();
        diff.add("owner", Value::Null, "b");
        let change = Change::create("x/y").differs(diff);
        assert_eq!((change.before, change.after.as_deref()), (None, Some(r#"{"owner":"b"}"#)));
    }
}
