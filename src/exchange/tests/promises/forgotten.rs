//! A node that lost what it kept of others does not cosign behind or beside what it cosigned before.

use super::witnessing::Watch;
use super::*;
use crate::exchange::memory::{Memory, Told};
use crate::exchange::replica::Heard;

fn heard(head: &PublishedHead) -> Heard {
    Heard { head: head.head, note: head.note.clone() }
}

fn memory(node: usize, whole: bool) -> Memory {
    Memory::new(name(node), Arc::clone(&WORLD.trust), whole, at(0))
}

#[test]
fn an_empty_folder_waits_for_whoever_may_have_seen_what_it_cosigned() {
    // The log asks for its replica's cosignature, and for the one of its witness: both have to be heard.
    let mut memory = memory(1, false);
    memory.told(&name(0), Told::read(&WORLD.trust, &known(&head(12), true)));
    assert_eq!(memory.recalled(&log(), at(600)), None);
    memory.told(&name(2), Told::read(&WORLD.trust, &known(&head(20), false)));
    assert_eq!(memory.recalled(&log(), at(1)), Some(vec![heard(&head(12)), heard(&head(20))]));
    assert!(memory.is_whole());
}

/// The hazard: the log's own node is an old copy too, and who has seen more is away.
#[test]
fn an_empty_folder_whose_cosignature_alone_is_enough_waits_for_every_other_cosigner() {
    let list = trust(2, |text| text.cosigning.witnesses = 0);
    let mut memory = Memory::new(name(1), Arc::clone(&list), false, at(0));
    memory.told(&name(0), Told::default());
    assert_eq!((memory.recalled(&log(), at(600)), memory.awaited(&log())), (None, vec![name(2)]));
    memory.told(&name(2), Told::read(&list, &known(&head(8), false)));
    assert_eq!(memory.recalled(&log(), at(600)), Some(vec![heard(&head(8))]));
    // Who is no cosigner of the log is waited for a moment.
    let list = trust(2, |text| (text.cosigning.witnesses, text.cosigning.of) = (0, Vec::new()));
    let mut memory = Memory::new(name(1), list, false, at(0));
    memory.told(&name(0), Told::default());
    assert_eq!((memory.recalled(&log(), at(1)), memory.awaited(&log())), (None, Vec::new()));
    assert_eq!((memory.recalled(&log(), at(5)), memory.is_whole()), (Some(Vec::new()), false));
}

#[test]
fn a_folder_that_is_whole_waits_a_moment_for_others_and_always_for_the_logs_own_node() {
    let mut memory = memory(1, true);
    memory.told(&name(2), Told::read(&WORLD.trust, &known(&head(20), false)));
    assert_eq!(memory.recalled(&log(), at(600)), None);
    let mut memory = self::memory(1, true);
    memory.told(&name(0), Told::read(&WORLD.trust, &[]));
    assert_eq!(memory.recalled(&log(), at(1)), None);
    assert_eq!(memory.recalled(&log(), at(5)), Some(Vec::new()), "nobody who could be reached knows of it: it is new");
}

#[test]
fn who_is_waited_for_is_the_logs_own_node_before_all_others() {
    let mut memory = memory(1, false);
    memory.told(&name(2), Told::default());
    assert_eq!((memory.awaits_issuer(&log()), memory.awaited(&log())), (true, vec![name(0)]));
    let mut memory = self::memory(1, false);
    memory.told(&name(0), Told::default());
    assert_eq!((memory.awaits_issuer(&log()), memory.awaited(&log())), (false, vec![name(2)]));
}

#[test]
fn who_cannot_open_a_log_that_it_keeps_was_not_heard_of_it() {
    let mut memory = memory(1, false);
    memory.told(&name(0), Told::read(&WORLD.trust, &known(&head(12), true)));
    memory.told(&name(2), Told::default().but([log()].into()));
    assert_eq!((memory.recalled(&log(), at(600)), memory.is_whole()), (None, false));
    assert_eq!(memory.awaited(&log()), [name(2)]);
    // Told each minute, it is remembered once.
    for size in [14, 16] {
        memory.told(&name(2), Told::read(&WORLD.trust, &known(&head(size), false)).but([log()].into()));
    }
    assert_eq!(memory.open().count(), 1);
    // Its operator has mended that.
    memory.told(&name(2), Told::read(&WORLD.trust, &known(&head(20), false)));
    assert_eq!(memory.recalled(&log(), at(600)), Some(vec![heard(&head(12)), heard(&head(20))]));
    assert!(memory.is_whole());
}

#[test]
fn what_somebody_brings_is_through_once_it_is_held_though_nobody_told_what_was_cosigned() {
    let mut bench = Bench::new();
    bench.heads = None;
    bench.connect();
    bench.announce(0, &head(8));
    assert!(!bench.replica.holds_all_uncosigned(), "none of it is here");
    bench.package(0, 8, 8);
    assert!(bench.replica.holds_all_uncosigned());
    bench.heads = Some(Vec::new());
    bench.tell(replica::Event::Tick);
    assert_eq!((bench.cosigned(), bench.replica.holds_all_uncosigned()), (vec![8], false));
}

#[test]
fn a_head_that_its_log_did_not_sign_stops_nobody() {
    let mut memory = memory(1, false);
    let forged = PublishedHead { note: head(30).note.replacen("30", "90", 1), ..head(30) };
    memory.told(&name(0), Told::read(&WORLD.trust, &known(&head(12), true)));
    memory.told(&name(2), Told::read(&WORLD.trust, &known(&forged, false)));
    assert_eq!(memory.recalled(&log(), at(1)), Some(vec![heard(&head(12))]));
}

#[test]
fn a_wiped_replica_cosigns_from_where_it_had_come_and_on() {
    let mut bench = Bench::new();
    bench.heads = None;
    bench.connect();
    bench.announce(0, &head(8));
    bench.package(0, 8, 8);
    assert_eq!((bench.size(), bench.cosigned()), (8, Vec::new()), "nobody has told yet");
    bench.heads = Some(vec![heard(&head(16))]);
    bench.tell(replica::Event::Tick);
    assert!(bench.cosigned().is_empty() && bench.replica.recalls(), "it had come to 16");
    bench.announce(8, &head(20));
    bench.package(8, 20, 20);
    assert_eq!((bench.size(), bench.cosigned()), (20, vec![20]));
    assert!(!bench.replica.recalls());
}

#[test]
fn a_wiped_replica_that_is_shown_another_history_cosigns_nothing_and_says_so() {
    let mut bench = Bench::new();
    bench.heads = Some(vec![heard(&head_in(&branch(), 16))]);
    bench.connect();
    bench.announce(0, &head(20));
    bench.package(0, 20, 20);
    let said = std::mem::take(&mut bench.said);
    let suspected = said.iter().find_map(|action| match action {
        replica::Action::Suspect(suspicion) => Some((suspicion.first.clone(), suspicion.second.clone())),
        _ => None,
    });
    assert_eq!(suspected, Some((head_in(&branch(), 16).note, head(20).note)));
    assert!(!said.iter().any(|action| matches!(action, replica::Action::Send(FromReplica::Cosign(_)))));
    bench.tell(replica::Event::Tick);
    assert!(bench.cosigned().is_empty());
    // What was lifted of another branch changes nothing.
    bench.tell(replica::Event::Lifted(vec![head_in(&branch(), 18).head]));
    assert!(bench.cosigned().is_empty() && bench.replica.alarm().is_some());
    // Until a person judges that the branch held here goes on, and this one was left.
    bench.tell(replica::Event::Lifted(vec![head_in(&branch(), 16).head]));
    bench.announce(20, &head(24));
    bench.package(20, 24, 24);
    assert_eq!(bench.cosigned(), vec![20, 24]);
}

#[test]
fn a_lifted_log_is_dialled_again_and_frozen_again_by_what_is_proven_beside_that_whatever_its_size() {
    let mut bench = settled();
    let left = head_in(&branch(), 10);
    bench.announce(10, &left);
    assert_eq!(bench.reason(), Some("LOG_EQUIVOCATED"));
    bench.tell(replica::Event::Lifted(vec![left.head, head_in(&branch(), 40).head]));
    bench.connect();
    bench.announce(10, &left);
    assert_eq!((bench.reason(), bench.replica.held().record.equivocated), (Some("LOG_EQUIVOCATED"), None));
    bench.connect();
    bench.announce(10, &head(14));
    bench.package(10, 14, 14);
    assert_eq!(bench.cosigned(), vec![14]);
    // Another head is held against what was left by whoever compares all of them, and nothing of it is taken.
    bench.announce(14, &head_in(&branch(), 14));
    let said = std::mem::take(&mut bench.said);
    assert!(said.iter().any(|action| matches!(action, replica::Action::Suspect(_))), "{said:?}");
    assert_eq!((bench.size(), bench.replica.held().record.equivocated), (14, None));
    // Short of the longest head that was left, it is a new deed all the same.
    bench.tell(replica::Event::Equivocated(12));
    assert_eq!(bench.replica.held().record.equivocated, Some(12));
    let mut again = Bench::over(bench.store);
    again.tell(replica::Event::Lifted(vec![left.head]));
    again.tell(replica::Event::Equivocated(12));
    assert_eq!(again.replica.held().record.equivocated, Some(12), "after a start too");
}

#[test]
fn a_wiped_witness_goes_on_from_the_furthest_head_that_partners_know() {
    let mut watch = Watch::new(2);
    watch.heads = None;
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 503, "nobody has told yet");
    watch.heads = Some(vec![heard(&head(10)), heard(&head(14))]);
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 409);
    assert_eq!(watch.ask(10, Vec::new(), &head_in(&branch(), 10).note), 409);
    // One proof for each head that it may have cosigned; only then it cosigns.
    assert_eq!(watch.ask(10, proof(10, 16), &head(16).note), 409);
    assert_eq!(watch.ask(14, proof(14, 16), &head(16).note), 200);
    assert_eq!(watch.ask(16, proof(16, 18), &head(18).note), 200);
}

#[test]
fn a_wiped_witness_helps_no_second_history() {
    // One partner tells the other history further on; what it saw before is of the first.
    let mut watch = Watch::new(2);
    let other = branch();
    watch.heads = Some(vec![heard(&head(10)), heard(&head_in(&other, 14))]);
    let proof_of = |old, new| consistency_proof(old, new, &other).unwrap();
    assert_eq!(watch.ask(14, proof_of(14, 16), &head_in(&other, 16).note), 409);
    assert_eq!(watch.ask(10, proof_of(10, 16), &head_in(&other, 16).note), 422);
    assert_eq!(watch.ask(10, proof(10, 16), &head(16).note), 409);
    assert_eq!(watch.ask(14, proof(14, 16), &head(16).note), 422);
}
