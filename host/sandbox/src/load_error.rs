//! Why a file is no plugin that can be used.

use std::io;
use std::path::PathBuf;

use hyhost_config::Place;

use crate::Trouble;

/// Why a plugin cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("plugin {}: it cannot be read: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is too large.
    #[error("plugin {}: it has more than {} MiB, the most that a plugin may have", path.display(), limit >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is something else.
    #[error("plugin {}: it is {found}, not a WebAssembly component; {remedy}", path.display())]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What would be right.
        remedy: &'static str,
    },
    /// The engine cannot read it.
    #[error("plugin {}: it is not a sound WebAssembly component: {problem}; build it again", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The engine's words.
        problem: String,
    },
    /// It imports something that plugins do not get.
    #[error("plugin {}: it imports `{import}`: {remedy}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What it imports.
        import: String,
        /// What to do.
        remedy: String,
    },
    /// It lacks a function of the contract.
    #[error(
        "plugin {}: it does not export `{export}`; a plugin exports `describe`, `probe`, `plan` and `ensure` (wit/)",
        path.display()
    )]
    Export {
        /// The file.
        path: PathBuf,
        /// What is missing.
        export: &'static str,
    },
    /// Its types are not those of the contract.
    #[error(
        "plugin {}: it does not fit the contract hyhost:provision@0.1: {problem}; build it again with the SDK that \
         belongs to this hyhost",
        path.display()
    )]
    Contract {
        /// The file.
        path: PathBuf,
        /// The engine's words.
        problem: String,
    },
    /// It cannot say what it is.
    #[error("plugin {}: {trouble}", path.display())]
    Describe {
        /// The file.
        path: PathBuf,
        /// What happened.
        trouble: Trouble,
    },
    /// What it says of itself cannot be right.
    #[error("plugin {}: its manifest cannot be used: {problem}; tell the plugin's author", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It is not the component that the document pins.
    #[error(
        "plugin {}: {}`plugins.{plugin}.digest` is {pinned}, and this file is {found}; use the pinned file, or change \
         the pin if you trust this one",
        path.display(), at(place)
    )]
    Pin {
        /// The file.
        path: PathBuf,
        /// The manifest name.
        plugin: String,
        /// The digest in the document.
        pinned: String,
        /// The digest of the file.
        found: String,
        /// Where the document says so.
        place: Option<Box<Place>>,
    },
    /// The document gives it more memory than there is for all plugins.
    #[error(
        "plugin {}: {}`plugins.{plugin}.limits.memory` is {asked} bytes, and all plugins together may have {total}",
        path.display(), at(place)
    )]
    MemoryRule {
        /// The file.
        path: PathBuf,
        /// The manifest name.
        plugin: String,
        /// In bytes.
        asked: u64,
        /// In bytes.
        total: u64,
        /// Where the document says so.
        place: Option<Box<Place>>,
    },
    /// Two files are one plugin.
    #[error(
        "{} and {} are both the plugin `{plugin}`; give hyhost only one of them",
        first.display(), second.display()
    )]
    TwoOfOneName {
        /// The manifest name.
        plugin: String,
        /// A file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Compiling it needs more memory than there is.
    #[error(
        "plugin {}: compiling it takes about {} MiB of memory, and {} MiB are left here; run `hyhost compile` where \
         there is more, and give its result to this hyhost by `--compiled`",
        path.display(), needed >> 20, left >> 20
    )]
    TooLittleMemory {
        /// The file.
        path: PathBuf,
        /// In bytes.
        needed: u64,
        /// In bytes.
        left: u64,
    },
    /// Compiled code that cannot be used.
    #[error(
        "compiled code {}: {problem}; nothing of it is used. Make it again by `hyhost compile`, in a directory that \
         only the operator can write to",
        path.display()
    )]
    Compiled {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Compiled code cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The machine has no thread or timer left.
    #[error("plugins cannot be loaded on this machine: {0}")]
    Machine(io::Error),
}

fn at(place: &Option<Box<Place>>) -> String {
    place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default()
}
