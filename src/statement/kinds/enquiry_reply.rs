//! `enquiry-reply`: the issuing side answers an enquiry, at once or step by step; what it signed stays with the
//! certificates for ever.
//!
//! All of it is disclosed to the enquirer alone.

use super::{
    super::StatementError,
    enquiry::{DocumentDigest, SUBJECTS_MAX, check_documents},
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
use std::collections::BTreeSet;

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
        /// The authority did not issue it, or it does not hold.
        NotValid = "not_valid",
        /// It holds for some items.
        PartlyValid = "partly_valid",
    }
}

section! {
    /// The reply itself.
    pub struct ReplyWords {
        /// What it does.
        act: ReplyAct,
        /// The civil day on which the enquiry came to the replying side.
        received_on: Date,
        /// By which day the rest is answered, where it says so.
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
        /// Item by item, where it differs.
        items: Vec<ItemAnswer>,
        /// In words.
        words: Option<Text<1024>>,
    }
}

/// An answer of the issuing side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnquiryReply {
    /// The enquiry.
    pub enquiry: StatementRef,
    /// The reply itself.
    pub reply: ReplyWords,
    /// Certificate by certificate.
    pub answers: Vec<SubjectAnswer>,
    /// Documents that go with it.
    pub documents: Vec<DocumentDigest>,
}

disclosed_whole!(EnquiryReply { enquiry, reply, answers, documents });

impl EnquiryReply {
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |name: &str, why: &str| Err(StatementError::shape(name, why));
        check_documents(&self.documents)?;
        let answers = matches!(self.reply.act, ReplyAct::Partial | ReplyAct::Full);
        if self.answers.is_empty() == answers || self.answers.len() > SUBJECTS_MAX {
            return refuse("answers", "a reply in part or in full answers about certificates, and no other does");
        }
        let subjects = self.answers.iter().map(|answer| answer.subject).collect::<BTreeSet<_>>();
        if subjects.len() != self.answers.len() {
            return refuse("answers", "a certificate that is answered twice");
        }
        for answer in &self.answers {
            let partly = answer.finding == SubjectFinding::PartlyValid;
            let mixed = answer.items.iter().any(|item| item.valid) && answer.items.iter().any(|item| !item.valid);
            if partly != mixed {
                return refuse(
                    "answers",
                    "items that hold and items that do not are what `partly_valid` is, and all it is",
                );
            }
        }
        if self.reply.act == ReplyAct::ClarificationAsked && self.reply.words.is_none() {
            return refuse("reply", "what is to be clarified is not said");
        }
        if self.reply.act == ReplyAct::Extended && self.reply.reply_by.is_none() {
            return refuse("reply", "until when is not said");
        }
        Ok(())
    }
}
