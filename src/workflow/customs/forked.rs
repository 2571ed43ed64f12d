//! Certificates of a log that is proven to have shown two histories: what a quorum had cosigned before these parted stays good
//! (design, replication), and of the rest nobody can say in which of them it stands.

use crate::{
    sequencer::spared,
    store::{EntryRef, Store},
    workflow::{Desk, WorkflowError},
};

/// What is known here of two histories of a certificate's log.
pub(super) struct Fork {
    /// Whether two were proven, though that may be lifted.
    pub(super) equivocated: bool,
    /// Whether a person has lifted that, and nothing was proven since.
    pub(super) lifted: bool,
    /// Why nobody can say how the certificate stands.
    pub(super) disputed: Option<String>,
}

impl Desk {
    /// Whether the log of an entry has shown two histories, and whether the entry may stand in one of them alone: no head is
    /// kept that covers it, was cosigned as the policy asks, and is of before they parted. It reads from the disk.
    pub(super) fn fork_of(&self, store: &dyn Store, entry: &EntryRef) -> Result<Fork, WorkflowError> {
        let EntryRef { origin, index } = entry;
        let partners = &self.setup().partners;
        let (parted, lifted) = (partners.forked_at(origin), partners.was_lifted(origin));
        let disputed = match parted {
            Some(parted) => {
                let before = (*index, parted.saturating_sub(1));
                let is_good = spared::within(store, origin, &self.trust(), before)?.is_some();
                (!is_good).then(|| {
                    format!(
                        "its log is proven to have shown two histories that parted at or before size {parted}, and no head of \
                         before is kept here with which a quorum had cosigned it"
                    )
                })
            }
            None => None,
        };
        Ok(Fork { equivocated: parted.is_some() || lifted, lifted: lifted && parted.is_none(), disputed })
    }
}
