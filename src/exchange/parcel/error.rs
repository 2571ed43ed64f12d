//! Why a package is not made, or not taken.

use crate::{
    exchange::ExchangeError,
    log::Origin,
    reason::{Class, Reasoned},
    trust::{NodeName, SealFault},
};

/// Why a package is not made, or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// A line does not belong where it stands.
    #[error(
        "line {line} of the package: {problem}; it was changed on the way, or was made wrong: have it brought again"
    )]
    Malformed {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// It ends early, or was changed on its way.
    #[error("the package is damaged: {0}")]
    Damaged(String),
    /// Its seal does not hold.
    #[error("the package is not taken: {0}")]
    Seal(#[from] SealFault),
    /// It is for somebody else.
    #[error("the package is for {to}, and this is {here}")]
    ForAnother {
        /// The node it is for.
        to: NodeName,
        /// This node.
        here: NodeName,
    },
    /// It is larger than any package may be.
    #[error("the package is larger than any may be: {0}")]
    TooLarge(&'static str),
    /// Entries before it are not here.
    #[error("entries {held} to {} of {origin} are missing: the package before this one, up to size {begins}, was not taken", .begins.saturating_sub(1))]
    OutOfOrder {
        /// The log.
        origin: Origin,
        /// Entries that are held.
        held: u64,
        /// The first entry of the package.
        begins: u64,
    },
    /// Nobody of this name to make a package for.
    #[error("the trust list names no other node `{0}`")]
    NoPartner(NodeName),
    /// A log that does not go to the node, or is not of this one.
    #[error("{origin} is no log of this node for {to}")]
    NotForPartner {
        /// The log.
        origin: Origin,
        /// The node.
        to: NodeName,
    },
    /// A size that the log does not have.
    #[error("{origin} has {published} entries, and not {asked}")]
    Beyond {
        /// The log.
        origin: Origin,
        /// What was asked for.
        asked: u64,
        /// Entries published.
        published: u64,
    },
    /// The log's conversation ended otherwise.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// This node could not read or keep what belongs to a package.
    #[error("this node could not do it: {0}")]
    Inside(String),
}

impl Reasoned for ParcelError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "PACKAGE_MALFORMED",
            Self::Damaged(_) => "PACKAGE_DAMAGED",
            Self::Seal(_) => "PACKAGE_NOT_SEALED",
            Self::ForAnother { .. } => "PACKAGE_FOR_ANOTHER",
            Self::TooLarge(_) => "PACKAGE_TOO_LARGE",
            Self::OutOfOrder { .. } => "PACKAGE_OUT_OF_ORDER",
            Self::NoPartner(_) => "PACKAGE_FOR_NOBODY",
            Self::NotForPartner { .. } => "PACKAGE_LOG_NOT_FOR_PARTNER",
            Self::Beyond { .. } => "PACKAGE_BEYOND_LOG",
            Self::Exchange(error) => error.reason(),
            Self::Inside(_) => "PACKAGE_NOT_KEPT",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Exchange(error) => error.class(),
            Self::Inside(_) => Class::Retry,
            _ => Class::Reject,
        }
    }
}

impl ParcelError {
    /// A line that does not belong.
    pub(super) fn malformed(line: u64, problem: impl Into<String>) -> Self {
        Self::Malformed { line, problem: problem.into() }
    }
}
