//! What is run: hyhost, and the scripts that do the same work.

use std::env;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use hyhost_testbed::{Server, Testbed, random};

use super::measure::measure;
use crate::generate::root;
use crate::reading;

/// Roles of the large document.
pub(crate) const ROLES: usize = 1000;

/// What the example makes, for [`Bench::forget_example`].
const DATABASES: [&str; 3] = ["app", "n8n", "keycloak"];
const EXAMPLE_ROLES: &str = "app_reader, app_user, reporting, n8n, keycloak";
const BUCKETS: [&str; 5] = ["hy-bucket", "loki-bucket", "tempo-bucket", "cdn-bucket", "doc-intel-assets"];

/// All that the commands need. hyhost and the scripts have servers of their
/// own, for each would take the other's migrations for a stranger's.
pub(crate) struct Bench {
    pub(crate) ours: Testbed,
    pub(crate) theirs: Testbed,
    hyhost: PathBuf,
    components: Vec<String>,
    variables: Vec<(String, String)>,
    /// With `psql` and `mc`.
    path: OsString,
    compiled: PathBuf,
    thousand: PathBuf,
    /// What the last process said.
    pub(crate) words: PathBuf,
}

/// What is measured on.
const SERVERS: [Server; 2] = [Server::Postgres, Server::Minio];

impl Bench {
    /// Starts the servers, writes the large document and its statements into a
    /// directory that goes with them, and compiles the plugins.
    ///
    /// # Errors
    /// A server does not come up, a file cannot be written, or the plugins
    /// cannot be compiled.
    pub(crate) fn new(hyhost: PathBuf, components: Vec<String>) -> Result<Bench> {
        let (ours, theirs) = (Testbed::up(&SERVERS)?, Testbed::up(&SERVERS)?);
        let variables = reading::variables()?;
        let directory = ours.directory();
        let mut path = env::join_paths(hyhost_testbed::client_directories(&SERVERS)?)?;
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let (compiled, thousand) = (directory.join("compiled"), directory.join("thousand"));
        let words = directory.join("words");
        let bench = Bench { ours, theirs, hyhost, components, variables, path, compiled, thousand, words };
        bench.write_thousand()?;
        bench.measure(&mut bench.compile(&bench.compiled))?;
        Ok(bench)
    }

    /// A program of the PATH that finds the scripts' servers.
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Command {
        self.with(&self.theirs, program, arguments)
    }

    fn with(&self, bed: &Testbed, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        // Found here and not by the child: looking for it is no part of its
        // time, and a path lets the standard library use posix_spawn.
        let name = program.as_ref();
        let found = env::split_paths(&self.path).map(|directory| directory.join(name)).find(|path| path.is_file());
        let mut command = Command::new(found.as_deref().unwrap_or(name));
        command.args(arguments).current_dir(root()).env("PATH", &self.path);
        command.envs(bed.env()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// One of the scripts beside this file.
    pub(crate) fn script(&self, name: &str) -> Command {
        self.program("sh", &[&format!("xtask/src/bench/{name}.sh")])
    }

    /// hyhost with all plugins, compiled code at hand or not.
    pub(crate) fn hyhost(&self, arguments: &[&str], code: Code) -> Command {
        let mut command = self.with(&self.ours, &self.hyhost, arguments);
        command.args(&self.components);
        if code == Code::AtHand {
            command.arg("--compiled").arg(&self.compiled);
        }
        command
    }

    /// Compiles the plugins into a directory that has nothing yet.
    pub(crate) fn compile(&self, to: &Path) -> Command {
        let mut command = self.hyhost(&["compile"], Code::Missing);
        command.arg("--to").arg(to);
        command
    }

    /// hyhost with the large document.
    pub(crate) fn thousand(&self) -> Command {
        let mut command = self.hyhost(&["run"], Code::AtHand);
        command.arg("--config").arg(&self.thousand).arg("--secrets").arg(self.thousand.join("secrets"));
        command
    }

    /// One psql with a file of as many statements.
    pub(crate) fn thousand_statements(&self) -> Command {
        let mut command = self.program("psql", &["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f"]);
        command.arg(self.thousand.join("roles.sql"));
        command
    }

    fn measure(&self, command: &mut Command) -> Result<()> {
        measure(command, &self.words).map(drop)
    }

    /// Runs the scripts, which must then have made all that the documents ask
    /// for.
    ///
    /// # Errors
    /// A script fails, or what it made is not the same.
    pub(crate) fn prove_scripts(&self) -> Result<()> {
        self.measure(&mut self.script("both"))?;
        reading::read_back(&self.theirs, &self.variables).map(drop)
    }

    fn write_thousand(&self) -> Result<()> {
        let postgres = self.ours.get(Server::Postgres)?;
        let secrets = self.thousand.join("secrets");
        fs::create_dir_all(&secrets)?;
        fs::write(secrets.join("admin"), postgres.password())?;
        let mut document = format!(
            "connections:\n  db:\n    sql: {{ host: {}, port: {}, user: {}, password: admin }}\n\
             targets:\n  roles:\n    plugin: postgres\n    connection: db\n    grant: desired\n    desired:\n      roles:\n",
            postgres.host(),
            postgres.port(),
            postgres.user()
        );
        let mut statements = String::new();
        for number in 0..ROLES {
            let (name, password) = (format!("bench_{number:04}"), random::password()?);
            fs::write(secrets.join(&name), &password)?;
            writeln!(document, "        - {{ name: {name}, login: true, password: {name} }}")?;
            writeln!(
                statements,
                "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \
                 THEN ALTER ROLE {name} LOGIN PASSWORD '{password}'; \
                 ELSE CREATE ROLE {name} LOGIN PASSWORD '{password}'; END IF; END $$;"
            )?;
        }
        fs::write(self.thousand.join("roles.yaml"), document)?;
        fs::write(self.thousand.join("roles.sql"), statements)?;
        Ok(())
    }
}

/// Whether hyhost is told where compiled code is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    AtHand,
    Missing,
}

/// Takes back what the example's documents or scripts made.
///
/// # Errors
/// Something is still there.
pub(crate) fn forget_example(bed: &Testbed) -> Result<()> {
    for database in DATABASES {
        bed.psql("postgres", &format!("drop database if exists {database} with (force)"))?;
    }
    bed.psql("postgres", &format!("drop role if exists {EXAMPLE_ROLES}"))?;
    let there = bed.mc(&["ls", "testbed"])?;
    for bucket in BUCKETS.iter().filter(|bucket| there.contains(&format!(" {bucket}/"))) {
        bed.mc(&["rb", "--force", &format!("testbed/{bucket}")])?;
    }
    Ok(())
}

/// Takes the thousand roles back.
///
/// # Errors
/// Postgres refuses it.
pub(crate) fn forget_thousand(bed: &Testbed) -> Result<()> {
    let sql = "do $$ declare name text; begin \
               for name in select rolname from pg_roles where rolname like 'bench\\_%' loop \
               execute format('drop role %I', name); end loop; end $$";
    bed.psql("postgres", sql).map(drop).context("the roles could not be dropped")
}
