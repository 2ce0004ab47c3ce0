//! The way to the server, as the SDK takes it: its own takes neither a client
//! certificate nor the name that a server's certificate must have.

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{HttpClient, RuntimeComponents};
use aws_sdk_s3::error::ConnectorError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as SdkConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use http::{Request, Response};
use http_body_util::Limited;
use hyhost_backend::wire::{self, LONGEST_ANSWER, WireError};
use hyhost_config::S3;
use hyper::body::Incoming;

/// A pool of connections to one server.
#[derive(Debug, Clone)]
pub(crate) struct Wire(wire::Wire<SdkBody>);

impl Wire {
    pub(crate) fn new(s3: &S3) -> Result<Self, WireError> {
        wire::Wire::new(s3.secure, &s3.tls.clone().unwrap_or_default(), s3.max_connections).map(Self)
    }

    /// Sends a request that nobody signed.
    pub(crate) async fn send(
        &self,
        request: Request<SdkBody>,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.0.send(request).await
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
