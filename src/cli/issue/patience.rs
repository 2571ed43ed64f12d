//! How long a node that asks for patience is waited for, and how often that is said.

use crate::api::client::Refusal;
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
    /// Wait, and say why; so long it may still take.
    Say(Duration),
    /// Wait.
    Wait,
    /// Give up.
    GiveUp,
}

impl Patience {
    /// The node asks for it once more.
    pub(super) fn asked(&mut self, refusal: &Refusal, now: Instant) -> Next {
        let since = *self.since.get_or_insert(now);
        let left = LONGEST.saturating_sub(now.saturating_duration_since(since));
        if refusal.waits_for_a_person() || left.is_zero() {
            return Next::GiveUp;
        }
        let said = |(why, at): &(String, Instant)| *why == refusal.reason && now.saturating_duration_since(*at) < AGAIN;
        if self.said.as_ref().is_some_and(said) {
            return Next::Wait;
        }
        self.said = Some((refusal.reason.clone(), now));
        Next::Say(left)
    }

    /// The node took something. Says whether it was waited for.
    pub(super) fn over(&mut self) -> bool {
        std::mem::take(self).since.is_some()
    }
}

/// What whoever watches hears of a wait: why, for how long, and that nothing is lost by not staying.
pub(super) fn waiting(why: &str, left: &str) -> String {
    format!(
        "the node asks for patience: {why}; it is asked again for up to {left}; stop it if you like (Ctrl-C): nothing is \
         lost, and the same command goes on"
    )
}

/// A wait in whole minutes, of which the last one has begun.
pub(super) fn minutes(wait: Duration) -> String {
    match wait.as_secs().div_ceil(60) {
        0 | 1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a node says it that names a time after which the same may succeed.
    fn passing(reason: &str) -> Refusal {
        Refusal { reason: reason.to_owned(), retry_after: Some(Duration::from_millis(500)), ..Refusal::default() }
    }

    #[test]
    fn who_waits_hears_why_each_minute_and_is_not_kept_for_ever() {
        let (begin, mut patience) = (Instant::now(), Patience::default());
        let mut at = |seconds| patience.asked(&passing("STORE_FULL"), begin + Duration::from_secs(seconds));
        let say = |seconds| Next::Say(Duration::from_secs(seconds));
        assert_eq!((at(0), at(5), at(59), at(60), at(61)), (say(600), Next::Wait, Next::Wait, say(540), Next::Wait));
        assert_eq!((at(599), at(600)), (say(1), Next::GiveUp));
        assert!(patience.over() && !patience.over());
        assert_eq!(patience.asked(&passing("STORE_FULL"), begin + Duration::from_secs(601)), say(600));
    }

    #[test]
    fn who_waits_hears_that_the_command_may_be_stopped_and_goes_on() {
        let said = waiting("the disk is full [STORE_FULL]", "10 minutes");
        assert!(said.contains("[STORE_FULL]") && said.contains("10 minutes"), "{said}");
        assert!(said.contains("Ctrl-C") && said.ends_with("the same command goes on"), "{said}");
    }

    #[test]
    fn how_long_it_goes_on_is_said_in_minutes() {
        let said = |seconds| minutes(Duration::from_secs(seconds));
        assert_eq!(
            (said(600), said(541), said(540), said(1)),
            ("10 minutes".to_owned(), "10 minutes".to_owned(), "9 minutes".to_owned(), "1 minute".to_owned(),)
        );
    }

    #[test]
    fn what_a_log_waits_for_is_said_with_the_first_answer() {
        for reason in ["NUMBERS_UNKNOWN", "OWN_HISTORY_MISSING", "OWN_HISTORY_UNKNOWN"] {
            assert_eq!(Patience::default().asked(&passing(reason), Instant::now()), Next::Say(LONGEST));
        }
    }

    #[test]
    fn nobody_waits_for_what_a_person_has_to_mend() {
        for reason in ["SIGNING_KEY_CLOSED", "NO_LOG_KEY", "LOG_KEY_UNLISTED", "LOG_RESTING", "NUMBERS_LOST"] {
            assert_eq!(Patience::default().asked(&passing(reason), Instant::now()), Next::GiveUp);
        }
    }

    #[test]
    fn what_is_missing_of_a_log_is_waited_for_only_where_the_node_says_when_to_ask_again() {
        let away = Refusal { retry_after: None, ..passing("OWN_HISTORY_MISSING") };
        assert_eq!(Patience::default().asked(&away, Instant::now()), Next::GiveUp);
    }
}
