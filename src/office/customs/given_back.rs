//! What an act wrote off, given back; and uses of an item in units that are not counted together, which only a loss leaves.

use super::{CustomsFile, CustomsRefused, stands_against};
use crate::{
    certificate::{Item, Measure},
    office::Amounts,
    statement::{ItemDecision, ResponseCode},
};
use std::collections::BTreeMap;

impl CustomsFile {
    /// Gives back what an act wrote off. What was decided of an item stays decided.
    pub fn give_back(&mut self, decisions: &[ItemDecision]) {
        let mut counted = false;
        for decision in decisions {
            let (Some(item), Some(quantity)) = (decision.item, &decision.quantity) else { continue };
            if self.forgets(item, quantity) {
                continue;
            }
            counted = true;
            self.ledger.give_back(item, quantity, &Amounts::default());
            self.count_the_rest(item);
            if self.responses.get(&item).is_some_and(|said| !said.draws()) {
                continue;
            }
            if self.ledger.items.contains_key(&item) {
                self.responses.insert(item, ResponseCode::UtilisedPartial);
            } else if self.granted.remove(&item) {
                self.responses.insert(item, ResponseCode::AcceptedForClaim);
            } else {
                self.responses.remove(&item);
            }
        }
        // What was in no balance changes none.
        if !counted {
            return;
        }
        let still = self.ledger.is_drawn_on();
        let against = self.responses.values().copied().find(|code| stands_against(*code));
        let unused = against.unwrap_or(ResponseCode::Reversed);
        self.latest = Some(if still { ResponseCode::UtilisedPartial } else { unused });
        if !still {
            self.first_used = None;
        }
    }

    /// Why nothing more is written off of some of these items, or of all where none is named: an item is used in one unit, so
    /// that no goods are used once by the piece and again by weight.
    pub fn in_two_units(&self, items: &[u32]) -> impl Iterator<Item = CustomsRefused> {
        let meant = self.uncounted.iter().filter(move |(item, _)| items.is_empty() || items.contains(item));
        meant.flat_map(|(item, uses)| {
            uses.iter().map(move |used| CustomsRefused::InTwoUnits { item: *item, used: Box::new(used.clone()) })
        })
    }

    /// Counts a use that the issuer was told of, also beyond what there is.
    pub(super) fn count_use(&mut self, number: u32, item: Option<&Item>, quantity: &Measure) {
        if self.ledger.counts(number, quantity) {
            self.ledger.take_up(number, item, quantity, &Amounts::default());
        } else {
            self.uncounted.entry(number).or_default().push(quantity.clone());
        }
    }

    /// Sets apart the other uses that are not counted of an item of which one was given back since `before`: each is amended
    /// by itself, or no one would be the first.
    #[must_use]
    pub fn set_apart(&mut self, before: &Self) -> BTreeMap<u32, Vec<Measure>> {
        let has_fewer =
            |item: &u32, left: &[Measure]| before.uncounted.get(item).is_some_and(|all| left.len() < all.len());
        let uncounted = std::mem::take(&mut self.uncounted).into_iter();
        let (apart, rest) = uncounted.partition(|(item, left)| has_fewer(item, left));
        self.uncounted = rest;
        apart
    }

    /// Whether a use was not counted, and is forgotten now.
    fn forgets(&mut self, item: u32, quantity: &Measure) -> bool {
        let Some(uses) = self.uncounted.get_mut(&item) else { return false };
        let Some(at) = uses.iter().position(|one| one == quantity) else { return false };
        uses.remove(at);
        if uses.is_empty() {
            self.uncounted.remove(&item);
        }
        true
    }

    /// Counts what could not be counted beside the uses of an item, once none of those is left.
    fn count_the_rest(&mut self, item: u32) {
        if self.ledger.items.contains_key(&item) {
            return;
        }
        for quantity in self.uncounted.remove(&item).unwrap_or_default() {
            self.count_use(item, None, &quantity);
        }
    }
}
