//! One battery for every engine: what a store promises, whatever lies beneath.

use super::rig::{Rig, START_MS, note, origin};
use super::*;
use crate::log::{Extension, HashReader, TreeHead, inclusion_proof, root_of, verify_inclusion};
use crate::reason::Reasoned;
use crate::signature::SignError;
use crate::statement::Jti;
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

mod state;

battery!(
    what_is_committed_is_found_again_after_a_reload,
    nothing_is_shown_beyond_the_head,
    an_entry_is_taken_only_at_the_next_place_with_a_rising_jti,
    a_head_must_extend_the_head_signed_last,
    a_root_that_is_not_of_the_entries_stops_the_writer_until_a_reload,
    a_signer_that_fails_leaves_everything_as_it_was,
    every_published_entry_has_a_proof,
    erased_disclosures_are_gone_and_nothing_else_is,
    sealed_for_one_place_is_refused_at_another,
    disclosures_may_come_later_than_their_entry_and_once,
    leaves_are_bounded_by_bytes_and_by_the_head,
    a_note_is_found_from_every_entry_it_is_on,
    logs_are_opened_side_by_side,
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

fn logs_are_opened_side_by_side(make: Make) {
    let (store, _folder) = make();
    let (logs, together) = (8_u8, std::sync::Barrier::new(8));
    let of = |log: u8| (origin(&format!("x{log}.example")), Bytes::from(format!("header.{log}.signature")));
    std::thread::scope(|scope| {
        for log in 0..logs {
            let (store, together) = (&store, &together);
            let (origin, leaf) = of(log);
            scope.spawn(move || {
                let opened = StateChange::LogOpened { origin: origin.clone(), addressee: format!("aud of {origin}") };
                let (index, jti, disclosures) = (0, Jti([log; 16]), None);
                let entry = NewEntry { origin, index, jti, status_index: None, number: None, leaf, disclosures };
                together.wait();
                store.commit(Batch { state: vec![opened], entries: vec![entry], ..Batch::default() }).unwrap();
            });
        }
    });
    for again in [false, true] {
        if again {
            store.reload().unwrap();
        }
        for (origin, leaf) in (0..logs).map(of) {
            let entry = store.durable_entry(&origin, 0).unwrap().unwrap();
            assert_eq!((store.addressee(&origin), entry.leaf), (Some(format!("aud of {origin}")), leaf));
        }
    }
}
