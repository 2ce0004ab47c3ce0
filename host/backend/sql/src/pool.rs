//! Sessions of one connection: at most so many over all targets, reused while
//! they are above suspicion.
//!
//! Only sessions of the connection's own account that ran nothing but the
//! host's statements are kept. One that ran a script, or whose caller went
//! away in the middle, is ended: what a script left in it is nobody's business,
//! and a statement may still run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join_all};
use hyhost_backend::{Class, Fault};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::Client;

use crate::login::{Login, Server, Session};

/// A session that nobody needed for so long is ended: it holds a place in the
/// server, and nobody can drop or copy its database.
const IDLE: Duration = Duration::from_secs(10);
/// The server's own limit is this much later than ours, which cancels: it is
/// for the case that we are gone.
const GRACE: Duration = Duration::from_secs(1);

pub(crate) struct Pool {
    pub(crate) server: Server,
    permits: Arc<Semaphore>,
    size: usize,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    session: Session,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(server: Server) -> Arc<Self> {
        let size = (server.sql.max_connections.max(1) as usize).min(Semaphore::MAX_PERMITS);
        Arc::new(Self { server, permits: Arc::new(Semaphore::new(size)), size, idle: Mutex::default() })
    }

    /// A session in this database, waiting for a free place if need be.
    ///
    /// # Errors
    /// Code `3D000`: the database is not there. `Transient`: no place was
    /// free before the deadline.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        database: &str,
        login: Login<'_>,
        deadline: Instant,
    ) -> Result<Lease, Fault> {
        let permit = timeout_at(deadline, self.permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(self.late(database)) };
        if matches!(login, Login::Own)
            && let Some(session) = self.take_idle(database)
        {
            let lease = Lease { session: Some(session), permit: Some(permit), pool: self.clone(), keep: true };
            return match timeout_at(deadline, prepare(&lease, true, deadline)).await {
                Ok(Ok(())) => Ok(lease),
                Err(_) => Err(self.late(database)),
                // It was lost while it lay idle: not worth a fault. The
                // next one may be too, until none is idle.
                Ok(Err(_)) => {
                    drop(lease);
                    Box::pin(self.lease(database, login, deadline)).await
                }
            };
        }
        self.make_room();
        let opened = timeout_at(deadline, self.server.open(database, login)).await;
        let session = opened.unwrap_or_else(|_| Err(self.late(database)))?;
        let keep = matches!(login, Login::Own);
        let lease = Lease { session: Some(session), permit: Some(permit), pool: self.clone(), keep };
        match timeout_at(deadline, prepare(&lease, false, deadline)).await {
            Ok(Ok(())) => Ok(lease),
            Ok(Err(error)) => Err(crate::classify::session_fault(&error, &self.server.name)),
            Err(_) => Err(self.late(database)),
        }
    }

    /// Ends idle sessions in these databases, so that they can be copied.
    pub(crate) async fn vacate(&self, copied: impl Fn(&str) -> bool) {
        let leaving = self.remove(|idle| copied(&idle.session.database));
        join_all(leaving.into_iter().map(Session::end)).await;
    }

    /// Ends all idle sessions, and waits a moment for those in use.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        let _in_use = timeout(Duration::from_secs(3), self.permits.acquire_many(all)).await;
        join_all(self.remove(|_| true).into_iter().map(Session::end)).await;
    }

    fn take_idle(&self, database: &str) -> Option<Session> {
        drop(self.remove(|idle| idle.since.elapsed() > IDLE || idle.session.client.is_closed()));
        let mut idle = self.idle();
        let at = idle.iter().rposition(|idle| idle.session.database == database)?;
        Some(idle.remove(at).session)
    }

    /// Ends the oldest idle sessions until one more may be opened.
    fn make_room(&self) {
        let mut idle = self.idle();
        let in_use = self.size - self.permits.available_permits().min(self.size);
        while !idle.is_empty() && idle.len() + in_use > self.size {
            drop(idle.remove(0));
        }
    }

    fn put_back(&self, session: Session) {
        if !session.client.is_closed() {
            self.idle().push(Idle { session, since: Instant::now() });
        }
    }

    fn remove(&self, leaves: impl Fn(&Idle) -> bool) -> Vec<Session> {
        let mut idle = self.idle();
        let (leaving, staying) = std::mem::take(&mut *idle).into_iter().partition(leaves);
        *idle = staying;
        leaving.into_iter().map(|idle: Idle| idle.session).collect()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn late(&self, database: &str) -> Fault {
        let message = format!("{}: no session in database `{database}` was free in time", self.server.name);
        Fault::new(Class::Transient, message)
    }
}

/// From this version on an account that may make roles and is no superuser has
/// to be told that it wants to act as those that it makes. Without that it can
/// give them no database and no schema.
const ASKS_FOR_SELF_GRANT: u32 = 16;

/// Makes a session as good as new, and sets its limit.
async fn prepare(lease: &Lease, used: bool, deadline: Instant) -> Result<(), tokio_postgres::Error> {
    let client = lease.client();
    let limit = deadline.saturating_duration_since(Instant::now()) + GRACE;
    // The server takes up to i32::MAX milliseconds.
    let limit = limit.as_millis().min(i32::MAX as u128);
    let mut limit = format!("SET statement_timeout = {limit}");
    if lease.keep && lease.version() >= ASKS_FOR_SELF_GRANT {
        limit.push_str("; SET createrole_self_grant = 'set, inherit'");
    }
    if used {
        // Two messages, one round trip: in one message they would be one
        // transaction, in which DISCARD ALL is refused.
        let (discarded, limited) = join(client.batch_execute("DISCARD ALL"), client.batch_execute(&limit)).await;
        discarded.and(limited)
    } else {
        client.batch_execute(&limit).await
    }
}

/// A session in use. Dropped without [`Lease::finish`], as when the caller's
/// future is dropped, what runs in it is cancelled and the session ended.
pub(crate) struct Lease {
    session: Option<Session>,
    permit: Option<OwnedSemaphorePermit>,
    pool: Arc<Pool>,
    keep: bool,
}

impl Lease {
    /// To talk to the session.
    #[allow(clippy::expect_used, reason = "it is taken by `finish` and `drop` alone, which end the lease")]
    pub(crate) fn client(&self) -> &Client {
        &self.session.as_ref().expect("a lease has its session until it ends").client
    }

    fn version(&self) -> u32 {
        self.session.as_ref().map_or(0, |session| session.version)
    }

    /// Everything that was sent has been answered: the session goes back.
    pub(crate) async fn finish(mut self) {
        if let Some(session) = self.session.take() {
            if self.keep {
                self.pool.put_back(session);
            } else {
                session.end().await;
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(session), permit) = (self.session.take(), self.permit.take()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                session.abort().await;
                drop(permit);
            });
        }
    }
}
