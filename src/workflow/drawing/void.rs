//! What the end of a log made void, set right in the ledgers: what a void certificate drew is given back, and what a change
//! or a successor beyond the end had taken from a certificate is drawn by that again.

use super::{
    heritage::returned,
    ledgers::{self, Kept, Taken, name_of},
    lost::Known,
};
use crate::{
    certificate::Certificate,
    office::{Action, Actor, AuditEvent, Draw, Draws},
    sequencer::changes_of,
    statement::{Act, Jti, OpenedBody, Since, open_leaf},
    store::{EntryRef, Expected},
    workflow::{CertificateRecord, Desk, WorkflowError},
};
use std::collections::{BTreeMap, btree_map::Entry};

impl Desk {
    /// Counts what came back after a loss, and sets right what entries beyond the end of their log did to ledgers, each entry
    /// once. Nobody can withdraw a certificate that is void, and what is issued anew in its place draws again what it drew; a
    /// change that is void was never said, so its certificate has drawn what it drew before. It reads from the disk, and says
    /// what is known of losses.
    pub(in crate::workflow) fn set_ledgers_right(&self) -> Result<Known, WorkflowError> {
        let known = self.count_again()?;
        let (store, trust) = (self.store().as_ref(), self.trust());
        for origin in store.logs() {
            let Some(last) = trust.shard_final_size(&origin) else { continue };
            let size = store.head(&origin).map_or(0, |head| head.head.size);
            let first = ledgers::righted(store, &origin)?.max(last);
            let void = (first..size).map(|index| EntryRef { origin: origin.clone(), index });
            // What was passed on from one to another, all void, is drawn by the first again, and once.
            for one in void.clone() {
                self.give_back_void(&one)?;
            }
            for one in void {
                if let Some((taken, still)) = ledgers::taken(store, &one)? {
                    self.draw_again(&one, taken, still)?;
                }
            }
            // What waits to be counted may be passed on to what is void: that is looked at until nothing does.
            if first < size && known.open.is_empty() {
                self.commit(Vec::new(), vec![ledgers::put_righted(&origin, size)], Vec::new())?;
            }
        }
        Ok(known)
    }

    fn give_back_void(&self, void: &EntryRef) -> Result<(), WorkflowError> {
        let (store, EntryRef { origin, index }) = (self.store().as_ref(), void);
        let facts = store.facts(origin, *index)?;
        let Some(certificate) = facts.filter(|facts| facts.status_index.is_some()) else { return Ok(()) };
        let mut expected = Vec::new();
        let (state, _) = returned(store, &name_of(origin, &certificate.jti), None, &mut expected)?;
        if state.is_empty() {
            return Ok(());
        }
        self.commit(expected, state, vec![told(void, "gave back what it drew: it is void")])
    }

    /// Has a certificate draw again what a void entry took from it; one that is void itself, or over, draws nothing.
    fn draw_again(&self, void: &EntryRef, Taken { name, draws }: Taken, still: Expected) -> Result<(), WorkflowError> {
        let (mut expected, mut state) = (vec![still], vec![ledgers::forget_taken(void)]);
        if !self.counts_here(&name)? {
            return self.commit(expected, state, Vec::new());
        }
        let store = self.store().as_ref();
        let (before, own) = ledgers::draws(store, &name)?;
        expected.push(own);
        let mut drawn_on: BTreeMap<String, (Kept, Option<Certificate>)> = BTreeMap::new();
        let mut beyond = Vec::new();
        for Draw { original, number, prior_item, quantity, beside, .. } in &draws.0 {
            let (kept, whole) = match drawn_on.entry(original.clone()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let kept = Kept::read(store, original)?;
                    expected.push(kept.expected());
                    entry.insert((kept, self.original_here(original)?))
                }
            };
            let goods = whole.as_ref().map(|whole| &whole.goods);
            let item = goods.and_then(|goods| goods.items.iter().find(|item| item.number == *prior_item));
            if !kept.ledger.take_up(*prior_item, item, quantity, beside) {
                beyond.push(format!("item {prior_item} of certificate {number}"));
            }
        }
        state.push(ledgers::put_draws(&name, &Draws([before.0, draws.0].concat()))?);
        for (kept, _) in drawn_on.values() {
            state.push(kept.put()?);
        }
        let mut said = format!("void: what it took from {name} is drawn by that again");
        if !beyond.is_empty() {
            let beyond = beyond.join(", ");
            let EntryRef { origin, index } = void;
            tracing::warn!(%origin, index, certificate = %name, of = %beyond, "more may be drawn than there is");
            said = format!("{said}; more may be drawn than there is of {beyond}");
        }
        self.commit(expected, state, vec![told(void, &said)])
    }

    /// Whether a certificate of this authority, by the name of its ledger, is neither void itself nor over.
    fn counts_here(&self, name: &str) -> Result<bool, WorkflowError> {
        let Some((log, jti)) = ledgers::place_of(name) else { return Ok(false) };
        let Some(entry) = self.store().find(&jti)?.filter(|entry| entry.origin == log) else { return Ok(false) };
        Ok(!self.trust().is_void(&entry.origin, entry.index) && !self.is_past(&entry, &jti)?)
    }

    /// Whether a change that counts took all of a certificate's force from its issue on, or gave its place away. Its
    /// successor may be void all the same: that stands in the log of a later year, and the change in its own. The changes
    /// are read, for the writer has its status follow the list only with what it writes next.
    fn is_past(&self, entry: &EntryRef, jti: &Jti) -> Result<bool, WorkflowError> {
        let (store, trust, none): (_, _, &[&str]) = (self.store().as_ref(), self.trust(), &[]);
        for EntryRef { origin, index } in changes_of(store, entry, jti)? {
            let leaf = store.leaf(&origin, index)?.filter(|_| !trust.is_void(&origin, index));
            let opened = leaf.and_then(|leaf| open_leaf(&leaf, none).ok());
            let Some(OpenedBody::StatusChange(said)) = opened.map(|opened| opened.body) else { continue };
            let ends = matches!(
                said.change.act,
                Act::Cancelled | Act::Superseded { .. } | Act::Withdrawn { since: Since::Issue }
            );
            if ends && said.change.items.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What an original says, of this authority or of another, as far as it is kept here.
    pub(super) fn original_here(&self, name: &str) -> Result<Option<Certificate>, WorkflowError> {
        let (Some((log, jti)), store) = (ledgers::place_of(name), self.store().as_ref()) else { return Ok(None) };
        if let Some(entry) = store.find(&jti)?.filter(|entry| entry.origin == log) {
            return Ok(CertificateRecord::read(store, &entry)?.certificate.to_certificate());
        }
        Ok(self.held(&log, &jti)?.and_then(|arrival| arrival.certificate.to_certificate()))
    }
}

/// A row of the record of who did what: what the node did because of a void entry.
fn told(void: &EntryRef, said: &str) -> Vec<u8> {
    let by = AuditEvent::of(Actor::Node, Action::ChangeStatus).on(format!("{} {}", void.origin, void.index));
    by.with_detail(said).to_row()
}
