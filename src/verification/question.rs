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
    /// What the own node of the certificate's log says that it lost for good, of that or of one that may change its status, as far
    /// as who asks holds no copy.
    pub partner_lost: Option<LostEntries>,
    /// What who asks lost itself, as the issuer, of the log of the certificate or of one that may change its status.
    pub own_lost: Option<LostEntries>,
}

/// Entries of a log that its own node lost for good; of a partner's log, those that are not here either.
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
            partner_lost: None,
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
    /// of its status that may be lost. It says nothing against what is signed and proven.
    pub(super) fn losses(&self, origin: &Origin, index: Option<u64>) -> Vec<Warning> {
        let partner = (
            "PARTNER_LOG_LOST",
            "Its issuer's node says that it lost",
            "nothing is known there or here",
            &self.partner_lost,
        );
        let own = ("OWN_LOG_LOST", "Its issuer lost", "its node knows nothing", &self.own_lost);
        let told = [partner, own].into_iter().filter_map(|(code, who, known, lost)| {
            let lost = lost.as_ref()?;
            let (entries, place) = lost.told(origin, index)?;
            let sentence = format!(
                "{who} {entries} of the log {} for good: {place}, of which {known}. What is signed and proven counts all the same; \
                 ask the issuer what became of it.",
                lost.log
            );
            Some(Warning { code, sentence })
        });
        told.collect()
    }
}

impl LostEntries {
    /// How many are lost, and whether one at this place is among them or a change of its status may be; none where none are.
    fn told(&self, origin: &Origin, index: Option<u64>) -> Option<(String, String)> {
        let Self { log, left, signed } = self;
        let is_its = log == origin;
        let among = index.filter(|index| is_its && index >= left);
        // What is proven to stand there was signed for, though its node may not know that it was.
        let signed = among.map_or(*signed, |index| index.saturating_add(1).max(*signed));
        let lost = signed.checked_sub(*left).filter(|lost| *lost > 0)?;
        let place = match (among, index) {
            (Some(index), _) => format!("entry {index} is among them, and a change of its status may be"),
            (None, None) if is_its => "this may be among them, and a change of its status".to_owned(),
            _ => "a change of its status may be among them".to_owned(),
        };
        Some((counted(lost, "entry", "entries"), place))
    }
}
