//! The identifier of a statement: strictly rising within a log, so that finding one is a binary search.
//!
//! ```text
//! 48 bits  Unix milliseconds of the full hour    16 bytes, big-endian: text order is byte order
//! 24 bits  running within the hour, per log       text: 26 characters of the ULID alphabet
//! 56 bits  random
//! ```
//! Only the hour is told, and the running part is kept per log, not per authority: either would tell one
//! partner another's volume.

use crate::{
    encoding::{base32::ALPHABET, text::serde_as_text},
    time::{NoRandomness, Random, Timestamp, unix_ms},
};
use std::{fmt, str::FromStr};

const CHARACTERS: usize = 26;
const HOUR_MS: u64 = 3_600_000;
/// The last full hour that 48 bits of milliseconds hold (year 10889).
const HOUR_MAX: u64 = ((1 << 48) - 1) / HOUR_MS * HOUR_MS;
const RUNNING_MAX: u32 = (1 << 24) - 1;

/// The identifier of a statement, unique and strictly rising within its log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jti(pub [u8; 16]);

/// The text is not 26 upper-case characters of the ULID alphabet that hold 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a statement identifier: 26 characters of the ULID alphabet, the first at most 7")]
pub struct NotJti;

impl Jti {
    /// The identifier after `previous` in the same log. A clock that went back does not make it fall: the
    /// hour of `previous` is kept.
    pub fn next(previous: Option<Self>, now: Timestamp, random: &dyn Random) -> Result<Self, NoRandomness> {
        let now_ms = unix_ms(now);
        let hour = (now_ms / HOUR_MS * HOUR_MS).min(HOUR_MAX);
        let (hour, running) = match previous.map(|p| (p.hour_ms(), p.running())) {
            Some((last_hour, last)) if last_hour >= hour => {
                // 2^24 in an hour is 4,660 a second; beyond it the next hour is borrowed.
                if last < RUNNING_MAX { (last_hour, last + 1) } else { (last_hour + HOUR_MS, 0) }
            }
            _ => (hour, 0),
        };
        let mut chance = [0; 7];
        random.fill(&mut chance)?;
        let chance = chance.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        Ok(Self((u128::from(hour) << 80 | u128::from(running) << 56 | chance).to_be_bytes()))
    }

    /// Unix milliseconds of the hour it was made in.
    #[must_use]
    pub fn hour_ms(self) -> u64 {
        u64::try_from(u128::from_be_bytes(self.0) >> 80).unwrap_or(u64::MAX)
    }

    /// The running part within the hour.
    fn running(self) -> u32 {
        u32::try_from(u128::from_be_bytes(self.0) >> 56 & u128::from(RUNNING_MAX)).unwrap_or(RUNNING_MAX)
    }
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        let mut text = [0; CHARACTERS];
        for (place, character) in text.iter_mut().rev().enumerate() {
            let five = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
            *character = ALPHABET.get(five).copied().unwrap_or(b'0');
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jti({self})")
    }
}

impl FromStr for Jti {
    type Err = NotJti;

    fn from_str(text: &str) -> Result<Self, NotJti> {
        // 26 characters carry 130 bits: a first one above 7 would be cut off and give a second spelling.
        if text.len() != CHARACTERS || !text.starts_with(|c| ('0'..='7').contains(&c)) {
            return Err(NotJti);
        }
        let bits = text.bytes().try_fold(0u128, |bits, byte| {
            let five = ALPHABET.iter().position(|c| *c == byte)?;
            Some(bits << 5 | u128::try_from(five).ok()?)
        });
        bits.map(|b| Self(b.to_be_bytes())).ok_or(NotJti)
    }
}

serde_as_text!(Jti);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn identifiers_rise_even_when_the_clock_goes_back() {
        let random = SeededRandom::new(1);
        let mut previous = None;
        for second in [7_200, 7_201, 3_600, 0, 7_199, 10_800, 10_799, 1_790_000_000] {
            let next = Jti::next(previous, at(second), &random).unwrap();
            assert!(previous < Some(next), "at {second}");
            assert_eq!(next.hour_ms() % HOUR_MS, 0, "only the hour is told");
            previous = Some(next);
        }
    }

    #[test]
    fn a_full_hour_borrows_the_next_one() {
        let random = SeededRandom::new(1);
        let last = Jti((u128::from(HOUR_MS) << 80 | u128::from(RUNNING_MAX) << 56).to_be_bytes());
        let next = Jti::next(Some(last), at(3_600), &random).unwrap();
        assert_eq!((next.hour_ms(), next.running()), (2 * HOUR_MS, 0));
    }

    #[test]
    fn other_spellings_are_refused() {
        let good = Jti([0x55; 16]).to_string();
        assert_eq!(good.parse(), Ok(Jti([0x55; 16])));
        for bad in [good.to_lowercase(), format!("8{}", &good[1..]), good[1..].to_owned(), format!("{good}0")] {
            assert_eq!(bad.parse::<Jti>(), Err(NotJti), "{bad}");
        }
        assert_eq!("7ZZZZZZZZZZZZZZZZZZZZZZZZI".parse::<Jti>(), Err(NotJti));
    }

    proptest! {
        #[test]
        fn text_reads_back_and_keeps_the_order(a: [u8; 16], b: [u8; 16]) {
            let (a, b) = (Jti(a), Jti(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }
    }
}
