//! The changes an index has not yet got, over the index that has the rest.
//!
//! A commit shows its changes here at once and hands them to the index in the background. They leave only
//! after the index has them, so a reader that looks here first and there second misses nothing.

use super::{Changes, Index, IndexError, Pairs, Reached};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// An index and what is on the way to it.
#[derive(Debug)]
pub(in super::super) struct Overlay {
    index: Arc<dyn Index>,
    making: Arc<Making>,
    waiting: RwLock<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    generation: u64,
    changes: BTreeMap<Vec<u8>, (u64, Option<Vec<u8>>)>,
}

/// Changes that readers see already and the index has still to get.
#[derive(Debug)]
pub(in super::super) struct Fresh {
    generation: u64,
    changes: Changes,
    reached: Reached,
}

/// Whether the index is being made again: a key that is not in it yet would seem never to have been there.
#[derive(Debug, Default)]
pub(in super::super) struct Making(AtomicU64);

impl Making {
    /// From now on the index is not whole.
    pub(in super::super) fn begin(&self) {
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some((now + 1) | 1));
    }

    /// The index is whole.
    pub(in super::super) fn end(&self) {
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some((now + 1) & !1));
    }

    /// What was read, if the index was whole all the while.
    fn whole<T>(&self, read: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
        let before = self.0.load(Ordering::SeqCst);
        let value = read();
        if before.is_multiple_of(2) && self.0.load(Ordering::SeqCst) == before {
            value
        } else {
            Err(IndexError("it is being made again".to_owned()))
        }
    }
}

impl Overlay {
    pub(in super::super) fn new(index: Arc<dyn Index>, making: Arc<Making>) -> Self {
        Self { index, making, waiting: RwLock::default() }
    }

    /// Shows changes to readers.
    pub(in super::super) fn show(&self, changes: Changes, reached: Reached) -> Fresh {
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        waiting.generation += 1;
        let generation = waiting.generation;
        for (key, value) in &changes {
            waiting.changes.insert(key.clone(), (generation, value.clone()));
        }
        Fresh { generation, changes, reached }
    }

    /// Gives changes to the index, in one batch, in the order in which they were shown.
    pub(in super::super) fn settle(&self, fresh: Vec<Fresh>) -> Result<(), IndexError> {
        let Some(reached) = fresh.last().map(|last| last.reached) else { return Ok(()) };
        let generations: Vec<(u64, usize)> = fresh.iter().map(|some| (some.generation, some.changes.len())).collect();
        let changes: Changes = fresh.into_iter().flat_map(|some| some.changes).collect();
        self.index.apply(&changes, reached)?;
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        let mut changes = changes.iter();
        for (generation, count) in generations {
            for (key, _) in changes.by_ref().take(count) {
                if waiting.changes.get(key).is_some_and(|(newest, _)| *newest == generation) {
                    waiting.changes.remove(key);
                }
            }
        }
        Ok(())
    }

    pub(in super::super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = waiting.changes.get(key) {
            return Ok(value.clone());
        }
        drop(waiting);
        self.making.whole(|| self.index.get(key))
    }

    /// Keys under a prefix from `from` on, ascending, at most `limit`.
    pub(in super::super) fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Pairs, IndexError> {
        let start = from.max(prefix);
        let waiting: BTreeMap<Vec<u8>, Option<Vec<u8>>> = {
            let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
            let range = waiting.changes.range::<[u8], _>((Bound::Included(start), Bound::Unbounded));
            let under = range.take_while(|(key, _)| key.starts_with(prefix));
            under.map(|(key, (_, value))| (key.clone(), value.clone())).collect()
        };
        // Enough that the keys taken away above cannot leave the answer short.
        let enough = limit.saturating_add(waiting.len());
        let mut all = BTreeMap::new();
        self.making.whole(|| {
            self.index.scan(prefix, start, &mut |key, value| {
                all.insert(key.to_vec(), Some(value.to_vec()));
                all.len() < enough
            })
        })?;
        all.extend(waiting);
        Ok(all.into_iter().filter_map(|(key, value)| Some((key, value?))).take(limit).collect())
    }
}
