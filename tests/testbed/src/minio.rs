//! How the MinIO server is set up, started and found ready.

use std::fs::DirBuilder;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::guard::Guard;
use crate::install::{Package, install};
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, random};

/// The root user.
const USER: &str = "testbed-root";

/// One question about health may take this long.
const PATIENCE: Duration = Duration::from_secs(2);

/// A MinIO server that has been set up.
#[derive(Debug)]
pub(crate) struct Minio {
    program: PathBuf,
    data: PathBuf,
    /// Where `mc` keeps what it keeps.
    client: PathBuf,
    password: String,
}

impl Minio {
    /// Installs it where needed and makes its drive in `directory`, which must not exist.
    pub(crate) fn prepare(directory: &Path) -> Result<Minio> {
        let program = Package::Minio.program(&install(Package::Minio)?);
        install(Package::Mc)?;
        let data = directory.join("data");
        DirBuilder::new().mode(0o700).recursive(true).create(&data).map_err(Error::io("creating", &data))?;
        Ok(Minio { program, data, client: directory.with_file_name("mc"), password: random::password()? })
    }
}

impl Recipe for Minio {
    fn user(&self) -> &'static str {
        USER
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn env(&self, port: u16) -> Vec<(&'static str, String)> {
        vec![
            ("MINIO_URL", format!("http://{HOST}:{port}")),
            ("MINIO_ROOT_USER", USER.into()),
            ("MINIO_ROOT_PASSWORD", self.password.clone()),
            ("MC_HOST_testbed", format!("http://{USER}:{}@{HOST}:{port}", self.password)),
            ("MC_CONFIG_DIR", self.client.display().to_string()),
        ]
    }

    fn command(&self, guard: &Guard, port: u16) -> Result<Command> {
        let mut server = guard.command(&self.program)?;
        server.args(["server", "--address", &format!("127.0.0.1:{port}")]).arg(&self.data);
        server.env("MINIO_ROOT_USER", USER).env("MINIO_ROOT_PASSWORD", &self.password);
        server.env("MINIO_BROWSER", "off").env("MINIO_UPDATE", "off").env("MINIO_SITE_REGION", "us-east-1");
        server.current_dir("/");
        Ok(server)
    }

    /// Whether it is up and its drive can be written.
    fn is_ready(&self, port: u16) -> bool {
        answers(port, "/minio/health/ready") && answers(port, "/minio/health/cluster")
    }
}

/// Whether a request without a login gets the status 200.
pub(crate) fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status)
    };
    ask().is_ok_and(|status| &status == b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn only_a_200_is_ready() {
        for (status, ready) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // All of the request: what is left unread when a stream is
                // closed resets it, and the answer with it.
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut piece = [0; 512];
                    let length = stream.read(&mut piece).unwrap();
                    request.extend_from_slice(&piece[..length]);
                }
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            });
            assert_eq!(answers(port, "/x"), ready, "{status}");
            server.join().unwrap();
        }
    }
}
