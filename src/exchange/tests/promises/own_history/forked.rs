//! A log of this node's own of which somebody has another history: what shuts it, and what opens it again.

use super::{heard, recall, settled, told};
use crate::exchange::heads::Fork;
use crate::exchange::message::History;
use crate::exchange::recall::{Lack, Recall, Settled, is_another};
use crate::exchange::tests::promises::{at, branch, head, head_in, known, log, script};
use crate::exchange::tests::world::name;
use crate::log::{Levels, consistency_proof, root};
use crate::store::PublishedHead;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[test]
fn a_settled_log_of_which_a_partner_holds_another_history_is_shut_for_good() {
    let (shorter, longer) = (head_in(&branch(), 10), head_in(&branch(), 20));
    let mut recall = settled(6);
    let read = told(&mut recall, 1, known(&shorter, true), 12);
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    let forked = recall.step(at(1), recall::Event::Root { origin: log(), size: 10, root: head(10).head.root });
    assert_eq!(forked, [recall::Action::Settled(log(), Settled::Forked { note: shorter.note })]);
    assert_eq!(told(&mut recall, 1, known(&longer, true), 12), []);
    assert_eq!(recall.step(at(2), recall::Event::Override(log())), []);
    assert!(!recall.is_settled(&log()));

    // Where the other one is longer its entries do not come, and its holder proves that it is another.
    let mut recall = settled(6);
    assert_eq!(recall.step(at(1), fork(None)), [], "what is here may be the true one");
    let shut = told(&mut recall, 1, known(&longer, true), 12);
    assert_eq!(shut, [recall::Action::Shut { origin: log(), signed: 20 }]);
    let refill = recall.step(at(2), recall::Event::Shut { origin: log(), durable: 12 });
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: longer.note.clone() }]);
    let forked = recall.step(at(2), recall::Event::Beside { origin: log(), note: longer.note.clone() });
    assert_eq!(forked, [recall::Action::Settled(log(), Settled::Forked { note: longer.note })]);
    // No word makes it the same.
    assert_eq!(recall.step(at(3), fork(Some(LIFTED))), []);
    assert!(!recall.is_settled(&log()));
}

/// The size of the longer head of the fork that is proven.
const LIFTED: u64 = 20;

/// What is known of the fork of the log from index 8 on: proven, or lifted by a person up to a size.
fn fork(lifted: Option<u64>) -> recall::Event {
    let (short, long) = (head(12).head, head_in(&branch(), LIFTED).head);
    let beside = head_in(&branch(), 12).head;
    let lifted = lifted.map(|past| (log(), vec![Fork { past, short, long, beside }]));
    let proven = if lifted.is_some() { BTreeSet::new() } else { [log()].into() };
    recall::Event::Proven { proven, lifted: lifted.into_iter().collect() }
}

#[test]
fn an_old_copy_of_a_log_that_forked_gets_back_what_it_is_the_beginning_of_whether_it_knows_of_a_lifting_or_not() {
    for lifted in [None, Some(LIFTED)] {
        let mut recall = recall(6);
        recall.step(at(0), fork(lifted));
        let refill = heard(&mut recall, 1, known(&head(10), true));
        assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: head(10).note }]);
        let read = recall.step(at(2), recall::Event::Refilled { origin: log(), durable: 10 });
        assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
        let settled = recall.step(at(2), recall::Event::Root { origin: log(), size: 10, root: head(10).head.root });
        assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: true })]);
    }
}

/// The replica holds what is here, and the witness has seen this.
fn seen_beside(seen: &PublishedHead) -> (Recall, Vec<recall::Action>) {
    let mut recall = recall(12);
    recall.step(at(0), fork(None));
    assert_eq!(told(&mut recall, 2, known(seen, false), 12), [], "who may hold it has not said so");
    let settled = told(&mut recall, 1, known(&head(12), true), 12);
    (recall, settled)
}

#[test]
fn a_head_that_nobody_holds_shuts_a_log_that_forked_until_the_branch_it_is_of_is_lifted_here() {
    let left = head_in(&branch(), LIFTED);
    let (mut recall, doubted) = seen_beside(&left);
    assert_eq!(doubted, [recall::Action::Settled(log(), Settled::Forked { note: left.note.clone() })]);
    assert!(!recall.is_settled(&log()));
    // It says which branch is here, and what is told of the other shuts nothing any more.
    let read = recall.step(at(2), fork(Some(LIFTED)));
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 12 }]);
    let root = || recall::Event::Root { origin: log(), size: 12, root: head(12).head.root };
    assert_eq!(recall.step(at(2), root()), read);
    let settled = recall.step(at(2), root());
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
    assert_eq!(told(&mut recall, 2, known(&left, false), 12), []);
    assert!(recall.is_settled(&log()) && recall.lacks().is_empty());
    // What goes on beyond it is no head that anybody lifted.
    let shut = told(&mut recall, 2, known(&head(24), false), 12);
    assert_eq!(shut, [recall::Action::Shut { origin: log(), signed: 24 }]);
}

#[test]
fn a_witness_that_followed_the_branch_that_was_left_shuts_nothing_once_that_is_lifted_though_it_is_not_further() {
    let (beside, held) = (head_in(&branch(), 12), head(10));
    let mut recall = recall(12);
    assert_eq!(told(&mut recall, 2, known(&beside, false), 12), []);
    let read = told(&mut recall, 1, known(&held, true), 12);
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 12 }]);
    let root = |size| recall::Event::Root { origin: log(), size, root: head(size).head.root };
    let doubted = recall.step(at(1), root(12));
    assert_eq!(doubted, [recall::Action::Settled(log(), Settled::Forked { note: beside.note })]);
    // Where a person lifted less than that nothing changes.
    assert_eq!(recall.step(at(2), fork(Some(11))), read);
    assert_eq!(recall.step(at(2), root(12)), doubted);
    assert_eq!(recall.step(at(3), fork(Some(LIFTED))), read);
    assert_eq!(recall.step(at(3), root(12)), [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    let settled = recall.step(at(3), root(10));
    assert_eq!(settled, [recall::Action::Settled(log(), Settled::GoOn { refilled: false })]);
}

#[test]
fn of_a_log_whose_fork_was_lifted_nothing_is_closed_for_a_head_that_nobody_holds_but_by_the_operators_word() {
    let unheld = head(16);
    let (mut recall, _) = seen_beside(&unheld);
    assert_eq!(recall.step(at(2), fork(Some(LIFTED))), []);
    assert!(!recall.is_settled(&log()));
    let lack = Lack { held: 12, signed: 16, told: name(2), holders: Vec::new() };
    assert_eq!(recall.lacks(), BTreeMap::from([(log(), lack)]));
    // Somebody holds it after all, or nobody does.
    let refill = told(&mut recall, 1, known(&unheld, true), 12);
    assert_eq!(refill, [recall::Action::Refill { origin: log(), from: name(1), note: unheld.note.clone() }]);
    recall.step(at(3), recall::Event::Refilled { origin: log(), durable: 12 });
    let closed = recall.step(at(3), recall::Event::GiveUp(log()));
    let successor = "2026-2".parse().ok();
    let close = Settled::Close { size: 12, successor, note: unheld.note };
    assert_eq!(closed, [recall::Action::Settled(log(), close)]);
}

#[test]
fn that_what_is_here_is_no_beginning_of_a_head_is_believed_by_its_proof_alone() {
    let tree = branch();
    let history = |tree: &Levels| {
        let (root, proof) = (root(12, tree).unwrap(), consistency_proof(12, 20, tree).unwrap());
        History { root, proof }
    };
    let (other, mine) = (head_in(&tree, 20).head, head(20).head);
    assert!(is_another(&history(&tree), &head(12).head, &other));
    assert!(!is_another(&history(&script().tree), &head(12).head, &mine));
    // What leads to no head that was signed proves nothing.
    assert!(!is_another(&history(&tree), &head(12).head, &mine));
}

/// What comes of these actions with the history of the log on disk.
fn follow(recall: &mut Recall, actions: Vec<recall::Action>) -> Vec<Settled> {
    let (mut settled, mut actions) = (Vec::new(), VecDeque::from(actions));
    while let Some(action) = actions.pop_front() {
        match action {
            recall::Action::ReadRoot { origin, size } => {
                let root = head(size).head.root;
                actions.extend(recall.step(at(2), recall::Event::Root { origin, size, root }));
            }
            recall::Action::Settled(_, one) => settled.push(one),
            other => panic!("{other:?}"),
        }
    }
    settled
}

/// When the fork of a log is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lift {
    /// Here, before the good copy is started.
    Before,
    /// Here, once it runs.
    After,
    /// At the partners before, and never here.
    AtPartners,
}

#[test]
fn the_good_copy_goes_on_in_whatever_order_it_is_put_back_and_the_fork_is_lifted_however_long_the_bad_branch_is() {
    for (size, when) in
        [10, 12, 20].into_iter().flat_map(|size| [Lift::Before, Lift::After, Lift::AtPartners].map(|when| (size, when)))
    {
        let (good, bad) = (head(12), head_in(&branch(), size));
        let (short, long) = if size <= 12 { (bad.head, good.head) } else { (good.head, bad.head) };
        let beside = if size <= 12 { head(size).head } else { head_in(&branch(), 12).head };
        let fork = Fork { past: long.size, short, long, beside };
        let lifted = || recall::Event::Proven { proven: BTreeSet::new(), lifted: [(log(), vec![fork])].into() };
        let mut recall = recall(12);
        let mut came = Vec::new();
        let first = match when {
            Lift::Before => recall.step(at(0), lifted()),
            // The proof comes with the heads, and is known before they are judged.
            Lift::After => {
                recall.step(at(0), recall::Event::Proven { proven: [log()].into(), lifted: BTreeMap::new() })
            }
            Lift::AtPartners => Vec::new(),
        };
        came.extend(follow(&mut recall, first));
        // Who has lifted it tells nothing of the branch that was left.
        let seen = if when == Lift::AtPartners { &good } else { &bad };
        for (partner, heads) in [(2, known(seen, false)), (1, known(&good, true))] {
            let told = told(&mut recall, partner, heads, 12);
            came.extend(follow(&mut recall, told));
        }
        if when == Lift::After {
            let now = recall.step(at(3), lifted());
            came.extend(follow(&mut recall, now));
        }
        let closed = came.iter().any(|one| matches!(one, Settled::Close { .. }));
        assert!(!closed, "closed for good by itself, {when:?}, with a bad branch of {size}: {came:?}");
        assert_eq!(came.last(), Some(&Settled::GoOn { refilled: false }), "{when:?}, with a bad branch of {size}");
        assert!(recall.is_settled(&log()));
    }
}

#[test]
fn a_start_compares_what_each_holder_has_and_not_only_the_longest_head() {
    let mut recall = recall(12);
    // A witness followed what is here; the replica holds the other history.
    assert_eq!(heard(&mut recall, 2, known(&head(12), false)), []);
    let other = head_in(&branch(), 10);
    let read = heard(&mut recall, 1, known(&other, true));
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 12 }]);
    let read = recall.step(at(1), recall::Event::Root { origin: log(), size: 12, root: head(12).head.root });
    assert_eq!(read, [recall::Action::ReadRoot { origin: log(), size: 10 }]);
    let forked = recall.step(at(1), recall::Event::Root { origin: log(), size: 10, root: head(10).head.root });
    assert_eq!(forked, [recall::Action::Settled(log(), Settled::Forked { note: other.note })]);
}
