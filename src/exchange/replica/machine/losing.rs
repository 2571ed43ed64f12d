//! What the log's own node says that it lost of the log for good. It is believed as far as it speaks against that node: what
//! comes all the same is taken and checked, what is known of heads stays, and it is an alarm.

use super::{Action, Heard, Replica};
use crate::{
    exchange::{Alarm, ExchangeError, replica::Loss},
    time::Timestamp,
};

impl Replica {
    /// Entries that the log's own node still gives of those that it says to have lost some of, and how many are neither there
    /// nor here; none where it says nothing of the kind, or nobody misses them.
    #[must_use]
    pub fn lost(&self) -> Option<(u64, u64)> {
        match self.lost.as_ref()?.why {
            ExchangeError::Lost { size, gone, .. } => Some((size, gone)),
            _ => None,
        }
    }

    /// Whether its own node says that nothing is left of it: one that has no head announces none, and is not silent.
    pub(super) fn is_gone(&self) -> bool {
        self.held.record.loss.is_some_and(|loss| loss.size == 0)
    }

    /// Takes the word of the log's own node; the same again is no news.
    pub(super) fn loses(&mut self, now: Timestamp, loss: Loss, actions: &mut Vec<Action>) {
        if loss.size >= loss.signed || self.held.record.loss == Some(loss) {
            return;
        }
        self.held.record.loss = Some(loss);
        self.note_record = true;
        self.misses(now);
        actions.extend(self.lost.clone().map(|lost| Action::Alarm(lost.why)));
    }

    /// The log's own node has shown a head of this size, and proven it: one that goes further than what it said to be left takes that back.
    pub(super) fn shows(&mut self, size: u64) {
        if self.held.record.loss.is_some_and(|loss| loss.size < size) {
            self.held.record.loss = None;
            self.note_record = true;
        }
    }

    /// What is missed of the log. Where the trust list ended it nobody misses what is beyond that, nor that its own node lacks
    /// what is here.
    pub(super) fn misses(&mut self, now: Timestamp) {
        let Some(Loss { size, signed }) = self.held.record.loss else {
            self.lost = None;
            return;
        };
        let (end, here) = (self.setup.trust.shard_final_size(&self.setup.origin), self.held.edge.size());
        let signed = signed.max(self.heard_size()).max(here).min(end.unwrap_or(u64::MAX));
        let gone = signed.saturating_sub(size.max(here));
        let is_missed = if end.is_some() { gone > 0 } else { signed > size };
        let why = is_missed.then_some(ExchangeError::Lost { size, signed, gone });
        self.lost = why.map(|why| Alarm::after(self.lost.take(), why, now));
    }

    /// The newest head that the log was heard to have, where one came on this stream. One that its own node says to have lost
    /// stays known behind those that it still shows.
    pub(super) fn heard(&self) -> Option<Heard> {
        let kept = self.held.record.heard.as_ref().map_or(0, |heard| heard.head.size);
        self.heads.newest().filter(|newest| newest.head.size >= kept).cloned()
    }
}
