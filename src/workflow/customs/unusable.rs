//! Why customs do not decide, drop or write off as asked, beyond what the file of the certificate says by itself.

use crate::{
    certificate::{Measure, Text, UnitCode},
    office::CustomsRefused,
    reason::{Class, Reasoned},
    statement::{ImportDeclaration, ItemDecision, Jti, ResponseCode, ResponseReason},
    time::Date,
};

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UseRefused {
    /// The enquiry is about other certificates.
    #[error("enquiry {0} does not ask about this certificate; `origin customs show` lists those that do")]
    EnquiryOfAnother(Jti),
    /// Its day to answer is not over, so that nobody failed to answer.
    #[error("enquiry {enquiry} is not overdue: {}; until then nobody failed to answer it", until(.due.as_ref()))]
    EnquiryNotOverdue {
        /// The enquiry.
        enquiry: Jti,
        /// The last day to answer.
        due: Option<Date>,
    },
    /// It is answered for this certificate.
    #[error("enquiry {0} is answered for this certificate; decide by the answer: origin enquiry show {0}")]
    EnquiryReplied(Jti),
    /// Who was asked has replied since, and what that answers is not to be read here.
    #[error(
        "who was asked in enquiry {0} has replied since, and what that says is not here: it may be the answer; ask what it says, or ask again (`origin enquiry raise`); once it is known how the enquiry ended, a supervisor concludes it (`origin enquiry conclude`)"
    )]
    AnswerUnread(Jti),
    /// It ended by a supervisor's word, for want of an answer that can be read.
    #[error(
        "enquiry {0} was concluded, for a reply that may be its answer could not be read: nobody says that there was none; decide by how it ended: origin enquiry show {0}"
    )]
    EnquiryConcluded(Jti),
    /// That nobody answered is said of no enquiry: the code or the reason that says so.
    #[error("{0} is said of an enquiry that got no answer in time: name it (`--enquiry`)")]
    NoEnquiry(&'static str),
    /// A code that needs a reason has none.
    #[error("{0} without a reason: the issuer has to be told why")]
    NoReason(ResponseCode),
    /// A reason to refuse beside a code that refuses nothing.
    #[error(
        "{code} with the reason {reason}: a reason stands with PREFERENCE_DENIED, PREFERENCE_SUSPENDED and RETURNED_FOR_RECTIFICATION alone; what else is to be said are words (`--words`)"
    )]
    ReasonMisplaced {
        /// The code.
        code: ResponseCode,
        /// The reason.
        reason: ResponseReason,
    },
    /// A reason that says nothing by itself.
    #[error("the reason OTHER needs words that say which it is (`--words`)")]
    NoWords,
    /// Who goes on although something speaks against it says nothing.
    #[error("who goes on in spite of what speaks against it says why (`--remarks`)")]
    NoWhy,
    /// A reason to check is none to deny.
    #[error(
        "RANDOM_CHECK is no reason to deny: while a certificate is verified preference is suspended (PREFERENCE_SUSPENDED)"
    )]
    ChecksAtRandom,
    /// A line of no declaration, or of no item.
    #[error("a line is that of an item in a declaration: name both, or leave the line out")]
    LineOfNothing,
    /// A country that the goods go to, where they do not, or none where they do.
    #[error("a change of destination names the country that the goods go to now, and no other endorsement names one")]
    Destination,
    /// A new destination that is the own country, of goods that were not sent elsewhere.
    #[error("the goods come to this country as it is: none of them was endorsed to go elsewhere")]
    ComesHere,
    /// What was written off is said to be unused.
    #[error(
        "{used} of item {item} are written off, and what was used is not NOT_UTILISED: take that back first (`origin customs reverse`), or name the line of the declaration that was imported without the certificate"
    )]
    WrittenOff {
        /// The item.
        item: u32,
        /// How much was written off.
        used: Measure,
    },
    /// A part of what is counted.
    #[error("{quantity} of item {item}: what is counted is written off whole")]
    NotWhole {
        /// The item.
        item: u32,
        /// How much is asked for.
        quantity: Measure,
    },
    /// More than is left of what was used before.
    #[error("{refused}; it was first used with declaration {} of {} at {}", .first.number, .first.date, .first.office)]
    UsedBefore {
        /// What the balance does not bear.
        refused: Box<CustomsRefused>,
        /// Where it was used first.
        first: Box<ImportDeclaration>,
    },
    /// A quantity in another unit than the item is written off in.
    #[error("{refused}{}: give the quantity in {unit}", .since.map_or_else(String::new, |act| format!(", since act {act}")))]
    OtherUnit {
        /// What the balance does not bear.
        refused: Box<CustomsRefused>,
        /// The first act that counts and wrote it off.
        since: Option<u32>,
        /// The unit it is written off in.
        unit: UnitCode,
    },
    /// What another officer decided, and waits.
    #[error("act {0} is another officer's: who decided it drops it, or a supervisor")]
    NotYoursToDrop(u32),
}

/// Whether decisions say what the issuer has to be told.
pub(super) fn says_all(
    declaration: Option<&ImportDeclaration>,
    enquiry: Option<&Jti>,
    decisions: &[ItemDecision],
) -> Result<(), UseRefused> {
    for ItemDecision { item, line, code, reason, words, .. } in decisions {
        let why = match (code, reason) {
            (ResponseCode::NoReply, _) if enquiry.is_none() => UseRefused::NoEnquiry("NO_REPLY"),
            (_, Some(ResponseReason::NoReplyInTime)) if enquiry.is_none() => UseRefused::NoEnquiry("NO_REPLY_IN_TIME"),
            (_, None) if code.needs_reason() => UseRefused::NoReason(*code),
            (_, Some(reason)) if !code.takes(*reason) => UseRefused::ReasonMisplaced { code: *code, reason: *reason },
            (_, Some(ResponseReason::Other)) if words.is_none() => UseRefused::NoWords,
            (ResponseCode::PreferenceDenied, Some(ResponseReason::RandomCheck)) => UseRefused::ChecksAtRandom,
            _ if line.is_some() && (item.is_none() || declaration.is_none()) => UseRefused::LineOfNothing,
            _ => continue,
        };
        return Err(why);
    }
    Ok(())
}

/// Who goes on in spite of what speaks against it says why.
pub(super) fn says_why(in_spite: bool, remarks: Option<&Text<1024>>) -> Result<(), UseRefused> {
    let said = remarks.is_some_and(|remarks| !remarks.as_str().trim().is_empty());
    if in_spite && !said { Err(UseRefused::NoWhy) } else { Ok(()) }
}

fn until(due: Option<&Date>) -> String {
    match due {
        Some(due) => format!("it may be answered until {due}"),
        None => "no day to answer it is known; ask again, and say by when you need the answer".to_owned(),
    }
}

impl Reasoned for UseRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::EnquiryOfAnother(_) => "ENQUIRY_OF_ANOTHER",
            Self::EnquiryNotOverdue { .. } => "ENQUIRY_NOT_OVERDUE",
            Self::EnquiryReplied(_) => "ENQUIRY_ANSWERED",
            Self::AnswerUnread(_) => "ANSWER_UNREAD",
            Self::EnquiryConcluded(_) => "ENQUIRY_CONCLUDED",
            Self::NoEnquiry(_) => "ENQUIRY_MISSING",
            Self::NoReason(_) => "REASON_MISSING",
            Self::ReasonMisplaced { .. } => "REASON_MISPLACED",
            Self::NoWords | Self::NoWhy => "WORDS_MISSING",
            Self::ChecksAtRandom => "REASON_DENIES_NOTHING",
            Self::LineOfNothing => "DECLARATION_MISSING",
            Self::Destination | Self::ComesHere => "DESTINATION_MISPLACED",
            Self::WrittenOff { .. } => "WRITTEN_OFF",
            Self::NotWhole { .. } => "QUANTITY_NOT_WHOLE",
            Self::UsedBefore { refused, .. } | Self::OtherUnit { refused, .. } => refused.reason(),
            Self::NotYoursToDrop(_) => "PERMISSION_DENIED",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
