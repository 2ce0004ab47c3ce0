//! Memory of guests: what one store may have, and all of them together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::ResourceLimiterAsync;

/// The unit in which memory grows.
const PAGE: usize = 64 << 10;
/// The most elements of one table: functions that a guest can call indirectly.
const TABLE: usize = 200_000;
/// The most core instances, tables and memories of one store. Guests of some
/// languages are made of a dozen modules.
const INSTANCES: usize = 200;
const TABLES: usize = 200;
const MEMORIES: usize = 32;

/// Why the host stopped a guest, as the error that travels through its frames.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Stopped {
    #[error("the budget of computing time is used up")]
    Cpu,
    #[error("the limit of memory is reached")]
    Memory,
    #[error("the limit of memory of all plugins is reached")]
    TotalMemory,
    #[error("it asked for a table of {0} elements, and {TABLE} is the limit")]
    Table(usize),
    #[error("{0}")]
    Protocol(String),
}

/// What all stores of an engine may have together.
pub(crate) struct Total {
    pages: Semaphore,
    /// How long a guest waits for others to give memory back.
    patience: Duration,
}

impl Total {
    pub(crate) fn new(bytes: u64, patience: Duration) -> Self {
        let pages = usize::try_from(bytes).unwrap_or(usize::MAX) / PAGE;
        Self { pages: Semaphore::new(pages.min(Semaphore::MAX_PERMITS)), patience }
    }

    /// Takes so many pages; waits a little where others have them.
    async fn take(&self, pages: u32) -> Result<(), Stopped> {
        match tokio::time::timeout(self.patience, self.pages.acquire_many(pages)).await {
            Ok(Ok(permit)) => {
                permit.forget();
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(Stopped::TotalMemory),
        }
    }
}

/// What one store has.
pub(crate) struct Limiter {
    total: Arc<Total>,
    limit: usize,
    used: usize,
    held: usize,
}

impl Limiter {
    pub(crate) fn new(total: Arc<Total>, limit: u64) -> Self {
        Self { total, limit: usize::try_from(limit).unwrap_or(usize::MAX), used: 0, held: 0 }
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.total.pages.add_permits(self.held);
    }
}

#[async_trait::async_trait]
impl ResourceLimiterAsync for Limiter {
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current);
        if self.used.saturating_add(more) > self.limit {
            return Err(Stopped::Memory.into());
        }
        let pages = more.div_ceil(PAGE);
        self.total.take(u32::try_from(pages).unwrap_or(u32::MAX)).await?;
        self.held += pages;
        self.used += more;
        Ok(true)
    }

    async fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE {
            return Err(Stopped::Table(desired).into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn what_one_store_gives_back_another_can_have() {
        let total = Arc::new(Total::new(3 * MIB as u64, SOON));
        let mut first = Limiter::new(Arc::clone(&total), 2 * MIB as u64);
        let mut second = Limiter::new(Arc::clone(&total), 2 * MIB as u64);
        assert!(first.memory_growing(0, 2 * MIB, None).await.unwrap());
        assert!(second.memory_growing(0, MIB, None).await.unwrap());
        let error = second.memory_growing(MIB, 2 * MIB, None).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stopped::TotalMemory));
        let error = first.memory_growing(2 * MIB, 3 * MIB, None).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stopped::Memory));
        drop(first);
        assert!(second.memory_growing(MIB, 2 * MIB, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_growth_that_cannot_be_takes_nothing() {
        let total = Arc::new(Total::new(MIB as u64, SOON));
        let mut store = Limiter::new(Arc::clone(&total), MIB as u64);
        assert!(!store.memory_growing(0, 2 * PAGE, Some(PAGE)).await.unwrap());
        assert_eq!(total.pages.available_permits(), 16);
    }
}
