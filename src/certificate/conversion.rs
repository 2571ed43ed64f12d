//! Exact conversion between units of UN/ECE Recommendation 20 that measure one quantity.
//!
//! Only factors that are whole or decimal by definition stand here: the metric prefixes, the international yard and
//! pound of 1959, gallons by law. A cord, a board foot or a ton with its container measures something else than a
//! volume or a weight, the acre has two definitions, and a pair is no two pieces: they convert into nothing.

use super::{measure::Measure, unit::UnitCode};
use crate::encoding::Decimal;

/// What units measure that convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Mass,
    Volume,
    PureAlcohol,
    Length,
    Area,
    Number,
    Pairs,
    Sets,
    Rolls,
    Packs,
    Energy,
}
use Quantity::{Area, Energy, Length, Mass, Number, Packs, Pairs, PureAlcohol, Rolls, Sets, Volume};

// Each quantity is counted in parts so small that all of its units are whole numbers of them. A value is below 10^21
// millionths, so units up to 10^17 parts never leave 128 bits; the two larger ones do only beyond 10^13 of them.

/// In nanograms.
const GRAM: u128 = 1_000_000_000;
/// 0.45359237 kg, in nanograms.
const POUND: u128 = 453_592_370_000;
/// A pound is 7000 grains.
const GRAIN: u128 = POUND / 7000;
/// In ten-millionths of a cubic millimetre, for the fluid ounces.
const LITRE: u128 = 10_000_000_000_000;
/// 25.4 mm to the third power.
const CUBIC_INCH: u128 = 163_870_640_000;
/// 231 cubic inches.
const GALLON: u128 = 231 * CUBIC_INCH;
/// 4.54609 litres.
const GALLON_UK: u128 = 45_460_900_000_000;
/// 2150.42 cubic inches.
const BUSHEL: u128 = 215_042 * CUBIC_INCH / 100;
/// In tenths of a millimetre.
const METRE: u128 = 10_000;
/// 25.4 mm.
const INCH: u128 = 254;

/// Units with the parts in one of each, in order. All are in trade use.
const EXACT: &[(&str, Quantity, u128)] = &[
    ("APZ", Mass, 480 * GRAIN),
    ("BLL", Volume, 42 * GALLON),
    ("BUA", Volume, BUSHEL),
    ("BUI", Volume, 8 * GALLON_UK),
    ("C62", Number, 1),
    ("CEN", Number, 100),
    ("CGM", Mass, GRAM / 100),
    ("CLT", Volume, LITRE / 100),
    ("CMK", Area, METRE * METRE / 10_000),
    ("CMQ", Volume, LITRE / 1000),
    ("CMT", Length, METRE / 100),
    ("CNP", Packs, 100),
    ("CTM", Mass, GRAM / 5),
    ("CWA", Mass, 100 * POUND),
    ("CWI", Mass, 112 * POUND),
    ("DLT", Volume, LITRE / 10),
    ("DMK", Area, METRE * METRE / 100),
    ("DMQ", Volume, LITRE),
    ("DMT", Length, METRE / 10),
    ("DPC", Number, 12),
    ("DPR", Pairs, 12),
    ("DRL", Rolls, 12),
    ("DTN", Mass, 100_000 * GRAM),
    ("DWT", Mass, 24 * GRAIN),
    ("DZN", Number, 12),
    ("DZP", Packs, 12),
    ("EA", Number, 1),
    ("FOT", Length, 12 * INCH),
    ("FTK", Area, 144 * INCH * INCH),
    ("FTQ", Volume, 1728 * CUBIC_INCH),
    ("GGR", Number, 1728),
    ("GLI", Volume, GALLON_UK),
    ("GLL", Volume, GALLON),
    ("GRM", Mass, GRAM),
    ("GRN", Mass, GRAIN),
    ("GRO", Number, 144),
    ("GWH", Energy, 3_600_000_000),
    ("H87", Number, 1),
    ("HAR", Area, 10_000 * METRE * METRE),
    ("HD", Number, 6),
    ("HGM", Mass, 100 * GRAM),
    ("HLT", Volume, 100 * LITRE),
    ("HPA", PureAlcohol, 100),
    ("INH", Length, INCH),
    ("INK", Area, INCH * INCH),
    ("INQ", Volume, CUBIC_INCH),
    ("KGM", Mass, 1000 * GRAM),
    ("KJO", Energy, 1),
    ("KMK", Area, 1_000_000 * METRE * METRE),
    ("KMT", Length, 1000 * METRE),
    ("KTN", Mass, 1_000_000_000 * GRAM),
    ("KWH", Energy, 3600),
    ("LBR", Mass, POUND),
    ("LBT", Mass, 5760 * GRAIN),
    ("LPA", PureAlcohol, 1),
    ("LTN", Mass, 2240 * POUND),
    ("LTR", Volume, LITRE),
    ("MAL", Volume, 1_000_000 * LITRE),
    ("MGM", Mass, GRAM / 1000),
    ("MIL", Number, 1000),
    ("MIO", Number, 1_000_000),
    ("MLD", Number, 1_000_000_000),
    ("MLT", Volume, LITRE / 1000),
    ("MMK", Area, METRE * METRE / 1_000_000),
    ("MMQ", Volume, LITRE / 1_000_000),
    ("MMT", Length, METRE / 1000),
    ("MTK", Area, METRE * METRE),
    ("MTQ", Volume, 1000 * LITRE),
    ("MTR", Length, METRE),
    ("MWH", Energy, 3_600_000),
    ("NAR", Number, 1),
    ("NMP", Packs, 1),
    ("NPR", Pairs, 1),
    ("NRL", Rolls, 1),
    ("ONZ", Mass, POUND / 16),
    ("OZA", Volume, GALLON / 128),
    ("OZI", Volume, GALLON_UK / 160),
    ("PR", Pairs, 1),
    ("PTD", Volume, BUSHEL / 64),
    ("PTI", Volume, GALLON_UK / 8),
    ("PTL", Volume, GALLON / 8),
    ("QTD", Volume, BUSHEL / 32),
    ("QTI", Volume, GALLON_UK / 4),
    ("QTL", Volume, GALLON / 4),
    ("SCO", Number, 20),
    ("SET", Sets, 1),
    ("SMI", Length, 63_360 * INCH),
    ("STI", Mass, 14 * POUND),
    ("STN", Mass, 2000 * POUND),
    ("TNE", Mass, 1_000_000 * GRAM),
    ("TPR", Pairs, 10),
    ("TST", Sets, 10),
    ("YDK", Area, 1296 * INCH * INCH),
    ("YDQ", Volume, 46_656 * CUBIC_INCH),
    ("YRD", Length, 36 * INCH),
];

fn exact(unit: &UnitCode) -> Option<(Quantity, u128)> {
    let at = EXACT.binary_search_by_key(&unit.as_str(), |(code, ..)| code).ok()?;
    EXACT.get(at).map(|(_, quantity, parts)| (*quantity, *parts))
}

impl Measure {
    /// The same in another unit; none where the units measure different things, or where it cannot be written exactly
    /// in 15 digits and 6 after the point.
    #[must_use]
    pub fn in_unit(&self, unit: &UnitCode) -> Option<Self> {
        if self.unit == *unit {
            return Some(self.clone());
        }
        Self::of_parts(self.parts(unit)?, unit)
    }

    /// It as a whole number of parts, millionths of the smallest that every unit convertible into `unit` can be counted
    /// in: so what cannot be written in one unit is compared and added up all the same. None where it does not
    /// convert.
    #[must_use]
    pub fn parts(&self, unit: &UnitCode) -> Option<u128> {
        if self.unit == *unit && exact(unit).is_none() {
            return Some(self.value.millionths());
        }
        let ((quantity, parts), (other, _)) = (exact(&self.unit)?, exact(unit)?);
        if quantity != other {
            return None;
        }
        self.value.millionths().checked_mul(parts)
    }

    /// So many [`Measure::parts`] in a unit, if that can be written exactly.
    #[must_use]
    pub fn of_parts(parts: u128, unit: &UnitCode) -> Option<Self> {
        let each = exact(unit).map_or(1, |(_, each)| each);
        if !parts.is_multiple_of(each) {
            return None;
        }
        Some(Self { value: Decimal::of_millionths(parts / each)?, unit: unit.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(value: &str, unit: &str) -> Measure {
        Measure { value: value.parse().unwrap(), unit: unit.parse().unwrap() }
    }

    fn converted(value: &str, unit: &str, into: &str) -> Option<String> {
        of(value, unit).in_unit(&into.parse().unwrap()).map(|measure| measure.to_string())
    }

    #[test]
    fn the_list_is_sorted_and_every_unit_is_in_trade_use() {
        assert!(EXACT.is_sorted_by(|(one, ..), (two, ..)| one < two));
        for (code, ..) in EXACT {
            assert!(code.parse::<UnitCode>().unwrap().name().is_some(), "{code}");
        }
    }

    #[test]
    fn what_is_exact_by_definition_converts_to_the_last_digit() {
        for (value, unit, into, out) in [
            ("5.52", "TNE", "KGM", "5520 KGM"),
            ("5520.00", "KGM", "TNE", "5.52 TNE"),
            ("100", "LBR", "KGM", "45.359237 KGM"),
            ("16", "ONZ", "LBR", "1 LBR"),
            ("12", "APZ", "LBT", "1 LBT"),
            ("1", "APZ", "MGM", "31103.4768 MGM"),
            ("1", "STI", "GRM", "6350.29318 GRM"),
            ("1", "MTQ", "LTR", "1000 LTR"),
            ("1000000", "GLL", "LTR", "3785411.784 LTR"),
            ("128", "OZA", "GLL", "1 GLL"),
            ("160", "OZI", "GLI", "1 GLI"),
            ("1", "GLI", "LTR", "4.54609 LTR"),
            ("64", "PTD", "BUA", "1 BUA"),
            ("1", "YRD", "MTR", "0.9144 MTR"),
            ("1", "SMI", "MTR", "1609.344 MTR"),
            ("1", "FTK", "CMK", "929.0304 CMK"),
            ("2", "HAR", "MTK", "20000 MTK"),
            ("1", "FTQ", "INQ", "1728 INQ"),
            ("1400", "DZN", "H87", "16800 H87"),
            ("3", "GRO", "DZN", "36 DZN"),
            ("1", "MIL", "C62", "1000 C62"),
            ("24", "PR", "DPR", "2 DPR"),
            ("1", "GWH", "KWH", "1000000 KWH"),
            ("12.50", "HLT", "HLT", "12.50 HLT"),
        ] {
            assert_eq!(converted(value, unit, into).as_deref(), Some(out), "{value} {unit}");
        }
    }

    #[test]
    fn what_does_not_measure_the_same_does_not_convert() {
        for (unit, into) in [
            ("H87", "KGM"),
            ("KGM", "LTR"),
            ("NPR", "H87"),
            ("SET", "H87"),
            ("LPA", "LTR"),
            ("KNS", "KGM"),
            ("TIC", "TNE"),
            ("WCD", "MTQ"),
            ("ACR", "HAR"),
            ("XCT", "XBX"),
            ("XCT", "H87"),
        ] {
            assert_eq!(converted("1", unit, into), None, "{unit} into {into}");
            assert_eq!(of("1", unit).parts(&into.parse().unwrap()), None, "{unit} into {into}");
        }
        assert_eq!(converted("7", "XCT", "XCT").as_deref(), Some("7 XCT"));
    }

    #[test]
    fn what_cannot_be_written_is_not_rounded_and_is_compared_all_the_same() {
        assert_eq!(converted("7", "H87", "DZN"), None);
        assert_eq!(converted("0.000001", "GRM", "KGM"), None);
        assert_eq!(converted("999999999999999", "TNE", "KGM"), None);
        assert_eq!(converted("999999999999999", "KTN", "MGM"), None);
        let dozen = "DZN".parse().unwrap();
        let sum: u128 = ["7", "5"].iter().map(|value| of(value, "H87").parts(&dozen).unwrap()).sum();
        assert_eq!(Measure::of_parts(sum, &dozen), Some(of("1", "DZN")));
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same(
            from in 0..EXACT.len(), into in 0..EXACT.len(), value in "(0|[1-9][0-9]{0,14})(\\.[0-9]{1,6})?",
        ) {
            let (from, into) = (EXACT[from].0, EXACT[into].0);
            let here = of(&value, from);
            if let Some(there) = here.in_unit(&into.parse().unwrap()) {
                prop_assert_eq!(there.parts(&here.unit), here.parts(&there.unit));
                prop_assert_eq!(there.value.to_string().parse::<Decimal>(), Ok(there.value));
                prop_assert_eq!(there.in_unit(&here.unit), Some(here));
            }
        }
    }
}
