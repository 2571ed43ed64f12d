//! How long a node that asks for patience is waited for, and how often that is said.

use std::time::{Duration, Instant};

/// A node that takes nothing for so long needs its operator, such as one whose disk is full.
pub(super) const LONGEST: Duration = Duration::from_mins(10);
/// Whoever watches hears that it still waits.
const AGAIN: Duration = Duration::from_mins(1);

/// Since when a node has asked for patience, and what was said of it.
#[derive(Debug, Default)]
pub(super) struct Patience {
    since: Option<Instant>,
    said: Option<(String, Instant)>,
}

/// What to do when a node asks for patience.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait, and say why.
    Say,
    /// Wait.
    Wait,
    /// Give up.
    GiveUp,
}

/// Whether what a node says is over only when its operator has acted: nobody waits for that.
pub(super) fn stands(reason: &str) -> bool {
    reason == "SIGNING_KEY_CLOSED"
}

impl Patience {
    /// The node asks for it once more, for this reason.
    pub(super) fn asked(&mut self, reason: &str, now: Instant) -> Next {
        let since = *self.since.get_or_insert(now);
        if stands(reason) || now.saturating_duration_since(since) >= LONGEST {
            return Next::GiveUp;
        }
        let said = |(why, at): &(String, Instant)| why == reason && now.saturating_duration_since(*at) < AGAIN;
        if self.said.as_ref().is_some_and(said) {
            return Next::Wait;
        }
        self.said = Some((reason.to_owned(), now));
        Next::Say
    }

    /// The node took something.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_hears_why_each_minute_and_is_not_kept_for_ever() {
        let (begin, mut patience) = (Instant::now(), Patience::default());
        let mut at = |seconds| patience.asked("STORE_FULL", begin + Duration::from_secs(seconds));
        assert_eq!((at(0), at(5), at(59), at(60), at(61)), (Next::Say, Next::Wait, Next::Wait, Next::Say, Next::Wait));
        assert_eq!((at(599), at(600)), (Next::Say, Next::GiveUp));
        patience.over();
        assert_eq!(patience.asked("STORE_FULL", begin + Duration::from_secs(601)), Next::Say);
    }

    #[test]
    fn nobody_waits_for_a_key_that_is_closed() {
        assert_eq!(Patience::default().asked("SIGNING_KEY_CLOSED", Instant::now()), Next::GiveUp);
    }
}
