//! For whom certificates were issued: kept for ever beside their entries, one note for a run of them.

use super::SequencerError;
use crate::{
    certificate::OfficeCode,
    office::ApplicationId,
    store::{EntryNote, EntryRef, Store},
};
use serde::{Deserialize, Serialize};

/// Who asked for a certificate, where, and for which application. It names nothing that is disclosed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedFor {
    /// The account that asked, or that signed.
    pub by: String,
    /// The issuing office.
    pub office: OfficeCode,
    /// The application it was issued for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
}

impl IssuedFor {
    /// What is noted of a certificate; none of one that came back from a partner, or is older than such notes.
    pub fn of(store: &dyn Store, certificate: &EntryRef) -> Result<Option<Self>, SequencerError> {
        let note = store.notes(&certificate.origin, certificate.index, 1)?.into_iter().next();
        Ok(note.filter(|note| note.first <= certificate.index).and_then(|note| Self::read(&note)))
    }

    /// Reads a note; `None` for one that is not of this form.
    #[must_use]
    pub fn read(note: &EntryNote) -> Option<Self> {
        serde_json::from_slice(&note.note).ok()
    }
}

/// A note in the making: certificates of one batch that follow one another and were asked for alike.
pub(super) struct Run {
    issued_for: IssuedFor,
    first: EntryRef,
    last: u64,
}

impl Run {
    /// Takes a certificate in, or begins another run with it.
    pub(super) fn add(runs: &mut Vec<Self>, issued_for: IssuedFor, entry: &EntryRef) {
        let follows = |run: &Self| run.first.origin == entry.origin && run.last.checked_add(1) == Some(entry.index);
        match runs.last_mut() {
            Some(run) if run.issued_for == issued_for && follows(run) => run.last = entry.index,
            _ => runs.push(Self { issued_for, first: entry.clone(), last: entry.index }),
        }
    }

    pub(super) fn note(&self) -> Result<EntryNote, SequencerError> {
        let note = serde_json::to_vec(&self.issued_for).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        let EntryRef { origin, index } = self.first.clone();
        Ok(EntryNote { origin, first: index, last: self.last, note })
    }
}
