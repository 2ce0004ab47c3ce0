//! Between the server's bytes and the client that believes them: refuses what
//! an honest server does not send, before it is answered or kept.
//!
//! The client answers every way of login that a server asks for, and makes
//! room for a message of any announced length. It can be told neither, so
//! its bytes are looked at on their way: each message is a kind, a length and a
//! content, and only kind and length are read, and what a login asks for.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The longest message of a server that is taken, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024 * 1024;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Whoever reads along, or plays the server, would have the password.
    #[error("the server asks for the password in clear text; only SCRAM is answered without TLS")]
    Cleartext,
    /// The same after a little computing.
    #[error("the server asks for the password by MD5; only SCRAM is answered without TLS")]
    Md5,
    /// It would fill the memory.
    #[error("the server announced a message of {0} bytes; the longest that is taken has 64 MiB")]
    TooLong(usize),
}

impl Refusal {
    /// The one that an error was made of.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// How a server is talked to: in the clear or by TLS, guarded either way.
///
/// For the client the plain way is TLS too, one without a handshake: that is
/// the place where it lets a stream of ours in.
#[derive(Clone)]
pub(crate) struct Transport {
    /// `None`: in the clear.
    pub(crate) tls: Option<MakeRustlsConnect>,
    /// How many messages were refused for their length.
    pub(crate) too_long: Arc<AtomicUsize>,
}

type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
type Handshake = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

pub(crate) struct Connect {
    tls: Option<Handshake>,
    too_long: Arc<AtomicUsize>,
}

impl MakeTlsConnect<Socket> for Transport {
    type Stream = Guarded;
    type TlsConnect = Connect;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Connect, Self::Error> {
        let make = |tls: &mut MakeRustlsConnect| MakeTlsConnect::<Socket>::make_tls_connect(tls, domain);
        let tls = self.tls.as_mut().map(make).transpose()?;
        Ok(Connect { tls, too_long: self.too_long.clone() })
    }
}

impl TlsConnect<Socket> for Connect {
    type Stream = Guarded;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Guarded>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let inner = match self.tls {
                Some(tls) => Inner::Tls(Box::new(tls.connect(socket).await?)),
                None => Inner::Plain(socket),
            };
            let watch = Watch::new(matches!(inner, Inner::Plain(_)));
            Ok(Guarded { inner, watch, too_long: self.too_long })
        })
    }
}

/// A stream whose server is watched.
pub(crate) struct Guarded {
    inner: Inner,
    watch: Watch,
    too_long: Arc<AtomicUsize>,
}

enum Inner {
    Plain(Socket),
    Tls(Box<Encrypted>),
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Guarded {
    fn stream(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.inner {
            Inner::Plain(socket) => Pin::new(socket),
            Inner::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.stream().poll_read(cx, buf))?;
        let seen = self.watch.see(buf.filled().get(before..).unwrap_or_default());
        if let Err(Refusal::TooLong(_)) = seen {
            self.too_long.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(seen.map_err(io::Error::other))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

impl TlsStream for Guarded {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.inner {
            Inner::Plain(_) => ChannelBinding::none(),
            Inner::Tls(stream) => stream.channel_binding(),
        }
    }
}

/// Where in the server's messages a stream is.
struct Watch {
    /// Whether the way is in the clear.
    plain: bool,
    /// The beginning of the message: kind, length and, of one about the login,
    /// what it asks for.
    head: Vec<u8>,
    /// What is left of the message.
    rest: usize,
}

const HEAD: usize = 5;

impl Watch {
    fn new(plain: bool) -> Self {
        Self { plain, head: Vec::with_capacity(HEAD + 4), rest: 0 }
    }

    fn see(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let wanted = if self.rest > 0 { self.rest.min(bytes.len()) } else { 0 };
            if wanted > 0 {
                bytes = bytes.get(wanted..).unwrap_or_default();
                self.rest -= wanted;
                continue;
            }
            let (&byte, others) = bytes.split_first().unwrap_or((&0, &[]));
            bytes = others;
            self.head.push(byte);
            self.look()?;
        }
        Ok(())
    }

    /// Looks at the head so far; when it is whole, its content is passed over.
    fn look(&mut self) -> Result<(), Refusal> {
        let [kind, a, b, c, d, asked @ ..] = self.head.as_slice() else { return Ok(()) };
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if length > LONGEST {
            return Err(Refusal::TooLong(length));
        }
        // The length counts itself.
        let content = length.saturating_sub(4);
        if *kind == b'R' && content >= 4 {
            let [a, b, c, d] = asked else { return Ok(()) };
            match u32::from_be_bytes([*a, *b, *c, *d]) {
                3 if self.plain => return Err(Refusal::Cleartext),
                5 if self.plain => return Err(Refusal::Md5),
                _ => {}
            }
        }
        self.rest = content - asked.len();
        self.head.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, content].concat()
    }

    /// The same in one piece and byte by byte.
    fn seen(plain: bool, bytes: &[u8]) -> Result<(), Refusal> {
        let whole = Watch::new(plain).see(bytes);
        let mut watch = Watch::new(plain);
        let parts = bytes.iter().try_for_each(|byte| watch.see(&[*byte]));
        assert_eq!(whole, parts);
        whole
    }

    #[test]
    fn a_password_is_asked_for_by_scram_alone_in_the_clear() {
        let notice = message(b'N', b"R\0\0\0\x08\0\0\0\x03");
        let asks = |way: u8| [notice.clone(), message(b'R', &[0, 0, 0, way, 1, 2, 3, 4]), notice.clone()].concat();
        assert_eq!(seen(true, &asks(3)), Err(Refusal::Cleartext));
        assert_eq!(seen(true, &asks(5)), Err(Refusal::Md5));
        for way in [0, 10, 11, 12] {
            assert_eq!(seen(true, &asks(way)), Ok(()), "{way}");
        }
        assert_eq!((seen(false, &asks(3)), seen(false, &asks(5))), (Ok(()), Ok(())));
    }

    #[test]
    fn a_message_has_a_longest_length() {
        let empty = message(b'Z', b"I");
        let long = |length: usize| [empty.as_slice(), b"D", &u32::try_from(length).unwrap().to_be_bytes()].concat();
        assert_eq!(seen(true, &long(LONGEST)), Ok(()));
        assert_eq!(seen(false, &long(LONGEST + 1)), Err(Refusal::TooLong(LONGEST + 1)));
        assert_eq!(seen(true, &long(u32::MAX as usize)), Err(Refusal::TooLong(u32::MAX as usize)));
    }
}
