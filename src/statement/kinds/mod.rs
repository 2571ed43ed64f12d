//! The kinds of statement, a file each: what stands in the clear, what is disclosed, how both are written and
//! read. To add a kind, add a file and its line in each `match` here; the compiler names them.

mod certificate_of_origin;
mod customs_response;
mod endorsement;
mod enquiry;
mod enquiry_reply;
mod evidence;
mod items;
mod key_change;
mod kind;
mod paper_certificate;
mod place;
mod receipt;
mod status_change;
mod status_snapshot;
mod whole;

pub use certificate_of_origin::{OpenedCertificate, OpenedGoods, Section, StatusReference, redact};
pub use customs_response::{CustomsResponse, ImportDeclaration, ItemDecision, ResponseCode, ResponseReason};
pub use endorsement::{EndorsedCertificate, Endorsement, EndorsementAct, EndorsementWords};
pub use enquiry::{
    DOCUMENTS_MAX, DocumentDigest, Enquiry, EnquiryGround, EnquiryQuestion, EnquirySubject, GoodsMeanwhile,
    SUBJECTS_MAX,
};
pub use enquiry_reply::{EnquiryReply, ItemAnswer, ReplyAct, ReplyWords, SubjectAnswer, SubjectFinding};
pub use evidence::{Evidence, EvidenceKind, OpenedEvidence};
pub use items::ITEM_NUMBER_MAX;
pub use key_change::{KeyAct, KeyChange, KeyRecord, OpenedKeyChange};
pub use kind::{Kind, UnknownKind};
pub use paper_certificate::{PaperCertificate, PaperGround, PaperWords};
pub use place::StatementRef;
pub use receipt::{RECEIPT_INDEXES_MAX, Receipt};
pub use status_change::{Act, Change, OpenedStatusChange, Since, StatusChange};
pub use status_snapshot::StatusSnapshot;

use super::{
    Addressee, StatementError, claims::Claims, compose::Draft, opening::Disclosed, presentation::ENVELOPE_CLAIMS,
};
use crate::certificate::Certificate;

/// What a statement says, to be composed.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A certificate of origin.
    Certificate {
        /// What it certifies.
        certificate: Box<Certificate>,
        /// Where its status stands.
        status: StatusReference,
    },
    /// A change of a certificate's status.
    StatusChange(StatusChange),
    /// The status of all certificates of a log.
    StatusSnapshot(StatusSnapshot),
    /// A key opened or closed.
    KeyChange(KeyChange),
    /// Which disclosures of a log reached its addressee.
    Receipt(Receipt),
    /// What customs of the importing country did with a certificate.
    CustomsResponse(Box<CustomsResponse>),
    /// A question to the issuer.
    Enquiry(Box<Enquiry>),
    /// The issuer's answer.
    EnquiryReply(Box<EnquiryReply>),
    /// Another authority's word on a certificate.
    Endorsement(Box<Endorsement>),
    /// Proof that a log has shown two histories.
    Evidence(Evidence),
    /// A certificate that was issued on paper.
    PaperCertificate(Box<PaperCertificate>),
}

impl Body {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Certificate { .. } => Kind::CertificateOfOrigin,
            Self::StatusChange(_) => Kind::StatusChange,
            Self::StatusSnapshot(_) => Kind::StatusSnapshot,
            Self::KeyChange(_) => Kind::KeyChange,
            Self::Receipt(_) => Kind::Receipt,
            Self::CustomsResponse(_) => Kind::CustomsResponse,
            Self::Enquiry(_) => Kind::Enquiry,
            Self::EnquiryReply(_) => Kind::EnquiryReply,
            Self::Endorsement(_) => Kind::Endorsement,
            Self::Evidence(_) => Kind::Evidence,
            Self::PaperCertificate(_) => Kind::PaperCertificate,
        }
    }
}

/// What a presented statement says, as far as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum OpenedBody {
    /// A certificate of origin.
    Certificate(Box<OpenedCertificate>),
    /// A change of a certificate's status.
    StatusChange(OpenedStatusChange),
    /// The status of all certificates of a log.
    StatusSnapshot(StatusSnapshot),
    /// A key opened or closed.
    KeyChange(OpenedKeyChange),
    /// Which disclosures of a log reached its addressee.
    Receipt(Receipt),
    /// What customs of the importing country did with a certificate, if all of it is shown.
    CustomsResponse(Option<Box<CustomsResponse>>),
    /// A question to the issuer, if all of it is shown.
    Enquiry(Option<Box<Enquiry>>),
    /// The issuer's answer, if all of it is shown.
    EnquiryReply(Option<Box<EnquiryReply>>),
    /// Another authority's word on a certificate, if all of it is shown.
    Endorsement(Option<Box<Endorsement>>),
    /// Proof that a log has shown two histories.
    Evidence(OpenedEvidence),
    /// A certificate that was issued on paper, if all of it is shown.
    PaperCertificate(Option<Box<PaperCertificate>>),
}

impl OpenedBody {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Certificate(_) => Kind::CertificateOfOrigin,
            Self::StatusChange(_) => Kind::StatusChange,
            Self::StatusSnapshot(_) => Kind::StatusSnapshot,
            Self::KeyChange(_) => Kind::KeyChange,
            Self::Receipt(_) => Kind::Receipt,
            Self::CustomsResponse(_) => Kind::CustomsResponse,
            Self::Enquiry(_) => Kind::Enquiry,
            Self::EnquiryReply(_) => Kind::EnquiryReply,
            Self::Endorsement(_) => Kind::Endorsement,
            Self::Evidence(_) => Kind::Evidence,
            Self::PaperCertificate(_) => Kind::PaperCertificate,
        }
    }
}

/// Who may be addressed: a key change and evidence are for everyone, what names a certificate never is, and what
/// answers or asks an authority goes to an authority.
pub(super) fn admit_addressee(kind: Kind, aud: &Addressee) -> Result<(), StatementError> {
    let everyone = *aud == Addressee::Everyone;
    match kind {
        Kind::CertificateOfOrigin if everyone => Err(StatementError::shape("aud", "a certificate has one addressee")),
        Kind::PaperCertificate if everyone => Err(StatementError::shape("aud", "a certificate has one addressee")),
        Kind::Endorsement if everyone => Err(StatementError::shape("aud", "an endorsement has one addressee")),
        Kind::Receipt | Kind::CustomsResponse | Kind::Enquiry | Kind::EnquiryReply
            if !matches!(aud, Addressee::Authority(_)) =>
        {
            Err(StatementError::shape("aud", "it is addressed to an authority"))
        }
        Kind::KeyChange | Kind::Evidence if !everyone => {
            Err(StatementError::shape("aud", "it is addressed to everyone"))
        }
        _ => Ok(()),
    }
}

/// How many salts its disclosures need.
pub(super) fn disclosure_count(body: &Body) -> usize {
    match body {
        Body::Certificate { certificate, .. } => certificate_of_origin::disclosure_count(certificate),
        Body::StatusChange(_) => status_change::SECTIONS,
        Body::StatusSnapshot(_) => status_snapshot::SECTIONS,
        Body::KeyChange(_) => key_change::SECTIONS,
        Body::Receipt(_) => receipt::SECTIONS,
        Body::CustomsResponse(_) => customs_response::SECTIONS,
        Body::Enquiry(_) => enquiry::SECTIONS,
        Body::EnquiryReply(_) => enquiry_reply::SECTIONS,
        Body::Endorsement(_) => endorsement::SECTIONS,
        Body::Evidence(_) => evidence::SECTIONS,
        Body::PaperCertificate(_) => paper_certificate::SECTIONS,
    }
}

pub(super) fn write(body: &Body, draft: &mut Draft) -> Result<(), StatementError> {
    match body {
        Body::Certificate { certificate, status } => certificate_of_origin::write(certificate, status, draft),
        Body::StatusChange(body) => status_change::write(body, draft),
        Body::StatusSnapshot(body) => status_snapshot::write(body, draft),
        Body::KeyChange(body) => key_change::write(body, draft),
        Body::Receipt(body) => receipt::write(body, draft),
        Body::CustomsResponse(body) => customs_response::write(body, draft),
        Body::Enquiry(body) => enquiry::write(body, draft),
        Body::EnquiryReply(body) => enquiry_reply::write(body, draft),
        Body::Endorsement(body) => endorsement::write(body, draft),
        Body::Evidence(body) => evidence::write(body, draft),
        Body::PaperCertificate(body) => paper_certificate::write(body, draft),
    }
}

pub(super) fn read<'a>(
    kind: Kind,
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<OpenedBody, StatementError> {
    Ok(match kind {
        Kind::CertificateOfOrigin => OpenedBody::Certificate(Box::new(certificate_of_origin::read(claims, disclosed)?)),
        Kind::StatusChange => OpenedBody::StatusChange(status_change::read(claims, disclosed)?),
        Kind::StatusSnapshot => OpenedBody::StatusSnapshot(status_snapshot::read(claims, disclosed)?),
        Kind::KeyChange => OpenedBody::KeyChange(key_change::read(claims, disclosed)?),
        Kind::Receipt => OpenedBody::Receipt(receipt::read(claims, disclosed)?),
        Kind::CustomsResponse => OpenedBody::CustomsResponse(customs_response::read(disclosed)?),
        Kind::Enquiry => OpenedBody::Enquiry(enquiry::read(disclosed)?),
        Kind::EnquiryReply => OpenedBody::EnquiryReply(enquiry_reply::read(disclosed)?),
        Kind::Endorsement => OpenedBody::Endorsement(endorsement::read(disclosed)?),
        Kind::Evidence => OpenedBody::Evidence(evidence::read(claims, disclosed)?),
        Kind::PaperCertificate => OpenedBody::PaperCertificate(paper_certificate::read(disclosed)?),
    })
}

/// Claims that no kind has, and that a library for JWTs would act on if it found them disclosed.
const REGISTERED: [&str; 5] = ["_sd_alg", "exp", "nbf", "sub", "cnf"];

/// Whether a claim must never be disclosed: a claim that some kind has in the clear, or that libraries act on.
pub(super) fn must_be_clear(name: &str) -> bool {
    REGISTERED.contains(&name)
        || ENVELOPE_CLAIMS.contains(&name)
        || certificate_of_origin::CLEAR.contains(&name)
        || status_change::CLEAR.contains(&name)
        || status_snapshot::CLEAR.contains(&name)
        || key_change::CLEAR.contains(&name)
        || receipt::CLEAR.contains(&name)
        || evidence::CLEAR.contains(&name)
}
