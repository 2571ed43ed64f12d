//! What stands in the rows of the feed that the work writes: names and places, and nothing that is disclosed.

use super::super::WorkflowError;
use crate::{
    log::Origin,
    office::{Application, ApplicationId, Deed, StageName},
    statement::Jti,
    time::{Date, serde_date},
    workflow::customs::{ClockStep, Deadline},
};
use serde::{Deserialize, Serialize};

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Told {
    /// Something was done to an application.
    Application {
        /// Which.
        id: ApplicationId,
        /// What was done.
        deed: Deed,
        /// Where it stood then.
        stage: StageName,
    },
    /// Entries of a log are cosigned as the policy asks.
    Released {
        /// The log.
        log: Origin,
        /// The first of them.
        from: u64,
        /// One past the last of them.
        to: u64,
    },
    /// The addressee says what reached it of a log.
    Receipted {
        /// The log.
        log: Origin,
        /// Entries before the others that it had missed, rising.
        late: Vec<u64>,
        /// The first of the others.
        from: u64,
        /// One past the last of them.
        to: u64,
        /// Those of them that did not come, rising.
        except: Vec<u64>,
    },
    /// Entries of a partner's log are here, with all they disclose.
    Heard {
        /// The log.
        log: Origin,
        /// Entries before the others that were waited for, rising.
        late: Vec<u64>,
        /// The first of the others.
        from: u64,
        /// One past the last of them.
        to: u64,
        /// Those of them that are waited for, rising.
        except: Vec<u64>,
    },
    /// The clock of an enquiry came to a step.
    Clock {
        /// Which.
        enquiry: Jti,
        /// Who asks.
        from: String,
        /// Who is asked.
        to: String,
        /// Of which day.
        deadline: Deadline,
        /// How that day stands to the day it was told.
        step: ClockStep,
        /// That day.
        #[serde(with = "serde_date")]
        due: Date,
        /// Whether an officer may say now that there was no reply.
        #[serde(default)]
        proposes: bool,
        /// Whether a reply that is not to be read here may be what the day is for.
        #[serde(default)]
        unread: bool,
    },
}

/// Entries that one row names one by one, of each sort: a row of the feed has room for them (256 numbers of up to 20
/// digits, twice, in 16 kB).
pub(super) const NAMED_AT_ONCE: usize = 256;

impl Told {
    /// What an addressee says that reached it, in as many rows as it takes to name what did not.
    pub(super) fn receipted(log: &Origin, late: &[u64], (from, to): (u64, u64), except: &[u64]) -> Vec<Self> {
        let row = |late: &[u64], from, to, except: &[u64]| {
            let (late, except) = (late.to_vec(), except.to_vec());
            Self::Receipted { log: log.clone(), late, from, to, except }
        };
        let mut rows = late.chunks(NAMED_AT_ONCE).map(|late| row(late, from, from, &[])).collect::<Vec<_>>();
        let mut begin = from;
        let mut missing = except.chunks(NAMED_AT_ONCE).peekable();
        while begin < to {
            let named = missing.next().unwrap_or_default();
            let end = missing.peek().and_then(|next| next.first()).copied().unwrap_or(to);
            rows.push(row(&[], begin, end, named));
            begin = end;
        }
        rows
    }

    /// The row.
    pub(crate) fn row(&self) -> Result<Vec<u8>, WorkflowError> {
        serde_json::to_vec(self).map_err(|e| WorkflowError::Record(format!("a change: {e}")))
    }

    /// Reads a row; `None` for one of a later version, which is passed over.
    pub(super) fn read(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }
}

/// The row for a deed that leaves an application where it stands.
pub(crate) fn of_deed(application: &Application, deed: Deed) -> Result<Vec<u8>, WorkflowError> {
    Told::Application { id: application.id, deed, stage: application.stage.name() }.row()
}

/// Rows for all that was done to an application since it had so many events in its history.
pub(crate) fn of_application(application: &Application, before: usize) -> Result<Vec<Vec<u8>>, WorkflowError> {
    let done = application.history.iter().skip(before);
    done.map(|event| Told::Application { id: application.id, deed: event.deed, stage: event.stage }.row()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MAX_TOLD_BYTES;

    #[test]
    fn a_receipt_that_names_many_entries_is_told_in_rows_that_have_room_for_them() {
        let log: Origin = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        let late = (0..1_000).collect::<Vec<u64>>();
        let (from, to) = (10_000_000_000_000_000, 10_000_000_000_002_000);
        let except = (from..to).step_by(2).collect::<Vec<_>>();
        let rows = Told::receipted(&log, &late, (from, to), &except);
        assert!(rows.iter().all(|row| row.row().unwrap().len() < MAX_TOLD_BYTES));
        let (mut named, mut end, mut missing) = (Vec::new(), from, Vec::new());
        for row in rows {
            let Told::Receipted { late, from: begin, to, except, .. } = row else { panic!("{row:?}") };
            assert_eq!(begin, end);
            assert!(except.iter().all(|index| (begin..to).contains(index)));
            end = to;
            named.extend(late);
            missing.extend(except);
        }
        assert_eq!((named, end, missing), (late, to, except));
        assert!(Told::receipted(&log, &[], (7, 7), &[]).is_empty());
        assert_eq!(Told::receipted(&log, &[3], (7, 9), &[]).len(), 2);
    }
}
