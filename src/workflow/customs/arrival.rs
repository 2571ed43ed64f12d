//! Certificates of partners that are addressed to this authority, as they stand here.

use super::endorsed::{EndorsementNote, endorsements};
use super::forked::Fork;
use crate::{
    certificate::{Certificate, Country},
    inbox::{self, Why},
    log::Origin,
    office::CustomsFile,
    reason::{counted, some_of},
    sequencer,
    statement::{
        Act, Change, Envelope, Issuer, Jti, Kind, Opened, OpenedBody, OpenedCertificate, OpenedStatusChange, Shown,
        Since, StatementRef, Status, open_leaf, status_list::LIST_ENTRIES,
    },
    store::{About, Disclosures, EntryRef, Store, StoreError, Subject, about, about_at, status_as_of, status_snapshot},
    time::{Date, Timestamp},
    trust::TrustList,
    verification::{CheckedEntry, status_after},
    workflow::{
        Desk, PaperRecord, WorkflowError,
        record::{numbered, token_of},
    },
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The reason of a finding beyond the end of its log, and of the notice of a certificate that is one.
pub(super) const BEYOND_END: &str = "ENTRY_BEYOND_END";

/// Names a certificate of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivedName {
    /// By the statement's identifier.
    Jti(Jti),
    /// By its number, and its issuer where two gave the same one.
    Number(String, Option<Issuer>),
}

impl ArrivedName {
    /// As a text, for the digest of a request.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Jti(jti) => format!("jti {jti}"),
            Self::Number(number, Some(issuer)) => format!("number {number} of {issuer}"),
            Self::Number(number, None) => format!("number {number}"),
        }
    }
}

/// Whether everything that a certificate says is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of it is.
    Complete,
    /// Its contents did not come yet, or are not its own.
    Missing,
    /// The issuer keeps them back until its holder consents.
    Held,
    /// They are erased.
    Erased,
}

/// A certificate that arrived.
#[derive(Clone)]
pub struct Arrival {
    /// Where it stands, in its issuer's log.
    pub entry: EntryRef,
    /// Who issued it.
    pub issuer: Issuer,
    /// Its identifier.
    pub jti: Jti,
    /// Whether everything is here.
    pub delivery: Delivery,
    /// What it says, as far as it is here.
    pub certificate: OpenedCertificate,
    /// The SD-JWT with every disclosure that is here.
    pub token: String,
    /// Its status by the changes that arrived.
    pub status: Status,
    /// The changes of its status, oldest first.
    pub changes: Vec<StatusNote>,
    /// The instant that its status speaks of.
    pub status_as_of: Option<Timestamp>,
    /// The index of the snapshot that says it, where that stands in its own log and is known.
    pub(super) snapshot: Option<u64>,
    /// When its contents came.
    pub arrived_at: Option<Timestamp>,
    /// What was done with it here.
    pub file: CustomsFile,
    /// Whether an act on it waits for a supervisor.
    pub waits: bool,
    /// The words that this authority added to it, oldest first.
    pub endorsements: Vec<EndorsementNote>,
    /// Whether its log is proven to have shown two histories, though that may be lifted.
    pub equivocated: bool,
    /// Whether a person has lifted that since.
    pub lifted: bool,
    /// Why nobody can say how it stands, where it may be in one of the two alone.
    pub disputed: Option<String>,
    /// Why it does not count, where it stands past the closing of its key.
    pub key_closed: Option<String>,
    /// Why it is void, where it stands beyond the end that the trust list gave its log: it has no status then.
    pub void: Option<String>,
    /// The file as it was read.
    pub(super) kept: Option<Vec<u8>>,
}

/// A change of a certificate's status, as its issuer logged it.
#[derive(Debug, Clone)]
pub struct StatusNote {
    /// The statement.
    pub jti: Jti,
    /// The civil day at the issuer on which it says it was made.
    pub day: Date,
    /// When it was readable here; not known of another authority of this node, which keeps its own.
    pub at: Option<Timestamp>,
    /// What changed.
    pub change: OpenedStatusChange,
}

impl Desk {
    /// The logs addressed to this authority, with the stores they are kept in.
    pub(in crate::workflow) fn addressed(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let (trust, own) = (self.trust(), &self.setup().issuer);
        let mut logs = self.setup().partners.logs();
        logs.retain(|(origin, _)| trust.addressee_of(origin) == Some(own) && origin.host() != own.host());
        logs
    }

    /// The certificate of that name. It reads from the disk.
    pub(in crate::workflow) fn arrived(&self, name: &ArrivedName) -> Result<Arrival, WorkflowError> {
        let mut found = Vec::new();
        for (origin, store) in self.addressed() {
            let entries = match name {
                ArrivedName::Jti(jti) => store.find(jti)?.into_iter().collect(),
                ArrivedName::Number(number, issuer) => {
                    if issuer.as_ref().is_some_and(|issuer| issuer.host() != origin.host()) {
                        continue;
                    }
                    of_number(store.as_ref(), number)?
                }
            };
            for entry in entries.into_iter().filter(|entry| entry.origin == origin) {
                found.extend(self.arrival_at(store.as_ref(), &entry)?);
            }
        }
        if let ArrivedName::Number(number, _) = name {
            let bears = |one: &Arrival| one.certificate.reference.as_option().map(|own| own.number.as_str() == number);
            // What bears that very spelling goes before others that are read as it.
            if found.iter().any(|one| bears(one) == Some(true)) {
                found.retain(|one| bears(one) != Some(false));
            }
            // What a void one bears may be given again by who lost his node: the void one is named by its identifier.
            if found.iter().any(|one| one.void.is_none()) {
                found.retain(|one| one.void.is_none());
            }
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(one), Some(other)) => {
                let named = [one, other].into_iter().chain(found);
                let named = named.map(|arrival| format!("{} of {}", arrival.jti, arrival.issuer));
                Err(WorkflowError::ArrivalAmbiguous(some_of(named)))
            }
            (None, _) => Err(match self.paper_named(name)? {
                Some(PaperRecord { issuer, paper, .. }) => {
                    WorkflowError::ArrivalOnPaper { number: paper.number.to_string(), issuer }
                }
                None => WorkflowError::ArrivalUnknown(self.not_held_of(name)?),
            }),
        }
    }

    /// The certificate of that name; none where it is not here by now, is on paper alone, or is one of several.
    pub(super) fn if_arrived(&self, name: &ArrivedName) -> Result<Option<Arrival>, WorkflowError> {
        match self.arrived(name) {
            Ok(arrival) => Ok(Some(arrival)),
            Err(
                WorkflowError::ArrivalUnknown(_)
                | WorkflowError::ArrivalOnPaper { .. }
                | WorkflowError::ArrivalAmbiguous(_),
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The paper of that name that is registered: one of that very spelling before others that are read as it, and one past
    /// the closing of its key where no other is. It reads from the disk.
    pub(super) fn paper_named(&self, name: &ArrivedName) -> Result<Option<PaperRecord>, WorkflowError> {
        match name {
            ArrivedName::Jti(jti) => self.paper_by(jti),
            ArrivedName::Number(number, issuer) => {
                let papers = self.papers_to(&Subject::Number(number.clone()), issuer.as_ref())?;
                let first = |paper: &PaperRecord| (paper.paper.number.as_str() == number, paper.key_closed.is_none());
                Ok(papers.into_iter().max_by_key(first))
            }
        }
    }

    /// The certificate at a place, as it is kept; none where there is something else, or a finding. One past the closing of
    /// its key, or beyond the end of its log, is shown as that: it may have been used before anybody knew.
    pub(super) fn arrival_as_kept(
        &self,
        store: &dyn Store,
        entry: &EntryRef,
    ) -> Result<Option<Arrival>, WorkflowError> {
        let EntryRef { origin, index } = entry;
        let Some(facts) = store.facts(origin, *index)? else { return Ok(None) };
        let place = match facts.status_index {
            Some(place) => Some(place),
            None => inbox::finding::place(store, origin, *index)?,
        };
        let Some(place) = place else { return Ok(None) };
        let finding = inbox::finding::that_holds(store, origin, *index)?;
        let beyond = finding.as_ref().is_some_and(|found| found.reason == BEYOND_END);
        if finding.as_ref().is_some_and(|found| !beyond && !inbox::finding::keeps_its_place(&found.reason)) {
            return Ok(None);
        }
        let (file, kept) = self.customs_file(origin, &facts.jti)?;
        // Another authority of this node keeps what it says; who erased it here reads it there no more.
        let sent = if file.erased { opened_with(store, entry, Disclosures::Erased)? } else { sent_at(store, entry)? };
        let Some(Statement { opened, disclosures, token }) = sent else { return Ok(None) };
        let said = CheckedEntry { index: *index, envelope: opened.envelope, body: opened.body };
        // Another authority of this node keeps no findings of its own log.
        let found = finding.map(|found| found.sentence);
        let (found_void, found_closed) = if beyond { (found, None) } else { (None, found) };
        let void = beyond_end(&self.trust(), entry).or(found_void);
        let key_closed = found_closed.or_else(|| said.key_closed(&self.trust()));
        let OpenedBody::Certificate(certificate) = said.body else { return Ok(None) };
        let delivery = match disclosures {
            Disclosures::Present(_) => Delivery::Complete,
            Disclosures::Erased => Delivery::Erased,
            Disclosures::None if inbox::is_erased_there(store, origin, *index)? => Delivery::Erased,
            Disclosures::None => {
                let kept_back = inbox::why(store, origin, *index)? == Some(Why::Held);
                let held = kept_back || sequencer::is_held(store, entry)?;
                if held { Delivery::Held } else { Delivery::Missing }
            }
        };
        let value = store.status(origin, place / LIST_ENTRIES, place % LIST_ENTRIES)?;
        let unreadable = |why: String| WorkflowError::Record(format!("entry {index} of {origin}: {why}"));
        let status = Status::from_value(value.unwrap_or_default()).map_err(|error| unreadable(error.to_string()))?;
        let later = self.later(origin, &facts.jti)?;
        let mut changes = changes(store, entry, &facts.jti)?;
        let of_items = |change: &Change| change.items.is_some() && change.act != Act::Reinstated;
        let mut in_part = changes.iter().any(|note| of_items(&note.change.change));
        let status = later.changes.iter().fold(status, |status, note| {
            let Change { act, items, .. } = &note.change.change;
            let behind = if in_part { Status::InPart } else { Status::Valid };
            in_part |= of_items(&note.change.change);
            status_after(status, behind, act, items.as_deref()).unwrap_or(status)
        });
        changes.extend(later.changes);
        for note in &mut changes {
            note.day = self.said_on(&said.envelope.iss, &note.jti, note.day);
            if file.erased {
                (note.change.reason, note.change.remarks) = (Shown::No, Shown::No);
            }
        }
        let number = certificate.reference.as_option().map(|reference| reference.number.to_string());
        let known = match &number {
            Some(number) => about_at(store, &Subject::Number(number.clone()), entry)?,
            None => None,
        };
        let arrived_ms = known.map(|one| one.at_ms);
        let heard = later.as_of.map_or_else(|| status_snapshot(store, origin), |second| Ok(Some((second, None))))?;
        let heard = heard.and_then(|(second, at)| Some((i64::try_from(second).ok()?, at)));
        // Another authority of this node keeps its own.
        let own = match sequencer::spoken_for(store, origin)? {
            Some(spoken) => Some((spoken.record.as_of, None)),
            None => sequencer::status_record(store, origin)?.map(|record| (record.as_of, Some(record.index))),
        };
        let (second, snapshot) = heard.or(own).unzip();
        // Most were never touched, and are not looked up once more.
        let waits = file.acts > 0 && self.has_waiting(origin, &facts.jti)?;
        let endorsements = endorsements(self.store().as_ref(), &facts.jti)?;
        let Fork { equivocated, lifted, disputed } = self.fork_of(store, entry)?;
        Ok(Some(Arrival {
            entry: entry.clone(),
            issuer: said.envelope.iss,
            jti: facts.jti,
            delivery,
            certificate: *certificate,
            token,
            status,
            changes,
            status_as_of: second.and_then(|second| Timestamp::from_second(second).ok()),
            snapshot: snapshot.flatten(),
            arrived_at: arrived_ms.and_then(instant),
            file,
            waits,
            endorsements,
            equivocated,
            lifted,
            disputed,
            key_closed,
            void,
            kept,
        }))
    }
}

/// What later logs say of a certificate whose own log is closed.
#[derive(Default)]
struct Later {
    changes: Vec<StatusNote>,
    /// The instant of the newest snapshot that speaks for it, in Unix seconds.
    as_of: Option<u64>,
}

impl Desk {
    /// Of a certificate of a partner's closed log. Another authority of this node has all of its logs in one store, and
    /// notes its own.
    fn later(&self, origin: &Origin, jti: &Jti) -> Result<Later, WorkflowError> {
        let mut later = Later::default();
        for (log, store) in self.later_logs(origin) {
            let changes = later_changes(store.as_ref(), &log, (origin, jti))?;
            later.changes.extend(changes.into_iter().map(|(_, note)| note));
            later.as_of = status_as_of(store.as_ref(), &log)?.max(later.as_of);
        }
        Ok(later)
    }

    /// The logs of a partner that speak for a closed one and are kept here, the oldest first.
    pub(in crate::workflow) fn later_logs(&self, origin: &Origin) -> Vec<(Origin, Arc<dyn Store>)> {
        let trust = self.trust();
        let mut logs = self.setup().partners.copies();
        logs.retain(|(log, _)| log != origin && trust.speaks_for(log, origin));
        logs.sort_by_key(|(log, _)| log.shard());
        // The first open one speaks; one after it says nothing yet.
        let closed = logs.iter().take_while(|(log, _)| trust.shard_final_size(log).is_some()).count();
        logs.truncate(closed + 1);
        logs
    }
}

/// The changes that a later log has of a certificate of a closed one, in its order.
pub(in crate::workflow) fn later_changes(
    store: &dyn Store,
    log: &Origin,
    (origin, jti): (&Origin, &Jti),
) -> Result<Vec<(EntryRef, StatusNote)>, WorkflowError> {
    let about = statements_about(store, &Subject::Statement(*jti), Kind::StatusChange)?;
    let heard = about.into_iter().filter(|(one, _)| one.entry.origin == *log);
    let changes = heard.filter_map(|(one, statement)| match statement.opened.body {
        OpenedBody::StatusChange(change) if change.change.target.log == *origin => {
            let Envelope { jti, day, .. } = statement.opened.envelope;
            Some((one.entry, StatusNote { jti, day, at: instant(one.at_ms), change }))
        }
        _ => None,
    });
    Ok(changes.collect())
}

impl Arrival {
    /// How statements name it.
    #[must_use]
    pub fn place(&self) -> StatementRef {
        StatementRef { log: self.entry.origin.clone(), jti: self.jti }
    }

    /// All of what it says.
    pub(super) fn whole(&self) -> Result<Certificate, WorkflowError> {
        self.certificate.to_certificate().ok_or(WorkflowError::ArrivalIncomplete)
    }

    /// Whether it was issued after the instant that its status speaks of: what is known of it is younger.
    #[must_use]
    pub fn issued_since(&self) -> bool {
        self.snapshot.is_some_and(|snapshot| self.entry.index > snapshot)
    }

    /// The country it comes from.
    #[must_use]
    pub const fn from(&self) -> Country {
        self.certificate.from
    }

    /// Items that have lost their force at the issuer by changes of some items.
    #[must_use]
    pub fn ended(&self) -> BTreeSet<u32> {
        let mut standing = BTreeMap::new();
        for note in &self.changes {
            let Change { act, items, .. } = &note.change.change;
            for item in items.iter().flatten() {
                let status = standing.entry(*item).or_insert(Status::Valid);
                *status = status_after(*status, Status::Valid, act, None).unwrap_or(*status);
            }
        }
        standing.into_iter().filter(|(_, status)| *status != Status::Valid).map(|(item, _)| item).collect()
    }

    /// Whether it was in force on a day: one withdrawn from a later day on was.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        let since = self.changes.iter().rev().find_map(|note| match note.change.change {
            Change { act: Act::Withdrawn { since }, items: None, .. } => Some(since),
            _ => None,
        });
        match (self.status, since) {
            (Status::Valid | Status::InPart, _) => true,
            (Status::Withdrawn, Some(Since::Date(from))) => day < from,
            _ => false,
        }
    }
}

/// Where the certificates of a number stand in a store, also those whose contents are erased.
pub(in crate::workflow) fn of_number(store: &dyn Store, number: &str) -> Result<Vec<EntryRef>, StoreError> {
    let known = about(store, &Subject::Number(number.to_owned()))?.into_iter();
    let known = known.filter(|one| one.kind == Kind::CertificateOfOrigin);
    let mut entries = known.map(|one| one.entry).collect::<Vec<_>>();
    // Another authority of this node keeps its own numbers.
    entries.extend(numbered(store, number)?.filter(|entry| !entries.contains(entry)));
    Ok(entries)
}

/// A statement as a store has it.
pub(in crate::workflow) struct Statement {
    pub(in crate::workflow) opened: Opened,
    pub(in crate::workflow) disclosures: Disclosures,
    pub(super) token: String,
}

/// The published statement at a place, as far as it can be opened.
pub(in crate::workflow) fn statement_at(store: &dyn Store, entry: &EntryRef) -> Result<Option<Statement>, StoreError> {
    let disclosures = store.disclosures(&entry.origin, entry.index)?.unwrap_or(Disclosures::None);
    opened_with(store, entry, disclosures)
}

/// The same as its addressee may read it: of an authority of this node, too, what waits for its holder's consent is not
/// sent.
pub(in crate::workflow) fn sent_at(store: &dyn Store, entry: &EntryRef) -> Result<Option<Statement>, StoreError> {
    if sequencer::is_held(store, entry)? {
        return opened_with(store, entry, Disclosures::None);
    }
    statement_at(store, entry)
}

fn opened_with(store: &dyn Store, entry: &EntryRef, disclosures: Disclosures) -> Result<Option<Statement>, StoreError> {
    let Some(leaf) = store.leaf(&entry.origin, entry.index)? else { return Ok(None) };
    let present: &[String] = if let Disclosures::Present(present) = &disclosures { present } else { &[] };
    let Ok(opened) = open_leaf(&leaf, present) else { return Ok(None) };
    let token = token_of(&leaf, present);
    Ok(Some(Statement { opened, disclosures, token }))
}

/// What a store has about another statement, but findings; in the order of the log.
pub(in crate::workflow) fn statements_about(
    store: &dyn Store,
    subject: &Subject,
    kind: Kind,
) -> Result<Vec<(About, Statement)>, StoreError> {
    let mut found = Vec::new();
    for one in about(store, subject)?.into_iter().filter(|one| one.kind == kind) {
        if inbox::is_finding(store, &one.entry.origin, one.entry.index)? {
            continue;
        }
        if let Some(statement) = statement_at(store, &one.entry)? {
            found.push((one, statement));
        }
    }
    Ok(found)
}

/// The changes of a certificate's status, in the order of its log. Another authority of this node notes its own.
fn changes(store: &dyn Store, entry: &EntryRef, jti: &Jti) -> Result<Vec<StatusNote>, StoreError> {
    let about = statements_about(store, &Subject::Statement(*jti), Kind::StatusChange)?;
    let heard = about.into_iter().filter(|(one, _)| one.entry.origin == entry.origin);
    let mut statements = heard.map(|(one, statement)| (instant(one.at_ms), statement)).collect::<Vec<_>>();
    for change in sequencer::changes_of(store, entry, jti)? {
        statements.extend(statement_at(store, &change)?.map(|statement| (None, statement)));
    }
    let opened = statements.into_iter().filter_map(|(at, statement)| match statement.opened.body {
        OpenedBody::StatusChange(change) => {
            let Envelope { jti, day, .. } = statement.opened.envelope;
            Some(StatusNote { jti, day, at, change })
        }
        _ => None,
    });
    Ok(opened.collect())
}

/// Why an entry is void, where the trust list ended its log before it.
fn beyond_end(trust: &TrustList, EntryRef { origin, index }: &EntryRef) -> Option<String> {
    let last = trust.shard_final_size(origin).filter(|last| index >= last)?;
    let entries = counted(last, "entry", "entries");
    Some(format!("it is entry {index} of {origin}, which the trust list ended with {entries}"))
}

/// An instant of Unix milliseconds.
pub(in crate::workflow) fn instant(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}
