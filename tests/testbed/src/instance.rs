//! One server of a testbed, and what can be done to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::guard::{Guard, Guarded};
use crate::minio::{self, Minio};
use crate::ports::Port;
use crate::postgres::{self, Postgres};
use crate::{Error, Result, Server, client};

/// How long a server may take to come up. Both take less than 2 s; a machine
/// that builds something beside them may need much more.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a server may take to end before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(30);
/// Lines of the log that an error shows.
const LOG_TAIL: usize = 15;

/// One server. All that is done to it may be done from any thread; its port,
/// data and passwords stay the same over stops and starts.
#[derive(Debug)]
pub struct Instance {
    recipe: Recipe,
    port: Port,
    log: PathBuf,
    guard: Arc<Guard>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum Recipe {
    Postgres(Postgres),
    Minio(Minio),
}

#[derive(Debug)]
enum State {
    Stopped,
    Running(Guarded),
    /// The testbed is gone; a late start must not bring the server back.
    Closed,
}

impl Instance {
    pub(crate) fn prepare(server: Server, port: Port, guard: &Arc<Guard>) -> Result<Instance> {
        let directory = guard.directory().join(server.name());
        let recipe = match server {
            Server::Postgres => Recipe::Postgres(Postgres::prepare(&directory)?),
            Server::Minio => Recipe::Minio(Minio::prepare(&directory)?),
        };
        let log = guard.directory().join(format!("{server}.log"));
        Ok(Instance { recipe, port, log, guard: Arc::clone(guard), state: Mutex::new(State::Stopped) })
    }

    /// Which server it is.
    pub fn server(&self) -> Server {
        match self.recipe {
            Recipe::Postgres(_) => Server::Postgres,
            Recipe::Minio(_) => Server::Minio,
        }
    }

    /// The host to dial: a name, since hyhost refuses addresses.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// The administrator's name.
    pub fn user(&self) -> &'static str {
        match self.recipe {
            Recipe::Postgres(_) => postgres::USER,
            Recipe::Minio(_) => minio::USER,
        }
    }

    /// The administrator's password, made anew for each testbed.
    pub fn password(&self) -> &str {
        match &self.recipe {
            Recipe::Postgres(postgres) => &postgres.password,
            Recipe::Minio(minio) => &minio.password,
        }
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
    /// find it.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let (host, port, user, password) = (self.host(), self.port(), self.user(), self.password());
        match self.recipe {
            Recipe::Postgres(_) => vec![
                ("PGHOST", host.into()),
                ("PGPORT", port.to_string()),
                ("PGUSER", user.into()),
                ("PGPASSWORD", password.into()),
                ("PGDATABASE", "postgres".into()),
                ("POSTGRES_HOST", host.into()),
                ("POSTGRES_PORT", port.to_string()),
                ("POSTGRES_USER", user.into()),
                ("POSTGRES_PASSWORD", password.into()),
            ],
            Recipe::Minio(_) => vec![
                ("MINIO_URL", format!("http://{host}:{port}")),
                ("MINIO_ROOT_USER", user.into()),
                ("MINIO_ROOT_PASSWORD", password.into()),
                ("MC_HOST_testbed", format!("http://{user}:{password}@{host}:{port}")),
                ("MC_CONFIG_DIR", self.guard.directory().join("mc").display().to_string()),
            ],
        }
    }

    /// Starts it and waits until it answers. No effect while it runs.
    ///
    /// # Errors
    /// [`Error::NotReady`] with the end of its log when it ends or does not
    /// answer within a minute; [`Error::State`] once the testbed is gone.
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
        let mut command = match &self.recipe {
            Recipe::Postgres(postgres) => postgres.command(&self.guard, self.port())?,
            Recipe::Minio(minio) => minio.command(&self.guard, self.port())?,
        };
        let process = self.guard.start(command.stdout(Stdio::from(log()?)).stderr(Stdio::from(log()?)))?;
        *state = State::Running(self.until_ready(process)?);
        Ok(())
    }

    fn until_ready(&self, mut process: Guarded) -> Result<Guarded> {
        let end = Instant::now() + START_LIMIT;
        loop {
            let ready = match &self.recipe {
                Recipe::Postgres(postgres) => postgres.is_ready(self.port()),
                Recipe::Minio(minio) => minio.is_ready(self.port()),
            };
            let what = match process.ended()? {
                // In this order: what answered on the port must still be ours.
                Some(status) => format!("ended with {status}"),
                None if ready => return Ok(process),
                None if Instant::now() >= end => {
                    format!("was not ready after {} s", START_LIMIT.as_secs())
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
        self.take_down(State::Stopped, |process, orderly| process.end(orderly, STOP_LIMIT))
    }

    /// `kill -9`, as a crash would: returns when all its processes are gone.
    ///
    /// # Errors
    /// [`Error::Io`] when a process cannot be signalled.
    pub fn kill(&self) -> Result<()> {
        self.take_down(State::Stopped, |process, _| process.kill())
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
        // QUIT and not KILL: Postgres then gives its shared memory back.
        self.take_down(State::Closed, |process, _| process.end(Signal::QUIT, Duration::from_secs(2)))
    }

    fn take_down(&self, after: State, end: impl FnOnce(&mut Guarded, Signal) -> Result<()>) -> Result<()> {
        let orderly = match self.recipe {
            Recipe::Postgres(_) => Signal::INT,
            Recipe::Minio(_) => Signal::TERM,
        };
        let mut state = self.state();
        let done = match &mut *state {
            State::Running(process) => end(process, orderly),
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
