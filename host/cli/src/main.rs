//! hyhost: makes stateful services ready to use before applications start.
//!
//! The command reads arguments, calls the engine and prints. It decides
//! nothing.

mod args;
mod commands;
mod load;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// The exit code of a wrong command line (`EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    // Started by ourselves, as the process that librdkafka lives in: this is
    // no command, and nothing else may be set up before.
    if std::env::args_os().nth(1).is_some_and(|word| word == hyhost_backend_kafka::WORD) {
        return hyhost_backend_kafka::client();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Nobody is left to tell where even this cannot be printed.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    output::set_up(&cli.common);
    let result = match &cli.command {
        Command::Run(args) => commands::run::run(&cli.common, args),
        Command::Plan(args) => commands::run::plan(&cli.common, args),
        Command::Wait(args) => commands::run::wait(&cli.common, args),
        Command::Validate(args) => commands::check::validate(&cli.common, args),
        Command::Schema(args) => commands::check::schema(args),
        Command::Inspect(args) => commands::check::inspect(&cli.common, args),
        Command::Compile(args) => commands::check::compile(&cli.common, args),
        Command::Completions(args) => commands::completions::print(args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
