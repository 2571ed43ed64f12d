//! What speaks against a certificate of this authority after it was issued, read cheaply: what nobody said anything of
//! is not opened.

use super::abroad::Abroad;
use crate::{
    statement::{Issuer, Jti, ResponseCode, Status, SubjectFinding, status_list::LIST_ENTRIES},
    store::{EntryRef, Subject, about},
    workflow::{Desk, WorkflowError},
};

/// Something that speaks against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workflow) enum Against {
    /// This authority withdrew it.
    Withdrawn,
    /// Customs abroad denied preference, and have not taken that back.
    Denied(Issuer),
    /// An enquiry was answered with that it does not hold, or only in part.
    NotValid,
}

impl Desk {
    /// What speaks against a certificate; nothing where it is not published. It reads from the disk.
    pub(in crate::workflow) fn speaks_against(&self, entry: &EntryRef) -> Result<Vec<Against>, WorkflowError> {
        let Some(facts) = self.store().facts(&entry.origin, entry.index)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if let Some(place) = facts.status_index {
            let value = self.store().status(&entry.origin, place / LIST_ENTRIES, place % LIST_ENTRIES)?;
            if matches!(Status::from_value(value.unwrap_or_default()), Ok(Status::Withdrawn)) {
                found.push(Against::Withdrawn);
            }
        }
        if self.is_spoken_of(&facts.jti)? {
            found.extend(self.said_abroad(&facts.jti)?);
        }
        Ok(found)
    }

    fn is_spoken_of(&self, jti: &Jti) -> Result<bool, WorkflowError> {
        let subject = Subject::Statement(*jti);
        for store in self.stores_addressed() {
            if !about(store.as_ref(), &subject)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn said_abroad(&self, jti: &Jti) -> Result<Vec<Against>, WorkflowError> {
        let mut found = Vec::new();
        for note in self.abroad_of(jti)?.into_iter().filter(|note| !note.amended) {
            match note.what {
                Abroad::Response(response) => {
                    if response.decisions.iter().any(|one| one.code == ResponseCode::PreferenceDenied) {
                        found.push(Against::Denied(note.by));
                    }
                }
                Abroad::Reply(reply) => {
                    if reply.answers.iter().any(|one| one.finding != SubjectFinding::Valid) {
                        found.push(Against::NotValid);
                    }
                }
                Abroad::Endorsement(_) | Abroad::Enquiry(_) | Abroad::Erased(_) => {}
            }
        }
        found.dedup();
        Ok(found)
    }
}
