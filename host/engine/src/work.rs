//! The work on one target: ready, plan, ensure, verify.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyhost_audit::{Counts, Outcome};
use hyhost_backend::{Class, Fault};
use hyhost_config::Target;
use hyhost_gate::{Phase, Session};
use hyhost_sandbox::{Done, Plugin, Trouble};
use hyhost_table::{Change, Plan};
use tokio::time::Instant;

use crate::batch::Queue;
use crate::call::{Caller, seconds};
use crate::granted::{Refusal, within_grant};
use crate::{Engine, FullJitter, Goal, Problem, Progress, TargetReport, ready};

/// How often changes are made before the plan must be empty.
const ROUNDS: u32 = 3;

/// How long what was made may take to be seen.
const VERIFY: Duration = Duration::from_secs(15);

/// How often a batch that takes long gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// How often it is seen how far a batch is.
const LOOK_IN: Duration = Duration::from_millis(200);

/// How far the work is: known also when it is cut off.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The objects that were changed so far, in order.
    pub(crate) changed: Vec<String>,
    /// The objects that were handed over and of which nothing is known yet.
    pub(crate) at_work: Vec<String>,
}

pub(crate) type Made = Mutex<State>;

/// Waits; but for [`Goal::Wait`] plans; and for [`Goal::Run`] makes it so and
/// verifies.
pub(crate) async fn target(
    engine: &Engine,
    goal: Goal,
    target: &Arc<Target>,
    plugin: &Arc<Plugin>,
    made: &Made,
) -> TargetReport {
    let caller = Caller::new(engine, target, plugin);
    let mut report = TargetReport::blank(target);
    let over = format!("not ready within {}", seconds(target.ready_timeout));
    report.ready = match ready::until_ready(&caller, target.ready_timeout, &over).await {
        Ok(after) => after,
        Err(problem) => {
            report.ready = target.ready_timeout;
            return report.failed(problem);
        }
    };
    if goal == Goal::Wait {
        return report;
    }
    let started = Instant::now();
    let mut work = Work::new(caller, goal, started + target.timeout, made);
    let ended = match goal {
        Goal::Run => work.run().await,
        _ => work.plan(Phase::Plan).await.map(|plan| work.rest = plan),
    };
    report.work = started.elapsed();
    work.end(report, ended.err())
}

struct Work<'a> {
    caller: Caller<'a>,
    goal: Goal,
    deadline: Instant,
    /// The last fault that something was tried again for.
    last_fault: Option<String>,
    /// How often a server was lost at work.
    lost: u32,
    /// Retries so far, by change.
    retries: HashMap<String, u32>,
    /// What each failed change failed of.
    failed: HashMap<String, String>,
    skipped: HashMap<String, String>,
    made: &'a Made,
    unchanged: HashSet<String>,
    /// The changes outside the grant that are on record.
    refused: HashSet<String>,
    /// How many changes the plan that is being made so has, and how many of
    /// them were handed over and came back.
    of: usize,
    through: usize,
    /// The last plan.
    rest: Plan,
}

/// What came of handing over a plan's changes.
#[derive(PartialEq, Eq)]
enum Round {
    /// Everything that could be tried was.
    Through,
    /// Something must be planned again before it is tried again.
    Again,
}

impl<'a> Work<'a> {
    fn new(caller: Caller<'a>, goal: Goal, deadline: Instant, made: &'a Made) -> Self {
        Self {
            caller,
            goal,
            deadline,
            last_fault: None,
            lost: 0,
            retries: HashMap::new(),
            failed: HashMap::new(),
            skipped: HashMap::new(),
            made,
            unchanged: HashSet::new(),
            refused: HashSet::new(),
            of: 0,
            through: 0,
            rest: Plan::default(),
        }
    }

    /// Plans and makes it so, until a plan is empty.
    async fn run(&mut self) -> Result<(), Problem> {
        let mut rounds = 0;
        let mut last_change = None;
        let mut delays = FullJitter::for_readiness();
        loop {
            let phase = if rounds == 0 { Phase::Plan } else { Phase::Verify };
            self.rest = self.plan(phase).await?;
            let todo = self.tryable();
            if todo.is_empty() && (!self.failed.is_empty() || !self.rest.refused.is_empty() || self.rest.is_settled()) {
                return Ok(());
            }
            // What was made and still differs gets time to be seen; anything
            // else gets another round.
            let made: HashSet<String> = self.changed().into_iter().collect();
            let is_new = |change: &Change| !made.contains(&change.id) && !self.unchanged.contains(&change.id);
            if rounds < ROUNDS && todo.iter().any(is_new) {
                if self.caller.engine.stop.is_raised() {
                    return Err(Problem::of_target("asked to stop before its changes were made"));
                }
                if self.round(todo).await? == Round::Through {
                    rounds += 1;
                }
                last_change = Some(Instant::now());
                continue;
            }
            // What only waits for something else has nothing more to wait for.
            let Some(made) = last_change.filter(|_| !todo.is_empty()) else { return Ok(()) };
            let delay = delays.next().unwrap_or(VERIFY);
            // What there is no time left to look at is not looked at: the
            // last plan says what is left.
            if Instant::now() + delay >= (made + VERIFY).min(self.deadline) || self.caller.engine.stop.is_raised() {
                return Ok(());
            }
            self.caller.engine.stop.sleep(delay).await;
        }
    }

    /// The changes of the last plan but for those that failed, and those that
    /// require them.
    fn tryable(&mut self) -> Vec<Change> {
        let mut queue = Queue::new(self.rest.changes.clone());
        for id in self.failed.keys() {
            self.skipped.extend(queue.failed(id));
        }
        let mut todo = queue.into_left();
        todo.retain(|change| !self.failed.contains_key(&change.id));
        todo
    }

    /// Hands the changes over, batch by batch, each when all that it requires
    /// is done.
    async fn round(&mut self, todo: Vec<Change>) -> Result<Round, Problem> {
        (self.of, self.through) = (todo.len(), 0);
        let mut queue = Queue::new(todo);
        loop {
            let batch = queue.take();
            if batch.is_empty() {
                return match queue.left().next() {
                    None => Ok(Round::Through),
                    Some(id) => {
                        let plugin = self.plugin();
                        let text = format!("the plan of plugin `{plugin}` requires itself in a circle, as {id} does");
                        Err(Problem::of_target(text))
                    }
                };
            }
            if self.caller.engine.stop.is_raised() {
                return Err(Problem::of_target("asked to stop; what was not announced was not touched"));
            }
            if Instant::now() >= self.deadline {
                let limit = seconds(self.caller.target.timeout);
                let left = batch.len() + queue.left().count();
                let text = format!("not done within its timeout of {limit}: {left} changes were not begun");
                return Err(Problem::of_target(text));
            }
            let retry = self.hand_over(&batch).await?;
            self.through += batch.len();
            self.tell_how_far(0);
            if let Some((id, fault)) = retry {
                self.before_again(&id, &fault).await?;
                return Ok(Round::Again);
            }
            for change in &batch {
                if self.failed.contains_key(&change.id) {
                    self.skipped.extend(queue.failed(&change.id));
                } else {
                    queue.done(&change.id);
                }
            }
        }
    }

    /// Hands one batch over; answers with the change that asks for the
    /// longest pause before it is tried again.
    async fn hand_over(&mut self, changes: &[Change]) -> Result<Option<(String, Fault)>, Problem> {
        let of = |change: &Change| self.retries.get(&change.id).copied().unwrap_or(0);
        let attempt = 1 + changes.iter().map(of).max().unwrap_or(0);
        let broken = |error: hyhost_audit::AuditError| Problem::of_target(error.to_string());
        let session = Arc::new(self.caller.ensuring(changes.to_vec(), self.deadline, attempt).await.map_err(broken)?);
        self.state().at_work = changes.iter().map(|change| change.id.clone()).collect();
        let answer = self.with_signs_of_life(changes, &session).await;
        let results = match answer {
            Ok(results) => results,
            Err(trouble) => {
                let text = trouble.to_string();
                let all: Vec<_> = changes.iter().map(|_| (Outcome::Failed, Some(text.clone()))).collect();
                session.finish(all).map_err(broken)?;
                for change in changes {
                    self.failed.insert(change.id.clone(), format!("unknown: {text}"));
                }
                self.state().at_work.clear();
                return Ok(None);
            }
        };
        let again: Vec<bool> = changes
            .iter()
            .zip(&results)
            .map(|(change, result)| result.as_ref().is_err_and(|fault| self.may_retry(&change.id, fault)))
            .collect();
        let outcomes = results.iter().zip(&again).map(|(result, again)| match result {
            Ok(Done::Done) => (Outcome::Done, None),
            Ok(Done::Unchanged) => (Outcome::Unchanged, None),
            Err(fault) if *again => (Outcome::Again, Some(fault.to_string())),
            Err(fault) if fault.class == Class::Denied => (Outcome::Denied, Some(fault.to_string())),
            Err(fault) => (Outcome::Failed, Some(fault.to_string())),
        });
        let outcomes = session.finish(outcomes.collect()).map_err(broken)?;
        let mut pause: Option<(String, Fault)> = None;
        for ((change, result), outcome) in changes.iter().zip(results).zip(outcomes) {
            match (result, outcome) {
                (_, Outcome::Done) => self.state().changed.push(change.id.clone()),
                (Err(fault), Outcome::Again) => {
                    pause = Some(longest(pause, (change.id.clone(), fault), &self.retries));
                }
                (Err(fault), _) => {
                    self.failed.insert(change.id.clone(), fault.to_string());
                }
                (Ok(_), _) => {
                    self.unchanged.insert(change.id.clone());
                }
            }
        }
        self.state().at_work.clear();
        Ok(pause)
    }

    /// Calls `ensure`, and says now and then that it is still at work.
    async fn with_signs_of_life(
        &self,
        changes: &[Change],
        session: &Arc<Session>,
    ) -> Result<Vec<Result<Done, Fault>>, Trouble> {
        let began = Instant::now();
        let (mut said, mut reached) = (began, 0);
        self.tell_how_far(0);
        let mut work = std::pin::pin!(self.caller.plugin.ensure(Arc::clone(session), &self.caller.context, changes));
        loop {
            if let Ok(answer) = tokio::time::timeout(LOOK_IN, &mut work).await {
                return answer;
            }
            let now = session.reached();
            if now != reached {
                reached = now;
                self.tell_how_far(reached);
            }
            if said.elapsed() >= SIGN_OF_LIFE {
                said = Instant::now();
                self.caller.tell(&Progress::Working {
                    target: &self.caller.target.name,
                    object: changes.first().map_or("", |change| &change.id),
                    count: changes.len(),
                    since: began.elapsed(),
                });
            }
        }
    }

    /// `more`: changes of the batch under way that something was performed for.
    fn tell_how_far(&self, more: usize) {
        let made = (self.through + more).min(self.of);
        self.caller.tell(&Progress::Making { target: &self.caller.target.name, made, of: self.of });
    }

    /// Whether the fault of this change (or, with an empty id, of planning)
    /// may pass; counts the try.
    fn may_retry(&mut self, id: &str, fault: &Fault) -> bool {
        match fault.class {
            Class::NotReady => true,
            Class::Transient | Class::Conflict => {
                let retries = self.retries.entry(id.to_owned()).or_default();
                *retries += 1;
                *retries <= FullJitter::RETRIES
            }
            Class::Denied | Class::Invalid | Class::Failed => false,
        }
    }

    /// Waits before a next try: for the server where it is not ready, else by
    /// the number of the retry.
    async fn before_again(&mut self, what: &str, fault: &Fault) -> Result<(), Problem> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let over = format!("not done within its timeout of {}", seconds(self.caller.target.timeout));
        if left.is_zero() {
            // What was cut short by the end of the time says less than what
            // came before it.
            let reason = self.last_fault.take().unwrap_or_else(|| fault.to_string());
            return Err(Problem::of_target(format!("{over}: {reason}")));
        }
        self.last_fault = Some(fault.to_string());
        if fault.class == Class::NotReady {
            ready::until_ready(&self.caller, left, &over).await?;
            // A server that looks ready and is lost again and again.
            self.lost = (self.lost + 1).min(FullJitter::RETRIES);
            self.caller.engine.stop.sleep(FullJitter::before_retry(self.lost).min(left)).await;
            return Ok(());
        }
        let retry = self.retries.get(what).copied().unwrap_or(1);
        let delay = FullJitter::before_retry(retry).min(left);
        let (target, reason) = (self.caller.target.name.as_str(), fault.to_string());
        let shown = if what.is_empty() { "planning" } else { what };
        self.caller.tell(&Progress::Retrying { target, what: shown, reason: &reason, retry, delay });
        self.caller.engine.stop.sleep(delay).await;
        Ok(())
    }

    async fn plan(&mut self, phase: Phase) -> Result<Plan, Problem> {
        loop {
            self.caller.tell(&Progress::Planning { target: &self.caller.target.name, again: phase == Phase::Verify });
            let session = Arc::new(self.caller.reading(phase, self.deadline, 1));
            let fault = match self.caller.plugin.plan(Arc::clone(&session), &self.caller.context).await {
                Ok(Ok(mut plan)) => {
                    self.retries.remove("");
                    for refusal in within_grant(self.caller.target, &mut plan) {
                        self.record(&session, &refusal)?;
                    }
                    self.caller.tell(&Progress::Planned { target: &self.caller.target.name, plan: &plan });
                    return Ok(plan);
                }
                Ok(Err(fault)) => fault,
                Err(trouble) => return Err(Problem::of_target(trouble.to_string())),
            };
            if self.caller.engine.stop.is_raised() || !self.may_retry("", &fault) {
                return Err(Problem::of_target(fault.to_string()));
            }
            self.before_again("", &fault).await?;
        }
    }

    /// Puts a change that the grant refuses on record, once however often it
    /// is planned.
    fn record(&mut self, session: &Session, refusal: &Refusal) -> Result<(), Problem> {
        if !self.refused.insert(refusal.id.clone()) {
            return Ok(());
        }
        let written = session.record_refusal(&refusal.connection, "plan", &refusal.touches, &refusal.text);
        written.map_err(|error| Problem::of_target(error.to_string()))
    }

    fn changed(&self) -> Vec<String> {
        self.state().changed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plugin(&self) -> &str {
        &self.caller.plugin.manifest().name
    }

    /// What came of it all.
    fn end(self, mut report: TargetReport, problem: Option<Problem>) -> TargetReport {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let changed = self.changed();
        report.counts = Counts {
            changed: count(changed.len()),
            unchanged: count(self.unchanged.len()),
            failed: count(self.failed.len()),
            skipped: count(self.skipped.len()),
        };
        let mut problems: Vec<Problem> = Vec::new();
        let mut failed: Vec<_> = self.failed.iter().collect();
        failed.sort();
        problems.extend(failed.into_iter().map(|(id, text)| Problem::of(id, text)));
        let mut skipped: Vec<_> = self.skipped.iter().collect();
        skipped.sort();
        problems
            .extend(skipped.into_iter().map(|(id, cause)| Problem::of(id, format!("skipped, because {cause} failed"))));
        problems.extend(self.rest.refused.iter().map(|remark| Problem::of(&remark.id, &remark.text)));
        problems.extend(problem);
        if self.goal == Goal::Run && problems.is_empty() {
            problems.extend(self.rest.deferred.iter().map(|remark| Problem::of(&remark.id, &remark.text)));
            let differs = "still differs after it was made so; something else may be changing it";
            problems.extend(self.rest.changes.iter().map(|change| Problem::of(&change.id, differs)));
        }
        report.outcome = match (problems.is_empty(), changed.is_empty()) {
            (false, _) => Outcome::Failed,
            (true, false) => Outcome::Done,
            (true, true) => Outcome::Unchanged,
        };
        report.changed = changed;
        report.problems = problems;
        report.plan = self.rest;
        report
    }
}

/// Which of two faults asks for the longer pause: a server that is not ready,
/// else the one that was retried more often.
fn longest(other: Option<(String, Fault)>, this: (String, Fault), retries: &HashMap<String, u32>) -> (String, Fault) {
    let pause = |(id, fault): &(String, Fault)| {
        if fault.class == Class::NotReady { u32::MAX } else { retries.get(id).copied().unwrap_or(0) }
    };
    match other {
        Some(other) if pause(&other) >= pause(&this) => other,
        _ => this,
    }
}
