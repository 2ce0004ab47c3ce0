//! Ports of our own on loopback.
//!
//! A port is kept for as long as its server is known, also while the server is
//! stopped: below the range from which the kernel serves outgoing connections,
//! and leased by a lock on a file in the cache, which ends with the process.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::{Error, Result, cache, random};

const FIRST: u16 = 20_000;
const LAST: u16 = 29_999;
const ATTEMPTS: u32 = 200;

/// A port that no other testbed of this user takes while this value lives.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    _lease: File,
}

/// The port that was asked for, or a free one.
pub(crate) fn lease(fixed: Option<u16>) -> Result<Port> {
    let leases = cache::directory()?.join("ports");
    fs::create_dir_all(&leases).map_err(Error::io("creating", &leases))?;
    if let Some(number) = fixed {
        return take(&leases, number)?.ok_or(Error::PortTaken(number));
    }
    for _ in 0..ATTEMPTS {
        let number = FIRST + u16::from_le_bytes(random::bytes()?) % (LAST - FIRST + 1);
        if let Some(port) = take(&leases, number)? {
            return Ok(port);
        }
    }
    Err(Error::NoPort(FIRST, LAST))
}

fn take(leases: &Path, number: u16) -> Result<Option<Port>> {
    let path = leases.join(format!("{number}.lock"));
    let lease = File::options().create(true).append(true).open(&path).map_err(Error::io("opening", &path))?;
    match lease.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(Error::io("locking", &path)(error)),
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
    Ok(free.then_some(Port { number, _lease: lease }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leased_port_is_not_given_twice() {
        let leases = tempfile::tempdir().unwrap();
        let number = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let first = take(leases.path(), number).unwrap();
        assert!(first.is_some());
        assert!(take(leases.path(), number).unwrap().is_none());
        drop(first);
        assert!(take(leases.path(), number).unwrap().is_some());
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_not_taken() {
        let leases = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = listener.local_addr().unwrap().port();
        assert!(take(leases.path(), number).unwrap().is_none());
    }
}
