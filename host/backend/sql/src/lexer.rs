//! Where the statements of a script begin and end, and how each begins: as
//! much of PostgreSQL's lexical structure as that takes.
//!
//! Not a parser, and no guard: the server decides what a text means, and what
//! a script did is checked afterwards. This finds what a person must be told
//! before anything runs (transaction control, psql's commands, `COPY … FROM
//! STDIN`), with the line where it stands.

use crate::scripts::ScriptError;

/// A statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// Its text, from its first word, without the `;`.
    pub(crate) text: &'a str,
    /// The line of its first word, from 1.
    pub(crate) line: usize,
    /// Where it begins in the script, in bytes.
    pub(crate) start: usize,
    /// Its first words outside of quotes and brackets, in upper case.
    words: Vec<String>,
    /// Whether it moves rows through the client.
    streams: bool,
}

/// So many of a statement's words are kept.
const WORDS: usize = 6;

impl Statement<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// Whether it begins or ends a transaction, and how it is called.
    pub(crate) fn transaction_control(&self) -> Option<&str> {
        let first = self.word(0);
        let controls = match first {
            "BEGIN" | "COMMIT" | "END" | "ABORT" => true,
            "START" | "PREPARE" => self.word(1) == "TRANSACTION",
            // To a savepoint: it stays within the transaction.
            "ROLLBACK" => !self.words.iter().skip(1).take(2).any(|word| word == "TO"),
            _ => false,
        };
        controls.then_some(first)
    }
}

/// Splits a script at its semicolons.
///
/// # Errors
/// A quote, comment or bracket without its end; a `\` outside of quotes;
/// `COPY` through the client.
pub(crate) fn split(script: &str) -> Result<Vec<Statement<'_>>, ScriptError> {
    let mut lexer = Lexer { script, at: 0, brackets: 0, bodies: 0, statement: None, last: 0 };
    let mut statements = Vec::new();
    while let Some(statement) = lexer.next_statement()? {
        if statement.word(0) == "COPY" && statement.streams {
            return Err(ScriptError::new(
                statement.line,
                "COPY through the client is not possible in a script; use INSERT",
            ));
        }
        statements.push(statement);
    }
    Ok(statements)
}

/// The script without comments and white space that means nothing: two texts
/// with the same one do the same. What stands in quotes is as it is, but for
/// the ends of lines.
///
/// # Errors
/// As [`split`].
pub(crate) fn normal(script: &str) -> Result<String, ScriptError> {
    let script = script.replace("\r\n", "\n");
    let mut lexer = Lexer { script: &script, at: 0, brackets: 0, bodies: 0, statement: None, last: 0 };
    let mut text = String::with_capacity(script.len());
    let mut gap = false;
    while let Some(c) = lexer.rest().chars().next() {
        let rest = lexer.rest();
        if c.is_ascii_whitespace() || c == '\u{b}' {
            lexer.at += 1;
            gap = true;
        } else if rest.starts_with("--") {
            lexer.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            gap = true;
        } else if rest.starts_with("/*") {
            lexer.comment()?;
            gap = true;
        } else {
            let start = lexer.at;
            lexer.token(c)?;
            if gap && text.chars().next_back().is_some_and(|before| would_join(before, c)) {
                text.push(' ');
            }
            gap = false;
            text.push_str(script.get(start..lexer.at).unwrap_or_default());
        }
    }
    Ok(text)
}

/// Whether two characters could mean something else without the white space
/// between them: parts of words and quotes, or of operators.
fn would_join(before: char, after: char) -> bool {
    let of_word = |c: char| continues_word(c) || matches!(c, '\'' | '"' | '.');
    let of_operator = |c: char| "+-*/<>=~!@#%^&|`?:.".contains(c);
    (of_word(before) && of_word(after)) || (of_operator(before) && of_operator(after))
}

struct Lexer<'a> {
    script: &'a str,
    at: usize,
    /// Depth of `(` and `[`.
    brackets: usize,
    /// Depth of `BEGIN ATOMIC … END` and the `CASE … END` in it.
    bodies: usize,
    statement: Option<Statement<'a>>,
    /// The end of what belongs to the statement so far.
    last: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.script.get(self.at..).unwrap_or_default()
    }

    fn next_statement(&mut self) -> Result<Option<Statement<'a>>, ScriptError> {
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            if c.is_ascii_whitespace() || c == '\u{b}' {
                self.at += 1;
            } else if rest.starts_with("--") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.comment()?;
            } else if c == ';' && self.brackets == 0 && self.bodies == 0 {
                self.at += 1;
                if let Some(statement) = self.finish() {
                    return Ok(Some(statement));
                }
            } else {
                self.begin();
                self.token(c)?;
                self.last = self.at;
            }
        }
        if self.brackets > 0 {
            let line = self.statement.as_ref().map_or(1, |statement| statement.line);
            return Err(ScriptError::new(line, "a bracket that opens in the statement here is never closed"));
        }
        Ok(self.finish())
    }

    fn begin(&mut self) {
        if self.statement.is_none() {
            let (line, start) = (self.line(self.at), self.at);
            self.statement = Some(Statement { text: "", line, start, words: Vec::new(), streams: false });
        }
    }

    fn finish(&mut self) -> Option<Statement<'a>> {
        (self.brackets, self.bodies) = (0, 0);
        let mut statement = self.statement.take()?;
        statement.text = self.script.get(statement.start..self.last).unwrap_or_default();
        Some(statement)
    }

    fn token(&mut self, c: char) -> Result<(), ScriptError> {
        match c {
            '\'' => self.quoted('\'', false),
            '"' => self.quoted('"', false),
            '$' => self.dollar(),
            '(' | '[' => {
                self.brackets += 1;
                self.at += 1;
                Ok(())
            }
            ')' | ']' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.at += 1;
                Ok(())
            }
            '\\' => Err(ScriptError::new(
                self.line(self.at),
                "a `\\` outside of quotes: commands of psql are no SQL and cannot be run",
            )),
            '\0' => Err(ScriptError::new(self.line(self.at), "a NUL: the server takes no such text")),
            c if begins_word(c) => self.word(),
            // A number may run into letters; none of them begins a quote.
            c if c.is_ascii_digit() => {
                self.at += self.rest().find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest().len());
                Ok(())
            }
            c => {
                self.at += c.len_utf8();
                Ok(())
            }
        }
    }

    fn word(&mut self) -> Result<(), ScriptError> {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !continues_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        // `E'…'` has backslash escapes; `U&'…'`, `B'…'`, `X'…'`, `N'…'` do not.
        if word.eq_ignore_ascii_case("e") && self.rest().starts_with('\'') {
            return self.quoted('\'', true);
        }
        let word = word.to_ascii_uppercase();
        let brackets = self.brackets;
        let Some(statement) = &mut self.statement else { return Ok(()) };
        if brackets == 0 {
            statement.streams |= matches!(word.as_str(), "STDIN" | "STDOUT");
            // A body in standard SQL holds semicolons, without quotes round
            // it: as psql does, its depth is counted in words.
            if makes_routine(&statement.words) {
                match word.as_str() {
                    "BEGIN" => self.bodies += 1,
                    "CASE" if self.bodies > 0 => self.bodies += 1,
                    "END" => self.bodies = self.bodies.saturating_sub(1),
                    _ => {}
                }
            }
            if statement.words.len() < WORDS {
                statement.words.push(word);
            }
        }
        Ok(())
    }

    /// Goes past a quoted text; a doubled quote is one of its characters.
    fn quoted(&mut self, quote: char, escapes: bool) -> Result<(), ScriptError> {
        let begin = self.at;
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if escapes && c == '\\' {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                self.at += at + 1;
                return Ok(());
            }
        }
        Err(ScriptError::new(self.line(begin), format!("a `{quote}` that opens here is never closed")))
    }

    /// Goes past `$tag$ … $tag$`, or a lone `$`.
    fn dollar(&mut self) -> Result<(), ScriptError> {
        let rest = self.rest();
        let inner = rest.get(1..).unwrap_or_default();
        let end = inner.find(|c| !continues_tag(c)).unwrap_or(inner.len());
        let tag = inner.get(..end).unwrap_or_default();
        if !inner.get(end..).unwrap_or_default().starts_with('$') || tag.starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1;
            return Ok(());
        }
        let mark = rest.get(..end + 2).unwrap_or_default();
        let body = rest.get(mark.len()..).unwrap_or_default();
        match body.find(mark) {
            Some(length) => {
                self.at += mark.len() * 2 + length;
                Ok(())
            }
            None => Err(ScriptError::new(self.line(self.at), format!("a `{mark}` that opens here is never closed"))),
        }
    }

    /// Goes past a comment; comments nest.
    fn comment(&mut self) -> Result<(), ScriptError> {
        let begin = self.at;
        let mut depth = 0_usize;
        while let Some(found) = self.rest().find(['/', '*']) {
            self.at += found;
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.at += 1;
            }
        }
        Err(ScriptError::new(self.line(begin), "a `/*` that opens here is never closed"))
    }

    fn line(&self, at: usize) -> usize {
        line_of(self.script, at)
    }
}

/// The line of a place in a text, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn begins_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_word(c: char) -> bool {
    begins_word(c) || c.is_ascii_digit() || c == '$'
}

fn continues_tag(c: char) -> bool {
    begins_word(c) || c.is_ascii_digit()
}

/// `CREATE [OR REPLACE] FUNCTION | PROCEDURE …`
fn makes_routine(words: &[String]) -> bool {
    let words: Vec<_> = words.iter().map(String::as_str).take(4).collect();
    matches!(
        words.as_slice(),
        ["CREATE", "FUNCTION" | "PROCEDURE", ..] | ["CREATE", "OR", "REPLACE", "FUNCTION" | "PROCEDURE", ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        split(script).unwrap().iter().map(|statement| statement.text).collect()
    }

    fn refused(script: &str) -> (usize, String) {
        let error = split(script).unwrap_err();
        (error.line, error.problem)
    }

    #[test]
    fn splits_at_semicolons() {
        assert_eq!(texts("a; b ;;\n c"), ["a", "b", "c"]);
        assert_eq!(texts("  -- nothing\n/* at all */ ;"), Vec::<&str>::new());
        let found = split("-- x\n\nselect 1;\nselect\n2;").unwrap();
        assert_eq!((found[0].line, found[1].line, found[1].start), (3, 4, 16));
    }

    #[test]
    fn comments_and_white_space_mean_nothing() {
        let same = |a: &str, b: &str| assert_eq!(normal(a).unwrap(), normal(b).unwrap(), "{a:?} {b:?}");
        same("select 1;\r\nselect 2", "-- SPDX\nselect /* x */ 1 ;\n\n\tselect 2 -- y");
        same("create table t (a int, b text)", "create table t(a int,b text)\n");
        same("select 'a\r\nb'", "select 'a\nb'");
        let differ = |a: &str, b: &str| assert_ne!(normal(a).unwrap(), normal(b).unwrap(), "{a:?} {b:?}");
        for (a, b) in [
            ("select 1", "select 2"),
            ("select 'a  b'", "select 'a b'"),
            ("select 'a' 'b'", "select 'a''b'"),
            ("select ab", "select a b"),
            ("select @ -1", "select @-1"),
            ("select $$ -- x\n$$", "select $$\n$$"),
            ("select \"a b\"", "select \"a  b\""),
            ("select 1 . 2", "select 1.2"),
        ] {
            differ(a, b);
        }
        assert!(normal("select '").is_err());
    }

    #[test]
    fn quotes_hide_semicolons() {
        for script in [
            "select ';'",
            "select 'it''s; ok'",
            r"select E'\';', 1",
            r"select e'\\'",
            r"select '\'",
            r#"select "a;""b;" "#,
            "select $$;$$",
            "do $body$ begin; $$ ; end $body$",
            "select $a$ $b$ ; $a$",
            "select $1, 2",
            "select /* ; /* ; */ ; */ 1",
            "select 1 -- ; x",
            "select U&'\\0041;' , B'1' , X'ff;'",
            "insert into t values (1, ';') returning (select 2)",
            "create rule r as on insert to t do also (select 1; select 2)",
            "select é';' from ü",
        ] {
            assert_eq!(texts(script).len(), 1, "{script}");
        }
        // `$` within a word opens no quote.
        assert_eq!(texts("select a$b$; select c$b$").len(), 2);
        assert_eq!(texts("select 1$$;$$").len(), 1);
    }

    #[test]
    fn bodies_in_standard_sql_hold_semicolons() {
        let body = "create or replace procedure p(a int) language sql begin atomic \
                    insert into t values (case when a > 0 then 1 else 2 end); select case a when 1 then 2 end; end";
        assert_eq!(texts(&format!("{body}; select 1")), [body, "select 1"]);
        // Elsewhere BEGIN is transaction control.
        assert_eq!(texts("begin; select 1; end").len(), 3);
    }

    #[test]
    fn transaction_control_is_found() {
        for (script, word) in [
            ("commit", Some("COMMIT")),
            ("/* x */ Commit and chain", Some("COMMIT")),
            ("begin", Some("BEGIN")),
            ("end", Some("END")),
            ("abort", Some("ABORT")),
            ("rollback", Some("ROLLBACK")),
            ("rollback prepared 'x'", Some("ROLLBACK")),
            ("start transaction", Some("START")),
            ("prepare transaction 'x'", Some("PREPARE")),
            ("rollback to s", None),
            ("rollback work to savepoint s", None),
            ("savepoint s", None),
            ("release s", None),
            ("prepare p as select 1", None),
            ("select 'commit'", None),
            ("comment on table t is $$ commit; $$", None),
            ("do $$ begin commit; end $$", None),
        ] {
            let statements = split(script).unwrap();
            assert_eq!(statements[0].transaction_control(), word, "{script}");
        }
        assert_eq!(split("select 1;\n\ncommit;").unwrap()[1].line, 3);
    }

    #[test]
    fn what_no_server_would_take_is_refused_with_its_line() {
        assert_eq!(refused("select 1;\n\\connect app").0, 2);
        assert_eq!(refused("\nselect 'x"), (2, "a `'` that opens here is never closed".into()));
        assert_eq!(refused("/* /* */"), (1, "a `/*` that opens here is never closed".into()));
        assert_eq!(refused("select $x$ $$"), (1, "a `$x$` that opens here is never closed".into()));
        assert_eq!(refused("\n\nselect (1;").0, 3);
        assert_eq!(refused("select 1;\ncopy t (a) from stdin;\n1\n\\.\n").0, 2);
        assert!(split("copy t from '/file/stdin'; copy stdin_log to program 'x'").is_ok());
    }

    #[test]
    fn never_panics_and_loses_nothing() {
        let parts = [
            "'",
            "\"",
            "$",
            "$a$",
            "--",
            "/*",
            "*/",
            "\\",
            ";",
            "(",
            ")",
            "E'",
            "é",
            "\n",
            "begin ",
            "create function ",
            "x",
            "1",
        ];
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..20_000 {
            let script: String = (0..random.usize(0..14)).map(|_| parts[random.usize(..parts.len())]).collect();
            let Ok(statements) = split(&script) else { continue };
            let mut end = 0;
            for statement in statements {
                assert!(statement.start >= end, "{script:?}");
                assert_eq!(&script[statement.start..statement.start + statement.text.len()], statement.text);
                end = statement.start + statement.text.len();
            }
        }
    }
}
