//! A package is taken whole, from whom it names and for whom it is, or not at all.

use super::{head, line, log, proof, script, settled};
use crate::exchange::cosigned::{Cosigned, Kept};
use crate::exchange::driver::head_within;
use crate::exchange::message::Disclosed;
use crate::exchange::parcel::{
    EntryLine, FrontLine, Line, LogLine, LostLine, ParcelError, ParcelWriter, Survey, TrustLine,
};
use crate::exchange::tests::world::{Use, WORLD, key, name};
use crate::reason::Reasoned as _;
use crate::store::{Batch, Store as _};
use crate::trust::PackageSeal;

/// What a package of the first node begins with.
fn front(to: usize) -> FrontLine {
    let trust_list = TrustLine { version: WORLD.trust.version(), digest: "00".to_owned() };
    FrontLine { version: 1, from: name(0), to: name(to), made_at: 7, trust_list }
}

/// The log from an index up to a size, for a node, sealed by another.
fn package(after: u64, size: u64, to: usize, by: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ParcelWriter::new(&mut bytes);
    let front = front(to);
    writer.line(&Line::Package(front.clone())).unwrap();
    let consistency = if after == 0 { Vec::new() } else { proof(after, size) };
    let log = LogLine { origin: log(), after, checkpoint: head(size).note, consistency };
    writer.line(&Line::Log(log)).unwrap();
    for (index, line) in (0..).zip(&script().lines).filter(|(index, _)| (after..size).contains(index)) {
        let leaf = String::from_utf8(line.leaf.to_vec()).unwrap();
        writer.line(&Line::Entry(EntryLine::new(index, leaf, Disclosed::Held))).unwrap();
    }
    let sign = |seal: &PackageSeal| Ok(seal.sign(key(by, Use::Replica)).unwrap());
    writer.seal(&front, sign).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Survey, ParcelError> {
    Survey::read(bytes, &WORLD.trust, &name(1))
}

fn reason(bytes: &[u8]) -> &'static str {
    read(bytes).unwrap_err().reason()
}

#[test]
fn what_is_in_a_package_is_found_where_it_stands() {
    let bytes = package(4, 9, 1, 0);
    let survey = read(&bytes).unwrap();
    assert_eq!((survey.front.from, survey.logs.len(), survey.cosigned.len()), (name(0), 1, 0));
    let found = &survey.logs[0];
    assert_eq!((found.after, found.head.size, found.next(), found.leaves.len()), (4, 9, 9, 5));
    assert_eq!(found.refused, None);
    for index in 4..9 {
        let (offset, length) = found.place(index).unwrap();
        let line = &bytes[usize::try_from(offset).unwrap()..][..usize::try_from(length).unwrap()];
        let Line::Entry(entry) = Line::read(line, 1).unwrap() else { panic!("no entry") };
        assert_eq!(entry.index, index);
    }
    assert_eq!((found.place(3), found.place(9)), (None, None));
}

#[test]
fn a_package_that_was_cut_changed_or_reordered_is_refused_whole() {
    let good = package(0, 6, 1, 0);
    assert!(read(&good).is_ok());
    let text = String::from_utf8(good.clone()).unwrap();
    let lines = text.split_inclusive('\n').collect::<Vec<_>>();
    for kept in 0..lines.len() {
        assert_eq!(reason(lines[..kept].concat().as_bytes()), "PACKAGE_DAMAGED", "{kept} lines");
    }
    assert_eq!(reason(&good[..good.len() - 1]), "PACKAGE_DAMAGED");
    assert_eq!(reason(&[&good[..], b"{}\n"].concat()), "PACKAGE_DAMAGED");
    // Every byte: whatever it says then, it is not this package any more.
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(read(&bad).is_err(), "byte {at}");
    }
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    assert_eq!(reason(swapped.concat().as_bytes()), "PACKAGE_MALFORMED");
    let said = read(swapped.concat().as_bytes()).unwrap_err().to_string();
    assert!(said.contains("changed on the way") && said.ends_with("have it brought again"), "{said}");
    let held = text.replacen("\"without\":\"held\"", "\"without\":\"none\"", 1);
    assert_eq!(reason(held.as_bytes()), "PACKAGE_DAMAGED");
    let both = text.replacen("\"without\":\"held\"", "\"without\":\"held\",\"disclosures\":[]", 1);
    assert_eq!(reason(both.as_bytes()), "PACKAGE_MALFORMED");
    assert_eq!(reason(&vec![b'x'; 3 << 20]), "PACKAGE_TOO_LARGE");
    assert_eq!(reason(b""), "PACKAGE_DAMAGED");
}

#[test]
fn what_its_maker_lost_for_good_a_package_says_behind_its_logs() {
    let lost = LostLine { origin: log(), size: 9, signed: 12 };
    let sealed = |lines: &[Line]| {
        let mut bytes = Vec::new();
        let mut writer = ParcelWriter::new(&mut bytes);
        writer.line(&Line::Package(front(1))).unwrap();
        for line in lines {
            writer.line(line).unwrap();
        }
        writer.seal(&front(1), |seal| Ok(seal.sign(key(0, Use::Replica)).unwrap())).unwrap();
        bytes
    };
    let begun = LogLine { origin: log(), after: 9, checkpoint: head(9).note, consistency: Vec::new() };
    let (begun, told) = (Line::Log(begun), Line::Lost(lost.clone()));
    let survey = read(&sealed(&[begun.clone(), told.clone()])).unwrap();
    assert_eq!((survey.logs.len(), survey.lost), (1, vec![lost]));
    assert_eq!(reason(&sealed(&[told, begun])), "PACKAGE_MALFORMED");
}

/// By the time of its seal it takes the place of another that is being pushed.
#[test]
fn a_package_that_is_sealed_for_another_time_than_it_names_is_refused() {
    for (made_at, taken) in [(7, true), (8, false)] {
        let mut bytes = Vec::new();
        let mut writer = ParcelWriter::new(&mut bytes);
        writer.line(&Line::Package(front(1))).unwrap();
        let sign = |seal: &PackageSeal| Ok(seal.sign(key(0, Use::Replica)).unwrap());
        writer.seal(&FrontLine { made_at, ..front(1) }, sign).unwrap();
        assert_eq!(read(&bytes).is_ok(), taken);
        assert!(taken || reason(&bytes) == "PACKAGE_DAMAGED");
    }
}

#[test]
fn a_package_is_taken_from_whom_it_names_and_by_whom_it_is_for() {
    assert_eq!(reason(&package(0, 6, 1, 1)), "PACKAGE_NOT_SEALED");
    assert_eq!(reason(&package(0, 6, 2, 0)), "PACKAGE_FOR_ANOTHER");
    // The log does not go to the third, though it was sealed for him.
    let third = Survey::read(&package(0, 6, 2, 0)[..], &WORLD.trust, &name(2)).unwrap();
    assert_eq!(third.logs[0].refused.as_ref().unwrap().reason(), "PACKAGE_LOG_NOT_FOR_PARTNER");
    let stranger = String::from_utf8(package(0, 6, 1, 0)).unwrap().replacen("\"pk\"", "\"xx\"", 1);
    assert_eq!(reason(stranger.as_bytes()), "PACKAGE_FOR_NOBODY");
}

#[test]
fn a_log_with_more_entries_than_a_package_has_room_for_ends_in_it_at_a_head_that_is_kept() {
    let store = settled().store;
    let ends = |after: u64, room: u64| head_within(&store, &log(), &WORLD.trust, (after, room));
    assert_eq!(ends(0, 10).unwrap(), Some(head(10)));
    assert_eq!(ends(0, 9).unwrap_err().reason(), "PACKAGE_TOO_LARGE");
    let (mut cosigned, mut state) = (Cosigned::none(log()), Vec::new());
    for (node, replica) in [(1, true), (2, false)] {
        let (head, keys) = (head(6), WORLD.trust.node(&name(node)).unwrap());
        let keys = keys.replica_keys().chain(keys.witness_keys());
        let kept = Kept::check(&WORLD.trust, &log(), &head, &line(&head, node, replica), keys).unwrap();
        state.extend(cosigned.keep(&kept, &WORLD.trust).unwrap());
    }
    store.commit(Batch { state, ..Batch::default() }).unwrap();
    // As the log's key signed it, without the lines of others; the next one begins there.
    assert_eq!(ends(0, 9).unwrap(), Some(head(6)));
    assert_eq!(ends(6, 4).unwrap(), Some(head(10)));
    assert_eq!(ends(6, 3).unwrap_err().reason(), "PACKAGE_TOO_LARGE");
}
