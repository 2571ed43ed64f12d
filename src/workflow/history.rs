//! What became of a certificate, and what it came from: every change of its status, and the certificates before and
//! behind it, so that each points at the other for who reads it too.

use super::{CertificateRecord, Desk, Stands, WorkflowError, record};
use crate::{
    certificate::{Country, Relation, Text},
    sequencer::changes_of,
    statement::{Act, Jti, OpenedBody, open_leaf},
    store::{EntryRef, Store},
    time::Date,
};

/// A change of a certificate's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The statement.
    pub jti: Jti,
    /// Where it stands.
    pub entry: EntryRef,
    /// The civil date at the issuer, as [`Desk::history`] gives it.
    pub on: Date,
    /// What happened.
    pub act: Act,
    /// The items concerned; none means the whole certificate.
    pub items: Vec<u32>,
    /// Why, where that was not erased.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
    /// The number of the certificate that took its place, where one did and it is kept here.
    pub successor: Option<String>,
    /// How that one stands by now, where the desk is asked.
    pub successor_status: Option<Stands>,
}

/// A certificate that another follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// How it is followed.
    pub relation: Relation,
    /// Its number.
    pub number: String,
    /// Its date of issue.
    pub issued_on: Date,
    /// The country that issued it.
    pub country: Country,
    /// Its identifier, where it is kept here.
    pub jti: Option<Jti>,
    /// How it stands by now, where the desk is asked and it or the log it stands in is kept here.
    pub status: Option<Stands>,
    /// Of another country's, the day of the newest change of all of it.
    pub since: Option<Date>,
}

/// What came before a certificate, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateHistory {
    /// The certificates it follows.
    pub predecessors: Vec<Predecessor>,
    /// In the order of the log.
    pub changes: Vec<StatusEvent>,
}

impl CertificateRecord {
    /// What came before it, and what became of it, as far as that is published and not erased.
    pub fn history(&self, store: &dyn Store) -> Result<CertificateHistory, WorkflowError> {
        let mut history = CertificateHistory::default();
        for prior in self.certificate.reference.as_option().into_iter().flat_map(|reference| &reference.prior) {
            let number = prior.number.to_string();
            let (relation, issued_on, country) = (prior.relation, prior.issued_on, prior.country);
            // Another country may have given the same number.
            let entry = store.find_number(&number)?.filter(|_| country == self.certificate.from);
            let jti = entry.map(|entry| Self::read(store, &entry)).transpose()?.map(|record| record.jti);
            let (status, since) = (None, None);
            history.predecessors.push(Predecessor { relation, number, issued_on, country, jti, status, since });
        }
        for entry in changes_of(store, &self.entry, &self.jti)? {
            history.changes.extend(event(store, entry)?);
        }
        Ok(history)
    }
}

impl Desk {
    /// The same with how those before and behind it stand by now, also the originals of other countries, as far as their
    /// logs are kept here: a certificate rests on them as long as it is used. It reads from the disk.
    pub fn history(&self, record: &CertificateRecord) -> Result<CertificateHistory, WorkflowError> {
        let mut history = record.history(self.store().as_ref())?;
        for one in &mut history.predecessors {
            one.status = one.jti.as_ref().map_or(Ok(None), |jti| self.stands_by_now(jti))?;
        }
        for one in &mut history.changes {
            one.on = self.said_on(&self.setup().issuer, &one.jti, one.on);
            if let Act::Superseded { successor } = &one.act {
                one.successor_status = self.stands_by_now(&successor.jti)?;
            }
        }
        for became in self.became_of_originals(record)? {
            let is_it = |one: &&mut Predecessor| {
                one.relation == Relation::BackToBackOn && one.number == became.number.as_str() && one.status.is_none()
            };
            if let Some(one) = history.predecessors.iter_mut().find(is_it) {
                (one.jti, one.status, one.since) = (Some(became.jti), Some(Stands::As(became.status)), became.since);
            }
        }
        Ok(history)
    }

    fn stands_by_now(&self, jti: &Jti) -> Result<Option<Stands>, WorkflowError> {
        kept(self.store().as_ref(), jti)?.map(|record| self.stands(&record)).transpose()
    }
}

fn event(store: &dyn Store, entry: EntryRef) -> Result<Option<StatusEvent>, WorkflowError> {
    let (leaf, disclosures) = record::parts(store, &entry)?;
    let opened = open_leaf(&leaf, &disclosures).map_err(|error| WorkflowError::Record(error.to_string()))?;
    let OpenedBody::StatusChange(change) = opened.body else { return Ok(None) };
    let successor = match &change.change.act {
        Act::Superseded { successor } => kept(store, &successor.jti)?,
        _ => None,
    };
    let successor = successor.and_then(|one| one.certificate.reference.into_option());
    Ok(Some(StatusEvent {
        jti: opened.envelope.jti,
        entry,
        on: opened.envelope.day,
        act: change.change.act,
        items: change.change.items.unwrap_or_default(),
        reason: change.reason.as_option().cloned().flatten(),
        remarks: change.remarks.as_option().cloned().flatten(),
        successor: successor.map(|reference| reference.number.to_string()),
        successor_status: None,
    }))
}

fn kept(store: &dyn Store, jti: &Jti) -> Result<Option<CertificateRecord>, WorkflowError> {
    store.find(jti)?.map(|entry| CertificateRecord::read(store, &entry)).transpose()
}
