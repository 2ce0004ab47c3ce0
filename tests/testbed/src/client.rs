//! Readers that are not ours: `psql` and `mc`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::install::{Package, home, install};
use crate::{Error, Result, Server, Testbed, kafka, postgres};

/// Lines of a failed program's output that are shown.
const SHOWN: usize = 40;

impl Testbed {
    /// Runs SQL as the superuser in `database` by `psql` and returns what it
    /// prints: one line per row, columns separated by `|`.
    ///
    /// # Errors
    /// [`Error::Failed`] with psql's message when a statement fails.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let postgres = self.get(Server::Postgres)?;
        self.psql_as(postgres.user(), postgres.password(), database, sql)
    }

    /// The same as any role: for what a role may and may not do, and whether
    /// its password is the one that it should be.
    ///
    /// # Errors
    /// [`Error::Failed`] with psql's message when the login or a statement fails.
    pub fn psql_as(&self, user: &str, password: &str, database: &str, sql: &str) -> Result<String> {
        let port = self.get(Server::Postgres)?.port();
        let clients = home(&install(Package::Postgres)?).join("bin");
        run(&mut psql(&clients, port, user, password, database, sql), "asking Postgres")
    }

    /// [`Testbed::psql`] for [`Server::Postgres15`], over TLS.
    ///
    /// # Errors
    /// [`Error::Failed`] with psql's message when a statement fails.
    pub fn psql15(&self, database: &str, sql: &str) -> Result<String> {
        let postgres = self.get(Server::Postgres15)?;
        self.psql15_as(postgres.user(), postgres.password(), database, sql)
    }

    /// [`Testbed::psql_as`] for [`Server::Postgres15`], over TLS.
    ///
    /// # Errors
    /// [`Error::Failed`] with psql's message when the login or a statement fails.
    pub fn psql15_as(&self, user: &str, password: &str, database: &str, sql: &str) -> Result<String> {
        let server = self.get(Server::Postgres15)?;
        let mut psql = psql(&postgres::debian()?, server.port(), user, password, database, sql);
        if let Some((_, authority)) = server.env().iter().find(|(name, _)| *name == "POSTGRES15_CA") {
            verify(&mut psql, Path::new(authority));
        }
        run(&mut psql, "asking Postgres")
    }

    /// Runs `mc` with these arguments; MinIO is the alias `testbed`, SeaweedFS
    /// is `seaweed`.
    ///
    /// # Errors
    /// [`Error::Failed`] with mc's message.
    pub fn mc(&self, arguments: &[&str]) -> Result<String> {
        let mut mc = Command::new(Package::Mc.program(&install(Package::Mc)?));
        mc.env("MC_CONFIG_DIR", self.directory().join("mc")).envs(self.env()).arg("--quiet").args(arguments);
        run(&mut mc, "asking an S3 server")
    }
}

/// Where `psql`, `mc` and `kafka-topics.sh` lie, for a PATH: those of these
/// servers' clients that are installed with them, installed first where needed.
///
/// # Errors
/// Those of [`install`].
pub fn directories(servers: &[Server]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for server in servers {
        match server {
            Server::Postgres => found.push(home(&install(Package::Postgres)?).join("bin")),
            Server::Minio | Server::SeaweedFs => found.push(install(Package::Mc)?),
            // The other psql comes after this one, where both are asked for.
            Server::Postgres15 => found.push(postgres::debian()?),
            // It is asked by the system's own curl.
            Server::OpenSearch => {}
            Server::Kafka | Server::Kafka3 => found.push(kafka::bin(&install(Package::Kafka)?)),
        }
    }
    Ok(found)
}

/// `psql` with one command, by password, over TCP.
pub(crate) fn psql(clients: &Path, port: u16, user: &str, password: &str, database: &str, sql: &str) -> Command {
    let mut psql = Command::new(clients.join("psql"));
    psql.args(["-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    psql.env("PGHOST", "localhost").env("PGPORT", port.to_string()).env("PGDATABASE", database);
    psql.env("PGUSER", user).env("PGPASSWORD", password).env("PGCONNECT_TIMEOUT", "5");
    psql
}

/// Lets `psql` come by TLS, and look at whom it met.
pub(crate) fn verify(psql: &mut Command, authority: &Path) {
    psql.env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", authority);
}

/// Runs a program to its end and returns what it wrote to stdout, without the
/// last line's end.
///
/// # Errors
/// [`Error::Failed`] with the end of what it wrote when it ends with a failure.
pub fn run(command: &mut Command, doing: &str) -> Result<String> {
    let program = name(command);
    let output = command.stdin(Stdio::null()).output().map_err(Error::io_of("starting", &program))?;
    said(output, program, doing)
}

/// The same for a program that reads its standard input.
///
/// # Errors
/// Those of [`run`].
pub(crate) fn run_fed(command: &mut Command, input: &[u8], doing: &str) -> Result<String> {
    let program = name(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::io_of("starting", &program))?;
    let pipe = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // Beside the reading: a program may answer before it has read all. One
        // that ends early has its own words for why.
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    });
    said(output.map_err(Error::io_of("waiting for", &program))?, program, doing)
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn said(output: Output, program: String, doing: &str) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let words = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Error::Failed {
        doing: doing.to_owned(),
        program,
        status: output.status.to_string(),
        output: tail(&String::from_utf8_lossy(&words), SHOWN),
    })
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_status_and_the_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 7"]);
        let said = run(&mut command, "trying").unwrap_err().to_string();
        assert!(said.starts_with("trying: `sh` ended with exit status: 7\nout\nerr"), "{said}");
    }

    #[test]
    fn a_program_is_fed_more_than_a_pipe_holds() {
        let input = "x".repeat(1 << 20);
        assert_eq!(run_fed(&mut Command::new("cat"), input.as_bytes(), "trying").unwrap(), input);
        assert_eq!(run_fed(&mut Command::new("true"), input.as_bytes(), "trying").unwrap(), "");
    }

    #[test]
    fn the_tail_is_the_end() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
