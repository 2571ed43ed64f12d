//! The right edge of a tree and its root, from hashes of complete subtrees.

use super::{EMPTY_ROOT, Hash, node_hash};

/// Where the hashes of a log are read from.
pub trait HashReader {
    /// Why a hash could not be read.
    type Error;

    /// The root of the complete subtree of the 2^`level` leaves from `index << level` on; level 0 is the leaf hashes.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<R: HashReader + ?Sized> HashReader for &R {
    type Error = R::Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// The compact range [0, size): the roots of the complete subtrees along the right edge, largest first.
/// It is all that appending and the root need: at most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// The edge of the first `size` leaves, with at most 64 reads.
    pub fn load<R: HashReader + ?Sized>(size: u64, hashes: &R) -> Result<Self, R::Error> {
        Ok(Self { size, nodes: cover(0, size, hashes)? })
    }

    /// Appends the hash of one leaf.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _, _| {});
    }

    /// Appends the hash of one leaf and hands out, lowest first, the level, index and hash of each subtree that this
    /// leaf completes; the first is the leaf itself.
    pub fn append_with(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) {
        let (mut level, mut index, mut node) = (0, self.size, leaf);
        completed(level, index, node);
        while index & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            node = node_hash(&left, &node);
            level += 1;
            index >>= 1;
            completed(level, index, node);
        }
        self.nodes.push(node);
        // Nobody lives to append 2^64 leaves.
        self.size = self.size.saturating_add(1);
    }

    /// How many leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.nodes)
    }
}

/// The root of the first `size` leaves.
pub fn root<R: HashReader + ?Sized>(size: u64, hashes: &R) -> Result<Hash, R::Error> {
    range_root(0, size, hashes)
}

/// The root over these leaf hashes.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut edge = Frontier::empty();
    for leaf in leaves {
        edge.append(*leaf);
    }
    edge.root()
}

/// The root over the leaves [start, end). `start` must be a multiple of a power of two no smaller than the range, as
/// it is for every subtree that RFC 6962 speaks of.
pub(super) fn range_root<R: HashReader + ?Sized>(start: u64, end: u64, hashes: &R) -> Result<Hash, R::Error> {
    Ok(fold(&cover(start, end, hashes)?))
}

/// The complete subtrees that make up [start, end), from the left.
fn cover<R: HashReader + ?Sized>(start: u64, end: u64, hashes: &R) -> Result<Vec<Hash>, R::Error> {
    let length = end - start;
    let mut at = start;
    let mut nodes = Vec::new();
    for level in (0..64u8).rev().filter(|level| length >> level & 1 == 1) {
        nodes.push(hashes.node(level, at >> level)?);
        // The last step of a range that ends at 2^64 would overflow; nothing is read after it.
        at = at.wrapping_add(1 << level);
    }
    Ok(nodes)
}

/// The root over adjacent complete subtrees, largest first.
fn fold(nodes: &[Hash]) -> Hash {
    let mut nodes = nodes.iter().rev();
    let Some(last) = nodes.next() else { return EMPTY_ROOT };
    nodes.fold(*last, |right, left| node_hash(left, &right))
}

#[cfg(test)]
mod tests;
