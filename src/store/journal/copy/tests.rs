use super::*;
use crate::store::{
    FEED_KEPT_MS, Store as _,
    journal::{JournalOptions, JournalStore},
    rig::{Rig, origin},
};
use crate::time::SeededRandom;
use std::{path::PathBuf, sync::Arc};

fn open(folder: &Path) -> JournalStore {
    let options = JournalOptions {
        entry_segment_bytes: 24 << 10,
        state_segment_bytes: 6 << 10,
        reserve_bytes: 0,
        ..JournalOptions::default()
    };
    // Of another identity in each folder.
    let seed = u64::from(crc32c::crc32c(folder.display().to_string().as_bytes()));
    JournalStore::open(folder, options, Arc::new(SeededRandom::new(seed))).unwrap()
}

/// Journals and keys.
type Place = (PathBuf, PathBuf);

/// As a node has them.
fn whole(folder: &Path) -> Place {
    (folder.to_owned(), folder.join("keys"))
}

fn folders(place: &Place) -> CopyFolders<'_> {
    CopyFolders { journals: &place.0, keys: &place.1 }
}

fn over(from: &Place, to: &Place) -> Result<Option<Copied>, StoreError> {
    make(folders(from), folders(to))
}

fn back(from: &Place, to: &Place) -> Result<Copied, StoreError> {
    restore(folders(from), folders(to))
}

/// A store with a history of several segments, and a copy of it.
fn kept_of(folder: &Path) -> (Place, Place, JournalStore, Rig) {
    let node = whole(&folder.join("node"));
    let kept = (folder.join("copy"), folder.join("copied keys"));
    let store = open(&node.0);
    let mut rig = Rig::new(&["cn"]);
    lives(&store, &mut rig, 30);
    over(&node, &kept).unwrap();
    (node, kept, store, rig)
}

fn lives(store: &JournalStore, rig: &mut Rig, batches: u32) {
    for _ in 0..batches {
        rig.commit(store, &[(0, 4)], 700).unwrap();
        rig.advance(store).unwrap();
    }
}

#[test]
fn a_copy_taken_while_the_node_writes_has_all_that_was_acknowledged_before_it_and_opens_whole() {
    let folder = tempfile::tempdir().unwrap();
    let node = whole(&folder.path().join("node"));
    let kept = (folder.path().join("copy"), folder.path().join("copied keys"));
    let store = open(&node.0);
    let mut rig = Rig::new(&["cn", "all"]);
    let mut before = 0;
    for round in 0..12 {
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for _ in 0..10 {
                    rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
                    rig.advance(&store).unwrap();
                }
                store.expire(rig.now_ms() + FEED_KEPT_MS).unwrap();
            });
            let copied = over(&node, &kept).unwrap();
            writer.join().unwrap();
            assert!(round == 0 || copied.is_some_and(|copied| copied.segments > 0));
        });
        let again = whole(&folder.path().join(format!("again {round}")));
        back(&kept, &again).unwrap();
        let back = open(&again.0);
        back.scrub().unwrap();
        let size = back.head(&origin("cn")).map_or(0, |head| head.head.size);
        assert!(size >= before, "round {round}: {size} of {before} that were published when it began");
        for index in 0..size {
            let same = |store: &JournalStore| {
                (store.leaf(&origin("cn"), index).unwrap(), store.disclosures(&origin("cn"), index).unwrap())
            };
            assert_eq!(same(&back), same(&store), "round {round}, entry {index}");
        }
        before = store.head(&origin("cn")).map_or(0, |head| head.head.size);
    }
    assert!(before > 400);
    let again = over(&node, &kept).unwrap().unwrap();
    assert!(again.kept > 5, "{again:?}");
    assert_eq!(over(&node, &kept).unwrap().unwrap().segments, 0, "nothing is new");
}

#[test]
fn a_copy_of_another_history_or_of_a_later_time_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (_, kept, _, mut rig) = kept_of(folder.path());
    let other = kept_of(&folder.path().join("other")).0;
    // One that was put back from an earlier copy, is shorter at first, and then outgrows the later copy.
    let early = (folder.path().join("early"), folder.path().join("early keys"));
    let (second, late, store, mut seconds) = kept_of(&folder.path().join("second"));
    over(&second, &early).unwrap();
    lives(&store, &mut seconds, 3);
    over(&second, &late).unwrap();
    drop(store);
    let again = whole(&folder.path().join("again"));
    back(&early, &again).unwrap();
    let left = |place: &Place| {
        let files = Manifest::read(&place.0).unwrap().unwrap();
        let files = files.all().map(|(class, held)| fs::read(place.0.join(segment::name(class, held.segment))));
        files.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let (before, later) = (left(&kept), left(&late));
    for batches in [0_u64, 2, 40] {
        let store = open(&again.0);
        let mut forked = Rig::new(&["cn"]);
        forked.made = 5_000 + batches * 100;
        for _ in 0..batches {
            forked.commit(&store, &[(0, 4)], 600).unwrap();
        }
        drop(store);
        assert!(matches!(over(&again, &late), Err(StoreError::CopyOfAnother(_))), "{batches}");
        assert_eq!(left(&late), later, "{batches}");
    }
    let is_another = |error: StoreError| matches!(error, StoreError::CopyOfAnother(_));
    assert!(over(&other, &kept).is_err_and(is_another) && over(&kept, &second).is_err_and(is_another));
    assert_eq!(left(&kept), before);
    let again = whole(&folder.path().join("again and again"));
    back(&kept, &again).unwrap();
    rig.check(&open(&again.0));
}

#[test]
fn what_is_there_is_held_against_what_comes_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (node, kept, ..) = kept_of(folder.path());
    let other = kept_of(&folder.path().join("other")).0;
    let asked = |from: &Place, to: &Place| compare(folders(from), folders(to));
    let nowhere = (folder.path().join("nowhere"), folder.path().join("no keys"));
    assert!(asked(&node, &kept).unwrap() && asked(&node, &nowhere).unwrap());
    assert!(!asked(&nowhere, &kept).unwrap(), "nothing was begun");
    // Neither another copy nor a node's own folder.
    for (from, to) in [(&other, &kept), (&node, &other)] {
        assert!(matches!(asked(from, to), Err(StoreError::CopyOfAnother(_))));
    }
    assert!(!nowhere.0.exists() && !nowhere.1.exists());
}

#[test]
fn a_copy_that_lost_or_changed_a_byte_is_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_, kept, _, mut rig) = kept_of(folder.path());
    let manifest = Manifest::read(&kept.0).unwrap().unwrap();
    let mut names = manifest.all().map(|(class, held)| segment::name(class, held.segment)).collect::<Vec<_>>();
    assert!(names.len() > 5);
    names.push(MANIFEST.to_owned());
    for name in names {
        let path = kept.0.join(&name);
        let good = fs::read(&path).unwrap();
        let cut = good.len() * 2 / 3;
        let mut changed = good.clone();
        changed[cut] ^= 1;
        for bad in [Some(good[..cut].to_vec()), Some(changed), None] {
            match &bad {
                Some(bad) => fs::write(&path, bad).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let again = whole(&folder.path().join("again"));
            let error = back(&kept, &again).unwrap_err();
            assert!(matches!(error, StoreError::CopyDamaged { .. }), "{name}: {error}");
            assert!(!again.0.exists(), "{name}");
        }
        fs::write(&path, &good).unwrap();
    }
    // Behind its end there may be what a later copy had begun to write.
    let path = kept.0.join(segment::name(Class::State, manifest.state.last().unwrap().segment));
    let longer = [fs::read(&path).unwrap().as_slice(), b"more"].concat();
    fs::write(&path, longer).unwrap();
    let again = whole(&folder.path().join("again"));
    back(&kept, &again).unwrap();
    rig.check(&open(&again.0));
}

#[test]
fn damage_is_said_and_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _, store, _) = kept_of(folder.path());
    let kept = (folder.path().join("another"), folder.path().join("other keys"));
    drop(store);
    let path = node.0.join("entries/00000002");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = over(&node, &kept).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { ref file, .. } if *file == path.display().to_string()), "{error}");
    assert!(!kept.0.join("entries/00000002").exists());
}
