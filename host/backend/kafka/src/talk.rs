//! A conversation with a broker in Kafka's own protocol: the login, and one
//! question.

use std::io;

use hyhost_backend::{Class, Fault};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::code;
use crate::knock::{Login, Refusal, TLS_THERE, other, tls_error};
use crate::scram::{Hash, Scram};

/// No answer to what is asked here is longer.
const LONGEST: usize = 1 << 20;
/// The first byte of a TLS alert: what a TLS listener says to plain text.
pub(crate) const TLS_ALERT: u8 = 0x15;

/// What is done once one is in.
#[derive(Clone, Copy)]
pub(crate) enum Errand {
    None,
    AskForAcls,
}

/// A connection that ended while it was in use.
pub(crate) fn lost(error: &io::Error) -> Refusal {
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
pub(crate) struct Talk<S> {
    pub(crate) stream: S,
    pub(crate) tls: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    /// Logs in, and does the errand.
    pub(crate) async fn log_in(mut self, login: Login<'_>, errand: Errand) -> Result<(), Refusal> {
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
    pub(crate) async fn ask(&mut self, key: i16, version: i16, body: &[u8]) -> Result<Vec<u8>, Refusal> {
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

pub(crate) fn put_string(to: &mut Vec<u8>, text: &str) {
    let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
    to.extend(length.to_be_bytes());
    to.extend(text.as_bytes().iter().take(length as usize));
}

pub(crate) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
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
