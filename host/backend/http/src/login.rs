//! As whom requests are made. Whatever says so is put in here, and nothing
//! that a plugin sends can be taken for it.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use hyhost_backend::Class;
use hyhost_config::{Login as Wanted, Secret, Tls};

use crate::ConnectError;
use crate::server::{Ask, Credential, Lost, Place, Reply};

mod oauth2;

use oauth2::Tokens;

/// How to log in.
pub(crate) enum Login {
    /// As nobody.
    None,
    /// By a header, made of one of several secrets.
    Header(Keys),
    /// By a token that another server hands out.
    OAuth2(Box<Tokens>),
}

/// Secrets that are tried in order, and the header that they go into.
pub(crate) struct Keys {
    name: HeaderName,
    /// `Some`: the user of basic authentication.
    user: Option<String>,
    /// What stands before the secret.
    prefix: &'static str,
    secrets: Secrets,
}

/// Secrets of which one is right.
pub(crate) struct Secrets {
    all: Vec<Secret>,
    /// Which one was taken last.
    taken: Mutex<Option<usize>>,
}

impl Secrets {
    fn new(all: &[Secret], what: &'static str) -> Result<Self, ConnectError> {
        if all.is_empty() {
            return Err(ConnectError::NoSecret(what));
        }
        Ok(Self { all: all.to_vec(), taken: Mutex::new(None) })
    }

    /// The one that was taken last, then the others in order.
    fn in_order(&self) -> impl Iterator<Item = (usize, &Secret)> {
        let last = *self.lock();
        let others = (0..self.all.len()).filter(move |at| Some(*at) != last);
        last.into_iter().chain(others).filter_map(|at| Some((at, self.all.get(at)?)))
    }

    fn take(&self, at: usize) {
        *self.lock() = Some(at);
    }

    fn taken(&self) -> Option<String> {
        (*self.lock()).and_then(|at| self.all.get(at)).map(|secret| secret.name().to_owned())
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.all.iter().map(|secret| format!("`{}`", secret.name())).collect();
        names.join(", ")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Login {
    pub(crate) fn new(wanted: &Wanted, tls: &Tls) -> Result<Self, ConnectError> {
        let keys = |name, user, prefix, secrets: &[Secret], what| {
            Ok(Self::Header(Keys { name, user, prefix, secrets: Secrets::new(secrets, what)? }))
        };
        match wanted {
            Wanted::None => Ok(Self::None),
            Wanted::Basic { user, passwords } => keys(AUTHORIZATION, Some(user.clone()), "Basic ", passwords, "basic"),
            Wanted::Bearer(secrets) => keys(AUTHORIZATION, None, "Bearer ", secrets, "bearer"),
            Wanted::Header { name, values } => {
                let name = name.parse().map_err(|_| ConnectError::Header(name.clone()))?;
                keys(name, None, "", values, "header")
            }
            Wanted::OAuth2 { token_url, client_id, client_secrets, scope } => {
                let secrets = Secrets::new(client_secrets, "oauth2")?;
                Ok(Self::OAuth2(Box::new(Tokens::new(token_url, client_id, secrets, scope.clone(), tls)?)))
            }
        }
    }

    /// As whom, for people.
    pub(crate) fn user(&self) -> &str {
        match self {
            Self::None => "nobody",
            Self::Header(Keys { user: Some(user), .. }) => user,
            Self::Header(Keys { name, prefix, .. }) => {
                if prefix.is_empty() {
                    name.as_str()
                } else {
                    "whoever the bearer token says"
                }
            }
            Self::OAuth2(tokens) => tokens.client(),
        }
    }

    /// The name of the secret that was taken last.
    pub(crate) fn taken(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Header(keys) => keys.secrets.taken(),
            Self::OAuth2(tokens) => tokens.taken(),
        }
    }

    /// What a refused login is about.
    pub(crate) fn refused(&self) -> String {
        match self {
            Self::None => "the server wants a login: the connection has none".to_owned(),
            Self::Header(keys) => {
                let of = keys.user.as_ref().map_or_else(|| "as login".to_owned(), |user| format!("for `{user}`"));
                format!("the server does not take the secret {} {of}", keys.secrets.names())
            }
            Self::OAuth2(tokens) => {
                format!("the server does not take the token that `{}` gets for itself", tokens.client())
            }
        }
    }

    /// Asks as our account: with the secret that was taken last, or with the
    /// others in order as long as the server does not know the login.
    pub(crate) async fn ask(&self, place: &Place, ask: &Ask<'_>) -> Result<Reply, Lost> {
        match self {
            Self::None => place.ask(ask, None).await,
            Self::Header(keys) => {
                let mut answer = Err((Class::Failed, "there is no secret to log in with".to_owned()));
                for (at, secret) in keys.secrets.in_order() {
                    let reply = place.ask(ask, Some(keys.credential(secret)?)).await?;
                    if reply.status != 401 {
                        keys.secrets.take(at);
                        return Ok(reply);
                    }
                    answer = Ok(reply);
                }
                answer
            }
            Self::OAuth2(tokens) => {
                let token = tokens.current().await?;
                let reply = place.ask(ask, Some(token.credential()?)).await?;
                if reply.status != 401 {
                    return Ok(reply);
                }
                // It may have been taken back before its time.
                let token = tokens.another(&token).await?;
                place.ask(ask, Some(token.credential()?)).await
            }
        }
    }
}

impl Keys {
    fn credential(&self, secret: &Secret) -> Result<Credential, Lost> {
        let text = match &self.user {
            Some(user) => STANDARD.encode(format!("{user}:{}", secret.expose())),
            None => secret.expose().to_owned(),
        };
        let value = header(&format!("{}{text}", self.prefix)).ok_or_else(|| {
            (Class::Invalid, format!("the secret `{}` has characters that no header can hold", secret.name()))
        })?;
        Ok((self.name.clone(), value))
    }
}

/// Basic authentication of somebody else, to see whether it works.
pub(crate) fn basic(user: &str, password: &str) -> Option<Credential> {
    Some((AUTHORIZATION, header(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))?))
}

/// A value that is not shown when a request is printed.
fn header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
