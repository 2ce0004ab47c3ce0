//! The client of the capability `kafka`: topics, ACLs and SCRAM users, by the
//! rows of its table. No records.
//!
//! It is librdkafka, in a process of its own ([`client`]): see `child.rs` for
//! why. This side of the pipe knocks at the brokers' door by itself, so that
//! each reason why a way does not work is told by its type; it chooses the
//! password, cuts what is asked for into requests that a broker takes, and
//! says what an error means. It tries once; the engine retries.

mod child;
mod client;
mod code;
mod frame;
mod knock;
mod portions;
mod scram;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use hyhost_backend::{Account, Backend, Class, Fault, Request, TlsError};
use hyhost_config::Kafka;
use hyhost_table::{Mode, Perform};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::child::{Child, Program};
use crate::frame::Failure;
use crate::portions::{Portion, portions};
use crate::scram::Hash;
use crate::server::{Server, object};

pub use client::{WORD, client};

/// One request may take so long, whatever the target's time.
const LONGEST: Duration = Duration::from_secs(45);
/// So many passwords are proved at a time.
const PROOFS: usize = 8;
/// The longest part of a broker's own words that is passed on.
const WORDS: usize = 400;

/// Why a connection cannot even be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A certificate or key that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A user without a password.
    #[error("a Kafka connection with a `user` needs a `password`")]
    NoPassword,
    /// TLS without a CA.
    #[error(
        "a Kafka connection with `tls` needs `tls.ca`: a file of the CA certificates to trust, \
         such as /etc/ssl/certs/ca-certificates.crt for the public ones"
    )]
    NoCa,
}

/// The client of one Kafka connection. Cheap to clone: clones share its
/// process.
#[derive(Clone)]
pub struct KafkaBackend {
    server: Arc<Server>,
    program: Arc<Program>,
    child: Arc<Mutex<Option<Arc<Child>>>>,
}

/// The client of this connection, called `name` in the documents. Reads its
/// certificates; starts and dials nothing before the first request. The
/// program must call [`client`] where it is started with [`WORD`].
///
/// # Errors
/// TLS settings that cannot be used, or a user without a password.
pub fn connect(name: &str, kafka: &Kafka) -> Result<KafkaBackend, ConnectError> {
    connect_by(name, kafka, PathBuf::from("/proc/self/exe"))
}

/// The same with another program as the client's process: for tests, whose
/// own program does not call [`client`].
///
/// # Errors
/// As [`connect`].
pub fn connect_by(name: &str, kafka: &Kafka, program: PathBuf) -> Result<KafkaBackend, ConnectError> {
    Ok(KafkaBackend {
        server: Arc::new(Server::new(name, kafka)?),
        program: Arc::new(Program { path: program, arguments: vec![WORD.into()] }),
        child: Arc::default(),
    })
}

impl KafkaBackend {
    /// The client, started if there is none or if it has ended. Before it is,
    /// a knock shows whether it would get in, and by which password.
    async fn child(&self, deadline: Instant) -> Result<Arc<Child>, Fault> {
        let mut place = self.child.lock().await;
        if let Some(child) = place.as_ref().filter(|child| child.is_alive()) {
            return Ok(Arc::clone(child));
        }
        *place = None;
        self.server.knock(deadline).await?;
        let child = Child::start(&self.server.name, &self.program, &self.server.hello())
            .map_err(|error| Fault::new(Class::Failed, format!("the Kafka client cannot be started: {error}")))?;
        Ok(Arc::clone(place.insert(Arc::new(child))))
    }

    /// Performs a portion; one answer for each of its places.
    async fn portion(&self, portion: &Portion, requests: &[Request], deadline: Instant) -> Vec<Result<Value, Fault>> {
        let asked: Vec<&Request> = portion.places.iter().map(|at| &requests[*at]).collect();
        let deadline = deadline.min(Instant::now() + LONGEST);
        if portion.call == "PasswordMatches" {
            let proofs: Vec<_> = asked.iter().map(|request| self.proof(request, deadline)).collect();
            return futures_util::stream::iter(proofs).buffered(PROOFS).collect().await;
        }
        let answered = self.ask(&portion.call, &asked, deadline).await;
        let results = match answered {
            Ok(results) => results,
            Err(fault) => return asked.into_iter().map(|request| Err(self.about(request, fault.clone()))).collect(),
        };
        let told = |(request, result): (&Request, Result<Value, Failure>)| {
            result.map_err(|failure| self.about(request, failure.fault))
        };
        asked.into_iter().zip(results).map(told).collect()
    }

    /// Asks the client.
    async fn ask(
        &self,
        call: &str,
        asked: &[&Request],
        deadline: Instant,
    ) -> Result<Vec<Result<Value, Failure>>, Fault> {
        // What everything begins with, and where a broker that has gone shows.
        if call == "ReadCluster" {
            self.server.knock(deadline).await?;
        }
        let child = self.child(deadline).await?;
        let items = asked.iter().map(|request| arguments(request)).collect();
        let mut results = child.ask(call, items, deadline).await?;
        self.look_for_the_way(&mut results, &child, deadline).await;
        let none =
            |result: &Result<Value, Failure>| result.as_ref().is_ok_and(|value| *value == Value::Array(Vec::new()));
        if call == "DescribeAcls" && results.iter().any(none) {
            self.server.may_see_acls(deadline).await?;
        }
        Ok(results)
    }

    /// Where no broker answered, a knock says why.
    async fn look_for_the_way(&self, results: &mut [Result<Value, Failure>], child: &Child, deadline: Instant) {
        let lost = |result: &Result<Value, Failure>| result.as_ref().is_err_and(|failure| failure.lost);
        if !results.iter().any(lost) {
            return;
        }
        let why = self.server.knock(deadline.max(Instant::now() + Duration::from_secs(2))).await;
        // Its password may no longer be the one, what it knows of the cluster no
        // longer true: the next request has a new one.
        child.end();
        for failure in results.iter_mut().filter_map(|result| result.as_mut().err()).filter(|failure| failure.lost) {
            match &why {
                Err(fault) => failure.fault = fault.clone(),
                // The door is open: it was slow, has just come back, or sends us
                // on to where nobody is.
                Ok(()) => {
                    failure.fault.class = Class::Transient;
                    failure.fault.message.push_str(
                        "; the brokers let us in, so can every address that they advertise be reached from here?",
                    );
                }
            }
        }
    }

    async fn proof(&self, request: &Request, deadline: Instant) -> Result<Value, Fault> {
        let args = &request.operation.args;
        let text = |argument: &str| args.get(argument).and_then(Value::as_str).unwrap_or_default();
        let hash = if text("mechanism") == "SCRAM-SHA-256" { Hash::Sha256 } else { Hash::Sha512 };
        let name = args.pointer("/password/secret").and_then(Value::as_str).unwrap_or_default();
        let Some(secret) = request.secrets.get(name) else {
            return Err(self.about(request, Fault::new(Class::Failed, "the secret was not handed over")));
        };
        let proved = self.server.proves(hash, text("user"), secret, deadline).await;
        proved.map(Value::from).map_err(|fault| self.about(request, fault))
    }

    /// A fault with what was being done, and where.
    fn about(&self, request: &Request, fault: Fault) -> Fault {
        let of = object(&request.operation.args).map(|object| format!(" of `{object}`")).unwrap_or_default();
        let (name, endpoint) = (&self.server.name, self.server.endpoint());
        let message = format!("{name}: {endpoint}: {}{of}: {}", request.row.name, clean(&fault.message));
        Fault { message, ..fault }
    }

    /// What must never be done, whatever the grant.
    fn refusal(&self, request: &Request) -> Option<Fault> {
        let user = request.operation.args.get("user").and_then(Value::as_str)?;
        let removes = call(request).as_deref() == Some("DeleteUserScramCredentials");
        (removes && self.server.is_own(user)).then(|| {
            self.about(request, Fault::new(Class::Denied, "this is the account of the connection itself: it stays"))
        })
    }
}

#[async_trait]
impl Backend for KafkaBackend {
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>> {
        if mode == Mode::Transaction {
            let refuse =
                |request: &Request| Err(self.about(request, Fault::new(Class::Invalid, "Kafka has no transactions")));
            return requests.iter().map(refuse).collect();
        }
        let mut results: Vec<Option<Result<Value, Fault>>> = requests.iter().map(|_| None).collect();
        for portion in portions(&requests, call) {
            let mut places = portion.places;
            places.retain(|at| match self.refusal(&requests[*at]) {
                Some(fault) => {
                    results[*at] = Some(Err(fault));
                    false
                }
                None => true,
            });
            let portion = Portion { places, ..portion };
            if portion.places.is_empty() {
                continue;
            }
            let answers = self.portion(&portion, &requests, deadline).await;
            for (at, answer) in portion.places.into_iter().zip(answers) {
                results[at] = Some(answer);
            }
        }
        let missing = |request: &Request| Err(self.about(request, Fault::new(Class::Failed, "there is no answer")));
        requests.iter().zip(results).map(|(request, result)| result.unwrap_or_else(|| missing(request))).collect()
    }

    fn account(&self) -> Account {
        self.server.account()
    }

    async fn close(&self) {
        if let Some(child) = self.child.lock().await.take() {
            child.end();
        }
    }
}

/// What the row calls its call.
fn call(request: &Request) -> Option<String> {
    match &request.row.perform {
        Perform::Call(call) => Some(call.clone()),
        _ => None,
    }
}

/// The arguments with the secrets in their places.
fn arguments(request: &Request) -> Value {
    let mut args = request.operation.args.clone();
    for sink in &request.row.sinks {
        let Some(place) = args.pointer_mut(&sink.at) else { continue };
        let secret = place.get("secret").and_then(Value::as_str).and_then(|name| request.secrets.get(name));
        if let Some(secret) = secret {
            *place = Value::from(secret.expose());
        }
    }
    args
}

/// Words of a server: one line, and not endless.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for (i, c) in text.trim().chars().enumerate() {
        if i == WORDS {
            clean.push('…');
            break;
        }
        if c.is_control() {
            clean.extend(c.escape_unicode());
        } else {
            clean.push(c);
        }
    }
    clean
}
