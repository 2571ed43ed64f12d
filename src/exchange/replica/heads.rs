//! The heads announced on one stream, each proven to extend the one before.

use super::{Held, record::Heard};
use crate::{
    exchange::ExchangeError,
    log::{Hash, MAX_PROOF_HASHES, TreeHead, verify_consistency},
};
use std::collections::VecDeque;

/// Heads that may be announced and not yet held; a supplier keeps fewer open.
const MOST_OPEN: usize = 256;

/// Heads on their way, rising.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// The head named in the hello.
    base: Option<TreeHead>,
    /// Not held yet, each with the proof from the one before it.
    open: VecDeque<(Heard, Vec<Hash>)>,
    newest: Option<Heard>,
}

impl Heads {
    /// None but the one that is held.
    pub(super) fn after(held: &Held) -> Self {
        Self { base: Some(held.tree_head()), ..Self::default() }
    }

    /// The newest head announced on this stream.
    pub(super) const fn newest(&self) -> Option<&Heard> {
        self.newest.as_ref()
    }

    /// A note of the log that names another root for this size: proof of two histories.
    pub(super) fn contradicted(&self, head: &Heard, held: &Held) -> Option<String> {
        let known = self.open.iter().map(|(heard, _)| (heard.head, &heard.note));
        let known = known.chain(self.newest.as_ref().map(|heard| (heard.head, &heard.note)));
        let known = known.chain(held.head.as_ref().map(|held| (held.head, &held.note)));
        let mut known = known.chain(held.record.heard.as_ref().map(|heard| (heard.head, &heard.note)));
        let found = known.find(|(known, _)| known.size == head.head.size && known.root != head.head.root);
        found.map(|(_, note)| note.clone())
    }

    /// Takes an announced head that its log signed.
    pub(super) fn announce(&mut self, heard: Heard, proof: Vec<Hash>, held: &Held) -> Result<(), ExchangeError> {
        let Some(base) = self.base else { return Err(ExchangeError::Protocol("a head on no stream")) };
        let (old, new) = (base.size, heard.head.size);
        let known = held.record.heard.as_ref().map_or(0, |known| known.head.size);
        // What its node says to have lost it cannot show; that it says so is an alarm.
        let is_lost = held.record.loss.is_some_and(|loss| new <= loss.size && loss.size < known);
        let remembered = if is_lost { held.edge.size() } else { known.max(held.edge.size()) };
        if new < remembered.max(old) {
            return Err(ExchangeError::Ahead { held: remembered.max(old), published: new });
        }
        if proof.len() > MAX_PROOF_HASHES || self.open.len() >= MOST_OPEN {
            return Err(ExchangeError::Protocol("too many hashes or heads"));
        }
        verify_consistency(old, new, &base.root, &heard.head.root, &proof)
            .map_err(|_| ExchangeError::Inconsistent { old, new })?;
        // Entries may be held beyond the last head: a crash came before it was made durable.
        if new == held.edge.size() && heard.head.root != held.edge.root() {
            return Err(ExchangeError::OtherEntries { start: old });
        }
        self.base = Some(heard.head);
        if new > old {
            self.open.push_back((heard.clone(), proof));
        }
        self.newest = Some(heard);
        Ok(())
    }

    /// The root announced for this size, if one was.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        let known = self.open.iter().map(|(heard, _)| heard).chain(&self.newest);
        known.map(|heard| heard.head).find(|head| head.size == size).map(|head| head.root)
    }

    /// The next head, if all its entries are durable, and the proof that it extends the one held.
    pub(super) fn reached(&self, durable: u64) -> Option<(Heard, Vec<Hash>)> {
        self.open.front().filter(|(heard, _)| heard.head.size <= durable).cloned()
    }

    /// The head of this size is held.
    pub(super) fn advanced(&mut self, size: u64) {
        while self.open.front().is_some_and(|(heard, _)| heard.head.size <= size) {
            self.open.pop_front();
        }
    }
}
