//! Statements found by what they are about: a certificate's number, another statement, or what kind they are.
//!
//! The index stands in the store of the log whose statements it finds, written in the commit that makes them readable. Of
//! a partner's log that is when its disclosures came: before that nobody here knows what a statement is about. An entry
//! that is a finding is found all the same; whether it is one is for the reader to ask.

use super::{EntryRef, StateChange, Store, StoreError, Table};
use crate::{
    certificate::number_as_read,
    log::Origin,
    statement::{
        Body, CustomsResponse, Endorsement, Enquiry, EnquiryReply, Jti, Kind, OpenedBody, PaperCertificate, Shown,
    },
};
use serde::{Deserialize, Serialize};

/// What statements are looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The number of a certificate: a certificate of a number that is read as it, electronic or registered on paper.
    Number(String),
    /// Another statement: what changes, answers, endorses it, or asks about it.
    Statement(Jti),
    /// A kind.
    Kind(Kind),
    /// A log: what is said of it as such.
    Log(Origin),
}

/// A statement that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Where it stands.
    pub entry: EntryRef,
    /// What it is.
    pub kind: Kind,
    /// When it became readable here, in Unix milliseconds.
    pub at_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Record {
    kind: String,
    at_ms: u64,
}

impl Subject {
    /// What a statement as it is said is about.
    #[must_use]
    pub fn said(body: &Body) -> Vec<Self> {
        match body {
            Body::CustomsResponse(response) => of_response(response),
            Body::Endorsement(one) => of_endorsement(one),
            Body::Enquiry(enquiry) => of_enquiry(enquiry),
            Body::EnquiryReply(reply) => of_reply(reply),
            Body::PaperCertificate(paper) => of_paper(paper),
            // The sequencer keeps numbers and changes of status in records of its own.
            Body::Certificate { .. }
            | Body::StatusChange(_)
            | Body::StatusSnapshot(_)
            | Body::KeyChange(_)
            | Body::Receipt(_) => Vec::new(),
            Body::Evidence(evidence) => of_evidence(&evidence.concerns),
        }
    }

    /// What a statement is about, as far as it is shown.
    #[must_use]
    pub fn shown(body: &OpenedBody) -> Vec<Self> {
        match body {
            OpenedBody::Certificate(certificate) => match &certificate.reference {
                Shown::Yes(reference) => vec![Self::Number(reference.number.to_string())],
                Shown::No => Vec::new(),
            },
            OpenedBody::StatusChange(opened) => vec![Self::Statement(opened.change.target.jti)],
            OpenedBody::CustomsResponse(response) => response.as_deref().map(of_response).unwrap_or_default(),
            OpenedBody::Endorsement(one) => one.as_deref().map(of_endorsement).unwrap_or_default(),
            OpenedBody::Enquiry(enquiry) => enquiry.as_deref().map(of_enquiry).unwrap_or_default(),
            OpenedBody::EnquiryReply(reply) => reply.as_deref().map(of_reply).unwrap_or_default(),
            OpenedBody::Evidence(evidence) => of_evidence(&evidence.concerns),
            OpenedBody::PaperCertificate(paper) => paper.as_deref().map(of_paper).unwrap_or_default(),
            OpenedBody::StatusSnapshot(_) | OpenedBody::KeyChange(_) | OpenedBody::Receipt(_) => Vec::new(),
        }
    }

    /// What the ids of all its records begin with. No number and no origin has a zero byte.
    fn prefix(&self) -> Vec<u8> {
        match self {
            Self::Number(number) => numbered(&number_as_read(number)),
            Self::Statement(jti) => [b"statement/".as_slice(), &jti.0].concat(),
            Self::Kind(kind) => [b"kind/", kind.name().as_bytes(), &[0]].concat(),
            Self::Log(log) => [b"log/", log.as_str().as_bytes(), &[0]].concat(),
        }
    }

    /// What they began with before numbers were kept as they are read, if that is something else: what was put there then
    /// is found by its very spelling.
    fn prefix_before(&self) -> Option<Vec<u8>> {
        match self {
            Self::Number(number) => Some(numbered(number)).filter(|before| *before != self.prefix()),
            Self::Statement(_) | Self::Kind(_) | Self::Log(_) => None,
        }
    }

    /// Has a statement found by it.
    #[must_use]
    pub fn put(&self, entry: &EntryRef, kind: Kind, at_ms: u64) -> StateChange {
        let record = postcard::to_allocvec(&Record { kind: kind.name().to_owned(), at_ms }).unwrap_or_default();
        StateChange::RecordPut { table: Table::About, id: [self.prefix(), place(entry)].concat(), record }
    }
}

fn numbered(number: &str) -> Vec<u8> {
    [b"number/", number.as_bytes(), &[0]].concat()
}

/// What the id of a record says of where its statement stands.
fn place(entry: &EntryRef) -> Vec<u8> {
    [entry.origin.as_str().as_bytes(), &[0], &entry.index.to_be_bytes()].concat()
}

fn of_response(response: &CustomsResponse) -> Vec<Subject> {
    vec![Subject::Statement(response.certificate.jti)]
}

fn of_endorsement(one: &Endorsement) -> Vec<Subject> {
    vec![Subject::Statement(one.endorsed.place.jti)]
}

fn of_reply(reply: &EnquiryReply) -> Vec<Subject> {
    vec![Subject::Statement(reply.enquiry.jti)]
}

fn of_paper(paper: &PaperCertificate) -> Vec<Subject> {
    vec![Subject::Number(paper.paper.number.to_string()), Subject::Kind(Kind::PaperCertificate)]
}

fn of_evidence(concerns: &Origin) -> Vec<Subject> {
    vec![Subject::Log(concerns.clone()), Subject::Kind(Kind::Evidence)]
}

fn of_enquiry(enquiry: &Enquiry) -> Vec<Subject> {
    let asked = enquiry.subjects.iter().map(|subject| match &subject.certificate {
        Some(place) => Subject::Statement(place.jti),
        None => Subject::Number(subject.number.to_string()),
    });
    let clarifies = enquiry.clarifies.iter().map(|place| Subject::Statement(place.jti));
    asked.chain(clarifies).chain([Subject::Kind(Kind::Enquiry)]).collect()
}

/// What makes a statement found, for the commit in which it becomes readable; of a snapshot, the instant it speaks of.
#[must_use]
pub fn index(entry: &EntryRef, body: &OpenedBody, at_ms: u64) -> Vec<StateChange> {
    if let OpenedBody::StatusSnapshot(snapshot) = body {
        let record = [snapshot.as_of.to_be_bytes(), entry.index.to_be_bytes()].concat();
        return vec![StateChange::RecordPut { table: Table::About, id: snapshot_id(&entry.origin), record }];
    }
    Subject::shown(body).iter().map(|subject| subject.put(entry, body.kind(), at_ms)).collect()
}

fn snapshot_id(origin: &Origin) -> Vec<u8> {
    format!("snapshot/{origin}").into_bytes()
}

/// The instant that the newest snapshot of a partner's log speaks of, in Unix seconds.
pub fn status_as_of(store: &dyn Store, origin: &Origin) -> Result<Option<u64>, StoreError> {
    Ok(status_snapshot(store, origin)?.map(|(as_of, _)| as_of))
}

/// The same, with the index of the snapshot: what stands behind it was issued since. None of what was kept before that was
/// noted.
pub fn status_snapshot(store: &dyn Store, origin: &Origin) -> Result<Option<(u64, Option<u64>)>, StoreError> {
    let Some(record) = store.record(Table::About, &snapshot_id(origin))? else { return Ok(None) };
    let number = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).ok().map(u64::from_be_bytes);
    let parts = record.split_at_checked(8);
    Ok(parts.and_then(|(as_of, index)| Some((number(as_of)?, number(index)))))
}

/// The published statements of a store that are about something, in the order of each log; of certificates of one
/// number there may be several, where an issuer gave it twice.
pub fn about(store: &dyn Store, subject: &Subject) -> Result<Vec<About>, StoreError> {
    let found = under(store, &subject.prefix())?;
    let Some(before) = subject.prefix_before() else { return Ok(found) };
    let mut all = under(store, &before)?;
    all.retain(|one| found.iter().all(|known| known.entry != one.entry));
    all.extend(found);
    Ok(all)
}

/// The published ones whose records have ids that begin so.
fn under(store: &dyn Store, prefix: &[u8]) -> Result<Vec<About>, StoreError> {
    let records = store.records_under(Table::About, prefix, usize::MAX)?.into_iter();
    let found = records.filter_map(|(id, record)| read(id.strip_prefix(prefix)?, &record));
    Ok(found.filter(|one| is_published(store, &one.entry)).collect())
}

/// What is known of one statement that is about something; none where it is not, or is not published.
pub fn about_at(store: &dyn Store, subject: &Subject, entry: &EntryRef) -> Result<Option<About>, StoreError> {
    let place = place(entry);
    let record_under = |prefix: Vec<u8>| store.record(Table::About, &[prefix, place.clone()].concat());
    let record = match (record_under(subject.prefix())?, subject.prefix_before()) {
        (None, Some(before)) => record_under(before)?,
        (record, _) => record,
    };
    Ok(record.and_then(|record| read(&place, &record)).filter(|one| is_published(store, &one.entry)))
}

fn is_published(store: &dyn Store, entry: &EntryRef) -> bool {
    store.head(&entry.origin).is_some_and(|head| entry.index < head.head.size)
}

fn read(rest: &[u8], record: &[u8]) -> Option<About> {
    let (origin, index) = rest.split_at_checked(rest.len().checked_sub(9)?)?;
    let origin: Origin = std::str::from_utf8(origin).ok()?.parse().ok()?;
    let index = u64::from_be_bytes(index.strip_prefix(&[0])?.try_into().ok()?);
    let Record { kind, at_ms } = postcard::from_bytes(record).ok()?;
    Some(About { entry: EntryRef { origin, index }, kind: kind.parse().ok()?, at_ms })
}
