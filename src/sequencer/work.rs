//! What the sequencer is asked to do, and what it answers when that is durable and published.

use crate::{
    agreement::Series,
    certificate::{CertificateNumber, OfficeCode, Particulars, Ruling, Text},
    log::Origin,
    office::AuditEvent,
    statement::{Act, Addressee, Body, Issuer, Jti, KeyChange, Receipt},
    store::{EntryRef, Expected, StateChange},
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
    /// What changes with it.
    pub beside: Beside,
}

/// State that changes with a certificate, in the same durable unit: both are there after a crash, or neither.
#[derive(Clone, Default)]
pub struct Beside {
    /// What records must still be; if one has moved, the certificate is not issued.
    pub expected: Vec<Expected>,
    /// The changes, once place and number are known. An error stops the batch: it is the caller's own mistake.
    pub changes: Option<Arc<dyn Fn(&Outcome) -> Result<Vec<StateChange>, String> + Send + Sync>>,
}

impl Beside {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.expected.extend(other.expected);
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

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").field("expected", &self.expected).finish_non_exhaustive()
    }
}

/// Where a certificate number comes from.
#[derive(Debug)]
pub enum Numbering {
    /// The back office brought it; it is checked to be unused.
    Brought(CertificateNumber),
    /// It is drawn from a series.
    Series {
        /// What all numbers of this running count have in common.
        key: String,
        /// The template.
        series: Series,
        /// The issuing office.
        office: OfficeCode,
        /// The applicant's registration, if the template wants it.
        registration: Option<String>,
    },
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
    /// The date of issue that a certified true copy bears: the original's. None for a certificate of its own.
    pub bears: Option<Date>,
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
}

/// Something the authority says that changes the status of nothing; to whom follows from what it is.
#[derive(Debug)]
pub enum Saying {
    /// Which disclosures of a partner's log reached it, to that partner.
    Receipt(Receipt),
    /// A key was opened or closed, to everyone.
    KeyChange(KeyChange),
}

impl Saying {
    /// To whom it is said.
    #[must_use]
    pub fn addressee(&self) -> Addressee {
        match self {
            Self::Receipt(receipt) => Addressee::Authority(Issuer::new(receipt.origin.host().clone())),
            Self::KeyChange(_) => Addressee::Everyone,
        }
    }

    /// As the body of a statement.
    #[must_use]
    pub fn body(&self) -> Body {
        match self {
            Self::Receipt(receipt) => Body::Receipt(receipt.clone()),
            Self::KeyChange(change) => Body::KeyChange(change.clone()),
        }
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
