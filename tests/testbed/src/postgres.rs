//! How Postgres is set up, started and found ready.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::guard::Guard;
use crate::install::{Package, home, install};
use crate::{Error, Result, client, random, tool};

/// The superuser.
pub(crate) const USER: &str = "postgres";

/// Accounts that are tried, in this order, when we are root.
const ACCOUNTS: [&str; 3] = ["postgres", "nobody", "daemon"];

/// Everything that is said is written down: tests search the log for secrets.
/// What is committed outlives a killed server, but not a killed machine; shared memory lies in the data directory, so that
/// it goes with it.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
full_page_writes = off
dynamic_shared_memory_type = mmap
log_connections = on
log_statement = all
log_min_error_statement = notice
log_min_messages = notice
";

/// A Postgres that has been set up.
#[derive(Debug)]
pub(crate) struct Postgres {
    package: PathBuf,
    /// `bin`, `lib` and `share` where the server's account can reach them.
    home: PathBuf,
    data: PathBuf,
    account: Option<Account>,
    pub(crate) password: String,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Installs it where needed and makes a cluster in `directory`, which must not exist.
    pub(crate) fn prepare(directory: &Path) -> Result<Postgres> {
        let package = install(Package::Postgres)?;
        let account = account()?;
        DirBuilder::new().mode(0o700).create(directory).map_err(Error::io("creating", directory))?;
        let mut postgres = Postgres {
            home: home(&package),
            package,
            data: directory.join("data"),
            account,
            password: random::password()?,
        };
        if let Some(account) = account {
            if !is_open_to_all(&postgres.home) {
                let copy = directory.join("program");
                copy_tree(&postgres.package, &copy)?;
                postgres.home = home(&copy);
            }
            chown(directory, Some(account.user), Some(account.group))
                .map_err(Error::io("changing the owner of", directory))?;
        }
        postgres.initialise(directory)?;
        Ok(postgres)
    }

    fn initialise(&self, directory: &Path) -> Result<()> {
        let secret = directory.join("password");
        fs::write(&secret, &self.password).map_err(Error::io("writing", &secret))?;
        if let Some(account) = self.account {
            chown(&secret, Some(account.user), Some(account.group))
                .map_err(Error::io("changing the owner of", &secret))?;
        }
        let mut initdb = Command::new(self.home.join("bin/initdb"));
        self.as_account(&mut initdb);
        initdb.arg("--pgdata").arg(&self.data).arg("--pwfile").arg(&secret).args(["--username", USER]);
        // The built-in locale is the same on every machine.
        initdb.args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]);
        initdb.args(["--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"]);
        client::run(initdb.current_dir(directory), "making a Postgres cluster")?;
        fs::remove_file(&secret).map_err(Error::io("removing", &secret))?;
        let settings = self.data.join("postgresql.auto.conf");
        fs::write(&settings, SETTINGS).map_err(Error::io("writing", &settings))
    }

    /// The server's command; its output is for the caller to place.
    pub(crate) fn command(&self, guard: &Guard, port: u16) -> Result<Command> {
        let mut server = guard.command(self.home.join("bin/postgres"))?;
        self.as_account(&mut server);
        server.arg("-D").arg(&self.data).args(["-p", &port.to_string()]).current_dir(&self.data);
        Ok(server)
    }

    /// Whether a login by password gets an answer.
    pub(crate) fn is_ready(&self, port: u16) -> bool {
        let mut psql = client::psql(&self.package, port, USER, &self.password, "postgres", "select 1");
        client::run(&mut psql, "").is_ok_and(|answer| answer == "1")
    }

    fn as_account(&self, command: &mut Command) {
        command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
    }
}

/// The account to run as, where it must be another than ours.
fn account() -> Result<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = tool::require("id")?;
    let number = |what: &str, name: &str| -> Option<u32> {
        client::run(Command::new(&id).args([what, name]), "").ok()?.parse().ok()
    };
    let found =
        ACCOUNTS.iter().find_map(|name| Some(Account { user: number("-u", name)?, group: number("-g", name)? }));
    found.map(Some).ok_or_else(|| Error::NoAccount(ACCOUNTS.join(", ")))
}

/// Whether every directory down to `path` lets other accounts through: root's
/// home, where the cache lies by default, does not.
fn is_open_to_all(path: &Path) -> bool {
    path.ancestors().all(|place| place.metadata().is_ok_and(|found| found.permissions().mode() & 0o005 == 0o005))
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
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
