//! Which Java runs a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result, tool};

/// Where distributions put their Javas.
const PLACES: &str = "/usr/lib/jvm";

/// A Java that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Java {
    /// The program.
    pub(crate) program: PathBuf,
    /// The feature release, such as 17.
    pub(crate) feature: u32,
    /// Its full name as a file's name: archives of classes fit one build only.
    pub(crate) build: String,
}

/// Flags of every Java here: quick to start and small, which matters more
/// than what it does after minutes.
pub(crate) const FRUGAL: [&str; 4] =
    ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true"];

/// Archives of classes that are read and checked already, which halve the time
/// of a start. One fits the jars and the build of Java with which it was made.
#[derive(Debug, Clone)]
pub(crate) enum Classes {
    /// Written into this directory, when the program ends.
    Make(PathBuf),
    /// Taken from this directory, where they are there.
    Use(PathBuf),
}

impl Classes {
    /// The flag for the archive of this name.
    pub(crate) fn flag(&self, name: &str) -> Option<String> {
        match self {
            Classes::Make(place) => Some(format!("-XX:ArchiveClassesAtExit={}", archive(place, name).display())),
            Classes::Use(place) => {
                let file = archive(place, name);
                file.exists().then(|| format!("-XX:SharedArchiveFile={}", file.display()))
            }
        }
    }
}

/// The archive of this name in a directory.
pub(crate) fn archive(place: &Path, name: &str) -> PathBuf {
    place.join(format!("{name}.jsa"))
}

/// The newest Java on this machine: `JAVA_HOME`, the PATH and where
/// distributions put them are looked through.
///
/// # Errors
/// [`Error::MissingTool`] when none is of `feature` or newer.
pub(crate) fn find(feature: u32, remedy: &'static str) -> Result<Java> {
    let home = std::env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let places = fs::read_dir(PLACES).into_iter().flatten().flatten().map(|entry| entry.path().join("bin/java"));
    let programs = home.into_iter().chain(tool::find("java")).chain(places);
    // Links and their targets are one.
    let mut programs: Vec<PathBuf> = programs.filter_map(|program| program.canonicalize().ok()).collect();
    programs.sort();
    programs.dedup();
    let found = programs.into_iter().filter_map(|program| read(&program));
    found.filter(|java| java.feature >= feature).max_by_key(|java| java.feature).ok_or_else(|| Error::MissingTool {
        tool: format!("java, {feature} or newer"),
        purpose: "a server of the testbed runs on it",
        remedy,
    })
}

/// What the file `release` of an installation says, and, where there is none,
/// the program itself.
fn read(program: &Path) -> Option<Java> {
    let release = program.parent()?.parent()?.join("release");
    let text = match fs::read_to_string(release) {
        Ok(text) => text,
        Err(_) => {
            let mut java = Command::new(program);
            let output = java.args(["-XshowSettings:properties", "-version"]).stdin(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&output.stderr).into_owned()
        }
    };
    parse(program, &text)
}

/// Both say it as lines of `NAME=value`, one in quotes and capitals.
fn parse(program: &Path, text: &str) -> Option<Java> {
    let value = |names: [&str; 2]| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut lines = lines.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')));
        lines.find(|(name, _)| names.contains(name)).map(|(_, value)| value.to_owned())
    };
    let version = value(["JAVA_VERSION", "java.version"])?;
    let feature = version.split(['.', '-', '+']).next()?.parse().ok()?;
    let full = [
        value(["IMPLEMENTOR", "java.vendor"]),
        value(["JAVA_RUNTIME_VERSION", "java.runtime.version"]).or(Some(version)),
        value(["SOURCE", "java.vm.version"]),
    ];
    let full = full.into_iter().flatten().collect::<Vec<_>>().join("-");
    let build = full.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' });
    Some(Java { program: program.to_owned(), feature, build: build.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_telling_are_read() {
        let file = "IMPLEMENTOR=\"Some One\"\nJAVA_RUNTIME_VERSION=\"25.0.3+9-LTS\"\nJAVA_VERSION=\"25.0.3\"\n";
        let java = parse(Path::new("/x/bin/java"), file).unwrap();
        assert_eq!((java.feature, java.build.as_str()), (25, "Some_One_25.0.3_9_LTS"));
        let printed = "Property settings:\n    java.vendor = Some\n    java.version = 17-ea\n";
        assert_eq!(parse(Path::new("/x/bin/java"), printed).unwrap().feature, 17);
        assert_eq!(parse(Path::new("/x/bin/java"), "no version"), None);
    }

    #[test]
    fn the_newest_is_taken_and_a_missing_one_is_named() {
        let said = find(999, "the remedy").unwrap_err().to_string();
        assert!(said.contains("`java, 999 or newer` is missing") && said.contains("the remedy"), "{said}");
    }
}
