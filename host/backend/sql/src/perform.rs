//! Sending a call's work: grouped by database, many at a time, each in order.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::Arc;

use futures_util::future::{join_all, maybe_done};
use futures_util::poll;
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyhost_backend::{Class, Fault, Request};
use hyhost_table::Mode;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Client;
use tokio_postgres::types::{FromSql, Type};

use crate::classify::session_fault;
use crate::job::{Job, Known, Work, prepare};
use crate::login::Login;
use crate::pool::Pool;
use crate::{guard, scripts, verifier};

/// So many statements are on their way at a time. More would gain nothing,
/// and all of them may still run when the caller has gone.
const WINDOW: usize = 64;
/// `CREATE DATABASE` copies this one where nothing is said.
const DEFAULT_TEMPLATE: &str = "template1";

type Answer = Result<Value, Fault>;

/// Performs a call.
pub(crate) async fn perform(pool: &Arc<Pool>, requests: Vec<Request>, mode: Mode, deadline: Instant) -> Vec<Answer> {
    let count = requests.len();
    let own = pool.server.sql.database.clone();
    let jobs = match timeout_at(deadline, prepare(requests, &own)).await {
        Ok(jobs) => jobs,
        Err(_) => return vec![Err(pool.late(&own)); count],
    };
    let refused = pool.server.too_long();
    let answers = match mode {
        Mode::Each => each(pool, jobs, deadline).await,
        Mode::Transaction => transaction(pool, jobs, deadline).await,
    };
    if pool.server.too_long() == refused {
        return answers;
    }
    // The client says only that the session is gone, which would be waited for.
    answers.into_iter().map(|answer| answer.map_err(too_long)).collect()
}

fn too_long(fault: Fault) -> Fault {
    if fault.class != Class::NotReady || fault.code.is_some() {
        return fault;
    }
    let message = format!("{}: a message of the server's was over {} bytes and refused", fault.message, guard::LONGEST);
    Fault { class: Class::Failed, message, ..fault }
}

/// Each on its own. Databases side by side; in one database in order.
async fn each(pool: &Arc<Pool>, jobs: Vec<Result<Job, Fault>>, deadline: Instant) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = jobs.iter().map(|_| None).collect();
    let mut groups: Vec<(String, bool, Vec<Job>)> = Vec::new();
    for (index, job) in jobs.into_iter().enumerate() {
        match job {
            Ok(Job { work: Work::Answer(value), .. }) => answers[index] = Some(Ok(value)),
            Ok(job) => {
                let plain = job.work.is_plain();
                match groups.iter_mut().find(|(database, kind, _)| *database == job.database && *kind == plain) {
                    Some((_, _, group)) => group.push(job),
                    None => groups.push((job.database.clone(), plain, vec![job])),
                }
            }
            Err(fault) => answers[index] = Some(Err(fault)),
        }
    }
    let groups = groups.into_iter().map(|(database, plain, jobs)| async move {
        if plain { group(pool, &database, jobs, deadline).await } else { scripts::perform(pool, jobs, deadline).await }
    });
    for (index, answer) in join_all(groups).await.into_iter().flatten() {
        answers[index] = Some(answer);
    }
    let unanswered = || Err(Fault::new(Class::Failed, "it was not performed"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

/// The jobs of one database in one session.
async fn group(pool: &Arc<Pool>, database: &str, jobs: Vec<Job>, deadline: Instant) -> Vec<(usize, Answer)> {
    let lease = match pool.lease(database, Login::Own, deadline).await {
        Ok(lease) => lease,
        Err(fault) => return jobs.iter().map(|job| (job.index, no_session(job, &fault))).collect(),
    };
    let mut answers: Vec<Option<Answer>> = jobs.iter().map(|_| None).collect();
    let sent = timeout_at(deadline, send_all(pool, lease.client(), &jobs, &mut answers)).await;
    match sent {
        Ok(()) => lease.finish().await,
        // Dropping the lease cancels what runs.
        Err(_) => drop(lease),
    }
    let late = |job: &Job| Err(late(pool, job));
    jobs.iter().zip(answers).map(|(job, answer)| (job.index, answer.unwrap_or_else(|| late(job)))).collect()
}

fn late(pool: &Pool, job: &Job) -> Fault {
    let message = format!("{}: {}: it was not done in time; cancelling was asked for", pool.server.name, job.label);
    Fault::new(Class::Transient, message)
}

/// What a job is answered when there is no session in its database.
fn no_session(job: &Job, fault: &Fault) -> Answer {
    match &job.work {
        Work::Query { named: true, .. } if fault.code.as_deref() == Some("3D000") => Ok(Value::Null),
        _ => Err(Fault { message: format!("{}: {}", job.label, fault.message), ..fault.clone() }),
    }
}

async fn send_all(pool: &Pool, client: &Client, jobs: &[Job], answers: &mut [Option<Answer>]) {
    let mut waiting: VecDeque<usize> = (0..jobs.len()).collect();
    while let Some(first) = waiting.pop_front() {
        let mut window = vec![first];
        if let Some(mentions) = stands_alone(&jobs[first].work) {
            pool.vacate(|database| database == DEFAULT_TEMPLATE || mentions.iter().any(|name| name == database)).await;
        } else {
            let next = |at: &usize| stands_alone(&jobs[*at].work).is_none();
            while window.len() < WINDOW && waiting.front().is_some_and(next) {
                window.extend(waiting.pop_front());
            }
        }
        let mut sending = Vec::with_capacity(window.len());
        for at in window {
            let mut future = Box::pin(maybe_done(send(client, &jobs[at].work)));
            // The first turn sends: so they go out in order, without waiting
            // for one another's answers.
            let _ = poll!(future.as_mut());
            sending.push(async move {
                future.as_mut().await;
                (at, future.as_mut().take_output())
            });
        }
        let mut sending: FuturesUnordered<_> = sending.into_iter().collect();
        while let Some((at, answer)) = sending.next().await {
            answers[at] = answer.map(|answer| answer.map_err(|error| explain(pool, &jobs[at], &error)));
        }
    }
}

/// What it mentions, if nothing may run beside it: it is slow, and copies or
/// moves a database.
fn stands_alone(work: &Work) -> Option<&[String]> {
    match work {
        Work::Statement { transactional: false, mentions, .. } => Some(mentions),
        _ => None,
    }
}

fn explain(pool: &Pool, job: &Job, error: &tokio_postgres::Error) -> Fault {
    let what = format!("{}: {}", pool.server.name, job.label);
    let what =
        if job.database == pool.server.sql.database { what } else { format!("{what} in database `{}`", job.database) };
    session_fault(error, &what)
}

/// Sends one piece of work; the first poll sends.
pub(crate) async fn send(client: &Client, work: &Work) -> Result<Value, tokio_postgres::Error> {
    match work {
        Work::Query { text, bind, .. } => {
            let bind: Vec<_> = bind.iter().map(|names| (names as _, Type::TEXT_ARRAY)).collect();
            let row = client.query_typed_one(text, &bind).await?;
            row.try_get::<_, Option<Json>>(0).map(|json| json.map_or(Value::Null, |Json(value)| value))
        }
        Work::Statement { text, .. } => client.batch_execute(text).await.map(|()| Value::Null),
        Work::Proof { role, secret, is } => {
            let text = "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1";
            let stored = match client.query_typed_opt(text, &[(role, Type::TEXT)]).await {
                Ok(Some(row)) => row.try_get::<_, Option<String>>(0)?,
                Ok(None) => None,
                // Only a superuser may read it: not known.
                Err(error) if error.code().is_some_and(|code| code.code() == "42501") => return Ok(Value::Null),
                Err(error) => return Err(error),
            };
            let Some(stored) = stored else { return Ok(Value::Bool(false)) };
            match is {
                Known::Verifier => Ok(Value::Bool(verifier::same(&stored, secret.expose()))),
                Known::Password => {
                    let secret = secret.clone();
                    let proof = tokio::task::spawn_blocking(move || verifier::matches(&stored, secret.expose()));
                    Ok(proof.await.map_or(Value::Null, Value::Bool))
                }
            }
        }
        // Performed by `scripts`, or answered before.
        Work::History { .. } | Work::Script(_) | Work::Baseline(_) | Work::Drop { .. } | Work::Answer(_) => {
            Ok(Value::Null)
        }
    }
}

/// A JSON answer of the server's.
struct Json(Value);

impl<'a> FromSql<'a> for Json {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        // jsonb travels with its version before it.
        let text = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Self(serde_json::from_slice(text)?))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::JSON | Type::JSONB)
    }
}

/// All or none, in order, in one session.
async fn transaction(pool: &Arc<Pool>, jobs: Vec<Result<Job, Fault>>, deadline: Instant) -> Vec<Answer> {
    let count = jobs.len();
    let jobs: Vec<Job> = match unite(jobs) {
        Ok(jobs) => jobs,
        Err(problem) => {
            let fault = Fault::new(Class::Invalid, format!("{}: a transaction: {problem}", pool.server.name));
            return vec![Err(fault); count];
        }
    };
    let Some(first) = jobs.first() else { return Vec::new() };
    let lease = match pool.lease(&first.database, Login::Own, deadline).await {
        Ok(lease) => lease,
        Err(fault) => {
            let fault = Fault { message: format!("{}: {}", first.label, fault.message), ..fault };
            return vec![Err(fault); count];
        }
    };
    let done = timeout_at(deadline, all_or_none(pool, lease.client(), &jobs)).await;
    let done = match done {
        Ok(done) => {
            lease.finish().await;
            done
        }
        Err(_) => {
            drop(lease);
            Err((None, Fault::new(Class::Transient, format!("{}: it was not done in time", pool.server.name))))
        }
    };
    match done {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err((culprit, fault)) => {
            jobs.iter().enumerate().map(|(at, job)| Err(rolled_back(at, job, culprit, &fault, &jobs))).collect()
        }
    }
}

/// The fault of one job of a transaction that did not come about.
fn rolled_back(at: usize, job: &Job, culprit: Option<usize>, fault: &Fault, jobs: &[Job]) -> Fault {
    if culprit.is_none_or(|culprit| culprit == at) {
        return fault.clone();
    }
    // It may be tried again when what failed may.
    let class = match fault.class {
        retried @ (Class::NotReady | Class::Transient | Class::Conflict) => retried,
        Class::Denied | Class::Invalid | Class::Failed => Class::Failed,
    };
    let because = culprit.and_then(|at| jobs.get(at)).map_or("another operation", |job| job.label.as_str());
    Fault::new(class, format!("{}: rolled back, since {because} of the same transaction failed", job.label))
}

/// Jobs that can be one transaction.
fn unite(jobs: Vec<Result<Job, Fault>>) -> Result<Vec<Job>, String> {
    let jobs: Vec<Job> = jobs.into_iter().collect::<Result<_, _>>().map_err(|fault| fault.message)?;
    for job in &jobs {
        match &job.work {
            Work::Statement { transactional: true, .. } | Work::Query { .. } => {}
            _ => return Err(format!("{} cannot stand in one", job.label)),
        }
        if let Some(first) = jobs.first().filter(|first| first.database != job.database) {
            return Err(format!("{} and {} are in different databases", first.label, job.label));
        }
    }
    Ok(jobs)
}

async fn all_or_none(pool: &Pool, client: &Client, jobs: &[Job]) -> Result<Vec<Value>, (Option<usize>, Fault)> {
    let whole = |error: &tokio_postgres::Error, step| {
        (None, session_fault(error, &format!("{}: the transaction's {step}", pool.server.name)))
    };
    client.batch_execute("BEGIN").await.map_err(|error| whole(&error, "begin"))?;
    let mut answers: Vec<Option<Answer>> = jobs.iter().map(|_| None).collect();
    send_all(pool, client, jobs, &mut answers).await;
    let mut values = Vec::with_capacity(jobs.len());
    for (at, answer) in answers.into_iter().enumerate() {
        match answer {
            Some(Ok(value)) => values.push(value),
            // The first to fail is the cause; what comes after fails for it.
            Some(Err(fault)) => {
                let _ = client.batch_execute("ROLLBACK").await;
                return Err((Some(at), fault));
            }
            None => return Err((Some(at), Fault::new(Class::Failed, "it was not performed"))),
        }
    }
    client.batch_execute("COMMIT").await.map_err(|error| whole(&error, "end"))?;
    Ok(values)
}
