//! What tests of the whole command share: documents in a directory of their
//! own, and runs of the built `hyhost`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of documents and the environment of the runs on it.
#[derive(Debug)]
pub struct Stack {
    directory: TempDir,
    environment: Vec<(String, String)>,
    plugins: Vec<PathBuf>,
    compiled: OnceLock<PathBuf>,
}

/// What one run of `hyhost` said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; `None`: ended by a signal.
    pub code: Option<i32>,
    /// The JSON lines of stdout.
    pub events: Vec<Value>,
    /// Stdout as it is.
    pub stdout: String,
    /// Stderr as it is.
    pub stderr: String,
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).join("..")
}

/// The built command, of the profile that this test was built with.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let profile = test.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let binary = profile.join("hyhost");
    assert!(binary.exists(), "{} is not built: run `cargo build -p hyhost`", binary.display());
    binary
}

/// A built plugin.
pub fn plugin(name: &str) -> PathBuf {
    let path = root().join("plugins").join(format!("{name}.wasm"));
    assert!(path.exists(), "{} is not built: run `cargo xtask plugins`", path.display());
    path
}

/// Compiled code of these plugins: a test is about what they do, not about how
/// long a debug build takes to compile them.
fn compiled(plugins: &[PathBuf]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let to = binary().with_file_name("compiled-plugins");
    let output = Command::new(binary()).arg("compile").args(plugins).arg("--to").arg(&to).output();
    match output {
        Ok(output) if output.status.success() => to,
        Ok(output) => fail(&format!("hyhost compile: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => fail(&format!("hyhost compile: {error}")),
    }
}

impl Stack {
    /// A directory with one document.
    ///
    /// # Panics
    /// The directory cannot be written.
    pub fn new(document: &str) -> Self {
        let directory =
            tempfile::tempdir().unwrap_or_else(|error| fail(&format!("no directory for documents: {error}")));
        let plugins = vec![plugin("postgres"), plugin("minio")];
        let stack = Self { directory, environment: Vec::new(), plugins, compiled: OnceLock::new() };
        stack.write("stack.yaml", document);
        stack
    }

    /// With these variables in the environment of every run.
    #[must_use]
    pub fn with(mut self, variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.environment.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// With other plugins.
    #[must_use]
    pub fn with_plugins(mut self, plugins: Vec<PathBuf>) -> Self {
        self.plugins = plugins;
        self
    }

    /// Writes a file of the directory.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.directory.path().join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, content));
        written.unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The command line of a run: `command` is its first words.
    pub fn command(&self, command: &[&str]) -> Command {
        let mut run = Command::new(binary());
        let (first, rest) = command.split_first().unwrap_or((&"run", &[]));
        let compiled = self.compiled.get_or_init(|| compiled(&self.plugins));
        run.arg(first).args(&self.plugins).arg("--compiled").arg(compiled);
        run.arg("--config").arg(self.directory.path()).args(rest);
        // Only what a test names: no variable of the machine may help.
        run.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        run
    }

    /// Runs to the end.
    pub fn hyhost(&self, command: &[&str]) -> Said {
        let output = self.command(command).output();
        Said::of(output.unwrap_or_else(|error| fail(&format!("hyhost cannot be started: {error}"))))
    }

    /// Starts, and leaves it running.
    pub fn start(&self, command: &[&str]) -> Child {
        self.command(command).spawn().unwrap_or_else(|error| fail(&format!("hyhost cannot be started: {error}")))
    }
}

impl Said {
    /// What a process that was started by [`Stack::start`] said.
    pub fn of(output: Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { code: output.status.code(), events, stdout, stderr }
    }

    /// Fails with all that was said unless it ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The events of this sort.
    pub fn of_sort<'a>(&'a self, sort: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["event"] == sort)
    }

    /// The objects that a run changed, or a plan would, in order.
    pub fn changes(&self) -> Vec<String> {
        let planned = self.of_sort("change").map(|event| &event["change"]["id"]);
        let done = self.of_sort("object").filter(|event| event["outcome"] == "done").map(|event| &event["object"]);
        planned.chain(done).map(|id| id.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How many changes the last event of a run counts.
    pub fn changed(&self) -> Option<u64> {
        self.of_sort("run-ended").last().and_then(|event| event["counts"]["changed"].as_u64())
    }
}

#[allow(clippy::panic, reason = "a test that cannot begin ends")]
fn fail(text: &str) -> ! {
    panic!("{text}")
}
