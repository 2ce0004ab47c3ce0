//! Patterns of names, as grants and `prune` write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Name;
use crate::name::{NameError, split};

/// A pattern of names: as many segments as the names it matches, in each of
/// which `*` stands for any characters, also none. Case counts.
///
/// A pattern made by [`Pattern::exactly`] matches one name, also when that
/// name contains a `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Segment {
    Exact(String),
    /// The parts between the stars.
    Glob(Vec<String>),
}

/// A pattern that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PatternError {
    /// Its segments cannot be told apart.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Pattern {
    /// The pattern that matches just this name.
    pub fn exactly(name: &Name) -> Self {
        Self { segments: name.0.iter().cloned().map(Segment::Exact).collect() }
    }

    /// A pattern of these segments, in each of which `*` is a wildcard.
    pub fn of_segments<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self { segments: segments.into_iter().map(Segment::parse).collect() }
    }

    /// The pattern of `exact` segments followed by one in which `*` is a
    /// wildcard.
    pub fn below(exact: &Name, last: &str) -> Self {
        let mut pattern = Self::exactly(exact);
        pattern.segments.push(Segment::parse(last));
        pattern
    }

    /// Whether the name matches.
    pub fn matches(&self, name: &Name) -> bool {
        self.segments.len() == name.0.len() && self.segments.iter().zip(&name.0).all(|(s, n)| s.matches(n))
    }

    /// Its segments, each with its `*`.
    pub fn segments(&self) -> Vec<String> {
        let text = |segment: &Segment| match segment {
            Segment::Exact(text) => text.clone(),
            Segment::Glob(parts) => parts.join("*"),
        };
        self.segments.iter().map(text).collect()
    }

    /// Whether it matches every name of as many segments.
    pub fn is_everything(&self) -> bool {
        self.segments.iter().all(|s| matches!(s, Segment::Glob(parts) if parts.iter().all(String::is_empty)))
    }

    /// Whether it has a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.segments.iter().any(|s| matches!(s, Segment::Glob(_)))
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        if text.contains('*') {
            Self::Glob(text.split('*').map(str::to_owned).collect())
        } else {
            Self::Exact(text.to_owned())
        }
    }

    fn matches(&self, text: &str) -> bool {
        let parts = match self {
            Self::Exact(exact) => return exact == text,
            Self::Glob(parts) => parts,
        };
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
        let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for part in &parts[1..parts.len() - 1] {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Ok(Self { segments: split(text)?.iter().map(|s| Segment::parse(s)).collect() })
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Name(self.segments()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &[&str]) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(&Name::new(name.iter().copied()))
    }

    #[test]
    fn a_star_stays_within_its_segment() {
        assert!(matches("app/*/t_*", &["app", "public", "t_1"]));
        assert!(!matches("app/*", &["app", "public", "t_1"]));
        assert!(matches("app/*", &["app", "a/b"]));
        assert!(matches("*", &["x"]));
        assert!(!matches("*", &["x", "y"]));
    }

    #[test]
    fn parts_do_not_overlap() {
        assert!(matches("a*a", &["aa"]));
        assert!(!matches("a*a", &["a"]));
        assert!(matches("a*b*c", &["a-b-b-c"]));
        assert!(!matches("a*b*c", &["a-c"]));
        assert!(!matches("APP*", &["app"]));
    }

    #[test]
    fn an_exact_name_with_a_star_is_not_a_wildcard() {
        let star = Pattern::exactly(&Name::new(["a*"]));
        assert!(star.matches(&Name::new(["a*"])));
        assert!(!star.matches(&Name::new(["ab"])));
    }

    #[test]
    fn knows_what_matches_everything() {
        assert!("*".parse::<Pattern>().unwrap().is_everything());
        assert!("*/**".parse::<Pattern>().unwrap().is_everything());
        assert!(!"app/*".parse::<Pattern>().unwrap().is_everything());
    }
}
