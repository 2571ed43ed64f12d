//! What was verified once and is met again: checkpoint notes, snapshots, status tokens.
//!
//! A busy verifier sees thousands of certificates under one checkpoint and one status list. Keys are
//! SHA-256 over everything the result depends on, and only good results are kept, so a hit says exactly what
//! the work would have said. The lock is held for a look-up or an insertion, never while something is
//! verified; two threads may verify the same thing at once, which costs time and nothing else.

use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Identifies an input by everything its result depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CacheKey([u8; 32]);

impl CacheKey {
    /// Each part is preceded by its length, so that no two lists of parts run together.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// A bounded map in two generations: when the young one is full it becomes the old one, and what was in the
/// old one and not asked for since is forgotten.
pub(super) struct Cache<V> {
    generations: Mutex<Generations<V>>,
    /// Values kept in one generation; twice that in all.
    capacity: usize,
}

struct Generations<V> {
    young: HashMap<CacheKey, Arc<V>>,
    old: HashMap<CacheKey, Arc<V>>,
}

impl<V> Cache<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { generations: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }), capacity }
    }

    /// The kept value, or the one `work` makes, which is kept if it is good.
    pub(super) fn get_or<E>(&self, key: CacheKey, work: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(kept) = self.get(&key) {
            return Ok(kept);
        }
        let made = Arc::new(work()?);
        self.put(key, Arc::clone(&made));
        Ok(made)
    }

    fn get(&self, key: &CacheKey) -> Option<Arc<V>> {
        // A thread that panicked inside the lock left maps that are still maps: nothing is half-written.
        let mut kept = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = kept.young.get(key) {
            return Some(Arc::clone(value));
        }
        let value = kept.old.remove(key)?;
        self.insert(&mut kept, *key, Arc::clone(&value));
        Some(value)
    }

    fn put(&self, key: CacheKey, value: Arc<V>) {
        let mut kept = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        self.insert(&mut kept, key, value);
    }

    fn insert(&self, kept: &mut Generations<V>, key: CacheKey, value: Arc<V>) {
        if kept.young.len() >= self.capacity {
            kept.old = std::mem::take(&mut kept.young);
        }
        kept.young.insert(key, value);
    }
}

impl<V> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache(of up to {})", 2 * self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> CacheKey {
        CacheKey::of(&[&n.to_be_bytes()])
    }

    #[test]
    fn the_work_is_done_once_and_failures_are_not_kept() {
        let cache = Cache::new(4);
        assert_eq!(cache.get_or(key(1), || Err::<u8, _>("no")), Err("no"));
        assert_eq!(cache.get_or(key(1), || Ok::<u8, &str>(7)).map(|v| *v), Ok(7));
        assert_eq!(cache.get_or(key(1), || Err("not asked")).map(|v| *v), Ok(7));
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let cache = Cache::new(4);
        for n in 0..1_000 {
            let _ = cache.get_or(key(n), || Ok::<_, ()>(n));
            assert_eq!(cache.get_or(key(0), || Err(())).map(|v| *v), Ok(0), "asked for each time");
            let kept = cache.generations.lock().unwrap();
            assert!(kept.young.len() + kept.old.len() <= 8);
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(CacheKey::of(&[b"ab", b"c"]), CacheKey::of(&[b"a", b"bc"]));
    }
}
