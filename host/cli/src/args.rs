//! The command line.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

/// Makes stateful services ready to use: buckets, roles, databases, by
/// sandboxed plugins.
#[derive(Debug, Parser)]
#[command(name = "hyhost", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Print JSON, one object a line, also on a terminal
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print what goes on inside, on stderr
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// When to use colour; `always` also prints for people where stdout is no terminal
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wait for the servers, then make them as the documents say
    ///
    /// Safe to run any number of times. Exit code 0: everything is as the
    /// documents say; 1: something is not, and stderr says what; 143: stopped
    /// by SIGTERM.
    Run(Work),
    /// Show what `run` would do, and change nothing
    ///
    /// Exit code 0: nothing to do; 2: there are changes, or things that can
    /// only be planned later; 1: error.
    Plan(Plan),
    /// Wait until the servers are ready, and do nothing else
    ///
    /// Waits as `run` does, for each target up to its `ready_timeout`; all at
    /// once, also those that come after another. Exit code 0: all are ready;
    /// 1: one is not, and it is said why; 143: stopped by SIGTERM.
    Wait(Work),
    /// Check the documents and the plugins without any server
    Validate(Work),
    /// Print a JSON Schema of the documents for editors
    Schema(Plugins),
    /// Say what a plugin is and what it can do
    Inspect(Inspect),
    /// Compile plugins ahead, for `--compiled`
    Compile(Compile),
    /// Print the completions for a shell
    ///
    /// For bash: `source <(hyhost completions bash)`.
    Completions(Completions),
}

/// Which plugins, documents and targets.
#[derive(Debug, Args)]
pub(crate) struct Work {
    #[command(flatten)]
    pub(crate) plugins: Plugins,
    /// The directory of the documents
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "provisioning")]
    pub(crate) config: PathBuf,
    /// Only targets whose name matches (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub(crate) target: Vec<String>,
    /// Also targets of this profile (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// Accept IP addresses as endpoints
    #[arg(long)]
    pub(crate) allow_ip: bool,
    /// Where secrets lie that the documents do not place
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "/run/secrets")]
    pub(crate) secrets: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) work: Work,
    /// Exit 2 also where there is access beyond the documents (extras)
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Which plugins.
#[derive(Debug, Args)]
pub(crate) struct Plugins {
    /// Components (*.wasm), directories of them, or patterns
    #[arg(required = true, value_name = "PLUGINS", value_hint = ValueHint::AnyPath)]
    pub(crate) plugins: Vec<PathBuf>,
    /// Code compiled by `hyhost compile`; it is read, never written
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) compiled: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) plugin: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// Components (*.wasm), directories of them, or patterns
    #[arg(required = true, value_name = "PLUGINS", value_hint = ValueHint::AnyPath)]
    pub(crate) plugins: Vec<PathBuf>,
    /// Where the compiled code goes
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}
