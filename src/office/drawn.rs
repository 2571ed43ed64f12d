//! What was drawn of a certificate by others that rest on it, item by item, and what is left.
//!
//! An item is drawn in one unit: the one it was first drawn in, and a quantity in another is drawn if it converts to that
//! one exactly. Drawn once by the piece and once by the kilogram, the same goods would be certified twice. What the parts
//! state beside it, their weights and packages, is added up too.

mod amounts;

pub use amounts::{Amounts, shares};

use crate::certificate::{CertificateNumber, Goods, Item, Measure, UnitCode};
use crate::encoding::decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was drawn of one certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// By item of the certificate.
    pub items: BTreeMap<u32, DrawnOfItem>,
    /// Whether the certificate ended because it was drawn on: what is left can be drawn all the same.
    #[serde(default)]
    pub ended: bool,
}

/// What was drawn of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnOfItem {
    /// The unit it is drawn in.
    pub unit: UnitCode,
    /// How much, in all.
    pub drawn: Decimal,
    /// What those who drew state beside it, in all; nothing of what was drawn before this was kept.
    #[serde(default, skip_serializing_if = "Amounts::is_empty")]
    pub beside: Amounts,
}

/// What one certificate drew of others; kept for it, so that it can give it back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draws(pub Vec<Draw>);

/// A quantity that one item of a certificate drew of an item of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The other, by the log it stands in and its identifier.
    pub original: String,
    /// Its number.
    pub number: CertificateNumber,
    /// The item that drew.
    pub item: u32,
    /// The item it was drawn of.
    pub prior_item: u32,
    /// How much.
    pub quantity: Measure,
    /// What it took beside it.
    #[serde(default, skip_serializing_if = "Amounts::is_empty")]
    pub beside: Amounts,
}

/// What is left of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The item.
    pub item: u32,
    /// All of it, in the unit it is or would be drawn in; none where the certificate states no quantity of it.
    pub whole: Option<Measure>,
    /// How much was drawn.
    pub drawn: Decimal,
    /// What is left; nothing of an item that has lost its force.
    pub left: Decimal,
    /// Whether the item has lost its force.
    pub ended: bool,
}

/// Why a quantity cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    /// The certificate has no such item.
    #[error("certificate {number} has no item {item}")]
    NoItem {
        /// The certificate.
        number: CertificateNumber,
        /// The item.
        item: u32,
    },
    /// The item has lost its force.
    #[error("item {item} of certificate {number} has lost its force")]
    Ended {
        /// The certificate.
        number: CertificateNumber,
        /// The item.
        item: u32,
    },
    /// The quantity does not convert exactly to a unit that the certificate states the item in, or to the one that the item
    /// is drawn in.
    #[error("item {item} of certificate {number} is drawn in {}, not in {unit}", .drawn_in.as_ref().map_or("no unit: it states no quantity", UnitCode::as_str))]
    Unit {
        /// The certificate.
        number: CertificateNumber,
        /// The item.
        item: u32,
        /// The unit asked for.
        unit: UnitCode,
        /// The unit it is drawn in.
        drawn_in: Option<UnitCode>,
    },
    /// There is not so much left.
    #[error("{wanted} of item {item} of certificate {number} are asked for, and {left} of {whole} are left")]
    Exceeds {
        /// The certificate.
        number: CertificateNumber,
        /// The item.
        item: u32,
        /// What is wanted.
        wanted: Box<Measure>,
        /// What is left.
        left: Decimal,
        /// What there was.
        whole: Box<Measure>,
    },
}

impl NotDrawn {
    /// The rule, as a finding names it.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NoItem { .. } => "DRAWN_ITEM",
            Self::Ended { .. } => "DRAWN_ITEM_ENDED",
            Self::Unit { .. } => "DRAWN_UNIT",
            Self::Exceeds { .. } => "DRAWN_EXCEEDS",
        }
    }
}

/// Every measure that an item states, the goods' own quantities first.
fn measures(item: &Item) -> impl Iterator<Item = &Measure> {
    item.quantities.iter().chain(&item.net_weight).chain(&item.gross_weight)
}

/// How much of an item there is in a unit. Stated twice in it, such as by net and gross weight, the first counts.
#[must_use]
pub fn stated(item: &Item, unit: &UnitCode) -> Option<Measure> {
    measures(item).find(|measure| measure.unit == *unit).cloned()
}

/// How much of an item there is, in the unit that a quantity of it is first drawn in.
fn whole_of(item: &Item, wanted: &Measure) -> Option<Measure> {
    stated(item, &wanted.unit).or_else(|| measures(item).find(|whole| wanted.in_unit(&whole.unit).is_some()).cloned())
}

impl Ledger {
    /// Whether something of the certificate is drawn.
    #[must_use]
    pub fn is_drawn_on(&self) -> bool {
        self.items.values().any(|item| !item.drawn.is_zero())
    }

    /// What is left of each item.
    #[must_use]
    pub fn left(&self, goods: &Goods, ended: &BTreeSet<u32>) -> Vec<Left> {
        let of = |item: &Item| {
            let drawn = self.items.get(&item.number).filter(|one| !one.drawn.is_zero());
            let whole = match drawn {
                Some(one) => stated(item, &one.unit),
                None => measures(item).next().cloned(),
            };
            let (ended, drawn) = (ended.contains(&item.number), drawn.map_or(Decimal::ZERO, |drawn| drawn.drawn));
            let left = whole.as_ref().and_then(|whole| whole.value.checked_sub(drawn));
            let left = left.filter(|_| !ended).unwrap_or(Decimal::ZERO);
            Left { item: item.number, whole, drawn, left, ended }
        };
        goods.items.iter().map(of).collect()
    }

    /// Draws a quantity of an item of the certificate of this number, or says why it cannot be.
    pub fn draw(
        &mut self,
        number: &CertificateNumber,
        goods: &Goods,
        ended: &BTreeSet<u32>,
        (item, wanted): (u32, &Measure),
    ) -> Result<(), NotDrawn> {
        let number = || number.clone();
        let found = goods.items.iter().find(|one| one.number == item);
        let found = found.ok_or_else(|| NotDrawn::NoItem { number: number(), item })?;
        if ended.contains(&item) {
            return Err(NotDrawn::Ended { number: number(), item });
        }
        let before = self.items.get(&item).filter(|one| !one.drawn.is_zero());
        let whole = match before {
            Some(one) => stated(found, &one.unit),
            None => whole_of(found, wanted),
        };
        let Some((whole, taken)) = whole.and_then(|whole| wanted.in_unit(&whole.unit).map(|taken| (whole, taken)))
        else {
            let drawn_in =
                before.map(|one| one.unit.clone()).or_else(|| measures(found).next().map(|one| one.unit.clone()));
            return Err(NotDrawn::Unit { number: number(), item, unit: wanted.unit.clone(), drawn_in });
        };
        let drawn = before.map_or(Decimal::ZERO, |one| one.drawn);
        let left = whole.value.checked_sub(drawn).unwrap_or(Decimal::ZERO);
        let sum = drawn.checked_add(taken.value).filter(|_| taken.value <= left);
        let Some(sum) = sum else {
            return Err(NotDrawn::Exceeds {
                number: number(),
                item,
                wanted: Box::new(wanted.clone()),
                left,
                whole: Box::new(whole),
            });
        };
        let beside = before.map(|one| one.beside.clone()).unwrap_or_default();
        self.items.insert(item, DrawnOfItem { unit: taken.unit, drawn: sum, beside });
        Ok(())
    }

    /// How much is left of what an item states beside the quantity it is drawn in, such as its gross weight; `None`
    /// where it does not state that.
    #[must_use]
    pub fn left_beside(&self, item: &Item, what: &str) -> Option<Decimal> {
        let drawn = self.items.get(&item.number)?;
        let whole = Amounts::of(item, &drawn.unit).get(what)?;
        let taken = drawn.beside.get(what).unwrap_or(Decimal::ZERO);
        Some(whole.checked_sub(taken).unwrap_or(Decimal::ZERO))
    }

    /// Takes of what an item that is drawn on states beside.
    pub fn take_beside(&mut self, item: u32, what: &str, amount: Decimal) {
        if let Some(drawn) = self.items.get_mut(&item) {
            drawn.beside.add(what, amount);
        }
    }

    /// Gives a quantity back as it was drawn, with what was taken beside it. More than was drawn cannot be given back, and
    /// nothing in a unit that it cannot have been drawn in.
    pub fn give_back(&mut self, item: u32, quantity: &Measure, beside: &Amounts) {
        let Some(one) = self.items.get_mut(&item) else { return };
        let Some(back) = quantity.in_unit(&one.unit) else { return };
        one.beside.give_back(beside);
        one.drawn = one.drawn.checked_sub(back.value).unwrap_or(Decimal::ZERO);
        if one.drawn.is_zero() {
            self.items.remove(&item);
        }
    }

    /// Whether a quantity of an item is counted beside what was drawn of it: it converts to the unit that this is drawn in.
    #[must_use]
    pub fn counts(&self, item: u32, quantity: &Measure) -> bool {
        let drawn = self.items.get(&item).filter(|one| !one.drawn.is_zero());
        drawn.is_none_or(|one| quantity.in_unit(&one.unit).is_some())
    }

    /// Takes up again what was given back, with what was taken beside it, because what gave it back was never said. It is
    /// counted though others drew the same since: the ledger says what was certified in all. Whether that is known to be no
    /// more than there is; not where the item is not known here, nor what cannot be counted in the unit that it was drawn
    /// in since.
    pub fn take_up(&mut self, number: u32, item: Option<&Item>, quantity: &Measure, beside: &Amounts) -> bool {
        let before = self.items.get(&number).filter(|one| !one.drawn.is_zero()).cloned();
        let mut one = before.unwrap_or_else(|| {
            let whole = item.and_then(|item| whole_of(item, quantity));
            let unit = whole.map_or_else(|| quantity.unit.clone(), |whole| whole.unit);
            DrawnOfItem { unit, drawn: Decimal::ZERO, beside: Amounts::default() }
        });
        let taken = quantity.in_unit(&one.unit);
        let Some(sum) = taken.and_then(|taken| one.drawn.checked_add(taken.value)) else { return false };
        one.drawn = sum;
        for (what, amount) in beside.each() {
            one.beside.add(what, amount);
        }
        let whole = item.and_then(|item| stated(item, &one.unit));
        self.items.insert(number, one);
        whole.is_some_and(|whole| sum <= whole.value)
    }

    /// The items of which nothing is left, rising; none of those that had lost their force before.
    #[must_use]
    pub fn spent(&self, goods: &Goods, ended: &BTreeSet<u32>) -> BTreeSet<u32> {
        let spent = |left: &Left| left.left.is_zero() && !left.drawn.is_zero() && !left.ended;
        self.left(goods, ended).iter().filter(|left| spent(left)).map(|left| left.item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn goods() -> Goods {
        let item = |number: u32, quantities: serde_json::Value, gross: &str| {
            serde_json::from_value::<Item>(serde_json::json!({
                "number": number, "marks": null, "packages": [], "description": "Footballs", "brand": null, "hs": null,
                "national_codes": [], "origin": null, "criterion": null, "quantities": quantities,
                "gross_weight": {"value": gross, "unit": "KGM"}, "net_weight": null, "producers": [],
            }))
            .unwrap()
        };
        Goods {
            totals: None,
            items: vec![
                item(1, serde_json::json!([{"value": "16800", "unit": "H87"}]), "5520.00"),
                item(2, serde_json::json!([]), "0.3"),
            ],
        }
    }

    fn of(value: &str, unit: &str) -> Measure {
        Measure { value: value.parse().unwrap(), unit: unit.parse().unwrap() }
    }

    fn draw(ledger: &mut Ledger, item: u32, value: &str, unit: &str) -> Result<(), &'static str> {
        let number = "PK-1".parse().unwrap();
        let wanted = of(value, unit);
        ledger.draw(&number, &goods(), &BTreeSet::from([9]), (item, &wanted)).map_err(|refused| refused.rule())
    }

    #[test]
    fn what_is_drawn_is_exact_to_the_last_digit() {
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            draw(&mut ledger, 2, "0.1", "KGM").unwrap();
        }
        assert_eq!(draw(&mut ledger, 2, "0.000001", "KGM"), Err("DRAWN_EXCEEDS"));
        assert_eq!(ledger.spent(&goods(), &BTreeSet::new()), BTreeSet::from([2]));
        ledger.give_back(2, &of("0.1", "KGM"), &Amounts::default());
        assert_eq!(draw(&mut ledger, 2, "0.1", "KGM"), Ok(()));
    }

    #[test]
    fn goods_drawn_by_the_piece_are_not_drawn_again_by_weight() {
        let mut ledger = Ledger::default();
        assert_eq!(draw(&mut ledger, 1, "16800", "H87"), Ok(()));
        assert_eq!(draw(&mut ledger, 1, "5520", "KGM"), Err("DRAWN_UNIT"));
        assert_eq!(draw(&mut ledger, 3, "1", "H87"), Err("DRAWN_ITEM"));
        assert_eq!(draw(&mut ledger, 2, "1", "H87"), Err("DRAWN_UNIT"));
        // Given back, it is free to be drawn in another unit.
        ledger.give_back(1, &of("16800", "H87"), &Amounts::default());
        assert!(!ledger.is_drawn_on());
        assert_eq!(draw(&mut ledger, 1, "5520.00", "KGM"), Ok(()));
    }

    #[test]
    fn what_converts_exactly_is_drawn_in_the_unit_the_item_is_drawn_in() {
        let mut ledger = Ledger::default();
        assert_eq!(draw(&mut ledger, 1, "1000", "DZN"), Ok(()));
        assert_eq!(
            (&ledger.items[&1].unit, ledger.items[&1].drawn),
            (&"H87".parse().unwrap(), "12000".parse().unwrap())
        );
        assert_eq!(draw(&mut ledger, 1, "4.8", "MIL"), Ok(()));
        assert_eq!(draw(&mut ledger, 1, "1", "C62"), Err("DRAWN_EXCEEDS"));
        assert_eq!(draw(&mut ledger, 1, "5.52", "TNE"), Err("DRAWN_UNIT"));
        assert_eq!(draw(&mut ledger, 1, "1", "NPR"), Err("DRAWN_UNIT"));
        ledger.give_back(1, &of("5520", "KGM"), &Amounts::default());
        assert_eq!(ledger.spent(&goods(), &BTreeSet::new()), BTreeSet::from([1]));
        ledger.give_back(1, &of("1000", "DZN"), &Amounts::default());
        ledger.give_back(1, &of("4.8", "MIL"), &Amounts::default());
        assert!(!ledger.is_drawn_on());
        // Stated by the piece and by weight, it may be drawn by weight first; then not by the piece.
        assert_eq!(draw(&mut ledger, 1, "5", "TNE"), Ok(()));
        assert_eq!(ledger.left(&goods(), &BTreeSet::new())[0].left, "520".parse().unwrap());
        assert_eq!(draw(&mut ledger, 1, "1", "H87"), Err("DRAWN_UNIT"));
    }

    #[test]
    fn what_cannot_be_written_in_the_unit_of_the_ledger_is_not_rounded_into_it() {
        let mut ledger = Ledger::default();
        assert_eq!(draw(&mut ledger, 2, "0.1", "LBR"), Err("DRAWN_UNIT"));
        assert_eq!(draw(&mut ledger, 2, "0.001", "GRM"), Ok(()));
        assert_eq!(draw(&mut ledger, 2, "0.000001", "GRM"), Err("DRAWN_UNIT"));
    }

    #[test]
    fn what_was_kept_before_weights_were_reads_as_it_was_written() {
        let old = r#"{"items":{"1":{"unit":"H87","drawn":"400"}},"ended":true}"#;
        let mut ledger: Ledger = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&ledger).unwrap(), old);
        let gross = ledger.left_beside(&goods().items[0], "gross KGM").unwrap();
        assert_eq!(gross, "5520".parse().unwrap(), "nothing is known of what the parts weigh");
        ledger.take_beside(1, "gross KGM", "5500".parse().unwrap());
        assert_eq!(ledger.left_beside(&goods().items[0], "gross KGM").unwrap(), "20".parse().unwrap());
        assert_eq!(ledger.left_beside(&goods().items[0], "net KGM"), None, "the certificate does not state it");
    }

    #[test]
    fn what_is_taken_up_again_counts_also_beyond_what_there_is_and_then_says_so() {
        let (goods, none, mut ledger) = (goods(), Amounts::default(), Ledger::default());
        let item = goods.items.get(1);
        assert!(ledger.take_up(2, item, &of("200", "GRM"), &none), "in the unit that the item states");
        assert_eq!(ledger.items[&2].unit.as_str(), "KGM");
        assert!(draw(&mut ledger, 2, "0.1", "KGM").is_ok());
        assert!(!ledger.take_up(2, item, &of("0.1", "KGM"), &none));
        let left = ledger.left(&goods, &BTreeSet::new()).remove(1);
        assert_eq!((left.drawn, left.left), ("0.4".parse().unwrap(), Decimal::ZERO));
        assert!(draw(&mut ledger, 2, "0.1", "KGM").is_err());
        ledger.give_back(2, &of("0.2", "KGM"), &none);
        assert_eq!(ledger.left(&goods, &BTreeSet::new()).remove(1).left, "0.1".parse().unwrap());
        assert!(!ledger.take_up(2, item, &of("1", "H87"), &none), "what does not convert is not counted");
        assert!(!ledger.take_up(2, None, &of("0.01", "KGM"), &none), "how much there is is not known");
    }

    #[test]
    fn an_item_without_force_is_drawn_on_by_nobody() {
        let (number, ended) = ("PK-1".parse().unwrap(), BTreeSet::from([1]));
        let refused = Ledger::default().draw(&number, &goods(), &ended, (1, &of("1", "H87"))).unwrap_err();
        assert_eq!(refused.rule(), "DRAWN_ITEM_ENDED");
        assert!(Ledger::default().left(&goods(), &ended)[0].left.is_zero());
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_and_given_back_never_more_than_all_is_out(
            deeds in proptest::collection::vec((any::<bool>(), any::<bool>(), 0u32..400), 1..60),
        ) {
            let mut ledger = Ledger::default();
            let mut out: Vec<Measure> = Vec::new();
            for (takes, by_the_gram, thousandths) in deeds {
                if takes {
                    let (value, unit) =
                        if by_the_gram { (thousandths.to_string(), "GRM") } else { (format!("0.{thousandths:03}"), "KGM") };
                    let quantity = of(&value, unit);
                    if draw(&mut ledger, 2, &value, unit).is_ok() {
                        out.push(quantity);
                    }
                } else if let Some(quantity) = out.pop() {
                    ledger.give_back(2, &quantity, &Amounts::default());
                }
                let kilograms = "KGM".parse().unwrap();
                let sum: u128 = out.iter().map(|one| one.in_unit(&kilograms).unwrap().value.millionths()).sum();
                prop_assert!(sum <= 300_000);
                let left = &ledger.left(&goods(), &BTreeSet::new())[1];
                prop_assert_eq!(left.drawn.millionths(), sum);
                prop_assert_eq!(left.left.millionths(), 300_000 - sum);
            }
        }
    }
}
