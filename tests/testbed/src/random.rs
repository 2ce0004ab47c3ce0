//! Random bytes from the kernel: for passwords and the choice of ports.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Error, Result};

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let path = Path::new("/dev/urandom");
    let mut buffer = [0; N];
    let mut file = File::open(path).map_err(Error::io("opening", path))?;
    file.read_exact(&mut buffer).map_err(Error::io("reading", path))?;
    Ok(buffer)
}

/// A password of 32 hexadecimal digits: 128 bits, and no character that a URL,
/// a shell or a connection string would need quoted.
///
/// # Errors
/// [`Error::Io`] when the kernel's device cannot be read.
pub fn password() -> Result<String> {
    Ok(bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_differ_and_are_plain() {
        let (one, other) = (super::password().unwrap(), super::password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
