//! A testbed: some servers that live and end together.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::guard::Guard;
use crate::instance::Instance;
use crate::{Error, Result, Server};

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
        let one = |order: &Order| -> Result<Vec<Arc<Instance>>> {
            let instances = Instance::prepare(order.server, order.port, &guard)?;
            let instances: Vec<Arc<Instance>> = instances.into_iter().map(Arc::new).collect();
            if order.start {
                // All nodes of a cluster at once: none is ready without the others.
                side_by_side(&instances, |instance| instance.start())?;
            }
            Ok(instances)
        };
        let instances = side_by_side(orders, one)?.into_iter().flatten().collect();
        Ok(Testbed { instances, guard })
    }

    /// One of its servers; of a cluster, the first node.
    ///
    /// # Errors
    /// [`Error::Absent`] when the testbed was made without it.
    pub fn get(&self, server: Server) -> Result<&Arc<Instance>> {
        self.instances.iter().find(|instance| instance.server() == server).ok_or(Error::Absent(server.name()))
    }

    /// One node of a cluster, counted from 1.
    ///
    /// # Errors
    /// [`Error::Absent`] when the testbed was made without it.
    pub fn node(&self, server: Server, node: u16) -> Result<&Arc<Instance>> {
        let mut found = self.instances.iter().filter(|instance| instance.server() == server);
        found.find(|instance| instance.node() == node).ok_or(Error::Absent(server.name()))
    }

    /// All its servers; of a cluster, all its nodes.
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// The variables of all its servers, see [`Instance::env`].
    pub fn env(&self) -> Vec<(&'static str, String)> {
        // Each node of a cluster would tell of the whole cluster.
        self.instances.iter().filter(|instance| instance.node() == 1).flat_map(|instance| instance.env()).collect()
    }

    /// A directory that is removed with the testbed; the servers' logs lie in
    /// it as `<name>.log`.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }
}

/// Does the same with each at once, and waits for all.
fn side_by_side<T: Sync, R: Send>(all: &[T], one: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let results: Vec<Result<R>> = std::thread::scope(|scope| {
        let threads: Vec<_> = all.iter().map(|each| scope.spawn(|| one(each))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect()
}

impl Drop for Testbed {
    fn drop(&mut self) {
        // At once: an end may take a moment. What cannot be ended here, the guard ends.
        let _ = side_by_side(&self.instances, |instance| instance.close());
    }
}
