//! A server, our account there, and which of its secret keys is the one.

use std::error::Error;
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use hyhost_backend::{Account, Class, Fault};
use hyhost_config::{S3, Secret};

use crate::ConnectError;
use crate::fault::{Doing, Failure};
use crate::wire::Wire;

/// Every bucket by its path on this one server. The SDK's own rules would send
/// the request for a bucket called `…--x-s3` to another host.
#[derive(Debug)]
struct Here(String);

impl ResolveEndpoint for Here {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let url = params.bucket().map_or_else(|| self.0.clone(), |bucket| format!("{}/{bucket}", self.0));
        EndpointFuture::ready(Ok(Endpoint::builder().url(url).build()))
    }
}

/// A secret key of our account, and the client that signs with it.
pub(crate) struct Key {
    pub(crate) secret: Secret,
    client: Client,
}

/// A server and what has been learnt of it.
pub(crate) struct Server {
    /// The connection's name in the documents.
    pub(crate) name: String,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// The connections, for what nobody signs.
    pub(crate) wire: Wire,
    /// Our account there.
    pub(crate) user: String,
    /// Whether it has shown itself to be a MinIO server.
    pub(crate) minio: AtomicBool,
    secure: bool,
    host: String,
    port: u16,
    /// One per secret; they share the connections.
    keys: Vec<Key>,
    /// Which secret was taken last.
    taken: Mutex<Option<usize>>,
}

impl Server {
    pub(crate) fn new(name: &str, s3: &S3) -> Result<Self, ConnectError> {
        if s3.passwords.is_empty() {
            return Err(ConnectError::NoSecret);
        }
        let wire = Wire::new(s3)?;
        let mut server = Self {
            name: name.to_owned(),
            region: s3.region.clone(),
            wire,
            user: s3.user.clone(),
            minio: AtomicBool::new(false),
            secure: s3.secure,
            host: s3.host.clone(),
            port: s3.port,
            keys: Vec::new(),
            taken: Mutex::new(None),
        };
        server.keys = s3
            .passwords
            .iter()
            .map(|secret| Key { secret: secret.clone(), client: server.client(&server.user, secret) })
            .collect();
        Ok(server)
    }

    /// A client that looks for nothing by itself and tries once.
    fn client(&self, user: &str, secret: &Secret) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .endpoint_resolver(Here(self.url("")))
            .credentials_provider(Credentials::new(user, secret.expose(), None, None, "hyhost"))
            .identity_cache(IdentityCache::no_cache())
            .http_client(self.wire.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Client::from_conf(config)
    }

    /// Host and port, as a person writes them.
    pub(crate) fn endpoint(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// The URL of a path on the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.secure { "https" } else { "http" }, self.endpoint())
    }

    pub(crate) fn account(&self) -> Account {
        Account {
            user: self.user.clone(),
            endpoint: self.endpoint(),
            plaintext: !self.secure,
            superuser: None,
            password: self.taken().and_then(|at| self.keys.get(at)).map(|key| key.secret.name().to_owned()),
        }
    }

    /// Makes a request of the SDK, signed as [`Self::with_each`] says.
    pub(crate) async fn signed<T, E, F>(&self, call: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let call = &call;
        self.with_each(|key| async move { call(key.client.clone()).await.map_err(|error| Failure::of(&error)) }).await
    }

    /// Makes a request with the secret that was taken last, or with the others
    /// in order as long as the server does not know the login.
    pub(crate) async fn with_each<'a, T, F>(&'a self, call: impl Fn(&'a Key) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let last = self.taken();
        let others = (0..self.keys.len()).filter(|at| Some(*at) != last);
        let mut refused = Failure::Unsent("there is no secret to sign with".to_owned());
        for at in last.into_iter().chain(others) {
            let Some(key) = self.keys.get(at) else { continue };
            match call(key).await {
                Ok(answer) => {
                    self.take(at);
                    return Ok(answer);
                }
                Err(failure) if !failure.refuses_login() => {
                    // To say that something is not there, it has let us in.
                    if failure.code().is_some_and(|code| code.starts_with("NoSuchBucket")) {
                        self.take(at);
                    }
                    return Err(failure);
                }
                Err(failure) => refused = failure,
            }
        }
        Err(refused)
    }

    /// Whether this secret is that of this account here: proved by a request
    /// that is signed with it and asks for little. `None`: the server does not
    /// know the account, or will not let it in.
    pub(crate) async fn proves(&self, user: &str, secret: &Secret) -> Result<Option<bool>, Failure> {
        let client = self.client(user, secret);
        let failure = match client.list_buckets().max_buckets(1).send().await {
            Ok(_) => return Ok(Some(true)),
            Err(error) => Failure::of(&error),
        };
        match failure.code() {
            // It was let in, and may not list.
            Some("AccessDenied") => Ok(Some(true)),
            Some("SignatureDoesNotMatch") => Ok(Some(false)),
            Some("InvalidAccessKeyId") => Ok(None),
            _ => Err(failure),
        }
    }

    /// The fault for a failure, with the account where the login was refused.
    pub(crate) fn fault(&self, failure: Failure, doing: &Doing) -> Fault {
        if !failure.refuses_login() {
            return failure.fault(doing);
        }
        let code = failure.code().unwrap_or_default();
        let names: Vec<_> = self.keys.iter().map(|key| format!("`{}`", key.secret.name())).collect();
        let user = &self.user;
        let said = match (code, names.as_slice()) {
            ("InvalidAccessKeyId", _) => format!("the server does not know the access key `{user}`"),
            (_, [name]) => format!("the secret {name} is not the secret key of `{user}`"),
            _ => format!("none of the secrets {} is the secret key of `{user}`", names.join(", ")),
        };
        Fault { login_refused: true, ..doing.fault(Class::Denied, &said).with_code(code) }
    }

    fn taken(&self) -> Option<usize> {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, at: usize) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }
}
