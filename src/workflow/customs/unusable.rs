//! Why customs do not decide, drop or write off as asked, beyond what the file of the certificate says by itself.

use crate::{
    certificate::Measure,
    office::CustomsRefused,
    reason::{Class, Reasoned},
    statement::{ImportDeclaration, Jti},
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
    /// Another officer's denial.
    #[error("act {0} is another officer's denial: who decided it drops it, or a supervisor")]
    NotYoursToDrop(u32),
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
            Self::NotWhole { .. } => "QUANTITY_NOT_WHOLE",
            Self::UsedBefore { refused, .. } => refused.reason(),
            Self::NotYoursToDrop(_) => "PERMISSION_DENIED",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
