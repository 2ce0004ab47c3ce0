//! OpenSearch with its security plugin, put together from Maven artifacts as
//! its own distribution is: the server's jars in `lib`, a directory with a
//! descriptor for each module, the plugin unpacked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::maven::{self, ALONE, Artifact, jar};
use crate::{Error, Result, client, tool};

/// The security plugin's directory inside the installation.
pub(super) const SECURITY: &str = "plugins/opensearch-security";

/// A part of the server that is loaded by a class loader of its own: name,
/// artifact, the class that it begins with, and the module that it builds on.
struct Module(&'static str, &'static str, &'static str, &'static str);

const MODULES: [Module; 15] = [
    Module("transport-netty4", "transport-netty4-client", "org.opensearch.transport.Netty4ModulePlugin", ""),
    Module("lang-painless", "lang-painless", "org.opensearch.painless.PainlessModulePlugin", ""),
    Module("analysis-common", "analysis-common", "org.opensearch.analysis.common.CommonAnalysisModulePlugin", PAINLESS),
    Module("ingest-common", "ingest-common", "org.opensearch.ingest.common.IngestCommonModulePlugin", PAINLESS),
    Module("ingest-user-agent", "ingest-user-agent", "org.opensearch.ingest.useragent.IngestUserAgentModulePlugin", ""),
    Module("reindex", "reindex-client", "org.opensearch.index.reindex.ReindexModulePlugin", ""),
    Module("mapper-extras", "mapper-extras-client", "org.opensearch.index.mapper.MapperExtrasModulePlugin", ""),
    Module("parent-join", "parent-join-client", "org.opensearch.join.ParentJoinModulePlugin", ""),
    Module("percolator", "percolator-client", "org.opensearch.percolator.PercolatorModulePlugin", ""),
    Module("rank-eval", "rank-eval-client", "org.opensearch.index.rankeval.RankEvalModulePlugin", ""),
    Module(
        "aggs-matrix-stats",
        "aggs-matrix-stats-client",
        "org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin",
        "",
    ),
    Module("geo", "geo", "org.opensearch.geo.GeoModulePlugin", ""),
    Module("lang-expression", "lang-expression", "org.opensearch.script.expression.ExpressionModulePlugin", ""),
    Module("lang-mustache", "lang-mustache-client", "org.opensearch.script.mustache.MustacheModulePlugin", ""),
    Module("repository-url", "repository-url", "org.opensearch.plugin.repository.url.URLRepositoryModulePlugin", ""),
];

const PAINLESS: &str = "lang-painless";

/// Fetches the artifacts and lays them out.
pub(crate) fn install(directory: &Path, version: &str) -> Result<()> {
    let security = format!("{version}.0");
    let alone = |group, name, version| Artifact { without: ALONE, ..jar(group, name, version) };
    let mut sets = vec![
        (
            "lib",
            vec![
                jar("org.opensearch", "opensearch", version),
                jar("org.opensearch", "opensearch-plugin-classloader", version),
                jar("org.opensearch", "opensearch-agent-bootstrap", version),
                jar("org.apache.logging.log4j", "log4j-core", "2.21.0"),
                alone("org.locationtech.spatial4j", "spatial4j", "0.7"),
                alone("org.locationtech.jts", "jts-core", "1.15.0"),
            ],
        ),
        (
            "security",
            vec![
                Artifact { kind: "zip", ..alone("org.opensearch.plugin", "opensearch-security", &security) },
                // Otherwise it would come from another plugin, which is not to be had.
                alone("org.apache.commons", "commons-collections4", "4.4"),
            ],
        ),
    ];
    sets.extend(
        MODULES.iter().map(|Module(name, artifact, ..)| (*name, vec![jar("org.opensearch.plugin", artifact, version)])),
    );
    let fetched = directory.join("fetched");
    fs::create_dir(&fetched).map_err(Error::io("creating", &fetched))?;
    maven::copy(&fetched, &sets)?;
    let lib = directory.join("lib");
    rename(&fetched.join("lib"), &lib)?;
    for module in &MODULES {
        lay_out(module, &fetched, directory, version)?;
    }
    // They are empty; the server would make them, if this place were its own.
    for place in ["bin", "extensions"] {
        let place = directory.join(place);
        fs::create_dir(&place).map_err(Error::io("creating", &place))?;
    }
    unpack(&fetched.join("security"), &directory.join(SECURITY), &security)?;
    fs::remove_dir_all(&fetched).map_err(Error::io("removing", &fetched))
}

/// A module's own jars: what the server or the module below it has, is theirs.
fn lay_out(module: &Module, fetched: &Path, directory: &Path, version: &str) -> Result<()> {
    let Module(name, _, class, base) = module;
    let mut known = stems(&directory.join("lib"))?;
    if !base.is_empty() {
        known.extend(stems(&fetched.join(base))?);
    }
    let place = directory.join("modules").join(name);
    fs::create_dir_all(&place).map_err(Error::io("creating", &place))?;
    for jar in files(&fetched.join(name))? {
        if !known.contains(stem(&file_name(&jar))) {
            // A copy: a module that builds on this one still asks what is here.
            let to = place.join(file_name(&jar));
            fs::copy(&jar, &to).map_err(Error::io("copying to", &to))?;
        }
    }
    let descriptor = format!(
        "description={name}\nversion={version}\nname={name}\nclassname={class}\njava.version=21\n\
         opensearch.version={version}\nextended.plugins={base}\nhas.native.controller=false\n"
    );
    let path = place.join("plugin-descriptor.properties");
    fs::write(&path, descriptor).map_err(Error::io("writing", &path))
}

/// The security plugin, without its wish for plugins that are not to be had
/// and that nothing here needs.
fn unpack(fetched: &Path, place: &Path, version: &str) -> Result<()> {
    fs::create_dir_all(place).map_err(Error::io("creating", place))?;
    let mut python = Command::new(tool::require("python3")?);
    python.args(["-m", "zipfile", "-e"]).arg(fetched.join(format!("opensearch-security-{version}.zip"))).arg(place);
    client::run(&mut python, "unpacking the security plugin")?;
    for jar in files(fetched)?.iter().filter(|file| file.extension().is_some_and(|kind| kind == "jar")) {
        rename(jar, &place.join(file_name(jar)))?;
    }
    let path = place.join("plugin-descriptor.properties");
    let said = fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    fs::write(&path, without_extensions(&said)).map_err(Error::io("writing", &path))
}

fn without_extensions(descriptor: &str) -> String {
    let line = |line: &str| match line.strip_prefix("extended.plugins=") {
        Some(all) => {
            let left = all.split(',').filter(|one| !["rule-framework", "workload-management"].contains(&bare(one)));
            format!("extended.plugins={}\n", left.collect::<Vec<_>>().join(","))
        }
        None => format!("{line}\n"),
    };
    descriptor.lines().map(line).collect()
}

/// `name;optional=true` without what follows the name.
fn bare(plugin: &str) -> &str {
    plugin.split(';').next().unwrap_or_default().trim()
}

/// A jar's name without its version: `lucene-core-10.3.1.jar` is `lucene-core`.
fn stem(jar: &str) -> &str {
    let name = jar.strip_suffix(".jar").unwrap_or(jar);
    match name.rsplit_once('-') {
        Some((stem, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => stem,
        _ => name,
    }
}

fn stems(directory: &Path) -> Result<BTreeSet<String>> {
    Ok(files(directory)?.iter().map(|file| stem(&file_name(file)).to_owned()).collect())
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).map_err(Error::io("reading", directory))?;
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.map_err(Error::io("reading", directory))?.path());
    }
    found.sort();
    Ok(found)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(Error::io("moving into place", to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jar_is_known_by_its_name_without_the_version() {
        assert_eq!(stem("lucene-core-10.3.1.jar"), "lucene-core");
        assert_eq!(stem("netty-buffer-4.1.125.Final.jar"), "netty-buffer");
        assert_eq!(stem("no-version.jar"), "no-version");
    }

    #[test]
    fn wishes_for_absent_plugins_are_taken_out() {
        let said = without_extensions("name=x\nextended.plugins=rule-framework,a,workload-management;optional=true\n");
        assert_eq!(said, "name=x\nextended.plugins=a\n");
    }
}
