//! What is kept of a loss: entries that partners gave back, and logs that were closed because nobody could.

use super::{
    snapshot::{noted_changes, put_changes},
    uncounted::Uncounted,
};
use crate::{
    log::{Origin, size_in},
    statement::{Jti, Kind, OpenedBody, StatementRef, open_leaf, status_list::LIST_ENTRIES},
    store::{Batch, EntryRef, Expected, StateChange, Store, StoreError, Table},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map::Entry};

/// Entries of an own log that were missing at a start and came back from a partner, without their disclosures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// The first that was missing.
    pub from: u64,
    /// Those below this index came back.
    pub end: u64,
    /// When the last of them came back, in Unix milliseconds: requests made before may have been carried out.
    pub at_ms: u64,
    /// Whether certificate numbers among them are still unknown.
    pub numbers_unknown: bool,
}

/// Entries of an own log that came back, of which some may be without what they disclose; none once it was looked for and is
/// all here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bare {
    /// The first of them.
    pub from: u64,
    /// Those below this index.
    pub end: u64,
}

/// A log that was closed with less than was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Entries held.
    pub size: u64,
    /// Entries that a head was signed over.
    pub signed: u64,
    /// That head.
    pub note: String,
}

/// A certificate, or a paper, that came back under a number that something else had got by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenTwice {
    /// The number.
    pub number: String,
    /// The statement that came back: by the number it is not found.
    pub jti: Jti,
}

/// A head of an own log, beyond what was here, that a package showed: whoever made that may never be reached to tell it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The node that made the package.
    pub by: String,
    /// The head.
    pub note: String,
}

const RECALLED: &str = "recalled/";
const SHOWN: &str = "shown/";
const BARE: &str = "bare/";
const CLOSED: &str = "closed/";
const TWICE: &str = "twice/";
const NOBODY: &str = "nobody/";
const HEARD_ALL: &[u8] = b"heard-all";
const GONE: &str = "gone/";
const CLOSED_AT: &str = "closed-at/";

impl Recalled {
    /// Reads what is kept of one log.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Option<Self>, StoreError> {
        read(store, RECALLED, origin)
    }

    /// Of every log of which something is kept.
    pub fn all(store: &dyn Store) -> Result<Vec<(Origin, Self)>, StoreError> {
        all(store, RECALLED)
    }

    /// When what came back last did, in Unix milliseconds; none where nothing ever did.
    pub fn last_ms(store: &dyn Store) -> Result<Option<u64>, StoreError> {
        Ok(Self::all(store)?.into_iter().map(|(_, recalled)| recalled.at_ms).max())
    }

    /// The change that keeps it.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        put(RECALLED, origin, self)
    }

    /// Has a batch that changes it fail where it is not this any more.
    #[must_use]
    pub fn still(&self, origin: &Origin) -> Expected {
        let record = Some(postcard::to_allocvec(self).unwrap_or_default());
        Expected { table: Table::Setting, id: id(RECALLED, origin), record }
    }
}

impl Bare {
    /// Reads what is kept of one log. Of what an earlier version brought back nothing is: all of that is looked at.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Option<Self>, StoreError> {
        let bare = match read::<Self>(store, BARE, origin)? {
            Some(bare) => Some(bare),
            None => Recalled::read(store, origin)?.map(|Recalled { from, end, .. }| Self { from, end }),
        };
        Ok(bare.filter(|bare| bare.from < bare.end))
    }

    /// The change that keeps it.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        put(BARE, origin, self)
    }

    /// The change that keeps that nothing is looked for below an index.
    #[must_use]
    pub fn put_none(end: u64, origin: &Origin) -> StateChange {
        Self { from: end, end }.put(origin)
    }
}

impl Closing {
    /// Reads what is kept of one log.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Option<Self>, StoreError> {
        read(store, CLOSED, origin)
    }

    /// Of every log of which it is kept, also of one that is not here at all.
    pub fn all(store: &dyn Store) -> Result<Vec<(Origin, Self)>, StoreError> {
        all(store, CLOSED)
    }

    /// The change that keeps it.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        put(CLOSED, origin, self)
    }

    /// When a log was closed so, in Unix milliseconds: nothing was signed for it since. An earlier version did not keep it.
    pub fn at_ms(store: &dyn Store, origin: &Origin) -> Result<Option<u64>, StoreError> {
        read(store, CLOSED_AT, origin)
    }

    /// The change that keeps when; apart, as what an earlier version kept of a closing has no place for it.
    #[must_use]
    pub fn put_at(at_ms: u64, origin: &Origin) -> StateChange {
        put(CLOSED_AT, origin, &at_ms)
    }
}

impl Shown {
    /// Of every log of which it is kept, also of one that is not here at all.
    pub fn all(store: &dyn Store) -> Result<Vec<(Origin, Self)>, StoreError> {
        all(store, SHOWN)
    }

    /// The change that keeps it; none where as much is kept already that counts: packages come again, and old ones after new
    /// ones.
    pub fn put(
        &self,
        store: &dyn Store,
        origin: &Origin,
        counts: impl FnOnce(&Self) -> bool,
    ) -> Result<Option<StateChange>, StoreError> {
        let kept = read::<Self>(store, SHOWN, origin)?.filter(counts).and_then(|kept| size_in(&kept.note));
        Ok((size_in(&self.note) > kept).then(|| put(SHOWN, origin, self)))
    }
}

impl GivenTwice {
    /// What is kept of one log.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Vec<Self>, StoreError> {
        Ok(read::<Vec<Self>>(store, TWICE, origin)?.unwrap_or_default())
    }

    /// Of every log of which something is kept.
    pub fn all(store: &dyn Store) -> Result<Vec<(Origin, Vec<Self>)>, StoreError> {
        let mut kept = all::<Vec<Self>>(store, TWICE)?;
        kept.retain(|(_, twice)| !twice.is_empty());
        Ok(kept)
    }

    /// The change that keeps all of one log.
    #[must_use]
    pub fn put(all: &[Self], origin: &Origin) -> StateChange {
        put(TWICE, origin, &all)
    }

    /// Has a batch that adds to these fail where they are not all any more.
    pub(super) fn still(all: &[Self], origin: &Origin) -> Expected {
        let record = (!all.is_empty()).then(|| postcard::to_allocvec(&all).unwrap_or_default());
        Expected { table: Table::Setting, id: id(TWICE, origin), record }
    }
}

/// Whether every partner was heard since the folder began, or an operator said that nothing is missing: a folder that was lost,
/// or put back, does not say so, and any partner may know of a log of which nothing is here.
pub fn has_heard_all(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.record(Table::Setting, HEARD_ALL)?.is_some())
}

/// The change that keeps it.
#[must_use]
pub fn put_heard_all() -> StateChange {
    StateChange::RecordPut { table: Table::Setting, id: HEARD_ALL.to_vec(), record: Vec::new() }
}

/// The change that takes it out of a folder that is put back.
#[must_use]
pub fn unheard_again() -> StateChange {
    StateChange::RecordRemoved { table: Table::Setting, id: HEARD_ALL.to_vec() }
}

/// Whether no partner has the numbers that are unknown of what came back to a log: all who may were heard.
pub fn is_with_nobody(store: &dyn Store, origin: &Origin) -> Result<bool, StoreError> {
    Ok(read(store, NOBODY, origin)?.unwrap_or(false))
}

/// The change that keeps it.
#[must_use]
pub fn put_with_nobody(origin: &Origin, is_with_nobody: bool) -> StateChange {
    put(NOBODY, origin, &is_with_nobody)
}

/// Of how many entries that came back to a log what they disclosed is asked for no more, by the operator's word.
pub fn contents_gone(store: &dyn Store, origin: &Origin) -> Result<u64, StoreError> {
    Ok(read(store, GONE, origin)?.unwrap_or(0))
}

/// The change that keeps it.
#[must_use]
pub(super) fn put_contents_gone(origin: &Origin, count: u64) -> StateChange {
    put(GONE, origin, &count)
}

/// What the writer has to keep beside entries that a partner gave back, in the same batch, so that it never repeats
/// what they took: their status lists give out no further index (the order they were given out in is lost: the next
/// certificate opens another list); certificate numbers and requests of before are shut; changes of status are found
/// again. `began_ms` is when this process began to ask: what was lost was done before.
pub fn refilled(
    store: &dyn Store,
    origin: &Origin,
    batch: &Batch,
    began_ms: u64,
) -> Result<Vec<StateChange>, StoreError> {
    let (Some(first), Some(last)) = (batch.entries.first(), batch.entries.last()) else { return Ok(Vec::new()) };
    let mut state = Vec::new();
    let opened = batch.state.iter().filter_map(|change| match change {
        StateChange::StatusListOpened { list, .. } => Some(*list),
        _ => None,
    });
    let open = store.status_lists(origin)?.into_iter().filter(|list| list.allocated < LIST_ENTRIES);
    for list in open.map(|list| list.list).chain(opened) {
        state.push(StateChange::StatusAllocated { origin: origin.clone(), list, count: LIST_ENTRIES });
    }
    let before = Recalled::read(store, origin)?.filter(|before| before.numbers_unknown || before.end == first.index);
    let certificates = batch.entries.iter().any(|entry| bears_number(entry.status_index, &entry.leaf));
    let recalled = Recalled {
        from: before.map_or(first.index, |before| before.from),
        end: last.index.saturating_add(1),
        at_ms: began_ms,
        numbers_unknown: certificates || before.is_some_and(|before| before.numbers_unknown),
    };
    state.push(recalled.put(origin));
    // What they disclose stays with who has it: who asks for it looks which of them disclose anything.
    let from = Bare::read(store, origin)?.map_or(first.index, |bare| bare.from.min(first.index));
    state.push(Bare { from, end: recalled.end }.put(origin));
    // What was kept beside them in their commits comes from nobody.
    state.extend(Uncounted::came(store, origin, (first.index, recalled.end))?);
    // Of what came now nobody was asked yet.
    if is_with_nobody(store, origin)? {
        state.push(put_with_nobody(origin, false));
    }
    let mut changes: BTreeMap<(Origin, Jti), Vec<EntryRef>> = BTreeMap::new();
    for entry in &batch.entries {
        let none: &[&str] = &[];
        let Ok(opened) = open_leaf(&entry.leaf, none) else { continue };
        let OpenedBody::StatusChange(opened) = opened.body else { continue };
        let StatementRef { log, jti } = opened.change.target;
        let places = match changes.entry((log.clone(), jti)) {
            Entry::Vacant(vacant) => vacant.insert(noted_changes(store, &log, &jti)?),
            Entry::Occupied(known) => known.into_mut(),
        };
        places.push(EntryRef { origin: origin.clone(), index: entry.index });
    }
    for ((log, jti), places) in changes {
        state.push(put_changes(&log, &jti, &places, log != *origin)?);
    }
    Ok(state)
}

/// Whether a number stands in the disclosures of an entry: of a certificate, or of a paper that is registered.
#[must_use]
pub fn bears_number(status_index: Option<u32>, leaf: &[u8]) -> bool {
    let none: &[&str] = &[];
    status_index.is_some() || open_leaf(leaf, none).is_ok_and(|opened| opened.body.kind() == Kind::PaperCertificate)
}

/// Whether a request was made before this instant, in Unix milliseconds, by the time in its UUIDv7. Who asked had a
/// clock of his own: one that is ahead may let a request through that was carried out within the same minutes.
pub(super) fn made_before(request: &[u8; 16], at_ms: u64) -> bool {
    let made = request.iter().take(6).fold(0_u64, |ms, byte| ms << 8 | u64::from(*byte));
    made < at_ms
}

fn id(kind: &str, origin: &Origin) -> Vec<u8> {
    format!("{kind}{origin}").into_bytes()
}

fn read<T: for<'a> Deserialize<'a>>(store: &dyn Store, kind: &str, origin: &Origin) -> Result<Option<T>, StoreError> {
    store.record(Table::Setting, &id(kind, origin))?.map(|record| parse(origin, &record)).transpose()
}

/// Of every log of which it is kept: where nothing was lost that is one look, however many logs there are.
fn all<T: for<'a> Deserialize<'a>>(store: &dyn Store, kind: &str) -> Result<Vec<(Origin, T)>, StoreError> {
    let mut all = Vec::new();
    for (id, record) in store.records_under(Table::Setting, kind.as_bytes(), usize::MAX)? {
        let name = id.strip_prefix(kind.as_bytes()).and_then(|name| std::str::from_utf8(name).ok());
        let Some(origin) = name.and_then(|name| name.parse::<Origin>().ok()) else { continue };
        let one = parse(&origin, &record)?;
        all.push((origin, one));
    }
    Ok(all)
}

fn parse<T: for<'a> Deserialize<'a>>(origin: &Origin, record: &[u8]) -> Result<T, StoreError> {
    let broken = |error: postcard::Error| StoreError::Index(format!("what is kept of the loss in {origin}: {error}"));
    postcard::from_bytes(record).map_err(broken)
}

fn put(kind: &str, origin: &Origin, record: &impl Serialize) -> StateChange {
    let record = postcard::to_allocvec(record).unwrap_or_default();
    StateChange::RecordPut { table: Table::Setting, id: id(kind, origin), record }
}
