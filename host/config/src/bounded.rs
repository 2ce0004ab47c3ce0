//! Files that a person named: regular ones only, and no more of them than
//! fits. A pipe would never end, and neither would a device.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The system says so.
    Io(io::Error),
    /// It is a directory.
    Directory,
    /// It is a pipe, a device or a socket.
    NotRegular,
    /// It has more bytes than were allowed.
    TooLarge,
}

/// The bytes of a regular file, at most `most` of them.
///
/// # Errors
/// See [`Unread`]. What is no regular file is not waited for.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    // Looked at before, as to open a device may do something; and again once
    // it is open, as another file may have come in its place. Without
    // NONBLOCK the opening of a pipe would wait for somebody who writes.
    regular(&std::fs::metadata(path).map_err(Unread::Io)?)?;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(Unread::Io)?;
    regular(&file.metadata().map_err(Unread::Io)?)?;
    let mut bytes = Vec::new();
    // What a file says of its length need not be so, as under /proc.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > most { Err(Unread::TooLarge) } else { Ok(bytes) }
}

fn regular(metadata: &std::fs::Metadata) -> Result<(), Unread> {
    match metadata {
        metadata if metadata.is_dir() => Err(Unread::Directory),
        metadata if !metadata.is_file() => Err(Unread::NotRegular),
        _ => Ok(()),
    }
}

impl Unread {
    /// The cause, to follow "cannot read PATH: ".
    pub fn cause(&self, most: u64) -> String {
        match self {
            Self::Io(error) => error.to_string(),
            Self::Directory => "it is a directory".to_owned(),
            Self::NotRegular => "it is no regular file".to_owned(),
            Self::TooLarge => format!("it has more than {most} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_regular_files_up_to_the_bound() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(Unread::TooLarge)));
        // It says of itself that it is empty.
        assert!(matches!(read(Path::new("/proc/self/maps"), 16), Err(Unread::TooLarge)));
    }

    #[test]
    fn pipes_devices_and_directories_are_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(read(&pipe, 5), Err(Unread::NotRegular)));
        assert!(matches!(read(Path::new("/dev/zero"), 5), Err(Unread::NotRegular)));
        assert!(matches!(read(directory.path(), 5), Err(Unread::Directory)));
        assert!(matches!(read(&directory.path().join("gone"), 5), Err(Unread::Io(_))));
    }
}
