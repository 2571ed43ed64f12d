//! Erasing what a certificate says, at this node: by the word of its operator or an administrator, with a reason, or when
//! the years of keeping are over. The keys that its disclosures, those of its changes of status and of what else statements
//! say of it are sealed under are overwritten, and so are those of what customs here wrote in what they did with it, and of
//! the links to it that they gave importers; its entry stays, its log verifies as before, and whoever presents the disclosures
//! of his own still proves them. What others hold (the addressee, the holder, another authority of this node) is theirs to
//! erase.

use super::{
    ArrivedName, CertificateName, Desk, WorkflowError, applications,
    customs::{instant, words_erased},
    record,
};
use crate::{
    agreement::Edition,
    certificate::Text,
    inbox,
    log::Origin,
    office::{Action, Actor, AuditEvent},
    sequencer::{IssuedFor, SequencerError, changes_of, is_held, void_changes_of},
    statement::{Jti, Kind, OpenedBody, OpenedCertificate, open_leaf},
    store::{Batch, Disclosures, EntryFacts, EntryRef, StateChange, Store, Subject, Table, about},
    time::{Date, ZoneName, unix_ms},
};
use jiff::ToSpan as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

/// Certificates erased in one go: each is some syncs of the disk, and the writer takes turns with them.
const A_ROUND: usize = 500;
/// How often what customs wrote is looked for because another act came between.
const MOVES_TRIED: usize = 16;

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
    /// Statements about it whose words went now.
    pub statements: usize,
}

/// A log with certificates that are this authority's to erase, as far as they are.
struct Shelf {
    origin: Origin,
    store: Arc<dyn Store>,
    /// Whether another authority of this node writes it, which erases its own: this one erases what it made of what stands
    /// there, and reads it no more.
    hosted: bool,
}

/// A certificate that is to be erased, and where it is kept.
struct Doomed {
    entry: EntryRef,
    store: Arc<dyn Store>,
    /// As of its log.
    hosted: bool,
}

/// What there is to be erased at a place.
enum Left {
    Nothing,
    /// Its years are over.
    Due,
    /// It is looked at again.
    Kept,
}

impl Desk {
    /// Erases what one certificate says. Who may is asked at the door. It blocks until nothing can bring it back here.
    pub fn erase(&self, actor: Actor<'_>, name: &ErasedName, reason: &Text<1024>) -> Result<Erasure, WorkflowError> {
        self.erase_for(actor, name, reason.to_string())
    }

    /// The same, although an answer about it may be owed ([`Self::owes_no_answer`]), which the record says.
    pub fn erase_with_what_is_owed(
        &self,
        actor: Actor<'_>,
        name: &ErasedName,
        reason: &Text<1024>,
    ) -> Result<Erasure, WorkflowError> {
        self.erase_for(actor, name, format!("{reason} (--unread-answers)"))
    }

    fn erase_for(&self, actor: Actor<'_>, name: &ErasedName, detail: String) -> Result<Erasure, WorkflowError> {
        let doomed = match name {
            ErasedName::Own(name) => {
                let (entry, store) = (record::find(self.store().as_ref(), name)?, Arc::clone(self.store()));
                // Anything but a certificate has no place among the statuses, and nothing here to erase it by.
                let facts = store.facts(&entry.origin, entry.index)?;
                if facts.is_none_or(|facts| facts.status_index.is_none()) {
                    return Err(WorkflowError::CertificateUnknown);
                }
                Doomed { entry, store, hosted: false }
            }
            ErasedName::Arrived(name) => {
                let entry = self.arrived(name)?.entry;
                let shelf = self.shelves().into_iter().find(|shelf| shelf.origin == entry.origin);
                let Shelf { store, hosted, .. } = shelf.ok_or(WorkflowError::ArrivalUnknown(None))?;
                Doomed { entry, store, hosted }
            }
        };
        let (entry, store) = (doomed.entry.clone(), Arc::clone(&doomed.store));
        let before = match store.disclosures(&entry.origin, entry.index)? {
            // What may still come would find its key gone.
            Some(Disclosures::None) | None => return Err(WorkflowError::ArrivalIncomplete),
            Some(_) if doomed.hosted && is_held(store.as_ref(), &entry)? => {
                return Err(WorkflowError::ArrivalIncomplete);
            }
            Some(_) if doomed.hosted => self.is_erased_by(store.as_ref(), &entry)?,
            Some(Disclosures::Present(_)) => false,
            Some(Disclosures::Erased) => true,
        };
        let statements = self.words_of(&doomed)?.len();
        // What was said of it since goes when it is ordered once more.
        if !before || statements > 0 {
            let event = AuditEvent::of(actor, Action::EraseContents);
            let event = event.on(format!("{} {}", entry.origin, entry.index)).with_detail(detail);
            self.erase_all(&[doomed], vec![event], Vec::new())?;
        }
        Ok(Erasure { entry, before, statements })
    }

    /// Erases what has been kept for its years, some at a time; says how many, and whether there may be more. It reads
    /// from the disk.
    pub fn erase_due(&self) -> Result<(usize, bool), WorkflowError> {
        let Some(years) = self.setup().erase_after_years else { return Ok((0, false)) };
        let (mut doomed, mut passed) = (Vec::new(), Vec::new());
        for shelf in self.shelves() {
            let left = A_ROUND.saturating_sub(doomed.len());
            let found = self.due_in(&shelf, years, left)?;
            passed.extend(found.passed.map(|next| passed_to(&shelf.origin, next)));
            doomed.extend(found.due.into_iter().map(|index| {
                let (origin, store) = (shelf.origin.clone(), Arc::clone(&shelf.store));
                Doomed { entry: EntryRef { origin, index }, store, hosted: shelf.hosted }
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

    /// The own logs, and those addressed to this authority.
    fn shelves(&self) -> Vec<Shelf> {
        let own = self.store();
        let logs = own.logs().into_iter().map(|origin| Shelf { origin, store: Arc::clone(own), hosted: false });
        let partners = &self.setup().partners;
        let copies = partners.copies().into_iter().map(|(origin, _)| origin).collect::<BTreeSet<_>>();
        let addressed = self.addressed().into_iter().map(|(origin, store)| {
            // A copy that is opened only now is none that another writes.
            let hosted = partners.is_hosted(&origin) && !copies.contains(&origin);
            Shelf { origin, store, hosted }
        });
        logs.chain(addressed).collect()
    }

    /// Certificates of a log whose years are over, in the order of the log, which is that of time.
    fn due_in(&self, shelf: &Shelf, years: u32, most: usize) -> Result<Due, WorkflowError> {
        let Shelf { origin, store, .. } = shelf;
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
            match self.left_at(shelf, next, &facts, (years, today))? {
                Left::Nothing => {}
                Left::Due => due.push(next),
                Left::Kept => kept = kept.or(Some(next)),
            }
            next += 1;
        }
        let passed = kept.unwrap_or(next);
        Ok(Due { due, passed: (passed > begun).then_some(passed) })
    }

    /// What of an entry is due on a day, by the years of the configuration and those of its agreement.
    fn left_at(
        &self,
        Shelf { origin, store, hosted }: &Shelf,
        index: u64,
        facts: &EntryFacts,
        (years, today): (u32, Date),
    ) -> Result<Left, WorkflowError> {
        let kept = store.as_ref();
        // A certificate that came as a finding got no place among the statuses, and says what it says all the same.
        let may_be_one = facts.status_index.is_some()
            || inbox::is_finding(kept, origin, index)?
            || inbox::finding::place(kept, origin, index)?.is_some();
        if !may_be_one {
            return Ok(Left::Nothing);
        }
        let entry = EntryRef { origin: origin.clone(), index };
        let Some(said) = kept.disclosures(origin, index)? else { return Ok(Left::Nothing) };
        // Behind one that is kept all are looked at each day, most of them erased: what those were is not opened.
        if said == Disclosures::Erased && !*hosted {
            return Ok(Left::Nothing);
        }
        let Some(certificate) = certificate_at(kept, &entry)? else { return Ok(Left::Nothing) };
        let gone = match said {
            Disclosures::None if inbox::is_erased_there(kept, origin, index)? => true,
            // It may come yet, or be given back.
            Disclosures::None => return Ok(Left::Kept),
            _ if *hosted && is_held(kept, &entry)? => return Ok(Left::Kept),
            // A node that ended in between has said of it what it was to erase.
            _ if *hosted => self.is_erased_by(kept, &entry)? && self.said_of(kept, &entry)?.is_empty(),
            Disclosures::Present(_) | Disclosures::Erased => false,
        };
        if gone {
            return Ok(Left::Nothing);
        }
        let agreed = self.kept_years(&certificate);
        if agreed.is_some_and(|agreed| is_over(&facts.jti, agreed.max(years), today))
            && !self.awaits_answer(store, &entry)?
        {
            return Ok(Left::Due);
        }
        // Longer, or nobody knows for how long, or while it is asked about.
        Ok(Left::Kept)
    }

    /// For how many years the agreement of a certificate has it kept; nothing where that is not known here.
    fn kept_years(&self, certificate: &OpenedCertificate) -> Option<u32> {
        let agreement = self.agreements().get(&certificate.agreement);
        let edition = agreement.and_then(|agreement| agreement.edition(&certificate.edition));
        edition.and_then(|Edition { records_years, .. }| records_years.value().copied())
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
        for Doomed { entry, store, .. } in doomed {
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
        for one in doomed {
            let Doomed { entry, store, hosted } = one;
            if !Arc::ptr_eq(store, own) {
                self.erase_words(store.as_ref(), entry)?;
            }
            for (said, held) in self.words_of(one)? {
                held.erase(&said.origin, said.index, at_ms)?;
            }
            if !*hosted {
                // Last: while it is there, all of it is done again.
                store.erase(&entry.origin, entry.index, at_ms)?;
            }
        }
        if !state.is_empty() {
            own.commit(Batch { at_ms, state, ..Batch::default() })?;
        }
        Ok(())
    }

    /// Has no more written here of a certificate that arrived, and erases what customs wrote in what they did with it and for
    /// importers.
    fn erase_words(&self, store: &dyn Store, entry: &EntryRef) -> Result<(), WorkflowError> {
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let mut moves = 0;
        loop {
            let (expected, state) = words_erased(self.store().as_ref(), &entry.origin, &facts.jti)?;
            if state.is_empty() {
                return Ok(());
            }
            match self.commit(expected, state, Vec::new()) {
                // Looked at once more: what was kept while the first words were looked for goes too, and no more comes.
                Ok(()) => {}
                Err(WorkflowError::Sequencer(SequencerError::Crowded(_))) if moves < MOVES_TRIED => moves += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether this authority erased what it made of a certificate that arrived.
    pub(super) fn is_erased_by(&self, store: &dyn Store, entry: &EntryRef) -> Result<bool, WorkflowError> {
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        Ok(self.customs_file(&entry.origin, &facts.jti)?.0.erased)
    }

    /// The statements about a certificate whose words are here still, each where it is kept: what was said of it, and the
    /// reasons of its changes of status, which another authority of this node erases itself.
    fn words_of(
        &self,
        Doomed { entry, store, hosted }: &Doomed,
    ) -> Result<Vec<(EntryRef, Arc<dyn Store>)>, WorkflowError> {
        let mut words = self.said_of(store.as_ref(), entry)?;
        let changes = if *hosted { Vec::new() } else { changes_beside(store.as_ref(), entry)? };
        for change in changes {
            // A change of a certificate of a closed log stands in a later one, which has a store of its own at a replica.
            let elsewhere = if store.logs().contains(&change.origin) { None } else { self.copy_of(&change.origin) };
            let held = elsewhere.unwrap_or_else(|| Arc::clone(store));
            if matches!(held.disclosures(&change.origin, change.index)?, Some(Disclosures::Present(_))) {
                words.push((change, held));
            }
        }
        Ok(words)
    }

    /// Where this node keeps its copy of a partner's log.
    fn copy_of(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        let mut copies = self.setup().partners.copies().into_iter();
        copies.find(|(log, _)| log == origin).map(|(_, store)| store)
    }

    fn at_ms(&self) -> u64 {
        unix_ms(self.now())
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

/// The certificate at a place, as far as it can be opened without what is erased.
fn certificate_at(store: &dyn Store, entry: &EntryRef) -> Result<Option<Box<OpenedCertificate>>, WorkflowError> {
    let none: &[&str] = &[];
    let leaf = store.leaf(&entry.origin, entry.index)?.and_then(|leaf| open_leaf(&leaf, none).ok());
    Ok(leaf.and_then(|opened| match opened.body {
        OpenedBody::Certificate(certificate) => Some(certificate),
        _ => None,
    }))
}

/// What of a log is due.
struct Due {
    due: Vec<u64>,
    /// Everything before this index is done, or holds nothing.
    passed: Option<u64>,
}

/// Whether so many years are over since the day on which an entry was made.
fn is_over(jti: &Jti, years: u32, today: Date) -> bool {
    let end = instant(jti.hour_ms())
        .and_then(|made| ZoneName::utc().date_at(made).checked_add(i64::from(years).years()).ok());
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
