//! One server of a testbed, and what can be done to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::guard::{Guard, Guarded};
use crate::kafka;
use crate::minio::Minio;
use crate::opensearch::OpenSearch;
use crate::ports::{self, Port};
use crate::postgres::Postgres;
use crate::recipe::{HOST, Recipe};
use crate::seaweedfs::SeaweedFs;
use crate::{Error, Result, Server, client};

/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(30);
/// Lines of the log that an error shows.
const LOG_TAIL: usize = 40;

/// One server. All that is done to it may be done from any thread; its port,
/// data and passwords stay the same over stops and starts.
#[derive(Debug)]
pub struct Instance {
    server: Server,
    /// Its number within its cluster, from 1.
    node: u16,
    recipe: Box<dyn Recipe>,
    port: Port,
    log: PathBuf,
    guard: Arc<Guard>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Stopped,
    Running(Guarded),
    /// The testbed is gone; a late start must not bring the server back.
    Closed,
}

impl Instance {
    /// Installs a server where needed and sets it up: one instance per node.
    pub(crate) fn prepare(server: Server, port: Option<u16>, guard: &Arc<Guard>) -> Result<Vec<Instance>> {
        let directory = guard.directory().join(server.name());
        let port = ports::lease(port)?;
        let single = |port, recipe: Box<dyn Recipe>| vec![(port, recipe)];
        let nodes = match server {
            Server::Postgres => single(port, Box::new(Postgres::prepare(&directory)?)),
            Server::Minio => single(port, Box::new(Minio::prepare(&directory)?)),
            Server::Postgres15 => single(port, Box::new(Postgres::prepare_15(&directory)?)),
            Server::SeaweedFs => single(port, Box::new(SeaweedFs::prepare(&directory)?)),
            Server::OpenSearch => {
                let recipe = OpenSearch::prepare(&directory, port.number)?;
                single(port, Box::new(recipe))
            }
            Server::Kafka | Server::Kafka3 => kafka::prepare(&directory, server.nodes(), port)?,
        };
        let instance = |(node, (port, recipe))| {
            let name = if server.nodes() == 1 { server.to_string() } else { format!("{server}-{node}") };
            let log = guard.directory().join(format!("{name}.log"));
            Instance { server, node, recipe, port, log, guard: Arc::clone(guard), state: Mutex::new(State::Stopped) }
        };
        Ok((1..).zip(nodes).map(instance).collect())
    }

    /// Which server it is.
    pub fn server(&self) -> Server {
        self.server
    }

    /// Its number within its cluster, from 1; 1 where there is no cluster.
    pub fn node(&self) -> u16 {
        self.node
    }

    /// The host to dial: a name, since hyhost refuses addresses.
    pub fn host(&self) -> &'static str {
        HOST
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// The administrator's name.
    pub fn user(&self) -> &'static str {
        self.recipe.user()
    }

    /// The administrator's password, made anew for each testbed.
    pub fn password(&self) -> &str {
        self.recipe.password()
    }

    /// Where it writes all that it says, over all its starts.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// What its log holds; empty before its first start.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The server's process; none while it does not run.
    pub fn pid(&self) -> Option<u32> {
        match &*self.state() {
            State::Running(process) => Some(process.pid()),
            _ => None,
        }
    }

    /// The variables by which its usual clients, and the example documents,
    /// find it. Those of a cluster name all its nodes.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.recipe.env(self.port())
    }

    /// Starts it and waits until it answers. No effect while it runs.
    ///
    /// # Errors
    /// [`Error::NotReady`] with the end of its log when it ends or does not
    /// answer within a minute or two; [`Error::State`] once the testbed is gone.
    pub fn start(&self) -> Result<()> {
        let mut state = self.state();
        match &mut *state {
            State::Closed => {
                return Err(self.state_error("ended with its testbed", "keep the Testbed alive"));
            }
            State::Running(process) => {
                if process.ended()?.is_none() {
                    return Ok(());
                }
            }
            State::Stopped => {}
        }
        let log = || File::options().create(true).append(true).open(&self.log).map_err(Error::io("opening", &self.log));
        let mut command = self.recipe.command(&self.guard, self.port())?;
        let process = self.guard.start(command.stdout(Stdio::from(log()?)).stderr(Stdio::from(log()?)))?;
        *state = State::Running(self.until_ready(process)?);
        Ok(())
    }

    fn until_ready(&self, mut process: Guarded) -> Result<Guarded> {
        let limit = self.recipe.start_limit();
        let end = Instant::now() + limit;
        loop {
            let ready = self.recipe.is_ready(self.port());
            let what = match process.ended()? {
                // In this order: what answered on the port must still be ours.
                Some(status) => format!("ended with {status}"),
                None if ready => return Ok(process),
                None if Instant::now() >= end => {
                    format!("was not ready after {} s", limit.as_secs())
                }
                None => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
            };
            return Err(Error::NotReady {
                server: self.server().name(),
                port: self.port(),
                what,
                log: self.log.display().to_string(),
                tail: client::tail(&self.log(), LOG_TAIL),
            });
        }
    }

    /// Starts it on a thread of its own after a while, as a server that comes
    /// up late. Ends without effect when the testbed is gone before.
    pub fn start_after(self: &Arc<Self>, delay: Duration) -> JoinHandle<Result<()>> {
        let late = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(delay);
            late.start()
        })
    }

    /// Ends it in the orderly way: connections are closed, data is written.
    ///
    /// # Errors
    /// [`Error::Io`] when the process cannot be signalled.
    pub fn stop(&self) -> Result<()> {
        let (signal, limit) = self.recipe.orderly();
        self.take_down(State::Stopped, |process| process.end(signal, limit))
    }

    /// `kill -9`, as a crash would: returns when all its processes are gone.
    ///
    /// # Errors
    /// [`Error::Io`] when a process cannot be signalled.
    pub fn kill(&self) -> Result<()> {
        self.take_down(State::Stopped, Guarded::kill)
    }

    /// [`Instance::stop`], then [`Instance::start`]: the same port and data.
    ///
    /// # Errors
    /// Those of both.
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// Stops all its processes where they are (SIGSTOP): connections stay open
    /// and nothing answers, as when a machine hangs.
    ///
    /// # Errors
    /// [`Error::State`] when it does not run.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on after [`Instance::pause`].
    ///
    /// # Errors
    /// [`Error::State`] when it does not run.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, what: Signal) -> Result<()> {
        match &*self.state() {
            State::Running(process) => process.signal_all(what),
            _ => Err(self.state_error("not running", "start it before")),
        }
    }

    /// For the testbed's end: quick, without care for the data, and for good.
    pub(crate) fn close(&self) -> Result<()> {
        let signal = self.recipe.at_once();
        self.take_down(State::Closed, |process| process.end(signal, Duration::from_secs(2)))
    }

    fn take_down(&self, after: State, end: impl FnOnce(&mut Guarded) -> Result<()>) -> Result<()> {
        let mut state = self.state();
        let done = match &mut *state {
            State::Running(process) => end(process),
            State::Stopped => Ok(()),
            State::Closed => return Ok(()),
        };
        *state = after;
        done
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_error(&self, state: &'static str, hint: &'static str) -> Error {
        Error::State { server: self.server().name(), state, hint }
    }
}
