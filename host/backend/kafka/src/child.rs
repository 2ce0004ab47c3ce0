//! The client's process, seen from hyhost.
//!
//! A broker's malformed answer aborts the process that librdkafka lives in,
//! so it lives in one of its own: the same program, started with no argument
//! but the word that says so, and an empty environment. Everything else,
//! passwords too, goes over its standard input. It ends when that ends, so it
//! cannot outlive hyhost.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyhost_backend::{Class, Fault};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::frame::{self, Ask, Failure, Hello, Told};

/// How long the client may take beyond a request's time before it counts as
/// hung.
const HUNG: Duration = Duration::from_secs(2);
/// How long it has to end when it is asked to.
const END: Duration = Duration::from_secs(1);
/// So much of what the client prints is shown.
const WORDS: u64 = 64 << 10;
/// Requests that wait for the pipe.
const QUEUE: usize = 16;

/// How the client is started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

/// A client that runs, or has run.
pub(crate) struct Child {
    outgoing: mpsc::Sender<Vec<u8>>,
    shared: Arc<Shared>,
    next: AtomicU64,
    kill: Mutex<Option<oneshot::Sender<()>>>,
}

type Answers = Result<Vec<Result<Value, Failure>>, Fault>;

/// Who waits for what, and why nobody needs to any longer.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<u64, oneshot::Sender<Answers>>,
    over: Option<Fault>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, fault: &Fault) {
        let mut state = self.lock();
        state.over.get_or_insert_with(|| fault.clone());
        for (_, waiting) in state.waiting.drain() {
            let _ = waiting.send(Err(fault.clone()));
        }
    }
}

impl Child {
    /// Starts a client for the connection of this name.
    pub(crate) fn start(name: &str, program: &Program, hello: &Hello) -> io::Result<Self> {
        let hello = frame::encode(hello)?;
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is hyhost's to hear: what runs has a moment to end.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("it has no pipes"));
        };
        let shared = Arc::new(Shared::default());
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let (kill, killed) = oneshot::channel();
        tokio::spawn(write(stdin, hello, queue));
        tokio::spawn(show(name.to_owned(), stderr));
        let reading = Arc::clone(&shared);
        tokio::spawn(async move {
            let garbled = tokio::select! {
                garbled = read(stdout, &reading) => garbled,
                _ = killed => None,
            };
            // Asked to end by its closed input, it has a moment; a client that
            // speaks no sense has none.
            let status = match garbled {
                None => timeout(END, process.wait()).await.ok(),
                Some(_) => None,
            };
            let status = match status {
                Some(status) => status.ok(),
                None => {
                    let _ = process.start_kill();
                    process.wait().await.ok()
                }
            };
            reading.end(&match garbled {
                Some(error) => Fault::new(Class::Failed, format!("the Kafka client speaks no sense: {error}")),
                None => ended(status),
            });
        });
        Ok(Self { outgoing, shared, next: AtomicU64::new(1), kill: Mutex::new(Some(kill)) })
    }

    /// Whether it can still be asked.
    pub(crate) fn is_alive(&self) -> bool {
        self.shared.lock().over.is_none()
    }

    /// Ends it, without waiting.
    pub(crate) fn end(&self) {
        self.shared.end(&Fault::new(Class::NotReady, "the Kafka client was ended"));
        if let Some(kill) = self.kill.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = kill.send(());
        }
    }

    /// Asks it for these items; as many answers.
    ///
    /// # Errors
    /// There is no answer: the client ended, or it hangs and was ended.
    pub(crate) async fn ask(&self, call: &str, items: Vec<Value>, deadline: Instant) -> Answers {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let within_ms = deadline.saturating_duration_since(Instant::now()).as_millis();
        let ask = Ask { id, call: call.to_owned(), within_ms: u64::try_from(within_ms).unwrap_or(u64::MAX), items };
        let count = ask.items.len();
        let bytes = frame::encode(&ask).map_err(|error| Fault::new(Class::Invalid, error.to_string()))?;
        drop(ask);
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            if let Some(over) = &state.over {
                return Err(over.clone());
            }
            state.waiting.insert(id, answer);
        }
        let asked = async {
            // Where nobody takes it any more, the reader says why.
            let _ = self.outgoing.send(bytes).await;
            answered.await
        };
        match timeout_at(deadline + HUNG, asked).await {
            Ok(Ok(Ok(answers))) if answers.len() == count => Ok(answers),
            Ok(Ok(Ok(_))) => Err(Fault::new(Class::Failed, "the Kafka client gave too few answers")),
            Ok(Ok(Err(fault))) => Err(fault),
            Ok(Err(_)) => Err(Fault::new(Class::NotReady, "the Kafka client is gone")),
            Err(_) => {
                self.end();
                Err(Fault::new(Class::Transient, "no answer before the deadline; the Kafka client was ended"))
            }
        }
    }
}

/// Why a client is no more. An abort is what librdkafka does with an answer
/// that it cannot read, and the broker would give the same again; whatever
/// else it was, a new client may fare better.
fn ended(status: Option<ExitStatus>) -> Fault {
    const ABORT: i32 = 6;
    match status.map(|status| (status.signal(), status.code())) {
        Some((Some(ABORT), _)) => Fault::new(
            Class::Failed,
            "the Kafka client ended (signal 6): the broker's answer could not be read; \
             is it a Kafka broker of a version that still has support?",
        ),
        Some((Some(signal), _)) => Fault::new(Class::NotReady, format!("the Kafka client ended (signal {signal})")),
        Some((None, Some(code))) => Fault::new(Class::NotReady, format!("the Kafka client ended (exit code {code})")),
        _ => Fault::new(Class::NotReady, "the Kafka client ended"),
    }
}

/// Writes frames until nobody sends any more, and so closes the pipe.
async fn write(mut stdin: ChildStdin, hello: Vec<u8>, mut queue: mpsc::Receiver<Vec<u8>>) {
    let mut next = Some(hello);
    while let Some(bytes) = next {
        if stdin.write_all(&bytes).await.is_err() || stdin.flush().await.is_err() {
            // It has ended. Whoever waits learns that from its output.
            return;
        }
        next = queue.recv().await;
    }
}

/// Hands out answers until there are no more; what is no answer is an error.
async fn read(stdout: ChildStdout, shared: &Shared) -> Option<io::Error> {
    let mut stdout = BufReader::new(stdout);
    loop {
        match frame::read_async::<Told>(&mut stdout).await {
            Ok(Some(told)) => {
                let waiting = shared.lock().waiting.remove(&told.id);
                if let Some(waiting) = waiting {
                    let _ = waiting.send(Ok(told.results));
                }
            }
            Ok(None) => return None,
            // It ended in the middle of an answer.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            Err(error) => return Some(error),
        }
    }
}

/// Shows what the client prints, while developing, and not without end.
async fn show(name: String, stderr: ChildStderr) {
    let mut stderr = BufReader::new(stderr);
    let mut left = WORDS;
    let mut line = Vec::new();
    while left > 0 {
        line.clear();
        match (&mut stderr).take(left).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(length) => left = left.saturating_sub(length as u64),
        }
        tracing::debug!(connection = name, "{}", String::from_utf8_lossy(&line).trim().escape_debug());
    }
    // Read on, so that it does not wait for somebody who does.
    let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
}

#[cfg(test)]
mod tests;
