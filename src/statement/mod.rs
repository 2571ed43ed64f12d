//! What an authority signs, and how it is taken apart: SD-JWT statements, stamps on paper, status lists,
//! evidence bundles.
//!
//! What always holds: a statement is composed to one closed shape for its kind and refused in any other;
//! hostile input is bounded before it is parsed, never panics, and every refusal has a stable reason; nothing
//! opened here is trusted before [`Presentation::verify`] succeeded with a key from the trust list.
//! Not its business: whose key it is and what it may sign (`trust`), proofs and cosignatures (`log`), and what
//! all of it comes to (`verification`).

mod bundle;
mod claims;
mod compose;
mod envelope;
mod error;
mod issuer;
mod jti;
mod jws;
mod kinds;
pub mod media;
mod opening;
mod presentation;
pub mod schema;
pub mod stamp;
pub mod status_list;
mod status_uri;

pub use bundle::{Bundle, MAX_BUNDLE_BYTES, Proven};
pub use compose::{Issued, Unsigned, compose};
pub use envelope::{Envelope, Kid, NotKid};
pub use error::StatementError;
pub use issuer::{Addressee, Issuer, NotAddressee, NotIssuer};
pub use jti::{Jti, NotJti};
pub use jws::Header;
pub use kinds::{
    Act, Body, Change, CustomsResponse, DOCUMENTS_MAX, DocumentDigest, EndorsedCertificate, Endorsement,
    EndorsementAct, EndorsementWords, Enquiry, EnquiryGround, EnquiryQuestion, EnquiryReply, EnquirySubject, Evidence,
    EvidenceKind, GoodsMeanwhile, ITEM_NUMBER_MAX, ImportDeclaration, ItemAnswer, ItemDecision, KeyAct, KeyChange,
    KeyRecord, Kind, OpenedBody, OpenedCertificate, OpenedEvidence, OpenedGoods, OpenedKeyChange, OpenedStatusChange,
    PaperCertificate, PaperGround, PaperWords, RECEIPT_INDEXES_MAX, Receipt, ReplyAct, ReplyWords, ResponseCode,
    ResponseReason, SUBJECTS_MAX, Section, Since, StatementRef, StatusChange, StatusReference, StatusSnapshot,
    SubjectAnswer, SubjectFinding, UnknownKind, redact,
};
pub use opening::{Completeness, Opened, Shown, open_leaf};
pub use presentation::{MAX_DISCLOSURES, MAX_PRESENTATION_BYTES, Presentation};
pub use stamp::{SealedStamp, SignedStamp, Stamp, StampItem};
pub use status_list::{Status, StatusList, StatusToken};
pub use status_uri::{NotStatusUri, StatusUri};

#[cfg(test)]
mod tests;
