//! What an operator has to look into.

use super::ExchangeError;
use crate::{reason::Reasoned as _, time::Timestamp};

/// What a log's own node showed that cannot be so, or what nobody has shown: kept until it is so no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What is wrong.
    pub why: ExchangeError,
    /// Since when.
    pub since: Timestamp,
}

impl Alarm {
    /// The alarm after something was found. What was found first stays until all is well again, unless the new weighs more:
    /// that a partner falls silent hides nothing that it showed before.
    #[must_use]
    pub fn after(before: Option<Self>, why: ExchangeError, now: Timestamp) -> Self {
        match before {
            Some(before) if before.why.reason() == why.reason() => Self { why, ..before },
            Some(before) if weight(&before.why) >= weight(&why) => before,
            _ => Self { why, since: now },
        }
    }
}

const fn weight(why: &ExchangeError) -> u8 {
    match why {
        ExchangeError::Equivocated(_) => 3,
        ExchangeError::Ahead { .. }
        | ExchangeError::Lost { .. }
        | ExchangeError::Inconsistent { .. }
        | ExchangeError::OtherEntries { .. }
        | ExchangeError::Uncompared { .. } => 2,
        ExchangeError::CannotKeep(_)
        | ExchangeError::Unreadable(_)
        | ExchangeError::UnreadableThere
        | ExchangeError::TooManyLogs { .. } => 1,
        ExchangeError::UnknownLog
        | ExchangeError::NotForYou
        | ExchangeError::SlowConsumer
        | ExchangeError::Silent
        | ExchangeError::Protocol(_)
        | ExchangeError::Note(_)
        | ExchangeError::UntrustedLog => 0,
    }
}
