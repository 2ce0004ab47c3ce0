//! `${VAR}` in values, as Compose knows it, with one difference: unset
//! without a default is an error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use crate::bounded;

/// The largest file that is read in place of a variable, in bytes.
pub(crate) const MOST_BYTES: u64 = 64 << 10;

/// What variables stand for. `NAME_FILE` is read where `NAME` is asked for.
pub(crate) struct Environment<'a> {
    variables: &'a BTreeMap<String, String>,
    files: RefCell<BTreeMap<String, Result<String, String>>>,
}

/// The text after interpolation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub text: String,
    /// A variable was in it.
    pub interpolated: bool,
    /// A variable in it came to nothing.
    pub empty: bool,
    /// Names after a lone `$`, which stays as it is: elsewhere they would be
    /// variables.
    pub bare: Vec<String>,
}

/// Why a text cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FillError {
    /// Unset, and no default.
    Unset { name: String },
    /// Unset (or empty), and the document says what to tell.
    Asked { name: String, message: String, is_set: bool },
    /// `NAME` and `NAME_FILE` are both set.
    Both { name: String },
    /// The file of `NAME_FILE` cannot be read.
    File { name: String, path: String, cause: String },
    /// `${` that is none of the forms.
    Malformed { why: &'static str },
}

/// How deep defaults may stand in defaults.
const DEPTH: usize = 8;

impl<'a> Environment<'a> {
    pub fn new(variables: &'a BTreeMap<String, String>) -> Self {
        Self { variables, files: RefCell::default() }
    }

    /// The variable itself, without its file.
    pub fn plain(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The value of a variable; `None`: neither it nor its file is set.
    pub fn lookup(&self, name: &str) -> Result<Option<String>, FillError> {
        let file_name = format!("{name}_FILE");
        let path = self.variables.get(&file_name).filter(|path| !path.is_empty());
        match (self.variables.get(name), path) {
            (Some(_), Some(_)) => Err(FillError::Both { name: name.to_owned() }),
            (Some(value), None) => Ok(Some(value.clone())),
            (None, None) => Ok(None),
            (None, Some(path)) => {
                let mut files = self.files.borrow_mut();
                let read = files.entry(path.clone()).or_insert_with(|| {
                    let bytes =
                        bounded::read(Path::new(path), MOST_BYTES).map_err(|unread| unread.cause(MOST_BYTES))?;
                    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
                    Ok(trim_newline(&text).to_owned())
                });
                match read {
                    Ok(text) => Ok(Some(text.clone())),
                    Err(cause) => Err(FillError::File { name: file_name, path: path.clone(), cause: cause.clone() }),
                }
            }
        }
    }

    /// Fills a text in.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn fill(&self, text: &str) -> Result<Filled, Vec<FillError>> {
        let mut filled =
            Filled { text: String::with_capacity(text.len()), interpolated: false, empty: false, bare: Vec::new() };
        let mut errors = Vec::new();
        self.expand(text, 0, &mut filled, &mut errors);
        if errors.is_empty() { Ok(filled) } else { Err(errors) }
    }

    fn expand(&self, mut text: &str, depth: usize, filled: &mut Filled, errors: &mut Vec<FillError>) {
        while let Some(at) = text.find('$') {
            let (before, rest) = text.split_at(at);
            filled.text.push_str(before);
            if let Some(rest) = rest.strip_prefix("$$") {
                filled.text.push('$');
                filled.interpolated = true;
                text = rest;
            } else if let Some(rest) = rest.strip_prefix("${") {
                filled.interpolated = true;
                let Some(end) = closing(rest) else {
                    errors.push(FillError::Malformed { why: "`${` is not closed" });
                    return;
                };
                if depth >= DEPTH {
                    errors.push(FillError::Malformed { why: "defaults are nested too deeply" });
                    return;
                }
                self.variable(&rest[..end], depth, filled, errors);
                text = &rest[end + 1..];
            } else {
                filled.text.push('$');
                text = &rest[1..];
                filled.bare.extend(bare_name(text).map(str::to_owned));
            }
        }
        filled.text.push_str(text);
    }

    fn variable(&self, inner: &str, depth: usize, filled: &mut Filled, errors: &mut Vec<FillError>) {
        let length = inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let (name, rest) = inner.split_at(length);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            errors.push(FillError::Malformed { why: "no variable's name follows `${`" });
            return;
        }
        let value = match self.lookup(name) {
            Ok(value) => value,
            Err(error) => return errors.push(error),
        };
        let (operator, argument) = match rest.strip_prefix(':') {
            Some(rest) if rest.starts_with(['-', '?']) => (&rest[..1], &rest[1..]),
            None if rest.starts_with(['-', '?']) => (&rest[..1], &rest[1..]),
            None if rest.is_empty() => ("", ""),
            _ => {
                errors.push(FillError::Malformed { why: "what follows the variable's name is not known here" });
                return;
            }
        };
        // With a colon an empty variable counts as unset.
        let is_set = value.is_some();
        let value = value.filter(|value| !(rest.starts_with(':') && value.is_empty()));
        let before = filled.text.len();
        match (value, operator) {
            (Some(value), _) => filled.text.push_str(&value),
            (None, "-") => self.expand(argument, depth + 1, filled, errors),
            (None, "?") => {
                errors.push(FillError::Asked { name: name.to_owned(), message: argument.trim().to_owned(), is_set });
            }
            (None, _) => errors.push(FillError::Unset { name: name.to_owned() }),
        }
        filled.empty |= filled.text.len() == before;
    }
}

/// The name at the start of a text, as variables are called: `MINIO_ROOT_USER`.
fn bare_name(text: &str) -> Option<&str> {
    let length = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let name = &text[..length];
    let word = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    (word && name.bytes().any(|b| b.is_ascii_alphanumeric())).then_some(name)
}

/// Where the `}` is that closes an opened `${`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Without the newline that an editor or `echo` puts at the end.
pub(crate) fn trim_newline(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> BTreeMap<String, String> {
        [("A", "alpha"), ("EMPTY", ""), ("BOTH", "x"), ("BOTH_FILE", "/x"), ("GONE_FILE", "/does/not/exist")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    }

    fn fill(text: &str) -> Result<String, Vec<FillError>> {
        Environment::new(&variables()).fill(text).map(|filled| filled.text)
    }

    #[test]
    fn fills_in() {
        for (text, filled) in [
            ("${A}", "alpha"),
            ("a-${A}-${A}", "a-alpha-alpha"),
            ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${NONE:-d}", "d"),
            ("${NONE-d}", "d"),
            ("${NONE:-}", ""),
            ("${NONE:-${A}}", "alpha"),
            ("${NONE:-${OTHER:-deep}}!", "deep!"),
            ("${A:?needed}", "alpha"),
            ("${EMPTY?needed}", ""),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("$A costs 5$", "$A costs 5$"),
            ("${NONE:-a:b?c-d}", "a:b?c-d"),
        ] {
            assert_eq!(fill(text).as_deref(), Ok(filled), "{text}");
        }
    }

    #[test]
    fn knows_the_names_that_stand_bare() {
        let variables = variables();
        let bare = |text: &str| Environment::new(&variables).fill(text).unwrap().bare;
        assert_eq!(bare("$MINIO_USER at $_HOST_2:9"), ["MINIO_USER", "_HOST_2"]);
        assert_eq!(bare("${NONE:-$OTHER}"), ["OTHER"]);
        for text in ["$$A", "${A}", "$lower", "5$", "$5", "$_", "$ A", "$$${A}"] {
            assert!(bare(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let malformed = |text: &str| matches!(fill(text).unwrap_err()[..], [FillError::Malformed { .. }]);
        assert_eq!(fill("${NONE}"), Err(vec![FillError::Unset { name: "NONE".into() }]));
        let asked = FillError::Asked { name: "NONE".into(), message: "set it".into(), is_set: false };
        assert_eq!(fill("${NONE:?set it}"), Err(vec![asked]));
        assert!(matches!(fill("${EMPTY:?set it}").unwrap_err()[..], [FillError::Asked { is_set: true, .. }]));
        assert_eq!(fill("${BOTH}"), Err(vec![FillError::Both { name: "BOTH".into() }]));
        assert!(matches!(fill("${GONE}").unwrap_err()[..], [FillError::File { .. }]));
        assert_eq!(fill("${NONE}${NONE2}").unwrap_err().len(), 2);
        for text in ["${", "${}", "${A", "${1}", "${A B}", "${A:}", "${A+x}", "${A:=x}", "${NONE:-${A}"] {
            assert!(malformed(text), "{text}");
        }
    }

    #[test]
    fn knows_whether_something_came_to_nothing() {
        let variables = variables();
        let environment = Environment::new(&variables);
        assert!(environment.fill("${EMPTY}*").unwrap().empty);
        assert!(environment.fill("${NONE:-}*").unwrap().empty);
        assert!(!environment.fill("${A}*").unwrap().empty);
    }

    #[test]
    fn reads_the_file_of_a_variable() {
        let path = std::env::temp_dir().join(format!("hyhost-config-{}", std::process::id()));
        std::fs::write(&path, "from file\r\n").unwrap();
        let variables = BTreeMap::from([("V_FILE".to_owned(), path.display().to_string())]);
        let filled = Environment::new(&variables).fill("${V}").unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(filled.text, "from file");
    }

    #[test]
    fn one_newline_is_trimmed() {
        assert_eq!(trim_newline("a\n\n"), "a\n");
        assert_eq!(trim_newline("a\r\n"), "a");
        assert_eq!(trim_newline(" a "), " a ");
    }
}
