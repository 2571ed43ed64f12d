//! The id of an application: its time, and chance.

use crate::{
    encoding::text::serde_as_text,
    time::{NoRandomness, Random, Timestamp, unix_ms},
};
use std::{fmt, str::FromStr};

/// What every id begins with.
const MARK: &str = "app_";
/// Crockford's base 32, in lower case: no letter is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 × 5 bits hold 128, the first two of them empty.
const CHARACTERS: usize = 26;

/// 48 bits of Unix milliseconds and 80 of chance: applications stand in the order in which they were drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId([u8; 16]);

/// The text is not the id of an application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an application, such as `app_01kbq3v5tc8h6m2w4y7z9ae1dg`")]
pub struct NotApplicationId(pub String);

impl ApplicationId {
    /// Draws one.
    pub fn draw(now: Timestamp, random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        let ms = unix_ms(now).to_be_bytes();
        for (to, from) in bytes.iter_mut().zip(ms.into_iter().skip(2)) {
            *to = from;
        }
        Ok(Self(bytes))
    }

    /// Takes the bytes of [`Self::bytes`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes, which sort as it does.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let digit = |at: usize| {
            let shift = 5 * (CHARACTERS - 1 - at);
            usize::try_from(number >> shift & 31).ok().and_then(|digit| ALPHABET.get(digit)).copied().map(char::from)
        };
        f.write_str(MARK)?;
        f.write_str(&(0..CHARACTERS).filter_map(digit).collect::<String>())
    }
}

impl FromStr for ApplicationId {
    type Err = NotApplicationId;

    fn from_str(text: &str) -> Result<Self, NotApplicationId> {
        let wrong = || NotApplicationId(text.chars().filter(|c| !c.is_control()).take(60).collect());
        let body = text.strip_prefix(MARK).filter(|body| body.len() == CHARACTERS).ok_or_else(wrong)?;
        let mut number = 0_u128;
        for (at, byte) in body.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|one| *one == byte).ok_or_else(wrong)?;
            if at == 0 && digit > 7 {
                return Err(wrong());
            }
            number = number << 5 | u128::try_from(digit).map_err(|_| wrong())?;
        }
        Ok(Self(number.to_be_bytes()))
    }
}

serde_as_text!(ApplicationId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;

    #[test]
    fn an_id_reads_back_and_sorts_by_its_time() {
        let draw = |text: &str, seed| ApplicationId::draw(text.parse().unwrap(), &SeededRandom::new(seed)).unwrap();
        let (early, late) = (draw("2026-11-22T10:00:00Z", 9), draw("2026-11-22T10:00:01Z", 1));
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(ApplicationId::from_bytes(late.bytes()), late);
        for wrong in
            ["", "app_", "app_z0000000000000000000000000", "app_0000000000000000000000000l", &early.to_string()[1..]]
        {
            assert!(wrong.parse::<ApplicationId>().is_err(), "{wrong}");
        }
    }
}
