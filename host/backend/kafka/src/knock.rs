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
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::scram::Hash;
use crate::talk::{Errand, Talk, lost};

/// The longest that one broker may take.
const EACH: Duration = Duration::from_secs(5);
pub(crate) const TLS_THERE: &str = "the broker speaks TLS there: give `tls`, or take another port";

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
    pub(crate) fn mechanism(&self) -> &'static str {
        match self {
            // Asked for only to see what the listener says.
            Self::None | Self::Plain(..) => "PLAIN",
            Self::Scram(Hash::Sha256, ..) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha512, ..) => "SCRAM-SHA-512",
        }
    }
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

pub(crate) fn other(class: Class, text: &str) -> Refusal {
    Refusal::Other(Fault::new(class, text))
}

pub(crate) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests;
