//! The memory of a process together with its child: hyhost starts a client of
//! Kafka as a process of its own, and the kernel's `ru_maxrss` tells of the
//! larger one alone.
//!
//! The highest of each (`VmHWM`) is looked at every 20 ms, and the highest of
//! all are added: a sum that they need not have had at one moment, so never
//! too small but for what grows in the last 20 ms.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::measure::{Run, field, measure_watched};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Every so many looks another child is looked for, once there is one: that
/// reads a file of every process.
const SELDOM: usize = 10;

/// [`super::measure::measure`], with the memory of the children that it has
/// had, added to its own.
///
/// # Errors
/// It cannot be started, or it fails.
pub(crate) fn measure_family(command: &mut Command, words: &Path) -> Result<Run> {
    let done = Arc::new(AtomicBool::new(false));
    let mut watching: Option<JoinHandle<u64>> = None;
    let run = measure_watched(command, words, |process| {
        let done = Arc::clone(&done);
        watching = Some(thread::spawn(move || watch(process, &done)));
    });
    done.store(true, Ordering::Relaxed);
    let highest = watching.map_or(Ok(0), JoinHandle::join).map_err(|_| anyhow!("the look at the memory failed"))?;
    let run = run?;
    Ok(Run { rss: run.rss.max(highest), ..run })
}

fn watch(process: u32, done: &AtomicBool) -> u64 {
    let mut highest = BTreeMap::from([(process, 0)]);
    for look in 0.. {
        if highest.len() == 1 || look % SELDOM == 0 {
            for child in children(process) {
                highest.entry(child).or_insert(0);
            }
        }
        for (process, most) in &mut highest {
            *most = (*most).max(memory(*process).unwrap_or(0));
        }
        if done.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(PAUSE);
    }
    highest.values().sum()
}

/// The most bytes that a process has had in memory until now.
fn memory(process: u32) -> Option<u64> {
    let text = field(&format!("/proc/{process}/status"), "VmHWM")?;
    let kibibytes: u64 = text.strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| parent_of(*number) == Some(parent)).collect()
}

/// The second field after the name, which stands in parentheses and may hold
/// anything.
fn parent_of(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::measure::measure;
    use super::*;

    #[test]
    fn a_child_counts_beside_its_parent() {
        let words = std::env::temp_dir().join(format!("hyhost-family-{}", std::process::id()));
        let script = |text: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", text]);
            shell
        };
        // Some 20 MiB in the child alone, and then in both.
        let hold = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 0.3; :";
        let child = measure_family(&mut script(&format!("sh -c \"{}\"; :", hold.replace('$', "\\$"))), &words).unwrap();
        let both = script(&format!("{hold}; sh -c \"{}\"; :", hold.replace('$', "\\$")));
        let both = measure_family(&mut { both }, &words).unwrap();
        let largest = measure(&mut script(&format!("{hold}; {hold}")), &words).unwrap();
        std::fs::remove_file(words).unwrap();
        assert!(child.rss > 20_000_000, "{child:?}");
        assert!(both.rss > 40_000_000 && both.rss > child.rss + 15_000_000, "{both:?} {child:?}");
        assert!(largest.rss > 20_000_000, "{largest:?}");
    }

    #[test]
    fn a_process_is_its_parents_child() {
        let me = std::process::id();
        let mut child = Command::new("sleep").arg("5").spawn().unwrap();
        assert!(children(me).contains(&child.id()));
        assert!(memory(me).unwrap() > 1 << 20);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
