//! Why something is not done to an application.

use super::super::SamePerson;
use super::stage::StageName;
use super::table::Deed;
use crate::reason::{Class, Reasoned};
use crate::time::Timestamp;

/// Why something is not done to an application; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationRefused {
    /// Not where the application stands.
    #[error("the application is {stage}: there it cannot {words}", words = .deed.words())]
    NotHere {
        /// What was asked.
        deed: Deed,
        /// Where it stands.
        stage: StageName,
    },
    /// Another did something to it first.
    #[error("{who} was first: the application was {stage} at {when}; look at it again", when = instant(*.at_ms))]
    Moved {
        /// Who.
        who: String,
        /// Where it stands now.
        stage: StageName,
        /// Since when, in Unix milliseconds.
        at_ms: u64,
    },
    /// Another officer has it in hand.
    #[error("{who} has claimed it since {when}", when = instant(*.at_ms))]
    ClaimedBy {
        /// Who.
        who: String,
        /// Since when, in Unix milliseconds.
        at_ms: u64,
    },
    /// Two people are needed.
    #[error(transparent)]
    SamePerson(#[from] SamePerson),
    /// Who filed it neither examines nor signs it.
    #[error(
        "who filed an application, or is of its exporter, neither examines nor signs it, nor issues to that exporter"
    )]
    OwnApplication,
    /// Only who filed it declares for it, answers and takes it back.
    #[error("this application was filed by another account")]
    NotYours,
    /// An answer mends an application, and does not make another of it.
    #[error("an answer keeps agreement and office; withdraw the application and draft another")]
    OtherDesk,
    /// It has a number already.
    #[error("certificate number `{0}` was given to this application already")]
    NumberHeld(String),
    /// It has none.
    #[error("no certificate number was given to this application in advance")]
    NoNumberHeld,
    /// Its number was given for something else.
    #[error(
        "certificate number `{0}` was given for the agreement, country and exporter named then; a signatory can void it, or another application is drafted"
    )]
    NumberBound(String),
    /// The exporter's applications hold too many numbers that no certificate bears yet.
    #[error("this exporter's applications hold {0} certificate numbers already that no certificate bears yet")]
    TooManyNumbers(usize),
    /// A day of a referral cannot be.
    #[error("{0}")]
    ReferralDates(String),
    /// The hash that was declared or approved is not that of what would be declared or signed.
    #[error("what was shown is not what would be {0}: look at it again")]
    ShownDiffers(&'static str),
}

/// An instant as people read it.
fn instant(ms: u64) -> Timestamp {
    i64::try_from(ms / 1000)
        .ok()
        .and_then(|second| Timestamp::from_second(second).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Reasoned for ApplicationRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotHere { .. } => "APPLICATION_STATE",
            Self::Moved { .. } => "APPLICATION_MOVED",
            Self::ClaimedBy { .. } => "APPLICATION_CLAIMED",
            Self::SamePerson(_) => "SAME_PERSON",
            Self::OwnApplication => "OWN_APPLICATION",
            Self::NotYours => "APPLICATION_NOT_YOURS",
            Self::OtherDesk => "APPLICATION_OTHER_DESK",
            Self::NumberHeld(_) => "NUMBER_HELD",
            Self::NoNumberHeld => "NO_NUMBER_HELD",
            Self::NumberBound(_) => "NUMBER_BOUND",
            Self::TooManyNumbers(_) => "TOO_MANY_NUMBERS",
            Self::ReferralDates(_) => "REFERRAL_DATES",
            Self::ShownDiffers(_) => "SHOWN_DIFFERS",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
