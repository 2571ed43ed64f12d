//! One battery for every engine: what a store promises, whatever lies beneath.

use super::rig::{Rig, START_MS, note, origin};
use super::*;
use crate::log::{Extension, HashReader, TreeHead, inclusion_proof, root_of, verify_inclusion};
use crate::reason::Reasoned;
use crate::signature::SignError;
use crate::time::SeededRandom;
use bytes::Bytes;
use std::sync::Arc;

/// Opens an empty store, and whatever must live as long.
type Make = fn() -> (Arc<dyn Store>, Option<tempfile::TempDir>);

fn memory() -> (Arc<dyn Store>, Option<tempfile::TempDir>) {
    (Arc::new(MemoryStore::new()), None)
}

fn journal() -> (Arc<dyn Store>, Option<tempfile::TempDir>) {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        entry_segment_bytes: 64 << 10,
        state_segment_bytes: 16 << 10,
        rows_in_memory: 2,
        ..Default::default()
    };
    let store = JournalStore::open(folder.path(), options, Arc::new(SeededRandom::new(1))).unwrap();
    (Arc::new(store), Some(folder))
}

macro_rules! battery {
    ($($promise:ident),* $(,)?) => {
        mod in_memory { $(#[test] fn $promise() { super::$promise(super::memory); })* }
        mod in_a_journal { $(#[test] fn $promise() { super::$promise(super::journal); })* }
    };
}

battery!(
    what_is_committed_is_found_again_after_a_reload,
    nothing_is_shown_beyond_the_head,
    a_number_is_given_once,
    a_number_that_came_back_is_given_as_if_it_had_never_been_lost,
    a_number_is_found_in_whatever_spelling_for_as_long_as_it_is_given,
    a_request_is_answered_once_and_for_as_long_as_it_may_come_again,
    an_entry_is_taken_only_at_the_next_place_with_a_rising_jti,
    a_head_must_extend_the_head_signed_last,
    a_root_that_is_not_of_the_entries_stops_the_writer_until_a_reload,
    a_signer_that_fails_leaves_everything_as_it_was,
    every_published_entry_has_a_proof,
    erased_disclosures_are_gone_and_nothing_else_is,
    sealed_for_one_place_is_refused_at_another,
    disclosures_may_come_later_than_their_entry_and_once,
    state_reads_back_as_last_written,
    a_range_of_records_begins_behind_an_id_and_ends_with_its_table,
    a_change_of_a_record_that_moved_is_refused_whole,
    records_of_large_tables_outlive_every_segment_and_snapshot,
    leaves_are_bounded_by_bytes_and_by_the_head,
    the_feed_tells_everything_once_in_order_and_outlives_a_reload,
    old_rows_of_the_feed_go_and_its_numbers_go_on,
    a_note_is_found_from_every_entry_it_is_on,
);

fn run(make: Make, test: impl FnOnce(&dyn Store, &mut Rig)) {
    let (store, _folder) = make();
    test(&*store, &mut Rig::new(&["cn", "all"]));
}

fn what_is_committed_is_found_again_after_a_reload(make: Make) {
    run(make, |store, rig| {
        for round in 0..40 {
            rig.commit(store, &[(0, 3 + round % 17), (1, 1)], 400).unwrap();
            if round % 3 != 1 {
                rig.advance(store).unwrap();
            }
        }
        rig.check(store);
        store.reload().unwrap();
        rig.check(store);
        assert_eq!(store.logs(), [origin("cn"), origin("all")]);
        assert_eq!(store.addressee(&origin("cn")).unwrap(), format!("aud of {}", origin("cn")));
        let audit = store.audit(0, 1000).unwrap();
        assert_eq!(audit.len(), 40);
        let mut before = AuditLink::START;
        for (number, row) in audit.iter().enumerate() {
            let next = before.next(number as u64, row.at_ms, &row.row);
            assert_eq!((row.number, row.link), (number as u64, Some(next)), "each row is chained to the one before it");
            before = next;
        }
        assert_eq!(store.audit_head().unwrap(), Some(AuditHead { number: 39, link: before }));
        let tail = store.audit(audit[30].number, 4).unwrap();
        assert_eq!(tail, audit[30..34]);
    });
}

fn nothing_is_shown_beyond_the_head(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 2)], 10).unwrap();
        let cn = origin("cn");
        assert_eq!((store.durable_size(&cn), store.head(&cn)), (2, None));
        assert_eq!(store.facts(&cn, 0).unwrap(), None);
        assert_eq!(store.leaves(&cn, 0..9, 1 << 20).unwrap(), Vec::<Bytes>::new());
        assert_eq!(store.node(&cn, 0, 0).unwrap_err().reason(), "ENTRY_UNKNOWN");
        rig.check(store);
        rig.advance(store).unwrap();
        rig.commit(store, &[(0, 1)], 10).unwrap();
        assert_eq!(store.leaves(&cn, 0..9, 1 << 20).unwrap().len(), 2);
        assert!(store.node(&cn, 1, 0).is_ok() && store.node(&cn, 0, 2).is_err());
        rig.check(store);
    });
}

fn first(store: &dyn Store, rig: &mut Rig, index: u64) -> Batch {
    let at = EntryRef { origin: rig.logs[0].clone(), index };
    let brought = rig.make(at.clone(), 10);
    Batch { at_ms: START_MS, entries: vec![Rig::entry(store, &at, &brought).unwrap()], ..Batch::default() }
}

fn a_number_that_came_back_is_given_as_if_it_had_never_been_lost(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 3)], 400).unwrap();
        rig.advance(store).unwrap();
        let place = |index| EntryRef { origin: origin("cn"), index };
        let recall = |number: &str, index| Batch {
            at_ms: START_MS,
            state: vec![StateChange::NumberRecalled { number: number.to_owned(), entry: place(index) }],
            ..Batch::default()
        };
        store.commit(recall("LOST/7", 1)).unwrap();
        store.reload().unwrap();
        assert_eq!(store.find_number("LOST/7").unwrap(), Some(place(1)));
        assert!(store.number_taken("LOST/7").unwrap());
        assert!(matches!(store.commit(recall("LOST/7", 2)), Err(StoreError::NumberTaken(_))));
        assert!(matches!(store.commit(recall("LOST/8", 3)), Err(StoreError::NoEntry { .. })));
    });
}

fn a_number_is_found_in_whatever_spelling_for_as_long_as_it_is_given(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let given = rig.acknowledged[&origin("cn")][0].number.clone();
        let spellings = [
            given.clone(),
            given.to_lowercase(),
            given.replace('-', " "),
            given.replace('-', ""),
            given.replace("-0000", "-"),
        ];
        let state = |state| Batch { at_ms: START_MS, state: vec![state], ..Batch::default() };
        let (table, id) = (Table::Number, number_id("Held-7"));
        store.commit(state(StateChange::RecordPut { table, id: id.clone(), record: vec![1] })).unwrap();
        for round in ["committed", "reloaded"] {
            for spelling in &spellings {
                assert_eq!(store.number_like(spelling).unwrap().as_ref(), Some(&given), "{round}: {spelling}");
            }
            assert_eq!(store.number_like(&format!("{given}0")).unwrap(), None, "{round}");
            assert!(!store.number_taken(&given.to_lowercase()).unwrap(), "{round}: by its text alone");
            assert_eq!(store.number_in_advance_like("HELD 007").unwrap().as_deref(), Some("Held-7"), "{round}");
            assert_eq!(store.number_like("HELD 007").unwrap(), None, "{round}: no entry has it");
            store.reload().unwrap();
        }
        store.commit(state(StateChange::RecordRemoved { table, id })).unwrap();
        assert_eq!(store.number_in_advance_like("HELD 007").unwrap(), None);
    });
}

fn a_number_is_given_once(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let taken = rig.acknowledged[&origin("cn")][0].number.clone();
        let mut again = first(store, rig, 1);
        again.entries[0].number = Some(taken.clone());
        assert_eq!(store.commit(again).unwrap_err().reason(), "NUMBER_TAKEN");
        let mut twice = first(store, rig, 1);
        let mut second = first(store, rig, 2).entries.remove(0);
        second.number = twice.entries[0].number.clone();
        twice.entries.push(second);
        assert_eq!(store.commit(twice).unwrap_err().reason(), "NUMBER_TAKEN");
        assert_eq!(store.poisoned(), None);
        rig.commit(store, &[(0, 1)], 10).unwrap();
        rig.advance(store).unwrap();
        rig.check(store);
    });
}

fn answer(request: [u8; 16]) -> StateChange {
    let (account, answer) = ("bank".to_owned(), b"done".to_vec());
    StateChange::RequestAnswered { account, request_id: request, body_digest: [1; 32], answer, entry: None }
}

fn request_at(ms: u64, unique: u8) -> [u8; 16] {
    let mut request = [unique; 16];
    request[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
    request
}

fn a_request_is_answered_once_and_for_as_long_as_it_may_come_again(make: Make) {
    run(make, |store, _| {
        let (old, new) = (request_at(START_MS + REQUEST_AHEAD_MS, 1), request_at(START_MS + 1000, 2));
        let batch = |at_ms, request| Batch { at_ms, state: vec![answer(request)], ..Batch::default() };
        store.commit(batch(START_MS, old)).unwrap();
        store.commit(batch(START_MS + 1000, new)).unwrap();
        assert_eq!(store.commit(batch(START_MS, old)).unwrap_err().reason(), "REQUEST_ID_REUSED");
        let found = store.answered("bank", &old).unwrap().unwrap();
        assert!(found.published && found.at_ms == START_MS && found.answer == b"done");
        assert_eq!(store.answered("other", &old).unwrap(), None);
        let kept = ANSWERS_KEPT_MS + REQUEST_AHEAD_MS;
        assert_eq!(store.expire(START_MS + kept).unwrap(), 0);
        assert_eq!(store.expire(START_MS + kept + 1).unwrap(), 1);
        assert_eq!(store.answered("bank", &old).unwrap(), None);
        assert!(store.answered("bank", &new).unwrap().is_some());
    });
}

fn an_entry_is_taken_only_at_the_next_place_with_a_rising_jti(make: Make) {
    run(make, |store, rig| {
        let stranger = first(store, rig, 0);
        assert_eq!(store.commit(stranger).unwrap_err().reason(), "LOG_UNKNOWN");
        rig.commit(store, &[(0, 2)], 10).unwrap();
        for index in [0, 1, 3] {
            let wrong = first(store, rig, index);
            assert_eq!(store.commit(wrong).unwrap_err().reason(), "ENTRY_NOT_NEXT");
        }
        let mut falling = first(store, rig, 2);
        falling.entries[0].jti = rig.acknowledged[&origin("cn")][1].jti;
        assert_eq!(store.commit(falling).unwrap_err().reason(), "JTI_NOT_RISING");
        let mut long = first(store, rig, 2);
        long.entries[0].leaf = vec![b'x'; 4097].into();
        assert_eq!(store.commit(long).unwrap_err().reason(), "BATCH_MALFORMED");
        let reopened = StateChange::LogOpened { origin: origin("cn"), addressee: String::new() };
        let reopened = Batch { state: vec![reopened], ..Batch::default() };
        assert_eq!(store.commit(reopened).unwrap_err().reason(), "LOG_EXISTS");
        rig.check(store);
    });
}

fn a_head_must_extend_the_head_signed_last(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 2)], 10).unwrap();
        let late = Rig::extension(store, &origin("cn")).unwrap().unwrap();
        rig.advance(store).unwrap();
        let sign = |extension: &Extension| Ok(note(extension));
        assert_eq!(store.advance(vec![late], &sign).unwrap_err().reason(), "HEAD_MOVED");
        let root = root_of(&[]);
        let beyond = Extension::prove(origin("all"), None, TreeHead { size: 1, root }, &[]).unwrap();
        assert_eq!(store.advance(vec![beyond], &sign).unwrap_err().reason(), "ENTRIES_NOT_DURABLE");
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let next = Rig::extension(store, &origin("cn")).unwrap().unwrap();
        let other_note = |_: &Extension| Ok("of something else\n".to_owned());
        assert_eq!(store.advance(vec![next], &other_note).unwrap_err().reason(), "BATCH_MALFORMED");
        rig.advance(store).unwrap();
        rig.check(store);
    });
}

fn a_root_that_is_not_of_the_entries_stops_the_writer_until_a_reload(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 2)], 10).unwrap();
        let head = TreeHead { size: 2, root: root_of(&[]) };
        let wrong = Extension::prove(origin("cn"), None, head, &[]).unwrap();
        let never = |_: &Extension| -> Result<String, crate::log::LogError> { panic!("it must not be signed") };
        assert_eq!(store.advance(vec![wrong], &never).unwrap_err().reason(), "ROOT_DIFFERS");
        assert!(store.poisoned().is_some());
        assert_eq!(rig.commit(store, &[(0, 1)], 10).unwrap_err().reason(), "STORE_POISONED");
        store.reload().unwrap();
        rig.advance(store).unwrap();
        rig.commit(store, &[(0, 1)], 10).unwrap();
        rig.check(store);
    });
}

fn a_signer_that_fails_leaves_everything_as_it_was(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let extension = Rig::extension(store, &origin("cn")).unwrap().unwrap();
        let locked = |_: &Extension| Err(SignError("the token is locked".to_owned()).into());
        assert_eq!(store.advance(vec![extension], &locked).unwrap_err().reason(), "SIGNER_UNAVAILABLE");
        assert_eq!((store.poisoned(), store.head(&origin("cn"))), (None, None));
        rig.advance(store).unwrap();
        rig.check(store);
    });
}

fn every_published_entry_has_a_proof(make: Make) {
    run(make, |store, rig| {
        let cn = origin("cn");
        for count in [1, 100, 155, 1, 300, 43] {
            rig.commit(store, &[(0, count)], 10).unwrap();
            rig.advance(store).unwrap();
        }
        let hashes = store.hashes(&cn);
        let head = store.head(&cn).unwrap().head;
        for index in (0..head.size).step_by(7).chain([255, 256, 511, 512, 599]) {
            let proof = inclusion_proof(index, head.size, &hashes).unwrap();
            let leaf = hashes.node(0, index).unwrap();
            verify_inclusion(index, head.size, &leaf, &proof, &head.root).unwrap();
        }
        assert!(store.node(&cn, 9, 1).is_err() && store.node(&cn, 9, 0).is_ok() && store.node(&cn, 64, 0).is_err());
    });
}

fn erased_disclosures_are_gone_and_nothing_else_is(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 5)], 10).unwrap();
        let cn = origin("cn");
        assert_eq!(store.erase(&cn, 1, START_MS).unwrap_err().reason(), "ENTRY_UNKNOWN");
        rig.advance(store).unwrap();
        for index in [1, 1, 4] {
            store.erase(&cn, index, START_MS).unwrap();
            rig.erased.insert(EntryRef { origin: cn.clone(), index });
        }
        rig.check(store);
        store.reload().unwrap();
        rig.check(store);
    });
}

fn sealed_for_one_place_is_refused_at_another(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let mut batch = first(store, rig, 1);
        batch.entries[0].disclosures = Some(store.seal(&origin("cn"), 2, &["d".to_owned()]).unwrap());
        assert_eq!(store.commit(batch.clone()).unwrap_err().reason(), "BATCH_MALFORMED");
        batch.entries[0].disclosures = Some(store.seal(&origin("all"), 1, &["d".to_owned()]).unwrap());
        assert_eq!(store.commit(batch).unwrap_err().reason(), "BATCH_MALFORMED");
    });
}

fn disclosures_may_come_later_than_their_entry_and_once(make: Make) {
    run(make, |store, rig| {
        let cn = origin("cn");
        let bare = |rig: &mut Rig, index: u64| {
            let mut batch = first(store, rig, index);
            batch.entries[0].disclosures = None;
            batch.entries[0].number = None;
            batch
        };
        rig.commit(store, &[(0, 1)], 10).unwrap();
        for index in 1..300 {
            let batch = bare(rig, index);
            store.commit(batch).unwrap();
            if index == 200 {
                rig.advance(store).unwrap();
            }
        }
        let late = |index: u64| store.seal(&cn, index, &[format!("of {index}")]).unwrap();
        let bring = |late: Vec<Sealed>| store.commit(Batch { late, ..Batch::default() });
        // Published, not yet published, and in the same batch as another entry.
        bring(vec![late(7), late(250)]).unwrap();
        let mut batch = bare(rig, 300);
        batch.late = vec![late(3), late(300)];
        store.commit(batch).unwrap();
        assert_eq!(bring(vec![late(7)]).unwrap_err().reason(), "BATCH_MALFORMED");
        assert_eq!(bring(vec![late(250)]).unwrap_err().reason(), "BATCH_MALFORMED");
        assert_eq!(bring(vec![late(9), late(9)]).unwrap_err().reason(), "BATCH_MALFORMED");
        assert_eq!(bring(vec![late(301)]).unwrap_err().reason(), "ENTRY_UNKNOWN");
        rig.advance(store).unwrap();
        bring(vec![late(299)]).unwrap();
        store.erase(&cn, 3, START_MS).unwrap();
        for _ in 0..2 {
            for index in [7, 250, 299, 300] {
                let found = store.disclosures(&cn, index).unwrap();
                assert_eq!(found, Some(Disclosures::Present(vec![format!("of {index}")])));
            }
            assert_eq!(store.disclosures(&cn, 3).unwrap(), Some(Disclosures::Erased));
            assert_eq!(store.disclosures(&cn, 4).unwrap(), Some(Disclosures::None));
            store.reload().unwrap();
        }
    });
}

fn state_reads_back_as_last_written(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 1)], 10).unwrap();
        let cn = origin("cn");
        let list = 0;
        let commit = |state| store.commit(Batch { at_ms: START_MS, state, ..Batch::default() });
        let set = |index, status| StateChange::StatusSet { origin: origin("cn"), list, index, status };
        assert_eq!(commit(vec![set(1, 1)]).unwrap_err().reason(), "BATCH_MALFORMED");
        commit(vec![StateChange::StatusListOpened { origin: cn.clone(), list, seed: [3; 32] }, set(9, 1)]).unwrap();
        commit(vec![set(2, 12), set(9, 13), StateChange::StatusAllocated { origin: cn.clone(), list, count: 7 }])
            .unwrap();
        let put = |id: &[u8], record: &[u8]| StateChange::RecordPut {
            table: Table::Account,
            id: id.to_vec(),
            record: record.to_vec(),
        };
        commit(vec![put(b"b", b"2"), put(b"a", b"1"), put(b"c", b"3")]).unwrap();
        commit(vec![put(b"a", b"4"), StateChange::RecordRemoved { table: Table::Account, id: b"b".to_vec() }]).unwrap();
        for filler in 0..300_u32 {
            let state = vec![StateChange::SeriesAdvanced { series: format!("S{}", filler % 7), next: filler.into() }];
            commit(state).unwrap();
        }
        for _ in 0..2 {
            let expected = StatusListState { list, seed: [3; 32], allocated: 7, set: vec![(2, 12), (9, 13)] };
            assert_eq!(store.status_lists(&cn).unwrap(), [expected]);
            assert_eq!((store.status(&cn, 0, 9).unwrap(), store.status(&cn, 0, 3).unwrap()), (Some(13), None));
            let accounts = [(b"a".to_vec(), b"4".to_vec()), (b"c".to_vec(), b"3".to_vec())];
            assert_eq!(store.records(Table::Account).unwrap(), accounts);
            assert_eq!(store.record(Table::Account, b"b").unwrap(), None);
            assert_eq!(store.records(Table::Setting).unwrap(), []);
            assert_eq!((store.series_next("S0").unwrap(), store.series_next("none").unwrap()), (294, 0));
            let series = |after, limit| store.series_from(after, limit).unwrap();
            assert_eq!(series("PK", 2), [("S0".to_owned(), 294), ("S1".to_owned(), 295)]);
            assert_eq!(series("S4", 9), [("S5".to_owned(), 299), ("S6".to_owned(), 293)]);
            assert_eq!(series("S6", 9), []);
            store.reload().unwrap();
        }
    });
}

fn put(table: Table, id: &[u8], record: &[u8]) -> StateChange {
    StateChange::RecordPut { table, id: id.to_vec(), record: record.to_vec() }
}

fn a_range_of_records_begins_behind_an_id_and_ends_with_its_table(make: Make) {
    run(make, |store, _| {
        let commit = |state| store.commit(Batch { at_ms: START_MS, state, ..Batch::default() }).unwrap();
        let ids = [&[1_u8][..], &[1, 0], &[1, 0, 0], &[1, 1], &[2], &[255, 255]];
        commit(ids.iter().map(|id| put(Table::Application, id, id)).collect());
        commit(vec![put(Table::Setting, b"a", b"x"), put(Table::ApplicationPaper, &[0], b"y")]);
        let page = |after: &[u8], limit| -> Vec<Vec<u8>> {
            let found = store.records_from(Table::Application, after, limit).unwrap();
            assert!(found.iter().all(|(id, record)| id == record));
            found.into_iter().map(|(id, _)| id).collect()
        };
        for _ in 0..2 {
            assert_eq!(page(&[], 9), ids);
            assert_eq!(page(&[], 2), ids[..2]);
            assert_eq!(page(&[1], 2), ids[1..3]);
            assert_eq!(page(&[1, 0, 0], 9), ids[3..]);
            assert_eq!(page(&[255, 255], 9), Vec::<Vec<u8>>::new());
            store.reload().unwrap();
        }
        commit(vec![StateChange::RecordRemoved { table: Table::Application, id: vec![1, 0] }]);
        assert_eq!(page(&[1], 2), ids[2..4]);
        let under = |prefix: &[u8], limit| -> Vec<Vec<u8>> {
            let found = store.records_under(Table::Application, prefix, limit).unwrap();
            found.into_iter().map(|(id, _)| id).collect()
        };
        for _ in 0..2 {
            assert_eq!(under(&[1], 9), [&[1_u8][..], &[1, 0, 0], &[1, 1]], "of those that begin so alone");
            assert_eq!(under(&[1], 2), [&[1_u8][..], &[1, 0, 0]]);
            assert_eq!(under(&[255], 9), ids[5..]);
            assert_eq!(under(&[0], 9), Vec::<Vec<u8>>::new(), "and of no other table");
            store.reload().unwrap();
        }
    });
}

fn a_change_of_a_record_that_moved_is_refused_whole(make: Make) {
    run(make, |store, _| {
        let change = |was: Option<&[u8]>, record: &[u8]| {
            let expected =
                vec![Expected { table: Table::Application, id: b"a".to_vec(), record: was.map(<[u8]>::to_vec) }];
            let state = vec![put(Table::ApplicationQueue, record, b""), put(Table::Application, b"a", record)];
            store.commit(Batch { at_ms: START_MS, expected, state, ..Batch::default() })
        };
        change(None, b"1").unwrap();
        assert_eq!(change(None, b"2").unwrap_err().reason(), "RECORD_MOVED");
        change(Some(b"1"), b"2").unwrap();
        assert_eq!(change(Some(b"1"), b"3").unwrap_err().reason(), "RECORD_MOVED");
        assert_eq!(store.poisoned(), None);
        assert_eq!(store.record(Table::Application, b"a").unwrap(), Some(b"2".to_vec()));
        assert_eq!(store.records(Table::ApplicationQueue).unwrap().len(), 2, "what was refused left nothing");
    });
}

fn records_of_large_tables_outlive_every_segment_and_snapshot(make: Make) {
    run(make, |store, _| {
        // Several segments of 16 KiB, and longer than answers are kept.
        for round in 0..64_u32 {
            let at_ms = START_MS + u64::from(round) * ANSWERS_KEPT_MS;
            let state = vec![
                put(Table::ApplicationPaper, &round.to_be_bytes(), &[7; 1500]),
                put(Table::ApplicationQueue, &(round % 8).to_be_bytes(), &round.to_be_bytes()),
            ];
            store.commit(Batch { at_ms, state, ..Batch::default() }).unwrap();
            store.expire(at_ms).unwrap();
        }
        let gone = StateChange::RecordRemoved { table: Table::ApplicationQueue, id: 3_u32.to_be_bytes().to_vec() };
        store.commit(Batch { at_ms: START_MS, state: vec![gone], ..Batch::default() }).unwrap();
        for _ in 0..2 {
            assert_eq!(store.records(Table::ApplicationPaper).unwrap().len(), 64);
            let queue = store.records(Table::ApplicationQueue).unwrap();
            assert_eq!(queue.len(), 7);
            assert!(queue.iter().all(|(id, record)| record[3] == 56 + id[3]));
            store.reload().unwrap();
        }
    });
}

fn leaves_are_bounded_by_bytes_and_by_the_head(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 600)], 1000).unwrap();
        rig.advance(store).unwrap();
        let cn = origin("cn");
        assert_eq!(store.leaves(&cn, 590..700, 1 << 20).unwrap().len(), 10);
        assert_eq!(store.leaves(&cn, 0..600, 5000).unwrap().len(), 4);
        assert_eq!(store.leaves(&cn, 0..600, 1).unwrap().len(), 1);
        assert_eq!(store.leaves(&cn, 0..600, usize::MAX).unwrap().len(), 600);
        assert_eq!(store.leaves(&origin("fr"), 0..1, 1).unwrap().len(), 0);
    });
}

fn told(store: &dyn Store, at_ms: u64, text: &str) {
    store.commit(Batch { at_ms, feed: vec![text.as_bytes().to_vec()], ..Batch::default() }).unwrap();
}

fn the_feed_tells_everything_once_in_order_and_outlives_a_reload(make: Make) {
    run(make, |store, rig| {
        assert_eq!((store.feed_next().unwrap(), store.feed(0, 9).unwrap()), (1, Vec::new()));
        let mut heard = store.fed();
        told(store, START_MS, "a");
        assert!(heard.has_changed().unwrap());
        heard.mark_unchanged();
        rig.commit(store, &[(0, 2)], 10).unwrap();
        assert!(!heard.has_changed().unwrap(), "entries are not told of before they are published");
        rig.advance(store).unwrap();
        assert!(heard.has_changed().unwrap());
        told(store, START_MS, "b");
        rig.commit(store, &[(0, 3)], 10).unwrap();
        rig.advance(store).unwrap();
        let grew = |from, to| FeedEvent::Published { origin: origin("cn"), from, to };
        let said = |text: &str| FeedEvent::Told(text.as_bytes().to_vec());
        for _ in 0..2 {
            let rows = store.feed(0, 9).unwrap();
            assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
            let events = rows.into_iter().map(|row| row.event).collect::<Vec<_>>();
            assert_eq!(events, [said("a"), grew(0, 2), said("b"), grew(2, 5)]);
            assert_eq!(store.feed(3, 1).unwrap()[0].event, said("b"));
            store.reload().unwrap();
        }
        let long = Batch { feed: vec![vec![0; MAX_TOLD_BYTES + 1]], ..Batch::default() };
        assert_eq!(store.commit(long).unwrap_err().reason(), "BATCH_MALFORMED");
    });
}

fn old_rows_of_the_feed_go_and_its_numbers_go_on(make: Make) {
    run(make, |store, rig| {
        for round in 0..40_u64 {
            told(store, START_MS + round, &"x".repeat(2_000));
        }
        store.expire(START_MS + FEED_KEPT_MS + 10).unwrap();
        assert_eq!(store.feed(0, 100).unwrap()[0].number, 11, "what is thirty days old goes");
        store.expire(START_MS + 2 * FEED_KEPT_MS).unwrap();
        let left = store.feed(0, 100).unwrap();
        assert_eq!(left.iter().map(|row| row.number).collect::<Vec<_>>(), [40], "the newest stays");
        store.reload().unwrap();
        assert_eq!(store.feed_next().unwrap(), 41);
        rig.commit(store, &[(0, 1)], 10).unwrap();
        rig.advance(store).unwrap();
        assert_eq!(store.feed(41, 9).unwrap().len(), 1);
        let published = store.feed(41, 1).unwrap()[0].clone();
        assert!(published.at_ms >= START_MS, "a publication has the time of what it shows");
    });
}

fn a_note_is_found_from_every_entry_it_is_on(make: Make) {
    run(make, |store, rig| {
        let mut run_of = |count: u64, note: Option<&str>| {
            let first = store.durable_size(&origin("cn"));
            let mut batch = Batch { at_ms: START_MS, ..Batch::default() };
            if first == 0 {
                batch.state.push(StateChange::LogOpened { origin: origin("cn"), addressee: "cn".into() });
            }
            for index in first..first + count {
                let at = EntryRef { origin: origin("cn"), index };
                let brought = rig.make(at.clone(), 10);
                batch.entries.push(Rig::entry(store, &at, &brought).unwrap());
            }
            let note = note.map(|note| note.as_bytes().to_vec());
            batch.notes.extend(note.map(|note| EntryNote {
                origin: origin("cn"),
                first,
                last: first + count - 1,
                note,
            }));
            store.commit(batch)
        };
        run_of(3, Some("a")).unwrap();
        run_of(2, None).unwrap();
        run_of(1, Some("b")).unwrap();
        let named = |from| {
            let found = store.notes(&origin("cn"), from, 1).unwrap();
            found.first().map(|one| (one.first, one.last, String::from_utf8(one.note.clone()).unwrap()))
        };
        for _ in 0..2 {
            for index in 0..3 {
                assert_eq!(named(index), Some((0, 2, "a".to_owned())));
            }
            for index in 3..6 {
                assert_eq!(named(index), Some((5, 5, "b".to_owned())));
            }
            assert_eq!((named(6), store.notes(&origin("fr"), 0, 9).unwrap()), (None, Vec::new()));
            store.reload().unwrap();
        }
        let elsewhere = EntryNote { origin: origin("cn"), first: 0, last: 0, note: vec![1] };
        let refused = store.commit(Batch { notes: vec![elsewhere], ..Batch::default() }).unwrap_err();
        assert_eq!(refused.reason(), "BATCH_MALFORMED", "a note comes with its entries");
    });
}

#[test]
fn reasons_stay_as_they_are() {
    assert_eq!(StoreError::NumberTaken(String::new()).reason(), "NUMBER_TAKEN");
    assert!(StoreError::NoSpace { free: 0, needed: 1 }.leaves_writer_usable());
    assert!(!StoreError::Poisoned(String::new()).leaves_writer_usable());
}
