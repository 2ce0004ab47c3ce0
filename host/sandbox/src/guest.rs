//! One call into a component: a store with its limits, a deadline, and what
//! came of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyhost_gate::Session;
use tokio::time::{Instant, timeout_at};
use wasmtime::{Store, Trap, UpdateDeadline};

use crate::bindings::PluginPre;
use crate::bindings::hyhost::provision::types;
use crate::engine::Sandbox;
use crate::memory::{Limiter, Stopped};
use crate::state::{State, TICK};
use crate::{Call, TrapKind, Trouble, text};

/// The most bytes that one call of an import, or the answer of an export, may
/// hand over.
const HANDED_OVER: usize = 8 << 20;
/// The most handles of one store.
const HANDLES: usize = 10_000;
/// What an import that is under way may still take after the deadline: the
/// gate gives backends 5 s to end in order.
const GRACE: Duration = Duration::from_secs(6);
/// What a guest that has just been answered may still take to say what came of
/// it.
const LAST_WORD: Duration = Duration::from_millis(500);

/// A component that can be called.
pub(crate) struct Guest {
    pub(crate) sandbox: Sandbox,
    pub(crate) pre: PluginPre<State>,
    /// Its manifest name; its file's before that is known.
    pub(crate) name: String,
    /// Bytes of memory of one call.
    pub(crate) memory: u64,
}

impl Guest {
    /// A store for one call.
    pub(crate) fn store(&self, session: Option<Arc<Session>>) -> Store<State> {
        let limiter = Limiter::new(Arc::clone(&self.sandbox.total), self.memory);
        let mut store = Store::new(&self.sandbox.engine, State::new(limiter, session));
        store.limiter_async(|state| &mut state.limiter);
        store.set_hostcall_fuel(HANDED_OVER);
        store.set_max_component_handles(HANDLES);
        let mut left = self.sandbox.limits.cpu.as_millis() / TICK.as_millis();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            if !std::mem::take(&mut store.data_mut().waited) {
                left = left.checked_sub(1).ok_or(Stopped::Cpu)?;
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    /// Asks what it is. No import does anything.
    pub(crate) async fn describe(&self) -> Result<types::Manifest, Trouble> {
        let mut store = self.store(None);
        // It has nothing to wait for: twice its computing time is enough.
        let deadline = Instant::now() + self.sandbox.limits.cpu * 2;
        let inside = store.data().inside();
        let answer = within(deadline, &inside, async {
            self.pre.instantiate_async(&mut store).await?.call_describe(&mut store).await
        });
        let answer = answer.await;
        // `cargo xtask bench` waits for these words: the first call of a plugin is done.
        tracing::debug!(component = self.name, "called describe");
        self.settle(Call::Describe, store, answer)
    }

    /// What came of a call. The store ends here.
    pub(crate) fn settle<T>(
        &self,
        call: Call,
        mut store: Store<State>,
        answer: Option<wasmtime::Result<T>>,
    ) -> Result<T, Trouble> {
        let words = store.data_mut().end();
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(self.trouble(call, &error, words)),
            None => Err(Trouble::TimedOut { plugin: self.name.clone(), call }),
        }
    }

    pub(crate) fn protocol(&self, call: Call, problem: String) -> Trouble {
        Trouble::Protocol { plugin: self.name.clone(), call, problem }
    }

    fn trouble(&self, call: Call, error: &wasmtime::Error, words: Option<String>) -> Trouble {
        // With the guest's frames, for who looks for a fault.
        tracing::debug!(plugin = self.name, %call, error = text::line(&format!("{error:?}"), 8 << 10), "stopped");
        let limits = &self.sandbox.limits;
        let kind = match (error.downcast_ref::<Stopped>(), error.downcast_ref::<Trap>()) {
            (Some(Stopped::Protocol(problem)), _) => return self.protocol(call, problem.clone()),
            (Some(Stopped::Cpu), _) | (_, Some(Trap::Interrupt)) => TrapKind::Loop { limit: limits.cpu },
            (Some(Stopped::Memory), _) => TrapKind::Memory { limit: self.memory },
            (Some(Stopped::TotalMemory), _) => TrapKind::TotalMemory { limit: limits.total_memory },
            (_, Some(Trap::StackOverflow)) => TrapKind::Stack,
            (_, Some(Trap::MemoryOutOfBounds)) => TrapKind::Other(
                "it reached outside of its memory: its stack is too small for it, or it is broken".to_owned(),
            ),
            (_, Some(Trap::UnreachableCodeReached)) => TrapKind::Panic { words },
            _ => TrapKind::Other(text::line(&error.root_cause().to_string(), 512)),
        };
        Trouble::Trap { plugin: self.name.clone(), call, kind }
    }
}

/// Works until the deadline; what the host is doing for the guest at that
/// moment ends in order, and the guest may say what came of it: what was
/// written should not be unknown. `None`: no answer came.
pub(crate) async fn within<T>(deadline: Instant, inside: &AtomicBool, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    if let Ok(done) = timeout_at(deadline, work.as_mut()).await {
        return Some(done);
    }
    let grace = if inside.load(Ordering::Relaxed) { GRACE } else { LAST_WORD };
    timeout_at(deadline + grace, work).await.ok()
}
