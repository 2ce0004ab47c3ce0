//! What is run: hyhost, and the scripts that do the same work.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result};
use hyhost_testbed::{Instance, Order, Server, Testbed};

use super::measure::measure;
use crate::generate::root;
use crate::reading;

/// What the example makes, for [`forget_example`].
const DATABASES: [&str; 3] = ["app", "n8n", "keycloak"];
const EXAMPLE_ROLES: &str = "app_reader, app_user, reporting, n8n, keycloak";
const BUCKETS: [&str; 5] = ["hy-bucket", "loki-bucket", "tempo-bucket", "cdn-bucket", "doc-intel-assets"];
const USER: &str = "loki";
const POLICY: &str = "loki-storage";

/// What was built.
pub(crate) struct Program {
    pub(crate) hyhost: PathBuf,
    pub(crate) components: Vec<String>,
}

/// Whose servers the others work on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    /// Each side has its own: one would take the other's migrations for a
    /// stranger's.
    Apart,
    /// Both work on the same: what is made is taken back before each run.
    Shared,
}

/// All that the commands of one part need.
pub(crate) struct Bench<'a> {
    pub(crate) ours: Rc<Testbed>,
    pub(crate) theirs: Rc<Testbed>,
    program: &'a Program,
    variables: Vec<(String, String)>,
    /// With the servers' clients.
    path: OsString,
    compiled: PathBuf,
    /// What the last process said.
    pub(crate) words: PathBuf,
}

impl<'a> Bench<'a> {
    /// Starts the servers and compiles the plugins into a directory that goes
    /// with them.
    ///
    /// # Errors
    /// A server does not come up, or the plugins cannot be compiled.
    pub(crate) fn new(program: &'a Program, orders: &[Order], servers: Servers) -> Result<Bench<'a>> {
        let ours = Rc::new(Testbed::with(orders)?);
        let theirs = match servers {
            Servers::Shared => Rc::clone(&ours),
            Servers::Apart => Rc::new(Testbed::with(orders)?),
        };
        let variables = reading::variables()?;
        let kinds: Vec<Server> = orders.iter().map(|order| order.server).collect();
        let mut path = env::join_paths(hyhost_testbed::client_directories(&kinds)?)?;
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let (compiled, words) = (ours.directory().join("compiled"), ours.directory().join("words"));
        let bench = Bench { ours, theirs, program, variables, path, compiled, words };
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
        let found = self.find(name);
        let mut command = Command::new(found.as_deref().unwrap_or(name));
        command.args(arguments).current_dir(root()).env("PATH", &self.path);
        command.envs(bed.env()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Where a program of the PATH lies.
    pub(crate) fn find(&self, name: impl AsRef<Path>) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|directory| directory.join(name.as_ref())).find(|path| path.is_file())
    }

    /// One of the scripts beside this file.
    pub(crate) fn script(&self, name: &str) -> Command {
        self.program("sh", &[&format!("xtask/src/bench/{name}.sh")])
    }

    /// hyhost with all plugins, compiled code at hand or not.
    pub(crate) fn hyhost(&self, arguments: &[&str], code: Code) -> Command {
        let mut command = self.with(&self.ours, &self.program.hyhost, arguments);
        command.args(&self.program.components);
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

    /// hyhost with documents of a part's own, see [`Bench::document`].
    pub(crate) fn documents(&self, name: &str) -> Command {
        let place = self.place(name);
        let mut command = self.hyhost(&["run"], Code::AtHand);
        command.arg("--config").arg(&place).arg("--secrets").arg(place.join("secrets"));
        command
    }

    /// The directory of a part's own documents.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.ours.directory().join("documents").join(name)
    }

    /// Writes a document and the secrets that it names.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn document(&self, name: &str, text: &str, secrets: &[(&str, &str)]) -> Result<()> {
        let place = self.place(name);
        fs::create_dir_all(place.join("secrets"))?;
        for (secret, value) in secrets {
            fs::write(place.join("secrets").join(secret), value)?;
        }
        fs::write(place.join("all.yaml"), text).with_context(|| format!("cannot write into {}", place.display()))
    }

    /// Runs what is only needed, and not part of the table.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn measure(&self, command: &mut Command) -> Result<()> {
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
}

/// One of a server's variables.
///
/// # Errors
/// It has none of that name.
pub(crate) fn variable(server: &Instance, name: &str) -> Result<String> {
    let known = server.env().into_iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| value).with_context(|| format!("{} has no {name}", server.server()))
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
    if bed.mc(&["admin", "user", "list", "testbed"])?.contains(USER) {
        bed.mc(&["admin", "user", "remove", "testbed", USER])?;
    }
    if bed.mc(&["admin", "policy", "list", "testbed"])?.contains(POLICY) {
        bed.mc(&["admin", "policy", "remove", "testbed", POLICY])?;
    }
    Ok(())
}
