//! What a replica has its operator look into, and until when.

use super::{Action, Replica, cosigning::Floor};
use crate::{
    exchange::{Alarm, ExchangeError},
    time::Timestamp,
};

impl Replica {
    /// What the operator has to look into, for as long as it is so.
    #[must_use]
    pub fn alarm(&self) -> Option<&Alarm> {
        let end = self.setup.trust.shard_final_size(&self.setup.origin);
        // What its own node lacks beyond the end that the list gave the log, nobody misses; nor a head of a log that it has
        // nothing of.
        let is_past = |alarm: &&Alarm| match alarm.why {
            ExchangeError::Ahead { published, .. } => end.is_some_and(|last| last <= published),
            ExchangeError::Silent => self.is_gone(),
            _ => false,
        };
        let shown = self.alarm.as_ref().filter(|alarm| !is_past(alarm));
        // That it shows less than it signed is said with what is lost; what is proven beside that weighs more.
        let is_graver = shown.is_some_and(|alarm| {
            matches!(
                alarm.why,
                ExchangeError::Equivocated(_) | ExchangeError::Inconsistent { .. } | ExchangeError::OtherEntries { .. }
            )
        });
        self.lost.as_ref().filter(|_| !is_graver).or(shown)
    }

    /// Something is wrong: it is told, and kept until it is so no more.
    pub(super) fn raise(&mut self, now: Timestamp, why: ExchangeError, actions: &mut Vec<Action>) {
        self.alarm = Some(Alarm::after(self.alarm.take(), why.clone(), now));
        actions.push(Action::Alarm(why));
    }

    /// A head that the log's node announced is held. What it showed before is made good by that; that what is held is
    /// another history than somebody knows is not.
    pub(super) fn is_well(&mut self) {
        if !matches!(self.floor, Floor::Beside(_)) && self.held.record.equivocated.is_none() {
            self.alarm = None;
        }
    }
}
