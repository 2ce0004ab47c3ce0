//! How SeaweedFS is set up, started and found ready: an S3 server that is not
//! MinIO, with one account that may do everything.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::guard::Guard;
use crate::install::{Package, install};
use crate::ports::{self, Port};
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, minio, random};

/// The access key.
const USER: &str = "testbed-root";

/// What listens beside S3 itself.
const LISTENERS: [&str; 7] = [
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
];

/// Small files for what is stored, a quick end and a quick return, nothing told
/// to others, no catalogue, and what AWS does: a bucket that holds something is not deleted,
/// none is made by an upload, and its own accounts can be changed.
const FLAGS: [&str; 13] = [
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=64",
    "-master.electionTimeout=1s",
    "-volume.preStopSeconds=0",
    "-volume.max=0",
    "-s3",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.allowDeleteBucketNotEmpty=false",
    "-s3.autoCreateBucket=false",
    "-s3.iam.readOnly=false",
];

/// A SeaweedFS that has been set up.
#[derive(Debug)]
pub(crate) struct SeaweedFs {
    program: PathBuf,
    directory: PathBuf,
    password: String,
    ports: Vec<Port>,
}

impl SeaweedFs {
    /// Installs it where needed and makes its account in `directory`, which
    /// must not exist.
    pub(crate) fn prepare(directory: &Path) -> Result<SeaweedFs> {
        let program = Package::SeaweedFs.program(&install(Package::SeaweedFs)?);
        DirBuilder::new().mode(0o700).create(directory).map_err(Error::io("creating", directory))?;
        let data = directory.join("data");
        fs::create_dir(&data).map_err(Error::io("creating", &data))?;
        let password = random::password()?;
        let accounts = format!(
            r#"{{"identities":[{{"name":"{USER}","credentials":[{{"accessKey":"{USER}","secretKey":"{password}"}}],
                "actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        let path = directory.join("s3.json");
        fs::write(&path, accounts).map_err(Error::io("writing", &path))?;
        let ports = LISTENERS.iter().map(|_| ports::lease(None)).collect::<Result<_>>()?;
        Ok(SeaweedFs { program, directory: directory.to_owned(), password, ports })
    }
}

impl Recipe for SeaweedFs {
    fn user(&self) -> &'static str {
        USER
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn env(&self, port: u16) -> Vec<(&'static str, String)> {
        vec![
            ("SEAWEED_URL", format!("http://{HOST}:{port}")),
            ("SEAWEED_USER", USER.into()),
            ("SEAWEED_PASSWORD", self.password.clone()),
            ("MC_HOST_seaweed", format!("http://{USER}:{}@{HOST}:{port}", self.password)),
        ]
    }

    fn command(&self, guard: &Guard, port: u16) -> Result<Command> {
        let mut server = guard.command(&self.program)?;
        let place = self.directory.display();
        for (name, port) in LISTENERS.iter().zip(&self.ports) {
            if let Some(part) = name.strip_suffix(".port.grpc") {
                // It has no flag for these.
                guard.litter(&format!("/tmp/seaweedfs-{part}-grpc-{}.sock", port.number))?;
            }
        }
        server.arg("server").args(FLAGS).arg(format!("-dir={place}/data"));
        server.arg(format!("-s3.port={port}")).arg(format!("-s3.config={place}/s3.json"));
        // Otherwise they would lie beside those of others.
        server.arg(format!("-s3.localSocket={place}/s3.sock")).arg(format!("-filer.localSocket={place}/filer.sock"));
        server.args(LISTENERS.iter().zip(&self.ports).map(|(name, port)| format!("-{name}={}", port.number)));
        server.current_dir(&self.directory).env("HOME", &self.directory);
        Ok(server)
    }

    /// Whether S3 is up and what it stores into can be written.
    fn is_ready(&self, port: u16) -> bool {
        let master = LISTENERS.iter().zip(&self.ports).find(|(name, _)| **name == "master.port");
        master.is_some_and(|(_, master)| minio::answers(master.number, "/dir/assign"))
            && minio::answers(port, "/healthz")
    }
}
