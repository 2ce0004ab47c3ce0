//! Everything that is not plain cargo: `cargo xtask help` lists it.

mod bench;
mod build;
mod demo;
mod deny;
mod generate;
mod plugins;
mod reading;
mod run;
mod test;
mod testbed;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test               everything: format, lints, licences, unit tests, plugins, acceptance on real servers
  demo               the example documents on real servers: run, run again, plan, then read all of it back
  bench [PARTS]      speed and memory of a release build, beside what a user has today (docs/performance.md):
                     start example roles kafka opensearch; all where none is named
  plugins            build plugins/*.wasm
  generate           write what is generated from the contract and the tables
  generate --check   compare it instead
  testbed up [NAMES]     real servers, until Ctrl-C; the variables that clients need are printed
                         (without names postgres, minio, kafka, opensearch; others: kafka3, seaweedfs, postgres15)
  testbed up --detach [NAMES]    the same in the background
  testbed env            the variables again, for: eval \"$(cargo xtask testbed env)\"
  testbed down           end what `up` started
  testbed install [NAMES]    only fetch and build the servers; without names all
  help               this

Servers and tools are installed once, by version, in $HYHOST_CACHE
(default $XDG_CACHE_HOME/hyhost or ~/.cache/hyhost).
";

/// A usage error's exit code, as `hyhost` has it.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(),
        ["demo"] => demo::run(),
        ["bench", ..] => bench::run(),
        ["plugins"] => plugins::run(),
        ["generate"] => generate::run(false),
        ["generate", "--check"] => generate::run(true),
        ["testbed", "up", "--detach", names @ ..] => testbed::up_detached(names),
        ["testbed", "up", names @ ..] => testbed::up(names),
        ["testbed", "env"] => testbed::env(),
        ["testbed", "down"] => testbed::down(),
        ["testbed", "install", names @ ..] => testbed::install(names),
        // Not for people: `test` runs it beside its first steps.
        ["install-deny"] => deny::installed().map(drop),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            eprintln!(
                "\nxtask: not a command: {}",
                if words.is_empty() { "(nothing)".into() } else { words.join(" ") }
            );
            return ExitCode::from(USAGE);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
