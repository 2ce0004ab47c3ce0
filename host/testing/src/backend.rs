//! The backend over a [`Store`], with what a test needs to disturb and to
//! watch it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hyhost_backend::{Account, Backend, Class, Fault, Request};
use hyhost_table::{Mode, Perform, Table};
use serde_json::Value;
use tokio::time::Instant;

use crate::effect::apply;
use crate::fill::fill;
use crate::schema::Schemas;
use crate::store::Store;

/// A server in memory, for any table.
///
/// What is there already, or not there, is a `conflict`, as on a real server
/// that somebody else changes too. Arguments and answers are checked against
/// the row's schemas: a plugin or a table that breaks its word fails here
/// first.
pub struct MemoryBackend {
    table: &'static Table,
    store: Store,
    schemas: Schemas,
    account: Account,
    watch: Mutex<Watch>,
}

/// An operation that reached the backend.
#[derive(Debug, Clone)]
pub struct Performed {
    /// Its number, from 1, over the backend's life.
    pub number: usize,
    /// The row's name.
    pub name: String,
    /// The arguments: secrets as names.
    pub args: Value,
    /// The content of the file that the operation names.
    pub file: Option<Arc<Vec<u8>>>,
    /// What came of it.
    pub result: Result<Value, Fault>,
}

type Hook = Arc<dyn Fn(&Store, &Performed) + Send + Sync>;

/// What a test has asked for, and what has happened.
#[derive(Default)]
struct Watch {
    unavailable: bool,
    latency: Duration,
    next: BTreeMap<String, VecDeque<Fault>>,
    at: BTreeMap<usize, Fault>,
    after: BTreeMap<String, Hook>,
    log: Vec<Performed>,
    batches: usize,
    closed: bool,
}

impl MemoryBackend {
    /// An empty server of this table.
    pub fn new(table: &'static Table) -> Self {
        Self::with_store(table, Store::new())
    }

    /// A server with these objects; the store stays shared.
    pub fn with_store(table: &'static Table, store: Store) -> Self {
        let account = Account {
            user: "memory".to_owned(),
            endpoint: "memory:0".to_owned(),
            plaintext: false,
            superuser: Some(true),
            password: None,
        };
        Self { table, store, schemas: Schemas::new(table), account, watch: Mutex::default() }
    }

    /// The same with another account.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// Its objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The next operation of this name fails with this fault and does
    /// nothing. Asked for twice, the next two do.
    pub fn fail_next(&self, operation: &str, fault: Fault) {
        self.watch().next.entry(operation.to_owned()).or_default().push_back(fault);
    }

    /// The operation of this number, from 1 over the backend's life, fails
    /// with this fault and does nothing.
    pub fn fail_call(&self, number: usize, fault: Fault) {
        self.watch().at.insert(number, fault);
    }

    /// While it is not available, every operation is `not-ready`.
    pub fn available(&self, available: bool) {
        self.watch().unavailable = !available;
    }

    /// How long each call of `perform` takes.
    pub fn latency(&self, latency: Duration) {
        self.watch().latency = latency;
    }

    /// Called after each operation of this name that succeeded: what its
    /// effect cannot know, such as the tables that a script makes.
    pub fn after(&self, operation: &str, hook: impl Fn(&Store, &Performed) + Send + Sync + 'static) {
        self.watch().after.insert(operation.to_owned(), Arc::new(hook));
    }

    /// The operations that reached it, in order, those that failed too.
    pub fn log(&self) -> Vec<Performed> {
        self.watch().log.clone()
    }

    /// The names of the operations that reached it, in order.
    pub fn names(&self) -> Vec<String> {
        self.watch().log.iter().map(|performed| performed.name.clone()).collect()
    }

    /// How many operations reached it.
    pub fn calls(&self) -> usize {
        self.watch().log.len()
    }

    /// How many calls of `perform` they came in.
    pub fn batches(&self) -> usize {
        self.watch().batches
    }

    /// Whether it was closed.
    pub fn closed(&self) -> bool {
        self.watch().closed
    }

    /// One operation: disturbed, or checked, done and checked.
    fn one(&self, request: &Request) -> Result<Value, Fault> {
        let injected = {
            let mut watch = self.watch();
            let number = watch.log.len() + 1;
            if watch.unavailable {
                let message = format!("{}: the server in memory was made unavailable", request.row.name);
                Some(Fault::new(Class::NotReady, message))
            } else if let Some(fault) = watch.at.remove(&number) {
                Some(fault)
            } else {
                watch.next.get_mut(&request.row.name).and_then(VecDeque::pop_front)
            }
        };
        let result = match injected {
            Some(fault) => Err(fault),
            None => self.done(request),
        };
        let (performed, hook) = {
            let mut watch = self.watch();
            let performed = Performed {
                number: watch.log.len() + 1,
                name: request.row.name.clone(),
                args: request.operation.args.clone(),
                file: request.file.clone(),
                result: result.clone(),
            };
            watch.log.push(performed.clone());
            (performed, watch.after.get(&request.row.name).cloned())
        };
        if let (Ok(_), Some(hook)) = (&result, hook) {
            hook(&self.store, &performed);
        }
        result
    }

    fn done(&self, request: &Request) -> Result<Value, Fault> {
        let name = &request.row.name;
        self.schemas
            .args(name, &request.operation.args)
            .map_err(|problem| Fault::new(Class::Invalid, format!("{name}: arguments: {problem}")))?;
        let mut answer = apply(&mut self.store.lock(), self.table, request)?;
        if let Some(schema) = &request.row.returns {
            fill(&mut answer, schema, &self.table.defs);
        }
        self.schemas
            .returns(name, &answer)
            .map_err(|problem| Fault::new(Class::Failed, format!("{name}: answer: {problem}")))?;
        Ok(answer)
    }

    /// All or none.
    fn transaction(&self, requests: &[Request]) -> Vec<Result<Value, Fault>> {
        if let Some(problem) = not_transactional(requests) {
            let fault = Fault::new(Class::Invalid, problem);
            return requests.iter().map(|_| Err(fault.clone())).collect();
        }
        let before = self.store.lock().clone();
        let mut results = Vec::new();
        for request in requests {
            let result = self.one(request);
            let Err(fault) = result else {
                results.push(result);
                continue;
            };
            *self.store.lock() = before;
            let message = format!("not done, because {} of the same transaction failed: {fault}", request.row.name);
            let other = Fault::new(fault.class, message);
            let failed = results.len();
            return (0..requests.len()).map(|i| Err(if i == failed { fault.clone() } else { other.clone() })).collect();
        }
        results
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why these operations cannot be one transaction: as the real backend has it,
/// all of them statements or queries, in one database.
fn not_transactional(requests: &[Request]) -> Option<String> {
    let mut first = None;
    for request in requests {
        let name = &request.row.name;
        let database = match &request.row.perform {
            Perform::Statement(statement) if statement.transactional => &statement.database,
            Perform::Query { database, .. } => database,
            _ => return Some(format!("{name} cannot be part of a transaction")),
        };
        let database = database.as_ref().and_then(|argument| request.operation.args.get(argument));
        if *first.get_or_insert(database) != database {
            return Some(format!("{name} is in another database than what stands before it in the transaction"));
        }
    }
    None
}

#[async_trait]
impl Backend for MemoryBackend {
    async fn perform(&self, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Result<Value, Fault>> {
        let latency = {
            let mut watch = self.watch();
            watch.batches += 1;
            watch.latency
        };
        if !latency.is_zero() {
            let end = Instant::now() + latency;
            tokio::time::sleep_until(end.min(deadline)).await;
            if end > deadline {
                let late = |request: &Request| {
                    let message = format!("{}: no answer before the deadline", request.row.name);
                    Err(Fault::new(Class::Transient, message))
                };
                return requests.iter().map(late).collect();
            }
        }
        match mode {
            Mode::Each => requests.iter().map(|request| self.one(request)).collect(),
            Mode::Transaction => self.transaction(&requests),
        }
    }

    fn account(&self) -> Account {
        self.account.clone()
    }

    async fn close(&self) {
        self.watch().closed = true;
    }
}
