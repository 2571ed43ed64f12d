mod index;
mod scrub;
mod sealed;

use super::index::{Changes, MemoryIndex, Reached};
use super::record::{StateBatch, StateRecord};
use super::sim::{Dice, SimDisk};
use super::*;
use crate::reason::Reasoned;
use crate::store::FEED_KEPT_MS;
use crate::store::rig::{Rig, START_MS, origin};
use crate::store::{ANSWERS_KEPT_MS, Batch, REQUEST_AHEAD_MS, StateChange};
use crate::time::SeededRandom;
use std::sync::Mutex;

/// An index that a power cut throws back to any state it ever had.
#[derive(Debug, Default)]
struct Forgetful {
    now: MemoryIndex,
    applied: Mutex<Vec<(Changes, Reached)>>,
}

impl Forgetful {
    fn forget(&self, dice: &mut Dice) {
        let mut applied = self.applied.lock().unwrap();
        let keep = dice.below(applied.len() as u64 + 1);
        applied.truncate(usize::try_from(keep).unwrap());
        self.now.clear().unwrap();
        for (changes, reached) in applied.iter() {
            self.now.apply(changes, *reached).unwrap();
        }
    }
}

impl Index for Forgetful {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.now.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        self.now.scan(prefix, from, visit)
    }

    fn apply(&self, changes: &Changes, reached: Reached) -> Result<(), IndexError> {
        self.applied.lock().unwrap().push((changes.clone(), reached));
        self.now.apply(changes, reached)
    }

    fn reached(&self) -> Result<Option<Reached>, IndexError> {
        self.now.reached()
    }

    fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), IndexError> {
        self.applied.lock().unwrap().clear();
        self.now.clear()
    }
}

fn small() -> JournalOptions {
    JournalOptions {
        entry_segment_bytes: 24 << 10,
        state_segment_bytes: 6 << 10,
        reserve_bytes: 0,
        rows_in_memory: 3,
        background: false,
    }
}

struct Bench {
    disk: SimDisk,
    index: Arc<Forgetful>,
    seed: u64,
}

impl Bench {
    fn new(seed: u64) -> Self {
        Self { disk: SimDisk::new(seed), index: Arc::default(), seed }
    }

    fn open(&self) -> Result<JournalStore, StoreError> {
        let (disk, index) = (Arc::new(self.disk.clone()), Arc::clone(&self.index));
        JournalStore::over(disk, index, small(), Arc::new(SeededRandom::new(self.seed ^ self.disk.operations())))
    }

    /// A store with some history, in several segments of both classes.
    fn lived() -> (Self, JournalStore, Rig) {
        let bench = Self::new(1);
        let store = bench.open().unwrap();
        let mut rig = Rig::new(&["cn", "all"]);
        for _ in 0..30 {
            rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
            rig.advance(&store).unwrap();
        }
        assert!(bench.disk.names().iter().filter(|name| name.starts_with("entries")).count() > 3);
        assert!(bench.disk.names().iter().filter(|name| name.starts_with("state")).count() > 2);
        (bench, store, rig)
    }
}

/// Works until the store says no.
fn work(store: &JournalStore, rig: &mut Rig, dice: &mut Dice, steps: u64) -> Result<(), StoreError> {
    for _ in 0..steps {
        let filler = usize::try_from(dice.below(1500)).unwrap();
        match dice.below(10) {
            0..6 => rig.commit(store, &[(0, dice.below(4)), (1, dice.below(2))], filler)?,
            6..9 => rig.advance(store)?,
            _ => {
                let published = store.head(&origin("cn")).map_or(0, |head| head.head.size);
                if published > 0 {
                    let at = EntryRef { origin: origin("cn"), index: dice.below(published) };
                    let result = store.erase(&at.origin, at.index, START_MS);
                    if result.is_err() {
                        // Erased or not: both are true of an erasure that was not acknowledged.
                        rig.unsure.insert(at.clone());
                    }
                    result?;
                    rig.erased.insert(at);
                }
            }
        }
    }
    Ok(())
}

/// Two lives a seed, each ended by a cut; halves run side by side.
fn power_cuts(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut dice = Dice(seed);
        let bench = Bench::new(seed);
        let mut rig = Rig::new(&["cn", "all"]);
        for _life in 0..2 {
            bench.disk.cut_after(1 + dice.below(110));
            if dice.below(4) == 0 {
                bench.disk.fail_sync_after(dice.below(60));
            }
            let ended = match bench.open() {
                Ok(store) => work(&store, &mut rig, &mut dice, 40),
                Err(error) => Err(error),
            };
            if !bench.disk.is_dead() && ended.is_err() && dice.below(2) == 0 {
                // A sync failed, and the process ends before the power does: the system still shows what
                // the disk never got.
                bench.disk.kill();
                if let Ok(store) = bench.open() {
                    rig.check(&store);
                }
            }
            bench.disk.restart();
            bench.index.forget(&mut dice);
            let store = bench.open().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            rig.check(&store);
            rig.advance(&store).unwrap();
            rig.commit(&store, &[(0, 1), (1, 1)], 50).unwrap();
            rig.advance(&store).unwrap();
            rig.check(&store);
            store.scrub().unwrap();
            let piece = store.core().scrub_piece(u64::MAX, START_MS);
            assert!(piece.found.is_empty() && piece.is_last, "seed {seed}: {piece:?}");
            bench.disk.kill();
        }
    }
}

#[test]
fn a_power_cut_at_any_point_loses_nothing_acknowledged_and_forks_nothing() {
    power_cuts(0..550);
}

#[test]
fn a_power_cut_at_any_other_point_loses_nothing_either() {
    power_cuts(550..1100);
}

#[test]
fn a_failed_sync_stops_the_writer_and_is_never_tried_again() {
    let (bench, store, mut rig) = Bench::lived();
    bench.disk.fail_sync_after(0);
    assert_eq!(rig.commit(&store, &[(0, 1)], 10).unwrap_err().reason(), "STORE_IO");
    let operations = bench.disk.operations();
    let batch = Batch { at_ms: START_MS, state: Vec::new(), ..Batch::default() };
    assert_eq!(store.commit(batch).unwrap_err().reason(), "STORE_POISONED");
    assert_eq!(store.advance(Vec::new(), &|_| Ok(String::new())).unwrap_err().reason(), "STORE_POISONED");
    assert_eq!(bench.disk.operations(), operations, "nothing touches the disk");
    assert!(store.leaf(&origin("cn"), 0).unwrap().is_some(), "reading goes on");
    store.reload().unwrap();
    rig.check(&store);
    rig.commit(&store, &[(0, 1)], 10).unwrap();
    rig.advance(&store).unwrap();
    bench.disk.restart();
    rig.check(&bench.open().unwrap());
}

#[test]
fn a_full_disk_is_said_before_anything_is_accepted() {
    let (bench, store, mut rig) = Bench::lived();
    bench.disk.set_free(100);
    let error = rig.commit(&store, &[(0, 1)], 10).unwrap_err();
    assert_eq!(error.reason(), "NO_SPACE");
    assert_eq!(store.poisoned(), None);
    bench.disk.set_free(1 << 30);
    rig.commit(&store, &[(0, 1)], 10).unwrap();
    rig.check(&store);
}

fn last(bench: &Bench, class: &str) -> String {
    bench.disk.names().into_iter().rfind(|name| name.starts_with(class)).unwrap()
}

#[test]
fn a_damaged_middle_is_refused_by_name_and_offset() {
    for class in ["entries", "state"] {
        let (bench, store, _) = Bench::lived();
        drop(store);
        let name = last(&bench, class);
        let length = bench.disk.contents(&name).len();
        for at in [60, length / 3, length / 2] {
            let (bench, store, _) = Bench::lived();
            drop(store);
            bench.disk.change(&name, |bytes| bytes[at] ^= 1);
            match bench.open().unwrap_err() {
                StoreError::Corrupt { file, offset, .. } => {
                    assert_eq!(file, name);
                    assert!(offset <= at as u64, "{offset} of {at}");
                }
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn damage_in_a_segment_no_start_reads_is_never_served_and_found_by_the_scrub() {
    let (bench, store, rig) = Bench::lived();
    bench.disk.change("entries/00000001", |bytes| {
        let at = bytes.windows(9).position(|window| window == b"header.1.").unwrap();
        bytes[at + 20] ^= 1;
    });
    drop(store);
    let store = bench.open().unwrap();
    assert!(rig.brought.len() > 100);
    for error in [store.leaf(&origin("cn"), 0).unwrap_err(), store.scrub().unwrap_err()] {
        assert!(matches!(&error, StoreError::Corrupt { file, .. } if file == "entries/00000001"), "{error}");
    }
}

#[test]
fn a_segment_that_is_cut_or_missing_is_refused_by_name() {
    for change in [0, 1, 2] {
        let (bench, store, _) = Bench::lived();
        drop(store);
        match change {
            0 => bench.disk.change("entries/00000002", |bytes| bytes.truncate(bytes.len() - 1)),
            1 => bench.disk.delete("entries/00000002"),
            _ => bench.disk.delete(&last(&bench, "entries")),
        }
        let error = bench.open().unwrap_err();
        assert_eq!(error.reason(), "STORE_CORRUPT", "{error}");
    }
}

#[test]
fn entries_shorter_than_the_signed_head_refuse_to_start() {
    let (bench, store, _) = Bench::lived();
    drop(store);
    // Both halves of the last batch with entries are gone, as from an older backup of the entries alone.
    let name = last(&bench, "entries");
    bench.disk.change(&name, |bytes| {
        let magic = super::frame::Class::Entries.magic();
        let at = bytes.windows(8).rposition(|window| window == magic).unwrap();
        bytes.truncate(at);
    });
    let error = bench.open().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { ref file, .. } if *file == name), "{error}");
}

#[test]
fn lost_or_damaged_sidecars_are_made_again() {
    for damage in 0..4 {
        let (bench, store, mut rig) = Bench::lived();
        drop(store);
        match damage {
            0 => bench.disk.delete("logs/00000000.rows"),
            1 => bench.disk.change("logs/00000000.rows", |bytes| bytes[100] ^= 1),
            2 => bench.disk.delete("logs/mark"),
            _ => bench.disk.change("logs/00000001.rows", |bytes| bytes.truncate(81)),
        }
        let store = bench.open().unwrap();
        rig.check(&store);
        rig.commit(&store, &[(0, 2)], 10).unwrap();
        rig.advance(&store).unwrap();
        rig.check(&store);
    }
}

#[test]
fn a_missing_key_file_is_refused_and_an_old_copy_is_erased_again() {
    let (bench, store, mut rig) = Bench::lived();
    let keys: Vec<String> = bench.disk.names().into_iter().filter(|name| name.starts_with("keys")).collect();
    let old: Vec<_> = keys.iter().map(|name| bench.disk.contents(name)).collect();
    store.erase(&origin("cn"), 3, START_MS).unwrap();
    rig.erased.insert(EntryRef { origin: origin("cn"), index: 3 });
    drop(store);
    for (name, old) in keys.iter().zip(old) {
        bench.disk.change(name, |bytes| *bytes = old);
    }
    bench.index.clear().unwrap();
    rig.check(&bench.open().unwrap());
    for name in &keys {
        bench.disk.delete(name);
    }
    let error = bench.open().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { ref file, .. } if keys.contains(file)), "{error}");
}

#[test]
fn old_state_segments_go_once_their_answers_are_old() {
    let (bench, store, mut rig) = Bench::lived();
    let segments = || bench.disk.names().iter().filter(|name| name.starts_with("state")).count();
    let before = segments();
    let late = rig.now_ms() + FEED_KEPT_MS + 1;
    assert!(store.expire(late).unwrap() > 100);
    assert!(before > 2 && segments() == 1);
    rig.acknowledged.clear();
    rig.brought.clear();
    drop(store);
    bench.index.clear().unwrap();
    let store = bench.open().unwrap();
    assert_eq!(store.series_next("PK").unwrap(), rig.series);
    assert!(store.number_taken("PK-00000001").unwrap(), "numbers are kept for ever");
    assert_eq!(store.audit(0, 1000).unwrap().len(), 30);
}

#[test]
fn numbers_that_came_back_outlive_the_segments_of_their_time_and_an_index_made_again_though_two_read_alike() {
    let (bench, store, mut rig) = Bench::lived();
    let numbers = [("LOST/7", 1), ("lost 007", 2)];
    let place = |index| EntryRef { origin: origin("cn"), index };
    for (number, index) in numbers {
        let change = StateChange::NumberRecalled { number: number.to_owned(), entry: place(index) };
        store.commit(Batch { at_ms: rig.now_ms(), state: vec![change], ..Batch::default() }).unwrap();
    }
    for _ in 0..30 {
        rig.commit(&store, &[(0, 4)], 700).unwrap();
        rig.advance(&store).unwrap();
    }
    store.expire(rig.now_ms() + FEED_KEPT_MS + 1).unwrap();
    drop(store);
    bench.index.clear().unwrap();
    let store = bench.open().unwrap();
    for (number, index) in numbers {
        assert_eq!(store.find_number(number).unwrap(), Some(place(index)), "{number}");
    }
    assert!(store.number_like("Lost-7").unwrap().is_some());
}

#[test]
fn answers_are_dropped_page_by_page_to_the_last() {
    let bench = Bench::new(3);
    let options = JournalOptions { state_segment_bytes: 16 << 20, ..small() };
    let index = Arc::clone(&bench.index);
    let store =
        JournalStore::over(Arc::new(bench.disk.clone()), index, options, Arc::new(SeededRandom::new(3))).unwrap();
    let count = 2 * super::writer::EXPIRE_AT_ONCE as u64 + 5;
    let answered = |nth: u64| {
        let mut request_id = [0; 16];
        request_id[..6].copy_from_slice(&START_MS.to_be_bytes()[2..]);
        request_id[8..].copy_from_slice(&nth.to_be_bytes());
        let account = "bank".to_owned();
        StateChange::RequestAnswered { account, request_id, body_digest: [0; 32], answer: Vec::new(), entry: None }
    };
    store.commit(Batch { at_ms: START_MS, state: (0..count).map(answered).collect(), ..Batch::default() }).unwrap();
    let end = START_MS + ANSWERS_KEPT_MS + REQUEST_AHEAD_MS;
    assert_eq!((store.expire(end).unwrap(), store.expire(end + 1).unwrap()), (0, count));
    assert_eq!(store.expire(end + 1).unwrap(), 0);
}

#[test]
fn a_writer_that_panicked_stops_the_store_until_a_reload() {
    let (_bench, store, mut rig) = Bench::lived();
    rig.commit(&store, &[(0, 2)], 10).unwrap();
    let extension = Rig::extension(&store, &origin("cn")).unwrap().unwrap();
    let panicking =
        std::panic::AssertUnwindSafe(|| store.advance(vec![extension], &|_| panic!("the signer is broken")));
    assert!(std::panic::catch_unwind(panicking).is_err());
    let refused = rig.commit(&store, &[(0, 1)], 10).unwrap_err();
    assert_eq!(refused.reason(), "STORE_POISONED", "{refused}");
    store.reload().unwrap();
    rig.advance(&store).unwrap();
    rig.commit(&store, &[(0, 1)], 10).unwrap();
    rig.check(&store);
}

fn real(folder: &std::path::Path) -> Result<JournalStore, StoreError> {
    let options = JournalOptions { background: true, ..small() };
    JournalStore::open(folder, options, Arc::new(SeededRandom::new(1)))
}

#[test]
fn a_folder_that_is_only_looked_at_shows_the_newest_leaf_of_each_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = real(folder.path()).unwrap();
    let mut rig = Rig::new(&["cn", "all"]);
    for _ in 0..3 {
        rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
        rig.advance(&store).unwrap();
    }
    let last = |label: &str| {
        let (log, size) = (origin(label), store.durable_size(&origin(label)));
        store.leaves(&log, size - 1..size, 1 << 20).unwrap().remove(0).to_vec()
    };
    let mut wanted = vec![last("cn"), last("all")];
    wanted.sort();
    drop(store);
    let mut newest = JournalStore::look(folder.path()).unwrap().unwrap().newest;
    newest.sort();
    assert_eq!(newest, wanted);
}

#[test]
fn a_second_opener_is_told_in_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = real(folder.path()).unwrap();
    let error = real(folder.path()).unwrap_err();
    assert_eq!(error.reason(), "STORE_LOCKED");
    assert!(error.to_string().contains("another process"));
    drop(store);
    real(folder.path()).unwrap();
}

#[test]
fn the_form_of_state_on_disk_is_frozen() {
    let change = StateChange::SeriesAdvanced { series: "S".to_owned(), next: 300 };
    let records = vec![StateRecord::Change(change)];
    let batch = StateBatch { at_ms: 1, snapshot: false, half: None, records };
    let mut bytes = Vec::new();
    batch.put(&mut bytes).unwrap();
    assert_eq!(bytes, [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, b'S', 0xac, 2]);
    assert_eq!(StateBatch::read(&bytes), Some(batch));
    bytes.push(0);
    assert_eq!(StateBatch::read(&bytes), None);
}
