//! `run`, `plan` and `wait`.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use hyhost_audit::{Audit, Sink};
use hyhost_backend::Backend;
use hyhost_config::{Connection, How, Stack};
use hyhost_engine::{Engine, Goal, Report, RunInfo, Stop};
use hyhost_gate::Gate;

use crate::args::{Common, Plan, Work};
use crate::commands::{CHANGES, FAILED, OK, TERMINATED};
use crate::load::{Loaded, Unusable};
use crate::output::run::Destroyed;
use crate::{load, output};

/// `hyhost run`.
pub(crate) fn run(common: &Common, args: &Work) -> anyhow::Result<u8> {
    work(common, args, Goal::Run, false)
}

/// `hyhost plan`.
pub(crate) fn plan(common: &Common, args: &Plan) -> anyhow::Result<u8> {
    work(common, &args.work, Goal::Plan, args.strict)
}

/// `hyhost wait`.
pub(crate) fn wait(common: &Common, args: &Work) -> anyhow::Result<u8> {
    work(common, args, Goal::Wait, false)
}

fn work(common: &Common, args: &Work, goal: Goal, strict: bool) -> anyhow::Result<u8> {
    let loaded = match load::work(args) {
        Ok(loaded) => loaded,
        Err(Unusable::Mistakes(mistakes)) => {
            output::mistakes(common, &mistakes);
            return Ok(FAILED);
        }
        Err(Unusable::Error(error)) => return Err(error),
    };
    output::notes(common, &loaded.stack.notes);
    // Each poll of the timers comes after one task: a guest that spins must
    // not hold up anybody's time limit.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .event_interval(1)
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let destroyed = Arc::new(Destroyed::default());
    let report = runtime.block_on(at_work(common, loaded, goal, Arc::clone(&destroyed)))?;
    match goal {
        Goal::Run => output::run::summary(common, &report, &destroyed),
        Goal::Plan => output::plan::print(common, &report, strict)?,
        Goal::Wait => output::wait::print(common, &report)?,
    }
    // A guest or a server that does not end must not hold up the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(code(goal, &report, strict))
}

fn code(goal: Goal, report: &Report, strict: bool) -> u8 {
    let extras = || report.targets.iter().any(|target| !target.plan.extras.is_empty());
    match goal {
        _ if report.interrupted => TERMINATED,
        _ if !report.is_ok() => FAILED,
        Goal::Plan if !report.is_settled() || (strict && extras()) => CHANGES,
        _ => OK,
    }
}

async fn at_work(common: &Common, loaded: Loaded, goal: Goal, destroyed: Arc<Destroyed>) -> anyhow::Result<Report> {
    let Loaded { sandbox, plugins, stack } = loaded;
    let run = output::run_id();
    let human = output::is_human(common);
    let shown: Sink = Box::new(move |event| {
        destroyed.count(event);
        if human { output::run::for_people(event) } else { output::run::json_line(event) }
    });
    let sinks = if goal == Goal::Run { vec![shown] } else { Vec::new() };
    let gate = gate(&stack, Audit::new(run, sinks))?;
    let stop = Stop::default();
    listen(stop.clone())?;
    let targets: Vec<String> = stack.targets.iter().map(|target| target.name.clone()).collect();
    let engine = Engine {
        gate: Arc::new(gate),
        plugins: plugins.into_iter().map(|p| (p.manifest().name.clone(), Arc::new(p))).collect::<HashMap<_, _>>(),
        mentioned: stack.mentioned,
        stop,
        observer: output::progress::observer(common, goal, &targets),
    };
    let info = RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        documents: stack.digest,
        actor: std::env::var("HYHOST_ACTOR").ok(),
        revision: std::env::var("HYHOST_REVISION").ok(),
        host: std::env::var("HOSTNAME")
            .ok()
            .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned())),
    };
    let report = Arc::new(engine).start(goal, stack.targets, info).await;
    output::live::end();
    drop(sandbox);
    Ok(report?)
}

/// Opens a client for each connection; nothing is dialled yet.
fn gate(stack: &Stack, audit: Audit) -> anyhow::Result<Gate> {
    let mut gate = Gate::new(audit);
    for connection in stack.connections.values() {
        let backend =
            backend(connection).with_context(|| format!("connection `{}` ({})", connection.name, connection.place))?;
        let table =
            connection.table().with_context(|| format!("capability `{}` has no table", connection.capability()))?;
        gate.connect(connection.name.clone(), table, backend);
        gate.withhold(connection.secrets().iter().cloned());
    }
    Ok(gate)
}

/// The one line that a new backend needs.
fn backend(connection: &Connection) -> anyhow::Result<Arc<dyn Backend>> {
    Ok(match &connection.how {
        How::Sql(sql) => Arc::new(hyhost_backend_sql::connect(&connection.name, sql)),
        How::S3(s3) => Arc::new(hyhost_backend_s3::connect(&connection.name, s3)?),
        How::Kafka(kafka) => Arc::new(hyhost_backend_kafka::connect(&connection.name, kafka)?),
        How::Http(http) => Arc::new(hyhost_backend_http::connect(&connection.name, http)?),
    })
}

/// Raises the flag on SIGTERM and Ctrl-C; a second one ends at once.
fn listen(stop: Stop) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).context("SIGTERM cannot be listened for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be listened for")?;
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            if !first {
                output::live::end();
                std::process::exit(TERMINATED.into());
            }
            output::note("asked to stop: nothing new is started, what runs gets a few seconds");
            stop.raise();
        }
    });
    Ok(())
}
