//! The files that the documents hand to the plugin: names and digests, never
//! content.

use crate::Error;

/// A file in a directory: its name, its size in bytes, and `sha256:` with 64
/// hexadecimal digits.
pub use crate::bindings::hyhost::provision::files::Entry;

/// The files of a directory, sorted by name.
///
/// # Errors
/// `denied` for a directory that no field marked `file` holds.
pub fn list(directory: &str) -> Result<Vec<Entry>, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::hyhost::provision::files::list(directory);
    #[cfg(not(target_arch = "wasm32"))]
    return crate::native::list(directory);
}
