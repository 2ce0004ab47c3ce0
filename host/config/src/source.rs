//! The files that were read, and spots in them.

use std::sync::Arc;

use crate::Place;

/// A stretch of a file. Columns count characters from 1; the end is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    /// Index into [`Sources`].
    pub file: u32,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Spot {
    /// The beginning of a file, for what is wrong with the whole of it.
    pub fn start_of(file: u32) -> Self {
        Self::point(file, 1, 1)
    }

    /// One character.
    pub fn point(file: u32, line: u32, column: u32) -> Self {
        Self { file, line, column, end_line: line, end_column: column + 1 }
    }
}

/// A file as it was read.
pub(crate) struct Source {
    /// Its path as it is shown.
    pub shown: String,
    pub text: Arc<str>,
}

/// All files that were read.
#[derive(Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    pub fn add(&mut self, shown: String, text: String) -> u32 {
        self.0.push(Source { shown, text: text.into() });
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    pub fn get(&self, file: u32) -> Option<&Source> {
        self.0.get(file as usize)
    }

    /// A line of a file, without its line break.
    pub fn line(&self, file: u32, line: u32) -> Option<&str> {
        self.get(file)?.text.lines().nth((line as usize).checked_sub(1)?)
    }

    /// The spot as people see it.
    pub fn place(&self, spot: Spot) -> Option<Place> {
        let file = self.get(spot.file)?.shown.clone();
        Some(Place { file, line: spot.line, column: spot.column })
    }

    /// The part of the spot that holds `needle` as written, or the whole spot
    /// where that cannot be told.
    pub fn within(&self, spot: Spot, needle: &str) -> Spot {
        for line in spot.line..=spot.end_line {
            let Some(text) = self.line(spot.file, line) else { break };
            let skip = if line == spot.line { spot.column as usize - 1 } else { 0 };
            let Some((start, _)) = text.char_indices().nth(skip) else { continue };
            if let Some(at) = text[start..].find(needle) {
                let column = skip + text[start..start + at].chars().count() + 1;
                let width = needle.chars().count();
                return Spot {
                    file: spot.file,
                    line,
                    column: column as u32,
                    end_line: line,
                    end_column: (column + width) as u32,
                };
            }
        }
        spot
    }
}
