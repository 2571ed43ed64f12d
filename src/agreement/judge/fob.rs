//! The value free on board: there where the form shows it, above nothing, and nowhere else.

use super::{Bench, goods::in_box, sourced};
use crate::{
    agreement::form::{FobPrinted, Shows},
    certificate::{Finding, Item, ItemValue, RuleMetBy, ValueBasis},
};

impl Bench<'_> {
    pub(super) fn fob(&mut self) {
        let particulars = self.particulars;
        let values = particulars.commercial.as_ref().map(|one| one.item_values.as_slice()).unwrap_or_default();
        let form = self.form;
        let on_board = |value: &ItemValue| value.basis == ValueBasis::Fob;
        let Some(printed) = form.fob.value().copied() else {
            if values.iter().any(on_board) {
                let message = "whether the form shows values free on board is not known";
                self.push(sourced(&form.fob, Finding::unknown("FOB_VALUE", "commercial.item_values", message)));
            }
            return;
        };
        let countries = &form.fob_countries;
        let asked_for =
            countries.value().is_none_or(|all| all.contains(&particulars.from) || all.contains(&particulars.to));
        let in_box = in_box(form.box_of(Shows::Fob));
        for item in &particulars.goods.items {
            let wanted = asked_for
                && match printed {
                    FobPrinted::Always => true,
                    FobPrinted::Never => false,
                    FobPrinted::ValueCriterion => self.rests_on_value(item),
                };
            let number = item.number;
            let mut stated =
                values.iter().enumerate().filter(|(_, value)| on_board(value) && value.item == number).peekable();
            match (wanted, stated.peek().is_some()) {
                (true, false) => {
                    let message = format!("item {number} has no value free on board, and the form shows it{in_box}");
                    let help = format!("add an entry with item = {number}, basis = \"fob\" and its amount");
                    let finding = Finding::error("FOB_VALUE", "commercial.item_values", message).with_help(help);
                    self.no_value(finding);
                }
                (true, true) => {
                    let nothing = stated.find(|(_, value)| value.amount.value.is_zero());
                    let Some((index, _)) = nothing else { continue };
                    let message =
                        format!("the value free on board of item {number} is 0, and the form shows it{in_box}");
                    let path = format!("commercial.item_values[{index}].amount.value");
                    let help = "state what the goods are worth on board; goods that nobody pays for have a value too";
                    self.no_value(Finding::error("FOB_VALUE", path, message).with_help(help));
                }
                (false, true) => {
                    let message = format!("item {number} states its value free on board, which the form does not show");
                    let finding = Finding::warning("FOB_VALUE", "commercial.item_values", message)
                        .with_help("leave it out: whoever sees the certificate will see it");
                    self.push(sourced(&form.fob, finding));
                }
                (false, false) => {}
            }
        }
    }

    /// Reports a value that the form shows and that is none: as sure as it is that the form and its countries ask for it.
    fn no_value(&mut self, finding: Finding) {
        let form = self.form;
        if form.fob_countries.value().is_some() && !form.fob_countries.is_confirmed() {
            self.contradicts(&form.fob_countries, finding);
        } else {
            self.contradicts(&form.fob, finding);
        }
    }

    /// Whether the item's criterion is a percentage of value, or a product rule met by value.
    fn rests_on_value(&self, item: &Item) -> bool {
        let Some(criterion) = &item.criterion else { return false };
        criterion.met_by == Some(RuleMetBy::Value)
            || self.edition.criteria.iter().any(|rule| rule.code == criterion.code && rule.value.is_some())
    }
}
