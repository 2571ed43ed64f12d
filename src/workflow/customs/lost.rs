//! Acts of customs whose records were lost. What this authority told the issuers of them came back with its log, and what
//! it signed counts: before anybody reads a certificate, the acts on it are made again from that.

use super::{Arrival, Delivery, Notice, arrival::statement_at, deciding::on};
use crate::{
    certificate::Goods,
    log::Origin,
    office::{ActState, Action, Actor, AuditEvent, CustomsAct},
    sequencer::{Bare, Recalled, SequencerError},
    statement::{CustomsResponse, Jti, Kind, OpenedBody, open_leaf},
    store::{Disclosures, EntryRef, StateChange, Store, StoreError, Subject, about},
    workflow::{Desk, WorkflowError},
};

/// How often the acts on one certificate are looked for anew because another was first with it.
const TRIED: usize = 16;
/// Two authorities' clocks lie no further apart than that, as far as the hours of their statements tell.
const HOUR_MS: u64 = 3_600_000;

impl Desk {
    /// The certificate at a place, with every act that its issuer was told of; none where there is something else, or a
    /// finding. It reads from the disk, and keeps what it made again.
    pub(in crate::workflow) fn arrival_at(
        &self,
        store: &dyn Store,
        entry: &EntryRef,
    ) -> Result<Option<Arrival>, WorkflowError> {
        for _ in 0..TRIED {
            let Some(arrival) = self.arrival_as_kept(store, entry)? else { return Ok(None) };
            let Some(state) = self.acts_again(&arrival)? else { return Ok(Some(arrival)) };
            let audit = AuditEvent::of(Actor::Node, Action::WriteOff);
            let audit = audit.with_detail("acts made again from what was signed").on(on(&arrival));
            match self.commit(vec![arrival.expected()], state, vec![audit.to_row()]) {
                Ok(()) => {
                    tracing::warn!(certificate = %arrival.jti, reason = "ACTS_MADE_AGAIN", "records of what customs did with a certificate were lost: they were made again from what was signed");
                }
                // What it did is looked at.
                Err(WorkflowError::Sequencer(SequencerError::Crowded(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(SequencerError::Crowded("certificate").into())
    }

    /// What keeps the acts that its issuer was told of and of which there is no record; none where there are none.
    fn acts_again(&self, arrival: &Arrival) -> Result<Option<Vec<StateChange>>, WorkflowError> {
        // Erased here, what was told of it is erased too.
        if arrival.file.erased {
            return Ok(None);
        }
        let told = self.told_of(arrival)?;
        if told.is_empty() {
            return Ok(None);
        }
        let kept = self.acts(arrival)?;
        let lost = self.lost(arrival, told, &kept)?;
        if lost.is_empty() {
            return Ok(None);
        }
        let goods = match arrival.certificate.to_certificate() {
            Some(certificate) => certificate.goods,
            None if arrival.delivery == Delivery::Erased => Goods { totals: None, items: Vec::new() },
            // Nothing is done with it before its contents are here, and they say what all of it is.
            None => return Ok(None),
        };
        let (mut file, ended) = (arrival.file.clone(), arrival.ended());
        let made = file.make_again((&goods, &ended), &kept, lost);
        let mut state = vec![arrival.put(&file)?];
        for act in &made {
            state.extend(arrival.put_act(act)?);
            if kept.iter().any(|one| one.number == act.number && one.state == ActState::Waits) {
                state.push(arrival.remove_denial(act.number));
            }
        }
        Ok(Some(state))
    }

    /// The responses about a certificate in own logs of which something was lost and came back, but in what is void.
    fn told_of(&self, arrival: &Arrival) -> Result<Vec<(Jti, EntryRef)>, StoreError> {
        let (store, trust, mut told) = (self.store().as_ref(), self.trust(), Vec::new());
        for one in about(store, &Subject::Statement(arrival.jti))? {
            let EntryRef { origin, index } = &one.entry;
            if one.kind != Kind::CustomsResponse || trust.is_void(origin, *index) {
                continue;
            }
            if Recalled::read(store, origin)?.is_some()
                && let Some(facts) = store.facts(origin, *index)?
            {
                told.push((facts.jti, one.entry));
            }
        }
        Ok(told)
    }

    /// What those of them say that no act which is kept made.
    fn lost(
        &self,
        arrival: &Arrival,
        told: Vec<(Jti, EntryRef)>,
        kept: &[CustomsAct],
    ) -> Result<Vec<(Jti, CustomsResponse)>, StoreError> {
        let (store, place, mut lost) = (self.store().as_ref(), arrival.place(), Vec::new());
        for (jti, entry) in told {
            if kept.iter().any(|act| act.statement == Some(jti)) {
                continue;
            }
            let said = statement_at(store, &entry)?.map(|statement| statement.opened.body);
            if let Some(OpenedBody::CustomsResponse(Some(body))) = said
                && body.certificate == place
            {
                lost.push((jti, *body));
            }
        }
        Ok(lost)
    }

    /// Refuses what rests on what was done with a certificate, where some of that may not be known yet.
    pub(super) fn knows_its_acts(&self, arrival: &Arrival) -> Result<(), WorkflowError> {
        self.acts_unread(arrival)?.map_or(Ok(()), |notice| Err(WorkflowError::ArrivalForbids(notice)))
    }

    /// That a response to the issuer of a certificate came back without what it says: it may be about this one.
    pub(super) fn acts_unread(&self, arrival: &Arrival) -> Result<Option<Notice>, WorkflowError> {
        let (store, trust) = (self.store().as_ref(), self.trust());
        for log in store.logs() {
            if trust.addressee_of(&log) != Some(&arrival.issuer) {
                continue;
            }
            let Some(Bare { from, end }) = Bare::read(store, &log)? else { continue };
            for index in from..end {
                if !is_unread(store, (&log, index), &arrival.jti)? || trust.is_void(&log, index) {
                    continue;
                }
                let words = format!(
                    "entry {index} of {log} says what customs here did with a certificate, perhaps with this one: it was lost, \
                     and came back without what it says, which its issuer is asked for (`origin doctor`)"
                );
                return Ok(Some(Notice::new("ACTS_LOST", true, words)));
            }
        }
        Ok(None)
    }
}

/// Whether an own entry is a response without what it says, and not of a time before a certificate.
fn is_unread(store: &dyn Store, (log, index): (&Origin, u64), certificate: &Jti) -> Result<bool, StoreError> {
    let Some(facts) = store.facts(log, index)? else { return Ok(false) };
    if facts.jti.hour_ms().saturating_add(HOUR_MS) < certificate.hour_ms() {
        return Ok(false);
    }
    let Some(leaf) = store.leaf(log, index)? else { return Ok(false) };
    let none: &[&str] = &[];
    let is_response = open_leaf(&leaf, none).is_ok_and(|opened| opened.body.kind() == Kind::CustomsResponse);
    Ok(is_response && store.disclosures(log, index)? == Some(Disclosures::None))
}
