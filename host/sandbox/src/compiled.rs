//! Compiled code in the operator's directory.
//!
//! A file is named by the component's sha256 and by what the engine must be
//! like, so that another component or another hyhost never meets it. Its
//! CRC-32 stands beside it: against a damaged disk or a copy cut short. Against
//! somebody who can write there no checksum helps, for he would write that too.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::LoadError;

/// A component whose compiled code is in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledFile {
    /// The component's manifest name.
    pub plugin: String,
    /// The component's file.
    pub path: PathBuf,
    /// The compiled code.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it has just been written; else it was there.
    pub written: bool,
}

/// Where the compiled code of a component is.
pub(crate) fn place(directory: &Path, engine: &Engine, digest: &str) -> PathBuf {
    let mut compatible = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut compatible);
    let engine = hex(&compatible.0.finalize()[..8]);
    directory.join(format!("{}-{engine}.cwasm", digest.trim_start_matches("sha256:")))
}

/// The compiled code at this place; `None` where there is none.
///
/// # Errors
/// The directory can be written by anybody, or the file is not what was
/// written.
pub(crate) fn read(engine: &Engine, file: &Path) -> Result<Option<Component>, LoadError> {
    let wrong = |problem: String| LoadError::Compiled { path: file.to_owned(), problem };
    let unreadable = |error: io::Error| wrong(format!("it cannot be read: {error}"));
    let code = match File::open(file) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    for path in [file.parent().unwrap_or(Path::new(".")), file] {
        if writable_by_all(path).map_err(unreadable)? {
            let problem = format!("{} can be written by anybody, so anybody could put code there", path.display());
            return Err(wrong(problem));
        }
    }
    let expected =
        fs::read_to_string(beside(file)).map_err(|error| wrong(format!("its checksum cannot be read: {error}")))?;
    if expected.trim() != checksum_of(code).map_err(unreadable)? {
        return Err(wrong("it is damaged: its checksum is not the one that was written with it".to_owned()));
    }
    map(engine, file).map(Some).map_err(|error| wrong(format!("the engine refuses it: {error:#}")))
}

#[allow(unsafe_code, reason = "mapping compiled code is what this function is for")]
fn map(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file must be what an engine like this one wrote. Its name
    // says for which engine it was written, the checksum that it is whole. Who
    // can write to its directory is whom the operator trusts with native code:
    // the directory is given by the operator alone, and refused where anybody
    // may write to it. It must not change while it is mapped: `write` never
    // opens a file that is there, it renames a new one over it.
    unsafe { Component::deserialize_file(engine, file) }
}

/// Writes compiled code and its checksum, so that a reader sees all of it or
/// nothing. The checksum comes first: code without one never exists.
///
/// # Errors
/// A file cannot be written.
pub(crate) fn write(file: &Path, code: &[u8]) -> Result<(), LoadError> {
    let checksum = format!("{:08x}\n", crc32fast::hash(code));
    for (to, content) in [(beside(file), checksum.as_bytes()), (file.to_owned(), code)] {
        put(&to, content).map_err(|error| LoadError::Write { path: to, error })?;
    }
    Ok(())
}

fn put(to: &Path, content: &[u8]) -> io::Result<()> {
    let mut part = to.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&part, to));
    if done.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&part);
    }
    done
}

fn beside(file: &Path) -> PathBuf {
    file.with_extension("cwasm.crc32")
}

#[cfg(unix)]
fn writable_by_all(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn writable_by_all(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// `sha256:…` of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn checksum_of(mut file: File) -> io::Result<String> {
    let mut checksum = crc32fast::Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:08x}", checksum.finalize())),
            read => checksum.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A hash that is the same in every process.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(self.0.clone().finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
