//! How a certificate of this authority stands, as far as this node can say. Whoever asks about one, by its number or
//! its identifier, in a list or alone, is answered from here.

use super::{Arrival, CertificateRecord, Desk, WorkflowError};
use crate::{log::Origin, reason::Reasoned as _, sequencer::SequencerError, statement::Status};

/// How a certificate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    /// As its status list has it.
    As(Status),
    /// It is void, and why: it stands beyond the end that the trust list gave its log.
    Void(String),
    /// It counts for nothing, and why: it stands past the closing of the key that signed it.
    KeyClosed(String),
    /// It cannot be proven from here any more, and why: the trust list ended its log, and no head within is kept.
    Unproven(String),
    /// Nobody can say here, and why: a log that may have its changes is not known to be here whole, or its own has shown two
    /// histories and it may stand in one of them alone.
    Unknown(String),
}

impl Stands {
    /// What is said of a certificate first, whoever issued it.
    fn of(status: Status, void: Option<String>, key_closed: Option<String>, disputed: Option<String>) -> Self {
        match (void, status) {
            (Some(why), _) => Self::Void(why),
            // What took its force for good says more than what is wrong with it besides.
            (None, Status::Cancelled | Status::Withdrawn | Status::Superseded) => Self::As(status),
            (None, _) => match (key_closed, disputed) {
                (Some(why), _) => Self::KeyClosed(why),
                (None, Some(why)) => Self::Unknown(why),
                (None, None) => Self::As(status),
            },
        }
    }

    /// It in a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::As(status) => status.word(),
            Self::Void(_) => "void",
            Self::KeyClosed(_) => "key closed",
            Self::Unproven(_) => "unproven",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Arrival {
    /// How a certificate of a partner stands, by what arrived.
    #[must_use]
    pub fn stands(&self) -> Stands {
        Stands::of(self.status, self.void.clone(), self.key_closed.clone(), self.disputed.clone())
    }
}

impl Desk {
    /// How a certificate of this authority stands. It reads from the disk.
    pub fn stands(&self, record: &CertificateRecord) -> Result<Stands, WorkflowError> {
        let stands = Stands::of(record.status, self.void(record), self.key_closed(record), None);
        if !matches!(stands, Stands::As(Status::Valid | Status::InPart)) {
            return Ok(stands);
        }
        if let Some(last) = self.unproven_within(self.store().as_ref(), &record.entry)? {
            let entry = record.entry.clone();
            return Ok(Stands::Unproven(WorkflowError::NoHeadKept { entry, last }.to_string()));
        }
        Ok(self.unsettled(&record.entry.origin).map_or(Stands::As(record.status), Stands::Unknown))
    }

    /// Why it is not known whether a certificate of this log of the authority was changed: that log, or a later one to
    /// the same addressee, which may have its changes, is not known to be here whole.
    pub(super) fn unsettled(&self, log: &Origin) -> Option<String> {
        let later =
            |one: &Origin| one.host() == log.host() && one.addressee() == log.addressee() && one.shard() > log.shard();
        self.missing(|one| one == log || later(one)).map(|why| format!("{why} ({})", why.reason()))
    }

    /// Why one of these logs of the authority is not known to be here whole.
    pub(super) fn missing(&self, concerns: impl Fn(&Origin) -> bool) -> Option<SequencerError> {
        self.sequencer().gate().unsettled(&self.trust(), concerns)
    }
}
