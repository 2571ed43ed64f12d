//! What is asked, and by which rules of the asker's own.

use super::Equivocation;
use crate::{
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
        }
    }

    /// The same question about a named day.
    #[must_use]
    pub const fn on(mut self, as_of: Option<Date>) -> Self {
        self.as_of = as_of;
        self
    }
}
