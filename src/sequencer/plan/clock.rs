//! The clock that stamps entries: it never goes back, whatever the machine's does.

use super::{Ground, Plan};
use crate::{
    sequencer::SequencerError,
    time::{Date, Timestamp, ZoneName},
};
use jiff::SignedDuration;

/// By how much a clock may fall behind what was stamped before it is said: being set right by little is no fault.
const SET_RIGHT: SignedDuration = SignedDuration::from_secs(5);

impl Plan {
    /// Notes whether the clock was set back; says it once, and once that it has caught up.
    pub(super) fn watch(&mut self, ground: &Ground<'_>, clock: Timestamp) {
        let (authority, stamped) = (ground.issuer, self.now);
        self.set_back = (stamped.duration_since(clock) > SET_RIGHT).then_some(clock);
        match (ground.told.replace(self.set_back.is_some()), self.set_back) {
            (false, Some(_)) => tracing::warn!(
                %authority,
                reason = "CLOCK_WENT_BACK",
                "the clock went back: it shows {clock}, and {stamped} was stamped before; nothing is issued as long as \
                 that is another day; docs/partners.md (A clock that was ahead) says how to go on"
            ),
            (true, None) => tracing::info!(%authority, "the clock has caught up with what was stamped before"),
            _ => {}
        }
    }

    /// Why nothing is issued for a civil date, where it is another by now: midnight passed, or the clock was set back
    /// behind what was stamped, and then to judge again leads nowhere.
    pub(super) fn other_day(&self, (day, zone): (Date, &ZoneName)) -> Option<SequencerError> {
        let today = zone.date_at(self.now);
        let moved = || match self.set_back {
            Some(now) => SequencerError::ClockWentBack { now, stamped: self.now },
            None => SequencerError::DateMoved(today),
        };
        (today != day).then(moved)
    }
}
