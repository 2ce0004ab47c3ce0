//! Waiting until the servers of a target can do its work.

use std::sync::Arc;
use std::time::Duration;

use hyhost_backend::{Class, Fault};
use hyhost_gate::Phase;
use hyhost_sandbox::{Readiness, Trouble};
use tokio::time::Instant;

use crate::call::Caller;
use crate::{FullJitter, Problem, Progress};

/// The limit of one look, name lookup and login included.
const LOOK: Duration = Duration::from_secs(10);

/// A refused login counts only after this: accounts may be in the making.
const LOGIN: Duration = Duration::from_secs(15);

/// Looks until the servers are ready; gives up at `limit`, which is said in
/// the words of `over`.
///
/// # Errors
/// The last reason, or what cannot get better by waiting.
pub(crate) async fn until_ready(caller: &Caller<'_>, limit: Duration, over: &str) -> Result<Duration, Problem> {
    let started = Instant::now();
    let mut last: Option<String> = None;
    let target = caller.target.name.as_str();
    let mut refused_since = None;
    let mut delays = FullJitter::for_readiness();
    loop {
        let look = Instant::now() + LOOK;
        let session = Arc::new(caller.reading(Phase::Probe, look.min(started + limit), 1));
        let answer = caller.plugin.probe(Arc::clone(&session), &caller.context).await;
        let login = session.login_refused();
        let reason = match answer {
            Ok(Ok(Readiness::Ready)) => {
                let after = started.elapsed();
                caller.tell(&Progress::Ready { target, after });
                return Ok(after);
            }
            Ok(Ok(Readiness::NotReady(reason))) => reason,
            Ok(Err(fault)) if login.is_some() || may_pass(&fault) => fault.to_string(),
            Ok(Err(fault)) => return Err(Problem::of_target(fault.to_string())),
            Err(Trouble::TimedOut { .. }) => format!("no answer within {} s", LOOK.as_secs()),
            Err(trouble) => return Err(Problem::of_target(trouble.to_string())),
        };
        match login {
            None => refused_since = None,
            Some(fault) => {
                let since = *refused_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= LOGIN {
                    let text = format!("{fault}; the login has been refused for {} s", LOGIN.as_secs());
                    return Err(Problem::of_target(text));
                }
            }
        }
        let since = started.elapsed();
        if since >= limit {
            // A look that was cut short says less than the one before it.
            let reason = last.unwrap_or(reason);
            return Err(Problem::of_target(format!("{over}: {reason}")));
        }
        if caller.engine.stop.is_raised() {
            return Err(Problem::of_target(format!("asked to stop while waiting: {reason}")));
        }
        caller.tell(&Progress::Waiting { target, reason: &reason, since, limit });
        let delay = delays.next().unwrap_or(LOOK).min(limit.saturating_sub(since));
        last = Some(reason);
        caller.engine.stop.sleep(delay).await;
    }
}

fn may_pass(fault: &Fault) -> bool {
    matches!(fault.class, Class::NotReady | Class::Transient | Class::Conflict)
}
