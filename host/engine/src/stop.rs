//! Being asked to stop.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

/// How long what runs may go on after somebody asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A flag that is raised once: start nothing new, end soon.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks everybody to stop.
    pub fn raise(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when somebody asked.
    pub async fn raised(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|raised| *raised).await;
    }

    /// Sleeps, but not on after somebody asked.
    pub async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.raised() => {}
        }
    }

    /// The work's result, or `None` if it was not there a few seconds after
    /// somebody asked to stop.
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let too_late = async {
            self.raised().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            result = work => Some(result),
            () = too_late => None,
        }
    }
}
