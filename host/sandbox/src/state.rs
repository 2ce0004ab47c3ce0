//! What a store holds, and what a guest's imports do with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyhost_backend::{Class, Fault};
use hyhost_gate::{Budget, FileEntry, Session};
use hyhost_table::Operation;
use serde_json::Value;
use tokio::time::Instant;
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::bindings::hyhost::provision::{audit, files, http, kafka, log, s3, sql, types};
use crate::memory::{Limiter, Stopped};
use crate::wasi::Wasi;
use crate::{convert, text};

/// How often the epoch advances: the unit in which computing is counted.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The most bytes of a plugin's last words.
const WORDS: usize = 1 << 10;

/// What one store holds: the rights of one call.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    /// Absent in `describe`: nothing may be done.
    session: Option<Arc<Session>>,
    /// Whether an import is under way: what the host does for the guest ends
    /// in order, also when the guest's time is over.
    inside: Arc<AtomicBool>,
    /// Whether the guest has just come back from waiting: the tick that
    /// passed is not its own.
    pub(crate) waited: bool,
    /// The last line that the guest logged as an error.
    words: Option<String>,
    /// How many lines of its log were dropped.
    dropped: usize,
    wasi: Option<Box<Wasi>>,
}

impl State {
    pub(crate) fn new(limiter: Limiter, session: Option<Arc<Session>>) -> Self {
        let inside = Arc::new(AtomicBool::new(false));
        Self { limiter, session, inside, waited: false, words: None, dropped: 0, wasi: None }
    }

    pub(crate) fn inside(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.inside)
    }

    /// Puts what the guest printed into the log and returns its last words.
    pub(crate) fn end(&mut self) -> Option<String> {
        let printed = self.wasi.as_ref().map(|wasi| wasi.printed()).unwrap_or_default();
        let mut last = None;
        for line in printed.lines().filter(|line| !line.trim().is_empty()) {
            let said = match &self.session {
                None => Some(text::line(line, WORDS)),
                Some(_) => self.say(tracing::Level::DEBUG, line),
            };
            last = said.map(|line| text::line(&line, WORDS)).or(last);
        }
        if let (Some(session), true) = (&self.session, self.dropped > 0) {
            let plugin = &session.plugin().name;
            let target = &session.target().name;
            tracing::warn!(target: "hyhost::plugin", plugin, target, "{} further lines were dropped", self.dropped);
        }
        // A runtime prints why it gives up: what comes last says most.
        self.words.take().or(last)
    }

    /// Waits for something that the host does for the guest.
    async fn waiting<T>(&mut self, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        self.inside.store(true, Ordering::Relaxed);
        let done = work.await;
        self.inside.store(false, Ordering::Relaxed);
        self.waited |= started.elapsed() >= TICK;
        done
    }

    /// Whose rights count, if there are any and there is time left.
    fn rights(&self) -> Result<Arc<Session>, Fault> {
        match &self.session {
            None => Err(Fault::new(Class::Denied, "`describe` is called without any capability")),
            Some(session) if Instant::now() >= session.deadline() => {
                Err(Fault::new(Class::Transient, "the time of this call is over"))
            }
            Some(session) => Ok(Arc::clone(session)),
        }
    }

    async fn perform(
        &mut self,
        interface: &str,
        slot: &str,
        asked: Vec<types::Operation>,
        mode: types::Mode,
    ) -> wasmtime::Result<Vec<Result<String, types::Error>>> {
        let mode = convert::mode_in(mode).map_err(Stopped::Protocol)?;
        let session = match self.rights() {
            Ok(session) => session,
            Err(fault) => return Ok(asked.iter().map(|_| Err(convert::fault_out(fault.clone()))).collect()),
        };
        let bytes = asked.iter().map(|operation| operation.name.len() + operation.args.len()).sum();
        let budget = Budget::default();
        // What the gate will refuse as a whole is not read first.
        let read = bytes <= budget.bytes_per_perform && asked.len() <= budget.operations_per_perform;
        let mut unread = Vec::new();
        let mut operations = Vec::with_capacity(asked.len());
        for (at, operation) in asked.into_iter().enumerate() {
            let args = if read { text::json(&operation.args) } else { Ok(Value::Null) };
            // The gate takes no operation without an object of arguments, so
            // it refuses this one, puts that on record, and gives up the
            // transaction that it is part of.
            let args = args.unwrap_or_else(|problem| {
                unread.push((at, problem));
                Value::Null
            });
            operations.push(Operation { name: operation.name, args });
        }
        let names: Vec<String> = unread.iter().map(|(at, _)| text::line(&operations[*at].name, 128)).collect();
        let mut answers = self.waiting(session.perform(slot, interface, operations, bytes, mode)).await;
        for ((at, problem), name) in unread.into_iter().zip(names) {
            answers[at] = Err(Fault::new(Class::Invalid, format!("`{name}`: its arguments cannot be read: {problem}")));
        }
        let answer = |answer: Result<Value, Fault>| answer.map(|v| v.to_string()).map_err(convert::fault_out);
        Ok(answers.into_iter().map(answer).collect())
    }

    /// Passes a line on to the log, as far as the gate lets it.
    fn say(&mut self, level: tracing::Level, message: &str) -> Option<String> {
        let session = self.session.as_ref()?;
        let Some(line) = session.log(message) else {
            self.dropped += 1;
            return None;
        };
        let plugin = &session.plugin().name;
        let target = &session.target().name;
        match level {
            tracing::Level::ERROR => tracing::error!(target: "hyhost::plugin", plugin, target, "{line}"),
            tracing::Level::WARN => tracing::warn!(target: "hyhost::plugin", plugin, target, "{line}"),
            tracing::Level::INFO => tracing::info!(target: "hyhost::plugin", plugin, target, "{line}"),
            _ => tracing::debug!(target: "hyhost::plugin", plugin, target, "{line}"),
        }
        Some(line)
    }
}

impl types::Host for State {}

/// The interfaces of one shape, each the one way to the slots of its sort.
macro_rules! performs {
    ($($interface:ident),*) => {$(
        impl $interface::Host for State {
            async fn perform(
                &mut self,
                connection: String,
                operations: Vec<types::Operation>,
                mode: types::Mode,
            ) -> wasmtime::Result<Vec<Result<String, types::Error>>> {
                self.perform(stringify!($interface), &connection, operations, mode).await
            }
        }
    )*};
}

performs!(sql, s3, kafka, http);

impl files::Host for State {
    async fn list(&mut self, directory: String) -> wasmtime::Result<Result<Vec<files::Entry>, types::Error>> {
        let listed = match self.rights() {
            Err(fault) => Err(fault),
            Ok(session) => {
                let deadline = session.deadline();
                // It reads and hashes every file: not on a thread that others wait for.
                let work = tokio::task::spawn_blocking(move || session.list_files(&directory));
                match self.waiting(tokio::time::timeout_at(deadline, work)).await {
                    Ok(Ok(listed)) => listed,
                    Ok(Err(_)) => Err(Fault::new(Class::Failed, "listing the files failed")),
                    Err(_) => Err(Fault::new(Class::Transient, "listing the files took longer than there was time")),
                }
            }
        };
        let entry = |file: FileEntry| files::Entry {
            name: file.name,
            size: file.size,
            digest: file.digest,
            extensions: Vec::new(),
        };
        Ok(listed.map(|files| files.into_iter().map(entry).collect()).map_err(convert::fault_out))
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => tracing::Level::DEBUG,
            log::Level::Info => tracing::Level::INFO,
            log::Level::Warn => tracing::Level::WARN,
            log::Level::Error => tracing::Level::ERROR,
            log::Level::Other(case) => {
                let text = format!("the log level `{}` is none that this hyhost knows", text::line(&case, 64));
                return Err(Stopped::Protocol(text).into());
            }
        };
        let said = match &self.session {
            // Shown only if it gives up.
            None => Some(text::line(&message, WORDS)),
            Some(_) => self.say(level, &message),
        };
        if level == tracing::Level::ERROR {
            self.words = said.map(|line| text::line(&line, WORDS));
        }
        Ok(())
    }
}

impl audit::Host for State {
    fn note(&mut self, change: String, text: String) -> wasmtime::Result<()> {
        if let Some(session) = &self.session {
            session.note(&change, &text);
        }
        Ok(())
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::new()));
        WasiCtxView { ctx: &mut wasi.ctx, table: &mut wasi.table }
    }
}
