//! How Postgres is set up, started and found ready.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::account::{Account, copy_tree, is_open_to_all};
use crate::guard::Guard;
use crate::install::{Package, home, install};
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, client, random};

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

/// A Postgres that has been set up.
#[derive(Debug)]
pub(crate) struct Postgres {
    package: PathBuf,
    /// `bin`, `lib` and `share` where the server's account can reach them.
    home: PathBuf,
    data: PathBuf,
    account: Option<Account>,
    password: String,
}

impl Postgres {
    /// Installs it where needed and makes a cluster in `directory`, which must not exist.
    pub(crate) fn prepare(directory: &Path) -> Result<Postgres> {
        let package = install(Package::Postgres)?;
        let account = Account::needed("Postgres")?;
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
            account.own(directory)?;
        }
        postgres.initialise(directory)?;
        Ok(postgres)
    }

    fn initialise(&self, directory: &Path) -> Result<()> {
        let secret = directory.join("password");
        fs::write(&secret, &self.password).map_err(Error::io("writing", &secret))?;
        if let Some(account) = self.account {
            account.own(&secret)?;
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
        vec![
            ("PGHOST", HOST.into()),
            ("PGPORT", port.to_string()),
            ("PGUSER", USER.into()),
            ("PGPASSWORD", self.password.clone()),
            ("PGDATABASE", "postgres".into()),
            ("POSTGRES_HOST", HOST.into()),
            ("POSTGRES_PORT", port.to_string()),
            ("POSTGRES_USER", USER.into()),
            ("POSTGRES_PASSWORD", self.password.clone()),
        ]
    }

    fn command(&self, guard: &Guard, port: u16) -> Result<Command> {
        let mut server = guard.command(self.home.join("bin/postgres"))?;
        self.as_account(&mut server);
        server.arg("-D").arg(&self.data).args(["-p", &port.to_string()]).current_dir(&self.data);
        Ok(server)
    }

    /// Whether a login by password gets an answer.
    fn is_ready(&self, port: u16) -> bool {
        let mut psql = client::psql(&self.package, port, USER, &self.password, "postgres", "select 1");
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
