//! Why an enquiry is not sent, or not answered so.

use crate::{
    reason::{Class, Reasoned, some_of},
    statement::{DOCUMENTS_MAX, DocumentDigest, GoodsMeanwhile, Issuer, Jti, ReplyAct, SubjectFinding},
    time::Date,
};
use std::collections::HashSet;

/// What stands in the way of an enquiry or of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnquiryRefused {
    /// Nobody abroad that the trust list names is asked.
    #[error("{to} {why}: an enquiry goes to an authority abroad: {}", names(.listed))]
    Addressee {
        /// Who was to be asked.
        to: Issuer,
        /// Why that cannot be.
        why: &'static str,
        /// Who can be asked.
        listed: Vec<Issuer>,
    },
    /// A certificate that is asked about has not arrived.
    #[error(
        "certificate {number}, subject {place} of the enquiry, has not arrived here; ask about a number that is not known with the ground number_unknown"
    )]
    NotArrived {
        /// Its place in the enquiry, from 1.
        place: usize,
        /// Its number.
        number: String,
    },
    /// No certificate is asked about.
    #[error("the enquiry asks about no certificate: name at least one")]
    NoSubject,
    /// Nothing is asked.
    #[error("only a check at random asks without words: say what is asked (`--question`)")]
    NoQuestion,
    /// A certificate that is not known is not shown.
    #[error("a certificate that is not known here is shown by a scan: name one (`--document`)")]
    NoScan,
    /// More documents than a statement names.
    #[error("{0} documents, where one statement names {DOCUMENTS_MAX} at most: say in words which more there are")]
    TooManyDocuments(usize),
    /// A document is named twice.
    #[error("document {0} is named twice, by its bytes: name each once")]
    DocumentTwice(String),
    /// What a document is, is not said.
    #[error("document {name} is said to be `{media_type}`: say a media type like `application/pdf`")]
    MediaType {
        /// Its name.
        name: String,
        /// What it is said to be.
        media_type: String,
    },
    /// A reply that answers nothing, or one that may not.
    #[error("{0}: a reply in part or in full says of at least one certificate what is found, and no other does")]
    Answers(ReplyAct),
    /// A reply in part leaves nothing open.
    #[error("this answers all that is still open: answer in full (`--full`)")]
    IsFull,
    /// A certificate is answered twice in one reply.
    #[error("certificate {0} of the enquiry is answered twice in this reply: answer it once, with all its items")]
    AnsweredTwice(u32),
    /// An item is named twice.
    #[error("item {item} of certificate {subject} is named twice: name each once")]
    ItemTwice {
        /// The certificate, by its place in the enquiry.
        subject: u32,
        /// The item.
        item: u32,
    },
    /// An answer that tells items apart leaves out some that are asked about.
    #[error(
        "the answer about certificate {subject} leaves out {}, which the enquiry asks about: say of each whether it holds; a certificate is answered once, so leave it out of a reply in part until all of it is found",
        items_in_words(.items)
    )]
    ItemsOpen {
        /// The certificate, by its place in the enquiry.
        subject: u32,
        /// The items that are left out.
        items: Vec<u32>,
    },
    /// What is found of a certificate and of its items are two things.
    #[error(
        "certificate {subject} is found {finding}, which its items do not agree with: it is partly_valid where some items hold and some do not, and only there; not_issued names none"
    )]
    FindingDisagrees {
        /// The certificate, by its place in the enquiry.
        subject: u32,
        /// What is found.
        finding: SubjectFinding,
    },
    /// What is to be clarified is not said.
    #[error("a reply that asks for a clarification says in words what is to be clarified (`--ask`)")]
    NoWords,
    /// Until when more time is taken is not said.
    #[error("a reply that takes more time says until when (`--extend-until`)")]
    NoDay,
    /// A day for what is answered already.
    #[error("a reply in full leaves nothing to answer by a day: leave the day out")]
    DayWithFull,
    /// The day that is taken is over.
    #[error("{0} is over: say a day to come")]
    DayPast(Date),
    /// A certificate is asked about twice.
    #[error("certificate {0} is named twice in the enquiry; name it once, with all its items")]
    Twice(String),
    /// The certificate has no such item.
    #[error("certificate {number} has no item {item}; its items are {}", some_of(.has))]
    Item {
        /// Its number.
        number: String,
        /// The item.
        item: u32,
        /// The items it has.
        has: Vec<u32>,
    },
    /// What is to be clarified was not asked for.
    #[error("{0} is no reply of the authority asked that wants a clarification")]
    NoClarification(Jti),
    /// What a reply said is erased, and what is kept of it is of no enquiry about these certificates.
    #[error(
        "what reply {0} says is erased, and it is known as a reply to no enquiry about these certificates: name those of the enquiry that it replied to, or ask without `--clarifies`"
    )]
    ClarificationErased(Jti),
    /// What a reply says is still to come.
    #[error(
        "what reply {0} says did not come here yet, so nobody knows whether it asks for a clarification: wait for it, or ask without `--clarifies`"
    )]
    ClarificationUnread(Jti),
    /// What is asked about is none of what is to be clarified.
    #[error(
        "certificate {number}, subject {place} of the enquiry, is none that enquiry {enquiry} asks about: a clarification is of its certificates alone"
    )]
    ClarifiesAnother {
        /// Its place in the enquiry, from 1.
        place: usize,
        /// Its number.
        number: String,
        /// The enquiry that is to be clarified.
        enquiry: Jti,
    },
    /// Another enquiry clarified it before.
    #[error("what reply {reply} asked for was clarified before, by enquiry {by}")]
    Clarified {
        /// The reply that asks for the clarification.
        reply: Jti,
        /// The enquiry that gave it.
        by: Jti,
    },
    /// No more time than there is.
    #[error("it is due on {due} already, and {until} is no later: say a later day, or answer it")]
    NoMoreTime {
        /// The day that was taken.
        until: Date,
        /// The day that is in force.
        due: Date,
    },
    /// The same certificate is answered otherwise in an enquiry that belongs to this one.
    #[error(
        "certificate {subject} was answered with {finding} in enquiry {enquiry}, which belongs to this one by a clarification: an answer stays as it is, so answer the same here"
    )]
    AnsweredOtherwise {
        /// The certificate, by its place in the enquiry.
        subject: u32,
        /// What was found.
        finding: SubjectFinding,
        /// Where that was answered.
        enquiry: Jti,
    },
    /// What is asked, or was answered to it, is erased.
    #[error(
        "what enquiry {0} asks, or what was answered to it, is erased here, and nothing is replied to it any more; tell who asked by another way, or have them ask again"
    )]
    Erased(Jti),
    /// It ended by its answer.
    #[error("enquiry {0} is answered, and ended by that; decide by the answer: origin enquiry show {0}")]
    EndedByAnswer(Jti),
    /// A supervisor concluded it before.
    #[error("enquiry {0} was concluded before; `origin enquiry show {0}` says by whom and why")]
    EndedBefore(Jti),
    /// Nothing of its goods waits for the answer.
    #[error(
        "enquiry {enquiry} says of its goods `{goods}`: there is no security to settle, and no goods are held; `origin enquiry list --unsettled` has those where there is"
    )]
    NothingToSettle {
        /// The enquiry.
        enquiry: Jti,
        /// What it says of the goods.
        goods: GoodsMeanwhile,
    },
    /// It ended when it was erased.
    #[error("what enquiry {0} asks, or what was answered to it, is erased here: it is over, and nothing is to be done")]
    EndedErased(Jti),
    /// Every reply to it that is known of can be read.
    #[error("no reply is unread that may answer enquiry {enquiry}: {}", next_of(.enquiry, *.overdue, .due.as_ref()))]
    NothingUnread {
        /// The enquiry.
        enquiry: Jti,
        /// Whether its day to answer is over.
        overdue: bool,
        /// The last day to answer, where one is known.
        due: Option<Date>,
    },
    /// What was replied would go before who asked has it.
    #[error(
        "what was replied to enquiry {0} about it may not have come: who asked says that it came within minutes of that, and has not said it yet; what is erased before it came never gets there; wait for that word, or erase it all the same (`--unread-answers`)"
    )]
    AnswerOwed(Jti),
    /// Nobody could answer any more.
    #[error(
        "enquiry {enquiry} about it is still to be answered{}, and nobody can answer it once this is erased; answer it first (`origin liaison reply`), or erase it all the same (`--unread-answers`)",
        .due.map_or_else(String::new, |due| format!(" by {due}"))
    )]
    AnswerAwaited {
        /// The enquiry.
        enquiry: Jti,
        /// The last day to answer, where one is known.
        due: Option<Date>,
    },
    /// More time than the agreement allows.
    #[error(
        "{until} is too late: the agreement has it answered by {latest} at the latest{}",
        by_article(.article.as_deref())
    )]
    TooMuchTime {
        /// The day that was taken.
        until: Date,
        /// The last day that may be.
        latest: Date,
        /// The article that says so.
        article: Option<String>,
    },
}

/// Whether documents can be named by a statement.
pub(super) fn can_be_named(documents: &[DocumentDigest]) -> Result<(), EnquiryRefused> {
    if documents.len() > DOCUMENTS_MAX {
        return Err(EnquiryRefused::TooManyDocuments(documents.len()));
    }
    let mut seen = HashSet::new();
    for document in documents {
        let name = document.name.to_string();
        if !seen.insert(document.sha256.0) {
            return Err(EnquiryRefused::DocumentTwice(name));
        }
        if !document.has_media_type() {
            return Err(EnquiryRefused::MediaType { name, media_type: document.media_type.to_string() });
        }
    }
    Ok(())
}

fn names(issuers: &[Issuer]) -> String {
    some_of(issuers.iter().map(Issuer::host))
}

/// Items by their numbers, in a sentence.
pub(super) fn items_in_words(items: &[u32]) -> String {
    format!("{} {}", if items.len() == 1 { "item" } else { "items" }, some_of(items))
}

/// What ends an enquiry of which every reply can be read.
fn next_of(enquiry: &Jti, overdue: bool, due: Option<&Date>) -> String {
    match due {
        _ if overdue => format!(
            "its day is over, so say of a certificate that is here that nobody answered (`origin customs decide`, \
             NO_REPLY with `--enquiry {enquiry}`), or ask again"
        ),
        Some(due) => format!("it may be answered until {due}; wait for that day, or ask again"),
        None => {
            "no day to answer it is known; ask again, and say by when you need the answer (`--reply-by`)".to_owned()
        }
    }
}

fn by_article(article: Option<&str>) -> String {
    article.map_or_else(String::new, |article| format!(" ({article})"))
}

impl Reasoned for EnquiryRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Addressee { .. } => "ENQUIRY_ADDRESSEE",
            Self::NotArrived { .. } => "ARRIVAL_UNKNOWN",
            Self::NoSubject => "SUBJECT_MISSING",
            Self::NoQuestion => "QUESTION_MISSING",
            Self::NoScan => "SCAN_MISSING",
            Self::TooManyDocuments(_) => "TOO_MANY_DOCUMENTS",
            Self::DocumentTwice(_) => "DOCUMENT_TWICE",
            Self::MediaType { .. } => "MEDIA_TYPE_UNREADABLE",
            Self::Answers(_) => "ANSWERS_MISPLACED",
            Self::IsFull => "REPLY_IS_FULL",
            Self::Twice(_) | Self::AnsweredTwice(_) => "SUBJECT_TWICE",
            Self::ItemTwice { .. } => "ITEM_TWICE",
            Self::ItemsOpen { .. } => "SUBJECT_OPEN",
            Self::FindingDisagrees { .. } => "FINDING_DISAGREES",
            Self::NoWords => "WORDS_MISSING",
            Self::NoDay => "REPLY_BY_MISSING",
            Self::DayWithFull => "REPLY_BY_NEEDLESS",
            Self::DayPast(_) => "REPLY_BY_PAST",
            Self::Item { .. } => "ITEM_UNKNOWN",
            Self::NoClarification(_) => "CLARIFICATION_NOT_ASKED",
            Self::ClarificationUnread(_) => "ANSWER_UNREAD",
            Self::ClarifiesAnother { .. } => "ENQUIRY_OF_ANOTHER",
            Self::Clarified { .. } => "CLARIFIED_BEFORE",
            Self::NoMoreTime { .. } => "EXTENSION_TOO_SHORT",
            Self::AnsweredOtherwise { .. } => "SUBJECT_ANSWERED",
            Self::Erased(_) | Self::ClarificationErased(_) | Self::EndedErased(_) => "CONTENTS_ERASED",
            Self::EndedByAnswer(_) => "ENQUIRY_ANSWERED",
            Self::EndedBefore(_) => "ENQUIRY_CONCLUDED",
            Self::NothingUnread { .. } => "NOTHING_UNREAD",
            Self::NothingToSettle { .. } => "NOTHING_TO_SETTLE",
            Self::AnswerOwed(_) | Self::AnswerAwaited { .. } => "ANSWER_OWED",
            Self::TooMuchTime { .. } => "EXTENSION_TOO_LONG",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
