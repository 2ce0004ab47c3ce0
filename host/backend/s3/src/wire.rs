//! The way to the server: name lookup, TCP, TLS, HTTP/1.1.
//!
//! An own one, because the SDK's takes neither a client certificate nor the
//! name that a server's certificate must have, and because every way in which
//! it can fail must be told apart by type.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{HttpClient, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ConnectorError};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as SdkConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use http::{Request, Response, Uri};
use http_body_util::Limited;
use hyhost_backend::client_config;
use hyhost_config::S3;
use hyper::body::Incoming;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::time::timeout;
use tower_service::Service;

use crate::ConnectError;

/// Lookup, TCP and TLS together.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than servers and the things between keep an idle connection.
const IDLE: Duration = Duration::from_secs(20);
/// No answer about a bucket's configuration is longer. A list of a thousand
/// buckets takes 200 KiB.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

type Dialler = Within<HttpsConnector<HttpConnector<Lookup>>>;
type Boxed<T, E> = Pin<Box<dyn std::future::Future<Output = Result<T, E>> + Send>>;

/// A pool of connections to one server.
#[derive(Clone)]
pub(crate) struct Wire(Client<Dialler, SdkBody>);

impl Wire {
    pub(crate) fn new(s3: &S3) -> Result<Self, ConnectError> {
        let tls = s3.tls.clone().unwrap_or_default();
        let builder = HttpsConnectorBuilder::new().with_tls_config(client_config(&tls)?);
        let mut builder = if s3.secure { builder.https_only() } else { builder.https_or_http() };
        if let Some(name) = tls.server_name {
            let name = ServerName::try_from(name.clone()).map_err(|_| ConnectError::ServerName(name))?;
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
        }
        let mut tcp = HttpConnector::new_with_resolver(Lookup);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let dialler = Within(builder.enable_http1().wrap_connector(tcp));
        let most = usize::try_from(s3.max_connections).unwrap_or(usize::MAX);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(most)
            .build(dialler);
        Ok(Self(client))
    }

    /// Sends a request that nobody signed.
    pub(crate) async fn send(
        &self,
        request: Request<SdkBody>,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.0.request(request).await
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl SdkConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = wire.send(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            let response = response.map(|body| SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER)));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be looked up: {0}")]
pub(crate) struct LookupFailed(io::Error);

/// Nobody answered in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", CONNECT.as_secs())]
pub(crate) struct Slow;

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
