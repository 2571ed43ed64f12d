//! Acts of customs whose records were lost. What this authority told the issuers of them came back with its log, and what
//! it signed counts: before anybody reads a certificate, the acts on it are made again from that.

use super::{
    Arrival, Delivery, Notice,
    arrival::statement_at,
    course::{parse, written},
    deciding::on,
};
use crate::{
    certificate::Goods,
    log::{Origin, Shard},
    office::{ActState, Action, Actor, AuditEvent, CustomsAct},
    reason::{Reasoned as _, counted},
    sequencer::{Bare, Closing, Recalled, SequencerError, Standing},
    statement::{CustomsResponse, Issuer, Jti, Kind, OpenedBody, open_leaf},
    store::{Disclosures, EntryRef, StateChange, Store, StoreError, Subject, Table, about},
    workflow::{Desk, WorkflowError},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often the acts on one certificate are looked for anew because another was first with it.
const TRIED: usize = 16;
/// Two logs' clocks lie no further apart than that, as far as the hours of their statements tell.
const HOUR_MS: u64 = 3_600_000;
/// Entries that are looked through before it is kept how far.
const A_STRETCH: u64 = 256;

/// How far what came back to an own log was looked through for responses without what they say. What an entry says is lost
/// again only with this record.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sought {
    /// The first entry that came back.
    from: u64,
    /// Those below this index did.
    end: u64,
    /// Of those below this none is without.
    below: u64,
}

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
        let (told, shards) = self.told_of(arrival)?;
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
        let made = file.make_again((&goods, &ended), &kept, lost, &shards);
        let mut state = vec![arrival.put(&file)?];
        for act in &made {
            state.extend(arrival.put_act(act)?);
            if kept.iter().any(|one| one.number == act.number && one.state == ActState::Waits) {
                state.push(arrival.remove_denial(act.number));
            }
        }
        Ok(Some(state))
    }

    /// The own logs to an issuer of which something was lost and came back: of most authorities none, and nothing more is
    /// looked at then.
    pub(super) fn came_back_to(&self, issuer: &Issuer) -> Result<Vec<Origin>, StoreError> {
        let back = Recalled::all(self.store().as_ref())?.into_iter().map(|(log, _)| log);
        Ok(back.filter(|log| is_to(log, issuer)).collect())
    }

    /// The responses about a certificate in such logs, but in what is void; and in which shard each stands that is about it.
    fn told_of(&self, arrival: &Arrival) -> Result<(Vec<(Jti, EntryRef)>, BTreeMap<Jti, Shard>), StoreError> {
        let (store, mut told, mut shards) = (self.store().as_ref(), Vec::new(), BTreeMap::new());
        // First: where nothing was lost, all that was ever said of a certificate is not read for each question about it.
        let (back, trust) = (self.came_back_to(&arrival.issuer)?, self.trust());
        if back.is_empty() {
            return Ok((told, shards));
        }
        let mut said = about(store, &Subject::Statement(arrival.jti))?;
        said.retain(|one| one.kind == Kind::CustomsResponse);
        for one in said {
            let EntryRef { origin, index } = &one.entry;
            let Some(facts) = store.facts(origin, *index)? else { continue };
            shards.insert(facts.jti, origin.shard());
            if back.contains(origin) && !trust.is_void(origin, *index) {
                told.push((facts.jti, one.entry));
            }
        }
        Ok((told, shards))
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
        if let Some(missing) = self.acts_missing(&arrival.issuer) {
            return Err(missing.into());
        }
        let blocks = self.acts_unread(arrival)?.filter(|notice| notice.blocks);
        blocks.map_or(Ok(()), |notice| Err(WorkflowError::ArrivalForbids(notice)))
    }

    /// That an own log to an issuer is behind what was signed of it, or may be, for the issuer was not heard since the folder
    /// was lost. A write-off goes to the newest one, which may be whole.
    fn acts_missing(&self, issuer: &Issuer) -> Option<SequencerError> {
        let gate = self.sequencer().gate();
        gate.behind(|log| is_to(log, issuer)).or_else(|| gate.awaits(&self.trust().node_of(issuer)?.name))
    }

    /// That entries of an own log to the issuer of a certificate are lost for good, which may have told of it. Nobody knows more
    /// of them, and nothing waits for them.
    fn acts_lost(&self, arrival: &Arrival) -> Result<Option<Notice>, StoreError> {
        let store = self.store().as_ref();
        for (log, closing) in Closing::all(store)?.into_iter().filter(|(log, _)| is_to(log, &arrival.issuer)) {
            if was_over_before(store, &log, arrival.jti)? {
                continue;
            }
            let lost = counted(closing.signed.saturating_sub(closing.size), "entry is", "entries are");
            let words = format!(
                "{lost} lost of {log} for good, and may have told what customs here did with it: nobody knows whether that was \
                 written off or denied before"
            );
            return Ok(Some(Notice::new("ACTS_LOST", false, words)));
        }
        Ok(None)
    }

    /// That a response to the issuer of a certificate is missing, or came back without what it says: it may be about this
    /// one.
    pub(super) fn acts_unread(&self, arrival: &Arrival) -> Result<Option<Notice>, WorkflowError> {
        let store = self.store().as_ref();
        if let Some(missing) = self.acts_missing(&arrival.issuer) {
            let words = format!("what customs here did with it may not all be known: {missing} ({})", missing.reason());
            return Ok(Some(Notice::new("ACTS_LOST", true, words)));
        }
        for log in self.came_back_to(&arrival.issuer)? {
            // Of one that is closed for good, or that forked and the list ended, nothing is asked for any more.
            let standing = self.sequencer().gate().standing(&log);
            if matches!(standing, Some(Standing::Closed(_) | Standing::Forked { .. })) {
                continue;
            }
            let Some(bare) = Bare::read(store, &log)? else { continue };
            // Nothing was done with a certificate before it was issued, as far as identifiers tell.
            if was_said_before(store, &log, bare.end.saturating_sub(1), arrival.jti)? {
                continue;
            }
            if let Some(index) = self.first_unread(&log, bare)? {
                let words = format!(
                    "entry {index} of {log} says what customs here did with a certificate, perhaps with this one: it was lost, \
                     and came back without what it says, which its issuer is asked for; where that has it no more, an operator says so: \
                     `origin partner go-on --log {log}`"
                );
                return Ok(Some(Notice::new("ACTS_LOST", true, words)));
            }
        }
        Ok(self.acts_lost(arrival)?)
    }

    /// The first response that came back to an own log without what it says. Most entries have all that they say, and are
    /// not looked at again for each certificate.
    fn first_unread(&self, log: &Origin, Bare { from, end }: Bare) -> Result<Option<u64>, WorkflowError> {
        let (store, trust) = (self.store().as_ref(), self.trust());
        let (table, id) = (Table::Customs, format!("sought/{log}").into_bytes());
        let kept = store.record(table, &id)?;
        let kept = kept.map(|record| parse::<Sought>(&record, "how far a log was looked through")).transpose()?;
        let known = kept.filter(|kept| (kept.from, kept.end) == (from, end)).map_or(from, |kept| kept.below);
        // What is not published yet is not read yet.
        let (mut below, published) = (known, store.head(log).map_or(0, |published| published.head.size));
        while below < end.min(published) && (trust.is_void(log, below) || !is_unread(store, log, below)?) {
            below = below.saturating_add(1);
        }
        if below.saturating_sub(known) >= A_STRETCH {
            let record = written(&Sought { from, end, below })?;
            self.commit(Vec::new(), vec![StateChange::RecordPut { table, id, record }], Vec::new())?;
        }
        Ok((below < end).then_some(below))
    }
}

/// Whether an entry was said before a certificate was issued, as far as identifiers tell: nothing is said of one that is not
/// issued yet.
pub(in crate::workflow) fn was_said_before(
    store: &dyn Store,
    log: &Origin,
    index: u64,
    issued: Jti,
) -> Result<bool, StoreError> {
    let said = store.facts(log, index)?;
    Ok(said.is_some_and(|said| said.jti.hour_ms().saturating_add(HOUR_MS) < issued.hour_ms()))
}

/// Whether a log was closed for good before a certificate was issued, or a later one to the same addressee had begun: nothing
/// was said of it in this one.
pub(in crate::workflow) fn was_over_before(store: &dyn Store, log: &Origin, issued: Jti) -> Result<bool, StoreError> {
    if Closing::at_ms(store, log)?.is_some_and(|at_ms| at_ms.saturating_add(HOUR_MS) < issued.hour_ms()) {
        return Ok(true);
    }
    for one in store.logs() {
        let is_later = one.addressee() == log.addressee() && one.shard() > log.shard();
        if is_later && was_said_before(store, &one, 0, issued)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an own log has what is said to an issuer.
fn is_to(log: &Origin, issuer: &Issuer) -> bool {
    log.addressee() == issuer.host().as_str()
}

/// Whether an own entry is a response without what it says.
fn is_unread(store: &dyn Store, log: &Origin, index: u64) -> Result<bool, StoreError> {
    if store.disclosures(log, index)? != Some(Disclosures::None) {
        return Ok(false);
    }
    let Some(leaf) = store.leaf(log, index)? else { return Ok(false) };
    let none: &[&str] = &[];
    Ok(open_leaf(&leaf, none).is_ok_and(|opened| opened.body.kind() == Kind::CustomsResponse))
}
