//! What stands in the rows of the feed that the work writes: names and places, and nothing that is disclosed.

use super::super::WorkflowError;
use crate::{
    log::Origin,
    office::{Application, ApplicationId, Deed, StageName},
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
}

impl Told {
    /// The row.
    pub(crate) fn row(&self) -> Result<Vec<u8>, WorkflowError> {
        serde_json::to_vec(self).map_err(|e| WorkflowError::Record(format!("a change: {e}")))
    }

    /// Reads a row; `None` for one of a later version, which is passed over.
    pub(super) fn read(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }
}

/// Rows for all that was done to an application since it had so many events in its history.
pub(crate) fn of_application(application: &Application, before: usize) -> Result<Vec<Vec<u8>>, WorkflowError> {
    let done = application.history.iter().skip(before);
    done.map(|event| Told::Application { id: application.id, deed: event.deed, stage: event.stage }.row()).collect()
}
