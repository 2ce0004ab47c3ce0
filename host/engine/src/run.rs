//! All targets of a run, in the order of their needs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use hyhost_audit::{AuditError, Counts, Outcome, What};
use hyhost_config::Target;
use hyhost_gate::Gate;
use hyhost_sandbox::Plugin;
use hyhost_table::{Plan, Touch};
use tokio::sync::watch;

use crate::{Problem, Progress, Report, Stop, TargetReport, work};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Make it so.
    Run,
    /// Say what there is to do.
    Plan,
    /// Wait until the servers are ready, and nothing else. No target comes
    /// after another: nothing is made that one of them could need.
    Wait,
}

/// What the first event of a run says of it.
#[derive(Debug, Clone, Default)]
pub struct RunInfo {
    /// hyhost's version.
    pub version: String,
    /// The digest of the documents.
    pub documents: String,
    /// Who runs it.
    pub actor: Option<String>,
    /// Which revision of the documents.
    pub revision: Option<String>,
    /// Where.
    pub host: Option<String>,
}

/// Everything that the targets of a run share.
pub struct Engine {
    /// The one way to the servers.
    pub gate: Arc<Gate>,
    /// The loaded plugins, by manifest name.
    pub plugins: HashMap<String, Arc<Plugin>>,
    /// Every name that the documents mention, by connection.
    pub mentioned: BTreeMap<String, Vec<Touch>>,
    /// Raised on SIGTERM.
    pub stop: Stop,
    /// Gets signs of life.
    pub observer: Box<dyn Fn(&Progress<'_>) + Send + Sync>,
}

impl Engine {
    /// Runs or plans these targets, or waits for their servers.
    ///
    /// # Errors
    /// The record cannot be kept. Whatever else fails stands in the report.
    pub async fn start(self: Arc<Self>, goal: Goal, targets: Vec<Target>, info: RunInfo) -> Result<Report, AuditError> {
        let started = Instant::now();
        if goal == Goal::Run {
            self.gate.audit().emit(What::RunStarted {
                version: info.version,
                documents: info.documents,
                actor: info.actor,
                revision: info.revision,
                host: info.host,
                targets: targets.iter().map(|target| target.name.clone()).collect(),
            })?;
            self.gate.audit().acknowledged().await?;
        }
        let reports = Arc::clone(&self).all(goal, targets).await;
        let mut report = Report {
            record: None,
            counts: reports.iter().fold(Counts::default(), |mut sum, target| {
                sum += target.counts;
                sum
            }),
            targets: reports,
            interrupted: self.stop.is_raised(),
            duration: started.elapsed(),
        };
        if goal == Goal::Run {
            let ok = report.targets.iter().filter(|target| target.is_ok()).count();
            let ended = self.gate.audit().emit(What::RunEnded {
                outcome: match (report.is_ok(), report.counts.changed) {
                    (false, _) => Outcome::Failed,
                    (true, 0) => Outcome::Unchanged,
                    (true, _) => Outcome::Done,
                },
                counts: report.counts,
                targets_ok: u32::try_from(ok).unwrap_or(u32::MAX),
                targets_failed: u32::try_from(report.targets.len() - ok).unwrap_or(u32::MAX),
                duration_ms: millis(report.duration),
                interrupted: report.interrupted,
            });
            // The report must still reach whoever reads stderr.
            let kept = match ended {
                Ok(()) => self.gate.audit().acknowledged().await,
                Err(error) => Err(error),
            };
            report.record = kept.err().map(|error| error.to_string());
        }
        self.gate.close().await;
        Ok(report)
    }

    /// One task per target; each waits for those that it comes after.
    async fn all(self: Arc<Self>, goal: Goal, targets: Vec<Target>) -> Vec<TargetReport> {
        let ended: HashMap<String, watch::Sender<Option<bool>>> =
            targets.iter().map(|target| (target.name.clone(), watch::Sender::new(None))).collect();
        let ended = Arc::new(ended);
        let mut tasks = Vec::new();
        for target in targets {
            let (engine, ended, target) = (Arc::clone(&self), Arc::clone(&ended), Arc::new(target));
            let blank = TargetReport::blank(&target);
            let name = target.name.clone();
            let task = tokio::spawn({
                let ended = Arc::clone(&ended);
                async move {
                    let report = engine.one(goal, &target, &ended).await;
                    if let Some(sender) = ended.get(&target.name) {
                        sender.send_replace(Some(report.is_ok()));
                    }
                    report
                }
            });
            tasks.push((name, ended, blank, task));
        }
        let mut reports = Vec::with_capacity(tasks.len());
        for (name, ended, blank, task) in tasks {
            reports.push(task.await.unwrap_or_else(|_| {
                // A panic of ours must not let those who wait hang.
                if let Some(sender) = ended.get(&name) {
                    sender.send_replace(Some(false));
                }
                blank.failed(Problem::of_target("hyhost itself failed here: please report it with what stands above"))
            }));
        }
        reports
    }

    async fn one(
        &self,
        goal: Goal,
        target: &Arc<Target>,
        ended: &HashMap<String, watch::Sender<Option<bool>>>,
    ) -> TargetReport {
        let mut report = TargetReport::blank(target);
        let mut failed = Vec::new();
        let after: &[String] = if goal == Goal::Wait { &[] } else { &target.after };
        for name in after {
            let Some(sender) = ended.get(name) else { continue };
            let ok = match sender.subscribe().wait_for(Option::is_some).await {
                Ok(value) => *value == Some(true),
                Err(_) => false,
            };
            if !ok {
                failed.push(name.as_str());
            }
        }
        let plugin = self.plugins.get(&target.plugin);
        if failed.is_empty() {
            report = match (plugin, self.stop.is_raised()) {
                (_, true) => report.skipped(Problem::of_target("hyhost was asked to stop before its turn came")),
                (None, _) => {
                    let text = format!("plugin `{}` is not loaded", target.plugin);
                    report.failed(Problem::of_target(text))
                }
                (Some(plugin), _) => {
                    let mut cut_off = report.clone();
                    let made = work::Made::default();
                    let work = work::target(self, goal, target, plugin, &made);
                    let done = self.stop.bound(work).await;
                    done.unwrap_or_else(|| {
                        let text = "interrupted: hyhost was asked to stop while this target was at work";
                        let work::State { changed, at_work } =
                            made.into_inner().unwrap_or_else(PoisonError::into_inner);
                        cut_off.counts.changed = u32::try_from(changed.len()).unwrap_or(u32::MAX);
                        cut_off.changed = changed;
                        let unknown = "was under way when hyhost was asked to stop: what came of it is not known";
                        cut_off.problems.extend(at_work.into_iter().map(|object| Problem::of(object, unknown)));
                        cut_off.failed(Problem::of_target(text))
                    })
                }
            };
        } else {
            let text = format!("skipped, because it comes after `{}`, which failed", failed.join("`, `"));
            report = report.skipped(Problem::of_target(text));
        }
        for slot in &target.slots {
            if let Some(account) = self.gate.account(&slot.connection) {
                report.accounts.push((slot.connection.clone(), account));
            }
        }
        if goal == Goal::Run
            && let Err(error) = self.record_end(&report, target, plugin)
        {
            report = report.failed(Problem::of_target(error.to_string()));
        }
        (self.observer)(&Progress::Ended { report: &report });
        report
    }

    fn record_end(
        &self,
        report: &TargetReport,
        target: &Target,
        plugin: Option<&Arc<Plugin>>,
    ) -> Result<(), AuditError> {
        let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        self.gate.audit().emit(What::TargetEnded {
            target: target.name.clone(),
            plugin: target.plugin.clone(),
            digest: plugin.map(|plugin| plugin.digest().to_owned()).unwrap_or_default(),
            outcome: report.outcome,
            counts: report.counts,
            extras: report.plan.extras.iter().map(|extra| format!("{}: {}", extra.id, extra.text)).collect(),
            ready_ms: millis(report.ready),
            work_ms: millis(report.work),
            message: (!problems.is_empty()).then(|| problems.join("; ")),
        })
    }
}

impl TargetReport {
    pub(crate) fn blank(target: &Target) -> Self {
        Self {
            name: target.name.clone(),
            place: target.place.clone(),
            outcome: Outcome::Unchanged,
            counts: Counts::default(),
            plan: Plan::default(),
            changed: Vec::new(),
            problems: Vec::new(),
            accounts: Vec::new(),
            ready: std::time::Duration::ZERO,
            work: std::time::Duration::ZERO,
        }
    }

    pub(crate) fn failed(mut self, problem: Problem) -> Self {
        self.outcome = Outcome::Failed;
        self.problems.push(problem);
        self
    }

    fn skipped(mut self, problem: Problem) -> Self {
        self.outcome = Outcome::Skipped;
        self.problems.push(problem);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
