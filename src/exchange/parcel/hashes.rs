//! The hashes of a log that is held up to a size and goes on in a package.

use crate::log::{Hash, HashReader, node_hash};
use std::{cell::RefCell, collections::HashMap};

/// Subtrees from this level on are remembered: below it hashing anew costs less than looking up.
const REMEMBERED: u8 = 6;

/// What is held up to a size, and the leaf hashes of a package from a smaller size on.
#[derive(Debug)]
pub struct Extended<'a, R> {
    held: &'a R,
    size: u64,
    after: u64,
    leaves: &'a [Hash],
    known: RefCell<HashMap<(u8, u64), Hash>>,
}

impl<'a, R: HashReader> Extended<'a, R> {
    /// `held` has the subtrees of the first `size` leaves; `leaves` are those from `after` on, at most `size`.
    #[must_use]
    pub fn new(held: &'a R, size: u64, after: u64, leaves: &'a [Hash]) -> Self {
        Self { held, size, after, leaves, known: RefCell::default() }
    }
}

impl<R: HashReader<Error: std::fmt::Display>> HashReader for Extended<'_, R> {
    type Error = String;

    fn node(&self, level: u8, index: u64) -> Result<Hash, String> {
        let past = index.checked_add(1).and_then(|next| next.checked_shl(u32::from(level)));
        if past.is_some_and(|past| past <= self.size) {
            return self.held.node(level, index).map_err(|error| error.to_string());
        }
        if level == 0 {
            let at = index.checked_sub(self.after).and_then(|at| usize::try_from(at).ok());
            return at.and_then(|at| self.leaves.get(at).copied()).ok_or_else(|| format!("no leaf {index} is here"));
        }
        if let Some(hash) = self.known.borrow().get(&(level, index)) {
            return Ok(*hash);
        }
        let left = index.checked_mul(2).ok_or("no such subtree")?;
        let hash = node_hash(&self.node(level - 1, left)?, &self.node(level - 1, left + 1)?);
        if level >= REMEMBERED {
            self.known.borrow_mut().insert((level, index), hash);
        }
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Levels, consistency_proof, leaf_hash, root, verify_consistency};

    #[test]
    fn a_log_that_goes_on_in_a_package_has_the_proofs_of_the_whole() {
        let leaves = (0..300_u32).map(|number| leaf_hash(&number.to_be_bytes())).collect::<Vec<_>>();
        let whole = leaves.iter().copied().collect::<Levels>();
        for held in [0_usize, 1, 7, 64, 100, 255, 256, 299, 300] {
            let levels = leaves.iter().take(held).copied().collect::<Levels>();
            for after in [0, held / 2, held] {
                let (size, from) = (held as u64, after as u64);
                let extended = Extended::new(&levels, size, from, &leaves[after..]);
                assert_eq!(root(300, &extended).unwrap(), whole.root(), "{held} {after}");
                let proof = consistency_proof(size, 300, &extended).unwrap();
                assert!(verify_consistency(size, 300, &levels.root(), &whole.root(), &proof).is_ok());
            }
        }
    }
}
