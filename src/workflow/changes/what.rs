//! What a change is.

use crate::{
    office::{ApplicationId, Deed, StageName},
    statement::{Act, EndorsementAct, Issuer, Jti, OpenedBody, ReplyAct, ResponseCode, SubjectFinding},
    store::EntryRef,
    time::Date,
    workflow::customs::{ClockStep, Deadline},
};
use std::sync::OnceLock;

/// What a change is.
#[derive(Debug)]
pub enum What {
    /// Something was done to an application.
    Application {
        /// Which.
        id: ApplicationId,
        /// What was done.
        deed: Deed,
        /// Where it stood then.
        stage: StageName,
    },
    /// Something became of a certificate.
    Certificate {
        /// Where it stands.
        entry: EntryRef,
        /// Its identifier.
        jti: Jti,
        /// What became of it.
        event: CertificateEvent,
        /// Its number, once it was asked for.
        number: OnceLock<Option<String>>,
    },
    /// Something became of a certificate of a partner.
    Arrival {
        /// Where it stands, in its issuer's log.
        entry: EntryRef,
        /// Its identifier.
        jti: Jti,
        /// Who issued it.
        issuer: Issuer,
        /// What became of it.
        event: ArrivalEvent,
        /// Its number, once it was asked for.
        number: OnceLock<Option<String>>,
    },
    /// Something became of an enquiry.
    Enquiry {
        /// Its identifier.
        jti: Jti,
        /// Who asks.
        from: Issuer,
        /// Who is asked.
        to: Issuer,
        /// What became of it.
        event: EnquiryEvent,
    },
}

/// What became of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateEvent {
    /// It was issued: signed, logged, published.
    Issued,
    /// It is cosigned as the policy asks.
    Released,
    /// Its status changed.
    Changed {
        /// How.
        act: Act,
        /// Of these items; none is the whole.
        items: Option<Vec<u32>>,
        /// The statement that says so.
        by: Jti,
    },
    /// Its addressee has it with its disclosures.
    Receipted,
    /// Customs abroad did something with it, or added their word to it.
    Abroad {
        /// Who says so.
        by: Issuer,
        /// What.
        said: Said,
    },
    /// Customs abroad ask about it.
    Asked {
        /// Who asks.
        by: Issuer,
        /// The enquiry.
        enquiry: Jti,
    },
    /// This authority answered what was asked about it.
    Answered {
        /// The enquiry.
        enquiry: Jti,
        /// The statement that says so.
        by: Jti,
        /// What was found.
        finding: SubjectFinding,
    },
}

/// What became of a certificate of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrivalEvent {
    /// It is here, with what it discloses.
    Arrived,
    /// Its issuer changed its status.
    Changed {
        /// How.
        act: Act,
        /// Of these items; none is the whole.
        items: Option<Vec<u32>>,
        /// The statement that says so.
        by: Jti,
    },
    /// Its issuer registered it as one on paper, and what is registered is here.
    OnPaper,
    /// This authority told its issuer what it did with it, or added its word to it.
    Told(Said),
}

/// What customs said of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// What they did with it.
    Response {
        /// The statement.
        statement: Jti,
        /// What, of which item; none is the whole.
        codes: Vec<(Option<u32>, ResponseCode)>,
        /// The earlier response that this one takes the place of, or takes back.
        amends: Option<Jti>,
    },
    /// A word.
    Endorsement {
        /// The statement.
        statement: Jti,
        /// Which.
        act: EndorsementAct,
    },
}

/// What became of an enquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnquiryEvent {
    /// It was raised.
    Raised {
        /// The reply whose clarification it gives.
        clarifies: Option<Jti>,
    },
    /// It was replied to.
    Replied {
        /// The reply.
        by: Jti,
        /// How.
        act: ReplyAct,
        /// By which day the rest is answered.
        reply_by: Option<Date>,
    },
    /// Its clock came to a step.
    Clock {
        /// Of which day.
        deadline: Deadline,
        /// How that day stands to today.
        step: ClockStep,
        /// That day.
        due: Date,
        /// Whether an officer may say now that there was no reply: who asked, of a certificate that is here.
        proposes: bool,
        /// Whether a reply that did not come here with what it says may be what the day is for.
        unread: bool,
    },
}

impl EnquiryEvent {
    /// What an officer may decide now: when the day to answer passed, that there was no reply. A machine decides nothing.
    #[must_use]
    pub const fn proposes(&self) -> Option<ResponseCode> {
        match self {
            Self::Clock { proposes: true, .. } => Some(ResponseCode::NoReply),
            _ => None,
        }
    }
}

/// The number that a certificate says it has, where its contents are here and not erased.
pub(super) fn number_of(body: OpenedBody) -> Option<String> {
    match body {
        OpenedBody::Certificate(certificate) => {
            certificate.reference.into_option().map(|reference| reference.number.to_string())
        }
        OpenedBody::PaperCertificate(Some(one)) => Some(one.paper.number.to_string()),
        _ => None,
    }
}
