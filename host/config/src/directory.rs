//! The files of the directory: found, read once, parsed.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Rule;
use crate::bounded::{self, Unread};
use crate::report::Report;
use crate::source::Spot;
use crate::yaml::{self, Node};

/// The largest file that is read.
pub(crate) const MOST_BYTES: u64 = 4 << 20;

/// All documents of a directory.
pub(crate) struct Documents {
    /// Over names and bytes, in order.
    pub digest: String,
    /// One per file that holds something.
    pub roots: Vec<Node>,
    /// Whether all of them could be read: if not, names that seem to be
    /// missing may just stand in the part that could not.
    pub whole: bool,
}

/// Reads all `*.yaml` and `*.yml` at the top of the directory, sorted by name.
pub(crate) fn read(directory: &Path, report: &mut Report) -> Option<Documents> {
    let paths = match list(directory) {
        Ok(paths) => paths,
        Err(error) => {
            let problem = format!("cannot read the directory of the documents, {}: {error}", shown(directory));
            report.mistake_anywhere(Rule::Directory, problem).help(
                "name the directory with `--config`; in a container, mount it there and let the container's user read it",
            );
            return None;
        }
    };
    if paths.is_empty() {
        let problem = format!("no document in {}", shown(directory));
        report
            .mistake_anywhere(Rule::EmptyDirectory, problem)
            .help("hyhost reads all `*.yaml` and `*.yml` files at the top of the directory that `--config` names");
        return None;
    }
    let mut hash = Sha256::new();
    let mut documents = Documents { digest: String::new(), roots: Vec::new(), whole: true };
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some((file, bytes)) = read_file(&path, report) else {
            documents.whole = false;
            continue;
        };
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(&name);
        hash.update(bytes.to_be_bytes());
        let Some(text) = report.sources.get(file).map(|source| source.text.clone()) else { continue };
        hash.update(text.as_bytes());
        let known = report.mistakes();
        match yaml::parse(file, &text, report) {
            Some(root) => documents.roots.push(root),
            None => documents.whole &= report.mistakes() == known,
        }
    }
    documents.digest = hex(&hash.finalize());
    Some(documents)
}

/// Reads a file into the sources: its number and its length in bytes.
pub(crate) fn read_file(path: &Path, report: &mut Report) -> Option<(u32, u64)> {
    let shown = path.display().to_string();
    let bytes = match bounded::read(path, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(Unread::TooLarge) => {
            let problem = format!("{shown} has more than {MOST_BYTES} bytes; hyhost reads no more");
            report.mistake_anywhere(Rule::TooLarge, problem).help("split it into several files");
            return None;
        }
        Err(unread) => {
            let help = match unread {
                Unread::Io(_) => "let the user that hyhost runs as read it",
                _ => "put a plain file there",
            };
            report
                .mistake_anywhere(Rule::UnreadableFile, format!("cannot read {shown}: {}", unread.cause(MOST_BYTES)))
                .help(help);
            return None;
        }
    };
    let length = bytes.len() as u64;
    match String::from_utf8(bytes) {
        Ok(text) => Some((report.sources.add(shown, text), length)),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            let file = report.sources.add(shown, String::new());
            let spot = Spot { line, end_line: line, ..Spot::start_of(file) };
            report
                .mistake(Rule::Encoding, spot, "the file is not UTF-8 text from this line on")
                .help("save it as UTF-8");
            None
        }
    }
}

fn list(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        // A mounted directory of Kubernetes holds links: what they lead to counts.
        if yaml && !hidden && path.metadata().map_or(true, |metadata| metadata.is_file()) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A path, also when it is empty.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { "`` (no directory was named)".to_owned() } else { path.display().to_string() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("sha256:".to_owned(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}
