//! Heads that newer ones followed, with the cosignatures they had: where a trust list ends a log below its newest head, what
//! stood in it until then is proven under one of these.
//!
//! The newer a head is, the closer the next one that is kept: of each step, four times as wide as the one before, the last
//! heads of the newest 64 stretches. So of a log that is ended a thousand entries below its newest head, the last 16 at most
//! have none; and a log has some hundred, of less than a kilobyte each.

use super::cosigned::{Cosigned, enough};
use crate::{
    log::{Origin, SignedCheckpoint},
    store::{StateChange, Store, StoreError, Table},
    trust::TrustList,
};
use std::collections::BTreeMap;

/// Stretches of one step.
const STRETCHES: u64 = 64;
/// A stretch of the widest step is 2^30 entries long.
const STEPS: u8 = 16;

/// What keeps a head that one of `next` entries follows, wherever it is the last of its stretch.
pub(super) fn spare(origin: &Origin, size: u64, next: u64, note: &str) -> Vec<StateChange> {
    let record = [size.to_be_bytes().as_slice(), note.as_bytes()].concat();
    let stretch = |size: u64, step: u8| size >> (2 * u32::from(step));
    let left = (0..STEPS).take_while(|step| stretch(size, *step) != stretch(next, *step));
    let put = left.map(|step| {
        let place = (stretch(size, step) % STRETCHES).to_be_bytes();
        let id = [prefix(origin).as_slice(), &[step], &place].concat();
        StateChange::RecordPut { table: Table::Setting, id, record: record.clone() }
    });
    put.collect()
}

/// The newest head of a log that has at most `last` entries, covers the entry at `index` and has the cosignatures that the
/// policy asks for that entry: its size, and its note with them. It reads what is kept of the log.
pub fn within(
    store: &dyn Store,
    origin: &Origin,
    trust: &TrustList,
    (index, last): (u64, u64),
) -> Result<Option<(u64, String)>, StoreError> {
    let Some(key) = trust.log_key(origin) else { return Ok(None) };
    let mut heads = kept(store, origin)?;
    let newest = Cosigned::load(store, origin, trust)?;
    heads.extend(newest.heads().map(|(size, signed)| (size, signed.note().to_string())));
    let fits = |size: &u64| index < *size && *size <= last;
    let found = heads.into_iter().rev().filter(|(size, _)| fits(size)).find(|(_, note)| {
        let signed = SignedCheckpoint::open(note, &key);
        signed.is_ok_and(|signed| enough(trust, origin, &signed, index))
    });
    Ok(found)
}

/// The notes that are kept, by their sizes.
fn kept(store: &dyn Store, origin: &Origin) -> Result<BTreeMap<u64, String>, StoreError> {
    let records = store.records_under(Table::Setting, &prefix(origin), usize::MAX)?.into_iter();
    let heads = records.filter_map(|(_, record)| {
        let (size, note) = record.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*size), std::str::from_utf8(note).ok()?.to_owned()))
    });
    Ok(heads.collect())
}

/// No origin has a zero byte.
fn prefix(origin: &Origin) -> Vec<u8> {
    [b"heads/".as_slice(), origin.as_str().as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, MemoryStore};

    #[test]
    fn the_newer_a_head_the_closer_the_next_one_that_is_kept_and_few_are_kept_in_all() {
        let (store, origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/customs.gov.cn".parse::<Origin>().unwrap());
        let end = 100_000_u64;
        let state = (1..end).flat_map(|size| spare(&origin, size, size + 1, &format!("head of {size}"))).collect();
        store.commit(Batch { state, ..Batch::default() }).unwrap();
        let heads = kept(&store, &origin).unwrap();
        assert!(heads.len() < 640, "{}", heads.len());
        for (size, note) in &heads {
            assert_eq!(*note, format!("head of {size}"));
        }
        for back in [1, 10, 63, 200, 1_000, 5_000, 20_000, 90_000] {
            let last = end - back;
            let (size, _) = heads.range(..=last).next_back().unwrap();
            assert!((last - size) * 16 <= back, "{last}: {size}");
        }
    }

    #[test]
    fn of_heads_far_apart_each_is_kept_until_as_many_newer_ones_are() {
        let (store, origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/customs.gov.cn".parse::<Origin>().unwrap());
        let sizes = [1, 2, 7, 500, 501, 9_000];
        for pair in sizes.windows(2) {
            let state = spare(&origin, pair[0], pair[1], "head");
            store.commit(Batch { state, ..Batch::default() }).unwrap();
        }
        assert_eq!(kept(&store, &origin).unwrap().into_keys().collect::<Vec<_>>(), sizes[..5]);
    }
}
