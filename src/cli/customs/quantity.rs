//! A quantity that is used of an item, as `1=500KGM`.

use crate::{api::client::wire, certificate::Measure, cli::arguments, encoding::Decimal};
use std::str::FromStr;

/// How much of an item is used, and on which line of the declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quantity {
    item: u32,
    line: u32,
    much: Measure,
}

impl Quantity {
    /// What the declaration states.
    pub(super) fn new(item: u32, line: u32, value: &str, unit: &str) -> Result<Self, String> {
        let value = amount(value)?;
        if value.is_zero() {
            return Err("a quantity is more than 0; what was written off before is taken back: origin customs reverse"
                .to_owned());
        }
        Ok(Self { item, line, much: Measure { value, unit: arguments::unit(unit)? } })
    }

    pub(super) fn to_wire(&self) -> wire::WriteOffLine {
        let (quantity, unit) = (self.much.value.to_string(), self.much.unit.to_string());
        wire::WriteOffLine { item: self.item, line: self.line, quantity, unit }
    }
}

impl FromStr for Quantity {
    type Err = String;

    /// `ITEM=QUANTITY UNIT[@LINE]`; a unit that begins with a letter needs no space before it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no quantity of an item: 1=500KGM, or 1=500KGM@3 with line 3");
        let (item, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (much, line) = match rest.rsplit_once('@') {
            Some((much, line)) => (much, number(line).ok_or_else(wrong)?),
            None => (rest, 0),
        };
        let much = much.trim();
        if much.starts_with('-') {
            let help = "more than 0 is written off, and taken back with origin customs reverse";
            return Err(format!("`{text}`: `{much}` is less than nothing; {help}"));
        }
        let end = much.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (value, unit) = much.split_at(end);
        if value.is_empty() {
            return Err(wrong());
        }
        let item = number(item).ok_or_else(wrong)?;
        Self::new(item, line, value, unit.trim()).map_err(|why| format!("`{text}`: {why}"))
    }
}

/// How much.
pub(super) fn amount(text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|_| format!("`{text}` is no quantity: digits, with at most 6 after a point"))
}

/// A number from 1 on.
pub(super) fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_names_its_item_its_unit_and_its_line() {
        let read = |text: &str| text.parse::<Quantity>().map(|one| one.to_wire());
        let one = |item, line, quantity: &str, unit: &str| wire::WriteOffLine {
            item,
            line,
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
        };
        assert_eq!(read("1=500KGM"), Ok(one(1, 0, "500", "KGM")));
        assert_eq!(read("12=16800.5 TNE@3"), Ok(one(12, 3, "16800.5", "TNE")));
        assert_eq!(read("1=500 5B"), Ok(one(1, 0, "500", "5B")), "a unit may begin with a digit");
        assert_eq!(read("1=500h87@3"), Ok(one(1, 3, "500", "H87")), "in small letters too");
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_what_was_meant() {
        for wrong in ["", "1", "1=", "1=500", "0=500KGM", "=500KGM", "1=KGM", "1=-5KGM", "1=500KGM@0", "1=500KGM@x"] {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
        let why = |text: &str| text.parse::<Quantity>().unwrap_err();
        assert!(why("1=500kg").contains("did you mean `KGM`?"));
        assert!(why("1=0H87").contains("more than 0") && why("1=0.0KGM").contains("more than 0"));
        assert!(why("1=-5H87").contains("`-5H87` is less than nothing"));
        assert!(why("1=KGM").contains("1=500KGM@3"));
    }
}
