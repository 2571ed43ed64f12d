//! How much load there is, and which of it counts.

use super::figure::{Calls, rate};
use crate::cli::console::Failure;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Load before the window begins: connections, caches and batches find their size.
const WARM_UP: Duration = Duration::from_secs(1);

/// Shared by everybody who makes load.
#[derive(Debug)]
pub(super) struct Pace {
    from: Instant,
    until: Option<Instant>,
    left: AtomicU64,
}

impl Pace {
    /// As much as goes within a window that begins after the warm-up.
    pub(super) fn within(window: Duration) -> Self {
        let from = Instant::now() + WARM_UP;
        Self { from, until: Some(from + window), left: AtomicU64::new(u64::MAX) }
    }

    /// So many, all of which count.
    pub(super) fn count(count: u64) -> Self {
        Self { from: Instant::now(), until: None, left: AtomicU64::new(count) }
    }

    /// How many of `most` may be asked for now; 0 is the end.
    pub(super) fn take(&self, most: u64) -> u64 {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return 0;
        }
        let taken = |left: u64| Some(left.saturating_sub(most));
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).map_or(0, |left| left.min(most))
    }

    fn counts(&self, at: Instant) -> bool {
        at >= self.from && self.until.is_none_or(|until| at < until)
    }
}

/// What one of them, or all, got done.
#[derive(Debug)]
pub(super) struct Tally {
    /// Done within the window.
    pub(super) done: u64,
    /// How long each call took.
    pub(super) calls: Calls,
}

impl Tally {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { done: 0, calls: Calls::none()? })
    }

    /// Notes an answer that came now to a call begun at `begun`.
    pub(super) fn note(&mut self, pace: &Pace, begun: Instant, done: u64) {
        let now = Instant::now();
        if pace.counts(now) {
            self.done += done;
            self.calls.note(now - begun);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.calls.add(&other.calls);
    }

    /// How many a second.
    pub(super) fn rate(&self, window: Duration) -> f64 {
        rate(self.done, window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_given_out_to_the_last_and_not_beyond() {
        let pace = Pace::count(100);
        assert_eq!([pace.take(64), pace.take(64), pace.take(64)], [64, 36, 0]);
    }

    #[test]
    fn what_comes_during_the_warm_up_does_not_count() {
        let pace = Pace::within(Duration::from_mins(1));
        let mut tally = Tally::new().unwrap();
        tally.note(&pace, Instant::now(), 64);
        assert_eq!(tally.done, 0);
    }
}
