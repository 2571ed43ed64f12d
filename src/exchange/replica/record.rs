//! What a replica keeps beside the entries of its log.

use super::held::TABLE;
use crate::{
    log::{Hash, Origin, TreeHead},
    statement::Jti,
    store::{StateChange, Store, StoreError},
    verification::StatusView,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One record for each partner log, written with each batch of its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaRecord {
    /// The newest head that the log was heard to have signed. It is kept with the first entries taken on its word:
    /// the log's own node, restored from an old copy, is reminded of it.
    pub heard: Option<Heard>,
    /// The highest identifier of its accepted entries.
    pub last: Option<Jti>,
    /// Unix seconds of the last status snapshot.
    pub as_of: u64,
    /// Certificates, by list and place, some of whose items lost their force for good.
    pub in_part: Vec<(u32, u32)>,
    /// The log has shown two histories, the shorter of this size: nothing is taken or cosigned any more.
    pub equivocated: Option<u64>,
    /// Which keys counted no more, and from where, by the list that the log was judged by last, and those by which closed
    /// logs beside it were; see [`crate::trust::TrustList::closed_in`]. It stands behind the rest in the record.
    #[serde(skip)]
    pub closed: Option<Hash>,
    /// What its own node says that it lost of the log. It stands behind that.
    #[serde(skip)]
    pub loss: Option<Loss>,
}

/// What a log's own node says that it lost of it for good: entries that it signed for. It gives no more, and never will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Entries that it still gives.
    pub size: u64,
    /// Entries that it signed for, as far as it knows, or that count by the trust list.
    pub signed: u64,
}

/// A head that the log signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Size and root.
    pub head: TreeHead,
    /// The note.
    pub note: String,
}

impl ReplicaRecord {
    /// Reads the record of a log; the default where there is none.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Self, StoreError> {
        let Some(bytes) = store.record(TABLE, origin.as_str().as_bytes())? else { return Ok(Self::default()) };
        let unreadable = |e: postcard::Error| StoreError::Index(format!("the record of replica {origin}: {e}"));
        let (record, rest) = postcard::take_from_bytes::<Self>(&bytes).map_err(unreadable)?;
        // An earlier version wrote less.
        let (closed, rest) =
            if rest.is_empty() { (None, rest) } else { postcard::take_from_bytes(rest).map_err(unreadable)? };
        let loss = if rest.is_empty() { None } else { postcard::from_bytes(rest).map_err(unreadable)? };
        Ok(Self { closed, loss, ..record })
    }

    /// Takes over how the log stands after its last entry.
    pub(super) fn follow(&mut self, status: &StatusView) {
        (self.last, self.as_of) = (status.last(), status.as_of());
        self.in_part = status.in_part().map(|place| (place.list, place.place)).collect();
    }

    /// Puts the record.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        let record = postcard::to_allocvec(&(self, self.closed, self.loss)).unwrap_or_default();
        StateChange::RecordPut { table: TABLE, id: origin.as_str().as_bytes().to_vec(), record }
    }
}

/// Snapshots that lay ahead of this node's clock when they came, by their index, each with what the clock showed in Unix
/// seconds. It is kept because no later look finds it out again: the clock is no part of what others derive from the log.
pub(super) fn came_ahead(store: &dyn Store, origin: &Origin) -> Result<BTreeMap<u64, u64>, StoreError> {
    let prefix = ahead_prefix(origin);
    let mut ahead = BTreeMap::new();
    for (id, record) in store.records_under(TABLE, &prefix, usize::MAX)? {
        let index = id.strip_prefix(prefix.as_slice()).and_then(|index| index.try_into().ok()).map(u64::from_be_bytes);
        let clock = record.try_into().ok().map(u64::from_be_bytes);
        let unreadable = || StoreError::Index(format!("what the clock showed when a snapshot of {origin} came"));
        let (index, clock) = index.zip(clock).ok_or_else(unreadable)?;
        ahead.insert(index, clock);
    }
    Ok(ahead)
}

/// That a snapshot lies ahead of this node's clock as it comes.
pub(super) fn comes_ahead(origin: &Origin, index: u64, clock: u64) -> StateChange {
    let id = [ahead_prefix(origin), index.to_be_bytes().to_vec()].concat();
    StateChange::RecordPut { table: TABLE, id, record: clock.to_be_bytes().to_vec() }
}

fn ahead_prefix(origin: &Origin) -> Vec<u8> {
    [b"ahead/", origin.as_str().as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, MemoryStore};

    #[test]
    fn what_an_earlier_version_kept_of_a_log_is_still_read_and_a_loss_stays_known() {
        let (store, origin): (_, Origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
        let old = ReplicaRecord { as_of: 7, closed: Some(Hash([3; 32])), ..ReplicaRecord::default() };
        let kept = |record: Vec<u8>| {
            let id = origin.as_str().as_bytes().to_vec();
            let state = vec![StateChange::RecordPut { table: TABLE, id, record }];
            store.commit(Batch { state, ..Batch::default() }).unwrap();
            ReplicaRecord::read(&store, &origin).unwrap()
        };
        let bare = ReplicaRecord { closed: None, ..old.clone() };
        assert_eq!(kept(postcard::to_allocvec(&old).unwrap()), bare);
        assert_eq!(kept(postcard::to_allocvec(&(&old, old.closed)).unwrap()), old);
        let lost = ReplicaRecord { loss: Some(Loss { size: 12, signed: 15 }), ..old };
        store.commit(Batch { state: vec![lost.put(&origin)], ..Batch::default() }).unwrap();
        assert_eq!(ReplicaRecord::read(&store, &origin).unwrap(), lost);
    }
}
