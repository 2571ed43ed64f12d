//! Exact fractions: what is compared with a threshold is never rounded, what is shown is cut off.

use crate::encoding::Decimal;
use num_rational::{BigRational, Ratio};
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, ToPrimitive, Zero};
use std::{cmp::Ordering, fmt::Write};

/// A fraction of whole numbers of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact(Fraction);

/// In lowest terms, and short wherever that is enough: so equal fractions are equal here too. Almost all are short, and
/// ten times as fast.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fraction {
    Short(Ratio<i128>),
    Long(BigRational),
}

/// Millionths in one, the unit decimals are kept in.
const ONE: i128 = 1_000_000;

impl Exact {
    pub(super) fn zero() -> Self {
        Self::whole(0)
    }

    pub(super) fn whole(number: u32) -> Self {
        Self(Fraction::Short(Ratio::from_integer(number.into())))
    }

    pub(super) fn of(decimal: Decimal) -> Self {
        let millionths = decimal.millionths();
        match i128::try_from(millionths) {
            Ok(millionths) => Self(Fraction::Short(Ratio::new(millionths, ONE))),
            Err(_) => Self::long(BigRational::new(millionths.into(), ONE.into())),
        }
    }

    /// What `part` is of `whole`; none of nothing.
    pub(super) fn ratio(part: u128, whole: u128) -> Option<Self> {
        (whole > 0).then(|| Self::long(BigRational::new(part.into(), whole.into())))
    }

    /// Shortens what a long calculation came to, if it can be.
    fn long(value: BigRational) -> Self {
        // The smallest number of all has no opposite: it stays long.
        let short = |number: Option<i128>| number.filter(|number| *number != i128::MIN);
        match (short(value.numer().to_i128()), short(value.denom().to_i128())) {
            (Some(above), Some(below)) => Self(Fraction::Short(Ratio::new_raw(above, below))),
            _ => Self(Fraction::Long(value)),
        }
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Fraction::Short(value) => BigRational::new_raw((*value.numer()).into(), (*value.denom()).into()),
            Fraction::Long(value) => value.clone(),
        }
    }

    /// In whole numbers of 128 bits, or if they do not suffice in such of any size.
    fn with(
        &self,
        other: &Self,
        short: impl FnOnce(&Ratio<i128>, &Ratio<i128>) -> Option<Ratio<i128>>,
        long: impl FnOnce(BigRational, BigRational) -> BigRational,
    ) -> Self {
        if let (Fraction::Short(one), Fraction::Short(two)) = (&self.0, &other.0)
            && let Some(value) = short(one, two).filter(|value| *value.numer() != i128::MIN)
        {
            return Self(Fraction::Short(value));
        }
        Self::long(long(self.big(), other.big()))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        self.with(other, CheckedAdd::checked_add, |one, two| one + two)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.with(other, CheckedSub::checked_sub, |one, two| one - two)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        self.with(other, CheckedMul::checked_mul, |one, two| one * two)
    }

    /// The quotient; none by zero or by less.
    pub(super) fn over(&self, other: &Self) -> Option<Self> {
        (*other > Self::zero()).then(|| self.with(other, CheckedDiv::checked_div, |one, two| one / two))
    }

    /// What `self` is of `whole`, per cent.
    pub(super) fn percent_of(&self, whole: &Self) -> Option<Self> {
        self.times(&Self::whole(100)).over(whole)
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(&self.0, Fraction::Short(value) if value.is_zero())
    }

    /// The value cut off after `places` digits, as a number without trailing zeros.
    pub(super) fn shown(&self, places: u32) -> String {
        let scale = 10_u64.pow(places.min(18));
        // Division of whole numbers cuts towards zero: what is shown never claims more than what is.
        let short = match &self.0 {
            Fraction::Short(value) => {
                i128::checked_mul(*value.numer(), scale.into()).map(|above| above / value.denom())
            }
            Fraction::Long(_) => None,
        };
        let long = || (self.big() * BigRational::from_integer(scale.into())).to_integer().to_string();
        let scaled = short.map_or_else(long, |short| short.to_string());
        let (sign, digits) = scaled.strip_prefix('-').map_or(("", scaled.as_str()), |digits| ("-", digits));
        let places = usize::try_from(places.min(18)).unwrap_or_default();
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let mut text = format!("{sign}{whole}");
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, ".{fraction}");
        }
        text
    }

    /// The value as shown beside `threshold`: with so many digits that one below it does not look like it.
    pub(super) fn shown_beside(&self, threshold: &Self) -> String {
        let short = self.shown(2);
        if short == threshold.shown(2) && self != threshold { self.shown(6) } else { short }
    }

    /// The value cut off after six digits; none below zero or above what a decimal holds.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        self.shown(6).parse().ok()
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Fraction::Short(one), Fraction::Short(two)) => one.cmp(two),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::of(text.parse().unwrap())
    }

    #[test]
    fn what_is_shown_is_cut_off_and_never_claims_more() {
        let third = exact("200").over(&exact("3")).unwrap();
        assert_eq!((third.shown(0).as_str(), third.shown(2).as_str()), ("66", "66.66"));
        assert_eq!(third.decimal().unwrap().to_string(), "66.666666");
        assert_eq!(exact("0.07").shown(2), "0.07");
        assert_eq!(exact("40.00").shown(2), "40");
        assert_eq!(exact("1").minus(&exact("13.39")).shown(2), "-12.39");
        assert_eq!(exact("1").minus(&exact("13.39")).decimal(), None);
        assert_eq!(exact("1").over(&exact("0")), None);
    }

    #[test]
    fn what_is_just_below_a_threshold_does_not_look_like_it() {
        assert_eq!(exact("39.999999").shown_beside(&exact("40")), "39.99");
        assert_eq!(exact("60.000001").shown_beside(&exact("60")), "60.000001");
        assert_eq!(exact("60").shown_beside(&exact("60")), "60");
    }

    proptest! {
        /// Against whole numbers of 128 bits, where they suffice.
        #[test]
        fn a_percentage_is_the_quotient_of_whole_numbers(part in 0u64..1_000_000_000_000, whole in 1u64..1_000_000_000_000) {
            let of = |number: u64| Exact::long(BigRational::from_integer(number.into()));
            let percent = of(part).percent_of(&of(whole)).unwrap();
            let hundredths = u128::from(part) * 10_000 / u128::from(whole);
            let expected = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let expected = expected.trim_end_matches('0').trim_end_matches('.').to_owned();
            prop_assert_eq!(percent.shown(2), expected);
            prop_assert_eq!(percent >= Exact::whole(40), u128::from(part) * 100 >= u128::from(whole) * 40);
        }

        /// Short or long, the same comes out.
        #[test]
        fn the_size_of_the_numbers_changes_nothing(
            (a, b) in (any::<i128>(), 1..=i128::MAX),
            (c, d) in (any::<i64>(), 1..=i64::MAX),
            places in 0u32..8,
        ) {
            let big = |above: i128, below: i128| BigRational::new(above.into(), below.into());
            let (one, two) = (big(a, b), big(c.into(), d.into()));
            let (short, other) = (Exact::long(one.clone()), Exact::long(two.clone()));
            for (found, expected) in [
                (short.plus(&other), &one + &two),
                (short.minus(&other), &one - &two),
                (short.times(&other), &one * &two),
                (other.plus(&other), &two + &two),
                (other.times(&other), &two * &two),
            ] {
                prop_assert_eq!(found.big(), expected.clone());
                prop_assert_eq!(found.shown(places), Exact(Fraction::Long(expected.clone())).shown(places));
                prop_assert_eq!(&found, &Exact::long(expected));
            }
            prop_assert_eq!(short.cmp(&other), one.cmp(&two));
            if c > 0 {
                prop_assert_eq!(short.over(&other).unwrap().big(), one / two);
            }
        }
    }
}
