//! What a replica holds of a log, read from the log's own store.

use super::{Siblings, Target, record::ReplicaRecord};
use crate::{
    inbox::finding::{self, Kept},
    log::{EMPTY_ROOT, Frontier, Origin, TreeHead, leaf_hash},
    statement::{Jti, Status, StatusList, status_list::LIST_ENTRIES},
    store::{PublishedHead, Store, StoreError, Table},
    verification::{ListView, StatusPlace, StatusView},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is durable of one partner log.
#[derive(Debug, Clone)]
pub struct Held {
    /// The newest head whose entries are all held and published here.
    pub head: Option<PublishedHead>,
    /// The edge of the tree of all durable entries, published or not.
    pub edge: Frontier,
    /// What the next entry is held against.
    pub status: StatusView,
    /// The identifier that the last durable entry is kept under.
    pub last: Option<Jti>,
    /// Certificates taken since the oldest check under way began; those before it the check finds in the store.
    pub recent: BTreeMap<Jti, Target>,
    /// What the log was last heard to have signed, and whether it showed two histories.
    pub record: ReplicaRecord,
    /// Entries that failed their check.
    pub findings: BTreeSet<u64>,
    /// Closed logs that this may speak for.
    pub siblings: Siblings,
    /// Whether the store knows the log.
    pub open: bool,
}

impl Held {
    /// Nothing.
    #[must_use]
    pub fn nothing(origin: &Origin) -> Self {
        Self {
            head: None,
            edge: Frontier::empty(),
            status: StatusView::new(origin.clone()),
            last: None,
            recent: BTreeMap::new(),
            record: ReplicaRecord::default(),
            findings: BTreeSet::new(),
            siblings: Siblings::default(),
            open: false,
        }
    }

    /// Reads what is held. It reads one row of each entry, and blocks.
    pub fn load(store: &dyn Store, origin: &Origin) -> Result<Self, StoreError> {
        let record = ReplicaRecord::read(store, origin)?;
        if store.addressee(origin).is_none() {
            // All of it may be lost before any of it is here.
            let record = ReplicaRecord { loss: record.loss, ..ReplicaRecord::default() };
            return Ok(Self { record, ..Self::nothing(origin) });
        }
        let (mut findings, mut placeless, mut places) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        for Kept { finding, cleared } in finding::all(store, origin)? {
            match cleared {
                None => {
                    findings.insert(finding.index);
                    placeless.extend(Some(finding.index).filter(|_| !finding::keeps_its_place(&finding.reason)));
                }
                Some(cleared) => places.extend(cleared.status_index.map(|place| (finding.index, place))),
            }
        }
        let head = store.head(origin);
        let published = head.as_ref().map_or(0, |head| head.head.size);
        let durable = store.durable_size(origin);
        let mut edge = Frontier::load(published, &store.hashes(origin))?;
        let mut taken: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut take = |index: u32| taken.entry(index / LIST_ENTRIES).or_default().push(index % LIST_ENTRIES);
        let mut last = None;
        let gone = |index| StoreError::NoEntry { origin: origin.clone(), index };
        for index in 0..durable {
            let facts = if index < published {
                store.facts(origin, index)?.ok_or_else(|| gone(index))?
            } else {
                let entry = store.durable_entry(origin, index)?.ok_or_else(|| gone(index))?;
                edge.append(leaf_hash(&entry.leaf));
                entry.facts
            };
            // What a later list found wrong takes no place any more, unless its key alone was closed.
            let place = facts.status_index.or_else(|| places.get(&index).copied());
            place.filter(|_| !placeless.contains(&index)).into_iter().for_each(&mut take);
            last = Some(facts.jti);
        }
        let mut lists = Vec::new();
        for state in store.status_lists(origin)? {
            let mut statuses = StatusList::new();
            for (index, bits) in state.set {
                let known = Status::from_value(bits).and_then(|status| statuses.set(index, status)).ok();
                known.ok_or_else(|| StoreError::BadBatch(format!("status {bits} at {index} of {origin} is none")))?;
            }
            lists.push(ListView::resume(statuses, taken.remove(&state.list).unwrap_or_default()));
        }
        let in_part = record.in_part.iter().map(|(list, place)| StatusPlace { list: *list, place: *place });
        let status = StatusView::resume(origin.clone(), (durable, record.last), record.as_of, lists, in_part);
        let (recent, siblings) = (BTreeMap::new(), Siblings::default());
        Ok(Self { head, edge, status, last, recent, record, findings, siblings, open: true })
    }

    /// Size and root of the head held.
    #[must_use]
    pub fn tree_head(&self) -> TreeHead {
        self.head.as_ref().map_or(TreeHead { size: 0, root: EMPTY_ROOT }, |head| head.head)
    }
}

/// The store's newest note of the log: the head held, or one heard of since whose entries are not all here.
pub fn newest_note(store: &dyn Store, origin: &Origin) -> Result<Option<String>, StoreError> {
    let heard = ReplicaRecord::read(store, origin)?.heard;
    Ok(heard.map(|heard| heard.note).or_else(|| store.head(origin).map(|head| head.note)))
}

pub(super) const TABLE: Table = Table::Replica;
