//! Erasing what a certificate says, at this node: by the word of its operator or an administrator, with a reason, or when
//! the years of keeping are over. The keys that its disclosures, those of its changes of status and of what else statements
//! say of it are sealed under are overwritten, and so are those of what customs here wrote in what they did with it; its
//! entry stays, its log verifies as before, and whoever presents the disclosures of his own still proves them. What others
//! hold (the addressee, the holder) is theirs to erase.

use super::{ArrivedName, CertificateName, Desk, WorkflowError, applications, customs::words_erased, record};
use crate::{
    agreement::Edition,
    certificate::Text,
    log::Origin,
    office::{Action, Actor, AuditEvent},
    sequencer::{IssuedFor, changes_of, void_changes_of},
    statement::{Jti, Kind, OpenedBody, open_leaf},
    store::{Batch, Disclosures, EntryRef, StateChange, Store, Subject, Table, about},
    time::{Date, Timestamp, ZoneName},
};
use jiff::ToSpan as _;
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

/// Certificates erased in one go: each is two syncs of the disk, and the writer takes turns with them.
const A_ROUND: usize = 500;

/// Which certificate.
#[derive(Debug, Clone)]
pub enum ErasedName {
    /// One of this authority's own.
    Own(CertificateName),
    /// One that arrived: the copy that is kept here.
    Arrived(ArrivedName),
}

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Where the certificate stands.
    pub entry: EntryRef,
    /// Whether it was erased before.
    pub before: bool,
}

/// A certificate that is to be erased, and where it is kept.
struct Doomed {
    entry: EntryRef,
    store: Arc<dyn Store>,
}

impl Desk {
    /// Erases what one certificate says. Who may is asked at the door. It blocks until nothing can bring it back here.
    pub fn erase(&self, actor: Actor<'_>, name: &ErasedName, reason: &Text<1024>) -> Result<Erasure, WorkflowError> {
        let (entry, store) = match name {
            ErasedName::Own(name) => (record::find(self.store().as_ref(), name)?, Arc::clone(self.store())),
            ErasedName::Arrived(name) => {
                let entry = self.arrived(name)?.entry;
                let store = self.copy_of(&entry.origin).ok_or(WorkflowError::NoCopyHere)?;
                (entry, store)
            }
        };
        // Anything but a certificate has no place among the statuses, and nothing here to erase it by.
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        if matches!(name, ErasedName::Own(_)) && facts.status_index.is_none() {
            return Err(WorkflowError::CertificateUnknown);
        }
        let before = match store.disclosures(&entry.origin, entry.index)? {
            Some(Disclosures::Present(_)) => false,
            Some(Disclosures::Erased) => true,
            // What may still come would find its key gone.
            Some(Disclosures::None) | None => return Err(WorkflowError::ArrivalIncomplete),
        };
        // What was said of it since goes when it is ordered once more.
        if !before || !self.said_of(store.as_ref(), &entry)?.is_empty() {
            let event = AuditEvent::of(actor, Action::EraseContents);
            let event = event.on(format!("{} {}", entry.origin, entry.index)).with_detail(reason);
            self.erase_all(&[Doomed { entry: entry.clone(), store }], vec![event], Vec::new())?;
        }
        Ok(Erasure { entry, before })
    }

    /// Erases what has been kept for its years, some at a time; says how many, and whether there may be more. It reads
    /// from the disk.
    pub fn erase_due(&self) -> Result<(usize, bool), WorkflowError> {
        let Some(years) = self.setup().erase_after_years else { return Ok((0, false)) };
        let own = self.store();
        let mut logs = own.logs().into_iter().map(|origin| (origin, Arc::clone(own))).collect::<Vec<_>>();
        let trust = self.trust();
        let copies = self.setup().partners.copies().into_iter();
        logs.extend(copies.filter(|(origin, _)| trust.addressee_of(origin) == Some(&self.setup().issuer)));
        let (mut doomed, mut passed) = (Vec::new(), Vec::new());
        for (origin, store) in logs {
            let left = A_ROUND.saturating_sub(doomed.len());
            let found = self.due_in(&origin, &store, years, left)?;
            passed.extend(found.passed.map(|next| passed_to(&origin, next)));
            doomed.extend(found.due.into_iter().map(|index| {
                let (origin, store) = (origin.clone(), Arc::clone(&store));
                Doomed { entry: EntryRef { origin, index }, store }
            }));
        }
        let count = doomed.len();
        if count > 0 {
            let events = listed(&doomed).into_iter().map(|(log, places)| {
                let event = AuditEvent::of(Actor::Node, Action::EraseContents).on(format!("{log} {places}"));
                event.with_detail("the years of keeping are over")
            });
            self.erase_all(&doomed, events.collect(), passed)?;
        } else if !passed.is_empty() {
            self.store().commit(Batch { at_ms: self.at_ms(), state: passed, ..Batch::default() })?;
        }
        Ok((count, count == A_ROUND))
    }

    /// Certificates of a log whose years are over, in the order of the log, which is that of time.
    fn due_in(&self, origin: &Origin, store: &Arc<dyn Store>, years: u32, most: usize) -> Result<Due, WorkflowError> {
        let today = ZoneName::utc().date_at(self.now());
        let id = passed_id(origin);
        let record = self.store().record(Table::Setting, &id)?;
        let begun = record.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let published = store.head(origin).map_or(0, |head| head.head.size);
        let (mut due, mut kept, mut next) = (Vec::new(), None, begun);
        while next < published && due.len() < most {
            let Some(facts) = store.facts(origin, next)? else { break };
            if !is_over(&facts.jti, years, today) {
                break;
            }
            if facts.status_index.is_some() && matches!(store.disclosures(origin, next)?, Some(Disclosures::Present(_)))
            {
                let agreed = self.kept_years(store.as_ref(), origin, next)?;
                let entry = EntryRef { origin: origin.clone(), index: next };
                if agreed.is_some_and(|agreed| is_over(&facts.jti, agreed.max(years), today))
                    && !self.awaits_answer(store, &entry)?
                {
                    due.push(next);
                } else {
                    // Longer, or nobody knows for how long, or while it is asked about: it is looked at again.
                    kept = kept.or(Some(next));
                }
            }
            next += 1;
        }
        let passed = kept.unwrap_or(next);
        Ok(Due { due, passed: (passed > begun).then_some(passed) })
    }

    /// For how many years the agreement of a certificate has it kept; nothing where that is not known here.
    fn kept_years(&self, store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<u32>, WorkflowError> {
        let none: &[&str] = &[];
        let leaf = store.leaf(origin, index)?.and_then(|leaf| open_leaf(&leaf, none).ok());
        let Some(OpenedBody::Certificate(certificate)) = leaf.map(|opened| opened.body) else { return Ok(None) };
        let agreement = self.agreements().get(&certificate.agreement);
        let edition = agreement.and_then(|agreement| agreement.edition(&certificate.edition));
        Ok(edition.and_then(|Edition { records_years, .. }| records_years.value().copied()))
    }

    /// Keeps that it is done, and does it: a node that ends in between is told again, and does it then.
    fn erase_all(
        &self,
        doomed: &[Doomed],
        events: Vec<AuditEvent>,
        state: Vec<StateChange>,
    ) -> Result<(), WorkflowError> {
        let own = self.store();
        let audit = events.iter().map(AuditEvent::to_row).collect();
        let mut batch = Batch { at_ms: self.at_ms(), audit, ..Batch::default() };
        for Doomed { entry, store } in doomed {
            if !Arc::ptr_eq(store, own) {
                continue;
            }
            let issued_for = IssuedFor::of(own.as_ref(), entry)?;
            if let Some(id) = issued_for.and_then(|issued_for| issued_for.application)
                && let Some((expected, changes)) = applications::erased(own.as_ref(), id, entry)?
            {
                batch.expected.push(expected);
                batch.state.extend(changes);
            }
        }
        own.commit(batch)?;
        let at_ms = self.at_ms();
        for Doomed { entry, store } in doomed {
            self.erase_words(store.as_ref(), entry)?;
            for change in changes_beside(store.as_ref(), entry)? {
                self.erase_entry(&change, store, at_ms)?;
            }
            for (said, held) in self.said_of(store.as_ref(), entry)? {
                self.erase_entry(&said, &held, at_ms)?;
            }
            // Last: while it is there, all of it is done again.
            store.erase(&entry.origin, entry.index, at_ms)?;
        }
        if !state.is_empty() {
            own.commit(Batch { at_ms, state, ..Batch::default() })?;
        }
        Ok(())
    }

    /// What customs here wrote in what they did with a certificate.
    fn erase_words(&self, store: &dyn Store, entry: &EntryRef) -> Result<(), WorkflowError> {
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let (expected, state) = words_erased(self.store().as_ref(), &entry.origin, &facts.jti)?;
        if state.is_empty() { Ok(()) } else { self.commit(expected, state, Vec::new()) }
    }

    fn erase_entry(&self, entry: &EntryRef, beside: &Arc<dyn Store>, at_ms: u64) -> Result<(), WorkflowError> {
        // A change of a certificate of a closed log stands in a later one, which has a store of its own at a replica.
        let elsewhere = if beside.logs().contains(&entry.origin) { None } else { self.copy_of(&entry.origin) };
        let store = elsewhere.as_ref().unwrap_or(beside);
        if matches!(store.disclosures(&entry.origin, entry.index)?, Some(Disclosures::Present(_))) {
            store.erase(&entry.origin, entry.index, at_ms)?;
        }
        Ok(())
    }

    /// Where this node keeps its copy of a partner's log.
    fn copy_of(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        let mut copies = self.setup().partners.copies().into_iter();
        copies.find(|(log, _)| log == origin).map(|(_, store)| store)
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.now().as_millisecond()).unwrap_or(0)
    }
}

/// The changes of a certificate's status that stand where it is kept: their reasons may name what it says.
fn changes_beside(store: &dyn Store, entry: &EntryRef) -> Result<Vec<EntryRef>, WorkflowError> {
    let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
    let mut changes = changes_of(store, entry, &facts.jti)?;
    changes.extend(void_changes_of(store, entry, &facts.jti)?);
    let heard = about(store, &Subject::Statement(facts.jti))?;
    let heard = heard.into_iter().filter(|one| one.kind == Kind::StatusChange).map(|one| one.entry);
    for change in heard {
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    Ok(changes)
}

/// What of a log is due.
struct Due {
    due: Vec<u64>,
    /// Everything before this index is done, or holds nothing.
    passed: Option<u64>,
}

/// Whether so many years are over since the day on which an entry was made.
fn is_over(jti: &Jti, years: u32, today: Date) -> bool {
    let made = i64::try_from(jti.hour_ms()).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let end = made.and_then(|made| ZoneName::utc().date_at(made).checked_add(i64::from(years).years()).ok());
    end.is_some_and(|end| end < today)
}

fn passed_id(origin: &Origin) -> Vec<u8> {
    format!("erased/{origin}").into_bytes()
}

fn passed_to(origin: &Origin, next: u64) -> StateChange {
    StateChange::RecordPut { table: Table::Setting, id: passed_id(origin), record: next.to_be_bytes().to_vec() }
}

/// The places by log, runs of neighbours in one word: one row of the record for a log, however much is due at once.
fn listed(doomed: &[Doomed]) -> BTreeMap<&Origin, String> {
    let mut runs: BTreeMap<&Origin, Vec<(u64, u64)>> = BTreeMap::new();
    for Doomed { entry, .. } in doomed {
        let runs = runs.entry(&entry.origin).or_default();
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(entry.index) => *last = entry.index,
            _ => runs.push((entry.index, entry.index)),
        }
    }
    let words = |runs: Vec<(u64, u64)>| {
        runs.into_iter().fold(String::new(), |mut said, (first, last)| {
            let comma = if said.is_empty() { "" } else { "," };
            // Writing into a text cannot fail.
            let _ = if first == last { write!(said, "{comma}{first}") } else { write!(said, "{comma}{first}-{last}") };
            said
        })
    };
    runs.into_iter().map(|(origin, runs)| (origin, words(runs))).collect()
}
