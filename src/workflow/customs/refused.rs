//! Why an enquiry is not sent, or not answered so.

use crate::{
    reason::{Class, Reasoned},
    statement::{Issuer, Jti},
    time::Date,
};

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
    /// A certificate is asked about twice.
    #[error("certificate {0} is named twice in the enquiry; name it once, with all its items")]
    Twice(String),
    /// The certificate has no such item.
    #[error("certificate {number} has no item {item}; its items are {}", numbers(.has))]
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
    /// Another enquiry clarified it before.
    #[error("what reply {reply} asked for was clarified before, by enquiry {by}")]
    Clarified {
        /// The reply that asks for the clarification.
        reply: Jti,
        /// The enquiry that gave it.
        by: Jti,
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

fn names(issuers: &[Issuer]) -> String {
    issuers.iter().map(|issuer| issuer.host().to_string()).collect::<Vec<_>>().join(", ")
}

fn numbers(items: &[u32]) -> String {
    items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn by_article(article: Option<&str>) -> String {
    article.map_or_else(String::new, |article| format!(" ({article})"))
}

impl Reasoned for EnquiryRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Addressee { .. } => "ENQUIRY_ADDRESSEE",
            Self::NotArrived { .. } => "ARRIVAL_UNKNOWN",
            Self::Twice(_) => "SUBJECT_TWICE",
            Self::Item { .. } => "ITEM_UNKNOWN",
            Self::NoClarification(_) => "CLARIFICATION_NOT_ASKED",
            Self::Clarified { .. } => "CLARIFIED_BEFORE",
            Self::TooMuchTime { .. } => "EXTENSION_TOO_LONG",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
