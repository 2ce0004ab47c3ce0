//! Fields of our own structure: known, filled in, of their type.

use crate::Rule;
use crate::core_schema::typed;
use crate::interpolate::{Environment, FillError};
use crate::merge::{hide, is_extension};
use crate::report::Report;
use crate::source::Spot;
use crate::suggest;
use crate::yaml::{Entry, Kind, Node};

/// Reads values, and reports what is wrong with them.
pub(crate) struct Reader<'a> {
    pub report: &'a mut Report,
    pub env: &'a Environment<'a>,
    /// An unset variable is a note: nothing here is chosen.
    pub lenient: bool,
    /// What is read may be a secret that was typed in a wrong place: no note
    /// quotes it.
    pub quiet: bool,
}

/// The fields of a map, all of them known.
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether one of the unknown fields seems to be this one: that has been
    /// said, and is not said again as something missing.
    pub fn is_misspelt(&self, field: &str) -> bool {
        self.entries.iter().any(|entry| suggest::nearest(&entry.key, [field]).is_some())
    }

    /// Nothing stands in it but `x-…`.
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| is_extension(&entry.key))
    }
}

/// A text that was filled in.
pub(crate) struct Text {
    pub text: String,
    /// It may have another type than text: it is not quoted, or holds `${…}`,
    /// which must be quoted in `{ … }`.
    pub plain: bool,
}

impl Reader<'_> {
    /// The fields of a map of our own; others are mistakes.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &node.kind else {
            hide(node, self.report);
            let problem = format!("`{what}` must be a map");
            self.report
                .mistake(Rule::WrongType, node.spot, problem)
                .help(format!("its fields are {}", suggest::list(known)));
            return None;
        };
        for entry in entries {
            if !known.contains(&entry.key.as_str()) && !is_extension(&entry.key) {
                let help = suggest::known(&entry.key, known.iter().copied());
                self.report.unknown_field(&entry.key, entry.key_spot, &format!("in `{what}`"), help);
                hide(&entry.value, self.report);
            }
        }
        Some(Fields { entries })
    }

    /// A scalar, filled in. `None`: it is none, or a mistake or note was made.
    pub fn filled(&mut self, node: &Node, what: &str) -> Option<Text> {
        let Kind::Scalar(scalar) = &node.kind else {
            let found = if matches!(node.kind, Kind::List(_)) { "a list" } else { "a map" };
            let problem = format!("`{what}` must be a single value, not {found}");
            self.report.mistake(Rule::WrongType, node.spot, problem).help("write one value here");
            return None;
        };
        if node.is_null() {
            self.report
                .mistake(Rule::MissingField, node.spot, format!("`{what}` has no value"))
                .help("write one, or leave the field out");
            return None;
        }
        let filled = self.fill(node.spot, &scalar.text)?;
        Some(Text { text: filled.text, plain: scalar.plain || filled.interpolated })
    }

    /// Fills in what was written at a spot.
    pub fn fill(&mut self, spot: Spot, text: &str) -> Option<crate::interpolate::Filled> {
        match self.env.fill(text) {
            Ok(filled) => {
                // What stands before an `@` in an address is shown nowhere.
                if !self.quiet && !text.contains('@') && !self.report.is_hidden(spot) {
                    for name in &filled.bare {
                        self.note_bare(spot, name);
                    }
                }
                Some(filled)
            }
            Err(errors) => {
                for error in errors {
                    self.fill_error(spot, error);
                }
                None
            }
        }
    }

    /// In Compose `$NAME` is a variable.
    fn note_bare(&mut self, spot: Spot, name: &str) {
        let written = format!("${name}");
        let spot = self.report.sources.within(spot, &written);
        let text = format!(
            "`{written}` is taken as it is written; for the variable write `${{{name}}}`, for a dollar sign `$$`"
        );
        self.report.note(Some(spot), text);
    }

    fn fill_error(&mut self, spot: Spot, error: FillError) {
        let (rule, name, problem, help) = match error {
            FillError::Unset { name } => {
                let help = format!("set it, or give a default: `${{{name}:-…}}`");
                (Rule::UnsetVariable, name.clone(), format!("the variable {name} is not set"), help)
            }
            FillError::Asked { name, message, is_set } => {
                let said = if message.is_empty() { String::new() } else { format!(": {message}") };
                let lacks = if is_set { "is empty" } else { "is not set" };
                let help = format!("set {name}, or {name}_FILE to the path of a file");
                (Rule::UnsetVariable, name.clone(), format!("the variable {name} {lacks}{said}"), help)
            }
            FillError::Both { name } => {
                let problem = format!("the variables {name} and {name}_FILE are both set");
                (Rule::VariableTwice, name, problem, "unset one of them".to_owned())
            }
            FillError::File { name, path, cause } => {
                let problem = format!("cannot read {path}, the file that {name} names: {cause}");
                let variable = name.trim_end_matches("_FILE").to_owned();
                (Rule::VariableFile, variable, problem, format!("make it readable, or set another {name}"))
            }
            FillError::Malformed { why } => {
                let help = "known are `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?message}` and `${VAR?message}`; \
                            `$$` stands for a `$`";
                self.report.mistake(Rule::Interpolation, spot, why).help(help);
                return;
            }
        };
        let spot = self.report.sources.within(spot, &format!("${{{name}"));
        if self.lenient {
            self.report.note(Some(spot), format!("{problem}; what needs it is not chosen"));
        } else {
            self.report.mistake(rule, spot, problem).help(help);
        }
    }

    /// A text that is not empty. Numbers count as they are written.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.filled(node, what)?.text;
        if text.is_empty() {
            self.report.mistake(Rule::MissingField, node.spot, format!("`{what}` is empty")).help("give it a value");
            return None;
        }
        Some(text)
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, node: &Node, what: &str, least: u64, most: u64) -> Option<u64> {
        let text = self.filled(node, what)?;
        let number = if text.plain { typed(&text.text).as_u64() } else { None };
        match number {
            Some(number) if (least..=most).contains(&number) => Some(number),
            Some(_) => {
                let problem = format!("`{what}` is out of bounds");
                self.report
                    .mistake(Rule::OutOfBounds, node.spot, problem)
                    .help(format!("a whole number from {least} to {most}"));
                None
            }
            None => {
                let quoted = if text.plain { "" } else { ", without quotes" };
                self.report
                    .mistake(Rule::WrongType, node.spot, format!("`{what}` must be a whole number"))
                    .help(format!("a whole number from {least} to {most}{quoted}"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        let text = self.filled(node, what)?;
        let flag = if text.plain { typed(&text.text).as_bool() } else { None };
        if flag.is_none() {
            self.report
                .mistake(Rule::WrongType, node.spot, format!("`{what}` must be true or false"))
                .help("write `true` or `false`, without quotes");
        }
        flag
    }

    /// One text or a list of them, each with its spot.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<(String, Spot)> {
        let nodes = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        nodes.into_iter().filter_map(|node| Some((self.text(node, what)?, node.spot))).collect()
    }
}

/// A scalar as it was written, short enough for a sentence.
pub(crate) fn written(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar(scalar) => shorten(&scalar.text),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}

/// At most sixty characters, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    short
}
