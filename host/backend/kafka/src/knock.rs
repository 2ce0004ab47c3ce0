//! A knock at the door: name lookup, TCP, TLS and the login, by hand.
//!
//! librdkafka says of a way that does not work little more than that it does
//! not, in words that nobody should match. So hyhost tries the way itself
//! before it starts the client, and where the client gets no answer: each
//! reason has a type here. The same login, with another user, proves a
//! password.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyhost_backend::{Class, Fault, client_config};
use hyhost_config::Tls;
use rustls::CertificateError;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::code;
use crate::scram::{Hash, Scram};

/// The longest that one broker may take.
const EACH: Duration = Duration::from_secs(5);
/// No answer to what is asked here is longer.
const LONGEST: usize = 1 << 20;
/// The first byte of a TLS alert: what a TLS listener says to plain text.
const TLS_ALERT: u8 = 0x15;

const TLS_THERE: &str = "the broker speaks TLS there: give `tls`, or take another port";

const NO_TLS_THERE: &str = "the broker does not speak TLS there: leave out `tls`, or take another port";

/// How to be let in.
#[derive(Clone, Copy)]
pub(crate) enum Login<'a> {
    /// Without a name, or by a certificate.
    None,
    /// `PLAIN`.
    Plain(&'a str, &'a str),
    /// `SCRAM-SHA-256` or `-512`.
    Scram(Hash, &'a str, &'a str),
}

impl Login<'_> {
    fn mechanism(&self) -> &'static str {
        match self {
            // Asked for only to see what the listener says.
            Self::None | Self::Plain(..) => "PLAIN",
            Self::Scram(Hash::Sha256, ..) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha512, ..) => "SCRAM-SHA-512",
        }
    }
}

/// What is done once one is in.
#[derive(Clone, Copy)]
enum Errand {
    None,
    AskForAcls,
}

/// Why one was not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The broker does not accept user and password.
    Login,
    /// The broker's listener does not take this mechanism; it takes these.
    Mechanism(Vec<String>),
    /// Anything else, said with the broker's address.
    Other(Fault),
}

/// The way to the brokers.
pub(crate) struct Door {
    /// Host and port of each.
    pub(crate) brokers: Vec<(String, u16)>,
    /// Absent: plaintext.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The CA's file, for messages.
    pub(crate) ca: String,
    /// The name that the certificates must have, if not the brokers'.
    pub(crate) server_name: Option<String>,
}

impl Door {
    /// Whether this login may see the ACLs, asked of the first broker that
    /// lets it in.
    ///
    /// librdkafka takes no notice of an error in the answer to `DescribeAcls`:
    /// whoever may not see them is told that there are none.
    pub(crate) async fn may_see_acls(&self, login: Login<'_>, deadline: Instant) -> Result<(), Refusal> {
        self.first(login, Errand::AskForAcls, deadline).await
    }

    /// Whether one of the brokers lets this login in: the first that says
    /// anything of it decides. If none can be asked, the reason that waiting
    /// does not mend counts, if there is one.
    pub(crate) async fn knock(&self, login: Login<'_>, deadline: Instant) -> Result<(), Refusal> {
        self.first(login, Errand::None, deadline).await
    }

    async fn first(&self, login: Login<'_>, errand: Errand, deadline: Instant) -> Result<(), Refusal> {
        let mut reason: Option<Fault> = None;
        for (host, port) in &self.brokers {
            let broker = address(host, *port);
            let end = deadline.min(Instant::now() + EACH);
            let refusal = match timeout_at(end, self.enter(host, *port, login, errand)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(refusal)) => refusal,
                Err(_) => other(Class::NotReady, "no answer in time"),
            };
            let Refusal::Other(mut fault) = refusal else { return Err(refusal) };
            fault.message = format!("{broker}: {}", fault.message);
            match &reason {
                Some(first) if first.class != Class::NotReady || fault.class == Class::NotReady => {}
                _ => reason = Some(fault),
            }
        }
        Err(Refusal::Other(reason.unwrap_or_else(|| Fault::new(Class::Invalid, "there is no broker to ask"))))
    }

    async fn enter(&self, host: &str, port: u16, login: Login<'_>, errand: Errand) -> Result<(), Refusal> {
        let tcp = dial(host, port).await?;
        let Some(tls) = &self.tls else {
            return match (Talk { stream: tcp, tls: false }).log_in(login, errand).await {
                // Brokers hang up on plain text where TLS is meant.
                Err(Refusal::Other(fault)) if fault.class == Class::NotReady && speaks_tls(host, port).await => {
                    Err(other(Class::Failed, TLS_THERE))
                }
                result => result,
            };
        };
        let expected = self.server_name.as_deref().unwrap_or(host).trim_matches(['[', ']']);
        let name = ServerName::try_from(expected.to_owned())
            .map_err(|_| other(Class::Invalid, &format!("`{expected}` is not a name that a certificate can have")))?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
        let stream = match stream {
            Ok(stream) => stream,
            // Brokers hang up on TLS where plain text is meant.
            Err(error) if tls_error(&error).is_none() && speaks_plainly(host, port).await => {
                return Err(other(Class::Failed, NO_TLS_THERE));
            }
            Err(error) => return Err(self.tls_refusal(&error, expected)),
        };
        Talk { stream, tls: true }.log_in(login, errand).await
    }

    fn tls_refusal(&self, error: &io::Error, name: &str) -> Refusal {
        let Some(cause) = tls_error(error) else { return lost(error) };
        match cause {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                other(
                    Class::Failed,
                    &format!("the broker's certificate is not signed by the CA in {}: is it the right one?", self.ca),
                )
            }
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => other(
                Class::Failed,
                &format!(
                    "the broker's certificate is not for the name `{name}`: \
                     dial it by a name that it has, or give that as `tls.server_name`"
                ),
            ),
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                other(Class::Failed, NO_TLS_THERE)
            }
            cause => other(Class::Failed, &format!("TLS: {cause}")),
        }
    }
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Refusal> {
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await;
    let mut addresses = found.map_err(|_| other(Class::NotReady, "no such host"))?.peekable();
    if addresses.peek().is_none() {
        return Err(other(Class::NotReady, "no such host"));
    }
    let mut tcp = Err(io::Error::from(io::ErrorKind::NotFound));
    for address in addresses {
        tcp = TcpStream::connect(address).await;
        if tcp.is_ok() {
            break;
        }
    }
    tcp.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => other(Class::NotReady, "connection refused"),
        _ => other(Class::NotReady, &error.to_string()),
    })
}

/// Whether a certificate is shown there: whose does not matter.
async fn speaks_tls(host: &str, port: u16) -> bool {
    let (Ok(config), Ok(name)) = (client_config(&Tls::default()), ServerName::try_from("localhost")) else {
        return false;
    };
    let Ok(tcp) = dial(host, port).await else { return false };
    match TlsConnector::from(Arc::new(config)).connect(name, tcp).await {
        Ok(_) => true,
        Err(error) => matches!(tls_error(&error), Some(rustls::Error::InvalidCertificate(_))),
    }
}

/// Whether Kafka's protocol is answered there without TLS.
async fn speaks_plainly(host: &str, port: u16) -> bool {
    let Ok(stream) = dial(host, port).await else { return false };
    Talk { stream, tls: false }.ask(18, 0, &[]).await.is_ok()
}

/// Host and port, as a person writes them.
pub(crate) fn address(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        return format!("[{host}]:{port}");
    }
    format!("{host}:{port}")
}

fn other(class: Class, text: &str) -> Refusal {
    Refusal::Other(Fault::new(class, text))
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A connection that ended while it was in use.
fn lost(error: &io::Error) -> Refusal {
    match tls_error(error) {
        // With TLS 1.3 a broker says only now that it misses a certificate.
        Some(rustls::Error::AlertReceived(alert)) => other(
            Class::Failed,
            &format!("the broker ended TLS ({alert:?}): does it want a client certificate (`tls.cert` and `tls.key`)?"),
        ),
        Some(cause) => other(Class::Failed, &format!("TLS: {cause}")),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            other(Class::NotReady, "the connection was closed before the answer")
        }
        None => other(Class::NotReady, &error.to_string()),
    }
}

/// A conversation in Kafka's protocol.
struct Talk<S> {
    stream: S,
    tls: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    async fn log_in(mut self, login: Login<'_>, errand: Errand) -> Result<(), Refusal> {
        self.be_let_in(login).await?;
        match errand {
            Errand::None => Ok(()),
            Errand::AskForAcls => self.ask_for_acls().await,
        }
    }

    /// `DescribeAcls` for one that can hardly be: only the code counts.
    async fn ask_for_acls(&mut self) -> Result<(), Refusal> {
        const CLUSTER: u8 = 4;
        const LITERAL: u8 = 3;
        const ANY: u8 = 1;
        let mut filter = vec![CLUSTER];
        put_string(&mut filter, "kafka-cluster");
        filter.push(LITERAL);
        put_string(&mut filter, "User:hyhost-asks");
        filter.extend((-1_i16).to_be_bytes());
        filter.extend([ANY, ANY]);
        let answer = self.ask(29, 1, &filter).await?;
        let mut answer = Answer(&answer);
        answer.int32()?;
        let (code, message) = (i32::from(answer.int16()?), answer.string()?);
        if code == 0 {
            return Ok(());
        }
        let text = format!("{}{}", message.unwrap_or_default().trim_end_matches('.'), code::hint(code));
        Err(Refusal::Other(Fault::new(code::class(code), text).with_code(code.to_string())))
    }

    async fn be_let_in(&mut self, login: Login<'_>) -> Result<(), Refusal> {
        // ApiVersions, which every listener answers.
        self.ask(18, 0, &[]).await?;
        let mut handshake = Vec::new();
        put_string(&mut handshake, login.mechanism());
        let answer = self.ask(17, 1, &handshake).await?;
        let mut answer = Answer(&answer);
        let code = i32::from(answer.int16()?);
        let mechanisms = answer.strings()?;
        match (code, login) {
            (code::ILLEGAL_SASL_STATE, Login::None) => return Ok(()),
            (code::ILLEGAL_SASL_STATE, _) => {
                return Err(other(
                    Class::Failed,
                    "the listener on this port takes no login: leave out `user`, or take another port",
                ));
            }
            (0 | code::UNSUPPORTED_MECHANISM, Login::None) => {
                let text = format!(
                    "the listener on this port wants a login ({}): give `user` and `password`",
                    mechanisms.join(", ")
                );
                return Err(other(Class::Failed, &text));
            }
            (0, _) => {}
            (code::UNSUPPORTED_MECHANISM, _) => return Err(Refusal::Mechanism(mechanisms)),
            (code, _) => {
                return Err(other(Class::Failed, &format!("the broker refuses to begin a login (code {code})")));
            }
        }
        match login {
            Login::None => Ok(()),
            Login::Plain(user, password) => self.token(format!("\0{user}\0{password}").as_bytes()).await.map(|_| ()),
            Login::Scram(hash, user, password) => self.scram(hash, user, password).await,
        }
    }

    async fn scram(&mut self, hash: Hash, user: &str, password: &str) -> Result<(), Refusal> {
        let nonce: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        let scram = Scram::new(hash, user, password, nonce);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| not_kafka());
        let server_first = text(self.token(scram.first().as_bytes()).await?)?;
        let (last, expected) = scram.last(&server_first).ok_or_else(not_kafka)?;
        let server_last = text(self.token(last.as_bytes()).await?)?;
        if expected.is(&server_last) {
            return Ok(());
        }
        Err(other(Class::Failed, "what answers there does not know the password itself, so it is not the broker"))
    }

    /// One step of a login.
    async fn token(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        put_bytes(&mut body, bytes);
        let answer = self.ask(36, 0, &body).await?;
        let mut answer = Answer(&answer);
        let code = i32::from(answer.int16()?);
        let message = answer.string()?;
        let token = answer.bytes()?;
        match code {
            0 => Ok(token.to_vec()),
            code::AUTHENTICATION_FAILED => Err(Refusal::Login),
            code => {
                let text = format!("the broker refuses the login (code {code}): {}", message.unwrap_or_default());
                Err(Refusal::Other(Fault::new(code::class(code), text)))
            }
        }
    }

    /// A request and its answer, without the heads.
    async fn ask(&mut self, key: i16, version: i16, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut request = vec![0; 4];
        request.extend(key.to_be_bytes());
        request.extend(version.to_be_bytes());
        request.extend(i32::from(key).to_be_bytes());
        put_string(&mut request, "hyhost");
        request.extend(body);
        let length = u32::try_from(request.len() - 4).map_err(|_| not_kafka())?;
        request[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&request).await.map_err(|error| lost(&error))?;
        self.stream.flush().await.map_err(|error| lost(&error))?;

        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await.map_err(|error| lost(&error))?;
        if !self.tls && head[0] == TLS_ALERT {
            return Err(other(Class::Failed, TLS_THERE));
        }
        let length = u32::from_be_bytes(head) as usize;
        if !(4..=LONGEST).contains(&length) {
            return Err(not_kafka());
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await.map_err(|error| lost(&error))?;
        let body = answer.split_off(4);
        if answer != i32::from(key).to_be_bytes() {
            return Err(not_kafka());
        }
        Ok(body)
    }
}

fn not_kafka() -> Refusal {
    other(Class::Failed, "what answers there does not speak Kafka's protocol")
}

fn put_string(to: &mut Vec<u8>, text: &str) {
    let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
    to.extend(length.to_be_bytes());
    to.extend(text.as_bytes().iter().take(length as usize));
}

fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    to.extend(length.to_be_bytes());
    to.extend(bytes.iter().take(length as usize));
}

/// The rest of an answer. What is too short is not Kafka's.
struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(not_kafka)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int16(&mut self) -> Result<i16, Refusal> {
        Ok(self.take(2)?.try_into().map_or(0, i16::from_be_bytes))
    }

    fn int32(&mut self) -> Result<i32, Refusal> {
        Ok(self.take(4)?.try_into().map_or(0, i32::from_be_bytes))
    }

    /// `None`: it is null.
    fn string(&mut self) -> Result<Option<String>, Refusal> {
        match usize::try_from(self.int16()?) {
            Ok(length) => Ok(Some(String::from_utf8_lossy(self.take(length)?).into_owned())),
            Err(_) => Ok(None),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        match usize::try_from(self.int32()?) {
            Ok(length) => self.take(length),
            Err(_) => Ok(&[]),
        }
    }

    fn strings(&mut self) -> Result<Vec<String>, Refusal> {
        let mut strings = Vec::new();
        for _ in 0..self.int32()? {
            strings.extend(self.string()?);
        }
        Ok(strings)
    }
}

#[cfg(test)]
mod tests;
