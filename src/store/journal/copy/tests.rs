use super::*;
use crate::store::{
    Disclosures, FEED_KEPT_MS, Store as _,
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

/// Every file of a folder with its contents.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>();
    files.sort();
    files
}

#[test]
fn keys_of_a_later_time_or_of_another_node_are_not_written_over_for_a_new_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (node, late, store, mut rig) = kept_of(folder.path());
    let early = (folder.path().join("early"), folder.path().join("early keys"));
    over(&node, &early).unwrap();
    lives(&store, &mut rig, 60);
    over(&node, &late).unwrap();
    drop(store);
    let later = files(&late.1);
    let fresh = (folder.path().join("fresh"), late.1.clone());
    let refused = |from: &Place, to: &Place, named: &Path| {
        for error in [compare(folders(from), folders(to)).err(), over(from, to).err()] {
            let named = named.display().to_string();
            assert!(matches!(error, Some(StoreError::CopiedKeysOfAnother(ref at)) if *at == named), "{error:?}");
        }
        assert!(Manifest::read(&to.0).unwrap().is_none(), "no copy was begun");
    };
    // The data folder is an earlier copy: it is shorter at first, and then outgrows the later one.
    let again = whole(&folder.path().join("again"));
    back(&early, &again).unwrap();
    for batches in [0_u64, 90] {
        let store = open(&again.0);
        let mut forked = Rig::new(&["cn"]);
        forked.made = 5_000;
        for _ in 0..batches {
            forked.commit(&store, &[(0, 4)], 600).unwrap();
        }
        drop(store);
        refused(&again, &fresh, &late.1);
    }
    let other = kept_of(&folder.path().join("other")).0;
    refused(&other, &fresh, &late.1);
    // A node's own keys say nothing of any copy.
    refused(&again, &(folder.path().join("fresh"), other.1.clone()), &other.1);
    assert!(files(&late.1) == later);
    let third = whole(&folder.path().join("third"));
    back(&late, &third).unwrap();
    let store = open(&third.0);
    rig.check(&store);
    store.unseal_all().unwrap();
    drop(store);
    over(&third, &(folder.path().join("fresh"), late.1.clone())).unwrap();
}

#[test]
fn keys_that_are_cut_or_came_back_after_an_erasure_are_not_copied_over_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (node, kept, store, mut rig) = kept_of(folder.path());
    let before = files(&node.1);
    store.erase(&origin("cn"), 3, rig.now_ms()).unwrap();
    over(&node, &kept).unwrap();
    drop(store);
    let (file, erased) = (node.0.join(keys::name(&origin("cn"))), files(&kept.1));
    let good = fs::read(&file).unwrap();
    let unerased = before.into_iter().find(|(path, _)| *path == file).unwrap().1;
    assert!(unerased.len() == good.len() && unerased != good);
    for bad in [Some(unerased), Some(good[..good.len() - 1].to_vec()), None] {
        match bad {
            Some(bad) => fs::write(&file, bad).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert!(matches!(over(&node, &kept), Err(StoreError::CopiedKeysOfAnother(_))));
        assert!(files(&kept.1) == erased);
    }
    fs::write(&file, good).unwrap();
    // Keys behind those in use are made anew after a start, and are no other node's for it.
    let store = open(&node.0);
    lives(&store, &mut rig, 60);
    over(&node, &kept).unwrap();
    let again = whole(&folder.path().join("again"));
    back(&kept, &again).unwrap();
    let back = open(&again.0);
    assert_eq!(back.disclosures(&origin("cn"), 3).unwrap(), Some(Disclosures::Erased));
    back.unseal_all().unwrap();
}

#[test]
fn keys_of_an_earlier_version_belong_to_the_copy_beside_them_and_to_no_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (node, kept, ..) = kept_of(folder.path());
    fs::remove_file(kept.1.join(MANIFEST)).unwrap();
    let fresh = (folder.path().join("fresh"), kept.1.clone());
    assert!(matches!(over(&node, &fresh), Err(StoreError::CopiedKeysOfAnother(_))));
    over(&node, &kept).unwrap();
    assert!(kept.1.join(MANIFEST).exists());
    over(&node, &fresh).unwrap();
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
