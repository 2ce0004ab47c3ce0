//! What one process took, and what many took.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use wait4::Wait4;

/// What a process took. Of a shell, with all that it waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// From just before it was started until it was waited for.
    pub(crate) wall: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Bytes in memory at the highest; of a shell, that of its largest
    /// process. The kernel lets a process begin with its parent's figure, so
    /// nothing below xtask's own can be seen: the table shows `true` for that.
    pub(crate) rss: u64,
}

/// Runs a command to its successful end; what it says goes to a file.
///
/// # Errors
/// It cannot be started, or it fails.
pub(crate) fn measure(command: &mut Command, words: &Path) -> Result<Run> {
    measure_watched(command, words, |_| ())
}

/// The same, and `started` is told the process's number when it runs.
///
/// # Errors
/// Those of [`measure`].
pub(crate) fn measure_watched(command: &mut Command, words: &Path, started: impl FnOnce(u32)) -> Result<Run> {
    let file = File::create(words).with_context(|| format!("cannot write {}", words.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let begin = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    started(child.id());
    let used = child.wait4().context("cannot wait for a process")?;
    let wall = begin.elapsed();
    if !used.status.success() {
        let program = Path::new(command.get_program()).display();
        bail!("{program} ended with {}:\n{}", used.status, fs::read_to_string(words).unwrap_or_default());
    }
    Ok(Run { wall, cpu: used.rusage.utime + used.rusage.stime, rss: used.rusage.maxrss })
}

/// The same, but the wall time ends with the first line on stderr that holds
/// these words.
///
/// # Errors
/// It cannot be started, it fails, or it never says so.
pub(crate) fn measure_until(command: &mut Command, said: &str) -> Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begin = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let stderr = child.stderr.take().context("no pipe")?;
    let (mut wall, mut words) = (None, String::new());
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        if wall.is_none() && line.contains(said) {
            wall = Some(begin.elapsed());
        }
        words = words + &line + "\n";
    }
    let used = child.wait4().context("cannot wait for a process")?;
    match wall {
        Some(wall) if used.status.success() => {
            Ok(Run { wall, cpu: used.rusage.utime + used.rusage.stime, rss: used.rusage.maxrss })
        }
        _ => bail!("it ended with {} and should have said `{said}`:\n{words}", used.status),
    }
}

/// The least, the middle and the most of some figures; of an even number of
/// them, the upper one of the two in the middle.
pub(crate) fn spread<T: Copy + Ord>(figures: impl IntoIterator<Item = T>) -> Option<[T; 3]> {
    let mut sorted: Vec<T> = figures.into_iter().collect();
    sorted.sort_unstable();
    Some([*sorted.first()?, *sorted.get(sorted.len() / 2)?, *sorted.last()?])
}

/// What follows `name` on its line of a file of `/proc`.
pub(crate) fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_matches([' ', '\t', ':']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_figures() {
        assert_eq!(spread([5, 1, 3]), Some([1, 3, 5]));
        assert_eq!(spread([4, 1, 3, 2]), Some([1, 3, 4]));
        assert_eq!(spread([7]), Some([7, 7, 7]));
        assert_eq!(spread(Vec::<u32>::new()), None);
    }

    #[test]
    fn the_clock_stops_at_the_words() {
        let script = |text: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", text]);
            shell
        };
        let run = measure_until(&mut script("echo a >&2; echo it is so >&2; sleep 0.3"), "is so").unwrap();
        assert!(run.wall < Duration::from_millis(250), "{run:?}");
        assert!(measure_until(&mut script("echo it is so"), "is so").is_err(), "stdout does not count");
        assert!(measure_until(&mut script("echo it is so >&2; exit 1"), "is so").is_err());
    }

    #[test]
    fn a_process_is_measured_with_what_it_waited_for() {
        let directory = std::env::temp_dir().join(format!("hyhost-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let words = directory.join("words");
        let mut busy = Command::new("sh");
        busy.args(["-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'; sleep 0.05; echo done"]);
        let run = measure(&mut busy, &words).unwrap();
        assert!(run.cpu > Duration::from_millis(10), "{run:?}");
        assert!(run.wall > run.cpu + Duration::from_millis(30), "{run:?}");
        assert!(run.rss > 500 << 10, "{run:?}");
        assert_eq!(fs::read_to_string(&words).unwrap(), "done\n");
        let said = measure(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), &words).unwrap_err().to_string();
        assert!(said.contains("exit status: 3") && said.contains("why"), "{said}");
        fs::remove_dir_all(directory).unwrap();
    }
}
