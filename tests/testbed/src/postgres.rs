//! How Postgres is set up, started and found ready: version 18 from a Python
//! wheel, without TLS, and Debian's version 15, which takes only TLS.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::account::{Account, copy_tree, is_open_to_all};
use crate::certificate::Authority;
use crate::guard::Guard;
use crate::install::{Package, home, install};
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, cache, client, random, tool};

/// The superuser.
const USER: &str = "postgres";

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

/// What the version with TLS has beside them.
const TLS_SETTINGS: &str = "
ssl = on
ssl_cert_file = '../server.pem'
ssl_key_file = '../server.key'
";

/// Where Debian puts the programs of version 15.
const DEBIAN: &str = "/usr/lib/postgresql/15";

/// A Postgres that has been set up.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// Where our own account finds the clients.
    clients: PathBuf,
    /// `bin`, `lib` and `share` where the server's account can reach them.
    home: PathBuf,
    data: PathBuf,
    account: Option<Account>,
    password: String,
    /// The CA of the version with TLS.
    authority: Option<PathBuf>,
}

/// Where `psql` of version 15 lies, installed where needed.
pub(crate) fn debian() -> Result<PathBuf> {
    let bin = Path::new(DEBIAN).join("bin");
    if bin.join("postgres").exists() {
        return Ok(bin);
    }
    if !rustix::process::geteuid().is_root() {
        return Err(Error::MissingTool {
            tool: "Debian's Postgres 15".into(),
            purpose: "it is the Postgres with TLS",
            remedy: "apt-get install postgresql-15, as root",
        });
    }
    let _lock = cache::lock(&cache::directory()?.join("testbed/apt.lock"))?;
    if !bin.join("postgres").exists() {
        let apt = tool::require("apt-get")?;
        eprintln!("testbed: installing postgresql-15 (once; it stays on this machine)");
        client::run(Command::new(&apt).arg("update"), "looking for Debian's packages")?;
        let mut install = Command::new(&apt);
        install.args(["install", "--yes", "--no-install-recommends", "postgresql-15"]);
        // At this level, no service is started.
        install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        client::run(&mut install, "installing postgresql-15")?;
    }
    Ok(bin)
}

impl Postgres {
    /// Installs version 18 where needed and makes a cluster in `directory`,
    /// which must not exist.
    pub(crate) fn prepare(directory: &Path) -> Result<Postgres> {
        let package = install(Package::Postgres)?;
        let mut postgres = Postgres::begin(directory, &home(&package))?;
        if postgres.account.is_some() && !is_open_to_all(&postgres.home) {
            let copy = directory.join("program");
            copy_tree(&package, &copy)?;
            postgres.home = home(&copy);
        }
        // The built-in locale is the same on every machine.
        let locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
        postgres.initialise(directory, &locale, SETTINGS)?;
        Ok(postgres)
    }

    /// The same with Debian's version 15 and a CA of its own.
    pub(crate) fn prepare_15(directory: &Path) -> Result<Postgres> {
        debian()?;
        let mut postgres = Postgres::begin(directory, Path::new(DEBIAN))?;
        let authority = Authority::new("postgres-ca", directory)?;
        authority.issue("server", &[HOST])?;
        postgres.authority = Some(authority.path());
        let key = directory.join("server.key");
        fs::set_permissions(&key, Permissions::from_mode(0o600)).map_err(Error::io("closing", &key))?;
        if let Some(account) = postgres.account {
            account.own(&key)?;
        }
        postgres.initialise(directory, &["--locale=C"], &[SETTINGS, TLS_SETTINGS].concat())?;
        let rules = postgres.data.join("pg_hba.conf");
        let said = fs::read_to_string(&rules).map_err(Error::io("reading", &rules))?;
        fs::write(&rules, only_tls(&said)).map_err(Error::io("writing", &rules))?;
        Ok(postgres)
    }

    fn begin(directory: &Path, home: &Path) -> Result<Postgres> {
        DirBuilder::new().mode(0o700).create(directory).map_err(Error::io("creating", directory))?;
        let account = Account::needed("Postgres")?;
        if let Some(account) = account {
            account.own(directory)?;
        }
        Ok(Postgres {
            clients: home.join("bin"),
            home: home.to_owned(),
            data: directory.join("data"),
            account,
            password: random::password()?,
            authority: None,
        })
    }

    fn initialise(&self, directory: &Path, locale: &[&str], wishes: &str) -> Result<()> {
        let secret = directory.join("password");
        fs::write(&secret, &self.password).map_err(Error::io("writing", &secret))?;
        if let Some(account) = self.account {
            account.own(&secret)?;
        }
        let mut initdb = Command::new(self.home.join("bin/initdb"));
        self.as_account(&mut initdb);
        initdb.arg("--pgdata").arg(&self.data).arg("--pwfile").arg(&secret).args(["--username", USER]);
        initdb.args(["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"]).args(locale);
        client::run(initdb.current_dir(directory), "making a Postgres cluster")?;
        fs::remove_file(&secret).map_err(Error::io("removing", &secret))?;
        let settings = self.data.join("postgresql.auto.conf");
        fs::write(&settings, wishes).map_err(Error::io("writing", &settings))
    }

    fn as_account(&self, command: &mut Command) {
        command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
        if let Some(account) = self.account {
            account.apply(command);
        }
    }
}

impl Recipe for Postgres {
    fn user(&self) -> &'static str {
        USER
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn env(&self, port: u16) -> Vec<(&'static str, String)> {
        let own = |host, number, user, password| {
            vec![
                (host, HOST.to_owned()),
                (number, port.to_string()),
                (user, USER.to_owned()),
                (password, self.password.clone()),
            ]
        };
        match &self.authority {
            Some(authority) => {
                let mut all = own("POSTGRES15_HOST", "POSTGRES15_PORT", "POSTGRES15_USER", "POSTGRES15_PASSWORD");
                all.push(("POSTGRES15_CA", authority.display().to_string()));
                all
            }
            None => {
                let mut all = own("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD");
                all.push(("PGDATABASE", "postgres".into()));
                all.extend(own("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD"));
                all
            }
        }
    }

    fn command(&self, guard: &Guard, port: u16) -> Result<Command> {
        let mut server = guard.command(self.home.join("bin/postgres"))?;
        self.as_account(&mut server);
        server.arg("-D").arg(&self.data).args(["-p", &port.to_string()]).current_dir(&self.data);
        Ok(server)
    }

    /// Whether a login by password gets an answer.
    fn is_ready(&self, port: u16) -> bool {
        let mut psql = client::psql(&self.clients, port, USER, &self.password, "postgres", "select 1");
        if let Some(authority) = &self.authority {
            client::verify(&mut psql, authority);
        }
        client::run(&mut psql, "").is_ok_and(|answer| answer == "1")
    }

    fn orderly(&self) -> (Signal, Duration) {
        (Signal::INT, Duration::from_secs(10))
    }

    /// Not KILL: it gives its shared memory back.
    fn at_once(&self) -> Signal {
        Signal::QUIT
    }
}

/// Rules of who may come, for TLS alone.
fn only_tls(rules: &str) -> String {
    let line = |line: &str| match line.strip_prefix("host") {
        Some(rest) if rest.starts_with([' ', '\t']) => format!("hostssl{rest}\n"),
        _ => format!("{line}\n"),
    };
    rules.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_nobody_comes() {
        let rules = "# host is a word\nlocal all all md5\nhost    all  all  127.0.0.1/32  md5\n";
        assert_eq!(only_tls(rules), "# host is a word\nlocal all all md5\nhostssl    all  all  127.0.0.1/32  md5\n");
    }
}
