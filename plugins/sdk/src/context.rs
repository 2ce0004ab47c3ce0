//! What each call of a plugin gets.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use crate::bindings::hyhost::provision::types;
use crate::s3::S3;
use crate::sql::Sql;
use crate::{Capability, Connection, Error, Touch};

/// The desired state, the connections, and what is known of other targets.
#[derive(Debug)]
pub struct Context {
    pub(crate) inner: types::Context,
}

impl Context {
    pub(crate) fn new(inner: types::Context) -> Self {
        Self { inner }
    }

    /// The desired state, or the part of it that the type has fields for.
    /// Every secret in it is a name.
    ///
    /// # Errors
    /// `invalid` if it is not of this type. The host has checked it against
    /// the manifest's schema, so this means that schema and type differ.
    pub fn desired<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.inner.desired)
            .map_err(|error| Error::invalid(format!("the desired state is not what the plugin can read: {error}")))
    }

    /// The PostgreSQL connection in this slot.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn sql(&self, slot: &str) -> Result<Connection<Sql>, Error> {
        self.connection(slot)
    }

    /// The S3 connection in this slot.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn s3(&self, slot: &str) -> Result<Connection<S3>, Error> {
        self.connection(slot)
    }

    /// The connection in this slot, of the capability that is asked for.
    ///
    /// # Errors
    /// `invalid` if there is none.
    pub fn connection<C: Capability>(&self, slot: &str) -> Result<Connection<C>, Error> {
        let fits = |s: &&types::Slot| s.name == slot && s.capability == C::NAME;
        match self.inner.connections.iter().find(fits) {
            Some(found) => Ok(Connection::new(&found.name)),
            None => Err(Error::invalid(format!("no {} connection stands in the slot {slot}", C::NAME))),
        }
    }

    /// Whether access beyond the document, on objects that it declares, is to
    /// be removed: a change then, not an extra.
    pub fn exact(&self) -> bool {
        self.inner.exact
    }

    /// Which objects of this kind of the capability may be removed.
    pub fn prune<C: Capability>(&self, kind: &str) -> Prune<'_> {
        let rules = self.inner.prune.iter().filter(|rule| rule.capability == C::NAME && rule.kind == kind).collect();
        let mentioned = self.mentioned().iter().filter(|touch| touch.capability == C::NAME && touch.kind == kind);
        Prune { rules, mentioned: mentioned.map(|touch| touch.name.as_slice()).collect() }
    }

    /// Every name that any target of the documents mentions on these servers.
    /// What stands here is never pruned.
    pub fn mentioned(&self) -> &[Touch] {
        &self.inner.mentioned
    }
}

/// The objects of one kind that may be removed.
#[derive(Debug)]
pub struct Prune<'a> {
    rules: Vec<&'a types::PruneRule>,
    mentioned: BTreeSet<&'a [String]>,
}

impl Prune<'_> {
    /// Whether nothing is: then there is no need to read what is there.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether the object of this name may go: a pattern matches it, and no
    /// document mentions it.
    pub fn takes<S: AsRef<str>>(&self, name: &[S]) -> bool {
        let owned: Vec<String> = name.iter().map(|segment| segment.as_ref().to_owned()).collect();
        self.matching(name).next().is_some() && !self.mentioned.contains(owned.as_slice())
    }

    /// Whether the object of this name may go with the data that it holds.
    pub fn with_data<S: AsRef<str>>(&self, name: &[S]) -> bool {
        self.matching(name).any(|rule| rule.with_data)
    }

    fn matching<'n, S: AsRef<str>>(&'n self, name: &'n [S]) -> impl Iterator<Item = &'n types::PruneRule> {
        let fits = move |rule: &&types::PruneRule| {
            rule.name.len() == name.len()
                && rule.name.iter().zip(name).all(|(pattern, text)| matches(pattern, text.as_ref()))
        };
        self.rules.iter().copied().filter(fits)
    }
}

/// Whether the text matches the pattern, in which `*` stands for any
/// characters, also none.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.len() >= last.len() && left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_is_any_text_and_parts_do_not_overlap() {
        for (pattern, text) in [("a*", "a"), ("a*", "abc"), ("*x*", "axb"), ("a*b*c", "a-b-b-c"), ("a", "a")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*a", "a"), ("a*b*c", "a-c"), ("a", "ab"), ("*b", "ba"), ("A*", "ab")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_a_document_mentions_stays() {
        let rule = |name: &str, with_data| types::PruneRule {
            capability: "sql".to_owned(),
            kind: "schema".to_owned(),
            name: vec!["app".to_owned(), name.to_owned()],
            with_data,
            extensions: Vec::new(),
        };
        let mut context = crate::native::context(&json!({}), &[]);
        context.inner.prune = vec![rule("tmp_*", false), rule("old_*", true)];
        context.inner.mentioned = vec![crate::touch::refer("sql", "schema", ["app", "tmp_used"])];
        let prune = context.prune::<Sql>("schema");
        assert!(prune.takes(&["app", "tmp_1"]) && !prune.with_data(&["app", "tmp_1"]));
        assert!(prune.takes(&["app", "old_1"]) && prune.with_data(&["app", "old_1"]));
        assert!(!prune.takes(&["app", "tmp_used"]) && !prune.takes(&["other", "tmp_1"]) && !prune.takes(&["tmp_1"]));
        assert!(context.prune::<Sql>("role").is_empty());
    }
}
