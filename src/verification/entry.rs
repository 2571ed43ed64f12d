//! The check of a log entry: what a sequencer runs before it commits one and a replica when one arrives.
//!
//! [`check_entry`] needs the entry and the trust list alone, so a batch is checked in parallel; [`StatusView`]
//! then takes the checked entries in the order of the log and holds what depends on those before: rising
//! identifiers, the status rules, and each snapshot recomputed. A fault is a finding about one entry: the log
//! goes on, and the entry is never valid.

mod status_view;

pub use status_view::{ClosedLists, ListView, StatusPlace, StatusView};

use super::{authority::refusal, check::age, listed::list_number};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    log::Origin,
    reason::{Class, Reasoned},
    signature::{PublicKey, verify_own},
    statement::{
        Act, Addressee, Completeness, Envelope, Issuer, Kind, OpenedBody, Presentation, StatementError, StatementRef,
        Status, StatusSnapshot, StatusUri, open_leaf,
    },
    time::Timestamp,
    trust::{ClosedBecause, KeyAuthority, TrustList},
};

/// Seconds by which a snapshot may lie ahead of the clock of whoever looks at it: what partners allow each other's clocks.
pub(super) const CLOCK_SKEW: u64 = 300;

/// An entry that holds by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedEntry {
    /// Its index in its log.
    pub index: u64,
    /// Who says it, to whom, in which log.
    pub envelope: Envelope,
    /// What it says, as far as disclosures were given.
    pub body: OpenedBody,
}

impl CheckedEntry {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Where its status stands, if it is a certificate.
    #[must_use]
    pub fn status_place(&self) -> Option<StatusPlace> {
        let OpenedBody::Certificate(certificate) = &self.body else { return None };
        Some(StatusPlace { list: list_number(&certificate.status.uri)?, place: certificate.status.index })
    }

    /// What a leaf says, unverified: for a log whose every signature was verified before.
    pub fn read(leaf: &[u8], index: u64) -> Result<Self, StatementError> {
        let none: &[&str] = &[];
        let opened = open_leaf(leaf, none)?;
        Ok(Self { index, envelope: opened.envelope, body: opened.body })
    }

    /// Whether the trust list closes its key at its place.
    #[must_use]
    pub fn is_past_closing(&self, trust: &TrustList) -> bool {
        let Envelope { iss, kid, log, .. } = &self.envelope;
        let authority = trust.may_sign(iss, kid, self.kind(), None, None, log, self.index);
        matches!(authority, KeyAuthority::Closed(ClosedBecause::Ended { .. } | ClosedBecause::LogNotNamed { .. }))
    }

    /// Whether its key counts at its place; or what it says does all the same, because it takes force away and the key
    /// was closed as compromised.
    #[must_use]
    pub fn counts(&self, trust: &TrustList) -> bool {
        let Envelope { iss, kid, log, .. } = &self.envelope;
        let authority = trust.may_sign(iss, kid, self.kind(), None, None, log, self.index);
        self.refusal(authority).is_none()
    }

    /// Why it counts for nothing because its key is closed at its place; none where that is not so.
    #[must_use]
    pub fn key_closed(&self, trust: &TrustList) -> Option<String> {
        if self.counts(trust) || !self.is_past_closing(trust) {
            return None;
        }
        let Envelope { iss, kid, log, .. } = &self.envelope;
        self.refusal(trust.may_sign(iss, kid, self.kind(), None, None, log, self.index))
    }

    /// Why its key does not count; none where it does, or where what it says counts all the same.
    fn refusal(&self, authority: KeyAuthority) -> Option<String> {
        let restricts = matches!(&self.body, OpenedBody::StatusChange(one) if one.change.act != Act::Reinstated);
        refusal(authority).filter(|_| !(restricts && authority.restriction_stands()))
    }
}

/// Why an entry is a finding.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EntryFault {
    /// Not a statement in shape, or not signed by its key.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// It says that it stands in another log.
    #[error("it says it stands in {claimed}, and was found in {found}")]
    OtherLog {
        /// The log it names.
        claimed: Origin,
        /// The log it was found in.
        found: Origin,
    },
    /// Its addressee is not its log's, or a certificate's is not the importing country's.
    #[error("its addressee is not the one its log or its contents name")]
    Addressee,
    /// The trust list does not know its key.
    #[error("the trust list does not know its key")]
    UnknownKey,
    /// Its key may not sign this.
    #[error("its key may not sign it: {0}")]
    OutOfScope(String),
    /// Its key does not count at this place.
    #[error("its key does not count here: {why}")]
    KeyClosed {
        /// Why not.
        why: String,
        /// What it says, signed by that key: a certificate keeps its place in the status lists.
        entry: Box<CheckedEntry>,
    },
    /// The log was closed before it.
    #[error("the log was closed with {0} entries")]
    BeyondEnd(u64),
    /// Disclosures that belong to it are missing.
    #[error("disclosures are missing: {}", .0.join(", "))]
    Incomplete(Vec<String>),
    /// It does not follow the entry before it.
    #[error("entry {found} came where entry {expected} belongs")]
    OutOfOrder {
        /// The next index of the log.
        expected: u64,
        /// Its index.
        found: u64,
    },
    /// Its identifier does not rise above the last one.
    #[error("its identifier does not rise above the last one")]
    NotRising,
    /// A log with status begins with a snapshot.
    #[error("a log begins with a status snapshot")]
    NoFirstSnapshot,
    /// A certificate whose status stands in no list of its log.
    #[error("its status stands in {0}, which is no list of this log")]
    ForeignList(StatusUri),
    /// Two certificates with one place for their status.
    #[error("place {place} of status list {list} is taken")]
    StatusPlaceTaken {
        /// The list.
        list: u32,
        /// The place in it.
        place: u32,
    },
    /// A change of something that is not in this log.
    #[error("its target {} in {} is not a certificate of this log", .0.jti, .0.log)]
    UnknownTarget(StatementRef),
    /// A change that its target's status does not allow.
    #[error("its target is {0:?}, from which it cannot follow")]
    StatusRule(Status),
    /// A snapshot that does not speak for exactly the entries before it.
    #[error("the snapshot speaks for {claimed} entries and stands after {actual}")]
    SnapshotSize {
        /// Entries it speaks for.
        claimed: u64,
        /// Entries before it.
        actual: u64,
    },
    /// A snapshot whose lists are not those that follow from the entries before it.
    #[error("the snapshot's lists are not those that follow from the entries before it")]
    SnapshotLists,
    /// A snapshot that goes back in time.
    #[error("the snapshot is of {found}, before the last one's {last} (Unix seconds)")]
    SnapshotTime {
        /// The last one's time.
        last: u64,
        /// Its time.
        found: u64,
    },
    /// A snapshot of a time that had not come where it was received.
    #[error(
        "the snapshot is of {}, {} ahead of this node's clock when it came", instant(*.found),
        age(.found.saturating_sub(*.clock))
    )]
    SnapshotAhead {
        /// Its time, in Unix seconds.
        found: u64,
        /// What the clock showed, in Unix seconds.
        clock: u64,
    },
}

impl Reasoned for EntryFault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Statement(error) => error.reason(),
            Self::OtherLog { .. } => "ENTRY_OF_ANOTHER_LOG",
            Self::Addressee => "ENTRY_ADDRESSEE",
            Self::UnknownKey => "ENTRY_KEY_UNKNOWN",
            Self::OutOfScope(_) => "ENTRY_KEY_OUT_OF_SCOPE",
            Self::KeyClosed { .. } => "ENTRY_KEY_CLOSED",
            Self::BeyondEnd(_) => "ENTRY_BEYOND_END",
            Self::Incomplete(_) => "ENTRY_INCOMPLETE",
            Self::OutOfOrder { .. } => "ENTRY_OUT_OF_ORDER",
            Self::NotRising => "ENTRY_JTI_NOT_RISING",
            Self::NoFirstSnapshot => "ENTRY_FIRST_NOT_SNAPSHOT",
            Self::ForeignList(_) => "ENTRY_STATUS_LIST_FOREIGN",
            Self::StatusPlaceTaken { .. } => "ENTRY_STATUS_PLACE_TAKEN",
            Self::UnknownTarget(_) => "ENTRY_TARGET_UNKNOWN",
            Self::StatusRule(_) => "ENTRY_STATUS_RULE",
            Self::SnapshotSize { .. } => "ENTRY_SNAPSHOT_SIZE",
            Self::SnapshotLists => "ENTRY_SNAPSHOT_LISTS",
            Self::SnapshotTime { .. } => "ENTRY_SNAPSHOT_TIME",
            Self::SnapshotAhead { .. } => "ENTRY_SNAPSHOT_AHEAD",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// Checks what can be said of an entry by itself: strict signature, envelope against the log, key authority at
/// this place, shape, disclosures. Without disclosures (`None`) the leaf alone is checked, and whether they
/// are complete is not asked. One strict signature is the greater part of its cost.
///
/// A change of status that takes force away counts also where its key was closed as compromised, until it is
/// restated: to ignore it could set a certificate free that its authority had stopped.
pub fn check_entry(
    leaf: &[u8],
    disclosures: Option<&[String]>,
    origin: &Origin,
    index: u64,
    trust: &TrustList,
) -> Result<CheckedEntry, EntryFault> {
    let statement = Presentation::from_leaf(leaf, disclosures.unwrap_or_default())?;
    let (entry, completeness) = check_statement(&statement, origin, index, trust)?;
    match completeness {
        Completeness::Redacted { missing } | Completeness::Incomplete { missing } if disclosures.is_some() => {
            Err(EntryFault::Incomplete(missing))
        }
        _ => Ok(entry),
    }
}

/// A leaf that was signed here a moment ago, and the place it is for.
#[derive(Debug, Clone, Copy)]
pub struct OwnLeaf<'a> {
    /// The JWT.
    pub leaf: &'a [u8],
    /// Its log.
    pub origin: &'a Origin,
    /// Its place in it.
    pub index: u64,
}

/// [`check_entry`] of leaves that were signed here, their signatures all at once: it finds a signer that failed. One that
/// did is then looked for one by one.
#[must_use]
pub fn check_own_entries(leaves: &[OwnLeaf<'_>], trust: &TrustList) -> Vec<Result<CheckedEntry, EntryFault>> {
    let none: &[&str] = &[];
    let read = leaves.iter().map(|own| {
        let statement = Presentation::from_leaf(own.leaf, none)?;
        let key = key_of(&statement, own.origin, trust)?;
        let (entry, _) = check_signed(&statement, own.origin, own.index, trust)?;
        Ok((entry, key, statement))
    });
    let read = read.collect::<Vec<Result<_, EntryFault>>>();
    let signed = read.iter().flatten().map(|(_, key, statement)| {
        let (message, signature) = statement.signed();
        (*key, message, signature)
    });
    let all = verify_own(&signed.collect::<Vec<_>>());
    let each = read.into_iter().map(|one| {
        let (entry, key, statement) = one?;
        if all.is_err() {
            statement.verify(&key)?;
        }
        Ok(entry)
    });
    each.collect()
}

/// [`check_entry`] of a statement as somebody presents it; how much of it is shown is for the caller to judge.
pub(super) fn check_statement(
    statement: &Presentation,
    origin: &Origin,
    index: u64,
    trust: &TrustList,
) -> Result<(CheckedEntry, Completeness), EntryFault> {
    statement.verify(&key_of(statement, origin, trust)?)?;
    check_signed(statement, origin, index, trust)
}

/// The key that a statement says it is signed with.
fn key_of(statement: &Presentation, origin: &Origin, trust: &TrustList) -> Result<PublicKey, EntryFault> {
    let Envelope { iss, kid, log, .. } = statement.envelope();
    if log != origin {
        return Err(EntryFault::OtherLog { claimed: log.clone(), found: origin.clone() });
    }
    trust.key(iss, kid).map(|key| key.x).ok_or(EntryFault::UnknownKey)
}

/// What is to be checked of a statement beside its signature.
fn check_signed(
    statement: &Presentation,
    origin: &Origin,
    index: u64,
    trust: &TrustList,
) -> Result<(CheckedEntry, Completeness), EntryFault> {
    let Envelope { iss, kid, .. } = statement.envelope();
    let opened = statement.open()?;
    if !opened.envelope.in_log_of_addressee() {
        return Err(EntryFault::Addressee);
    }
    if !goes_to(&opened.envelope.aud, &opened.body) {
        return Err(EntryFault::Addressee);
    }
    let (mut agreement, mut office) = (None, None);
    if let OpenedBody::Certificate(certificate) = &opened.body {
        agreement = Some(&certificate.agreement);
        office = certificate.reference.as_option().map(|reference| &reference.office.code);
        if !super::judgement::is_for(trust, &opened.envelope.aud, certificate.to) {
            return Err(EntryFault::Addressee);
        }
    }
    if let OpenedBody::PaperCertificate(Some(paper)) = &opened.body {
        (agreement, office) = (Some(&paper.paper.agreement), Some(&paper.paper.office));
        if !super::judgement::is_for(trust, &opened.envelope.aud, paper.paper.to) {
            return Err(EntryFault::Addressee);
        }
    }
    if let Some(last) = trust.shard_final_size(origin).filter(|last| index >= *last) {
        return Err(EntryFault::BeyondEnd(last));
    }
    let authority = trust.may_sign(iss, kid, opened.body.kind(), agreement, office, origin, index);
    let entry = CheckedEntry { index, envelope: opened.envelope, body: opened.body };
    if let Some(why) = entry.refusal(authority) {
        return Err(match authority {
            KeyAuthority::Closed(_) => EntryFault::KeyClosed { why, entry: Box::new(entry) },
            KeyAuthority::Unknown => EntryFault::UnknownKey,
            _ => EntryFault::OutOfScope(why),
        });
    }
    Ok((entry, opened.completeness))
}

/// Whether a statement goes to whom it is about, as far as it shows that: what answers or asks an authority, to the one
/// in whose log stands what it is about.
fn goes_to(aud: &Addressee, body: &OpenedBody) -> bool {
    let about: Vec<&Origin> = match body {
        OpenedBody::Receipt(receipt) => vec![&receipt.origin],
        OpenedBody::CustomsResponse(Some(response)) => vec![&response.certificate.log],
        OpenedBody::EnquiryReply(Some(reply)) => vec![&reply.enquiry.log],
        OpenedBody::Enquiry(Some(enquiry)) => {
            enquiry.subjects.iter().filter_map(|subject| subject.certificate.as_ref()).map(|place| &place.log).collect()
        }
        _ => Vec::new(),
    };
    about.into_iter().all(|log| *aud == Addressee::Authority(Issuer::new(log.host().clone())))
}

/// Whether the key of a change of status may sign for the agreement and the office of its target, which the
/// change itself does not name, so that [`check_entry`] cannot ask. Where the office is not known it is not asked.
pub fn check_scope(
    change: &CheckedEntry,
    (agreement, office): (&AgreementCode, Option<&OfficeCode>),
    trust: &TrustList,
) -> Result<(), EntryFault> {
    let Envelope { iss, kid, log, .. } = &change.envelope;
    let authority = trust.may_sign(iss, kid, change.kind(), Some(agreement), office, log, change.index);
    match (authority, refusal(authority)) {
        (KeyAuthority::OutOfScope(_), Some(why)) => Err(EntryFault::OutOfScope(why)),
        // Whether it counts at this place at all was asked before.
        _ => Ok(()),
    }
}

/// A snapshot speaks for exactly the entries before it.
pub(super) const fn check_size(snapshot: &StatusSnapshot, index: u64) -> Result<(), EntryFault> {
    if snapshot.size == index {
        Ok(())
    } else {
        Err(EntryFault::SnapshotSize { claimed: snapshot.size, actual: index })
    }
}

/// A snapshot that is received lies no more than five minutes ahead of the clock there, which is given in Unix seconds. One
/// that does was made by a wrong clock, whether it comes at once or years later: no delay on the way makes it so, and all
/// that rests on it would pass for fresh until that time has come. One that lies behind may have been on its way, and tells
/// itself by its age.
pub const fn check_received(snapshot: &StatusSnapshot, clock: u64) -> Result<(), EntryFault> {
    if snapshot.as_of > clock.saturating_add(CLOCK_SKEW) {
        return Err(EntryFault::SnapshotAhead { found: snapshot.as_of, clock });
    }
    Ok(())
}

/// An instant in Unix seconds as people read it.
fn instant(second: u64) -> String {
    let at = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
    at.map_or_else(|| second.to_string(), |at| at.to_string())
}

/// The list of its log that a certificate's status URI names: `https://<host>/status/<shard>/<addressee>/<n>`
/// with whatever stands before; what binds is that the number comes last.
fn list_of(uri: &StatusUri) -> Result<u32, EntryFault> {
    list_number(uri).ok_or_else(|| EntryFault::ForeignList(uri.clone()))
}

#[cfg(test)]
mod tests;
