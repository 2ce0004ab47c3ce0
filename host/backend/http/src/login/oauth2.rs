//! OAuth2 client credentials (RFC 6749 §4.4): a token is fetched before it is
//! needed, kept, and fetched again before it ends.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use hyhost_backend::Class;
use hyhost_backend::wire::Wire;
use hyhost_config::{Tls, Url};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Secrets, header};
use crate::ConnectError;
use crate::fault::clean;
use crate::server::{Ask, Credential, Lost, Place, Reply};
use crate::template::encode;

/// So long is a token taken for good whose answer does not say it.
const UNSAID: Duration = Duration::from_secs(60);
/// So long before its end a token is no longer used, but at most a tenth of
/// its life.
const MARGIN: Duration = Duration::from_secs(30);

/// Where tokens come from, and the one that we have.
pub(crate) struct Tokens {
    place: Place,
    path: String,
    client: String,
    secrets: Secrets,
    scope: Option<String>,
    /// Held while one is fetched, so that many requests fetch one.
    current: Mutex<Option<Token>>,
}

/// A token, and until when it is used.
#[derive(Clone)]
pub(crate) struct Token {
    value: HeaderValue,
    until: Instant,
}

impl Token {
    pub(crate) fn credential(&self) -> Result<Credential, Lost> {
        Ok((AUTHORIZATION, self.value.clone()))
    }
}

impl Tokens {
    pub(crate) fn new(
        url: &Url,
        client: &str,
        secrets: Secrets,
        scope: Option<String>,
        tls: &Tls,
    ) -> Result<Self, ConnectError> {
        // The name in the API's certificate is not that of this server.
        let tls = Tls { server_name: None, ..tls.clone() };
        let wire = Wire::new(url.secure, &tls, 1)?;
        Ok(Self {
            place: Place::new(url.secure, &url.host, url.port, wire),
            path: url.path.clone(),
            client: client.to_owned(),
            secrets,
            scope,
            current: Mutex::new(None),
        })
    }

    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    pub(crate) fn taken(&self) -> Option<String> {
        self.secrets.taken()
    }

    /// A token that will hold for a while.
    pub(crate) async fn current(&self) -> Result<Token, Lost> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if Instant::now() < token.until => Ok(token.clone()),
            _ => self.fetch(&mut current).await,
        }
    }

    /// Another one than this, which was refused.
    pub(crate) async fn another(&self, refused: &Token) -> Result<Token, Lost> {
        let mut current = self.current.lock().await;
        match &*current {
            // Somebody else has fetched one since.
            Some(token) if token.value != refused.value => Ok(token.clone()),
            _ => self.fetch(&mut current).await,
        }
    }

    async fn fetch(&self, current: &mut Option<Token>) -> Result<Token, Lost> {
        *current = None;
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &self.scope {
            form.push_str("&scope=");
            encode(&mut form, scope);
        }
        let ask = Ask {
            method: "POST",
            path: &self.path,
            body: Some(("application/x-www-form-urlencoded", Bytes::from(form))),
        };
        let place = self.place.endpoint();
        let mut refused = String::new();
        for (at, secret) in self.secrets.in_order() {
            let mut pair = String::new();
            encode(&mut pair, &self.client);
            pair.push(':');
            encode(&mut pair, secret.expose());
            let value = header(&format!("Basic {}", STANDARD.encode(pair)))
                .ok_or_else(|| (Class::Invalid, "the client's id and secret make no header".to_owned()))?;
            let asked = self.place.ask(&ask, Some((AUTHORIZATION, value))).await;
            let reply = asked.map_err(|(class, why)| (class, format!("no token from {place}: {why}")))?;
            if reply.is_success() {
                self.secrets.take(at);
                let token = read(&reply, Instant::now()).ok_or_else(|| {
                    (Class::Failed, format!("no token from {place}: the answer has no `access_token`"))
                })?;
                *current = Some(token.clone());
                return Ok(token);
            }
            let error = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
            let code = error.get("error").and_then(Value::as_str).map(clean);
            let said = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            // RFC 6749 §5.2: an unknown client is 401, or 400 with this code.
            if reply.status == 401 || code.as_deref() == Some("invalid_client") {
                refused = said;
                continue;
            }
            let class = match reply.status {
                408 | 429 | 500 | 502 | 504 => Class::Transient,
                503 => Class::NotReady,
                _ => Class::Invalid,
            };
            return Err((class, format!("no token from {place}: it answers HTTP {}{said}", reply.status)));
        }
        let (client, names) = (&self.client, self.secrets.names());
        Err((
            Class::Denied,
            format!("no token from {place}: it does not take the secret {names} for `{client}`{refused}"),
        ))
    }
}

fn read(reply: &Reply, now: Instant) -> Option<Token> {
    let answer: Value = serde_json::from_slice(&reply.body).ok()?;
    let value = header(&format!("Bearer {}", answer.get("access_token")?.as_str()?))?;
    // Some servers write the number as a text.
    let seconds = match answer.get("expires_in") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
        None => None,
    };
    let life = seconds.map_or(UNSAID, |seconds| Duration::from_secs(seconds.min(86_400)));
    Some(Token { value, until: now + life.saturating_sub(MARGIN.min(life / 10)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let now = Instant::now();
        let until =
            |body: &str| read(&Reply { status: 200, body: body.to_owned().into() }, now).map(|token| token.until - now);
        assert_eq!(until(r#"{"access_token":"x","expires_in":3600}"#), Some(Duration::from_secs(3570)));
        assert_eq!(until(r#"{"access_token":"x","expires_in":"10"}"#), Some(Duration::from_secs(9)));
        assert_eq!(until(r#"{"access_token":"x"}"#), Some(Duration::from_secs(54)));
        assert_eq!(until(r#"{"access_token":"x\n"}"#), None);
        assert_eq!(until("{}"), None);
    }
}
