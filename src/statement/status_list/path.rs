//! What binds the lists of a log together, and the proof that one list is among them.

use super::{StatementError, StatusList};
use crate::log::{Hash, leaf_hash, path_in, root_of, verify_inclusion};
use std::{fmt, str::FromStr};

const HEADER: &str = "origin-exchange/status-path@v1";
/// 2^32 lists make paths of 32 hashes.
const HASHES_MAX: usize = 32;
/// A header, an index and the hashes, 45 bytes each.
const BYTES_MAX: usize = 64 + HASHES_MAX * 45;

/// `lists_root`: the RFC 6962 root over the SHA-256 of each uncompressed list ([`StatusList::digest`]), in
/// order, each digest an entry of the tree; behind them those of closed logs that the log speaks for
/// ([`StatusList::digest_of`]), by their shards and their numbers.
#[must_use]
pub fn lists_root(digests: &[Hash]) -> Hash {
    root_of(&leaves(digests))
}

fn leaves(digests: &[Hash]) -> Vec<Hash> {
    digests.iter().map(|digest| leaf_hash(digest.as_bytes())).collect()
}

/// The proof that a list is the one at `index` among those of a `lists_root`.
///
/// ```text
/// origin-exchange/status-path@v1
/// index 0
/// <base64 of a hash, nearest the list first; none where there is one list>
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPath {
    /// The number of the list, from 0.
    pub index: u32,
    /// The hashes beside the way up.
    pub hashes: Vec<Hash>,
}

impl StatusPath {
    /// The path of the list at `index`.
    pub fn new(digests: &[Hash], index: u32) -> Result<Self, StatementError> {
        let place = usize::try_from(index).map_err(|_| StatementError::BadStatusPath)?;
        let hashes = path_in(&leaves(digests), place).ok_or(StatementError::BadStatusPath)?;
        Ok(Self { index, hashes })
    }

    /// Checks that `list` is the one at this index among `lists` under `root`.
    pub fn verify(&self, list: &StatusList, lists: u32, root: &Hash) -> Result<(), StatementError> {
        self.verify_digest(&list.digest(), lists, root)
    }

    /// The same for a list by its digest.
    pub fn verify_digest(&self, digest: &Hash, lists: u32, root: &Hash) -> Result<(), StatementError> {
        let leaf = leaf_hash(digest.as_bytes());
        verify_inclusion(u64::from(self.index), u64::from(lists), &leaf, &self.hashes, root)
            .map_err(|_| StatementError::BadStatusPath)
    }
}

impl fmt::Display for StatusPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))
    }
}

impl FromStr for StatusPath {
    type Err = StatementError;

    fn from_str(text: &str) -> Result<Self, StatementError> {
        StatementError::within("the status path", text.len(), BYTES_MAX)?;
        let shape = |why: &'static str| StatementError::shape("status_path", why);
        let body = text.strip_suffix('\n').ok_or_else(|| shape("it does not end with a line feed"))?;
        let mut lines = body.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(shape("its first line names another format"));
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or_else(|| shape("its second line is not `index <number>`"))?;
        let hashes = lines.map(str::parse).collect::<Result<Vec<Hash>, _>>();
        let hashes = hashes.map_err(|_| shape("a line is not the base64 of a hash"))?;
        if hashes.len() > HASHES_MAX {
            return Err(shape("it has more hashes than a path can have"));
        }
        Ok(Self { index, hashes })
    }
}

/// A number in its only spelling.
fn decimal(text: &str) -> Option<u32> {
    let number = text.parse::<u32>().ok()?;
    (number.to_string() == text).then_some(number)
}
