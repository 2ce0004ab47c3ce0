//! How long to wait before the next try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Full jitter over an exponential backoff: each delay is drawn evenly from
/// nothing to the doubled bound, so that many runs that failed at once do not
/// come back at once.
///
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug)]
pub struct FullJitter(ExponentialBackoff);

impl FullJitter {
    /// How often a change is retried.
    pub const RETRIES: u32 = 5;

    /// For retries of a change: five, from 250 ms to 8 s.
    pub fn for_changes() -> Self {
        let bounds = exponential(Duration::from_millis(250), Duration::from_secs(8));
        Self(bounds.with_max_times(Self::RETRIES as usize).build())
    }

    /// Between two looks at a server that is not ready: as long as somebody
    /// asks, at most 5 s.
    pub fn for_readiness() -> Self {
        Self(exponential(Duration::from_millis(200), Duration::from_secs(5)).without_max_times().build())
    }

    /// The delay before the `retry`th retry of a change, from 1.
    pub fn before_retry(retry: u32) -> Duration {
        Self::for_changes().nth(retry.saturating_sub(1) as usize).unwrap_or(Duration::from_secs(8))
    }
}

fn exponential(base: Duration, cap: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default().with_factor(2.0).with_min_delay(base).with_max_delay(cap)
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let bound = self.0.next()?;
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Some(Duration::from_nanos(fastrand::u64(..=nanos)))
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
