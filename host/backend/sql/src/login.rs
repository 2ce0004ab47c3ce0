//! From a connection of the documents to a session: name lookup, TCP, TLS,
//! login, each attempt within its own limit.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hyhost_backend::{Account, Class, Fault, client_config};
use hyhost_config::{Secret, Sql};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::classify::{guard_refusal, login_fault, refused, session_fault};
use crate::guard::{Guarded, Transport};
use crate::quote;

/// Lookup, TCP, TLS and login together.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long the end of a session may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A server and what has been learnt of it.
pub(crate) struct Server {
    /// The connection's name in the documents.
    pub(crate) name: String,
    /// How it is reached.
    pub(crate) sql: Sql,
    tls: OnceLock<MakeRustlsConnect>,
    learnt: Mutex<Learnt>,
    too_long: Arc<AtomicUsize>,
}

#[derive(Default, Clone, Copy)]
struct Learnt {
    /// Which of the passwords was taken last.
    password: Option<usize>,
    superuser: Option<bool>,
}

/// As whom a session logs in.
#[derive(Clone, Copy)]
pub(crate) enum Login<'a> {
    /// The connection's own account, for the host's own statements.
    Own,
    /// The connection's own account, for a script.
    OwnScript,
    /// A role, for a script.
    Role(&'a str, Option<&'a Secret>),
}

/// A session.
pub(crate) struct Session {
    /// To talk to it.
    pub(crate) client: Client,
    /// The database that it is in.
    pub(crate) database: String,
    /// The server's major version; 0: it did not say.
    pub(crate) version: u32,
    transport: Transport,
    driver: JoinHandle<()>,
}

impl Server {
    pub(crate) fn new(name: &str, sql: &Sql) -> Self {
        Self {
            name: name.to_owned(),
            sql: sql.clone(),
            tls: OnceLock::new(),
            learnt: Mutex::default(),
            too_long: Arc::default(),
        }
    }

    /// Host and port, as a person writes them.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}:{}", self.sql.host, self.sql.port)
    }

    pub(crate) fn account(&self) -> Account {
        let learnt = *self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let password = learnt.password.and_then(|at| self.sql.passwords.get(at));
        Account {
            user: self.sql.user.clone(),
            endpoint: self.endpoint(),
            plaintext: self.sql.tls.is_none(),
            superuser: learnt.superuser,
            password: password.map(|secret| secret.name().to_owned()),
        }
    }

    /// Opens a session.
    ///
    /// # Errors
    /// Code `3D000`: the database is not there.
    pub(crate) async fn open(&self, database: &str, login: Login<'_>) -> Result<Session, Fault> {
        quote::check_name(database).map_err(|error| {
            Fault::new(Class::Invalid, format!("{}: the database's name cannot be one: {error}", self.name))
        })?;
        match login {
            Login::Role(role, secret) => {
                let opened = self.attempt(database, login, role, secret).await;
                // That this role may not log in says nothing about the
                // connection's account.
                opened.map_err(|fault| Fault { login_refused: false, ..fault })
            }
            Login::Own | Login::OwnScript => self.open_own(database, login).await,
        }
    }

    /// Tries the passwords in order, the one that was taken last first.
    async fn open_own(&self, database: &str, login: Login<'_>) -> Result<Session, Fault> {
        let passwords = &self.sql.passwords;
        let last = self.learn(|_| ()).password.filter(|at| *at < passwords.len());
        let order = last.into_iter().chain((0..passwords.len()).filter(|at| Some(*at) != last));
        let mut tried: Vec<Option<usize>> = order.map(Some).collect();
        if tried.is_empty() {
            tried.push(None);
        }
        let mut refusal = None;
        for at in tried {
            let secret = at.and_then(|at| passwords.get(at));
            match self.attempt(database, login, &self.sql.user, secret).await {
                Ok(session) => {
                    self.learn(|learnt| learnt.password = at);
                    self.learn_superuser(&session).await;
                    return Ok(session);
                }
                Err(fault) if fault.login_refused => refusal = Some(fault),
                // The database that the documents name for the connection is
                // not for us to make: whoever does may still be at it.
                Err(fault) if fault.code.as_deref() == Some("3D000") && database == self.sql.database => {
                    return Err(Fault { class: Class::NotReady, ..fault });
                }
                Err(fault) => return Err(fault),
            }
        }
        let mut fault = refusal.unwrap_or_else(|| Fault::new(Class::Failed, "no login was tried"));
        if passwords.len() > 1 {
            let names: Vec<_> = passwords.iter().map(Secret::name).collect();
            fault.message = format!("{}; tried the passwords {}", fault.message, names.join(", "));
        }
        Err(fault)
    }

    async fn learn_superuser(&self, session: &Session) {
        if self.learn(|_| ()).superuser.is_some() {
            return;
        }
        let text = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
        if let Ok(Some(row)) = session.client.query_typed_opt(text, &[]).await {
            self.learn(|learnt| learnt.superuser = row.try_get(0).ok());
        }
    }

    fn learn(&self, change: impl FnOnce(&mut Learnt)) -> Learnt {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut learnt);
        *learnt
    }

    async fn attempt(
        &self,
        database: &str,
        login: Login<'_>,
        user: &str,
        secret: Option<&Secret>,
    ) -> Result<Session, Fault> {
        let transport = self.transport()?;
        let mut config = self.config(database, login);
        config.user(user);
        if let Some(secret) = secret {
            config.password(secret.expose());
        }
        let dial = async {
            let mut last = None;
            for address in self.look_up().await? {
                let what = format!("{}: {} ({address}) as `{user}`", self.name, self.endpoint());
                match self.dial(&config, &transport, address, database).await {
                    Ok(session) => {
                        check_identity(&session, user, &what).await?;
                        return Ok(session);
                    }
                    Err(error) => {
                        let fault = self.explain(&error, &what, secret.is_some());
                        let next = fault.class == Class::NotReady && fault.code.is_none();
                        last = Some(fault);
                        if !next {
                            break;
                        }
                    }
                }
            }
            Err(last.unwrap_or_else(|| {
                Fault::new(Class::NotReady, format!("{}: `{}` has no address", self.name, self.sql.host))
            }))
        };
        timeout(ATTEMPT, dial).await.unwrap_or_else(|_| {
            let limit = ATTEMPT.as_secs();
            let message = format!("{}: {} gave no answer within {limit} s", self.name, self.endpoint());
            Err(Fault::new(Class::NotReady, message))
        })
    }

    fn explain(&self, error: &tokio_postgres::Error, what: &str, has_password: bool) -> Fault {
        let mut fault = login_fault(error, what);
        if guard_refusal(error).is_some() {
            return fault;
        }
        if fault.code.as_deref().is_some_and(refused) && self.sql.tls.is_none() {
            fault.message.push_str("; without `tls:` the connection is in the clear, which a server may refuse");
        }
        // The client's own errors have no kind that can be asked for: in the
        // clear and with no word from the server only this one is left.
        let silent = fault.class == Class::Failed && fault.code.is_none();
        if silent && !has_password && self.sql.tls.is_none() {
            fault = Fault::new(Class::Denied, format!("{what}: the server wants a password, and there is none"));
            fault.login_refused = true;
        }
        fault
    }

    async fn look_up(&self) -> Result<Vec<SocketAddr>, Fault> {
        let found = tokio::net::lookup_host((self.sql.host.as_str(), self.sql.port)).await;
        found.map(Iterator::collect).map_err(|error| {
            Fault::new(Class::NotReady, format!("{}: looking up `{}`: {error}", self.name, self.sql.host))
        })
    }

    fn transport(&self) -> Result<Transport, Fault> {
        let tls = match (&self.sql.tls, self.tls.get()) {
            (None, _) => None,
            (Some(_), Some(known)) => Some(known.clone()),
            (Some(tls), None) => {
                let config =
                    client_config(tls).map_err(|error| Fault::new(Class::Failed, format!("{}: {error}", self.name)))?;
                Some(self.tls.get_or_init(|| MakeRustlsConnect::new(config)).clone())
            }
        };
        Ok(Transport { tls, too_long: self.too_long.clone() })
    }

    /// How many messages of the server were refused for their length so far.
    pub(crate) fn too_long(&self) -> usize {
        self.too_long.load(Ordering::Relaxed)
    }

    fn config(&self, database: &str, login: Login<'_>) -> Config {
        let mut config = Config::new();
        // The name that the certificate must have; where to dial is set for
        // each address.
        let tls = self.sql.tls.as_ref();
        config.host(tls.and_then(|tls| tls.server_name.as_deref()).unwrap_or(&self.sql.host));
        config.port(self.sql.port).dbname(database).application_name("hyhost");
        // Without TLS too: see `Transport`. `Direct` sends no question first.
        config.ssl_mode(SslMode::Require);
        config.ssl_negotiation(if tls.is_some() { SslNegotiation::Postgres } else { SslNegotiation::Direct });
        config.keepalives(true).keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(60));
        config.options(startup_options(login));
        config
    }

    async fn dial(
        &self,
        config: &Config,
        transport: &Transport,
        address: SocketAddr,
        database: &str,
    ) -> Result<Session, tokio_postgres::Error> {
        let mut config = config.clone();
        config.hostaddr(address.ip());
        let (client, connection) = config.connect(transport.clone()).await?;
        // Such as `15.18 (Debian 15.18-1)` or `18beta1`.
        let said = connection.parameter("server_version").unwrap_or_default();
        let version = said[..said.find(|c: char| !c.is_ascii_digit()).unwrap_or(said.len())].parse().unwrap_or(0);
        let driver = tokio::spawn(drive(connection, self.name.clone()));
        Ok(Session { client, database: database.to_owned(), version, transport: transport.clone(), driver })
    }
}

/// What a database's owner can set for everyone who logs in to it, and what
/// would change whose rights a session has, what its words mean or what it
/// loads. The server prefers a login's own options to the settings of a
/// database or a role, for `RESET` and `DISCARD ALL` too.
const OURS: &str = "-c role=none -c standard_conforming_strings=on -c row_security=on -c transform_null_equals=off \
                    -c local_preload_libraries= -c default_transaction_isolation=read\\ committed \
                    -c default_transaction_read_only=off -c default_transaction_deferrable=off";
/// A script whose hyhost was killed ends with it, and frees the lock that the
/// next run waits for.
const WATCHED: &str = "-c client_connection_check_interval=2s";

fn startup_options(login: Login<'_>) -> String {
    match login {
        Login::Own => format!("{OURS} -c search_path="),
        // The path is empty, not `pg_catalog, public`: among the functions of
        // the whole path the one with the closest argument types wins, and
        // only between equals the first schema. `public` is the database's
        // owner's, so his `public.lower(varchar)` would run with the rights of
        // this account. Such a script writes its schemas out, or sets a path.
        Login::OwnScript => format!("{OURS} {WATCHED} -c search_path="),
        // The role's own path: it can do harm to itself alone.
        Login::Role(..) => format!("{OURS} {WATCHED}"),
    }
}

/// Looks whether a session is who it logged in as, before anything else runs
/// in it. Compares here: an operator could be somebody's own.
async fn check_identity(session: &Session, user: &str, what: &str) -> Result<(), Fault> {
    let text = "SELECT session_user::pg_catalog.text, current_user::pg_catalog.text";
    let lost = |error: tokio_postgres::Error| session_fault(&error, what);
    let row = session.client.query_typed_one(text, &[]).await.map_err(lost)?;
    let (of_session, current): (String, String) = (row.try_get(0).map_err(lost)?, row.try_get(1).map_err(lost)?);
    if of_session == user && current == user {
        return Ok(());
    }
    let message = format!(
        "{what}: the session is `{of_session}` acting as `{current}`, not `{user}`, who logged in; look for a setting \
         `role` of the database or of the role"
    );
    Err(Fault::new(Class::Denied, message))
}

/// Moves a session's bytes until it ends. Notices are dropped: what they say
/// is the script's, and could be anything.
async fn drive(mut connection: Connection<Socket, Guarded>, name: String) {
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                tracing::debug!(connection = name, code = notice.code().code(), "notice {}", notice.severity());
            }
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                tracing::debug!(connection = name, "a session was lost");
                return;
            }
            None => return,
        }
    }
}

impl Session {
    /// Asks the server to cancel what runs.
    async fn cancel(&self, token: &CancelToken) {
        let _ = timeout(FAREWELL, token.cancel_query(self.transport.clone())).await;
    }

    /// Ends a session in which something may still run: cancels until the
    /// server has answered everything that it was sent.
    pub(crate) async fn abort(self) {
        let token = self.client.cancel_token();
        {
            let mut answered = std::pin::pin!(self.client.simple_query(""));
            for _ in 0..50 {
                // Sends the empty query on the first turn, behind all others.
                if timeout(Duration::from_millis(100), &mut answered).await.is_ok() {
                    break;
                }
                self.cancel(&token).await;
            }
        }
        self.end().await;
    }

    /// Says farewell and waits until it was sent.
    pub(crate) async fn end(self) {
        let Self { client, driver, .. } = self;
        drop(client);
        let _ = timeout(FAREWELL, driver).await;
    }
}
