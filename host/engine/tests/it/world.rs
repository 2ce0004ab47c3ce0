//! A document, the built plugins, and a Postgres in memory.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use hyhost_audit::Audit;
use hyhost_backend::{Class, Fault};
use hyhost_config::{Options, Stack};
use hyhost_engine::{Engine, Goal, Progress, Report, RunInfo, Stop};
use hyhost_gate::Gate;
use hyhost_sandbox::{Limits, Plugin, Sandbox};
use hyhost_testing::{MemoryBackend, Store};
use serde_json::{Value, json};

pub struct World {
    pub sql: Arc<MemoryBackend>,
    pub stop: Stop,
    document: tempfile::TempDir,
    events: Arc<Mutex<Vec<Value>>>,
    /// What the observer heard: how many changes were made, of how many.
    pub made: Arc<Mutex<Vec<(usize, usize)>>>,
}

fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is not there: run `cargo xtask plugins`", path.display());
    path
}

fn plugins() -> Vec<Plugin> {
    // Compiling takes seconds in a debug build: once for all tests.
    static COMPILED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let paths = [built("postgres")];
    let compiled = COMPILED.get_or_init(|| {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        sandbox.compile(&paths, directory.path()).map_err(|errors| errors[0].to_string()).unwrap();
        directory
    });
    sandbox.load(&paths, &BTreeMap::new(), Some(compiled.path())).map_err(|errors| errors[0].to_string()).unwrap()
}

impl World {
    /// Targets on the connection `db`, whose password is the secret `p`.
    pub fn new(targets: &str) -> Self {
        let document = tempfile::tempdir().unwrap();
        let text = format!(
            "secrets: {{ p: {{ env: P }} }}\n\
             connections: {{ db: {{ sql: {{ host: db.test, user: admin, password: p }} }} }}\n\
             targets:\n{targets}"
        );
        std::fs::write(document.path().join("stack.yaml"), text).unwrap();
        Self {
            sql: Arc::new(MemoryBackend::new(hyhost_table::sql())),
            stop: Stop::default(),
            document,
            events: Arc::default(),
            made: Arc::default(),
        }
    }

    pub fn file(&self, name: &str, content: &str) {
        let path = self.document.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn load(&self, plugins: &[Plugin]) -> Stack {
        let options = Options {
            directory: self.document.path().to_owned(),
            environment: BTreeMap::from([("P".to_owned(), "a-password".to_owned())]),
            read_secrets: true,
            ..Options::default()
        };
        let manifests: Vec<_> = plugins.iter().map(|plugin| plugin.manifest().clone()).collect();
        hyhost_config::load(&options, &manifests).map_err(|mistakes| mistakes.to_string()).unwrap()
    }

    /// The targets of the document.
    pub fn targets(&self) -> Vec<hyhost_config::Target> {
        self.load(&plugins()).targets
    }

    pub async fn go(&self, goal: Goal) -> Report {
        self.go_on(goal, self.targets()).await
    }

    pub async fn go_on(&self, goal: Goal, targets: Vec<hyhost_config::Target>) -> Report {
        let plugins = plugins();
        let stack = self.load(&plugins);
        let events = Arc::clone(&self.events);
        events.lock().unwrap().clear();
        let sink: hyhost_audit::Sink = Box::new(move |event| {
            events.lock().unwrap().push(serde_json::to_value(event)?);
            Ok(())
        });
        let mut gate = Gate::new(Audit::new("run", vec![sink]));
        gate.connect("db", hyhost_table::sql(), Arc::clone(&self.sql) as _);
        gate.withhold(stack.connections["db"].secrets().iter().cloned());
        let heard = Arc::clone(&self.made);
        let engine = Engine {
            gate: Arc::new(gate),
            plugins: plugins.into_iter().map(|p| (p.manifest().name.clone(), Arc::new(p))).collect::<HashMap<_, _>>(),
            mentioned: stack.mentioned,
            stop: self.stop.clone(),
            observer: Box::new(move |progress| {
                if let Progress::Making { made, of, .. } = progress {
                    heard.lock().unwrap().push((*made, *of));
                }
            }),
        };
        Arc::new(engine).start(goal, targets, RunInfo::default()).await.unwrap()
    }

    pub async fn run(&self) -> Report {
        self.go(Goal::Run).await
    }

    pub fn store(&self) -> &Store {
        self.sql.store()
    }

    /// The events of the last run of this sort.
    pub fn events(&self, sort: &str) -> Vec<Value> {
        self.events.lock().unwrap().iter().filter(|event| event["event"] == sort).cloned().collect()
    }

    pub fn all_events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }
}

pub fn fault(class: Class) -> Fault {
    Fault::new(class, "made by the test")
}

/// How often the operation reached the server.
pub fn times(world: &World, operation: &str) -> usize {
    world.sql.names().iter().filter(|name| *name == operation).count()
}

/// A script makes a table, as far as the memory is concerned.
pub fn scripts_make_a_table(world: &World, schema: &'static str, table: &'static str) {
    world.sql.after("RunScript", move |store, performed| {
        let database = performed.args["database"].as_str().unwrap_or_default().to_owned();
        store.put("table", &[&database, schema, table], json!({ "owner": "o", "privileges": [] }));
    });
}
