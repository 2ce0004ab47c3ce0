//! What goes over the pipe between hyhost and its Kafka client: frames of a
//! length and JSON, bounded.

use std::io::{self, Read, Write};

use hyhost_backend::Fault;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// No frame is longer. All answers of one call of a plugin have at most
/// 16 MiB; a request has at most 4 MiB.
pub(crate) const MOST: usize = 24 << 20;

/// The first frame: librdkafka's settings. Holds secrets, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    /// By librdkafka's own names.
    pub(crate) settings: Vec<(String, String)>,
    /// The name that a broker's certificate must have, if not the broker's.
    pub(crate) server_name: Option<String>,
}

/// A request: one call, for several items. Holds secrets, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ask {
    /// Its number.
    pub(crate) id: u64,
    /// What the rows of the items call their call.
    pub(crate) call: String,
    /// How long it may take.
    pub(crate) within_ms: u64,
    /// The arguments of each item, with secrets in their places.
    pub(crate) items: Vec<Value>,
}

/// The answers to a request, in the order of its items.
#[derive(Serialize, Deserialize)]
pub(crate) struct Told {
    /// The request's number.
    pub(crate) id: u64,
    /// One for each item.
    pub(crate) results: Vec<Result<Value, Failure>>,
}

/// Why an item failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The fault, without what was being done.
    pub(crate) fault: Fault,
    /// Whether no broker answered it: the reason lies on the way there.
    pub(crate) lost: bool,
}

/// A value as a frame.
///
/// # Errors
/// It is too long, or has no JSON form.
pub(crate) fn encode<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let length = bytes.len() - 4;
    if length > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes is too long")));
    }
    let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    Ok(bytes)
}

/// Writes a frame and waits until it is out.
pub(crate) fn write<T: Serialize>(to: &mut impl Write, value: &T) -> io::Result<()> {
    to.write_all(&encode(value)?)?;
    to.flush()
}

/// Reads a frame; `None`: there are no more.
pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut body = vec![0; length(head)?];
    from.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

/// The same on the other side.
pub(crate) async fn read_async<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let mut body = vec![0; length(head)?];
    from.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body)?))
}

fn length(head: [u8; 4]) -> io::Result<usize> {
    match usize::try_from(u32::from_be_bytes(head)) {
        Ok(length) if length <= MOST => Ok(length),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a frame that is too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut pipe = Vec::new();
        write(&mut pipe, &vec!["a", "b"]).unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(read::<Vec<String>>(&mut from).unwrap(), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read::<Vec<String>>(&mut from).unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_written_is_read_on_the_other_side() {
        let pipe = encode(&7).unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(read_async::<u8>(&mut from).await.unwrap(), Some(7));
        assert_eq!(read_async::<u8>(&mut from).await.unwrap(), None);
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_before_any_room_is_made_for_it() {
        assert!(read::<u8>(&mut [0xff, 0xff, 0xff, 0xff].as_slice()).is_err());
        assert!(encode(&"x".repeat(MOST)).is_err());
    }

    #[test]
    fn half_a_frame_is_an_error() {
        let pipe = encode(&"text").unwrap();
        assert!(read::<String>(&mut &pipe[..pipe.len() - 1]).is_err());
    }
}
