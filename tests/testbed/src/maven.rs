//! Jars from Maven's registry, by Maven's own client.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Error, Result, cache, client, tool};

/// The plugin that copies what a project depends on.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// One artifact, and what of its own dependencies is left out (`group:name`,
/// or `*:*` for all).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Artifact<'a> {
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// `jar` or `zip`.
    pub(crate) kind: &'a str,
    pub(crate) without: &'a [&'a str],
}

/// Nothing of what it depends on.
pub(crate) const ALONE: &[&str] = &["*:*"];

/// A jar with all that it needs to run.
pub(crate) fn jar<'a>(group: &'a str, name: &'a str, version: &'a str) -> Artifact<'a> {
    Artifact { group, name, version, kind: "jar", without: &[] }
}

/// Copies artifacts and what they need to run into `<directory>/<set>`, each
/// set resolved by itself, all in one run of Maven.
///
/// # Errors
/// [`Error::MissingTool`] without Maven, [`Error::Failed`] with its last words.
pub(crate) fn copy(directory: &Path, sets: &[(&str, Vec<Artifact<'_>>)]) -> Result<()> {
    // Two Mavens at once may spoil the store that they share.
    let _lock = cache::lock(&cache::directory()?.join("testbed/maven.lock"))?;
    let project = directory.join("project");
    let modules: String = sets.iter().map(|(set, _)| format!("<module>{set}</module>")).collect();
    write(&project, &pom("all", &format!("<modules>{modules}</modules>")))?;
    for (set, artifacts) in sets {
        let all: String = artifacts.iter().map(dependency).collect();
        write(&project.join(set), &pom(set, &format!("<dependencies>{all}</dependencies>")))?;
    }
    let mut maven = Command::new(tool::require("mvn")?);
    maven.args(["--batch-mode", "--quiet", "--strict-checksums", "-Dstyle.color=never", COPY]);
    maven.args(["-DincludeScope=runtime", "-DoutputDirectory=jars"]).current_dir(&project);
    client::run(&mut maven, "fetching jars")?;
    for (set, _) in sets {
        let (from, to) = (project.join(set).join("jars"), directory.join(set));
        fs::rename(&from, &to).map_err(Error::io("moving into place", &to))?;
    }
    fs::remove_dir_all(&project).map_err(Error::io("removing", &project))
}

fn write(directory: &Path, pom: &str) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("creating", directory))?;
    let path = directory.join("pom.xml");
    fs::write(&path, pom).map_err(Error::io("writing", &path))
}

fn pom(name: &str, content: &str) -> String {
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>testbed</groupId><artifactId>{name}</artifactId>\
         <version>1</version><packaging>pom</packaging>{content}</project>\n"
    )
}

fn dependency(artifact: &Artifact<'_>) -> String {
    let Artifact { group, name, version, kind, without } = artifact;
    let exclusions: String = without
        .iter()
        .filter_map(|one| one.split_once(':'))
        .map(|(group, name)| {
            format!("<exclusion><groupId>{group}</groupId><artifactId>{name}</artifactId></exclusion>")
        })
        .collect();
    format!(
        "<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>\
         <type>{kind}</type><exclusions>{exclusions}</exclusions></dependency>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_says_what_it_leaves_out() {
        let one = Artifact { without: &["g:x", "*:*"], ..jar("org.example", "thing", "1.2") };
        let text = dependency(&one);
        assert!(text.contains("<artifactId>thing</artifactId><version>1.2</version><type>jar</type>"), "{text}");
        assert!(text.contains("<exclusion><groupId>g</groupId><artifactId>x</artifactId></exclusion>"), "{text}");
        assert!(text.contains("<exclusion><groupId>*</groupId>"), "{text}");
    }
}
