//! What has become of a certificate: the status list as it stood at one size of the log, and the changes
//! that were presented, folded in the order of the log.
//!
//! The list is the authority's complete account up to its size but names no items and gives no reasons; the
//! changes explain it, and go beyond it where they stand later in the log. A holder may leave a change out,
//! so what the list takes away no change presented can give back.

use crate::{
    log::Shard,
    statement::{Act, Change, Since, StatementRef, status_list::Status},
    time::Date,
};
use std::collections::BTreeMap;

/// A place in an authority's logs to one addressee, one log a shard: changes go to the target's own log while
/// that is open, then to the open one.
pub(super) type LogPlace = (Shard, u64);

/// A change that was verified, at its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// Where it counts from.
    pub(super) place: LogPlace,
    pub(super) change: Change,
}

/// Why a certificate or an item is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Loss {
    Cancelled,
    /// Since when, if the change was presented.
    Withdrawn(Option<Since>),
    /// By what, if the change was presented.
    Superseded(Option<StatementRef>),
    Suspended,
}

impl Loss {
    /// The loss an act brings; reinstating brings none.
    fn of(act: &Act) -> Option<Self> {
        match act {
            Act::Cancelled => Some(Self::Cancelled),
            Act::Withdrawn { since } => Some(Self::Withdrawn(Some(*since))),
            Act::Superseded { successor } => Some(Self::Superseded(Some(successor.clone()))),
            Act::Suspended => Some(Self::Suspended),
            Act::Reinstated => None,
        }
    }

    /// Whether nothing brings it back.
    pub(super) const fn is_final(&self) -> bool {
        !matches!(self, Self::Suspended)
    }

    fn same_act(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether it did not hold yet on `date`: a withdrawal that counts from a later date.
    pub(super) fn not_yet_on(&self, date: Date) -> bool {
        matches!(self, Self::Withdrawn(Some(Since::Date(from))) if date < *from)
    }
}

/// How a certificate stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The whole certificate's loss.
    pub(super) whole: Option<Loss>,
    /// Losses of items, by their number.
    pub(super) items: BTreeMap<u32, Loss>,
    /// The list says "in part", so there may be more items than those presented.
    pub(super) in_part: bool,
    /// A change presented takes away for good what the list, which should know it, leaves in force.
    pub(super) contradicted: bool,
}

impl Standing {
    /// Folds the list's word, said at `size`, and the changes presented.
    pub(super) fn fold(list: Option<(Status, LogPlace)>, changes: &mut [Placed]) -> Self {
        changes.sort_by_key(|placed| placed.place);
        let known = |placed: &&Placed| list.is_some_and(|(_, size)| placed.place < size);
        let mut standing = Self::default();
        for placed in changes.iter().filter(known) {
            standing.apply(&placed.change);
        }
        if let Some((status, _)) = list {
            standing.settle(status);
        }
        for placed in changes.iter().filter(|placed| !known(placed)) {
            standing.apply(&placed.change);
        }
        standing
    }

    /// Holds what the changes before the list's size say against what the list says.
    fn settle(&mut self, status: Status) {
        let listed = match status {
            Status::Valid | Status::InPart => None,
            Status::Cancelled => Some(Loss::Cancelled),
            Status::Suspended => Some(Loss::Suspended),
            Status::Withdrawn => Some(Loss::Withdrawn(None)),
            Status::Superseded => Some(Loss::Superseded(None)),
        };
        self.in_part = status == Status::InPart;
        match (listed, &self.whole) {
            // The change that was presented explains the list.
            (Some(listed), Some(known)) if known.same_act(&listed) => {}
            (Some(listed), _) => self.whole = Some(listed),
            (None, Some(known)) if known.is_final() => self.contradicted = true,
            // A suspension that the list no longer knows was lifted by a change that was not presented.
            (None, _) => self.whole = None,
        }
        if status == Status::Valid {
            self.items.retain(|_, loss| loss.is_final());
            self.contradicted |= !self.items.is_empty();
        }
    }

    fn apply(&mut self, change: &Change) {
        match (&change.items, Loss::of(&change.act)) {
            (None, Some(loss)) => replace(&mut self.whole, loss),
            (None, None) => {
                if self.whole == Some(Loss::Suspended) {
                    self.whole = None;
                }
                self.items.retain(|_, loss| loss.is_final());
            }
            (Some(items), Some(loss)) => {
                for item in items {
                    let mut slot = self.items.remove(item);
                    replace(&mut slot, loss.clone());
                    if let Some(loss) = slot {
                        self.items.insert(*item, loss);
                    }
                }
            }
            (Some(items), None) => self.items.retain(|item, loss| loss.is_final() || !items.contains(item)),
        }
    }

    /// Where every item has lost its force, so has the certificate: by a suspension if any is only suspended,
    /// else by what the first item lost it by.
    pub(super) fn gather(&mut self, items: &[u32]) {
        let lost = items.iter().filter_map(|number| self.items.get(number)).collect::<Vec<_>>();
        if self.whole.is_none() && !items.is_empty() && lost.len() == items.len() {
            self.whole = lost.iter().find(|loss| !loss.is_final()).or(lost.first()).map(|loss| (*loss).clone());
        }
    }
}

/// A later act replaces an earlier one, but a suspension does not soften what is final.
fn replace(slot: &mut Option<Loss>, loss: Loss) {
    if loss.is_final() || !slot.as_ref().is_some_and(Loss::is_final) {
        *slot = Some(loss);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{statement::Jti, time::parse_date};

    fn reference() -> StatementRef {
        StatementRef { log: "tdap.gov.pk/log/2026/cn".parse().unwrap(), jti: Jti([1; 16]) }
    }

    fn change(index: u64, act: Act, items: Option<&[u32]>) -> Placed {
        Placed {
            place: (Shard::of_year(2026), index),
            change: Change { target: reference(), act, items: items.map(<[u32]>::to_vec) },
        }
    }

    fn withdrawn() -> Act {
        Act::Withdrawn { since: Since::Date(parse_date("2026-12-24").unwrap()) }
    }

    fn fold(list: Option<(Status, u64)>, changes: &[Placed]) -> Standing {
        let list = list.map(|(status, size)| (status, (Shard::of_year(2026), size)));
        Standing::fold(list, &mut changes.to_vec())
    }

    #[test]
    fn a_change_left_out_does_not_undo_the_list() {
        for (status, loss) in [
            (Status::Cancelled, Loss::Cancelled),
            (Status::Withdrawn, Loss::Withdrawn(None)),
            (Status::Superseded, Loss::Superseded(None)),
            (Status::Suspended, Loss::Suspended),
        ] {
            assert_eq!(fold(Some((status, 9)), &[]).whole, Some(loss.clone()));
            // An old reinstatement does not lift what the list knows at a later size.
            let standing = fold(Some((status, 9)), &[change(4, Act::Reinstated, None)]);
            assert_eq!(standing.whole, Some(loss));
        }
    }

    #[test]
    fn the_change_presented_explains_the_list() {
        let standing = fold(Some((Status::Withdrawn, 9)), &[change(4, withdrawn(), None)]);
        let loss = standing.whole.unwrap();
        assert!(loss.not_yet_on(parse_date("2026-12-23").unwrap()));
        assert!(!loss.not_yet_on(parse_date("2026-12-24").unwrap()));
    }

    #[test]
    fn a_later_change_goes_beyond_the_list() {
        let list = Some((Status::Valid, 9));
        assert_eq!(fold(list, &[change(9, Act::Cancelled, None)]).whole, Some(Loss::Cancelled));
        assert_eq!(fold(None, &[change(0, Act::Cancelled, None)]).whole, Some(Loss::Cancelled));
        let lifted = [change(10, Act::Reinstated, None), change(9, Act::Suspended, None)];
        assert_eq!(fold(list, &lifted), Standing::default(), "order of the log, not of the bundle");
        assert_eq!(fold(Some((Status::Suspended, 9)), &lifted[..1]).whole, None);
    }

    #[test]
    fn what_is_final_stays_even_against_the_list() {
        let contradicted = fold(Some((Status::Valid, 9)), &[change(4, withdrawn(), None)]);
        assert!(contradicted.contradicted && contradicted.whole.is_some());
        let acts = [change(4, withdrawn(), None), change(10, Act::Suspended, None), change(11, Act::Reinstated, None)];
        assert!(matches!(fold(None, &acts).whole, Some(Loss::Withdrawn(_))));
    }

    #[test]
    fn items_fall_one_by_one_and_with_the_last_the_whole() {
        let acts = [change(4, withdrawn(), Some(&[1])), change(5, Act::Suspended, Some(&[2]))];
        let mut standing = fold(Some((Status::InPart, 9)), &acts);
        assert!(standing.in_part && standing.whole.is_none() && !standing.contradicted);
        assert_eq!(standing.items.keys().copied().collect::<Vec<_>>(), [1, 2]);
        standing.gather(&[1, 2, 3]);
        assert_eq!(standing.whole, None);
        standing.gather(&[1, 2]);
        assert_eq!(standing.whole, Some(Loss::Suspended));
        let lifted = fold(None, &[acts[1].clone(), change(6, Act::Reinstated, Some(&[2]))]);
        assert_eq!(lifted, Standing::default());
    }
}
