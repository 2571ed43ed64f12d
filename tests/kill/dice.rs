//! Draws that depend on the seed alone.

use origin_exchange::time::{Random, SeededRandom};
use std::time::Duration;

pub(crate) struct Dice(SeededRandom);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    pub(crate) fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes).unwrap();
        u64::from_be_bytes(bytes) % end
    }

    /// A time below so many milliseconds.
    pub(crate) fn moment(&self, longest: u64) -> Duration {
        Duration::from_millis(self.below(longest))
    }

    pub(crate) fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}
