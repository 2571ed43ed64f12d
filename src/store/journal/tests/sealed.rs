//! Records of which nothing is left once they are taken out.

use super::super::keys::slot_of;
use super::super::keyspace;
use super::*;
use crate::store::Table;

const WRITTEN: &[u8] = b"500 bags of Basmati rice of Indus Rice Mills, Larkana";
const ERASED: &[u8] = b"erased";
const ID: &[u8] = b"an application";
const SEALED: [Table; 4] = [Table::Application, Table::ApplicationPaper, Table::CustomsWords, Table::Share];

fn commit(store: &JournalStore, state: Vec<StateChange>) -> Result<(), StoreError> {
    store.commit(Batch { at_ms: START_MS, state, ..Batch::default() }).map(|_| ())
}

fn put(table: Table, record: &[u8]) -> StateChange {
    StateChange::RecordPut { table, id: ID.to_vec(), record: record.to_vec() }
}

fn removed(table: Table) -> StateChange {
    StateChange::RecordRemoved { table, id: ID.to_vec() }
}

/// What stands in the index for an application, as it was sealed.
fn sealed(bench: &Bench) -> Vec<u8> {
    bench.index.get(&keyspace::record(Table::Application, ID)).unwrap().unwrap()
}

/// Whether what was sealed once can still be read.
fn opens(store: &JournalStore, sealed: &[u8]) -> bool {
    store.parts.keys.open_record((Table::Application, ID), sealed.to_vec()).unwrap().is_some()
}

#[test]
fn what_an_applicant_or_customs_wrote_stands_in_no_journal_and_no_index() {
    let bench = Bench::new(1);
    let store = bench.open().unwrap();
    for _ in 0..2 {
        commit(&store, SEALED.map(|table| put(table, WRITTEN)).to_vec()).unwrap();
    }
    let contains = |bytes: &[u8]| bytes.windows(WRITTEN.len()).any(|window| window == WRITTEN);
    for name in bench.disk.names() {
        assert!(!contains(&bench.disk.contents(&name)), "{name}");
    }
    bench
        .index
        .scan(&[], &[], &mut |_, value| {
            assert!(!contains(value));
            true
        })
        .unwrap();
    for table in SEALED {
        assert_eq!(store.record(table, ID).unwrap().as_deref(), Some(WRITTEN));
        assert_eq!(store.records(table).unwrap(), [(ID.to_vec(), WRITTEN.to_vec())]);
    }
}

#[test]
fn a_record_that_is_taken_out_is_opened_by_no_key_that_is_left_and_the_next_has_its_own() {
    let bench = Bench::new(2);
    let store = bench.open().unwrap();
    commit(&store, vec![put(Table::Application, b"a draft")]).unwrap();
    let draft = sealed(&bench);
    commit(&store, vec![put(Table::Application, WRITTEN)]).unwrap();
    let before = sealed(&bench);
    assert_eq!(slot_of(&draft), slot_of(&before), "one key for all that one record ever was");
    commit(&store, vec![removed(Table::Application), put(Table::Application, ERASED)]).unwrap();
    assert!(!opens(&store, &draft) && !opens(&store, &before));
    assert_eq!(store.record(Table::Application, ID).unwrap().as_deref(), Some(ERASED));
    // Nor by one of before that an index made again comes past, nor by an old copy of the keys.
    let keys = bench.disk.contents("keys/records");
    drop(store);
    bench.disk.change("keys/records", |bytes| *bytes = vec![7; keys.len()]);
    bench.index.clear().unwrap();
    let store = bench.open().unwrap();
    assert!(!opens(&store, &before));
    drop(store);
    bench.disk.delete("keys/records");
    let error = bench.open().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { ref file, .. } if file == "keys/records"), "{error}");
}

#[test]
fn a_power_cut_while_a_record_is_erased_leaves_it_whole_or_gone_for_good() {
    let (mut whole, mut gone) = (0, 0);
    for cut in 1..60 {
        let bench = Bench::new(cut);
        let store = bench.open().unwrap();
        commit(&store, vec![put(Table::Application, WRITTEN), put(Table::ApplicationPaper, WRITTEN)]).unwrap();
        let before = sealed(&bench);
        bench.disk.cut_after(cut);
        let erasing =
            vec![removed(Table::Application), put(Table::Application, ERASED), removed(Table::ApplicationPaper)];
        let acknowledged = commit(&store, erasing).is_ok();
        bench.disk.restart();
        bench.index.forget(&mut Dice(cut));
        let store = bench.open().unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        let found = store.record(Table::Application, ID).unwrap();
        let paper = store.record(Table::ApplicationPaper, ID).unwrap();
        if found.as_deref() == Some(WRITTEN) {
            assert!(!acknowledged && paper.as_deref() == Some(WRITTEN), "cut {cut}");
            whole += 1;
        } else {
            assert_eq!((found.as_deref(), paper), (Some(ERASED), None), "cut {cut}");
            assert!(!opens(&store, &before), "cut {cut}");
            gone += 1;
        }
        // New records get keys that nobody had.
        commit(&store, vec![put(Table::ApplicationPaper, WRITTEN)]).unwrap();
        assert_eq!(store.record(Table::ApplicationPaper, ID).unwrap().as_deref(), Some(WRITTEN), "cut {cut}");
        assert!(found.as_deref() == Some(WRITTEN) || !opens(&store, &before), "cut {cut}");
    }
    assert!(whole > 0 && gone > 0, "{whole} whole, {gone} gone");
}
