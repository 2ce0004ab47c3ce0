//! Mistakes and notes as they are found, and what must not be shown.

use std::collections::HashSet;

use crate::source::{Sources, Spot};
use crate::yaml::is_word;
use crate::{Mistake, Mistakes, Note, Rule};

/// A mistake whose lines have not been fetched yet: what is hidden in them is
/// known only when everything was looked at.
pub(crate) struct Draft {
    rule: Rule,
    spot: Option<Spot>,
    problem: String,
    remedy: Option<String>,
    other: Option<Spot>,
    show_line: bool,
}

impl Draft {
    /// What would be right.
    pub fn help(&mut self, remedy: impl Into<String>) -> &mut Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// What would be right, if anything can be said.
    pub fn help_if(&mut self, remedy: Option<String>) -> &mut Self {
        self.remedy = remedy;
        self
    }

    /// The other place that it is about.
    pub fn other(&mut self, spot: Spot) -> &mut Self {
        self.other = Some(spot);
        self
    }

    /// The line is not shown, whatever stands in it.
    pub fn without_line(&mut self) -> &mut Self {
        self.show_line = false;
        self
    }
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Report {
    pub sources: Sources,
    drafts: Vec<Draft>,
    notes: Vec<(Option<Spot>, String)>,
    hidden: HashSet<Spot>,
}

impl Report {
    /// A mistake at a spot.
    pub fn mistake(&mut self, rule: Rule, spot: Spot, problem: impl Into<String>) -> &mut Draft {
        self.draft(rule, Some(spot), problem.into())
    }

    /// A field that is not known where it stands. What is no word may be a
    /// field and a password whose `: ` is missing: it is not shown.
    pub fn unknown_field(&mut self, key: &str, spot: Spot, where_: &str, known: Option<String>) {
        let problem = if is_word(key) {
            format!("unknown field `{key}` {where_}")
        } else {
            self.hide(spot);
            format!("unknown field {where_}: it is not a word, is a `: ` missing?")
        };
        self.mistake(Rule::UnknownField, spot, problem).help_if(known.or(Some("leave it out".to_owned())));
    }

    /// A mistake that has no place in a file.
    pub fn mistake_anywhere(&mut self, rule: Rule, problem: impl Into<String>) -> &mut Draft {
        self.draft(rule, None, problem.into())
    }

    #[allow(clippy::indexing_slicing, reason = "the index was found or pushed just now")]
    fn draft(&mut self, rule: Rule, spot: Option<Spot>, problem: String) -> &mut Draft {
        // An alias shows the same text at the same place twice.
        let same = |d: &Draft| d.rule == rule && d.spot == spot && d.problem == problem;
        let at = match self.drafts.iter().position(same) {
            Some(at) => at,
            None => {
                self.drafts.push(Draft { rule, spot, problem, remedy: None, other: None, show_line: true });
                self.drafts.len() - 1
            }
        };
        &mut self.drafts[at]
    }

    /// A piece of advice.
    pub fn note(&mut self, spot: Option<Spot>, text: impl Into<String>) {
        let note = (spot, text.into());
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What stands here is never shown.
    pub fn hide(&mut self, spot: Spot) {
        self.hidden.insert(spot);
    }

    /// Whether what stands here is never shown.
    pub fn is_hidden(&self, spot: Spot) -> bool {
        self.hidden.contains(&spot)
    }

    /// How many mistakes there are so far.
    pub fn mistakes(&self) -> usize {
        self.drafts.len()
    }

    /// The notes, in the order of their places.
    pub fn take_notes(&mut self) -> Vec<Note> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.sort_by_key(|(spot, _)| *spot);
        let place = |spot: Option<Spot>| spot.and_then(|spot| self.sources.place(spot));
        notes.into_iter().map(|(spot, text)| Note { place: place(spot), text }).collect()
    }

    /// All mistakes, in the order of their places.
    pub fn into_mistakes(mut self) -> Mistakes {
        let mut drafts = std::mem::take(&mut self.drafts);
        drafts.sort_by_key(|draft| draft.spot);
        Mistakes(drafts.into_iter().map(|draft| self.finish(draft)).collect())
    }

    fn finish(&self, draft: Draft) -> Mistake {
        let shown = draft.spot.filter(|_| draft.show_line).and_then(|spot| self.excerpt(spot));
        let (line, underline) = match shown {
            Some((line, underline)) => (Some(line), Some(underline)),
            None => (None, None),
        };
        Mistake {
            rule: draft.rule,
            place: draft.spot.and_then(|spot| self.sources.place(spot)),
            line,
            underline,
            problem: draft.problem,
            remedy: draft.remedy,
            other: draft.other.and_then(|spot| self.sources.place(spot)),
        }
    }

    /// The line of a spot with everything hidden taken out, and where in it
    /// the spot is: first column (from 0) and width, in characters.
    fn excerpt(&self, spot: Spot) -> Option<(String, (u32, u32))> {
        let line = self.sources.line(spot.file, spot.line)?;
        let chars: Vec<char> = line.chars().collect();
        let mut visible: Vec<bool> = vec![true; chars.len()];
        for hidden in self.hidden.iter().filter(|h| h.file == spot.file) {
            if hidden.line > spot.line || hidden.end_line < spot.line {
                continue;
            }
            let from = if hidden.line == spot.line { hidden.column as usize - 1 } else { 0 };
            let to = if hidden.end_line == spot.line { hidden.end_column as usize - 1 } else { chars.len() };
            for shown in visible.iter_mut().take(to).skip(from) {
                *shown = false;
            }
        }
        hide_userinfo(&chars, &mut visible);
        let start = spot.column as usize - 1;
        let end = if spot.end_line == spot.line { spot.end_column as usize - 1 } else { chars.len() };
        Some(crop(&chars, &visible, start, end.max(start + 1)))
    }
}

/// In `scheme://user:password@host` what stands before the `@` is hidden,
/// also where a sign of it is missing.
fn hide_userinfo(chars: &[char], visible: &mut [bool]) {
    for (sign, _) in chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        let ends = |c: &char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}' | '[' | ']');
        let word = chars[..sign].iter().rposition(ends).map_or(0, |at| at + 1);
        let start =
            chars[word..sign].windows(3).position(|three| three == [':', '/', '/']).map_or(word, |at| word + at + 3);
        if chars[word..sign].contains(&':') {
            visible[start..sign].fill(false);
        }
    }
}

/// The widest line that is shown.
const WIDTH: usize = 120;

/// The line with `…` for what is hidden or too far away, and the spot in it.
fn crop(chars: &[char], visible: &[bool], start: usize, end: usize) -> (String, (u32, u32)) {
    let first = if chars.len() > WIDTH { start.saturating_sub(WIDTH / 2) } else { 0 };
    let last = (first + WIDTH).min(chars.len());
    let mut line = String::new();
    let mut length = 0usize;
    let (mut column, mut stop) = (None, None);
    let mut in_gap = false;
    if first > 0 {
        line.push('…');
        length += 1;
    }
    for at in first..last {
        if at == start {
            column = Some(length.saturating_sub(usize::from(in_gap && !visible[at])));
        }
        if at == end {
            stop = Some(length);
        }
        if !visible[at] {
            if !in_gap {
                line.push('…');
                length += 1;
            }
            in_gap = true;
            continue;
        }
        in_gap = false;
        line.push(if chars[at].is_control() { ' ' } else { chars[at] });
        length += 1;
    }
    if last < chars.len() {
        line.push('…');
    }
    let column = column.unwrap_or(length + start.saturating_sub(last.max(start)));
    let stop = stop.unwrap_or(length).max(column + 1);
    (line.trim_end().to_owned(), (column as u32, (stop - column) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        let mut report = Report::default();
        report.sources.add("a.yaml".into(), text.into());
        report
    }

    fn spot(column: u32, end_column: u32) -> Spot {
        Spot { file: 0, line: 1, column, end_line: 1, end_column }
    }

    #[test]
    fn what_is_hidden_is_cut_out_and_the_mark_follows() {
        let mut report = report("{ password: hunter2, owener: x }");
        report.hide(spot(13, 20));
        let (line, underline) = report.excerpt(spot(22, 28)).unwrap();
        assert_eq!(line, "{ password: …, owener: x }");
        assert_eq!(underline, (15, 6));
    }

    #[test]
    fn the_hidden_itself_is_marked_by_one_sign() {
        let mut report = report("password: hunter2");
        report.hide(spot(11, 18));
        assert_eq!(report.excerpt(spot(11, 18)).unwrap(), ("password: …".to_owned(), (10, 1)));
    }

    #[test]
    fn an_address_loses_its_user() {
        for (line, shown) in [
            ("url: http://me:hunter2@minio:9000", "url: http://…@minio:9000"),
            ("url: \"http//me:hunter2@minio\"", "url: \"…@minio\""),
            ("[http://a:b@c, me@example.com]", "[http://…@c, me@example.com]"),
        ] {
            assert_eq!(report(line).excerpt(spot(1, 4)).unwrap().0, shown);
        }
    }

    #[test]
    fn a_long_line_is_cropped_round_the_spot() {
        let report = report(&format!("{}X{}", "a".repeat(500), "b".repeat(500)));
        let (line, (column, width)) = report.excerpt(spot(501, 502)).unwrap();
        assert!(line.chars().count() <= WIDTH + 2);
        assert_eq!((line.chars().nth(column as usize), width), (Some('X'), 1));
    }

    #[test]
    fn the_same_mistake_is_said_once() {
        let mut report = report("x");
        report.mistake(Rule::Syntax, spot(1, 2), "wrong").help("one");
        report.mistake(Rule::Syntax, spot(1, 2), "wrong").help("one");
        assert_eq!(report.into_mistakes().0.len(), 1);
    }
}
