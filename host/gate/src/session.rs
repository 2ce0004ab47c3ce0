//! One call into a plugin, seen from the gate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Clock;

use hyhost_audit::{AuditError, Outcome, Performed, What};
use hyhost_backend::{Class, Fault, Request};
use hyhost_config::{Secret, Target};
use hyhost_table::{Change, Mode, Operation, Touch};
use serde_json::Value;
use tokio::time::Instant;

use crate::admit::{self, Admitted};
use crate::text::line;
use crate::{Budget, Gate, PluginId};

/// What a plugin is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Can the servers work?
    Probe,
    /// What differs?
    Plan,
    /// Make it so.
    Ensure,
    /// Does anything still differ?
    Verify,
}

/// How important a plugin's words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Of interest while developing.
    Debug,
    /// Of interest to an operator.
    Info,
    /// Odd.
    Warn,
    /// Wrong.
    Error,
}

/// Who asks, for what, until when.
#[derive(Clone)]
pub struct SessionParts {
    /// The target.
    pub target: Arc<Target>,
    /// The component.
    pub plugin: PluginId,
    /// When every import must have returned.
    pub deadline: Instant,
    /// From 1.
    pub attempt: u32,
}

/// The rights of one call into a plugin.
pub struct Session {
    gate: Arc<Gate>,
    parts: SessionParts,
    phase: Phase,
    changes: Vec<Change>,
    budget: Budget,
    started: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Operations asked for so far.
    spent: usize,
    /// Bytes of the plugin's own words so far.
    logged: usize,
    /// What was performed, by the number of the change.
    performed: BTreeMap<usize, Vec<Performed>>,
    /// The plugin's words, by change.
    notes: BTreeMap<String, String>,
    /// The last login that a server refused.
    login_refused: Option<Fault>,
}

const LOG_LINE: usize = 8 << 10;
const LOG_CALL: usize = 64 << 10;
const NOTE: usize = 1 << 10;

impl Session {
    pub(crate) fn new(gate: Arc<Gate>, parts: SessionParts, phase: Phase, changes: Vec<Change>) -> Self {
        let state = Mutex::new(State::default());
        Self { gate, parts, phase, changes, budget: Budget::default(), started: Clock::now(), state }
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.parts.target
    }

    /// The component.
    pub fn plugin(&self) -> &PluginId {
        &self.parts.plugin
    }

    /// When every import must have returned.
    pub fn deadline(&self) -> Instant {
        self.parts.deadline
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The table of a capability, where one of the target's connections has it.
    pub fn table(&self, capability: &str) -> Option<&'static hyhost_table::Table> {
        let slots = &self.parts.target.slots;
        let connection = &slots.iter().find(|slot| slot.capability == capability)?.connection;
        self.gate.port(connection).map(|port| port.table)
    }

    /// Performs operations; one answer each, in order. The only way to a
    /// backend. `interface` is that of the contract by which it was asked.
    pub async fn perform(
        &self,
        slot: &str,
        interface: &str,
        operations: Vec<Operation>,
        bytes: usize,
        mode: Mode,
    ) -> Vec<Result<Value, Fault>> {
        let count = operations.len();
        let all = |fault: Fault| (0..count).map(|_| Err(fault.clone())).collect::<Vec<_>>();
        let found = Gate::slot(&self.parts.target, slot);
        let Some(found) = found.filter(|found| interface_of(&found.capability) == interface) else {
            let text = format!("the plugin has no slot `{slot}` for the interface `{interface}`");
            return all(Fault::new(Class::Denied, text));
        };
        let connection = found.connection.as_str();
        let Some(port) = self.gate.port(connection) else {
            return all(Fault::new(Class::Failed, format!("connection `{connection}` was not opened")));
        };
        // The lock is never held across an await, so it must end before one.
        let within_budget = self.budget.take(&mut self.state().spent, count, bytes);
        if let Err(fault) = within_budget {
            return all(self.refuse(connection, "perform", &[], fault));
        }

        let mut answers: Vec<Option<Result<Value, Fault>>> = (0..count).map(|_| None).collect();
        let mut admitted = Vec::with_capacity(count);
        for (at, operation) in operations.into_iter().enumerate() {
            let asked =
                admit::Asked { phase: self.phase, target: &self.parts.target, connection, changes: &self.changes };
            match admit::admit(&asked, port, operation) {
                Ok(item) => admitted.push((at, item)),
                Err(refusal) => {
                    let fault = self.refuse(connection, &refusal.operation, &refusal.touches, refusal.fault);
                    answers[at] = Some(Err(fault));
                }
            }
        }
        if mode == Mode::Transaction && admitted.len() < count {
            let fault =
                Fault::new(Class::Denied, "another operation of the transaction was refused; none was performed");
            return answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(fault.clone()))).collect();
        }
        // Recording, replay and injected faults have their place here, between
        // what was admitted and what is performed.
        let (slots, items): (Vec<usize>, Vec<Admitted>) = admitted.into_iter().unzip();
        if !items.is_empty() {
            let requests: Vec<Request> = items.iter().map(|item| item.request.clone()).collect();
            let limit = tokio::time::timeout_at(
                self.parts.deadline + admit::GRACE,
                port.backend.perform(requests, mode, self.parts.deadline),
            );
            let results = limit.await.unwrap_or_else(|_| {
                let text = format!("connection `{connection}` did not answer within the target's time");
                items.iter().map(|_| Err(Fault::new(Class::Transient, text.clone()))).collect()
            });
            let account = port.backend.account().user;
            let mut bytes = 0;
            for ((at, item), result) in slots.into_iter().zip(items).zip(results) {
                let result = self.look_at(connection, &item, result, &mut bytes);
                self.keep(connection, &account, &item, &result);
                answers[at] = Some(result);
            }
        }
        let missing = || Err(Fault::new(Class::Failed, format!("connection `{connection}` gave too few answers")));
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    /// Withholds an answer that is too large or holds a secret.
    fn look_at(
        &self,
        connection: &str,
        item: &Admitted,
        result: Result<Value, Fault>,
        bytes: &mut usize,
    ) -> Result<Value, Fault> {
        let secrets = self.secrets();
        match result {
            Ok(value) => {
                *bytes += admit::weight(&value);
                if *bytes > self.budget.answer_bytes {
                    let text = format!(
                        "the answers are over {} bytes; ask for fewer names at a time",
                        self.budget.answer_bytes
                    );
                    return Err(Fault::new(Class::Invalid, text));
                }
                match admit::secret_in(&value, &secrets) {
                    None => Ok(value),
                    Some(name) => {
                        let text = format!(
                            "the answer of `{}` on connection `{connection}` held the secret `{name}`; it was withheld",
                            item.request.operation.name
                        );
                        Err(Fault::new(Class::Failed, text))
                    }
                }
            }
            Err(mut fault) => {
                if let Some(name) = admit::secret_in(&Value::from(fault.message.as_str()), &secrets) {
                    fault.message = format!("a message that held the secret `{name}` was withheld");
                }
                if fault.login_refused {
                    self.state().login_refused = Some(fault.clone());
                }
                Err(fault)
            }
        }
    }

    /// Keeps what was performed for the change that it belongs to.
    fn keep(&self, connection: &str, account: &str, item: &Admitted, result: &Result<Value, Fault>) {
        let Some(change) = item.change else { return };
        let outcome = match result {
            // What a row answers that found nothing to do.
            Ok(Value::String(state)) if state == "unchanged" => Outcome::Unchanged,
            Ok(_) => Outcome::Done,
            Err(fault) if fault.class == Class::Denied => Outcome::Denied,
            Err(_) => Outcome::Failed,
        };
        self.state().performed.entry(change).or_default().push(Performed {
            operation: item.request.operation.name.clone(),
            touches: item.touches.iter().map(ToString::to_string).collect(),
            connection: connection.to_owned(),
            account: account.to_owned(),
            outcome,
            code: result.as_ref().err().and_then(|fault| fault.code.clone()),
        });
    }

    fn refuse(&self, connection: &str, operation: &str, touches: &[Touch], fault: Fault) -> Fault {
        match self.record_refusal(connection, operation, touches, &fault.message) {
            Ok(()) => fault,
            Err(error) => Fault::new(Class::Failed, error.to_string()),
        }
    }

    /// Puts a refusal on record: of an operation, or of a change that a plan
    /// shows (`plan`).
    ///
    /// # Errors
    /// The record cannot be kept.
    pub fn record_refusal(
        &self,
        connection: &str,
        operation: &str,
        touches: &[Touch],
        message: &str,
    ) -> Result<(), AuditError> {
        self.gate.audit.emit(What::Refused {
            target: self.parts.target.name.clone(),
            plugin: self.parts.plugin.name.clone(),
            digest: self.parts.plugin.digest.clone(),
            connection: connection.to_owned(),
            operation: line(operation, 128),
            touches: touches.to_vec(),
            message: message.to_owned(),
        })
    }

    /// How many of the changes of this call something was performed for so far.
    pub fn reached(&self) -> usize {
        self.state().performed.len()
    }

    /// The last login that a server refused to one of the connections.
    pub fn login_refused(&self) -> Option<Fault> {
        self.state().login_refused.clone()
    }

    /// The files of a directory that the document hands to the plugin.
    ///
    /// # Errors
    /// `denied` for any other directory; `failed` where it cannot be read.
    pub fn list_files(&self, directory: &str) -> Result<Vec<crate::FileEntry>, Fault> {
        match self.parts.target.directories.get(directory) {
            Some(path) => crate::files::list(directory, path),
            None => {
                let text = format!(
                    "directory `{}` is not one that the document hands to target `{}`",
                    line(directory, 128),
                    self.parts.target.name
                );
                Err(self.refuse("", "list", &[], Fault::new(Class::Denied, text)))
            }
        }
    }

    /// A line of the plugin's own words, capped and escaped; `None` once the
    /// call has said more than it may.
    pub fn log(&self, message: &str) -> Option<String> {
        let mut state = self.state();
        if state.logged >= LOG_CALL {
            return None;
        }
        let words = line(message, LOG_LINE.min(LOG_CALL - state.logged));
        state.logged += words.len().max(1);
        Some(self.without_secrets(words))
    }

    /// Adds the plugin's words to the outcome of a change of this call.
    pub fn note(&self, change: &str, text: &str) {
        if self.changes.iter().any(|c| c.id == change) {
            let text = self.without_secrets(line(text, NOTE));
            self.state().notes.insert(change.to_owned(), text);
        }
    }

    /// All that must stand in nothing that leaves the host.
    fn secrets(&self) -> Vec<&Secret> {
        self.parts.target.vault.values().chain(&self.gate.secrets).collect()
    }

    fn without_secrets(&self, text: String) -> String {
        let secrets = self.secrets();
        match admit::secret_in(&Value::from(text.as_str()), &secrets) {
            Some(name) => format!("(withheld: held the secret `{name}`)"),
            None => text,
        }
    }

    /// Puts what came of each change on record: one event per object, made
    /// from the operations that were performed. `results` has one for each
    /// change. Whether something that went well was written or was so already
    /// is the host's own knowledge, and the answer: a plugin's word does not
    /// count.
    ///
    /// # Errors
    /// The record cannot be kept.
    pub fn finish(&self, results: Vec<(Outcome, Option<String>)>) -> Result<Vec<Outcome>, AuditError> {
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut outcomes = Vec::with_capacity(results.len());
        for (at, (change, (said, message))) in self.changes.iter().zip(results).enumerate() {
            let (operations, note) = {
                let mut state = self.state();
                (state.performed.remove(&at).unwrap_or_default(), state.notes.remove(&change.id))
            };
            let outcome = match said {
                Outcome::Done | Outcome::Unchanged if wrote(&operations) => Outcome::Done,
                Outcome::Done | Outcome::Unchanged => Outcome::Unchanged,
                other => other,
            };
            outcomes.push(outcome);
            self.gate.audit.emit(What::Object {
                target: self.parts.target.name.clone(),
                plugin: self.parts.plugin.name.clone(),
                digest: self.parts.plugin.digest.clone(),
                object: change.id.clone(),
                action: change.action,
                outcome,
                operations,
                duration_ms,
                attempt: self.parts.attempt,
                before: change.before.clone(),
                after: change.after.clone(),
                message,
                note,
            })?;
        }
        Ok(outcomes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interface of the contract that a capability is reached by: its own, or
/// `http` for the table of an API.
fn interface_of(capability: &str) -> &str {
    match capability {
        "sql" | "s3" | "kafka" => capability,
        _ => "http",
    }
}

/// Whether one of these operations, all of them writes, was done.
fn wrote(operations: &[Performed]) -> bool {
    operations.iter().any(|operation| operation.outcome == Outcome::Done)
}
