//! A target of the plugin `hostile`, on a server in memory, behind the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use hyhost_audit::Audit;
use hyhost_backend::Fault;
use hyhost_config::{Grant, KindGrant, Place, PluginRule, Secret, Slot, Target};
use hyhost_gate::{Gate, Phase, Session, SessionParts};
use hyhost_sandbox::{Context, Done, Limits, Plugin, Readiness, Sandbox, Trouble};
use hyhost_table::{Change, Pattern, Plan, Verb};
use hyhost_testing::MemoryBackend;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The secret that the target may use, and one that it may not.
pub const OWN: &str = "a-planted-secret";
pub const FOREIGN: &str = "another-planted-secret";

/// What one call may compute here: more than a sound one ever needs, and soon
/// over.
pub const CPU: Duration = Duration::from_millis(500);
pub const MEMORY: u64 = 48 << 20;

/// The component that an example of `tests/guests` is built to.
pub fn guest(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/built").join(format!("{name}.wasm"));
    assert!(built.is_file(), "{} is not there: run `cargo xtask plugins`", built.display());
    built
}

pub fn limits() -> Limits {
    Limits { memory: MEMORY, total_memory: 32 * MEMORY, cpu: CPU, ..Limits::default() }
}

pub fn load(limits: Limits, name: &str) -> Result<Plugin, String> {
    // Compiling takes seconds in a debug build: once for all tests.
    static COMPILED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let sandbox = Sandbox::new(limits).unwrap();
    let compiled = COMPILED.get_or_init(|| {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        sandbox.compile(&[guest("hostile")], directory.path()).unwrap();
        directory
    });
    let plugins = sandbox.load(&[guest(name)], &BTreeMap::<String, PluginRule>::new(), Some(compiled.path()));
    plugins.map(|mut plugins| plugins.remove(0)).map_err(|errors| errors[0].to_string())
}

pub struct World {
    pub plugin: Plugin,
    pub gate: Arc<Gate>,
    pub server: Arc<MemoryBackend>,
    pub events: Arc<Mutex<Vec<Value>>>,
    pub time: Duration,
}

impl World {
    pub fn new() -> Self {
        Self::with(limits())
    }

    pub fn with(limits: Limits) -> Self {
        let plugin = load(limits, "hostile").unwrap();
        let server = Arc::new(MemoryBackend::new(hyhost_table::sql()));
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let audit = Audit::new(
            "run",
            vec![Box::new(move |event| {
                sink.lock().unwrap().push(serde_json::to_value(event)?);
                Ok(())
            })],
        );
        let mut gate = Gate::new(audit);
        gate.connect("main-db", hyhost_table::sql(), Arc::clone(&server) as _);
        Self { plugin, gate: Arc::new(gate), server, events, time: Duration::from_secs(20) }
    }

    fn parts(&self, desired: Value) -> SessionParts {
        let kind = KindGrant {
            verbs: BTreeMap::from([(Verb::Write, BTreeSet::from([Pattern::of_segments(["ok_*"])]))]),
            attributes: BTreeSet::new(),
        };
        let target = Target {
            name: "app".into(),
            plugin: "hostile".into(),
            slots: vec![Slot { name: "db".into(), capability: "sql".into(), connection: "main-db".into() }],
            after: Vec::new(),
            desired,
            grant: Grant { connections: BTreeMap::from([("main-db".into(), BTreeMap::from([("role".into(), kind)]))]) },
            secrets: BTreeSet::from([("app_db".into(), "sql.password".into())]),
            vault: BTreeMap::from([
                ("app_db".into(), Secret::new("app_db", OWN)),
                ("root_pw".into(), Secret::new("root_pw", FOREIGN)),
            ]),
            prune: Vec::new(),
            exact: false,
            directories: BTreeMap::new(),
            timeout: Duration::from_secs(60),
            ready_timeout: Duration::from_secs(60),
            place: Place { file: "stack.yaml".into(), line: 1, column: 1 },
        };
        let deadline = Instant::now() + self.time;
        SessionParts { target: Arc::new(target), plugin: self.plugin.id(), deadline, attempt: 1 }
    }

    fn asks(&self, desired: &Value) -> (SessionParts, Context) {
        (self.parts(desired.clone()), Context { desired: desired.clone(), ..Context::default() })
    }

    pub async fn probe(&self, desired: Value) -> Result<Result<Readiness, Fault>, Trouble> {
        let (parts, context) = self.asks(&desired);
        self.plugin.probe(Arc::new(self.gate.reading(parts, Phase::Probe)), &context).await
    }

    pub async fn plan(&self, desired: Value) -> Result<Result<Plan, Fault>, Trouble> {
        let (parts, context) = self.asks(&desired);
        self.plugin.plan(Arc::new(self.gate.reading(parts, Phase::Plan)), &context).await
    }

    pub async fn ensure(
        &self,
        desired: Value,
        changes: &[Change],
    ) -> (Result<Vec<Result<Done, Fault>>, Trouble>, Arc<Session>) {
        let (parts, context) = self.asks(&desired);
        let session = Arc::new(self.gate.ensuring(parts, changes.to_vec()).await.unwrap());
        (self.plugin.ensure(Arc::clone(&session), &context, changes).await, session)
    }

    /// The whole of one call, for what may happen in any of them.
    pub async fn call(&self, call: &str, does: &str) -> Result<Result<(), Fault>, Trouble> {
        let desired = json!({ "in": call, "does": does });
        match call {
            "probe" => Ok(self.probe(desired).await?.map(drop)),
            "plan" => Ok(self.plan(desired).await?.map(drop)),
            _ => {
                let changes = self.planned(json!({})).await;
                Ok(self.ensure(desired, &changes).await.0?.into_iter().collect::<Result<Vec<_>, _>>().map(drop))
            }
        }
    }

    /// The changes of a sound plan.
    pub async fn planned(&self, desired: Value) -> Vec<Change> {
        self.plan(desired).await.unwrap().unwrap().changes
    }

    /// The events of this kind.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        self.events.lock().unwrap().iter().filter(|event| event["event"] == kind).cloned().collect()
    }

    pub fn assert_untouched(&self, of: &str) {
        assert_eq!(self.server.store().snapshot(), json!({}), "{of}");
        let wrote = self.server.names().into_iter().find(|name| !name.starts_with("Read"));
        assert_eq!(wrote, None, "{of}");
        let said = self.events.lock().unwrap().iter().map(Value::to_string).collect::<String>();
        assert!(!said.contains(OWN) && !said.contains(FOREIGN), "{of}: a secret is on record");
    }
}
