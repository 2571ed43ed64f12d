//! What became of a certificate, and what it came from: every change of its status, and the certificates before and
//! behind it, so that each points at the other for who reads it too.

use super::{CertificateRecord, WorkflowError, record};
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
    /// The civil date at the issuer.
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
            let entry = store.find_number(&number)?;
            let jti = match entry {
                Some(entry) => store.facts(&entry.origin, entry.index)?.map(|facts| facts.jti),
                None => None,
            };
            let (relation, issued_on, country) = (prior.relation, prior.issued_on, prior.country);
            history.predecessors.push(Predecessor { relation, number, issued_on, country, jti });
        }
        for entry in changes_of(store, &self.entry, &self.jti)? {
            history.changes.extend(event(store, entry)?);
        }
        Ok(history)
    }
}

fn event(store: &dyn Store, entry: EntryRef) -> Result<Option<StatusEvent>, WorkflowError> {
    let (leaf, disclosures) = record::parts(store, &entry)?;
    let opened = open_leaf(&leaf, &disclosures).map_err(|error| WorkflowError::Record(error.to_string()))?;
    let OpenedBody::StatusChange(change) = opened.body else { return Ok(None) };
    let successor = match &change.change.act {
        Act::Superseded { successor } => number_of(store, &successor.jti)?,
        _ => None,
    };
    Ok(Some(StatusEvent {
        jti: opened.envelope.jti,
        entry,
        on: opened.envelope.day,
        act: change.change.act,
        items: change.change.items.unwrap_or_default(),
        reason: change.reason.as_option().cloned().flatten(),
        remarks: change.remarks.as_option().cloned().flatten(),
        successor,
    }))
}

fn number_of(store: &dyn Store, jti: &Jti) -> Result<Option<String>, WorkflowError> {
    let Some(entry) = store.find(jti)? else { return Ok(None) };
    let certificate = CertificateRecord::read(store, &entry)?.certificate;
    Ok(certificate.reference.as_option().map(|reference| reference.number.to_string()))
}
