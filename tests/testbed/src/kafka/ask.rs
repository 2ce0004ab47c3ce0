//! One question to a broker: which brokers do you know? Asked in Kafka's own
//! protocol, since a Java for it would take longer than the server's start.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// One question may take this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// An answer about no topic is far smaller.
const MOST: u32 = 64 * 1024;

/// The request `Metadata`, version 4, for no topic: its length, its key, its
/// version, a number to tell answers apart, no client name, an empty list, no
/// wish for topics to be made.
const QUESTION: [u8; 19] = [0, 0, 0, 15, 0, 3, 0, 4, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0, 0];

/// The numbers of the brokers that the one on `port` knows to be alive; none
/// when it does not answer.
pub(super) fn brokers(port: u16) -> Option<Vec<u16>> {
    parse(&answer(port).ok()?)
}

fn answer(port: u16) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&QUESTION)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; u32::from_be_bytes(length).min(MOST) as usize];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// The number told with the question, the throttle's time, the count of the
/// brokers, and for each its number, host, port and rack.
fn parse(answer: &[u8]) -> Option<Vec<u16>> {
    let mut rest = answer.get(8..)?;
    let count = u32::from_be_bytes(*take(&mut rest)?);
    (0..count.min(1000))
        .map(|_| {
            let id = u32::from_be_bytes(*take(&mut rest)?);
            text(&mut rest)?;
            take::<4>(&mut rest)?;
            text(&mut rest)?;
            u16::try_from(id).ok()
        })
        .collect()
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

/// Passes over a text: its length, -1 for none, and its bytes.
fn text(rest: &mut &[u8]) -> Option<()> {
    let length = i16::from_be_bytes(*take(rest)?);
    *rest = rest.get(usize::try_from(length.max(0)).ok()?..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_read_and_half_an_answer_is_none() {
        let mut answer = vec![0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2];
        for id in [1, 3] {
            answer.extend([0, 0, 0, id, 0, 1, b'h', 0, 0, 0x23, 0x84, 0xff, 0xff]);
        }
        assert_eq!(parse(&answer), Some(vec![1, 3]));
        assert_eq!(parse(&answer[..answer.len() - 1]), None);
        assert_eq!(parse(&[]), None);
    }
}
