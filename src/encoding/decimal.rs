//! Exact non-negative decimals as the forms print them: `16800`, `142800.00`, `0.125`.
//!
//! Grammar: `0` or up to 15 digits without a leading zero, then optionally a point and 1 to 6 digits
//! (TDED n..16,6). Trailing zeros are kept: `5520.00` and `5520` are equal in value and differ in text.

use super::text::serde_as_text;
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

const SCALE_MAX: u8 = 6;
const WHOLE_DIGITS_MAX: usize = 15;
/// 10^6: every value is kept as a whole number of millionths, at most 10^21, so `u128` never overflows on
/// a sum of a billion of them.
const ONE: u128 = 1_000_000;
/// What no value reaches.
const LIMIT: u128 = 10u128.pow(15) * ONE;

/// A decimal and the number of digits it shows after the point.
#[derive(Clone, Copy)]
pub struct Decimal {
    millionths: u128,
    scale: u8,
}

/// The text does not follow the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a decimal: write up to 15 digits, then optionally a point and 1 to 6 digits, with no sign, space or leading zero"
)]
pub struct NotDecimal;

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { millionths: 0, scale: 0 };

    /// The value in millionths.
    #[must_use]
    pub const fn millionths(self) -> u128 {
        self.millionths
    }

    /// The value of a whole number.
    #[must_use]
    pub fn from_whole(whole: u32) -> Self {
        Self { millionths: u128::from(whole) * ONE, scale: 0 }
    }

    /// So many millionths, with no more digits after the point than they need; `None` if that leaves the grammar.
    #[must_use]
    pub fn of_millionths(millionths: u128) -> Option<Self> {
        let (mut scale, mut shown) = (SCALE_MAX, millionths);
        while scale > 0 && shown.is_multiple_of(10) {
            (scale, shown) = (scale - 1, shown / 10);
        }
        (millionths < LIMIT).then_some(Self { millionths, scale })
    }

    /// The value with its point moved to the right by so many places, or to the left; `None` if it leaves the grammar.
    #[must_use]
    pub fn shifted(self, places: i32) -> Option<Self> {
        let power = 10u128.checked_pow(places.unsigned_abs())?;
        if places >= 0 {
            return Self::of_millionths(self.millionths.checked_mul(power)?);
        }
        self.millionths.is_multiple_of(power).then_some(self.millionths / power).and_then(Self::of_millionths)
    }

    /// Whether the value is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.millionths == 0
    }

    /// The exact sum, showing as many digits as the more precise of the two; `None` if it leaves the grammar.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let millionths = self.millionths.checked_add(other.millionths)?;
        (millionths < LIMIT).then_some(Self { millionths, scale: self.scale.max(other.scale) })
    }

    /// The exact difference, showing as many digits as the more precise of the two; `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let millionths = self.millionths.checked_sub(other.millionths)?;
        Some(Self { millionths, scale: self.scale.max(other.scale) })
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(NotDecimal),
            None => (text, ""),
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || whole.len() > WHOLE_DIGITS_MAX || leading_zero || !digits(whole) || !digits(fraction) {
            return Err(NotDecimal);
        }
        let scale = u8::try_from(fraction.len()).ok().filter(|s| *s <= SCALE_MAX).ok_or(NotDecimal)?;
        let whole: u128 = whole.parse().map_err(|_| NotDecimal)?;
        let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| NotDecimal)? };
        let millionths = whole * ONE + part * 10u128.pow(u32::from(SCALE_MAX - scale));
        Ok(Self { millionths, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.millionths / ONE)?;
        if self.scale > 0 {
            let part = (self.millionths % ONE) / 10u128.pow(u32::from(SCALE_MAX - self.scale));
            write!(f, ".{part:0width$}", width = usize::from(self.scale))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.millionths == other.millionths
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.millionths.cmp(&other.millionths)
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.millionths.hash(state);
    }
}

serde_as_text!(Decimal);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_spellings_of_a_number_are_refused() {
        for bad in
            ["", ".", "1.", ".5", "01", "00", "-1", "+1", "1e3", "1,0", " 1", "1.0000000", "1234567890123456", "١"]
        {
            assert_eq!(bad.parse::<Decimal>().map(|d| d.to_string()), Err(NotDecimal), "{bad:?}");
        }
    }

    #[test]
    fn value_decides_equality_and_text_is_kept() {
        let (short, long) = ("5520".parse::<Decimal>(), "5520.00".parse::<Decimal>());
        assert_eq!(short, long);
        assert_eq!(long.map(|d| d.to_string()), Ok("5520.00".to_owned()));
    }

    proptest! {
        #[test]
        fn every_text_of_the_grammar_reads_back(text in "(0|[1-9][0-9]{0,14})(\\.[0-9]{1,6})?") {
            prop_assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(text));
        }
    }
}
