//! Running programs so that their words are seen and can be looked at.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};

/// How a program ended, and what it wrote to stdout and stderr together.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

/// `program` with `arguments`, in the repository's directory `place`.
pub(crate) fn program(place: &str, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments).current_dir(crate::generate::root().join(place));
    command
}

/// The cargo that runs us, else the one on the PATH.
pub(crate) fn cargo(place: &str, arguments: &[&str]) -> Command {
    program(place, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).as_os_str().as_ref() as &Path, arguments)
}

/// Runs a program; its output passes through, line by line, and is kept.
pub(crate) fn echo(command: &mut Command) -> Result<Ended> {
    let name = Path::new(command.get_program()).display().to_string();
    let (reader, writer) = std::io::pipe().context("no pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot run {name}"))?;
    // The command holds ends of the pipe; while it does, the output has no end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut text = String::new();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).with_context(|| format!("cannot read what {name} says"))? > 0 {
        std::io::stdout().write_all(&line)?;
        text.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().with_context(|| format!("cannot wait for {name}"))?;
    Ok(Ended { status, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_and_the_status_are_kept() {
        let mut command = Command::new("sh");
        let ended = echo(command.args(["-c", "echo one; echo two >&2; exit 3"])).unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(ended.text, "one\ntwo\n");
    }
}
