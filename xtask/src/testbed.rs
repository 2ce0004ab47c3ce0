//! `cargo xtask testbed`: the real servers as a command.
//!
//! `up` holds them in the foreground; with `--detach` a copy of itself does.
//! What is up stands in a file of the clone, with the holder's number and start
//! time, so that `down` never ends a stranger. The holder needs no care at its
//! end, however it comes: the testbed's guard ends the servers.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyhost_testbed::{Identity, Server, Testbed};
use serde::{Deserialize, Serialize};

use crate::generate::root;
use crate::reading;

const PATIENCE: Duration = Duration::from_secs(20);

/// What is up.
#[derive(Serialize, Deserialize)]
struct Record {
    holder: Identity,
    servers: Vec<Identity>,
    directory: PathBuf,
    env: Vec<(String, String)>,
    /// Where the servers' clients lie.
    path: Vec<PathBuf>,
}

impl Record {
    fn path() -> PathBuf {
        root().join("target/testbed/up.json")
    }

    /// The record of a testbed that is up now.
    fn read() -> Option<Record> {
        let record: Record = serde_json::from_slice(&fs::read(Record::path()).ok()?).ok()?;
        record.holder.is_running().then_some(record)
    }

    /// Written whole, and for the owner's eyes: it holds passwords.
    fn write(&self) -> Result<()> {
        let path = Record::path();
        let partial = path.with_extension("partial");
        fs::create_dir_all(root().join("target/testbed"))?;
        let _ = fs::remove_file(&partial);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&partial)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        fs::rename(&partial, &path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Installs what is not in the cache yet: for the named servers, or for all.
pub(crate) fn install(names: &[&str]) -> Result<()> {
    for server in chosen(names, &Server::ALL)? {
        hyhost_testbed::install_for(server)?;
    }
    Ok(())
}

/// Starts the named servers, or those of the example documents, prints their
/// variables and holds them until it is ended.
pub(crate) fn up(names: &[&str]) -> Result<()> {
    refuse_second()?;
    let servers = chosen(names, &Server::DEMO)?;
    let bed = Testbed::up(&servers)?;
    let holder = Identity::of(std::process::id()).context("/proc does not tell who we are")?;
    let processes = bed.instances().iter().filter_map(|instance| Identity::of(instance.pid()?)).collect();
    let mut env: Vec<(String, String)> = bed.env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    env.extend(reading::variables()?);
    let path = hyhost_testbed::client_directories(&servers)?;
    let record = Record { holder, servers: processes, directory: bed.directory().to_owned(), env, path };
    record.write()?;
    print(&record)?;
    eprintln!("testbed: up, logs in {}. Ctrl-C (or `cargo xtask testbed down`) ends it.", record.directory.display());
    loop {
        thread::park();
    }
}

/// The same, held by a process of its own.
pub(crate) fn up_detached(names: &[&str]) -> Result<()> {
    refuse_second()?;
    // Before, so that minutes of building are seen here.
    for server in chosen(names, &Server::DEMO)? {
        hyhost_testbed::install_for(server)?;
    }
    let words = root().join("target/testbed/holder.log");
    fs::create_dir_all(root().join("target/testbed"))?;
    let log = File::create(&words).with_context(|| format!("cannot write {}", words.display()))?;
    let mut holder = Command::new(std::env::current_exe()?)
        .args(["testbed", "up"])
        .args(names)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("cannot start the testbed's holder")?;
    loop {
        if let Some(record) = Record::read().filter(|record| record.holder.pid == holder.id()) {
            print(&record)?;
            eprintln!("testbed: up, logs in {}. `cargo xtask testbed down` ends it.", record.directory.display());
            return Ok(());
        }
        if let Some(status) = holder.try_wait()? {
            bail!("the testbed did not come up ({status}):\n{}", fs::read_to_string(&words).unwrap_or_default());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Prints the variables of what is up, as a shell reads them.
pub(crate) fn env() -> Result<()> {
    let record = Record::read().context("no testbed is up in this clone: cargo xtask testbed up --detach")?;
    print(&record)
}

/// Ends what `up` started, and waits until it is gone.
pub(crate) fn down() -> Result<()> {
    let Some(record) = Record::read() else {
        eprintln!("testbed: nothing is up");
        return Ok(());
    };
    if !record.holder.end(PATIENCE)? {
        bail!("the testbed's holder (process {}) does not end", record.holder.pid);
    }
    let end = Instant::now() + PATIENCE;
    while record.servers.iter().any(|server| server.is_running()) || record.directory.exists() {
        if Instant::now() > end {
            bail!("the servers in {} did not end within {} s", record.directory.display(), PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
    fs::remove_file(Record::path()).context("cannot remove the testbed's record")?;
    eprintln!("testbed: down");
    Ok(())
}

/// The servers of these names, each once; without a name, `usual`.
fn chosen(names: &[&str], usual: &[Server]) -> Result<Vec<Server>> {
    let known = || Server::ALL.map(Server::name).join(", ");
    let one = |name: &&str| Server::named(name).with_context(|| format!("no server `{name}`; there are: {}", known()));
    let mut servers: Vec<Server> = names.iter().map(one).collect::<Result<_>>()?;
    servers.sort();
    servers.dedup();
    if servers.contains(&Server::Kafka) && servers.contains(&Server::Kafka3) {
        bail!("kafka and kafka3 are told by the same variables: name one of them");
    }
    Ok(if names.is_empty() { usual.to_vec() } else { servers })
}

fn refuse_second() -> Result<()> {
    match Record::read() {
        Some(record) => bail!(
            "a testbed of this clone is up already (process {}): `cargo xtask testbed env` shows it, `… down` ends it",
            record.holder.pid
        ),
        None => Ok(()),
    }
}

fn print(record: &Record) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for (name, value) in &record.env {
        writeln!(out, "export {name}={}", quoted(value))?;
    }
    for directory in &record.path {
        writeln!(out, "export PATH={}:\"$PATH\"", quoted(&directory.display().to_string()))?;
    }
    Ok(out.flush()?)
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Server, chosen, quoted};

    #[test]
    fn servers_are_chosen_by_name() {
        assert_eq!(chosen(&[], &[Server::Minio]).unwrap(), [Server::Minio]);
        let named = chosen(&["kafka", "postgres", "kafka"], &[]).unwrap();
        assert_eq!(named, [Server::Postgres, Server::Kafka]);
        let said = chosen(&["mysql"], &[]).unwrap_err().to_string();
        assert!(said.contains("`mysql`") && said.contains("postgres, "), "{said}");
        assert!(chosen(&["kafka", "kafka3"], &[]).is_err());
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let value = "it's $HOME `x` \"y\"\\";
        let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(value))]).output();
        assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), value);
    }
}
