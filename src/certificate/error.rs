//! Why a value of this room cannot be made.

use crate::reason::{Class, Reasoned};

/// Why a code or a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The code does not have the form of its kind, or is not in its list.
    #[error("{why}")]
    Code {
        /// UPPER_SNAKE name of the rule, such as `COUNTRY`.
        rule: &'static str,
        /// One plain sentence.
        why: String,
        /// What would mend it, where that can be said.
        help: Option<String>,
    },
    /// The text breaks the rule of texts.
    #[error("the text {why}")]
    Text {
        /// What is wrong with it, to stand after "the text".
        why: String,
    },
    /// A note of a date as an offset cannot be resolved.
    #[error("`{note}` is no date: write `today`, `today-3d` or `today+14d`, at most 36,500 days away")]
    OffsetDate {
        /// The note found.
        note: String,
    },
}

impl CertificateError {
    /// The sentence without its subject, for messages that name the subject themselves.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Text { why } => why.clone(),
            other => other.to_string(),
        }
    }

    pub(crate) fn code(rule: &'static str, why: impl Into<String>) -> Self {
        Self::Code { rule, why: why.into(), help: None }
    }

    pub(crate) fn code_with_help(rule: &'static str, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Code { rule, why: why.into(), help: Some(help.into()) }
    }
}

impl Reasoned for CertificateError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Code { .. } => "MALFORMED_CODE",
            Self::Text { .. } => "MALFORMED_TEXT",
            Self::OffsetDate { .. } => "MALFORMED_OFFSET_DATE",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
