//! All complete subtrees of one log, in memory.

use super::{Frontier, Hash, HashReader};

/// Every hash of a log by level: just under 64 bytes a leaf.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    edge: Frontier,
    levels: Vec<Vec<Hash>>,
}

/// This subtree is not complete yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no complete subtree at level {level}, index {index}")]
pub struct NotHeld {
    /// Level of the subtree; 0 is a leaf.
    pub level: u8,
    /// Its index within the level.
    pub index: u64,
}

impl Levels {
    /// The tree without leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self { edge: Frontier::empty(), levels: Vec::new() }
    }

    /// Appends the hash of one leaf.
    pub fn append(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        self.edge.append_with(leaf, |level, _, hash| match levels.get_mut(usize::from(level)) {
            Some(nodes) => nodes.push(hash),
            None => levels.push(vec![hash]),
        });
    }

    /// How many leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.edge.root()
    }
}

impl FromIterator<Hash> for Levels {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut all = Self::new();
        for leaf in leaves {
            all.append(leaf);
        }
        all
    }
}

impl HashReader for Levels {
    type Error = NotHeld;

    fn node(&self, level: u8, index: u64) -> Result<Hash, NotHeld> {
        usize::try_from(index)
            .ok()
            .and_then(|at| self.levels.get(usize::from(level))?.get(at).copied())
            .ok_or(NotHeld { level, index })
    }
}
