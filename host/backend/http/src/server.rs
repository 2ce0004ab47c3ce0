//! A server: where it is, and how a request gets there and back.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyhost_backend::wire::{LONGEST_ANSWER, Wire, trouble};
use hyhost_backend::{Account, Class};
use hyhost_config::Http;

use crate::ConnectError;
use crate::login::Login;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no answer: what to do, and a sentence.
pub(crate) type Lost = (Class, String);

/// A header that logs in.
pub(crate) type Credential = (HeaderName, HeaderValue);

/// A request without its login.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// With its query.
    pub(crate) path: &'a str,
    /// Its content type and itself.
    pub(crate) body: Option<(&'static str, Bytes)>,
}

/// Where requests go. Nothing in a request can change it.
pub(crate) struct Place {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    wire: Wire<Full<Bytes>>,
}

impl Place {
    pub(crate) fn new(secure: bool, host: &str, port: u16, wire: Wire<Full<Bytes>>) -> Self {
        Self { secure, host: host.to_owned(), port, wire }
    }

    /// Host and port, as a person writes them.
    pub(crate) fn endpoint(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// One request, one answer.
    pub(crate) async fn ask(&self, ask: &Ask<'_>, credential: Option<Credential>) -> Result<Reply, Lost> {
        let scheme = if self.secure { "https" } else { "http" };
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("{scheme}://{}{}", self.endpoint(), ask.path))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "hyhost");
        if let Some((kind, _)) = &ask.body {
            request = request.header(CONTENT_TYPE, *kind);
        }
        if let Some((name, value)) = credential {
            request = request.header(name, value);
        }
        let body = ask.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        let request = request
            .body(Full::new(body))
            .map_err(|error| (Class::Invalid, format!("the request cannot be made: {error}")))?;
        let (head, body) = self.wire.send(request).await.map_err(|error| trouble(&error))?.into_parts();
        let body = match Limited::new(body, LONGEST_ANSWER).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err((Class::Failed, format!("the answer is longer than {LONGEST_ANSWER} bytes")));
            }
            Err(error) => return Err(trouble(error.as_ref())),
        };
        Ok(Reply { status: head.status.as_u16(), body })
    }
}

/// The server of a connection and our account there.
pub(crate) struct Server {
    /// The connection's name in the documents.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) login: Login,
    /// The row that tests a login.
    pub(crate) login_row: Option<&'static str>,
}

impl Server {
    pub(crate) fn new(name: &str, http: &Http) -> Result<Self, ConnectError> {
        let tls = http.tls.clone().unwrap_or_default();
        let wire = Wire::new(http.secure, &tls, http.max_connections)?;
        Ok(Self {
            name: name.to_owned(),
            place: Place::new(http.secure, &http.host, http.port, wire),
            login: Login::new(&http.login, &tls)?,
            login_row: http.api.login.as_deref(),
        })
    }

    pub(crate) fn endpoint(&self) -> String {
        self.place.endpoint()
    }

    pub(crate) fn account(&self) -> Account {
        Account {
            user: self.login.user().to_owned(),
            endpoint: self.endpoint(),
            plaintext: !self.place.secure,
            superuser: None,
            password: self.login.taken(),
        }
    }

    /// One request as our account, and its answer, which may be an error.
    pub(crate) async fn ask(&self, ask: &Ask<'_>) -> Result<Reply, Lost> {
        self.login.ask(&self.place, ask).await
    }
}
