//! Chance from a seed, and what happens when.

use std::{cmp::Reverse, collections::BinaryHeap};

/// SplitMix64: the same numbers for the same seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` up to `high`, not with it.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }

    /// True so many times in a thousand.
    pub(super) fn permille(&mut self, times: u64) -> bool {
        self.within(0, 1000) < times
    }
}

/// Things to come, by time; of one time the first planned comes first.
pub(super) struct Agenda<T> {
    heap: BinaryHeap<Reverse<(u64, u64)>>,
    items: std::collections::HashMap<u64, T>,
    planned: u64,
}

impl<T> Agenda<T> {
    pub(super) fn new() -> Self {
        Self { heap: BinaryHeap::new(), items: std::collections::HashMap::new(), planned: 0 }
    }

    pub(super) fn plan(&mut self, at: u64, item: T) {
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned)));
        self.items.insert(self.planned, item);
    }

    pub(super) fn next(&mut self) -> Option<(u64, T)> {
        let Reverse((at, number)) = self.heap.pop()?;
        Some((at, self.items.remove(&number).unwrap()))
    }
}
