//! Why a conversation between partners ends, or never begins.

use crate::{
    log::LogError,
    reason::{Class, Reasoned, counted},
    sequencer::cosigned::CosignatureError,
};

/// What ends a conversation. It is told to the partner by its reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The log is not one that this node has, knows or watches.
    #[error("this node knows no such log, or has no part in it")]
    UnknownLog,
    /// The caller is neither the addressee's node nor the issuer's.
    #[error("the log is not for this node")]
    NotForYou,
    /// The partner asked for packages and did not take them, or gave no credit, for too long.
    #[error("the partner takes too long to take what it asked for")]
    SlowConsumer,
    /// The partner has said nothing for too long.
    #[error("the partner has not answered in time")]
    Silent,
    /// A message that does not belong here.
    #[error("the partner broke the protocol: {0}")]
    Protocol(&'static str),
    /// A partner holds more of a log than its own node does: the node was restored from an old copy.
    #[error("{held} entries are held of a log whose own node has {published}")]
    Ahead {
        /// Entries the partner holds, or the size of the head it took.
        held: u64,
        /// Published size at the log's own node.
        published: u64,
    },
    /// The log's own node says that it closed the log for good, with fewer entries than it signed for.
    #[error(
        "its own node closed it for good as lost, with {size} of {} that it signed for; neither there nor here: {gone}",
        counted(*signed, "entry", "entries")
    )]
    Lost {
        /// Entries that it still gives.
        size: u64,
        /// Entries that it signed for, as far as it says or is known here.
        signed: u64,
        /// Those of them that are not here either.
        gone: u64,
    },
    /// Two heads that cannot be of one history, as far as was shown. By itself this is no evidence.
    #[error("a head of size {new} was not shown to extend the head of size {old}")]
    Inconsistent {
        /// Size of the head taken before.
        old: u64,
        /// Size of the head offered.
        new: u64,
    },
    /// Two heads of a log, of which nobody has shown for a whole round of questions that they are of one history. Whoever
    /// could may be away; and whoever shows two histories does not answer either.
    #[error("nobody has shown how its heads of size {known} and {shown} belong together; the second was shown by {by}")]
    Uncompared {
        /// Size of the head that is known.
        known: u64,
        /// Size of the head that was shown.
        shown: u64,
        /// The node that showed it, for people.
        by: String,
    },
    /// The log's authority signs heads of more logs than there can be addressees.
    #[error(
        "its authority signs heads of more than {most} logs of one year to addressees that the trust list does not know: \
         this one and further ones are neither compared nor cosigned here"
    )]
    TooManyLogs {
        /// So many are taken up.
        most: usize,
    },
    /// Entries that do not have the root that was announced for them.
    #[error("the entries from {start} on do not lead to the root that was announced")]
    OtherEntries {
        /// Index of the first.
        start: u64,
    },
    /// The log has shown two histories; this node keeps the first and takes no more.
    #[error("the log shows two histories, which parted at or before size {0}; this node keeps to what it holds")]
    Equivocated(u64),
    /// A note or a signature line of the partner.
    #[error(transparent)]
    Note(#[from] LogError),
    /// The log's key is not in the trust list here.
    #[error("the trust list here has no key for this log")]
    UntrustedLog,
    /// This node could not keep what arrived: a full disk, a quota, a store that stopped.
    #[error("this node cannot keep more of the log for now: {0}")]
    CannotKeep(String),
    /// The copy of a partner's log that is kept here cannot be opened.
    #[error("the copy that is kept here cannot be opened: {0}")]
    Unreadable(String),
    /// The partner keeps a copy of a log of this node, and cannot open it.
    #[error(
        "the copy that it keeps cannot be opened there: what it holds of this log is not known, and it counts as not heard"
    )]
    UnreadableThere,
}

impl Reasoned for ExchangeError {
    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownLog => "LOG_UNKNOWN",
            Self::NotForYou => "LOG_NOT_FOR_CALLER",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::Silent => "PARTNER_SILENT",
            Self::Protocol(_) => "PARTNER_PROTOCOL",
            Self::Ahead { .. } => "PARTNER_HOLDS_MORE",
            Self::Lost { .. } => "PARTNER_LOG_LOST",
            Self::Inconsistent { .. } => "HEADS_INCONSISTENT",
            Self::Uncompared { .. } => "HEADS_UNCOMPARED",
            Self::TooManyLogs { .. } => "LOGS_TOO_MANY",
            Self::OtherEntries { .. } => "PACKAGE_OTHER_ROOT",
            Self::Equivocated(_) => "LOG_EQUIVOCATED",
            Self::Note(error) => error.reason(),
            Self::UntrustedLog => "LOG_KEY_UNKNOWN",
            Self::CannotKeep(_) => "REPLICA_CANNOT_KEEP",
            Self::Unreadable(_) => "REPLICA_UNREADABLE",
            Self::UnreadableThere => "PARTNER_COPY_UNREADABLE",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Note(error) => error.class(),
            Self::SlowConsumer
            | Self::Silent
            | Self::Ahead { .. }
            | Self::Uncompared { .. }
            | Self::CannotKeep(_)
            | Self::Unreadable(_)
            | Self::UnreadableThere => Class::Retry,
            _ => Class::Reject,
        }
    }
}

impl From<CosignatureError> for ExchangeError {
    fn from(error: CosignatureError) -> Self {
        match error {
            CosignatureError::UntrustedLog => Self::UntrustedLog,
            CosignatureError::Log(error) => Self::Note(error),
        }
    }
}
