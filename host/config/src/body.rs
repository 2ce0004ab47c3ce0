//! Bodies from files: `{ from: policy.json }`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::Rule;
use crate::directory::read_file;
use crate::report::Report;
use crate::source::Spot;
use crate::yaml::{self, Node};

/// The files of a directory that documents name, each read once.
pub(crate) struct Bodies {
    directory: PathBuf,
    /// The directory with all links followed; absent: not asked yet.
    real: Option<PathBuf>,
    read: BTreeMap<String, Option<Node>>,
}

/// Why a path cannot be taken.
pub(crate) enum PathProblem {
    /// It leads, or may lead, out of the directory.
    Outside(&'static str),
    /// There is nothing.
    Missing(PathBuf),
    /// It may be there: we cannot get to it.
    Unreachable(PathBuf, io::Error),
}

impl PathProblem {
    fn of(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing(path.to_owned()),
            _ => Self::Unreachable(path.to_owned(), error),
        }
    }
}

impl Bodies {
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), real: None, read: BTreeMap::new() }
    }

    /// Where a path of the document leads: inside the directory, or nowhere.
    pub fn locate(&mut self, path: &str) -> Result<PathBuf, PathProblem> {
        let relative = Path::new(path);
        if relative.is_absolute() {
            return Err(PathProblem::Outside("is an absolute path"));
        }
        if relative.components().any(|part| matches!(part, Component::ParentDir)) {
            return Err(PathProblem::Outside("holds `..`"));
        }
        let joined = self.directory.join(relative);
        let real = match &self.real {
            Some(real) => real.clone(),
            None => {
                let real = self.directory.canonicalize().map_err(|error| PathProblem::of(&self.directory, error))?;
                self.real.insert(real).clone()
            }
        };
        let target = joined.canonicalize().map_err(|error| PathProblem::of(&joined, error))?;
        if target.starts_with(real) { Ok(joined) } else { Err(PathProblem::Outside("is a link that leads out of it")) }
    }

    /// The body of a file. `None`: a mistake was reported, or a note where
    /// the target is not chosen.
    pub fn read(&mut self, path: &str, spot: Spot, lenient: bool, report: &mut Report) -> Option<Node> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let before = report.mistakes();
        let node = self.fetch(path, spot, lenient, report);
        // What was only noted for a target that is not chosen is a mistake
        // for one that is.
        if node.is_some() || report.mistakes() > before {
            self.read.insert(path.to_owned(), node.clone());
        }
        node
    }

    fn fetch(&mut self, path: &str, spot: Spot, lenient: bool, report: &mut Report) -> Option<Node> {
        let located = match self.locate(path) {
            Ok(located) => located,
            Err(problem) => {
                path_problem(&problem, path, "file", spot, lenient, report);
                return None;
            }
        };
        let json = located.extension().is_some_and(|extension| extension == "json");
        if !json && !located.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            report
                .mistake(Rule::WrongForm, spot, format!("`from` takes JSON and YAML, and `{path}` ends like neither"))
                .help("name it `.json`, `.yaml` or `.yml`");
            return None;
        }
        let (file, _) = read_file(&located, report)?;
        let text = report.sources.get(file)?.text.clone();
        if json {
            // JSON is YAML, but not the other way round.
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                let wrong = Spot::point(file, error.line().max(1) as u32, error.column().max(1) as u32);
                let cause = error.to_string();
                let cause = cause.split(" at line ").next().unwrap_or_default();
                report
                    .mistake(Rule::Syntax, wrong, format!("this is not JSON: {cause}"))
                    .help("correct the file; a YAML file ends in `.yaml`")
                    .other(spot);
                return None;
            }
        }
        let node = yaml::parse(file, &text, report);
        if node.is_none() && report.sources.get(file).is_some_and(|source| source.text.trim().is_empty()) {
            report.mistake(Rule::MissingField, Spot::start_of(file), "the file is empty").other(spot);
        }
        node
    }
}

/// Says what is wrong with a path. A thing that is not there is a note
/// where the target is not chosen.
pub(crate) fn path_problem(
    problem: &PathProblem,
    path: &str,
    what: &str,
    spot: Spot,
    lenient: bool,
    report: &mut Report,
) {
    match problem {
        PathProblem::Outside(why) => {
            report
                .mistake(Rule::OutsideDirectory, spot, format!("`{path}` {why}"))
                .help(format!("a {what} must lie in the directory of the documents; its path starts there"));
        }
        PathProblem::Missing(joined) if lenient => {
            report.note(Some(spot), format!("there is no {what} {}; what needs it is not chosen", joined.display()));
        }
        PathProblem::Unreachable(joined, error) if lenient => {
            let problem =
                format!("cannot get to the {what} {}: {error}; what needs it is not chosen", joined.display());
            report.note(Some(spot), problem);
        }
        PathProblem::Unreachable(joined, error) => {
            let help = match error.kind() {
                io::ErrorKind::PermissionDenied => format!(
                    "hyhost runs as uid {}, gid {}: let this user enter the directories above it, as with `chmod o+x`",
                    rustix::process::geteuid().as_raw(),
                    rustix::process::getegid().as_raw()
                ),
                _ => "correct the path, or what lies there".to_owned(),
            };
            report
                .mistake(Rule::UnreadableFile, spot, format!("cannot get to the {what} {}: {error}", joined.display()))
                .help(help);
        }
        PathProblem::Missing(joined) => {
            report
                .mistake(Rule::MissingFile, spot, format!("there is no {what} {}", joined.display()))
                .help("paths start at the directory of the documents");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_entered_is_not_said_to_be_missing() {
        let denied = PathProblem::of(Path::new("migrations"), io::ErrorKind::PermissionDenied.into());
        let mut report = Report::default();
        report.sources.add("a.yaml".into(), "x".into());
        path_problem(&denied, "migrations", "directory", Spot::start_of(0), false, &mut report);
        let said = report.into_mistakes().to_string();
        assert!(!said.contains("there is no") && said.contains("permission denied") && said.contains("uid"), "{said}");
        assert!(matches!(PathProblem::of(Path::new("gone"), io::ErrorKind::NotFound.into()), PathProblem::Missing(_)));
    }
}
