//! In which order the indexes of a list are given out: distinct, and telling nothing of the volume.

use super::{LIST_ENTRIES, StatementError};
use sha2::{Digest, Sha256};

/// 17 bits split into 8 and 9; a round changes one half by a function of the other, so each round, and with
/// them the whole, is a permutation of 2^17 without any searching.
const LEFT_BITS: u32 = 9;
const RIGHT_MASK: u32 = (1 << 8) - 1;
const LEFT_MASK: u32 = (1 << LEFT_BITS) - 1;
const ROUNDS: u32 = 8;
/// Values of a round's function, one for each 9-bit half.
const TABLE: u32 = 1 << LEFT_BITS;

/// The order of one list: a keyed permutation of its indexes. Whoever lacks the seed sees indexes that look
/// drawn at random; whoever has it gets the same order again, so that only a counter has to be kept.
#[derive(Clone)]
pub struct StatusOrder(Vec<u16>);

impl StatusOrder {
    /// The order of the list number `list` of a log, by a seed that is secret and belongs to that log.
    #[must_use]
    pub fn new(seed: &[u8; 32], list: u32) -> Self {
        let mut tables = Vec::new();
        // 16 two-byte values a digest.
        for block in 0..ROUNDS * TABLE / 16 {
            let digest = Sha256::new()
                .chain_update(b"origin-exchange status order\0")
                .chain_update(seed)
                .chain_update(list.to_be_bytes())
                .chain_update(block.to_be_bytes())
                .finalize();
            tables.extend(digest.chunks_exact(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            }));
        }
        Self(tables)
    }

    /// The index given out as the `nth` (from 0) of the list.
    pub fn index(&self, nth: u32) -> Result<u32, StatementError> {
        if nth >= LIST_ENTRIES {
            return Err(StatementError::StatusIndex(nth));
        }
        let (mut left, mut right) = (nth & LEFT_MASK, nth >> LEFT_BITS);
        for round in 0..ROUNDS {
            if round % 2 == 0 {
                right ^= self.value(round, left) & RIGHT_MASK;
            } else {
                left ^= self.value(round, right) & LEFT_MASK;
            }
        }
        Ok(right << LEFT_BITS | left)
    }

    fn value(&self, round: u32, half: u32) -> u32 {
        let place = usize::try_from(round * TABLE + half).unwrap_or(usize::MAX);
        self.0.get(place).copied().map_or(0, u32::from)
    }
}

impl std::fmt::Debug for StatusOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatusOrder(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_is_given_out_once() {
        let order = StatusOrder::new(&[7; 32], 0);
        let mut seen = vec![false; 1 << 17];
        for nth in 0..LIST_ENTRIES {
            let index = order.index(nth).unwrap() as usize;
            assert!(!seen[index], "{index} given out twice");
            seen[index] = true;
        }
        assert!(order.index(LIST_ENTRIES).is_err());
    }

    #[test]
    fn neighbours_in_time_are_not_neighbours_in_the_list_and_seeds_and_lists_differ() {
        let first = |seed, list| {
            let order = StatusOrder::new(&[seed; 32], list);
            (0..64).map(|nth| order.index(nth).unwrap()).collect::<Vec<_>>()
        };
        let order = first(7, 0);
        assert!(order.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 1_024).count() < 8);
        assert_ne!(order, first(8, 0));
        assert_ne!(order, first(7, 1));
        // Frozen: a node that is restarted must go on in the same order.
        assert_eq!(order[..4], FROZEN);
    }

    const FROZEN: [u32; 4] = [105_366, 82_255, 17_224, 98_652];
}
