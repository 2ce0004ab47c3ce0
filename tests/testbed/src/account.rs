//! Another account for servers that refuse to run as root, and what it needs
//! to reach their programs.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{Error, Result, client, tool};

/// Accounts that are tried, in this order, when we are root.
const ACCOUNTS: [&str; 3] = ["postgres", "nobody", "daemon"];

/// An account, by its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account to run a server as, where it must be another than ours.
    ///
    /// # Errors
    /// [`Error::NoAccount`] when we are root and there is none.
    pub(crate) fn needed(server: &'static str) -> Result<Option<Account>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let id = tool::require("id")?;
        let number = |what: &str, name: &str| -> Option<u32> {
            client::run(Command::new(&id).args([what, name]), "").ok()?.parse().ok()
        };
        let found =
            ACCOUNTS.iter().find_map(|name| Some(Account { user: number("-u", name)?, group: number("-g", name)? }));
        found.map(Some).ok_or_else(|| Error::NoAccount { server, accounts: ACCOUNTS.join(", ") })
    }

    /// Lets a command run as it.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Gives it a file or directory.
    ///
    /// # Errors
    /// [`Error::Io`] when the owner cannot be changed.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        chown(path, Some(self.user), Some(self.group)).map_err(Error::io("changing the owner of", path))
    }
}

/// Whether every directory down to `path` lets other accounts through: root's
/// home, where the cache lies by default, does not.
pub(crate) fn is_open_to_all(path: &Path) -> bool {
    path.ancestors().all(|place| place.metadata().is_ok_and(|found| found.permissions().mode() & 0o005 == 0o005))
}

/// Copies a program to where its account can reach it.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read or written.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to).map_err(Error::io("creating", to))?;
    fs::set_permissions(to, Permissions::from_mode(0o755)).map_err(Error::io("opening up", to))?;
    for entry in fs::read_dir(from).map_err(Error::io("reading", from))? {
        let entry = entry.map_err(Error::io("reading", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        // Headers and documentation are not needed to run.
        if source.is_dir() && !["include", "doc", "man"].iter().any(|name| entry.file_name() == *name) {
            copy_tree(&source, &target)?;
        } else if source.is_file() {
            fs::copy(&source, &target).map_err(Error::io("copying to", &target))?;
        }
    }
    Ok(())
}

/// The same by links, where both are on one disk: the files stay the
/// installation's own, and must not be written or given away. The times of
/// change are kept, by which Java tells whether an archive of classes fits.
///
/// # Errors
/// [`Error::Io`] when a file can neither be linked nor copied.
pub(crate) fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to).map_err(Error::io("creating", to))?;
    fs::set_permissions(to, Permissions::from_mode(0o755)).map_err(Error::io("opening up", to))?;
    for entry in fs::read_dir(from).map_err(Error::io("reading", from))? {
        let entry = entry.map_err(Error::io("reading", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            link_tree(&source, &target)?;
        } else if fs::hard_link(&source, &target).is_err() {
            copy_with_time(&source, &target).map_err(Error::io("copying to", &target))?;
        }
    }
    Ok(())
}

fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(from.metadata()?.modified()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_directory_on_the_way_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!is_open_to_all(&inner));
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(is_open_to_all(&inner));
    }

    #[test]
    fn links_and_copies_keep_the_time() {
        use std::time::{Duration, SystemTime};
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs::create_dir_all(from.join("lib")).unwrap();
        fs::write(from.join("lib/x.jar"), "x").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(from.join("lib/x.jar")).unwrap().set_modified(time).unwrap();
        link_tree(&from, &to).unwrap();
        copy_with_time(&from.join("lib/x.jar"), &to.join("y.jar")).unwrap();
        for copy in ["lib/x.jar", "y.jar"] {
            assert_eq!(to.join(copy).metadata().unwrap().modified().unwrap(), time);
        }
    }

    #[test]
    fn a_copy_keeps_what_runs() {
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        fs::create_dir_all(from.join("bin")).unwrap();
        fs::create_dir_all(from.join("include")).unwrap();
        fs::write(from.join("bin/x"), "x").unwrap();
        fs::set_permissions(from.join("bin/x"), Permissions::from_mode(0o755)).unwrap();
        copy_tree(&from, &root.path().join("to")).unwrap();
        let mode = root.path().join("to/bin/x").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert!(!root.path().join("to/include").exists());
    }
}
