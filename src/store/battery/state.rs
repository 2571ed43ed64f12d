//! What a store keeps beside entries: numbers, answers, series, records and the feed.

use super::*;
use crate::statement::Kind;

battery!(
    a_number_is_given_once,
    a_number_that_came_back_is_given_as_if_it_had_never_been_lost,
    a_number_is_found_in_whatever_spelling_for_as_long_as_it_is_given,
    a_statement_about_a_number_is_found_by_what_that_is_read_as,
    the_highest_serial_is_found_among_numbers_of_entries_and_those_given_in_advance,
    a_request_is_answered_once_and_for_as_long_as_it_may_come_again,
    state_reads_back_as_last_written,
    a_range_of_records_begins_behind_an_id_and_ends_with_its_table,
    a_change_of_a_record_that_moved_is_refused_whole,
    records_of_large_tables_outlive_every_segment_and_snapshot,
    the_feed_tells_everything_once_in_order_and_outlives_a_reload,
    old_rows_of_the_feed_go_and_its_numbers_go_on,
);

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

fn a_statement_about_a_number_is_found_by_what_that_is_read_as(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 2)], 10).unwrap();
        rig.advance(store).unwrap();
        let cn = origin("cn");
        let place = |index| EntryRef { origin: cn.clone(), index };
        let now = Subject::Number("KE-2026/07".to_owned()).put(&place(0), Kind::PaperCertificate, 7);
        let StateChange::RecordPut { table, record, .. } = now.clone() else { panic!("no record: {now:?}") };
        // As it was put before numbers were kept as they are read.
        let index = 1_u64.to_be_bytes();
        let id = [b"number/KE-2026/08\0".as_slice(), cn.as_str().as_bytes(), &[0], &index].concat();
        let before = StateChange::RecordPut { table, id, record };
        store.commit(Batch { at_ms: START_MS, state: vec![now, before], ..Batch::default() }).unwrap();
        let found = |number: &str| {
            let subject = Subject::Number(number.to_owned());
            let found = about(store, &subject).unwrap();
            for one in &found {
                assert_eq!(about_at(store, &subject, &one.entry).unwrap().as_ref(), Some(one), "{number}");
            }
            found.into_iter().map(|one| one.entry.index).collect::<Vec<_>>()
        };
        for spelling in ["KE-2026/07", "ke 2026 7", "KE2026-07"] {
            assert_eq!(found(spelling), [0], "{spelling}");
        }
        assert_eq!(found("KE-2026/08"), [1], "by its very spelling");
        assert!(found("KE-2026/09").is_empty() && found("KE-2026/070").is_empty());
    });
}

fn the_highest_serial_is_found_among_numbers_of_entries_and_those_given_in_advance(make: Make) {
    run(make, |store, rig| {
        rig.commit(store, &[(0, 3)], 400).unwrap();
        rig.advance(store).unwrap();
        let serial = |number: &str| number.strip_prefix("KE-").and_then(|rest| rest.parse::<u64>().ok());
        let highest = || store.highest_serial("KE", &serial).unwrap();
        let recalled = |number: &str, index| StateChange::NumberRecalled {
            number: number.to_owned(),
            entry: EntryRef { origin: origin("cn"), index },
        };
        let held =
            |number: &str| StateChange::RecordPut { table: Table::Number, id: number_id(number), record: vec![1] };
        let put = |state| store.commit(Batch { at_ms: START_MS, state, ..Batch::default() }).unwrap();
        assert_eq!(highest(), None);
        // By its text 9 comes behind 881.
        put(vec![recalled("KE-0881", 0), recalled("KE-0009", 1), recalled("KF-9999", 2)]);
        assert_eq!(highest(), Some(881));
        put(vec![held("KE-0900"), held("KE-0012")]);
        store.reload().unwrap();
        assert_eq!(highest(), Some(900));
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
