//! Mistakes as people read them.

use std::fmt;

use crate::{Mistake, Mistakes, Note};

/// What a piece of a rendered mistake is, so that a terminal can colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The word `error`.
    Error,
    /// The sentence after it.
    Problem,
    /// Arrows, bars and line numbers.
    Frame,
    /// A place.
    Place,
    /// The line as written.
    Line,
    /// The signs under the line.
    Underline,
    /// The word `help`.
    Help,
    /// Anything else.
    Text,
}

impl Mistake {
    /// The mistake as pieces of text; line breaks are within them.
    pub fn parts(&self) -> Vec<(Part, String)> {
        let number = self.place.as_ref().map(|place| place.line.to_string());
        let width = number.as_ref().filter(|_| self.line.is_some()).map_or(1, String::len);
        let indent = " ".repeat(width);
        let mut parts = vec![(Part::Error, "error".to_owned()), (Part::Problem, format!(": {}\n", self.problem))];
        let frame = |text: String| (Part::Frame, text);
        if let Some(place) = &self.place {
            parts.push(frame(format!("{indent}--> ")));
            parts.push((Part::Place, format!("{place}\n")));
        }
        if let (Some(number), Some(line)) = (number, &self.line) {
            parts.push(frame(format!("{indent} |\n{number} | ")));
            parts.push((Part::Line, format!("{line}\n")));
            if let Some((column, width)) = self.underline {
                parts.push(frame(format!("{indent} | ")));
                let signs = "^".repeat(width.max(1) as usize);
                parts.push((Part::Underline, format!("{}{signs}\n", " ".repeat(column as usize))));
            }
        }
        if let Some(other) = &self.other {
            parts.push(frame(format!("{indent} = ")));
            parts.push((Part::Text, "see also: ".to_owned()));
            parts.push((Part::Place, format!("{other}\n")));
        }
        if let Some(remedy) = &self.remedy {
            parts.push(frame(format!("{indent} = ")));
            parts.push((Part::Help, "help".to_owned()));
            parts.push((Part::Text, format!(": {remedy}\n")));
        }
        parts
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().iter().try_for_each(|(_, text)| f.write_str(text))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        match self.0.len() {
            1 => writeln!(f, "1 mistake; nothing was touched"),
            count => writeln!(f, "{count} mistakes; nothing was touched"),
        }
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "note: {} ({place})", self.text),
            None => write!(f, "note: {}", self.text),
        }
    }
}
