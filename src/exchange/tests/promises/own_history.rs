//! A node that starts asks what partners hold of its own logs before it signs for them.

mod forked;

use super::{at, branch, head, head_in, known, log};
use crate::exchange::message::KnownHead;
use crate::exchange::recall::{self, Lack, Recall, Settled};
use crate::exchange::tests::world::{WORLD, issuer, name, origin, trust};
use crate::log::root;
use crate::sequencer::{Closing, Gate, Shown};
use crate::store::{Batch, MemoryStore, Store as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn recall(durable: u64) -> Recall {
    let hosts = BTreeSet::from([log().host().clone()]);
    let mut recall = Recall::new(&name(0), Arc::clone(&WORLD.trust), hosts, [(log(), durable)]);
    let asked = recall.step(at(0), recall::Event::Tick);
    assert_eq!(asked, [recall::Action::AskHeads(name(1)), recall::Action::AskHeads(name(2))]);
    // Then nobody waits for the witness.
    assert_eq!(recall.step(at(0), recall::Event::Unreachable(name(2))), []);
    recall
}

fn heard(recall: &mut Recall, node: usize, heads: Vec<KnownHead>) -> Vec<recall::Action> {
    told(recall, node, heads, 10)
}

/// A partner tells while so many entries are durable here.
fn told(recall: &mut Recall, node: usize, heads: Vec<KnownHead>, durable: u64) -> Vec<recall::Action> {
    let durable = [(log(), durable)].into();
    recall.step(at(1), recall::Event::Heads { partner: name(node), heads, durable, all: true, awaits: BTreeSet::new() })
}

/// Settled by the replica's word.
fn settled(durable: u64) -> Recall {
    let mut recall = recall(durable);
    heard(&mut recall, 1, known(&head(durable), true));
    recall.step(at(1), recall::Event::Root { origin: log(), size: durable, root: head(durable).head.root });
    assert!(recall.is_settled(&log()));
    recall
}

#[test]
fn the_required_replica_alone_suffices_to_go_on() {
    let mut recall = recall(10);
    let root = head(10).head.root;
    let read = heard(&mut recall, 1, known(&head(10), true));
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    let settled = recall.step(at(1), recall::Event::Root { origin: log(), size: 10, root });
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
    assert!(recall.is_settled(&log()));
}

#[test]
fn what_is_missing_comes_back_from_the_addressee_before_anything_is_signed() {
    let mut recall = recall(6);
    let refill = heard(&mut recall, 1, known(&head(10), true));
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(10).note }]);
    let read = recall.step(at(2), recall::Event::Refilled { origin: log(), durable: 10 });
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    let root = head(10).head.root;
    let settled = recall.step(at(2), recall::Event::Root { origin: log(), size: 10, root });
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: true })]);
}

#[test]
fn a_log_whose_entries_nobody_holds_is_closed_by_a_persons_word_and_one_that_is_otherwise_is_not_signed() {
    let mut lost = recall(6);
    // A witness knows of more; the addressee's node may yet have the entries.
    assert_eq!(heard(&mut lost, 2, known(&head(10), false)), []);
    assert_eq!(heard(&mut lost, 1, known(&head(6), true)), []);
    assert_eq!(lost.step(at(600), recall::Event::Tick), []);
    assert!(!lost.is_settled(&log()) && lost.lacks().contains_key(&log()));
    let closed = lost.step(at(600), recall::Event::GiveUp(log()));
    let successor = "2026-2".parse().ok();
    let close = Settled::Close { size: 6, successor, note: head(10).note };
    assert_eq!(closed, [recall::Action::Settled(log(), close)]);

    let mut forked = recall(10);
    heard(&mut forked, 1, known(&head(10), true));
    let root = root(10, &branch()).unwrap();
    let settled = forked.step(at(1), recall::Event::Root { origin: log(), size: 10, root });
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::Forked { note: head(10).note })]);
}

/// The hazard: two volumes that are not mounted. What is closed then is not taken back when they are.
#[test]
fn nothing_is_closed_while_issuer_and_replica_both_begin_anew_and_what_is_put_back_later_comes() {
    let mut recall = recall(0);
    assert_eq!(heard(&mut recall, 2, known(&head(10), false)), []);
    assert_eq!(heard(&mut recall, 1, Vec::new()), []);
    let refill = heard(&mut recall, 1, known(&head(10), true));
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(10).note }]);
}

/// The hazard: this folder is an old copy, and the one whose cosignature is enough begins anew and knows of nothing.
#[test]
fn who_begins_anew_counts_as_heard_once_those_are_that_it_waits_for() {
    let anew = |recall: &mut Recall, awaits: &[usize]| {
        let (heads, durable) = (Vec::new(), BTreeMap::new());
        let awaits = awaits.iter().map(|node| name(*node)).collect();
        recall.step(at(1), recall::Event::Heads { partner: name(1), heads, durable, all: true, awaits })
    };
    let mut behind = recall(6);
    assert_eq!(anew(&mut behind, &[0, 2]), []);
    assert!(behind.silent().eq([&name(1), &name(2)]) && !behind.is_settled(&log()));
    assert_eq!(heard(&mut behind, 2, known(&head(10), false)), []);
    assert!(behind.has_everybody() && behind.lacks().contains_key(&log()));
    // Or it was told by them itself. What it forgets after that it has told before.
    let mut whole = recall(6);
    assert_eq!(anew(&mut whole, &[2]), []);
    let settled = [recall::Action::Settled(log(), Settled::GoOn { refilled: false })];
    assert_eq!(anew(&mut whole, &[]), settled);
    assert_eq!(anew(&mut whole, &[2]), []);
    assert!(whole.answered().eq([&name(1)]));
}

#[test]
fn a_witness_that_can_be_reached_is_heard_before_the_replica_is_believed() {
    let hosts = BTreeSet::from([log().host().clone()]);
    let start = || {
        let mut recall = Recall::new(&name(0), Arc::clone(&WORLD.trust), hosts.clone(), [(log(), 6)]);
        recall.step(at(0), recall::Event::Tick);
        assert_eq!(heard(&mut recall, 1, known(&head(6), true)), []);
        recall
    };
    // The replica too was restored: to sign on would show a second history.
    let mut restored = start();
    assert_eq!(heard(&mut restored, 2, known(&head(10), false)), []);
    assert!(!restored.is_settled(&log()) && restored.lacks().contains_key(&log()));
    let mut recall = start();
    assert_eq!(recall.step(at(4), recall::Event::Tick), []);
    assert_eq!(recall.step(at(5), recall::Event::Tick), [recall::Action::ReadRoot { origin: log(), size: 6 }]);
}

#[test]
fn of_the_heads_that_one_partner_tells_the_latest_counts() {
    let mut recall = recall(6);
    // What the witness cosigned, and what this node itself told it before it was asked.
    let told = [known(&head(10), false), known(&head(6), false)].concat();
    assert_eq!(heard(&mut recall, 2, told), [], "who may have the entries has not answered");
    assert_eq!(heard(&mut recall, 1, known(&head(6), true)), []);
    assert_eq!(recall.lacks().get(&log()).map(|lack| lack.signed), Some(10));
}

#[test]
fn a_log_opened_since_the_start_is_no_forgotten_one_and_an_operator_may_speak_for_any() {
    let hosts = BTreeSet::from([log().host().clone()]);
    let mut recall = Recall::new(&name(0), Arc::clone(&WORLD.trust), hosts.clone(), []);
    recall.step(at(0), recall::Event::Tick);
    recall.opened(&log());
    let compared = [recall::Action::ReadRoot { origin: log(), size: 10 }];
    assert_eq!(heard(&mut recall, 1, known(&head(10), true)), compared);
    assert!(recall.is_settled(&log()));
    let mut recall = Recall::new(&name(0), Arc::clone(&WORLD.trust), hosts, []);
    let settled = recall.step(at(0), recall::Event::Override(log()));
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
    assert!(recall.is_settled(&log()));
}

#[test]
fn answers_that_prove_nothing_stop_nobody_and_a_silent_quorum_does() {
    let mut recall = recall(6);
    // A witness's answer does not make up for the replica that is required... of which nothing is heard.
    let actions = recall.step(at(1), recall::Event::Unreachable(name(1)));
    assert!(actions.is_empty() && !recall.is_settled(&log()));
    let asked = recall.step(at(2), recall::Event::Tick);
    assert_eq!(asked, [recall::Action::AskHeads(name(1)), recall::Action::AskHeads(name(2))]);
    // A note that the log did not sign counts for nothing.
    let mut forged = head(90);
    forged.note = forged.note.replace("90\n", "91\n");
    let settled = heard(&mut recall, 1, known(&forged, true));
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
    // Where the list asks for nobody's cosignature, nobody is asked.
    let text = |text: &mut crate::trust::ListText| {
        text.cosigning = crate::trust::Cosigning::if_it_has_a_node();
        text.nodes[1].replica_vkey = None;
    };
    let hosts = BTreeSet::from([log().host().clone()]);
    let mut alone = Recall::new(&name(0), trust(2, text), hosts, [(log(), 6)]);
    let settled = alone.step(at(0), recall::Event::Tick);
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
}

#[test]
fn a_log_that_was_forgotten_comes_back() {
    let hosts = BTreeSet::from([log().host().clone()]);
    let mut recall = Recall::new(&name(0), Arc::clone(&WORLD.trust), hosts, []);
    assert_eq!(recall.step(at(0), recall::Event::Tick).len(), 2);
    recall.step(at(0), recall::Event::Unreachable(name(2)));
    let refill = heard(&mut recall, 1, known(&head(10), true));
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(10).note }]);
}

#[test]
fn a_later_head_that_a_partner_brings_shuts_a_settled_log_until_what_is_missing_is_back() {
    let mut recall = settled(6);
    // Its own heads come back to it as it grows.
    assert_eq!(told(&mut recall, 2, known(&head(8), false), 8), []);
    let read = told(&mut recall, 1, known(&head(8), true), 8);
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 8 }]);
    assert_eq!(recall.step(at(1), recall::Event::Root { origin: log(), size: 8, root: head(8).head.root }), []);
    assert_eq!(told(&mut recall, 1, known(&head(8), true), 9), [], "it is known to be the same");

    let shut = told(&mut recall, 1, known(&head(12), true), 8);
    assert_eq!(shut, [recall::Action::Shut { origin: log(), signed: 12 }]);
    assert!(!recall.is_settled(&log()));
    assert_eq!(recall.step(at(2), recall::Event::Override(log())), [], "nobody's word brings back what is missing");
    // What was being signed is through.
    let refill = recall.step(at(2), recall::Event::Shut { origin: log(), durable: 9 });
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(12).note }]);
    recall.step(at(3), recall::Event::Refilled { origin: log(), durable: 12 });
    let settled = recall.step(at(3), recall::Event::Root { origin: log(), size: 12, root: head(12).head.root });
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: true })]);
}

#[test]
fn whoever_may_hold_the_entries_of_a_later_head_of_a_settled_log_is_asked_again() {
    let doubted = || {
        let mut recall = settled(6);
        let shut = told(&mut recall, 2, known(&head(10), false), 6);
        assert_eq!(shut, [recall::Action::Shut { origin: log(), signed: 10 }]);
        // That the replica had no more was before: a carrier may have brought it the rest since.
        assert_eq!(recall.step(at(2), recall::Event::Shut { origin: log(), durable: 6 }), []);
        assert_eq!(recall.step(at(3), recall::Event::Tick), [recall::Action::AskHeads(name(1))]);
        recall
    };
    let refill = told(&mut doubted(), 1, known(&head(10), true), 6);
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(10).note }]);
    let mut unheld = doubted();
    assert_eq!(told(&mut unheld, 1, known(&head(6), true), 6), []);
    assert!(!unheld.is_settled(&log()) && unheld.lacks().contains_key(&log()));
}

#[test]
fn a_partner_that_tells_many_heads_of_a_settled_log_has_it_read_once() {
    let mut recall = settled(6);
    let many = (1..=8).flat_map(|size| [known(&head(size), true), known(&head(8), true)].concat()).collect();
    assert_eq!(told(&mut recall, 1, many, 8), [recall::Action::ReadRoot { origin: log(), size: 8 }]);
}

#[test]
fn a_head_counts_by_the_signature_of_its_log_and_by_nothing_else() {
    let recall = recall(6);
    let good = known(&head(10), true).remove(0);
    assert_eq!(recall.signed(&good), Some(head(10).head));
    let unsigned = KnownHead { note: String::new(), ..good.clone() };
    let made_up = KnownHead { log: log().to_string().replace("2026", "2031").parse().unwrap(), ..good.clone() };
    let of_another = KnownHead { log: origin(1, 0), ..good };
    assert!([unsigned, made_up, of_another].iter().all(|head| recall.signed(head).is_none()));
}

#[test]
fn nobodys_word_has_a_log_signed_on_of_which_a_longer_head_is_known_and_what_is_given_up_closes_it() {
    let mut recall = recall(6);
    // The witness knows a head and holds no entries; the replica is away.
    assert_eq!(told(&mut recall, 2, known(&head(10), false), 6), []);
    let lack = Lack { held: 6, signed: 10, told: name(2), holders: Vec::new() };
    assert_eq!(recall.lacks(), BTreeMap::from([(log(), lack)]));
    assert_eq!(recall.step(at(1), recall::Event::Override(log())), []);
    assert!(!recall.is_settled(&log()));
    let close = Settled::Close { size: 6, successor: "2026-2".parse().ok(), note: head(10).note };
    let closed = recall.step(at(2), recall::Event::GiveUp(log()));
    assert_eq!(closed, [recall::Action::Settled(log(), close)]);
    assert!(recall.lacks().is_empty());
    assert_eq!(told(&mut recall, 1, known(&head(10), true), 6), [], "who comes back too late changes nothing");
    assert_eq!(
        (recall.holders(&log(), 6), recall.holders(&log(), 10)),
        (vec![(name(1), 10)], Vec::new()),
        "but is known"
    );
    // One that was closed at an earlier start stays so, whatever is told.
    recall.closed(&log());
    assert_eq!(told(&mut recall, 1, known(&head(20), true), 7), []);
    assert!(!recall.is_settled(&log()));
}

#[test]
fn what_a_holder_does_not_give_can_be_given_up_and_nothing_else_is() {
    // Nothing is known to be missing: the log is not closed.
    let mut recall = settled(6);
    assert_eq!(recall.step(at(1), recall::Event::GiveUp(log())), []);
    assert!(recall.is_settled(&log()));
    told(&mut recall, 2, known(&head(12), true), 6);
    // While it is shut, and while the holder is asked, it is only kept in mind.
    assert_eq!(recall.step(at(2), recall::Event::GiveUp(log())), []);
    let closed = recall.step(at(2), recall::Event::Shut { origin: log(), durable: 6 });
    assert!(matches!(closed.as_slice(), [recall::Action::Settled(_, Settled::Close { size: 6, .. })]), "{closed:?}");

    let mut recall = settled(6);
    told(&mut recall, 2, known(&head(12), true), 6);
    recall.step(at(2), recall::Event::Shut { origin: log(), durable: 6 });
    assert_eq!(recall.step(at(3), recall::Event::GiveUp(log())), []);
    // What came after all is not thrown away, and what is missing later was not given up.
    let read = recall.step(at(4), recall::Event::Refilled { origin: log(), durable: 12 });
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 12 }]);
    recall.step(at(4), recall::Event::Root { origin: log(), size: 12, root: head(12).head.root });
    assert!(recall.is_settled(&log()));
    told(&mut recall, 2, known(&head(20), true), 12);
    let refill = recall.step(at(5), recall::Event::Shut { origin: log(), durable: 12 });
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(2), note: head(20).note }]);
}

/// A list without the witness.
fn without_the_witness() -> Arc<crate::trust::TrustList> {
    trust(2, |text| {
        text.sections.remove(2);
        text.addressees.retain(|_, iss| *iss != issuer(2));
        text.nodes.retain(|node| node.name != name(2));
        text.cosigning = crate::trust::Cosigning::if_it_has_a_node();
    })
}

#[test]
fn a_log_that_is_behind_goes_on_when_the_only_holder_that_gives_nothing_is_taken_off_the_list() {
    let mut recall = settled(6);
    let shut = told(&mut recall, 2, known(&head(12), true), 6);
    assert_eq!(shut, [recall::Action::Shut { origin: log(), signed: 12 }]);
    let refill = recall.step(at(2), recall::Event::Shut { origin: log(), durable: 6 });
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(2), note: head(12).note }]);
    // What is missing is said as long as it is.
    let lack = Lack { held: 6, signed: 12, told: name(2), holders: vec![(name(2), 12)] };
    assert_eq!(recall.lacks(), BTreeMap::from([(log(), lack.clone())]));
    assert_eq!(recall.step(at(3), recall::Event::Refilled { origin: log(), durable: 6 }), []);
    assert_eq!(recall.lacks(), BTreeMap::from([(log(), lack)]));
    let settled = recall.step(at(4), recall::Event::Trust(without_the_witness()));
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
    assert!(recall.lacks().is_empty());
}

#[test]
fn a_log_of_which_another_partner_has_the_same_head_stays_behind_when_one_of_them_is_taken_off_the_list() {
    let mut recall = settled(6);
    told(&mut recall, 2, known(&head(12), true), 6);
    recall.step(at(2), recall::Event::Shut { origin: log(), durable: 6 });
    told(&mut recall, 1, known(&head(12), true), 6);
    recall.step(at(3), recall::Event::Refilled { origin: log(), durable: 6 });
    recall.step(at(4), recall::Event::Trust(without_the_witness()));
    assert!(!recall.is_settled(&log()));
    let refill = recall.step(at(100), recall::Event::Tick);
    assert!(
        refill.contains(&recall::Action::Refill { origin: log(), from: name(1), note: head(12).note }),
        "{refill:?}"
    );
}

#[test]
fn a_log_is_not_forked_by_what_a_partner_told_that_is_taken_off_the_list_while_it_is_compared() {
    let mut recall = recall(12);
    let other = head_in(&branch(), 10);
    told(&mut recall, 2, known(&other, true), 12);
    let read = told(&mut recall, 1, known(&head(12), true), 12);
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 12 }]);
    let read = recall.step(at(1), recall::Event::Root { origin: log(), size: 12, root: head(12).head.root });
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    assert_eq!(recall.step(at(2), recall::Event::Trust(without_the_witness())), []);
    let settled = recall.step(at(2), recall::Event::Root { origin: log(), size: 10, root: head(10).head.root });
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
}

#[test]
fn a_partner_that_cannot_open_what_it_keeps_was_not_heard_and_nothing_is_closed_or_signed_by_its_word() {
    let unread = |recall: &mut Recall, all: bool| {
        let durable = [(log(), 6)].into();
        let (heads, awaits) = (Vec::new(), BTreeSet::new());
        recall.step(at(1), recall::Event::Heads { partner: name(1), heads, durable, all, awaits })
    };
    let mut behind = recall(6);
    assert_eq!(heard(&mut behind, 2, known(&head(10), false)), []);
    assert_eq!(unread(&mut behind, false), []);
    assert!(behind.silent().eq([&name(1)]) && !behind.has_everybody());
    let mut whole = recall(6);
    assert_eq!(unread(&mut whole, false), []);
    assert!(!whole.is_settled(&log()));
    // Its operator has mended that.
    assert!(!unread(&mut whole, true).is_empty());
    assert_eq!(unread(&mut behind, true), []);
    assert!(behind.has_everybody() && behind.lacks().contains_key(&log()));
}

/// The hazard: a log of which nothing is here, and what partners hold of it. It would come back into what was given up.
#[test]
fn a_log_that_was_closed_with_nothing_is_closed_after_a_start() {
    let store = MemoryStore::new();
    let closing = Closing { size: 0, signed: 9, note: head(9).note };
    store.commit(Batch { state: vec![closing.put(&log())], ..Batch::default() }).unwrap();
    let gate = Gate::at_start(&store, &WORLD.trust).unwrap();
    assert_eq!(gate.closed(), BTreeMap::from([(log(), closing)]));
}

/// The hazard: an old package that comes last, after which a start knows of less than was shown.
#[test]
fn of_the_heads_that_packages_showed_the_one_that_goes_furthest_is_kept() {
    let store = MemoryStore::new();
    let shown = |size| Shown { by: name(1).to_string(), note: head(size).note };
    let keep = |size, counts| {
        let change = shown(size).put(&store, &log(), |_| counts).unwrap();
        let is_kept = change.is_some();
        store.commit(Batch { state: change.into_iter().collect(), ..Batch::default() }).unwrap();
        is_kept
    };
    assert!(keep(9, true) && !keep(4, true) && !keep(9, true) && keep(10, true));
    assert_eq!(Shown::all(&store).unwrap(), [(log(), shown(10))]);
    // What is of a branch that was left, or by a node that is not listed any more, is told at no start, and hides no other.
    assert!(keep(6, false) && !keep(5, true));
    assert_eq!(Shown::all(&store).unwrap(), [(log(), shown(6))]);
}
