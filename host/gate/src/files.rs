//! The files that documents hand to plugins: names and digests for the
//! plugin, content for the operations that name one.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hyhost_backend::{Class, Fault};
use sha2::{Digest, Sha256};

/// The most files of one directory, and the most bytes of one file.
const FILES: usize = 10_000;
const BYTES: u64 = 16 << 20;

/// A file, as a plugin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name within the directory.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// `sha256:…`.
    pub digest: String,
}

/// The regular files of a directory by name; hidden ones are left out.
pub(crate) fn list(shown: &str, path: &Path) -> Result<Vec<FileEntry>, Fault> {
    let failed = |error: io::Error| Fault::new(Class::Failed, format!("directory `{shown}` cannot be read: {error}"));
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(Fault::new(Class::Invalid, format!("directory `{shown}` has a file whose name is not UTF-8")));
        };
        if name.starts_with('.') || !entry.path().is_file() {
            continue;
        }
        let bytes = content(shown, path, &name)?;
        entries.push(FileEntry { name, size: bytes.len() as u64, digest: digest(&bytes) });
        if entries.len() > FILES {
            return Err(Fault::new(Class::Invalid, format!("directory `{shown}` has more than {FILES} files")));
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The content of a file, if it still is what was planned.
pub(crate) fn read(shown: &str, path: &Path, name: &str, planned: &str) -> Result<Arc<Vec<u8>>, Fault> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(Fault::new(Class::Denied, format!("`{}` is not a file's name", name.escape_default())));
    }
    let bytes = content(shown, path, name)?;
    let found = digest(&bytes);
    if found != planned {
        let text = format!("file `{shown}/{name}` was {planned} when it was planned and is {found} now");
        return Err(Fault::new(Class::Conflict, text));
    }
    Ok(Arc::new(bytes))
}

fn content(shown: &str, path: &Path, name: &str) -> Result<Vec<u8>, Fault> {
    let failed = |error: io::Error| Fault::new(Class::Failed, format!("file `{shown}/{name}` cannot be read: {error}"));
    let inside = path.join(name).canonicalize().map_err(failed)?;
    if !path.canonicalize().is_ok_and(|directory| inside.starts_with(directory)) {
        return Err(Fault::new(Class::Denied, format!("file `{shown}/{name}` is a link to outside its directory")));
    }
    if fs::metadata(&inside).map_err(failed)?.len() > BYTES {
        return Err(Fault::new(Class::Invalid, format!("file `{shown}/{name}` is larger than {BYTES} bytes")));
    }
    fs::read(inside).map_err(failed)
}

fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::from("sha256:"), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
