//! `hyhost completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{Cli, Completions};
use crate::commands::OK;
use crate::output;

/// Prints the script.
pub(crate) fn print(args: &Completions) -> anyhow::Result<u8> {
    output::line(script(args.shell)?.trim_end())?;
    Ok(OK)
}

/// The script, whole: where stdout is closed early, half of one is no panic.
fn script(shell: Shell) -> anyhow::Result<String> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(String::from_utf8(script)?)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use clap::ValueEnum;

    use super::*;

    #[test]
    fn each_shell_hears_of_each_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    /// What bash offers for these words, the last of which is being typed.
    fn offered(words: &[&str]) -> Vec<String> {
        let asked = format!(
            "{}\nCOMP_WORDS=({}); COMP_CWORD={}\n_hyhost hyhost '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script(Shell::Bash).unwrap(),
            words.join(" "),
            words.len() - 1,
            words.last().unwrap(),
            words[words.len() - 2],
        );
        let output = Command::new("bash").args(["--norc", "-c", &asked]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_commands_and_options() {
        assert_eq!(offered(&["hyhost", "wa"]), ["wait"]);
        assert_eq!(offered(&["hyhost", "plan", "--str"]), ["--strict"]);
        assert_eq!(offered(&["hyhost", "wait", "--str"]), [""; 1], "only a plan is strict");
        assert!(offered(&["hyhost", "completions", "z"]).contains(&"zsh".to_owned()));
    }
}
