//! What is asked, and by which rules of the asker's own.

use super::{Equivocation, verdict::Warning};
use crate::{
    log::Origin,
    reason::counted,
    statement::Issuer,
    time::{Date, Timestamp},
};

/// How old a status may be where nothing else is set: seven days.
pub const STATUS_MAX_AGE_SECONDS: u64 = 7 * 86_400;

/// What the verifier knows beside its trust list, the same for all its questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Logs known to have shown two histories.
    pub equivocations: Vec<Equivocation>,
}

/// One question about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The day of use, such as the day of the import declaration; `None` is today in the importing country.
    pub as_of: Option<Date>,
    /// The verifier's only clock.
    pub at: Timestamp,
    /// The customs authority that asks and accepts only what is addressed to it, complete; `None` is anyone.
    pub reader: Option<Issuer>,
    /// Seconds that a status may be old before it counts as unknown.
    pub status_max_age: u64,
    /// Why the status statement presented says nothing to who asks: he holds its log, and found it wrong when it came.
    pub status_refused: Option<String>,
    /// How many entries the log has as who asks holds it, where another statement stands there than the certificate that is
    /// proven for that place: the log's key signed both histories.
    pub other_history: Option<u64>,
    /// Entries that the own node of the certificate's log still gives, where it says that it closed the log for good as lost, and
    /// who asks holds no copy of this one.
    pub lost_at: Option<u64>,
    /// What who asks lost itself, as the issuer, of the log of the certificate or of one that may change its status.
    pub own_lost: Option<LostEntries>,
}

/// Entries of a log that its own node lost for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEntries {
    /// The log.
    pub log: Origin,
    /// Those from this index on are lost.
    pub left: u64,
    /// So many were signed for.
    pub signed: u64,
}

impl Question {
    /// Asks at an instant: about today, by anyone, accepting a status of up to seven days.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self {
            as_of: None,
            at,
            reader: None,
            status_max_age: STATUS_MAX_AGE_SECONDS,
            status_refused: None,
            other_history: None,
            lost_at: None,
            own_lost: None,
        }
    }

    /// The same question about a named day.
    #[must_use]
    pub const fn on(mut self, as_of: Option<Date>) -> Self {
        self.as_of = as_of;
        self
    }

    /// What is to be known of an entry that its own node lost, or of one at no known place that it may have lost; and of a change
    /// of its status that the node asked may have lost. It says nothing against what is signed and proven.
    pub(super) fn losses(&self, origin: &Origin, index: Option<u64>) -> Vec<Warning> {
        self.lost(origin, index).into_iter().chain(self.lost_here(origin, index)).collect()
    }

    fn lost_here(&self, origin: &Origin, index: Option<u64>) -> Option<Warning> {
        let LostEntries { log, left, signed } = self.own_lost.as_ref()?;
        let place = match index {
            Some(index) if log == origin && index >= *left => {
                format!("entry {index} is among them, and a change of its status may be")
            }
            None if log == origin => "this may be among them, and a change of its status".to_owned(),
            _ => "a change of its status may be among them".to_owned(),
        };
        let lost = counted(signed.saturating_sub(*left), "entry", "entries");
        let sentence = format!(
            "Its issuer lost {lost} of the log {log} for good: {place}, of which its node knows nothing. What is signed and proven \
             counts all the same; ask the issuer what became of it."
        );
        Some(Warning { code: "OWN_LOG_LOST", sentence })
    }

    fn lost(&self, origin: &Origin, index: Option<u64>) -> Option<Warning> {
        let left = self.lost_at.filter(|left| index.is_none_or(|index| index >= *left))?;
        let place = index.map_or_else(|| "this may be".to_owned(), |index| format!("entry {index} is"));
        let entries = counted(left, "entry", "entries");
        let sentence = format!(
            "Its issuer's node says that it closed the log {origin} for good with {entries}, and {place} among what it lost, of \
             which it tells nothing more. What is signed and proven counts all the same; ask the issuer what became of it."
        );
        Some(Warning { code: "PARTNER_LOG_LOST", sentence })
    }
}
