//! Ranges of the Harmonized System: chapters, headings or subheadings, singly or from one to another.

use crate::certificate::HsDigits;
use std::{fmt, str::FromStr};

/// A range of chapters (`95`), headings (`95.06`) or subheadings (`9506.62`), both ends included. Points are
/// allowed where the tariff prints them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HsRange {
    from: String,
    to: String,
}

/// The text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no HS range: 2, 4 or 6 digits such as `95`, `95.06` or `9506.62`, or two of one length with `-` between"
)]
pub struct NotRange(String);

impl HsRange {
    /// Whether the code lies within.
    #[must_use]
    pub fn contains(&self, code: &HsDigits) -> bool {
        code.as_str().get(..self.digits()).is_some_and(|start| self.from.as_str() <= start && start <= self.to.as_str())
    }

    /// Digits of each end: 2, 4 or 6.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.from.len()
    }

    /// How narrow the range is; of several that contain a code, the least decides.
    pub(super) fn breadth(&self) -> (usize, u32) {
        let number = |text: &str| text.parse::<u32>().unwrap_or_default();
        (6_usize.saturating_sub(self.digits()), number(&self.to).saturating_sub(number(&self.from)))
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.digits() == other.digits() && self.from <= other.to && other.from <= self.to
    }
}

/// The digits of one end, without points.
fn end(text: &str) -> Option<String> {
    let digits = match text.split('.').collect::<Vec<_>>()[..] {
        [digits] => digits.to_owned(),
        // The tariff writes 95.06, 9506.62 and 95.06.62.
        [first, second] if matches!(first.len(), 2 | 4) && second.len() == 2 => format!("{first}{second}"),
        [first, second, third] if first.len() == 2 && second.len() == 2 && third.len() == 2 => {
            format!("{first}{second}{third}")
        }
        _ => return None,
    };
    let good =
        matches!(digits.len(), 2 | 4 | 6) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with("00");
    good.then_some(digits)
}

impl FromStr for HsRange {
    type Err = NotRange;

    fn from_str(text: &str) -> Result<Self, NotRange> {
        let wrong = || NotRange(text.chars().take(30).collect());
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = end(from.trim()).zip(end(to.trim())).ok_or_else(wrong)?;
        if from.len() != to.len() || to < from {
            return Err(wrong());
        }
        Ok(Self { from, to })
    }
}

impl fmt::Display for HsRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |f: &mut fmt::Formatter<'_>, digits: &str| match (digits.len(), digits.get(..4), digits.get(4..)) {
            (6, Some(heading), Some(rest)) => write!(f, "{heading}.{rest}"),
            (4, ..) => write!(f, "{}.{}", digits.get(..2).unwrap_or_default(), digits.get(2..).unwrap_or_default()),
            _ => f.write_str(digits),
        };
        end(f, &self.from)?;
        if self.from != self.to {
            f.write_str("-")?;
            end(f, &self.to)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> HsRange {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_takes_what_begins_within_it() {
        let code: HsDigits = "950662".parse().unwrap();
        for holds in ["95", "95.06", "9506", "9506.62", "950662", "95.06.62", "94-96", "95.05-95.07", "9506.61-9506.69"]
        {
            assert!(range(holds).contains(&code), "{holds}");
        }
        for not in ["94", "95.07", "9506.61", "96-97"] {
            assert!(!range(not).contains(&code), "{not}");
        }
        assert!(range("9506.62").contains(&"9506621090".parse().unwrap()));
    }

    #[test]
    fn the_narrower_is_the_longer_and_among_those_the_smaller() {
        let mut ranges = ["94-96", "95", "95.05-95.07", "95.06", "9506.62"].map(range);
        ranges.reverse();
        assert!(ranges.is_sorted_by_key(HsRange::breadth));
    }

    #[test]
    fn what_is_no_range_is_refused_and_what_is_one_prints_as_the_tariff_does() {
        for bad in ["", "9", "950", "95.6", "95-9506", "96-95", "00", "9506.6", "95.06.6", "a", "95..06", "95-96-97"] {
            assert!(bad.parse::<HsRange>().is_err(), "{bad}");
        }
        assert_eq!(range("9505-95.07").to_string(), "95.05-95.07");
        assert_eq!(range("950662").to_string(), "9506.62");
        assert_eq!(range("95").to_string(), "95");
    }
}
