//! The index in memory: for tests of the journal on a simulated disk.

use super::{Changes, Index, IndexError, REACHED, Reached};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Ordered keys in memory.
#[derive(Debug, Default)]
pub(in super::super) struct MemoryIndex(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl MemoryIndex {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.read().get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        let start = from.max(prefix).to_vec();
        for (key, value) in self.read().range(start..).take_while(|(key, _)| key.starts_with(prefix)) {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, changes: &Changes, reached: Reached) -> Result<(), IndexError> {
        let mut map = self.write();
        for (key, value) in changes {
            match value {
                Some(value) => map.insert(key.clone(), value.clone()),
                None => map.remove(key),
            };
        }
        map.insert(REACHED.to_vec(), reached.to_bytes().to_vec());
        Ok(())
    }

    fn reached(&self) -> Result<Option<Reached>, IndexError> {
        Ok(self.read().get(REACHED).and_then(|bytes| Reached::from_bytes(bytes)))
    }

    fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), IndexError> {
        self.write().clear();
        Ok(())
    }
}
