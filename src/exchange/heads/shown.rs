//! What each node shows of one log, and how far that is known to be of one history.

use super::Noted;
use crate::{log::TreeHead, time::Timestamp, trust::NodeName};
use std::sync::Arc;

/// Who has shown that a head is of the history that is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvenBy {
    /// Nobody had to: it is a head that was known, or that was compared before.
    Known,
    /// This node, by the entries that it holds.
    Here,
    /// Another that holds the entries.
    Node(NodeName),
}

/// The newest head that a node has shown and that is known to be of the one history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Size and root.
    pub head: TreeHead,
    /// The note, with the log's signature.
    pub note: Arc<str>,
    /// By whose proof.
    pub by: ProvenBy,
    /// When it was shown, and compared, last.
    pub at: Timestamp,
}

/// A head that a node shows, and that nobody has brought together with the others.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) seen: Noted,
    /// The size of the head that it was held against last.
    pub(super) known: u64,
    pub(super) since: Timestamp,
    pub(super) tried: Timestamp,
}

/// What one node shows of a log.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) compared: Option<Compared>,
    pub(super) open: Option<Open>,
}

impl Shown {
    /// The head is of the one history.
    pub(super) fn is_good(&mut self, (head, note): &Noted, by: &ProvenBy, now: Timestamp) {
        if self.compared.as_ref().is_some_and(|last| last.head.size > head.size) {
            return;
        }
        // Whoever has proven it once has proven it.
        let before = self.compared.take().filter(|last| last.head == *head && last.by != ProvenBy::Known);
        let by = before.map_or_else(|| by.clone(), |last| last.by);
        self.compared = Some(Compared { head: *head, note: note.as_str().into(), by, at: now });
    }

    /// Nobody has shown how the head belongs together with one of the size `known`. What came first is asked about until it
    /// is explained: who shows ever newer heads explains nothing by that.
    pub(super) fn is_open(&mut self, seen: &Noted, known: u64, now: Timestamp) {
        match &mut self.open {
            Some(open) if open.seen.0 == seen.0 => (open.known, open.tried) = (known, now),
            Some(_) => {}
            None => self.open = Some(Open { seen: seen.clone(), known, since: now, tried: now }),
        }
    }
}
