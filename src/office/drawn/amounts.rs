//! What an item states beside the quantity that it is drawn in: its weights, its packages, quantities in other units.
//!
//! How much of the weight of an item goes with a part of its pieces nobody can know: parcels of one item weigh what
//! they weigh. But all parts together weigh no more, and are in no more packages, than the whole.

use crate::certificate::{Item, Measure, UnitCode};
use crate::encoding::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Units that say the same in kilograms, and how many places the point moves.
const METRIC: [(&str, i32); 3] = [("TNE", 3), ("KGM", 0), ("GRM", -3)];

/// Amounts by what they are of, such as `gross KGM`, `net KGM`, `packages CT` or `quantity MTR`. The words are the
/// format on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amounts(BTreeMap<String, Decimal>);

impl Amounts {
    /// Everything that an item states but its quantity in the unit that it is drawn in.
    #[must_use]
    pub fn of(item: &Item, drawn_in: &UnitCode) -> Self {
        let mut amounts = Self::default();
        let weights = [("gross", &item.gross_weight), ("net", &item.net_weight)];
        for (what, weight) in weights.into_iter().filter_map(|(what, weight)| Some((what, weight.as_ref()?))) {
            let (value, unit) = metric(weight);
            amounts.0.insert(format!("{what} {unit}"), value);
        }
        for quantity in item.quantities.iter().filter(|one| one.unit != *drawn_in) {
            // Stated twice in a unit, the first counts.
            amounts.0.entry(format!("quantity {}", quantity.unit)).or_insert(quantity.value);
        }
        for packages in &item.packages {
            amounts.add(&format!("packages {}", packages.kind.as_str()), Decimal::from_whole(packages.count));
        }
        amounts
    }

    /// Each with what it is of.
    pub fn each(&self) -> impl Iterator<Item = (&str, Decimal)> {
        self.0.iter().map(|(what, amount)| (what.as_str(), *amount))
    }

    /// How much of one.
    #[must_use]
    pub fn get(&self, what: &str) -> Option<Decimal> {
        self.0.get(what).copied()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds to one. What leaves the grammar of decimals stays as it was: nothing that is stated does.
    pub fn add(&mut self, what: &str, amount: Decimal) {
        let sum = self.0.entry(what.to_owned()).or_insert(Decimal::ZERO);
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    }

    /// Takes away all of another; never below nothing.
    pub fn give_back(&mut self, other: &Self) {
        for (what, amount) in &other.0 {
            if let Some(sum) = self.0.get_mut(what) {
                *sum = sum.checked_sub(*amount).unwrap_or(Decimal::ZERO);
            }
        }
        self.0.retain(|_, sum| !sum.is_zero());
    }

    /// One in words, such as `25000 KGM of gross weight`.
    #[must_use]
    pub fn in_words(what: &str, amount: Decimal) -> String {
        let (what, unit) = what.split_once(' ').unwrap_or((what, ""));
        let of = match what {
            "gross" => " of gross weight",
            "net" => " of net weight",
            "packages" => " of packages",
            _ => "",
        };
        format!("{amount} {unit}{of}")
    }

    /// The member of an item that says it.
    #[must_use]
    pub fn member(what: &str) -> &'static str {
        match what.split_once(' ').map_or(what, |(what, _)| what) {
            "gross" => "gross_weight",
            "net" => "net_weight",
            "packages" => "packages",
            _ => "quantities",
        }
    }
}

/// A weight in kilograms, where it is in a unit that is a power of ten of them and is written as exactly so.
fn metric(weight: &Measure) -> (Decimal, &str) {
    let places = METRIC.iter().find(|(unit, _)| *unit == weight.unit.as_str()).map(|(_, places)| *places);
    let kilograms = places.and_then(|places| weight.value.shifted(places));
    kilograms.map_or((weight.value, weight.unit.as_str()), |value| (value, "KGM"))
}

/// What an amount takes of each of several, of which so much is left: in proportion to that, and of none more than
/// that. `None` where it is more than all of them have.
#[must_use]
pub fn shares(amount: Decimal, left: &[Decimal]) -> Option<Vec<Decimal>> {
    let all = left.iter().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(*one));
    if all.is_some_and(|all| amount > all) {
        return None;
    }
    if let [_] = left {
        return Some(vec![amount]);
    }
    let all: u128 = left.iter().map(|one| one.millionths()).sum();
    let mut rest = amount.millionths();
    let mut shares = Vec::with_capacity(left.len());
    for one in left {
        let share = proportion(amount.millionths(), one.millionths(), all).min(rest);
        shares.push(share);
        rest -= share;
    }
    // What rounding left over goes where there is room.
    for (share, one) in shares.iter_mut().zip(left) {
        let room = one.millionths().saturating_sub(*share).min(rest);
        *share += room;
        rest -= room;
    }
    shares.into_iter().map(Decimal::of_millionths).collect()
}

/// `amount` × `part` ÷ `all`, rounded down and never more than `part`. A decimal has up to 21 digits in millionths; the
/// product of two of them has 42, and 128 bits hold 38.
fn proportion(amount: u128, part: u128, all: u128) -> u128 {
    if all == 0 {
        return 0;
    }
    match amount.checked_mul(part) {
        Some(product) => product / all,
        // Too large to be multiplied: digits are given up in both, and what they make is shared out as rounding is.
        None => proportion(amount >> 16, part, all >> 16).min(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn item(gross: &str, unit: &str) -> Item {
        serde_json::from_value(serde_json::json!({
            "number": 1, "marks": null, "description": "Rice", "brand": null, "hs": null, "national_codes": [],
            "packages": [{"count": 300, "kind": "BG"}, {"count": 200, "kind": "BG"}], "origin": null, "criterion": null,
            "quantities": [{"value": "500", "unit": "H87"}, {"value": "25", "unit": "MTQ"}],
            "gross_weight": {"value": gross, "unit": unit}, "net_weight": null, "producers": [],
        }))
        .unwrap()
    }

    #[test]
    fn weights_are_compared_in_kilograms_however_they_are_written() {
        let pieces = "H87".parse().unwrap();
        let gross = |value, unit| Amounts::of(&item(value, unit), &pieces).get("gross KGM");
        assert_eq!(gross("25.5", "TNE"), Some(of("25500")));
        assert_eq!(gross("25500000", "GRM"), gross("25500", "KGM"));
        // What cannot be written in kilograms, and pounds, are compared with their own alone.
        assert_eq!(gross("0.000001", "GRM"), None);
        assert_eq!(Amounts::of(&item("1", "LBR"), &pieces).get("gross LBR"), Some(of("1")));
        let all = Amounts::of(&item("1", "KGM"), &pieces);
        let all = all.each().map(|(what, amount)| format!("{what} {amount}")).collect::<Vec<_>>();
        assert_eq!(all, ["gross KGM 1", "packages BG 500", "quantity MTQ 25"]);
    }

    #[test]
    fn what_is_given_back_is_as_if_it_had_never_been_taken() {
        let mut sums = Amounts::default();
        sums.add("gross KGM", of("10.5"));
        let before = sums.clone();
        let taken = Amounts::of(&item("7", "KGM"), &"H87".parse().unwrap());
        taken.each().for_each(|(what, amount)| sums.add(what, amount));
        sums.give_back(&taken);
        assert_eq!(sums, before);
        assert_eq!(serde_json::to_string(&before).unwrap(), r#"{"gross KGM":"10.5"}"#);
    }

    proptest! {
        #[test]
        fn shares_are_the_whole_amount_and_none_is_more_than_there_is_left(
            left in proptest::collection::vec(0u128..1_000_000_000_000_000_000_000, 1..6),
            part in 0u128..=1_000_000,
        ) {
            let all: u128 = left.iter().sum::<u128>().min(999_999_999_999_999_999_999);
            let amount = Decimal::of_millionths(all / 1_000_000 * part).unwrap();
            let left = left.into_iter().map(|one| Decimal::of_millionths(one).unwrap()).collect::<Vec<_>>();
            let shares = shares(amount, &left).unwrap();
            prop_assert_eq!(shares.iter().map(|one| one.millionths()).sum::<u128>(), amount.millionths());
            prop_assert!(shares.iter().zip(&left).all(|(share, left)| share <= left));
        }
    }

    #[test]
    fn more_than_all_have_is_shared_among_none() {
        assert_eq!(shares(of("300.000001"), &[of("100"), of("200")]), None);
        assert_eq!(shares(of("150"), &[of("100"), of("200")]), Some(vec![of("50"), of("100")]));
        assert_eq!(shares(of("0"), &[of("0"), of("0")]), Some(vec![of("0"), of("0")]));
    }
}
