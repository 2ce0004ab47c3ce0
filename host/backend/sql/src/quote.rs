//! Quoting: the one place where a value becomes part of a statement's text.
//!
//! Nothing that a value contains can end its literal or identifier, whatever
//! the session's `standard_conforming_strings` says: a `'` or `"` is doubled,
//! and a literal with a backslash is written as `E''` with it doubled. The
//! client encoding is always UTF-8, in which no byte of a longer character is
//! one of these.

use std::fmt::Write as _;

/// Why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuoteError {
    /// An identifier of no characters.
    #[error("a name is empty")]
    Empty,
    /// A NUL: the server's texts cannot hold one.
    #[error("it contains a NUL")]
    Nul,
    /// The server would cut the name off, and so mean another object.
    #[error("a name is longer than 63 bytes")]
    Long,
    /// Something in a function's arguments that is no name of a type.
    #[error("it must be a function's name, or its name and the types of its arguments, such as `f(integer, text)`")]
    Types,
}

/// The most bytes of an identifier (`NAMEDATALEN` − 1).
const LONGEST: usize = 63;

/// Whether this text can be an object's name.
pub(crate) fn check_name(name: &str) -> Result<(), QuoteError> {
    match name {
        "" => Err(QuoteError::Empty),
        name if name.contains('\0') => Err(QuoteError::Nul),
        name if name.len() > LONGEST => Err(QuoteError::Long),
        _ => Ok(()),
    }
}

/// Appends a quoted identifier.
pub(crate) fn identifier(name: &str, to: &mut String) -> Result<(), QuoteError> {
    check_name(name)?;
    to.push('"');
    for c in name.chars() {
        if c == '"' {
            to.push('"');
        }
        to.push(c);
    }
    to.push('"');
    Ok(())
}

/// Appends a function's name, and the types of its arguments in brackets if
/// they are given: `f(integer, app."Mood"[])`.
///
/// The name is all before the last `(`. Types are words, quoted or not, dots,
/// `[]` and commas, and nothing else is let through: a type's name may be of
/// several words (`double precision`), which is why not each is quoted.
pub(crate) fn routine(signature: &str, to: &mut String) -> Result<(), QuoteError> {
    let Some((name, types)) = signature.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) else {
        return identifier(signature, to);
    };
    identifier(name, to)?;
    to.push('(');
    let mut rest = types;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let (name, after) = quoted_name(&rest[1..]);
                identifier(&name, to)?;
                rest = after;
            }
            // No `$`, which could open a quote.
            ' ' | ',' | '.' | '[' | ']' | '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => {
                to.push(c);
                rest = &rest[c.len_utf8()..];
            }
            _ => return Err(QuoteError::Types),
        }
    }
    to.push(')');
    Ok(())
}

/// A name up to its closing quote, and what follows. Without an end it is all
/// that is left.
fn quoted_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (name, rest),
        }
    }
    name.push_str(rest);
    (name, "")
}

/// Appends a string literal.
pub(crate) fn literal(text: &str, to: &mut String) -> Result<(), QuoteError> {
    if text.contains('\0') {
        return Err(QuoteError::Nul);
    }
    // A space, so that the `E` cannot join a word before it.
    to.push_str(if text.contains('\\') { " E'" } else { "'" });
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            to.push(c);
        }
        to.push(c);
    }
    to.push('\'');
    Ok(())
}

/// The settings whose value is a list of names, each of which the server
/// quotes by itself (`GUC_LIST_QUOTE`); the flag says whether unquoted ones
/// are folded to lower case. Given as one literal they would be one name.
const LISTS: [(&str, bool); 6] = [
    ("search_path", true),
    ("temp_tablespaces", true),
    ("local_preload_libraries", false),
    ("session_preload_libraries", false),
    ("shared_preload_libraries", false),
    ("unix_socket_directories", false),
];

/// Appends the value of a setting: one literal, or one for each item.
pub(crate) fn setting_value(setting: &str, value: &str, to: &mut String) -> Result<(), QuoteError> {
    let list = LISTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(setting));
    let Some((_, fold)) = list else { return literal(value, to) };
    let items = split_list(value, *fold);
    if items.is_empty() {
        return literal("", to);
    }
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            let _ = write!(to, ", ");
        }
        literal(item, to)?;
    }
    Ok(())
}

/// Splits at commas as the server does: `"…"` is kept as it is with `""` for
/// one `"`, white space round an item is dropped. What the server would refuse
/// (an empty item, a quote without its end) is passed on as it stands, so that
/// the server says it.
fn split_list(value: &str, fold: bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = value.trim_start();
    if rest.is_empty() {
        return items;
    }
    loop {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_item(quoted),
            None => {
                let (item, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                let item = item.trim_end();
                (if fold { item.to_lowercase() } else { item.to_owned() }, after)
            }
        };
        items.push(item);
        match after.trim_start().strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None => return items,
        }
    }
}

/// The item up to its closing quote, and what follows.
fn quoted_item(text: &str) -> (String, &str) {
    let mut item = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
            // Whatever stands between the quote and the comma is not dropped
            // silently: it becomes part of the name.
            let after = text.get(at + 1..).unwrap_or_default();
            let (trail, after) = after.split_at(after.find(',').unwrap_or(after.len()));
            item.push_str(trail.trim_end());
            return (item, after);
        }
        item.push(c);
    }
    (item, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Result<String, QuoteError> {
        let mut to = String::new();
        identifier(name, &mut to).map(|()| to)
    }

    fn text(value: &str) -> Result<String, QuoteError> {
        let mut to = String::new();
        literal(value, &mut to).map(|()| to)
    }

    fn value(setting: &str, value: &str) -> String {
        let mut to = String::new();
        setting_value(setting, value, &mut to).unwrap();
        to
    }

    #[test]
    fn identifiers() {
        assert_eq!(id("app"), Ok(r#""app""#.into()));
        assert_eq!(id(r#"a"; DROP ROLE x; --"#), Ok(r#""a""; DROP ROLE x; --""#.into()));
        assert_eq!(id(""), Err(QuoteError::Empty));
        assert_eq!(id("a\0b"), Err(QuoteError::Nul));
        assert_eq!(id(&"x".repeat(63)).map(|t| t.len()), Ok(65));
        // 32 characters of two bytes each.
        assert_eq!(id(&"é".repeat(32)), Err(QuoteError::Long));
    }

    #[test]
    fn literals() {
        assert_eq!(text("it's"), Ok("'it''s'".into()));
        assert_eq!(text(r"a\'b"), Ok(r" E'a\\''b'".into()));
        assert_eq!(text("a\0"), Err(QuoteError::Nul));
    }

    #[test]
    fn lists_become_one_literal_each() {
        assert_eq!(value("search_path", r#""$user", App ,"Mixed ""Q"", x""#), r#"'$user', 'app', 'Mixed "Q", x'"#);
        assert_eq!(value("Search_Path", ""), "''");
        assert_eq!(value("session_preload_libraries", "A,b"), "'A', 'b'");
        assert_eq!(value("DateStyle", "ISO, DMY"), "'ISO, DMY'");
    }

    #[test]
    fn routines() {
        let text = |signature: &str| {
            let mut to = String::new();
            routine(signature, &mut to).map(|()| to)
        };
        assert_eq!(text("f"), Ok(r#""f""#.into()));
        assert_eq!(text("F (x)(integer, double precision[])"), Ok(r#""F (x)"(integer, double precision[])"#.into()));
        assert_eq!(text(r#"f(s."a"";)",int)"#), Ok(r#""f"(s."a"";)",int)"#.into()));
        assert_eq!(text(r#"f("a""b;", "c")"#), Ok(r#""f"("a""b;", "c")"#.into()));
        assert_eq!(text(r#"f(s."A"[], "b")"#), Ok(r#""f"(s."A"[], "b")"#.into()));
        assert_eq!(text(r#"f("a)"#), Ok(r#""f"("a")"#.into()));
        for wrong in ["f(a;b)", "f($$)", "f('x')", "f(a--b)", "f(/*)", "f(\n)", "f(é)"] {
            assert_eq!(text(wrong), Err(QuoteError::Types), "{wrong}");
        }
        assert_eq!(text("(int)"), Err(QuoteError::Empty));
    }

    #[test]
    fn broken_lists_keep_all_that_is_in_them() {
        assert_eq!(value("search_path", "a,,b"), "'a', '', 'b'");
        assert_eq!(value("search_path", r#""a"b, c"#), "'ab', 'c'");
        assert_eq!(value("search_path", r#""a, b"#), "'a, b'");
    }

    /// Reads a quoted text back as the server's lexer does, in both states of
    /// `standard_conforming_strings`; `None` if it does not end at the end.
    fn unquote(text: &str, quote: char, conforming: bool) -> Option<String> {
        let text = text.trim_start();
        let escapes = text.starts_with('E') || (quote == '\'' && !conforming);
        let mut chars = text.trim_start_matches('E').strip_prefix(quote)?.chars();
        let mut value = String::new();
        loop {
            match chars.next()? {
                '\\' if escapes => value.push(chars.next()?),
                c if c == quote => match chars.next() {
                    None => return Some(value),
                    Some(c) if c == quote => value.push(c),
                    Some(_) => return None,
                },
                c => value.push(c),
            }
        }
    }

    #[test]
    fn nothing_ends_its_own_quotes() {
        let alphabet = ['\'', '"', '\\', 'a', ';', '-', '$', '\n', 'é', 'E'];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let length = random.usize(1..12);
            let value: String = (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
            for conforming in [true, false] {
                assert_eq!(unquote(&text(&value).unwrap(), '\'', conforming).as_deref(), Some(&*value));
                assert_eq!(unquote(&id(&value).unwrap(), '"', conforming).as_deref(), Some(&*value));
            }
        }
    }
}
