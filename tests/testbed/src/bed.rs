//! A testbed: some servers that live and end together.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::guard::Guard;
use crate::instance::Instance;
use crate::{Error, Result, Server, ports};

/// A server, and how it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Which.
    pub server: Server,
    /// Its port; a free one where none is named.
    pub port: Option<u16>,
    /// Whether it is started at once. Otherwise it is only set up, and comes up
    /// by [`Instance::start`] or [`Instance::start_after`].
    pub start: bool,
}

impl From<Server> for Order {
    fn from(server: Server) -> Order {
        Order { server, port: None, start: true }
    }
}

/// Servers that end with this value, or with this process.
#[derive(Debug)]
pub struct Testbed {
    instances: Vec<Arc<Instance>>,
    // Last, so that the servers are gone before their directory is removed.
    guard: Arc<Guard>,
}

impl Testbed {
    /// Installs the servers where needed, starts them side by side and waits
    /// until each one answers.
    ///
    /// # Errors
    /// The first failure; whatever was started is ended.
    pub fn up(servers: &[Server]) -> Result<Testbed> {
        let orders: Vec<Order> = servers.iter().copied().map(Order::from).collect();
        Testbed::with(&orders)
    }

    /// [`Testbed::up`], with the port and the time of the start in one's own hands.
    ///
    /// # Errors
    /// The first failure; whatever was started is ended.
    pub fn with(orders: &[Order]) -> Result<Testbed> {
        let guard = Guard::new()?;
        // Other accounts (Postgres' own, when we are root) must get through to
        // what is theirs; each server's directory is closed in itself.
        fs::set_permissions(guard.directory(), Permissions::from_mode(0o711))
            .map_err(Error::io("opening up", guard.directory()))?;
        let one = |order: &Order| -> Result<Arc<Instance>> {
            let instance = Instance::prepare(order.server, ports::lease(order.port)?, &guard)?;
            if order.start {
                instance.start()?;
            }
            Ok(Arc::new(instance))
        };
        let results: Vec<Result<Arc<Instance>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = orders.iter().map(|order| scope.spawn(|| one(order))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let instances = results.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(Testbed { instances, guard })
    }

    /// One of its servers.
    ///
    /// # Errors
    /// [`Error::Absent`] when the testbed was made without it.
    pub fn get(&self, server: Server) -> Result<&Arc<Instance>> {
        self.instances.iter().find(|instance| instance.server() == server).ok_or(Error::Absent(server.name()))
    }

    /// All its servers.
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// The variables of all its servers, see [`Instance::env`].
    pub fn env(&self) -> Vec<(&'static str, String)> {
        self.instances.iter().flat_map(|instance| instance.env()).collect()
    }

    /// A directory that is removed with the testbed; the servers' logs lie in
    /// it as `<name>.log`.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        for instance in &self.instances {
            // What cannot be ended here, the guard ends.
            let _ = instance.close();
        }
    }
}
