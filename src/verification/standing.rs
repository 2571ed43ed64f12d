//! What has become of a certificate: the status list as it stood at one size of the log, and the changes
//! that were presented, folded in the order of the log.
//!
//! The list is the authority's complete account up to its size but names no items and gives no reasons; the
//! changes explain it, and go beyond it where they stand later in the log. A holder may leave a change out,
//! so what the list takes away no change presented can give back.

use super::status_after;
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
    /// The day (UTC) it says it was made on. It is told and decides nothing.
    pub(super) day: Date,
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

    /// What a list says of it.
    const fn status(&self) -> Status {
        match self {
            Self::Cancelled => Status::Cancelled,
            Self::Withdrawn(_) => Status::Withdrawn,
            Self::Superseded(_) => Status::Superseded,
            Self::Suspended => Status::Suspended,
        }
    }

    /// The first day on which it does not hold; none where no day is known on which it did.
    const fn start(&self) -> Option<Date> {
        match self {
            Self::Withdrawn(Some(Since::Date(from))) => Some(*from),
            _ => None,
        }
    }

    /// Whether nothing brings it back.
    pub(super) const fn is_final(&self) -> bool {
        !matches!(self, Self::Suspended)
    }

    /// Whether it did not hold yet on `date`: a withdrawal that counts from a later date.
    pub(super) fn not_yet_on(&self, date: Date) -> bool {
        self.start().is_some_and(|from| date < from)
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
    /// No change of items that the list knows of was presented: what lost its force by then is unknown, whatever
    /// later changes say.
    pub(super) unexplained: bool,
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
            let explained = changes.iter().filter(known).any(|placed| placed.change.items.is_some());
            standing.settle(status);
            standing.unexplained = standing.in_part && !explained;
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
            (Some(_), Some(known)) if known.status() == status => {}
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

    /// Applies a change where it may follow; one that may not changes nothing, in the list either.
    fn apply(&mut self, change: &Change) {
        let Change { act, items, .. } = change;
        // What a suspension covers is kept here item by item, so the second status has nothing to say.
        if status_after(self.status(), Status::Valid, act, items.as_deref()).is_none() {
            return;
        }
        let loss = Loss::of(act);
        let Some(items) = items else {
            self.whole = follow(self.whole.take(), loss);
            return;
        };
        for item in items {
            let before = self.items.remove(item);
            let status = before.as_ref().map_or(Status::Valid, Loss::status);
            let after = match status_after(status, Status::Valid, act, None) {
                Some(_) => follow(before, loss.clone()),
                None => before,
            };
            self.items.extend(after.map(|loss| (*item, loss)));
        }
    }

    /// What a list would say of it.
    fn status(&self) -> Status {
        match &self.whole {
            Some(loss) => loss.status(),
            None if self.in_part || !self.items.is_empty() => Status::InPart,
            None => Status::Valid,
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

/// What stands after an act that may follow. What is final is replaced only by what holds at least as long: a
/// later withdrawal "from June on" must not make usable in May what was cancelled in April.
fn follow(before: Option<Loss>, loss: Option<Loss>) -> Option<Loss> {
    match (before, loss) {
        (Some(before), Some(loss)) if before.is_final() && loss.start() > before.start() => Some(before),
        (_, loss) => loss,
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
            day: Date::constant(2026, 11, 22),
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

    fn withdrawn_from(day: &str) -> Act {
        Act::Withdrawn { since: Since::Date(parse_date(day).unwrap()) }
    }

    #[test]
    fn a_later_withdrawal_makes_nothing_usable_that_was_lost_before() {
        let whole = |acts: &[Act]| {
            let changes = (4..).zip(acts).map(|(index, act)| change(index, act.clone(), None));
            fold(None, &changes.collect::<Vec<_>>()).whole
        };
        let (may, june) = (withdrawn_from("2027-05-01"), withdrawn_from("2027-06-01"));
        assert_eq!(whole(&[Act::Cancelled, june.clone()]), Some(Loss::Cancelled));
        assert_eq!(whole(&[may.clone(), june.clone()]), Loss::of(&may));
        assert_eq!(whole(&[june.clone(), may.clone()]), Loss::of(&may));
        let from_issue = Act::Withdrawn { since: Since::Issue };
        assert_eq!(whole(&[Act::Cancelled, from_issue.clone()]), Loss::of(&from_issue));
        assert_eq!(whole(&[from_issue.clone(), may.clone()]), Loss::of(&from_issue));
        assert_eq!(whole(&[june.clone(), Act::Cancelled]), Loss::of(&june), "what is final takes no other end");
        let listed = fold(Some((Status::Withdrawn, 4)), &[change(4, june, None)]);
        assert_eq!(listed.whole, Some(Loss::Withdrawn(None)), "the withdrawal the list knows of may start earlier");
    }

    #[test]
    fn in_part_is_explained_only_by_a_change_that_the_list_knew() {
        let (known, later) = (change(4, withdrawn(), Some(&[1])), change(9, withdrawn(), Some(&[2])));
        let list = Some((Status::InPart, 9));
        assert!(fold(list, &[]).unexplained);
        assert!(fold(list, std::slice::from_ref(&later)).unexplained);
        assert!(fold(list, &[change(4, Act::Suspended, None), later.clone()]).unexplained);
        assert!(!fold(list, &[known, later]).unexplained);
    }

    #[test]
    fn the_end_of_a_suspension_of_the_whole_brings_no_item_back() {
        let acts =
            [change(4, Act::Suspended, Some(&[2])), change(5, Act::Suspended, None), change(6, Act::Reinstated, None)];
        let standing = fold(None, &acts);
        assert_eq!((standing.whole, standing.items.len()), (None, 1));
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
