//! Where installed servers lie: outside the clone, one directory per package
//! and version, so that a second clone or run finds them.
//!
//! A directory is there whole or not at all: it is made under another name and
//! renamed. A lock file keeps two copies from making the same one at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The cache: `$HYHOST_CACHE`, else `$XDG_CACHE_HOME/hyhost`, else
/// `~/.cache/hyhost`. An empty variable counts as unset.
///
/// # Errors
/// [`Error::NoCache`] when none of the three variables is set.
pub fn directory() -> Result<PathBuf> {
    choose(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    variable("HYHOST_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|base| base.join("hyhost")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/hyhost")))
        .ok_or(Error::NoCache)
}

/// Makes `<cache>/<place>` by `make` if it is not there, and returns its path.
/// `make` gets an empty directory to fill and may take minutes; others who
/// want the same place wait for it.
///
/// # Errors
/// What `make` says; [`Error::Io`] when the cache cannot be written.
pub fn entry(place: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    entry_in(&directory()?, place, make)
}

fn entry_in(root: &Path, place: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let done = root.join(place);
    if done.is_dir() {
        return Ok(done);
    }
    let parent = done.parent().unwrap_or(root);
    fs::create_dir_all(parent).map_err(Error::io("creating", parent))?;
    let _lock = lock(&root.join(format!("{place}.lock")))?;
    if done.is_dir() {
        return Ok(done);
    }
    // Left behind by one who was killed: nobody else writes it while we hold the lock.
    let partial = root.join(format!("{place}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::io("removing", &partial))?;
    }
    fs::create_dir(&partial).map_err(Error::io("creating", &partial))?;
    if let Err(error) = make(&partial) {
        // The failure of `make` is the one to tell; the rest is removed by the next attempt.
        let _ = fs::remove_dir_all(&partial);
        return Err(error);
    }
    fs::rename(&partial, &done).map_err(Error::io("moving into place", &done))?;
    Ok(done)
}

/// Waits until nobody else holds the lock of this file, which is made where needed.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let file = File::options().create(true).append(true).open(path).map_err(Error::io("opening", path))?;
    file.lock().map_err(Error::io("locking", path))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_directory_wins_then_xdg_then_home() {
        let all = |name: &str| Some(PathBuf::from("/").join(name));
        assert_eq!(choose(all).unwrap(), Path::new("/HYHOST_CACHE"));
        let no_own = |name: &str| all(name).filter(|_| name != "HYHOST_CACHE");
        assert_eq!(choose(no_own).unwrap(), Path::new("/XDG_CACHE_HOME/hyhost"));
        let home = |name: &str| all(name).filter(|_| name == "HOME");
        assert_eq!(choose(home).unwrap(), Path::new("/HOME/.cache/hyhost"));
        assert!(matches!(choose(|_| None), Err(Error::NoCache)));
    }

    #[test]
    fn an_entry_is_made_once_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let broken = entry_in(root.path(), "a/x-1", |directory| {
            fs::write(directory.join("half"), "").unwrap();
            Err(Error::NoCache)
        });
        assert!(broken.is_err());
        assert!(!root.path().join("a/x-1").exists());
        // A directory that a killed process left half-made is not taken for the whole one.
        fs::create_dir(root.path().join("a/x-1.partial")).unwrap();
        fs::write(root.path().join("a/x-1.partial/half"), "").unwrap();
        let made = entry_in(root.path(), "a/x-1", |directory| {
            assert!(!directory.join("half").exists());
            fs::write(directory.join("whole"), "").map_err(Error::io("writing", directory))
        });
        assert!(made.unwrap().join("whole").exists());
        entry_in(root.path(), "a/x-1", |_| unreachable!("made twice")).unwrap();
    }

    #[test]
    fn two_at_once_make_it_once() {
        let root = tempfile::tempdir().unwrap();
        let made = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    entry_in(root.path(), "b/y-1", |_| {
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}
