//! Names of things, as lists of segments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a thing: its segments, outermost first, such as
/// `["app", "public", "t"]` for a table.
///
/// Shown joined by `/`; a `/` or `\` within a segment is preceded by `\`, and
/// control characters are written as `\u{…}`, so that a name is one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Name(pub Vec<String>);

impl Name {
    /// A name of these segments.
    pub fn new<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(segments.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            for c in segment.chars() {
                match c {
                    '/' | '\\' => write!(f, "\\{c}")?,
                    c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                    c => write!(f, "{c}")?,
                }
            }
        }
        Ok(())
    }
}

/// A name as text that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// A `\` that is followed by neither `/` nor `\`.
    #[error("`{0}`: a `\\` must be followed by `/` or `\\`")]
    Escape(String),
    /// A segment of no characters.
    #[error("`{0}`: a segment is empty")]
    Empty(String),
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        split(text).map(Self)
    }
}

/// Splits at every `/` that no `\` precedes, and undoes the escapes.
pub(crate) fn split(text: &str) -> Result<Vec<String>, NameError> {
    let mut segments = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => segments.push(String::new()),
            '\\' => match chars.next() {
                Some(c @ ('/' | '\\')) => push(&mut segments, c),
                _ => return Err(NameError::Escape(text.to_owned())),
            },
            c => push(&mut segments, c),
        }
    }
    if segments.iter().any(String::is_empty) {
        return Err(NameError::Empty(text.to_owned()));
    }
    Ok(segments)
}

fn push(segments: &mut [String], c: char) {
    if let Some(last) = segments.last_mut() {
        last.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_with_escapes() {
        let name = Name::new(["a/b", "c\\d", "e"]);
        assert_eq!(name.to_string(), r"a\/b/c\\d/e");
        assert_eq!(name.to_string().parse::<Name>().unwrap(), name);
    }

    #[test]
    fn refuses_what_is_no_name() {
        assert_eq!("a//b".parse::<Name>(), Err(NameError::Empty("a//b".into())));
        assert_eq!(r"a\b".parse::<Name>(), Err(NameError::Escape(r"a\b".into())));
    }

    #[test]
    fn is_one_line() {
        assert_eq!(Name::new(["a\nb"]).to_string(), r"a\u{a}b");
    }
}
