//! Everything read again, a piece at a time.

use super::super::scrub::portion;
use super::*;
use crate::store::{Damage, ScrubbedPiece};

/// A segment that no start reads.
const SEALED: &str = "entries/00000001";
const WEEK: u64 = 7 * 24 * 60;
/// Less than a batch: one of them a piece.
const LITTLE: u64 = 1;

/// Pieces until all was read.
fn round(store: &JournalStore, bytes: u64) -> Vec<ScrubbedPiece> {
    let mut pieces = Vec::new();
    while pieces.last().is_none_or(|piece: &ScrubbedPiece| !piece.is_last) {
        pieces.push(store.core().scrub_piece(bytes, START_MS));
        assert!(pieces.len() < 1_000, "it comes to no end");
    }
    pieces
}

fn found(pieces: &[ScrubbedPiece]) -> Vec<&Damage> {
    pieces.iter().flat_map(|piece| &piece.found).collect()
}

fn gone(pieces: &[ScrubbedPiece]) -> usize {
    pieces.iter().map(|piece| piece.gone.len()).sum()
}

/// Turns a bit of the first leaf in a segment.
fn turn(bench: &Bench, segment: &str) {
    bench.disk.change(segment, |bytes| {
        let at = bytes.windows(7).position(|window| window == b"header.").unwrap();
        bytes[at + 40] ^= 1;
    });
}

#[test]
fn damage_in_a_sealed_segment_is_found_within_a_round_told_once_and_gone_once_it_is_repaired() {
    for bytes in [LITTLE, 5_000, u64::MAX] {
        let (bench, store, _) = Bench::lived();
        let whole = bench.disk.contents(SEALED);
        turn(&bench, SEALED);
        let pieces = round(&store, bytes);
        let [damage] = found(&pieces)[..] else { panic!("{pieces:?}") };
        assert_eq!((damage.file.as_str(), damage.offset, damage.found_ms), (SEALED, 52, START_MS));
        assert_eq!(damage.entries, [(origin("cn"), 0..4), (origin("all"), 0..1)]);
        assert!(matches!(&store.damages()[..], [one] if one == damage));
        // Told once, by whichever piece comes upon it again.
        let again = [round(&store, bytes), round(&store, bytes)].concat();
        assert!(found(&again).is_empty() && gone(&again) == 0 && store.damages().len() == 1, "{again:?}");
        bench.disk.change(SEALED, |bytes| *bytes = whole);
        let piece = store.core().scrub_piece(LITTLE, START_MS);
        assert!(piece.found.is_empty() && piece.gone == [damage.clone()], "{piece:?}");
        assert!(store.damages().is_empty() && found(&round(&store, bytes)).is_empty());
        assert!(store.leaf(&origin("cn"), 0).unwrap().is_some());
    }
}

#[test]
fn damage_is_known_after_a_start_and_is_gone_with_the_first_piece_where_the_file_was_put_back() {
    let (bench, store, _) = Bench::lived();
    let whole = bench.disk.contents(SEALED);
    turn(&bench, SEALED);
    round(&store, LITTLE);
    drop(store);
    let store = bench.open().unwrap();
    let damages = store.damages();
    assert!(damages.len() == 1 && damages[0].file == SEALED, "{damages:?}");
    assert_eq!(store.core().scrub_piece(LITTLE, START_MS), ScrubbedPiece::default(), "it is no news");
    drop(store);
    bench.disk.change(SEALED, |bytes| *bytes = whole);
    let store = bench.open().unwrap();
    assert_eq!(store.core().scrub_piece(LITTLE, START_MS).gone.len(), 1);
    drop(store);
    assert!(bench.open().unwrap().damages().is_empty());
    // Where the file with it is lost, all is read from the first on.
    bench.disk.change("scrub", |bytes| bytes[9] ^= 1);
    assert!(found(&round(&bench.open().unwrap(), LITTLE)).is_empty());
}

#[test]
fn a_healthy_store_comes_to_the_end_of_a_round_and_begins_anew_while_it_grows() {
    let (bench, store, mut rig) = Bench::lived();
    let batches = usize::try_from(store.scrub().unwrap().batches).unwrap();
    for _ in 0..3 {
        let pieces = round(&store, LITTLE);
        assert!(found(&pieces).is_empty() && pieces.len() >= batches, "{} of {batches}", pieces.len());
        rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
        rig.advance(&store).unwrap();
    }
    // What has no head yet is read too, and a start goes on in the segment where it stood.
    rig.commit(&store, &[(0, 4)], 700).unwrap();
    let half = (0..batches / 2).map(|_| store.core().scrub_piece(LITTLE, START_MS)).collect::<Vec<_>>();
    drop(store);
    let store = bench.open().unwrap();
    let rest = round(&store, LITTLE);
    assert!(found(&half).is_empty() && found(&rest).is_empty() && rest.len() < batches, "{}", rest.len());
    rig.check(&store);
}

#[test]
fn erased_contents_are_no_damage() {
    let (_bench, store, _) = Bench::lived();
    for index in 0..30 {
        store.erase(&origin("cn"), index, START_MS).unwrap();
    }
    assert_eq!(store.disclosures(&origin("cn"), 0).unwrap(), Some(Disclosures::Erased));
    assert!(found(&round(&store, LITTLE)).is_empty() && store.damages().is_empty());
}

#[test]
fn the_pace_covers_everything_in_a_week_though_it_grows_by_a_tenth_meanwhile() {
    for total in [0, 1, 1 << 20, 8 << 30, 100 << 30, 3_u64 << 40] {
        assert!(portion(total) * WEEK >= total / 10 * 11, "{total}");
    }
    // A terabyte costs the disk two megabytes a second, and what fits on any disk next to nothing.
    assert!(portion(1 << 40) < 128 << 20);
    assert_eq!(portion(4 << 30), 1 << 20);
    // A piece ends behind the batch that fills it, so that no more pieces are needed than there are portions.
    let (bench, store, _) = Bench::lived();
    let names = bench.disk.names().into_iter().filter(|name| name.starts_with("entries"));
    let total = names.map(|name| bench.disk.contents(&name).len() as u64).sum::<u64>();
    for share in [3, 7, 20] {
        let pieces = round(&store, total.div_ceil(share)).len();
        assert!(pieces as u64 <= share, "{pieces} pieces, each a {share}th");
    }
}

#[test]
fn a_package_at_random_finds_damage_before_its_turn_comes() {
    let (bench, store, _) = Bench::lived();
    let mut sealed = bench.disk.names().into_iter().filter(|name| name.starts_with("entries")).collect::<Vec<_>>();
    sealed.pop();
    let last = sealed.pop().unwrap();
    turn(&bench, &last);
    let pieces = (0..8).map(|_| store.core().scrub_piece(LITTLE, START_MS)).collect::<Vec<_>>();
    let [damage] = found(&pieces)[..] else { panic!("{pieces:?}") };
    // The batch is named, as it is when its turn comes: it is one finding.
    assert_eq!((&damage.file, damage.offset), (&last, 52));
    assert!(found(&round(&store, LITTLE)).is_empty());
}

#[test]
fn a_segment_that_is_cut_lost_or_without_its_head_is_told_and_the_round_goes_on() {
    let length = Bench::lived().0.disk.contents("entries/00000002").len();
    for (change, offset) in [(0, None), (1, None), (2, Some(0)), (3, Some(0))] {
        let (bench, store, _) = Bench::lived();
        let name = "entries/00000002";
        match change {
            0 => bench.disk.change(name, |bytes| bytes.truncate(length - 1)),
            1 => bench.disk.change(name, |bytes| {
                let magic = super::super::frame::Class::Entries.magic();
                let at = bytes.windows(8).rposition(|window| window == magic).unwrap();
                bytes.truncate(at);
            }),
            2 => bench.disk.delete(name),
            _ => bench.disk.change(name, |bytes| bytes[20] ^= 1),
        }
        turn(&bench, "entries/00000003");
        let pieces = round(&store, u64::MAX);
        let [one, other] = found(&pieces)[..] else { panic!("{change}: {pieces:?}") };
        assert!(one.file == name && offset.is_none_or(|offset| one.offset == offset), "{change}: {one:?}");
        // What stands behind a head is served all the same.
        assert_eq!(one.entries.is_empty(), change == 3, "{change}: {one:?}");
        assert_eq!(other.file, "entries/00000003", "{change}");
        assert!(found(&round(&store, u64::MAX)).is_empty(), "{change}");
    }
}

#[test]
fn a_damaged_row_is_told_with_its_entry_and_gone_once_the_sidecars_are_made_again() {
    let (bench, store, mut rig) = Bench::lived();
    bench.disk.change("logs/00000000.rows", |bytes| {
        for row in [1, 2, 9] {
            bytes[row * 80 + 20] ^= 1;
        }
    });
    let pieces = round(&store, LITTLE);
    let mut damages = store.damages();
    damages.sort_by_key(|damage| damage.offset);
    let [first, second] = &damages[..] else { panic!("{pieces:?}") };
    assert_eq!((first.file.as_str(), first.offset), ("logs/00000000.rows", 80));
    assert_eq!((&first.entries[..], &second.entries[..]), (&[(origin("cn"), 1..3)][..], &[(origin("cn"), 9..10)][..]));
    assert!(found(&round(&store, LITTLE)).is_empty());
    drop(store);
    for name in bench.disk.names().iter().filter(|name| name.starts_with("logs/")) {
        bench.disk.delete(name);
    }
    let store = bench.open().unwrap();
    assert_eq!(store.core().scrub_piece(LITTLE, START_MS).gone.len(), 2);
    assert!(store.damages().is_empty());
    rig.check(&store);
}

#[test]
fn a_tree_that_is_not_that_of_the_entries_is_told() {
    let bench = Bench::new(1);
    let store = bench.open().unwrap();
    let mut rig = Rig::new(&["cn"]);
    rig.commit(&store, &[(0, 300)], 10).unwrap();
    rig.advance(&store).unwrap();
    assert!((0..20).all(|_| store.core().scrub_piece(LITTLE, START_MS).found.is_empty()));
    // As memory that failed would have it.
    let mut tree = super::super::rows::Tree::empty();
    for _ in 0..300 {
        tree.append(crate::log::leaf_hash(b"another"));
    }
    store.core().logs_mut().get_mut(&origin("cn")).unwrap().tree = tree;
    let pieces = (0..200).map(|_| store.core().scrub_piece(LITTLE, START_MS)).collect::<Vec<_>>();
    let mut entries = found(&pieces).iter().flat_map(|damage| damage.entries.clone()).collect::<Vec<_>>();
    entries.sort_by_key(|(_, range)| range.start);
    assert_eq!(entries, [(origin("cn"), 0..256), (origin("cn"), 256..300)]);
}

#[test]
fn a_store_that_stopped_after_an_error_is_not_said_to_be_damaged() {
    let (bench, store, mut rig) = Bench::lived();
    bench.disk.fail_sync_after(0);
    assert!(rig.commit(&store, &[(0, 1)], 10).is_err());
    assert_eq!(store.core().scrub_piece(u64::MAX, START_MS), ScrubbedPiece::default());
    store.reload().unwrap();
    assert!(found(&round(&store, LITTLE)).is_empty());
}

/// What the handbook has an operator do.
#[test]
fn a_damaged_segment_is_mended_by_the_same_file_of_a_copy_though_a_copy_was_made_since() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (data, copy, own_keys, copied_keys) = (place("data"), place("copy"), place("data/keys"), place("copied-keys"));
    let from = CopyFolders { journals: &data, keys: &own_keys };
    let to = CopyFolders { journals: &copy, keys: &copied_keys };
    let store = real(&data).unwrap();
    let mut rig = Rig::new(&["cn", "all"]);
    for _ in 0..20 {
        rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
        rig.advance(&store).unwrap();
    }
    drop(store);
    JournalStore::copy(from, to).unwrap().unwrap();
    let (damaged, whole) = (data.join(SEALED), copy.join(SEALED));
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    JournalStore::copy(from, to).unwrap().unwrap();
    let store = real(&data).unwrap();
    let pieces = round(&store, u64::MAX);
    // Whoever is told of the file has to find it.
    assert_eq!(store.damages()[0].file, damaged.display().to_string());
    assert!(found(&pieces).len() == 1 && store.leaf(&origin("cn"), 0).is_ok_and(|leaf| leaf.is_some()), "{pieces:?}");
    drop(store);
    std::fs::copy(&whole, &damaged).unwrap();
    let store = real(&data).unwrap();
    assert_eq!(store.core().scrub_piece(LITTLE, START_MS).gone.len(), 1);
    assert!(store.damages().is_empty());
    store.scrub().unwrap();
    rig.check(&store);
}
