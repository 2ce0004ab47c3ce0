//! How long to wait before the next try.

use std::time::Duration;

/// Full jitter: each delay is drawn evenly from nothing to the doubled bound,
/// so that many runs that failed at once do not come back at once.
///
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug, Clone)]
pub struct FullJitter {
    bound: Duration,
    cap: Duration,
    left: Option<u32>,
}

impl FullJitter {
    /// For retries of a change: five, from 250 ms to 8 s.
    pub const RETRIES: u32 = 5;

    /// Delays of at most `base`, then twice that, … but never over `cap`, as
    /// long as somebody asks.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { bound: base, cap, left: None }
    }

    /// The delays between the tries of one change.
    pub fn for_changes() -> Self {
        Self { left: Some(Self::RETRIES), ..Self::new(Duration::from_millis(250), Duration::from_secs(8)) }
    }

    /// The delays between two looks at a server that is not ready.
    pub fn for_readiness() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(5))
    }

    /// The delay before the `retry`th retry of a change, from 1.
    pub fn before_retry(retry: u32) -> Duration {
        Self::for_changes().nth(retry.saturating_sub(1) as usize).unwrap_or(Duration::from_secs(8))
    }
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let bound = self.bound.min(self.cap);
        self.bound = (self.bound * 2).min(self.cap);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Some(Duration::from_nanos(fastrand::u64(..=nanos)))
    }
}

impl backon::BackoffBuilder for FullJitter {
    type Backoff = Self;

    fn build(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_over_its_bounds_and_not_all_the_same() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let delays: Vec<_> = FullJitter::for_changes().collect();
            assert_eq!(delays.len(), 5);
            for (delay, bound) in delays.iter().zip([250, 500, 1_000, 2_000, 4_000]) {
                assert!(*delay <= Duration::from_millis(bound), "{delay:?} > {bound} ms");
            }
            seen.insert(delays[4]);
        }
        assert!(seen.len() > 150);
    }

    #[test]
    fn waits_for_readiness_without_end_but_capped() {
        let delays: Vec<_> = FullJitter::for_readiness().take(1_000).collect();
        assert!(delays.iter().all(|d| *d <= Duration::from_secs(5)));
    }
}
