//! YAML as a tree in which everything knows its place.
//!
//! Anchors, aliases and `<<` are resolved here; a scalar keeps its text as it
//! was written, because interpolation comes before its type.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::Rule;
use crate::report::Report;
use crate::source::Spot;

/// The most nodes that one file may stand for once its aliases are followed.
const MOST_NODES: usize = 100_000;
/// The deepest nesting.
const DEPTH: usize = 64;

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node {
    pub spot: Spot,
    pub kind: Kind,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone)]
pub(crate) struct Scalar {
    /// The text, escapes undone.
    pub text: String,
    /// Neither quoted nor a block: its text tells its type.
    pub plain: bool,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub key: String,
    pub key_spot: Spot,
    pub value: Node,
}

impl Node {
    /// Where its words are: scalars and keys.
    pub fn words(&self) -> Vec<Spot> {
        match &self.kind {
            Kind::Scalar(_) => vec![self.spot],
            Kind::List(items) => items.iter().flat_map(Node::words).collect(),
            Kind::Map(entries) => {
                entries.iter().flat_map(|entry| [vec![entry.key_spot], entry.value.words()].concat()).collect()
            }
        }
    }

    /// Nothing was written: `key:` alone, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.plain && matches!(s.text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Node::size).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// Reads the file of this number. `None`: it holds nothing, or a mistake was
/// reported that leaves nothing to go on with.
pub(crate) fn parse(file: u32, text: &str, report: &mut Report) -> Option<Node> {
    let mut options = granit_parser::options! { flow_nesting_limit: DEPTH, block_nesting_limit: DEPTH };
    options.set_emit_comments(false);
    let mut builder = Builder { file, report, stack: Vec::new(), anchors: HashMap::new(), count: 0, root: None };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Err(error) => {
                let mark = error.marker();
                let spot = Spot::point(file, mark.line().max(1) as u32, mark.col() as u32 + 1);
                match error.kind() {
                    ErrorKind::UnknownAnchor => {
                        let problem = "an alias of something that is not marked above";
                        let draft = builder.report.mistake(Rule::Alias, spot, problem);
                        draft.help("mark it with `&name`, in this file and before this line").without_line();
                    }
                    _ => syntax(builder.report, spot, &error.info()),
                }
                return None;
            }
            Ok((Event::DocumentStart(..), span)) => {
                documents += 1;
                if documents > 1 {
                    let spot = builder.spot(span);
                    let problem = "a second document in one file";
                    builder.report.mistake(Rule::SeveralDocuments, spot, problem).help(
                        "put it into a file of its own: all files at the top of the directory are read as one document",
                    );
                    return None;
                }
            }
            Ok((event, span)) => {
                if !builder.event(event, span) {
                    return None;
                }
            }
        }
    }
    builder.root
}

/// A line that is not YAML. It is shown only if neither it nor the line
/// before nor the section speaks of secrets, since nothing is known about its
/// parts.
fn syntax(report: &mut Report, spot: Spot, cause: &str) {
    let line = |number: u32| report.sources.line(spot.file, number);
    let is_section = |text: &str| text.starts_with(|c: char| !c.is_whitespace() && c != '#');
    let section = (1..=spot.line).rev().find(|number| line(*number).is_some_and(is_section));
    let mut lines = [Some(spot.line), spot.line.checked_sub(1), section].into_iter().flatten();
    let risky = lines.any(|number| line(number).is_some_and(speaks_of_secrets));
    let tab =
        report.sources.line(spot.file, spot.line).is_some_and(|line| line.trim_start_matches(' ').starts_with('\t'));
    let braces = report.sources.line(spot.file, spot.line).is_some_and(|line| line.contains("${"));
    let mut cause = cause.trim().to_owned();
    if risky {
        cause.push_str(" (the line is not shown, it may hold a secret)");
    }
    let draft = report.mistake(Rule::Syntax, spot, format!("this is not YAML: {cause}"));
    draft.help(if tab {
        "this line holds a tab: indent with spaces"
    } else if braces {
        "within `{ … }` and `[ … ]` a value with `${…}` must be in quotes; it gets its type all the same"
    } else {
        "check indentation (spaces only), quotes and brackets here and in the lines above"
    });
    if risky {
        draft.without_line();
    }
}

/// Whether a key or a line is about secrets, by its words.
pub(crate) fn speaks_of_secrets(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["passw", "pasw", "secret", "token", "credential", "passphrase", "private"].iter().any(|word| lower.contains(word))
}

/// A key for a sentence. What is no word and speaks of secrets may be a field
/// and a password whose `: ` is missing.
pub(crate) fn shown_key(key: &str) -> &str {
    if is_word(key) || !speaks_of_secrets(key) { key } else { "…" }
}

/// Letters, digits, `_`, `-` and `.`.
pub(crate) fn is_word(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

enum Frame {
    List {
        spot: Spot,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        spot: Option<Spot>,
        start: Spot,
        anchor: usize,
        entries: Vec<Entry>,
        key: Option<(Option<String>, Spot, bool)>,
        merges: Vec<Node>,
    },
}

struct Builder<'r> {
    file: u32,
    report: &'r mut Report,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    count: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn spot(&self, span: Span) -> Spot {
        let (line, column) = (span.start.line().max(1) as u32, span.start.col() as u32 + 1);
        let (end_line, end_column) = (span.end.line().max(1) as u32, span.end.col() as u32 + 1);
        let end = if (end_line, end_column) > (line, column) { (end_line, end_column) } else { (line, column + 1) };
        Spot { file: self.file, line, column, end_line: end.0, end_column: end.1 }
    }

    /// `false`: nothing can be made of the rest.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        let spot = self.spot(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = match tag.as_deref() {
                    None => style == ScalarStyle::Plain,
                    Some(tag) if tag.is_yaml_core_schema_tag("str") => false,
                    Some(tag) if tag.is_yaml_core_schema() => true,
                    Some(_) => {
                        self.tag(span);
                        style == ScalarStyle::Plain
                    }
                };
                let node = Node { spot, kind: Kind::Scalar(Scalar { text: text.into_owned(), plain }) };
                self.finish(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
                    self.tag(span);
                }
                self.stack.push(Frame::List {
                    spot: Spot::point(self.file, spot.line, spot.column),
                    anchor,
                    items: Vec::new(),
                });
                true
            }
            Event::MappingStart(style, anchor, tag) => {
                if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
                    self.tag(span);
                }
                let start = Spot::point(self.file, spot.line, spot.column);
                // A block map has no sign of its own: its first key stands for it.
                let spot = (style == StructureStyle::Flow).then_some(start);
                self.stack.push(Frame::Map { spot, start, anchor, entries: Vec::new(), key: None, merges: Vec::new() });
                true
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    let problem = "an alias within what it stands for";
                    self.report
                        .mistake(Rule::Alias, spot, problem)
                        .help("write out what is meant, or move the `&name`");
                    return false;
                };
                self.count += node.size() - 1;
                self.finish(node, 0)
            }
            _ => true,
        }
    }

    fn tag(&mut self, span: Span) {
        let spot = self.spot(span.tag_span().unwrap_or(span));
        self.report.mistake(Rule::Tag, spot, "tags of one's own are not known here").help("leave the `!…` out");
    }

    fn close(&mut self) -> bool {
        match self.stack.pop() {
            Some(Frame::List { spot, anchor, items }) => self.finish(Node { spot, kind: Kind::List(items) }, anchor),
            Some(Frame::Map { spot, start, anchor, mut entries, merges, .. }) => {
                let spot = spot.or(entries.first().map(|e| e.key_spot)).unwrap_or(start);
                for merge in merges {
                    self.merge(&mut entries, merge, true);
                }
                self.finish(Node { spot, kind: Kind::Map(entries) }, anchor)
            }
            None => true,
        }
    }

    /// `<<`: what is not there yet comes from the other map; of several the
    /// first one counts.
    fn merge(&mut self, entries: &mut Vec<Entry>, from: Node, lists: bool) {
        match from.kind {
            Kind::Map(others) => {
                for other in others {
                    if !entries.iter().any(|entry| entry.key == other.key) {
                        entries.push(other);
                    }
                }
            }
            Kind::List(maps) if lists => maps.into_iter().for_each(|map| self.merge(entries, map, false)),
            _ => {
                let problem = "`<<` takes a map or a list of maps";
                self.report
                    .mistake(Rule::MergeKey, from.spot, problem)
                    .help("write `<<: *name` where `&name` marks a map");
            }
        }
    }

    fn finish(&mut self, node: Node, anchor: usize) -> bool {
        self.count += 1;
        if self.count > MOST_NODES {
            let problem = format!("the file stands for more than {MOST_NODES} values");
            self.report.mistake(Rule::TooLarge, node.spot, problem).help("use fewer aliases, or split the file");
            return false;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, merges, .. }) => match key.take() {
                None => match node.kind {
                    Kind::Scalar(scalar) => *key = Some((Some(scalar.text), node.spot, scalar.plain)),
                    _ => {
                        self.report
                            .mistake(Rule::Key, node.spot, "a key must be a plain word")
                            .help("quote it if it holds `{`, `[` or `:`");
                        *key = Some((None, node.spot, false));
                    }
                },
                Some((None, ..)) => {}
                Some((Some(text), _, true)) if text == "<<" => merges.push(node),
                Some((Some(text), spot, _)) => match entries.iter().find(|entry| entry.key == text) {
                    Some(first) => {
                        let other = first.key_spot;
                        node.words().into_iter().for_each(|spot| self.report.hide(spot));
                        if shown_key(&text) != text {
                            self.report.hide(spot);
                        }
                        let problem = format!("`{}` stands twice in one map", shown_key(&text));
                        self.report.mistake(Rule::DuplicateKey, spot, problem).help("keep one of them").other(other);
                    }
                    None => entries.push(Entry { key: text, key_spot: spot, value: node }),
                },
            },
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Node>, Report) {
        let mut report = Report::default();
        report.sources.add("a.yaml".into(), text.into());
        let node = parse(0, text, &mut report);
        (node, report)
    }

    fn entries(node: &Node) -> &[Entry] {
        let Kind::Map(entries) = &node.kind else { panic!() };
        entries
    }

    fn place(spot: Spot) -> (u32, u32, u32, u32) {
        (spot.line, spot.column, spot.end_line, spot.end_column)
    }

    #[test]
    fn everything_knows_its_place() {
        let (node, _) = read("# first\r\nbücher: [x, 'y z']\r\nb:\r\n  - c: |\r\n      text\r\n");
        let node = node.unwrap();
        let [a, b] = entries(&node) else { panic!() };
        assert_eq!(place(a.key_spot), (2, 1, 2, 7));
        let Kind::List(items) = &a.value.kind else { panic!() };
        assert_eq!((place(items[0].spot), place(items[1].spot)), ((2, 10, 2, 11), (2, 13, 2, 18)));
        let Kind::List(items) = &b.value.kind else { panic!() };
        assert_eq!(place(items[0].spot), (4, 5, 4, 6));
        let Kind::Scalar(text) = &entries(&items[0])[0].value.kind else { panic!() };
        assert_eq!((text.text.as_str(), text.plain), ("text\n", false));
    }

    #[test]
    fn quotes_and_tags_make_a_text() {
        let (node, _) = read("[5, '5', !!str 5, !!int 5]");
        let Kind::List(items) = node.unwrap().kind else { panic!() };
        let plain = items.iter().map(|item| matches!(&item.kind, Kind::Scalar(scalar) if scalar.plain));
        assert_eq!(plain.collect::<Vec<_>>(), [true, false, false, true]);
    }

    #[test]
    fn what_is_written_counts_before_what_is_merged() {
        let (node, report) = read("a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 3 }\n");
        let node = node.unwrap();
        let text = |entry: &Entry| match &entry.value.kind {
            Kind::Scalar(scalar) => format!("{}={}", entry.key, scalar.text),
            _ => panic!(),
        };
        let merged: Vec<String> = entries(&entries(&node)[2].value).iter().map(text).collect();
        assert_eq!(merged, ["x=3", "y=1", "z=2"]);
        assert_eq!(report.mistakes(), 0);
    }

    #[test]
    fn an_empty_file_is_no_mistake() {
        for text in ["", "# nothing\n", "\u{feff}# a mark before it\n"] {
            let (node, report) = read(text);
            assert!(node.is_none_or(|node| node.is_null()));
            assert_eq!(report.mistakes(), 0);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let (node, report) = read(&"[".repeat(1000));
        assert!(node.is_none() && report.mistakes() == 1);
    }
}
