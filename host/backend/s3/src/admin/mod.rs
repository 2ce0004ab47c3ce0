//! MinIO's admin API: accounts, policies, quotas.
//!
//! It is HTTP with JSON under `/minio/admin/v3`, signed like S3. What carries
//! secrets is sealed in both directions (`seal`). Errors are JSON as well: an
//! answer that is not is no answer of this API.

pub(crate) mod group;
pub(crate) mod policy;
mod seal;
pub(crate) mod service_account;
pub(crate) mod user;

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::SdkBody;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyhost_backend::Class;
use hyhost_config::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::call::{Asked, is_minio};
use crate::fault::{Failure, Refusal, way};
use crate::login::{Key, Server};

/// As much as an answer may be long: a thousand users take 200 KiB.
const LONGEST_ANSWER: usize = 16 << 20;

/// What a signature leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Opening a sealed answer takes 64 MiB for a moment: one at a time.
static OPENING: Semaphore = Semaphore::const_new(1);

/// A request to the admin API.
struct Ask<'a> {
    method: Method,
    command: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: Body,
}

/// What it carries.
enum Body {
    Nothing,
    Plain(Value),
    Sealed(Value),
}

impl<'a> Ask<'a> {
    fn get(command: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::GET, command, query, body: Body::Nothing }
    }

    fn put(command: &'a str, query: &'a [(&'a str, &'a str)], body: Body) -> Self {
        Self { method: Method::PUT, command, query, body }
    }

    fn post(command: &'a str, query: &'a [(&'a str, &'a str)], body: Body) -> Self {
        Self { method: Method::POST, command, query, body }
    }

    fn delete(command: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::DELETE, command, query, body: Body::Nothing }
    }

    /// Sends it; the answer's body, and the secret that it was signed with.
    async fn send<'s>(&self, server: &'s Server) -> Result<(Vec<u8>, &'s Secret), Failure> {
        if !is_minio(server).await? {
            let problem = "that needs MinIO's admin API, and the server is not MinIO: leave the field out";
            return Err(Failure::ours(Class::Failed, problem));
        }
        server.with_each(|key| self.send_as(server, key)).await
    }

    async fn send_as<'s>(&self, server: &'s Server, key: &'s Key) -> Result<(Vec<u8>, &'s Secret), Failure> {
        let body = match &self.body {
            Body::Nothing => Vec::new(),
            Body::Plain(value) => value.to_string().into_bytes(),
            Body::Sealed(value) => {
                let sealed = seal::seal(key.secret.expose(), value.to_string().as_bytes());
                sealed.map_err(|error| Failure::ours(Class::Failed, error.to_string()))?
            }
        };
        let request = self.signed(server, key, body)?;
        let response = server.wire.send(request).await.map_err(|error| way(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(|error| way(error.as_ref()))?.to_bytes().to_vec();
        if status.is_success() { Ok((body, &key.secret)) } else { Err(refused(status, &body)) }
    }

    fn signed(&self, server: &Server, key: &Key, body: Vec<u8>) -> Result<Request<SdkBody>, Failure> {
        let unsent = |error: String| Failure::Unsent(error);
        let mut address = server.url(&format!("/minio/admin/v3/{}", self.command));
        for (at, (name, value)) in self.query.iter().enumerate() {
            address.push(if at == 0 { '?' } else { '&' });
            address.push_str(&format!("{name}={}", utf8_percent_encode(value, PLAIN)));
        }
        let mut request = Request::builder().method(self.method.clone()).uri(&address);
        // Else the server takes a sealed body for a form.
        request = request.header("content-type", "application/octet-stream");
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = Credentials::new(&server.user, key.secret.expose(), None, None, "hyhost").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&server.region)
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| unsent(error.to_string()))?;
        let signable =
            SignableRequest::new(self.method.as_str(), &address, std::iter::empty(), SignableBody::Bytes(&body))
                .map_err(|error| unsent(error.to_string()))?;
        let (instructions, _) = sign(signable, &params.into()).map_err(|error| unsent(error.to_string()))?.into_parts();
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        request.body(SdkBody::from(body)).map_err(|error| unsent(error.to_string()))
    }

    /// Sends it, and does not look at the answer: it only says that it is done.
    async fn done(&self, server: &Server) -> Result<Value, Failure> {
        self.send(server).await.map(|_| Value::Null)
    }

    /// Sends it and reads the answer.
    async fn read<T: DeserializeOwned>(&self, server: &Server) -> Result<T, Failure> {
        let (body, _) = self.send(server).await?;
        json_of(&body)
    }

    /// Sends it and reads an answer that is sealed.
    async fn open<T: DeserializeOwned>(&self, server: &Server) -> Result<T, Failure> {
        let (body, secret) = self.send(server).await?;
        let secret = secret.clone();
        // Never closed, so there is always a permit to wait for.
        let permit = OPENING.acquire().await;
        let opened = tokio::task::spawn_blocking(move || seal::open(secret.expose(), &body)).await;
        drop(permit);
        match opened {
            Ok(Ok(plain)) => json_of(&plain),
            Ok(Err(error)) => Err(Failure::Unreadable(error.to_string())),
            Err(_) => Err(Failure::Unreadable("opening it was broken off".to_owned())),
        }
    }
}

fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Unreadable(error.to_string()))
}

/// An error of the admin API. `Code` and `Message`, as in S3.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Complaint {
    code: String,
    #[serde(default)]
    message: Option<String>,
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let said: Option<Complaint> = serde_json::from_slice(body).ok();
    let (code, message) = said.map_or((None, None), |said| (Some(said.code), said.message));
    Failure::Refused(Refusal { status: status.as_u16(), code, message })
}

/// What was asked for, or `None` where the server says so with this code.
fn or_absent<T>(answer: Result<T, Failure>, code: &str) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.says_absent(&[code]) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// It is not there, although the plan saw it.
fn gone(what: &str, name: &str) -> Failure {
    Failure::ours(Class::Conflict, format!("{what} `{name}` is not there any more"))
}

/// It is there, although the plan did not see it.
fn taken(what: &str, name: &str) -> Failure {
    Failure::ours(Class::Conflict, format!("{what} `{name}` is there already"))
}

/// Names in one text, as the server writes them.
fn split(names: &str) -> Vec<&str> {
    let mut names: Vec<_> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names
}

#[derive(Deserialize)]
struct Quota {
    #[serde(default)]
    quota: u64,
    #[serde(default)]
    size: u64,
}

pub(crate) async fn get_quota(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("bucket", asked.text("bucket")?)];
    let answer = Ask::get("get-bucket-quota", &query).read::<Option<Quota>>(server).await;
    let quota = match answer {
        Err(failure) if failure.says_absent(&["NoSuchBucket", "XMinioAdminNoSuchQuotaConfiguration"]) => None,
        answer => answer?,
    };
    // Older servers have it in the other field.
    let most = quota.map(|quota| if quota.size > 0 { quota.size } else { quota.quota });
    Ok(most.filter(|most| *most > 0).map_or(Value::Null, Value::from))
}

pub(crate) async fn set_quota(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let query = [("bucket", asked.text("bucket")?)];
    let size = asked.0.operation.args.get("size").and_then(Value::as_u64).unwrap_or_default();
    let body = match size {
        0 => json!({ "quota": 0, "size": 0 }),
        size => json!({ "quota": size, "size": size, "quotatype": "hard" }),
    };
    Ask::put("set-bucket-quota", &query, Body::Plain(body)).done(server).await
}
