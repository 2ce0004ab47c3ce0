//! The way to a server that speaks HTTP: name lookup, TCP, TLS, HTTP/1.1.
//!
//! An own one, because every way in which it can fail must be told apart by
//! type, and because the server may want a client certificate or have a
//! certificate for another name. It follows no redirect and knows no proxy.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use http::{Request, Response, Uri};
use hyhost_config::Tls;
use hyper::body::{Body, Incoming};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::CertificateError;
use rustls_pki_types::ServerName;
use tokio::time::timeout;
use tower_service::Service;

use crate::{Class, TlsError, client_config};

/// Lookup, TCP and TLS together.
pub const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than servers and the things between keep an idle connection.
const IDLE: Duration = Duration::from_secs(20);
/// The longest answer that anybody reads. A list of a thousand buckets takes
/// 200 KiB.
pub const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;
type Dialler = Within<HttpsConnector<HttpConnector<Lookup>>>;
type Boxed<T, E> = Pin<Box<dyn std::future::Future<Output = Result<T, E>> + Send>>;

/// Why connections cannot even be prepared.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A certificate or key that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A `server_name` that is no name.
    #[error("`server_name`: `{0}` is not a host name")]
    ServerName(String),
}

/// A pool of connections; requests have bodies of this type.
pub struct Wire<B>(Client<Dialler, B>);

impl<B> Clone for Wire<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> fmt::Debug for Wire<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl<B> Wire<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    /// With these settings, and at most so many idle connections. Dials
    /// nothing yet. `secure`: plaintext is refused.
    ///
    /// # Errors
    /// TLS settings that cannot be used.
    pub fn new(secure: bool, tls: &Tls, most: u32) -> Result<Self, WireError> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(client_config(tls)?);
        let mut builder = if secure { builder.https_only() } else { builder.https_or_http() };
        if let Some(name) = &tls.server_name {
            let name = ServerName::try_from(name.clone()).map_err(|_| WireError::ServerName(name.clone()))?;
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
        }
        let mut tcp = HttpConnector::new_with_resolver(Lookup);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let dialler = Within(builder.enable_http1().wrap_connector(tcp));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(usize::try_from(most).unwrap_or(usize::MAX))
            .build(dialler);
        Ok(Self(client))
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    /// There is no answer: see [`trouble`].
    pub async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.0.request(request).await
    }
}

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be looked up: {0}")]
struct LookupFailed(io::Error);

/// Nobody answered in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", CONNECT.as_secs())]
struct Slow;

/// Looks names up, with an error that can be told from others.
#[derive(Clone)]
struct Lookup;

impl Service<Name> for Lookup {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = LookupFailed;
    type Future = Boxed<Self::Response, LookupFailed>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupFailed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            // The port is set by who asked.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(LookupFailed)?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}

/// Dials within a limit.
#[derive(Clone)]
struct Within<S>(S);

impl<S> Service<Uri> for Within<S>
where
    S: Service<Uri, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Boxed<S::Response, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let dialling = self.0.call(to);
        Box::pin(async move { timeout(CONNECT, dialling).await.unwrap_or_else(|_| Err(Box::new(Slow))) })
    }
}

/// What went wrong on the way, from an error with its causes: what to do, and
/// a sentence.
pub fn trouble(error: &(dyn Error + 'static)) -> (Class, String) {
    let causes = causes(error);
    for cause in &causes {
        if cause.is::<LookupFailed>() || cause.is::<Slow>() {
            return (Class::NotReady, cause.to_string());
        }
        if let Some(said) = cause.downcast_ref().and_then(verdict) {
            return (Class::Failed, said);
        }
        // An error of the operating system is about the network. One that a
        // library made is about what the other side said, such as a
        // certificate that does not verify: waiting mends no such.
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && (io.raw_os_error().is_some() || io.kind() == io::ErrorKind::UnexpectedEof)
        {
            return (Class::NotReady, io.to_string());
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            if http.is_incomplete_message() || http.is_closed() || http.is_canceled() {
                return (Class::NotReady, "the connection was lost before the answer".to_owned());
            }
            if http.is_parse() {
                return (Class::Failed, "what answers there does not speak HTTP".to_owned());
            }
        }
    }
    (Class::Failed, causes.last().map_or_else(String::new, ToString::to_string))
}

/// What TLS found wrong, with the field of the document that it is about.
fn verdict(error: &rustls::Error) -> Option<String> {
    match error {
        // The first bytes of the answer are no TLS record.
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => Some(
            "the server does not speak TLS there: should `url` begin with `http://`, or have another port?".to_owned(),
        ),
        error => certificate(error),
    }
}

/// What is wrong with the server's certificate, with the field of the document
/// that it is about.
pub fn certificate(error: &rustls::Error) -> Option<String> {
    Some(match error {
        // The latter: a CA of the same name.
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => format!(
            "{error}: the server's certificate comes from a CA that is not trusted here; \
             is `tls: {{ ca: … }}` the file of that CA?"
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "{error}: the server's certificate is for another name; write `tls: {{ server_name: … }}` if that name \
             is the server's"
        ),
        _ => return None,
    })
}

/// An error and its causes, outermost first. `source` of an `io::Error` skips
/// the error that is in it.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_within_an_io_error_is_found() {
        let reset = io::Error::from_raw_os_error(104);
        let wrapped = io::Error::other(io::Error::other(reset));
        assert_eq!(trouble(&wrapped).0, Class::NotReady);
        let verdict = io::Error::other("invalid peer certificate");
        assert_eq!(trouble(&verdict), (Class::Failed, "invalid peer certificate".to_owned()));
    }

    #[test]
    fn a_wrong_ca_and_a_wrong_name_are_told_apart() {
        let of = |error| trouble(&io::Error::other(rustls::Error::InvalidCertificate(error))).1;
        let (ca, name) = (of(CertificateError::UnknownIssuer), of(CertificateError::NotValidForName));
        assert!(ca.contains("`tls: { ca: … }`") && !ca.contains("server_name"), "{ca}");
        assert!(name.contains("`tls: { server_name: … }`") && !name.contains("ca: "), "{name}");
    }
}
