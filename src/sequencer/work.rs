//! What the sequencer is asked to do, and what it answers when that is durable and published.

use crate::{
    agreement::Series,
    certificate::{CertificateNumber, OfficeCode, Particulars, Ruling, Text},
    log::Origin,
    office::{ApplicationId, AuditEvent},
    statement::{
        Act, Addressee, Body, CustomsResponse, Endorsement, Enquiry, EnquiryReply, Evidence, Issuer, Jti, KeyChange,
        PaperCertificate, Receipt,
    },
    store::{EntryRef, Expected, StateChange, Store, StoreError, Table, number_id},
    time::{Date, ZoneName},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Which request this is: the same key with the same digest has the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The account that asks.
    pub account: String,
    /// Its UUIDv7.
    pub id: [u8; 16],
}

/// One piece of work.
#[derive(Debug)]
pub struct Work {
    /// Which request.
    pub request: RequestKey,
    /// SHA-256 of the request's body.
    pub digest: [u8; 32],
    /// What is to be done.
    pub task: Task,
    /// Who does it, for the audit record; to what is added when the place is known. Nobody but the node, if none.
    pub by: Option<AuditEvent>,
}

/// What is to be done.
#[derive(Debug)]
pub enum Task {
    /// A certificate that was examined and judged.
    Issue(Box<Issue>),
    /// A change of a certificate's status.
    Change(Box<ChangeOfStatus>),
    /// A certificate in the place of others, or drawn from them.
    Replace(Box<Replacement>),
    /// Something that changes the status of nothing.
    Say(Box<Saying>),
    /// A change of state that the addressee of a log is to look for.
    Nudge(Box<Nudge>),
    /// A certificate number that is given before its certificate.
    Reserve(Box<Reservation>),
}

impl Task {
    /// The certificate that is to be issued, if one is.
    pub(super) fn issue(&self) -> Option<&Issue> {
        match self {
            Self::Issue(issue) => Some(issue),
            Self::Replace(replacement) => Some(&replacement.issue),
            Self::Change(_) | Self::Say(_) | Self::Nudge(_) | Self::Reserve(_) => None,
        }
    }

    /// The civil date that it was judged for, with the zone of the office, if it holds on that day only.
    pub(super) fn day(&self) -> Option<(Date, &ZoneName)> {
        match self {
            Self::Reserve(one) => Some((one.day, &one.zone)),
            _ => self.issue().map(|issue| (issue.ruling.issued_on, &issue.zone)),
        }
    }
}

/// A certificate that was examined and judged.
#[derive(Debug)]
pub struct Issue {
    /// Its contents, as brought.
    pub particulars: Particulars,
    /// What the agreement decided, for the civil date at the office that it names.
    pub ruling: Ruling,
    /// The zone of the issuing office.
    pub zone: ZoneName,
    /// Customs of the importing country.
    pub addressee: Addressee,
    /// Where its number comes from.
    pub numbering: Numbering,
    /// The date of issue that it bears, where that is not the day it is issued on: a certified true copy bears the
    /// original's, and what was issued on paper in an outage the paper's.
    pub bears: Option<Date>,
    /// What changes with it.
    pub beside: Beside,
}

/// What changes, once it is known what came of the work.
pub type Changes<T> = Arc<dyn Fn(&T) -> Result<Vec<StateChange>, String> + Send + Sync>;

/// State that changes with a certificate, or with a number, in the same durable unit: both are there after a crash, or
/// neither.
pub struct Beside<T = Outcome> {
    /// The application that the certificate is issued for.
    pub application: Option<ApplicationId>,
    /// What records must still be; if one has moved, nothing is issued or reserved.
    pub expected: Vec<Expected>,
    /// The changes, once place and number are known. An error stops the batch: it is the caller's own mistake.
    pub changes: Option<Changes<T>>,
    /// Rows of the feed, of what no entry of a log tells.
    pub feed: Vec<Vec<u8>>,
}

impl Beside {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.application = self.application.or(other.application);
        self.expected.extend(other.expected);
        self.feed.extend(other.feed);
        self.changes = match (self.changes, other.changes) {
            (Some(first), Some(second)) => Some(Arc::new(move |outcome| {
                let mut state = first(outcome)?;
                state.extend(second(outcome)?);
                Ok(state)
            })),
            (one, other) => one.or(other),
        };
        self
    }
}

impl<T> Default for Beside<T> {
    fn default() -> Self {
        Self { application: None, expected: Vec::new(), changes: None, feed: Vec::new() }
    }
}

/// Certificate numbers that are given before their certificates: one stands on an export declaration meanwhile, a block
/// of them is kept for an outage. No statement is made of them.
#[derive(Debug)]
pub struct Reservation {
    /// The civil date at the office, whose year the number may have in it.
    pub day: Date,
    /// The zone of the office.
    pub zone: ZoneName,
    /// Where they are drawn from.
    pub draw: Draw,
    /// Which of them.
    pub which: Which,
    /// For what it is reserved.
    pub beside: Beside<Reserved>,
}

/// Which numbers of a series are given in advance.
#[derive(Debug)]
pub enum Which {
    /// So many, from the next on.
    Next(u32),
    /// These, which were given in a time that this node has no memory of: none of them is anything else's, and the count
    /// goes on behind them.
    These(Vec<CertificateNumber>),
}

/// Numbers that were given in advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// The number, or the first of a block.
    pub number: String,
    /// The civil date at the office.
    #[serde(with = "crate::time::serde_date")]
    pub day: Date,
    /// The others of a block, rising. An answer is small and does not repeat them: what holds the block knows them.
    #[serde(skip)]
    pub more: Vec<String>,
}

/// Where a certificate that was issued on paper is registered, as is kept of its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperNumber {
    /// The place of the statement.
    pub paper: EntryRef,
}

impl PaperNumber {
    /// Has the number known as that of a paper: it is never given again.
    pub fn put(self, number: &str) -> Result<StateChange, String> {
        let record = serde_json::to_vec(&self).map_err(|error| error.to_string())?;
        Ok(StateChange::RecordPut { table: Table::Number, id: number_id(number), record })
    }

    /// Reads it, if the number is that of a paper.
    pub fn read(store: &dyn Store, number: &str) -> Result<Option<Self>, StoreError> {
        let record = store.record(Table::Number, &number_id(number))?;
        Ok(record.and_then(|record| serde_json::from_slice(&record).ok()))
    }
}

/// The certificate that bears a number, as is kept of one whose entry was lost: its holder has it, and the log does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostNumber {
    /// The statement.
    pub lost: Jti,
    /// The log it was signed for.
    pub log: Origin,
}

impl LostNumber {
    /// Has the number known as that of a certificate that was lost: it is never given again.
    pub fn put(self, number: &str) -> Result<StateChange, String> {
        let record = serde_json::to_vec(&self).map_err(|error| error.to_string())?;
        Ok(StateChange::RecordPut { table: Table::Number, id: number_id(number), record })
    }
}

/// Under which id the first serial of a series is kept, where that is not 1.
pub(super) fn series_begin_id(series: &str) -> Vec<u8> {
    format!("series/{series}").into_bytes()
}

/// The first serial of a series that was begun.
pub fn series_begin(store: &dyn Store, series: &str) -> Result<u64, StoreError> {
    let record = store.record(Table::Setting, &series_begin_id(series))?;
    let first = record.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    Ok(first.unwrap_or(1))
}

impl<T> fmt::Debug for Beside<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").field("expected", &self.expected).finish_non_exhaustive()
    }
}

/// Where a certificate number comes from.
#[derive(Debug)]
pub enum Numbering {
    /// The back office brought it; it is checked to be unused.
    Brought(CertificateNumber),
    /// It was given in advance, to what the certificate is issued for.
    Reserved(CertificateNumber),
    /// It is drawn from a series.
    Series(Draw),
}

/// A series that numbers are drawn from.
#[derive(Debug, Clone)]
pub struct Draw {
    /// What all numbers of this running count have in common.
    pub key: String,
    /// The template.
    pub series: Series,
    /// The issuing office.
    pub office: OfficeCode,
    /// The applicant's registration, if the template wants it.
    pub registration: Option<String>,
    /// The serial that the count begins with; of no meaning once it has begun.
    pub first: u64,
}

/// A change of a certificate's status.
#[derive(Debug)]
pub struct ChangeOfStatus {
    /// The certificate.
    pub target: EntryRef,
    /// What happens to it.
    pub act: Act,
    /// The numbers of the items concerned, rising; none is the whole certificate.
    pub items: Option<Vec<u32>>,
    /// Why; disclosed to the holder and the addressee alone.
    pub reason: Option<Text<1024>>,
    /// Anything else they should know.
    pub remarks: Option<Text<1024>>,
    /// What changes with it.
    pub beside: Beside,
}

/// A certificate that takes up others of this authority. Those that end with it are superseded in the same durable
/// unit: there are all statements after a crash, or none.
#[derive(Debug)]
pub struct Replacement {
    /// The new one. It names the old ones by their numbers; their changes of status name this one by its place.
    pub issue: Issue,
    /// The old ones, each once.
    pub originals: Vec<Original>,
    /// Whether it is a certified true copy of what stands whole.
    pub copy: bool,
    /// Why; disclosed to the holder and the addressee alone.
    pub reason: Option<Text<1024>>,
    /// Anything else they should know.
    pub remarks: Option<Text<1024>>,
}

/// A certificate that another takes up.
#[derive(Debug)]
pub struct Original {
    /// Where it stands.
    pub entry: EntryRef,
    /// How many changes of its status there were when it was judged that the new one may rest on it: after another one
    /// it has to be judged again. None where its status alone decides, and is asked in the writer's turn: what does not
    /// stand cannot be replaced, and what stands in part cannot be copied.
    pub changes: Option<usize>,
    /// What of it ends.
    pub ends: Ends,
}

/// What of a certificate ends with the one that takes it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// All of it.
    Whole,
    /// These items, rising.
    Items(Vec<u32>),
    /// Nothing.
    Nothing,
}

/// A change of state beside a log that its addressee is to look for: the log's next snapshot is made at once, and news
/// of the log is what its addressee acts on.
#[derive(Debug)]
pub struct Nudge {
    /// The log.
    pub origin: Origin,
    /// What changes.
    pub beside: Beside,
    /// Nothing more comes to the log after it.
    pub rests: bool,
}

/// Something the authority says that changes the status of nothing; to whom follows from what it is.
#[derive(Debug)]
pub struct Saying {
    addressee: Addressee,
    body: Body,
    /// What changes with it.
    pub beside: Beside,
}

impl Saying {
    fn to(addressee: Addressee, body: Body) -> Self {
        Self { addressee, body, beside: Beside::default() }
    }

    /// To the authority in whose log something stands.
    fn to_author_of(log: &Origin, body: Body) -> Self {
        Self::to(Addressee::Authority(Issuer::new(log.host().clone())), body)
    }

    /// Which disclosures of a partner's log reached it, to that partner.
    #[must_use]
    pub fn receipt(receipt: Receipt) -> Self {
        let log = receipt.origin.clone();
        Self::to_author_of(&log, Body::Receipt(receipt))
    }

    /// A key was opened or closed, to everyone.
    #[must_use]
    pub fn key_change(change: KeyChange) -> Self {
        Self::to(Addressee::Everyone, Body::KeyChange(change))
    }

    /// What was done with a certificate, to its issuer.
    #[must_use]
    pub fn response(response: CustomsResponse) -> Self {
        let log = response.certificate.log.clone();
        Self::to_author_of(&log, Body::CustomsResponse(Box::new(response)))
    }

    /// A question about certificates, to the authority that is said to have issued them.
    #[must_use]
    pub fn enquiry(issuer: Issuer, enquiry: Enquiry) -> Self {
        Self::to(Addressee::Authority(issuer), Body::Enquiry(Box::new(enquiry)))
    }

    /// An answer, to the authority that asked.
    #[must_use]
    pub fn reply(reply: EnquiryReply) -> Self {
        let log = reply.enquiry.log.clone();
        Self::to_author_of(&log, Body::EnquiryReply(Box::new(reply)))
    }

    /// That a certificate was issued on paper, to customs of the importing country. Its number must be free, or held by
    /// a record that [`Beside::expected`] names.
    #[must_use]
    pub fn paper(addressee: Addressee, paper: PaperCertificate) -> Self {
        Self::to(addressee, Body::PaperCertificate(Box::new(paper)))
    }

    /// A word on a certificate, to its issuer.
    #[must_use]
    pub fn endorsement(endorsement: Endorsement) -> Self {
        let log = endorsement.endorsed.place.log.clone();
        Self::to_author_of(&log, Body::Endorsement(Box::new(endorsement)))
    }

    /// That a log has shown two histories, to everyone.
    #[must_use]
    pub fn evidence(evidence: Evidence) -> Self {
        Self::to(Addressee::Everyone, Body::Evidence(evidence))
    }

    /// With state that changes in the same durable unit.
    #[must_use]
    pub fn with(self, beside: Beside) -> Self {
        Self { beside, ..self }
    }

    /// To whom it is said.
    #[must_use]
    pub const fn addressee(&self) -> &Addressee {
        &self.addressee
    }

    /// As the body of a statement.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }
}

/// What was done: durable, in the log, under a published checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Where the statement stands.
    pub entry: EntryRef,
    /// Its identifier.
    pub jti: Jti,
    /// The certificate number, if a certificate was issued.
    pub number: Option<String>,
    /// The civil date at the office.
    #[serde(with = "crate::time::serde_date")]
    pub day: Date,
}

/// What came of a piece of work.
#[derive(Debug, Clone)]
pub(super) enum Done {
    /// A statement was made.
    Said(Outcome),
    /// A number was given.
    Reserved(Reserved),
}
