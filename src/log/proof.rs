//! Inclusion and consistency proofs: built from complete subtrees, checked against roots.

use super::{
    EMPTY_ROOT, Hash, HashReader, node_hash,
    tree::{range_root, root_of},
};
use crate::reason::{Class, Reasoned};

/// The most hashes that any proof in a tree of at most 2^64 leaves has.
pub const MAX_PROOF_HASHES: usize = 65;

/// Why a Merkle proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is not below the size, or the old size is above the new one.
    #[error("the position is outside the tree")]
    OutOfRange,
    /// More or fewer hashes than this position needs.
    #[error("the proof has the wrong length")]
    WrongLength,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    OtherRoot,
    /// The head would not be larger than the last one.
    #[error("the log has not grown")]
    NotLarger,
}

impl Reasoned for ProofError {
    fn reason(&self) -> &'static str {
        match self {
            Self::OutOfRange => "MERKLE_PROOF_OUT_OF_RANGE",
            Self::WrongLength => "MERKLE_PROOF_WRONG_LENGTH",
            Self::OtherRoot => "MERKLE_PROOF_OTHER_ROOT",
            Self::NotLarger => "MERKLE_TREE_NOT_LARGER",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// Why a proof could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The index is not below the size, or the old size is above the new one.
    #[error("the position is outside the tree")]
    OutOfRange,
    /// A hash could not be read.
    #[error("a hash of the log could not be read: {0}")]
    Hashes(E),
}

/// Proves that the leaf at `index` is in the tree of the first `size` leaves (RFC 6962 section 2.1.1), lowest sibling
/// first. Reads at most 2·log2(size) hashes.
pub fn inclusion_proof<R: HashReader + ?Sized>(
    index: u64,
    size: u64,
    hashes: &R,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    if index >= size {
        return Err(ReadError::OutOfRange);
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        let sibling = if index < middle { (middle, end) } else { (start, middle) };
        path.push(range_root(sibling.0, sibling.1, hashes).map_err(ReadError::Hashes)?);
        if index < middle {
            end = middle;
        } else {
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proves that the tree of the first `new` leaves extends that of the first `old` (RFC 6962 section 2.1.2). Nothing
/// extends nothing, and everything extends the empty tree: both proofs are empty.
pub fn consistency_proof<R: HashReader + ?Sized>(
    old: u64,
    new: u64,
    hashes: &R,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    if old > new {
        return Err(ReadError::OutOfRange);
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    while end != old {
        let middle = start + split(end - start);
        let sibling = if old <= middle { (middle, end) } else { (start, middle) };
        path.push(range_root(sibling.0, sibling.1, hashes).map_err(ReadError::Hashes)?);
        if old <= middle {
            end = middle;
        } else {
            start = middle;
        }
    }
    // The old root itself is known to the verifier and is left out where it is a node of the new tree.
    if start > 0 {
        path.push(range_root(start, end, hashes).map_err(ReadError::Hashes)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two below `length`, which is at least 2.
const fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The inclusion path of one of these leaf hashes in their tree; none if there is no such leaf.
#[must_use]
pub fn path_in(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    let index = u64::try_from(index).ok()?;
    let size = u64::try_from(leaves.len()).ok()?;
    inclusion_proof(index, size, &Leaves(leaves)).ok()
}

/// Leaf hashes in a row; upper hashes are computed when asked for. One path asks for each leaf at most once.
struct Leaves<'a>(&'a [Hash]);

impl HashReader for Leaves<'_> {
    type Error = ProofError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ProofError> {
        let range = || {
            let width = 1u64.checked_shl(level.into())?;
            let start = usize::try_from(index.checked_mul(width)?).ok()?;
            self.0.get(start..start.checked_add(usize::try_from(width).ok()?)?)
        };
        range().map(root_of).ok_or(ProofError::OutOfRange)
    }
}

/// Checks that `leaf` (a leaf hash) stands at `index` in the tree of `size` leaves with this root
/// (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            skip_right_edge(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(ProofError::WrongLength),
        (true, false) => Err(ProofError::OtherRoot),
        (true, true) => Ok(()),
    }
}

/// Checks that the tree of `new` leaves with `new_root` extends the tree of `old` leaves with `old_root`
/// (RFC 9162 section 2.1.4.2; the empty tree, of which the RFC does not speak, has one root and needs no proof).
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange);
    }
    if (old == 0 && *old_root != EMPTY_ROOT) || (new == 0 && *new_root != EMPTY_ROOT) {
        return Err(ProofError::OtherRoot);
    }
    if old == 0 || old == new {
        return match (proof.is_empty(), old == new && old_root != new_root) {
            (false, _) => Err(ProofError::WrongLength),
            (true, true) => Err(ProofError::OtherRoot),
            (true, false) => Ok(()),
        };
    }
    let (first, rest) = if old.is_power_of_two() {
        // The old root is itself a node of the new tree.
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::WrongLength)?
    };
    let shared = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shared, (new - 1) >> shared);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            skip_right_edge(&mut node, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(ProofError::WrongLength)
    } else if old_hash != *old_root || new_hash != *new_root {
        Err(ProofError::OtherRoot)
    } else {
        Ok(())
    }
}

/// Along the right edge a node without a right sibling is its own parent: climbs to where it is a right child.
fn skip_right_edge(node: &mut u64, last: &mut u64) {
    if *node & 1 == 0 {
        // Never zero here: a node that is zero and the last is the root, and the caller has stopped.
        let levels = node.trailing_zeros().min(63);
        *node >>= levels;
        *last >>= levels;
    }
}

#[cfg(test)]
mod tests;
