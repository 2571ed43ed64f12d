//! Which heads are shown, and kept, where not all can be.
//!
//! Heads of a busy log come faster than those who cosign them answer, and only cosignatures on one head count together. So of
//! the heads that wait for somebody the roundest is shown: the first to reach the multiple of the highest power of two. One
//! that is the first to reach a multiple of 2^k gives way only to one that reaches a rounder number, at least 2^k entries
//! away; then more than that have come since the head that was shown before. So whoever is never more than 2^k entries
//! behind what he was shown last is shown, whatever else, each first head to reach a multiple of 2^k: all are, however far
//! away each is, and nobody has to know of the others. Where heads are read for one of them a moment late, one may be missed,
//! and he is shown another for that number: the next number as round is as good.

/// How round the roundest number is above `after` and up to `size`: it is a multiple of this power of two, counted from 1. Of
/// two sizes that are compared `after` is the same.
#[must_use]
pub const fn roundness(after: u64, size: u64) -> u32 {
    u64::BITS - (after ^ size).leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_roundest_number_within() {
        for after in 0..130_u64 {
            for size in after + 1..140 {
                let roundest = (after + 1..=size).map(|number| number.trailing_zeros()).max();
                assert_eq!(roundest.map(|power| power + 1), Some(roundness(after, size)), "{after} {size}");
            }
        }
        assert_eq!((roundness(7, 7), roundness(0, u64::MAX)), (0, 64));
    }
}
