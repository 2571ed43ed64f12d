//! How two heads of a log belong together, as it is asked of one who may know after the other.

use super::{Heads, Noted, Tellers};
use crate::{log::Origin, time::Timestamp, trust::NodeName};
use std::collections::BTreeSet;

/// Questions about histories that may be open.
const MOST_OPEN: usize = 64;
/// Of them, those about logs of one node. It can sign heads without end that nobody explains, and none of another's logs would
/// be compared meanwhile.
const MOST_OF_ONE: usize = 48;

#[derive(Debug)]
pub(super) struct Question {
    pub(super) origin: Origin,
    pub(super) old: Noted,
    pub(super) new: Noted,
    /// Whether the newer of the two is the one that was shown; else it is the one that was known.
    pub(super) is_newer: bool,
    /// Who showed it.
    pub(super) tellers: Tellers,
    /// Those that were asked already.
    pub(super) asked: BTreeSet<Option<NodeName>>,
    /// The one that is asked now.
    pub(super) of: Option<NodeName>,
    pub(super) since: Timestamp,
}

impl Question {
    pub(super) const fn seen(&self) -> &Noted {
        if self.is_newer { &self.new } else { &self.old }
    }

    pub(super) const fn known(&self) -> &Noted {
        if self.is_newer { &self.old } else { &self.new }
    }
}

impl Heads {
    /// Whether one more question about a log may be open.
    pub(super) fn has_room_for(&self, origin: &Origin) -> bool {
        let source = self.source(origin);
        let of_one = self.questions.values().filter(|open| self.source(&open.origin) == source).count();
        self.questions.len() < MOST_OPEN && of_one < MOST_OF_ONE
    }
}
