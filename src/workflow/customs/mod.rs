//! What customs of the importing country do with the certificates of partners, and what both sides ask and answer
//! afterwards.
//!
//! What always holds: a certificate is read where the exchange keeps it, in the store of its log, and a finding is none;
//! what is used and decided is kept in this authority's own store, in the commit that makes the statement to the issuer,
//! so that what is kept and what the issuer was told never differ; of two who write the last quantity off, one wins. How
//! much a difference weighs is proposed by the agreement's data, and decided by people.

mod abroad;
mod again;
mod answers;
mod arrival;
mod asking;
mod bearing;
mod clock;
mod closed;
mod concluding;
mod course;
mod deciding;
mod declared;
mod due;
mod endorsed;
mod enquiries;
mod erased;
mod followed;
mod forked;
mod granting;
mod heard;
mod listing;
mod lost;
mod not_held;
mod notices;
mod odds;
mod predecessors;
mod refused;
mod replies;
mod repute;
mod security;
mod settling;
mod sharing;
mod standing;
mod successors;
mod unusable;
mod using;
mod voided;

pub use abroad::{Abroad, AbroadNote};
pub use arrival::{Arrival, ArrivedName, Delivery, StatusNote};
pub(super) use arrival::{instant, later_changes, of_number, sent_at, statement_at, statements_about};
pub use asking::{EnquiryWish, Raised, SubjectWish};
pub use clock::{ClockStep, Deadline, Reminders};
pub(super) use closed::{said_about, said_at};
pub use concluding::Conclusion;
pub use course::{Balance, Course, DenialsPage};
pub(super) use course::{file_in, words_erased};
pub use deciding::{Decided, DecisionWish, Endorsed, EndorsementWish};
pub use declared::{MatchWish, Matched};
pub use endorsed::EndorsementNote;
pub use enquiries::EnquiriesPage;
pub use listing::{ArrivalsAsked, ArrivalsPage};
pub(super) use lost::{was_over_before, was_said_before};
pub use not_held::NotHeld;
pub use notices::Notice;
pub use refused::EnquiryRefused;
pub use replies::{JudgedReply, Replied, ReplyWish};
pub(super) use repute::Against;
pub use security::{SecurityOutcome, SecuritySettled};
pub use sharing::{Share, ShareId, ShareWish, Shared, SharesPage};
pub use standing::{EnquiryState, EnquiryView, ReplyView};
pub use unusable::UseRefused;
pub use using::{WriteOffWish, WrittenOff};

use super::WorkflowError;
use crate::{
    log::Origin,
    statement::{MAX_PRESENTATION_BYTES, StatementError},
    store::Store,
    trust::NodeName,
};
use std::{collections::BTreeSet, sync::Arc};

/// The logs of other authorities that are kept here, each with the store it is kept in.
pub trait PartnerLogs: Send + Sync {
    /// All that are open: replicated from partners, or of another authority that this node hosts.
    fn logs(&self) -> Vec<(Origin, Arc<dyn Store>)>;

    /// Those of partners' nodes: what is kept of them here is a copy, and this node's own to erase.
    fn copies(&self) -> Vec<(Origin, Arc<dyn Store>)>;

    /// Whether a log is written here, by another authority that this node hosts: everything published of it is at hand.
    fn is_hosted(&self, origin: &Origin) -> bool;

    /// Where a log is proven to have shown two histories, and nobody has lifted that: the size at or before which they parted.
    fn forked_at(&self, origin: &Origin) -> Option<u64>;

    /// Whether that was proven of a log before, and a person has lifted it.
    fn was_lifted(&self, origin: &Origin) -> bool;

    /// What the own node of a log says to have lost of it for good: entries that it still gives, and how many are neither
    /// there nor here. None where it says nothing of the kind, or nobody misses them.
    fn lost(&self, origin: &Origin) -> Option<(u64, u64)>;

    /// The nodes that have not answered since the start, where what is kept of partners' logs may have been lost or put back:
    /// none once everybody has answered.
    fn unheard(&self) -> BTreeSet<NodeName>;
}

/// What makes two requests the same: their parts, each with its length, so that no two read alike.
fn digest(about: &str, parts: &[&str]) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new_with_prefix(about).chain_update([0]);
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Bytes of what is said in one statement, as JSON: in base64url, with what stands around it, it is a third longer.
const SAID_MAX: usize = MAX_PRESENTATION_BYTES / 8 * 5;

/// Refuses what is longer than a statement may be.
fn fits(what: &'static str, said: &impl serde::Serialize) -> Result<(), WorkflowError> {
    let found = part(said)?.len();
    if found > SAID_MAX {
        return Err(StatementError::TooLarge { what, found, limit: SAID_MAX }.into());
    }
    Ok(())
}

/// A part of a request as such a digest takes it: in a form that does not depend on how a type prints.
fn part(value: &impl serde::Serialize) -> Result<String, WorkflowError> {
    serde_json::to_string(value).map_err(|error| WorkflowError::Record(error.to_string()))
}

#[cfg(test)]
mod tests;
