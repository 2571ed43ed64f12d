//! Exact fractions: what is compared with a threshold is never rounded, what is shown is cut off.

use crate::encoding::Decimal;
use num_rational::BigRational;
use std::fmt::Write;

/// A fraction of whole numbers of any size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(BigRational);

/// Millionths in one, the unit decimals are kept in.
const ONE: u128 = 1_000_000;

impl Exact {
    pub(super) fn zero() -> Self {
        Self::whole(0)
    }

    pub(super) fn whole(number: u32) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    pub(super) fn of(decimal: Decimal) -> Self {
        Self(BigRational::new(decimal.millionths().into(), ONE.into()))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient; none by zero or by less.
    pub(super) fn over(&self, other: &Self) -> Option<Self> {
        (*other > Self::zero()).then(|| Self(&self.0 / &other.0))
    }

    /// What `self` is of `whole`, per cent.
    pub(super) fn percent_of(&self, whole: &Self) -> Option<Self> {
        self.times(&Self::whole(100)).over(whole)
    }

    pub(super) fn is_zero(&self) -> bool {
        *self == Self::zero()
    }

    /// The value cut off after `places` digits, as a number without trailing zeros.
    pub(super) fn shown(&self, places: u32) -> String {
        let scale = 10_u64.pow(places.min(18));
        // `to_integer` cuts towards zero: what is shown never claims more than what is.
        let scaled = (&self.0 * BigRational::from_integer(scale.into())).to_integer().to_string();
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
            let of = |number: u64| Exact(BigRational::from_integer(number.into()));
            let percent = of(part).percent_of(&of(whole)).unwrap();
            let hundredths = u128::from(part) * 10_000 / u128::from(whole);
            let expected = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let expected = expected.trim_end_matches('0').trim_end_matches('.').to_owned();
            prop_assert_eq!(percent.shown(2), expected);
            prop_assert_eq!(percent >= Exact::whole(40), u128::from(part) * 100 >= u128::from(whole) * 40);
        }
    }
}
