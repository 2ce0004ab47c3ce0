//! The brokers of a connection, our account there, and which of its passwords
//! is the one.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hyhost_backend::{Account, Class, Fault, client_config};
use hyhost_config::{Kafka, Mechanism, Secret, Tls};
use serde_json::Value;
use tokio::time::Instant;

use crate::ConnectError;
use crate::frame::Hello;
use crate::knock::{Door, Login, Refusal, address};
use crate::scram::Hash;

/// What the document says of a connection, and what has been learnt.
pub(crate) struct Server {
    /// The connection's name in the documents.
    pub(crate) name: String,
    door: Door,
    tls: Option<Tls>,
    user: Option<String>,
    passwords: Vec<Secret>,
    mechanism: Mechanism,
    /// Which password was taken last.
    taken: Mutex<Option<usize>>,
}

impl Server {
    pub(crate) fn new(name: &str, kafka: &Kafka) -> Result<Self, ConnectError> {
        if kafka.user.is_some() && kafka.passwords.is_empty() {
            return Err(ConnectError::NoPassword);
        }
        let tls = match &kafka.tls {
            Some(tls) if tls.ca.is_none() => return Err(ConnectError::NoCa),
            Some(tls) => Some(Arc::new(client_config(tls)?)),
            None => None,
        };
        let of_tls = kafka.tls.as_ref();
        let door = Door {
            brokers: kafka.brokers.clone(),
            tls,
            ca: of_tls.and_then(|tls| tls.ca.as_deref()).map(|ca| ca.display().to_string()).unwrap_or_default(),
            server_name: of_tls.and_then(|tls| tls.server_name.clone()),
        };
        Ok(Self {
            name: name.to_owned(),
            door,
            tls: kafka.tls.clone(),
            user: kafka.user.clone(),
            passwords: kafka.passwords.clone(),
            mechanism: kafka.mechanism,
            taken: Mutex::new(None),
        })
    }

    /// The first broker, as a person writes it.
    pub(crate) fn endpoint(&self) -> String {
        self.door.brokers.first().map(|(host, port)| address(host, *port)).unwrap_or_default()
    }

    /// As whom hyhost is there.
    pub(crate) fn account(&self) -> Account {
        let certificate = self.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        let user = self
            .user
            .clone()
            .unwrap_or_else(|| if certificate.is_some() { "(its certificate)" } else { "(anonymous)" }.to_owned());
        Account {
            user,
            endpoint: self.endpoint(),
            plaintext: self.tls.is_none(),
            superuser: None,
            password: self.taken().and_then(|at| self.passwords.get(at)).map(|secret| secret.name().to_owned()),
        }
    }

    /// Whether this is the user that the connection itself is.
    pub(crate) fn is_own(&self, user: &str) -> bool {
        self.user.as_deref() == Some(user)
    }

    /// Knocks with the password that was taken last, then with the others in
    /// order.
    pub(crate) async fn knock(&self, deadline: Instant) -> Result<(), Fault> {
        let Some(user) = &self.user else {
            return self.door.knock(Login::None, deadline).await.map_err(|refusal| self.fault(refusal));
        };
        let last = self.taken();
        for at in last.into_iter().chain((0..self.passwords.len()).filter(|at| Some(*at) != last)) {
            let Some(secret) = self.passwords.get(at) else { continue };
            match self.door.knock(self.login(user, secret), deadline).await {
                Ok(()) => {
                    *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
                    return Ok(());
                }
                Err(Refusal::Login) => {}
                Err(refusal) => return Err(self.fault(refusal)),
            }
        }
        Err(self.fault(Refusal::Login))
    }

    /// Whether the account may see the ACLs: see [`Door::may_see_acls`].
    pub(crate) async fn may_see_acls(&self, deadline: Instant) -> Result<(), Fault> {
        let secret = self.taken().and_then(|at| self.passwords.get(at)).or(self.passwords.first());
        let login = match (&self.user, secret) {
            (Some(user), Some(secret)) => self.login(user, secret),
            _ => Login::None,
        };
        self.door.may_see_acls(login, deadline).await.map_err(|refusal| self.fault(refusal))
    }

    /// Whether this is a user's password. `None`: the listener does not say.
    pub(crate) async fn proves(
        &self,
        hash: Hash,
        user: &str,
        password: &Secret,
        deadline: Instant,
    ) -> Result<Option<bool>, Fault> {
        if self.user.is_none() {
            return Ok(None);
        }
        match self.door.knock(Login::Scram(hash, user, password.expose()), deadline).await {
            Ok(()) => Ok(Some(true)),
            Err(Refusal::Login) => Ok(Some(false)),
            Err(Refusal::Mechanism(_)) => Ok(None),
            Err(Refusal::Other(fault)) => Err(fault),
        }
    }

    /// The client's settings, with the password that was taken last.
    pub(crate) fn hello(&self) -> Hello {
        let brokers: Vec<_> = self.door.brokers.iter().map(|(host, port)| address(host, *port)).collect();
        let mut settings = vec![("bootstrap.servers", brokers.join(","))];
        let protocol = match (&self.tls, &self.user) {
            (None, None) => "plaintext",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), None) => "ssl",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        settings.push(("security.protocol", protocol.to_owned()));
        if let Some(user) = &self.user {
            let secret = self.taken().and_then(|at| self.passwords.get(at)).or(self.passwords.first());
            settings.push(("sasl.mechanism", self.mechanism.as_str().to_owned()));
            settings.push(("sasl.username", user.clone()));
            settings.push(("sasl.password", secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()));
        }
        let tls = self.tls.clone().unwrap_or_default();
        for (setting, path) in [
            ("ssl.ca.location", &tls.ca),
            ("ssl.certificate.location", &tls.certificate),
            ("ssl.key.location", &tls.key),
        ] {
            settings.extend(path.as_deref().map(|path| (setting, absolute(path))));
        }
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Hello { settings, server_name: tls.server_name }
    }

    fn login<'a>(&self, user: &'a str, secret: &'a Secret) -> Login<'a> {
        match self.mechanism {
            Mechanism::Plain => Login::Plain(user, secret.expose()),
            Mechanism::ScramSha256 => Login::Scram(Hash::Sha256, user, secret.expose()),
            Mechanism::ScramSha512 => Login::Scram(Hash::Sha512, user, secret.expose()),
        }
    }

    fn fault(&self, refusal: Refusal) -> Fault {
        let user = self.user.as_deref().unwrap_or_default();
        match refusal {
            Refusal::Login => {
                let names: Vec<_> = self.passwords.iter().map(|secret| format!("`{}`", secret.name())).collect();
                let said = match names.as_slice() {
                    [name] => format!("the brokers do not let `{user}` in with the password {name}"),
                    _ => format!("the brokers let `{user}` in with none of the passwords {}", names.join(", ")),
                };
                let fault = Fault::new(Class::Denied, said).with_code("SASL_AUTHENTICATION_FAILED");
                Fault { login_refused: true, ..fault }
            }
            Refusal::Mechanism(offered) => Fault::new(
                Class::Failed,
                format!(
                    "the listener on this port takes no login by {}, but by {}: set `mechanism`",
                    self.mechanism.as_str(),
                    offered.join(", ")
                ),
            ),
            Refusal::Other(fault) => fault,
        }
    }

    fn taken(&self) -> Option<usize> {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client's directory need not stay ours.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// What an operation is about, for messages.
pub(crate) fn object(args: &Value) -> Option<&str> {
    ["topic", "user", "principal"].iter().find_map(|argument| args.get(argument)).and_then(Value::as_str)
}
