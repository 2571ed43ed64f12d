//! `enquiry-reply`: the issuing side answers an enquiry, at once or step by step; what it signed stays with the
//! certificates for ever.
//!
//! All of it is disclosed to the enquirer alone.

use super::{
    super::StatementError,
    enquiry::{DocumentDigest, SUBJECTS_MAX, check_documents},
    items::are_rising,
    place::StatementRef,
    whole::disclosed_whole,
};
use crate::{
    certificate::{
        Text,
        declare::{section, words},
    },
    time::Date,
};

words! {
    /// What a reply does.
    pub enum ReplyAct("REPLY_ACT") {
        /// The enquiry came; the clock runs from the day named.
        Acknowledged = "acknowledged",
        /// Something must be clarified before it can be answered.
        ClarificationAsked = "clarification_asked",
        /// More time is taken, as the agreement allows.
        Extended = "extended",
        /// Some certificates are answered.
        Partial = "partial",
        /// All that was asked is answered.
        Full = "full",
    }
}

words! {
    /// What the issuer finds.
    pub enum SubjectFinding("SUBJECT_FINDING") {
        /// The authority issued it, and it holds.
        Valid = "valid",
        /// The authority issued it, and it does not hold.
        NotValid = "not_valid",
        /// The authority issued it, and it holds for some items.
        PartlyValid = "partly_valid",
        /// The authority did not issue it: a false paper is another matter than goods that do not originate.
        NotIssued = "not_issued",
    }
}

section! {
    /// The reply itself.
    pub struct ReplyWords {
        /// What it does.
        act: ReplyAct,
        /// The civil day on which the enquiry came to the replying side.
        received_on: Date,
        /// By which day the rest is answered, where it says so; null with `full`.
        reply_by: Option<Date>,
        /// In words.
        words: Option<Text<2048>>,
    }
}

section! {
    /// What the issuer finds of one item.
    pub struct ItemAnswer {
        /// The number of the item.
        item: u32,
        /// Whether it holds.
        valid: bool,
        /// Why.
        words: Option<Text<1024>>,
    }
}

section! {
    /// The answer about one certificate.
    pub struct SubjectAnswer {
        /// Its place in the enquiry, from 1.
        subject: u32,
        /// What the issuer finds.
        finding: SubjectFinding,
        /// Item by item, rising; with `partly_valid` every item asked about, for silence says nothing.
        items: Vec<ItemAnswer>,
        /// In words.
        words: Option<Text<1024>>,
    }
}

section! {
    /// An answer of the issuing side.
    pub struct EnquiryReply {
        /// The enquiry.
        enquiry: StatementRef,
        /// The reply itself.
        reply: ReplyWords,
        /// Certificate by certificate, in the order of the enquiry, each once.
        answers: Vec<SubjectAnswer>,
        /// Documents that go with it, at most 100, each once.
        documents: Vec<DocumentDigest>,
    }
}

disclosed_whole!(EnquiryReply { enquiry, reply, answers, documents });

impl SubjectAnswer {
    /// Whether what is found of the certificate is what is found of its items.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let holds = self.items.iter().any(|item| item.valid);
        let fails = self.items.iter().any(|item| !item.valid);
        match self.finding {
            SubjectFinding::Valid => !fails,
            SubjectFinding::NotValid => !holds,
            SubjectFinding::PartlyValid => holds && fails,
            SubjectFinding::NotIssued => self.items.is_empty(),
        }
    }
}

impl EnquiryReply {
    /// Whether it does what its act says, and its findings agree with its items.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |name: &str, why: &str| Err(StatementError::shape(name, why));
        check_documents(&self.documents)?;
        let ReplyWords { act, received_on, reply_by, words } = &self.reply;
        let answers = matches!(act, ReplyAct::Partial | ReplyAct::Full);
        if self.answers.is_empty() == answers {
            return refuse("answers", "a reply in part or in full answers about certificates, and no other does");
        }
        let places = self.answers.iter().map(|answer| answer.subject).collect::<Vec<_>>();
        let within = |place: &u32| usize::try_from(*place).is_ok_and(|place| place <= SUBJECTS_MAX);
        if !are_rising(&places) || !places.iter().all(within) {
            let why = format!("not places of the enquiry from 1 to {SUBJECTS_MAX}, rising");
            return Err(StatementError::shape("answers", why));
        }
        for answer in &self.answers {
            if !are_rising(&answer.items.iter().map(|one| one.item).collect::<Vec<_>>()) {
                return refuse("answers", "items not from 1 on, rising");
            }
            if !answer.agrees() {
                let why = format!("items that `{}` does not agree with", answer.finding);
                return Err(StatementError::shape("answers", why));
            }
        }
        if *act == ReplyAct::ClarificationAsked && words.is_none() {
            return refuse("reply", "what is to be clarified is not said");
        }
        if *act == ReplyAct::Extended && reply_by.is_none() {
            return refuse("reply", "until when is not said");
        }
        if *act == ReplyAct::Full && reply_by.is_some() {
            return refuse("reply", "a day for the rest of what is answered in full");
        }
        if reply_by.is_some_and(|day| day < *received_on) {
            return refuse("reply", "a day for the answer before the enquiry came");
        }
        Ok(())
    }
}
