//! Migrations: scripts of the user's, each once, and their history.
//!
//! A script runs in a session that logged in as the role that it is for; a
//! `SET ROLE` would leave it a way back. One script at a time runs in a
//! database, over all copies of hyhost: an advisory lock, asked for again and
//! again. Waiting in the server for it would hold a snapshot, and `CREATE INDEX
//! CONCURRENTLY` waits for all snapshots: both would wait for each other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use hyhost_backend::{Class, Fault};
use ring::digest;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::classify::session_fault;
use crate::history::{self, BASELINE, Entry, History};
use crate::job::{Baseline, Job, Role, Script, Work};
use crate::lexer::{self, Statement, line_of};
use crate::login::Login;
use crate::pool::Pool;
use crate::removal;

/// The advisory lock of all copies of hyhost, one per database: `hyhost` and 1.
const LOCK: i64 = 0x6879_686f_7374_0001;
/// How long to wait between two attempts to get it, in milliseconds.
const POLL: std::ops::Range<u64> = 40..200;
/// The line at the top of a file that wants no transaction.
const DIRECTIVE: &str = "-- hyhost:";
const NO_TRANSACTION: &str = "no-transaction";

type Answer = Result<Value, Fault>;

/// What is wrong with a script, before anything ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptError {
    /// Where, from 1.
    pub(crate) line: usize,
    /// What.
    pub(crate) problem: String,
}

impl ScriptError {
    pub(crate) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self { line, problem: problem.into() }
    }
}

/// Performs the scripts and history reads of one database, in order, and what
/// else takes its own sessions. After a script that failed no other one runs.
pub(crate) async fn perform(pool: &Arc<Pool>, jobs: Vec<Job>, deadline: Instant) -> Vec<(usize, Answer)> {
    let mut failed: Option<String> = None;
    let mut answers = Vec::with_capacity(jobs.len());
    for job in &jobs {
        let answer = match &job.work {
            Work::History { login } => read(pool, job, login.as_ref(), deadline).await,
            Work::Drop { name, with_data } => removal::drop_database(pool, job, name, *with_data, deadline).await,
            Work::Baseline(baseline) => take_as_applied(pool, job, baseline, deadline).await,
            Work::Script(script) => match &failed {
                Some(before) => Err(Fault::new(
                    Class::Conflict,
                    format!("{}: not run, since {before} failed before it", path(pool, job, script)),
                )),
                None => {
                    let answer = run(pool, job, script, deadline).await;
                    failed = answer.is_err().then(|| format!("`{}`", script.file));
                    answer
                }
            },
            _ => Err(Fault::new(Class::Failed, format!("{}: it is no script", job.label))),
        };
        answers.push((job.index, answer));
    }
    answers
}

fn login(role: Option<&Role>) -> Login<'_> {
    role.map_or(Login::OwnScript, |role| Login::Role(&role.name, role.password.as_ref()))
}

/// The name that a script's session logs in with.
fn login_name<'a>(pool: &'a Pool, role: Option<&'a Role>) -> &'a str {
    role.map_or(&pool.server.sql.user, |role| &role.name)
}

async fn read(pool: &Arc<Pool>, job: &Job, role: Option<&Role>, deadline: Instant) -> Answer {
    let what = format!("{}: database `{}`", pool.server.name, job.database);
    let lease = match pool.lease(&job.database, login(role), deadline).await {
        Ok(lease) => lease,
        Err(fault) if fault.code.as_deref() == Some("3D000") => return Ok(Value::Null),
        Err(fault) => return Err(Fault { message: format!("{}: {}", job.label, fault.message), ..fault }),
    };
    let client = lease.client();
    let reading = async {
        client.batch_execute("SET search_path = ''").await?;
        match history::look(client, login_name(pool, role), &what).await? {
            Ok(History::Absent { .. }) => Ok(Ok(Value::Null)),
            Ok(History::Sound { old }) => history::rows(client, old, &what).await,
            Err(refused) => Ok(Err(refused)),
        }
    };
    match timeout_at(deadline, reading).await {
        Ok(answer) => {
            let answer = answer.unwrap_or_else(|error| Err(session_fault(&error, &what)));
            lease.finish().await;
            answer
        }
        Err(_) => Err(Fault::new(Class::Transient, format!("{what}: the history was not read in time"))),
    }
}

/// Writes files into an empty history as if they had run.
async fn take_as_applied(pool: &Arc<Pool>, job: &Job, baseline: &Baseline, deadline: Instant) -> Answer {
    let what = format!("{}: database `{}`: baseline", pool.server.name, job.database);
    let lease = pool.lease(&job.database, login(baseline.login.as_ref()), deadline).await;
    let lease = lease.map_err(|fault| Fault { message: format!("{what}: {}", fault.message), ..fault })?;
    let client = lease.client();
    let lost = |error: Error| session_fault(&error, &what);
    let working = async {
        client.batch_execute("SET search_path = ''").await.map_err(lost)?;
        lock(client).await.map_err(lost)?;
        let history = history::look(client, login_name(pool, baseline.login.as_ref()), &what).await.map_err(lost)??;
        if let History::Sound { old } = history
            && history::count(client).await.map_err(lost)? > 0
        {
            for (file, _, _) in &baseline.files {
                if history::find(client, old, file).await.map_err(lost)?.is_none() {
                    let message = format!("{what}: the history is no longer empty, and `{file}` is not in it");
                    return Err(Fault::new(Class::Conflict, message));
                }
            }
            return Ok(Value::from("unchanged"));
        }
        let writing = async {
            client.batch_execute("BEGIN").await?;
            make_ready(client, &history).await?;
            for (file, digest, normal) in &baseline.files {
                history::add(client, &Entry { file, digest, normal, milliseconds: BASELINE }).await?;
            }
            client.batch_execute("COMMIT").await
        };
        writing.await.map_err(lost)?;
        Ok(Value::from("done"))
    };
    match timeout_at(deadline, working).await {
        Ok(answer) => {
            lease.finish().await;
            answer
        }
        Err(_) => Err(Fault::new(Class::Transient, format!("{what}: it was not done in time"))),
    }
}

/// Makes the history, or of an older one a present one.
async fn make_ready(client: &Client, history: &History) -> Result<(), Error> {
    match history {
        History::Absent { schema } => history::create(client, *schema).await,
        History::Sound { old: true } => history::upgrade(client).await,
        History::Sound { old: false } => Ok(()),
    }
}

/// `sha256:…` of a script without comments and needless white space.
///
/// # Errors
/// It is no script.
pub(crate) fn normal_digest(text: &str) -> Result<String, ScriptError> {
    let digest = digest::digest(&digest::SHA256, lexer::normal(text)?.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256:{hex}"))
}

/// A script that was looked through.
struct Checked<'a> {
    statements: Vec<Statement<'a>>,
    transactional: bool,
    normal: String,
}

fn check(text: &str) -> Result<Checked<'_>, ScriptError> {
    let transactional = is_transactional(text)?;
    let statements = lexer::split(text)?;
    let control = statements.iter().find_map(|statement| Some((statement, statement.transaction_control()?)));
    if let (true, Some((statement, word))) = (transactional, control) {
        let problem = format!(
            "{word}: the script and its row of the history are one transaction, which hyhost begins and ends; \
             without it, write `{DIRECTIVE} {NO_TRANSACTION}` at the top"
        );
        return Err(ScriptError::new(statement.line, problem));
    }
    Ok(Checked { statements, transactional, normal: normal_digest(text)? })
}

/// Reads what the comments at the top ask for.
fn is_transactional(text: &str) -> Result<bool, ScriptError> {
    let mut transactional = true;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if !line.is_empty() && !line.starts_with("--") {
            break;
        }
        match line.strip_prefix(DIRECTIVE).map(str::trim) {
            Some(NO_TRANSACTION) => transactional = false,
            Some(other) => {
                let problem = format!("`{other}` is nothing that hyhost knows; did you mean `{NO_TRANSACTION}`?");
                return Err(ScriptError::new(number + 1, problem));
            }
            None => {}
        }
    }
    Ok(transactional)
}

/// How far a script has come: for whoever must say what a cancelled one left.
#[derive(Clone, Copy)]
enum Step {
    /// Nothing of it has run.
    Waiting,
    /// It runs, and its transaction goes with it.
    InTransaction,
    /// Its transaction is being ended.
    Committing,
    /// This many of its statements are done, and one runs.
    Alone(usize),
}

/// Waits for the migrations' lock of the session's database.
async fn lock(client: &Client) -> Result<(), Error> {
    let text = format!("SELECT pg_try_advisory_lock({LOCK})");
    loop {
        let row = client.query_typed_one(&text, &[]).await?;
        if row.try_get(0)? {
            return Ok(());
        }
        sleep(Duration::from_millis(fastrand::u64(POLL))).await;
    }
}

/// One run of one script.
struct Run<'a> {
    script: &'a Script,
    checked: Checked<'a>,
    /// Who logged in.
    login: &'a str,
    /// Connection, database and file.
    what: String,
    step: Mutex<Step>,
}

async fn run(pool: &Arc<Pool>, job: &Job, script: &Script, deadline: Instant) -> Answer {
    let what = path(pool, job, script);
    let checked = check(&script.text)
        .map_err(|error| Fault::new(Class::Invalid, format!("{what}:{}: {}", error.line, error.problem)))?;
    let lease = pool.lease(&job.database, login(script.login.as_ref()), deadline).await;
    let lease = lease.map_err(|fault| Fault { message: format!("{what}: {}", fault.message), ..fault })?;
    let login = login_name(pool, script.login.as_ref());
    let run = Run { script, checked, login, what, step: Mutex::new(Step::Waiting) };
    match timeout_at(deadline, run.go(lease.client())).await {
        Ok(answer) => {
            // It is ended, not kept; an open transaction ends with it.
            lease.finish().await;
            answer.map(Value::from)
        }
        Err(_) => Err(run.cancelled()),
    }
}

/// `main-db: app: migrations/app/001_init.sql`
fn path(pool: &Pool, job: &Job, script: &Script) -> String {
    let directory = script.directory.trim_end_matches('/');
    format!("{}: database `{}`: {directory}/{}", pool.server.name, job.database, script.file)
}

impl Run<'_> {
    async fn go(&self, client: &Client) -> Result<&'static str, Fault> {
        let lost = |error: Error| self.fault(&error);
        client.batch_execute("SET search_path = ''").await.map_err(lost)?;
        lock(client).await.map_err(lost)?;
        let history = history::look(client, self.login, &self.what).await.map_err(lost)??;
        if let History::Sound { old } = history {
            match history::find(client, old, &self.script.file).await.map_err(lost)? {
                Some(ran) if ran.digest == self.script.digest || ran.normal == self.checked.normal => {
                    return Ok("unchanged");
                }
                Some(_) if self.script.again => {}
                Some(_) => {
                    let message = format!("{}: it ran before with another content", self.what);
                    return Err(Fault::new(Class::Conflict, message));
                }
                None => {}
            }
        }
        if self.checked.transactional {
            self.in_transaction(client, history).await?;
        } else {
            self.alone(client, history).await?;
        }
        Ok("done")
    }

    /// Script and row in one transaction.
    async fn in_transaction(&self, client: &Client, history: History) -> Result<(), Fault> {
        let lost = |error: Error| self.fault(&error);
        client.batch_execute("BEGIN").await.map_err(lost)?;
        make_ready(client, &history).await.map_err(|error| self.no_history(&error))?;
        let before = standing(client).await.map_err(lost)?;
        client.batch_execute("RESET search_path").await.map_err(lost)?;
        self.at(Step::InTransaction);
        let began = Instant::now();
        self.send_whole(client).await?;
        client.batch_execute("SET LOCAL search_path = ''").await.map_err(lost)?;
        if standing(client).await.map_err(lost)? != before {
            let message = format!(
                "{}: it left another role or transaction behind than it began in; it was rolled back, as far as it \
                 had not ended the transaction by itself. End it with RESET ROLE, and without COMMIT",
                self.what
            );
            return Err(Fault::new(Class::Invalid, message));
        }
        self.write_row(client, began).await?;
        self.at(Step::Committing);
        client.batch_execute("COMMIT").await.map_err(|error| match error.as_db_error() {
            Some(_) => script_fault(&error, &format!("{}: at its commit", self.what)),
            None => {
                let fault = self.fault(&error);
                let message = format!("{}; whether it was committed shows in the next plan", fault.message);
                Fault { message, ..fault }
            }
        })
    }

    /// The whole text in one message, as it is.
    async fn send_whole(&self, client: &Client) -> Result<(), Fault> {
        let mut done = 0;
        let mut stream = match client.simple_query_raw(&self.script.text).await {
            Ok(stream) => Box::pin(stream),
            Err(error) => return Err(self.at_statement(&error, 0, 0)),
        };
        while let Some(message) = stream.next().await {
            match message {
                Ok(SimpleQueryMessage::CommandComplete(_)) => done += 1,
                Ok(_) => {}
                Err(error) => return Err(self.at_statement(&error, done, 0)),
            }
        }
        Ok(())
    }

    /// Statement by statement, each its own transaction, then the row.
    async fn alone(&self, client: &Client, history: History) -> Result<(), Fault> {
        let lost = |error: Error| self.fault(&error);
        let made = async {
            client.batch_execute("BEGIN").await?;
            make_ready(client, &history).await?;
            client.batch_execute("COMMIT").await
        };
        made.await.map_err(|error| self.no_history(&error))?;
        client.batch_execute("RESET search_path").await.map_err(lost)?;
        let began = Instant::now();
        for (done, statement) in self.checked.statements.iter().enumerate() {
            self.at(Step::Alone(done));
            if let Err(error) = client.batch_execute(statement.text).await {
                let fault = Fault { class: Class::Failed, ..self.at_statement(&error, done, statement.start) };
                return Err(self.with_rest(fault, done));
            }
        }
        let all = self.checked.statements.len();
        self.at(Step::Alone(all));
        let checking = async {
            client.batch_execute("SET search_path = ''").await?;
            // In an open transaction its beginning lies before the statement.
            // (A simple query: in the extended protocol it always does.)
            let text = "SELECT 1 WHERE now() = statement_timestamp() AND session_user = current_user";
            let answer = client.simple_query(text).await?;
            Ok::<_, Error>(answer.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_))))
        };
        match checking.await {
            Ok(true) => self.write_row(client, began).await.map_err(|fault| self.with_rest(fault, all)),
            Ok(false) => {
                let message = format!("{}: it left an open transaction or another role behind", self.what);
                Err(self.with_rest(Fault::new(Class::Failed, message), all))
            }
            Err(error) => Err(self.with_rest(Fault { class: Class::Failed, ..self.fault(&error) }, all)),
        }
    }

    async fn write_row(&self, client: &Client, began: Instant) -> Result<(), Fault> {
        let milliseconds = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (file, digest, normal) = (&self.script.file, &self.script.digest, &self.checked.normal);
        let added = history::add(client, &Entry { file, digest, normal, milliseconds }).await;
        added.map_err(|error| script_fault(&error, &format!("{}: writing its row of the history", self.what)))
    }

    fn at(&self, step: Step) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    fn fault(&self, error: &Error) -> Fault {
        session_fault(error, &self.what)
    }

    fn no_history(&self, error: &Error) -> Fault {
        let fault = self.fault(error);
        let message = format!("{} (making the migrations' history, schema `hyhost`)", fault.message);
        Fault { message, ..fault }
    }

    /// A fault with file and line. `done` statements had no fault; what was
    /// sent begins at `start`.
    fn at_statement(&self, error: &Error, done: usize, start: usize) -> Fault {
        let text = &self.script.text;
        let position = error.as_db_error().and_then(|db| db.position());
        let line = match position {
            // Counted in characters, from 1, within what was sent.
            Some(ErrorPosition::Original(at)) => {
                let sent = text.get(start..).unwrap_or_default();
                let at = sent.char_indices().nth((*at as usize).saturating_sub(1)).map_or(sent.len(), |(at, _)| at);
                Some(line_of(text, start + at))
            }
            _ => self.checked.statements.get(done).map(|statement| statement.line),
        };
        script_fault(error, &format!("{}:{}", self.what, line.unwrap_or(1)))
    }

    /// The same with what a script without a transaction has left.
    fn with_rest(&self, fault: Fault, done: usize) -> Fault {
        let all = self.checked.statements.len();
        let done_so_far = match done {
            0 => "nothing before it ran".to_owned(),
            1 => "statement 1 is done and stays".to_owned(),
            done => format!("statements 1 to {done} are done and stay"),
        };
        let left = if done < all {
            format!(
                "this was statement {} of {all} of a file without a transaction: {done_so_far}, and what it left itself \
                 (such as an invalid index) is to be removed by hand before the next run",
                done + 1
            )
        } else {
            "all statements of this file without a transaction are done and stay; it is not in the history".to_owned()
        };
        let message = format!("{}; {left}", fault.message);
        Fault { message, ..fault }
    }

    /// The fault of a run that was cut off.
    fn cancelled(&self) -> Fault {
        let step = *self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let what = &self.what;
        match step {
            Step::Waiting => Fault::new(
                Class::Transient,
                format!(
                    "{what}: another run held the migrations' lock of the database for all that time; nothing of it ran"
                ),
            ),
            Step::InTransaction => Fault::new(
                Class::Transient,
                format!("{what}: it took longer than it may, was cancelled and rolled back: nothing of it is left"),
            ),
            Step::Committing => Fault::new(
                Class::Transient,
                format!("{what}: no answer to its commit in time; whether it was committed shows in the next plan"),
            ),
            Step::Alone(done) => {
                let fault = Fault::new(Class::Failed, format!("{what}: it took longer than it may, and was cancelled"));
                self.with_rest(fault, done)
            }
        }
    }
}

/// As whom and in which transaction a session works.
async fn standing(client: &Client) -> Result<(String, String, String), Error> {
    let text = "SELECT session_user::text, current_user::text, pg_current_xact_id()::text";
    let row = client.query_typed_one(text, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

/// What a script says is the script's own fault: to plan again would not mend
/// it.
fn script_fault(error: &Error, what: &str) -> Fault {
    let fault = session_fault(error, what);
    let class = if fault.class == Class::Conflict { Class::Failed } else { fault.class };
    Fault { class, ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> ScriptError {
        match check(text) {
            Ok(_) => panic!("{text:?} was not refused"),
            Err(error) => error,
        }
    }

    #[test]
    fn transaction_control_needs_the_line_at_the_top() {
        assert_eq!(refused("create table t (a int);\n\ncommit;").line, 3);
        assert!(refused("begin").problem.starts_with("BEGIN: "));
        let checked = check("-- about\n-- hyhost: no-transaction\nbegin; commit;").unwrap_or_else(|e| panic!("{e:?}"));
        assert!(!checked.transactional);
        assert_eq!(checked.statements.len(), 2);
    }

    #[test]
    fn the_line_counts_only_at_the_top() {
        assert_eq!(refused("select 1;\n-- hyhost: no-transaction\ncommit").line, 3);
        assert!(check("select 1;\n-- hyhost: whatever\n").is_ok_and(|checked| checked.transactional));
    }

    #[test]
    fn an_unknown_line_at_the_top_is_refused() {
        assert_eq!(refused("\n-- hyhost: no-transactions\nselect 1").line, 2);
    }
}
