//! A person lifts what was proven of a log: that pair of heads, the branch that was left with it, and nothing else.

use super::*;
use crate::exchange::heads::{Evidence, Fork, Heads, Left, Lifted, known_evidence};
use crate::exchange::memory::{Memory, Told};
use crate::exchange::message::History;
use crate::store::StateChange;
use crate::verification::Prefix;
use std::collections::{BTreeMap, VecDeque};

/// A third history of it.
fn third() -> Levels {
    parted(b"third")
}

/// Proof that the log forked from index 8 on: of heads of sizes 12 and so many.
fn proof_of_fork(long: u64) -> Evidence {
    let tree = branch();
    let prefix = Prefix { root: root(12, &tree).unwrap(), proof: consistency_proof(12, long, &tree).unwrap() };
    Evidence::prove(&WORLD.trust, head_in(&tree, long).note, head(12).note, Some(prefix)).unwrap()
}

fn commit(store: &MemoryStore, state: Vec<StateChange>) {
    store.commit(Batch { state, ..Batch::default() }).unwrap();
}

#[test]
fn a_lift_clears_the_proof_that_it_was_given_for_and_no_other_that_comes_after_it() {
    let store = MemoryStore::new();
    commit(&store, vec![proof_of_fork(20).put()]);
    let known = || known_evidence(&store, &WORLD.trust).unwrap().contains_key(&log());
    let lifted = || Fork::lifted(&store, &WORLD.trust).unwrap();
    assert!(known() && lifted().is_empty());
    let word = Lifted::judge(&store, &log(), "as agreed".to_owned(), at(0)).unwrap().unwrap();
    commit(&store, vec![word.put(&log())]);
    let (tree, short) = (branch(), head(12).head);
    let beside = head_in(&tree, 12).head;
    let fork = |past| Fork { past, short, long: head_in(&tree, past).head, beside };
    assert_eq!((known(), lifted()), (false, BTreeMap::from([(log(), vec![fork(20)])])));
    // Within the size that was lifted, and proven of other heads.
    commit(&store, vec![proof_of_fork(16).put()]);
    assert!(known());
    let word = Lifted::judge(&store, &log(), "again".to_owned(), at(9)).unwrap().unwrap();
    commit(&store, vec![word.put(&log())]);
    assert_eq!((known(), lifted()), (false, BTreeMap::from([(log(), vec![fork(20), fork(16)])])));
}

#[test]
fn what_an_earlier_version_lifted_by_its_size_takes_the_proof_that_is_stored_and_none_that_came_since() {
    for (past, is_of_it) in [(20, true), (11, false)] {
        let store = MemoryStore::new();
        let before = Lifted { past, reason: "as agreed".to_owned(), at: 7, evidence: None, left: Vec::new() };
        commit(&store, vec![proof_of_fork(20).put(), before.put(&log())]);
        commit(&store, Lifted::adopt(&store).unwrap());
        assert_eq!(Fork::lifted(&store, &WORLD.trust).unwrap().contains_key(&log()), is_of_it);
        assert_eq!(known_evidence(&store, &WORLD.trust).unwrap().contains_key(&log()), !is_of_it);
        assert_eq!(Lifted::all(&store).unwrap()[&log()].len(), 1);
        assert!(Lifted::adopt(&store).unwrap().is_empty());
    }
}

/// Tells something. This node holds the log's own history, and whoever else is asked answers from this one.
fn run(heads: &mut Heads, seconds: i64, event: heads::Event, others: Option<&Levels>) -> Vec<heads::Action> {
    let mut said = Vec::new();
    let mut actions = VecDeque::from(heads.step(at(seconds), event));
    while let Some(action) = actions.pop_front() {
        match action {
            heads::Action::AskHistory { ticket, of, question } => {
                let tree = if of.is_none() { Some(&script().tree) } else { others };
                let (old, new) = (question.old_size, question.new_size);
                let answer = |tree: &Levels| History {
                    root: root(old, tree).unwrap(),
                    proof: consistency_proof(old, new, tree).unwrap(),
                };
                let history = tree.map(answer);
                actions.extend(heads.step(at(seconds), heads::Event::History { ticket, history }));
            }
            other => said.push(other),
        }
    }
    said
}

fn told(head: &PublishedHead) -> heads::Event {
    heads::Event::Heads { partner: name(0), heads: known(head, true) }
}

/// The addressee's node, which holds 22 entries; lifted is the fork whose other branch was shown up to this size.
fn lifted(past: u64) -> Heads {
    let far = head_in(&branch(), past).head;
    let mut heads = Heads::new(name(1), Arc::clone(&WORLD.trust), at(0));
    let left = Left { pairs: vec![(head(12).head, far)], heads: vec![far] };
    assert_eq!(heads.step(at(0), heads::Event::Lifted(log(), left)), []);
    assert_eq!(heads.step(at(0), heads::Event::Own { note: head(22).note, entries: true }), []);
    heads
}

fn is_proof_of(said: &[heads::Action], shown: &PublishedHead) -> bool {
    matches!(said, [heads::Action::Evidence(one)] if one.first == shown.note || one.second == shown.note)
}

#[test]
fn a_third_history_after_a_lift_is_a_new_deed_whatever_its_size_and_however_far_the_lifted_head_went() {
    for past in [19, 26, 90] {
        for size in [10, 17, 22, 24] {
            let (tree, mut heads) = (third(), lifted(past));
            let shown = head_in(&tree, size);
            let said = run(&mut heads, 1, told(&shown), Some(&tree));
            assert!(is_proof_of(&said, &shown), "a head of {size} after a lift of {past}: {said:?}");
        }
    }
}

#[test]
fn what_is_shown_of_the_branch_that_was_left_is_no_news_and_what_goes_on_from_it_is() {
    let (tree, mut heads) = (branch(), lifted(20));
    assert_eq!(run(&mut heads, 1, told(&head_in(&tree, 20)), Some(&tree)), []);
    let beginning = head_in(&tree, 15);
    let said = run(&mut heads, 2, told(&beginning), Some(&tree));
    assert_eq!(said, [heads::Action::Left(log(), beginning.head)]);
    assert_eq!(run(&mut heads, 3, told(&beginning), None), [], "it is known by now");
    assert!(heads.compared(&log()).is_empty() && !heads.is_open(), "and it is not what is held here");
    // Its own node has to be asked why it runs on that branch, until it does no more.
    let alarm = |heads: &Heads| heads.alarms(at(3)).remove(&(name(0), log()));
    let shows = alarm(&heads).map(|alarm| (alarm.why.reason(), alarm.since));
    assert_eq!(shows, Some(("LOG_EQUIVOCATED", at(1))));
    assert_eq!(heads.shows_left(&log())[&name(0)].0.head, beginning.head);
    assert_eq!(run(&mut heads, 3, told(&head(22)), None), []);
    assert_eq!((alarm(&heads), heads.shows_left(&log()).len()), (None, 0));
    let further = head_in(&tree, 24);
    let said = run(&mut heads, 4, told(&further), Some(&tree));
    assert!(is_proof_of(&said, &further), "{said:?}");
}

#[test]
fn a_head_that_nobody_proves_to_be_of_the_branch_that_was_left_is_a_new_deed_within_a_minute() {
    let mut heads = lifted(20);
    let beginning = head_in(&branch(), 15);
    let asked = heads.step(at(1), told(&beginning));
    let [heads::Action::AskHistory { ticket, of: None, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let history = Some(History { root: head(15).head.root, proof: proof(15, 22) });
    let asked = heads.step(at(1), heads::Event::History { ticket: *ticket, history });
    assert!(matches!(asked.as_slice(), [heads::Action::AskHistory { of: Some(_), .. }]), "{asked:?}");
    let proofs = |said: &[heads::Action]| said.iter().filter(|one| matches!(one, heads::Action::Evidence(_))).count();
    assert_eq!(proofs(&heads.step(at(60), heads::Event::Tick)), 0);
    assert_eq!(proofs(&heads.step(at(61), heads::Event::Tick)), 1);
    assert_eq!(proofs(&heads.step(at(62), heads::Event::Tick)), 0, "once");
}

#[test]
fn more_heads_than_are_asked_about_at_once_are_a_new_deed() {
    let mut heads = lifted(20);
    for number in 0..=64_u8 {
        let asked = heads.step(at(1), told(&head_in(&parted(&[number]), 10)));
        let [heads::Action::AskHistory { ticket, of: None, .. }] = asked.as_slice() else { panic!("{asked:?}") };
        let history = Some(History { root: head(10).head.root, proof: proof(10, 22) });
        let said = heads.step(at(1), heads::Event::History { ticket: *ticket, history });
        let is_news = matches!(said.as_slice(), [heads::Action::Evidence(_)]);
        assert_eq!(is_news, number == 64, "{number}: {said:?}");
    }
    // Those that still wait by then say nothing more.
    assert_eq!(heads.step(at(61), heads::Event::Tick).len(), 2, "partners are asked for their heads, and that is all");
}

#[test]
fn evidence_that_is_reported_again_is_no_news_and_that_of_the_branch_that_was_left_and_a_third_is_one_of_the_third() {
    let (tree, mut heads) = (third(), lifted(20));
    let again = Box::new(proof_of_fork(20));
    assert_eq!(run(&mut heads, 1, heads::Event::Reported(again, Vec::new()), None), []);
    let left = head_in(&branch(), 20).note;
    let beside_left = |tree: &Levels, shown: &PublishedHead| {
        let prefix = Prefix { root: root(20, tree).unwrap(), proof: consistency_proof(20, 22, tree).unwrap() };
        Box::new(Evidence::prove(&WORLD.trust, left.clone(), shown.note.clone(), Some(prefix)).unwrap())
    };
    // Of what is held here, and the branch that was left: who reports it has not shown what is held here.
    let own = beside_left(&script().tree, &head(22));
    assert_eq!(run(&mut heads, 2, heads::Event::Reported(own, vec![head(22).head]), None), []);
    assert!(heads.compared(&log()).is_empty());
    let shown = head_in(&tree, 22);
    let said = run(&mut heads, 2, heads::Event::Reported(beside_left(&tree, &shown), Vec::new()), None);
    assert!(is_proof_of(&said, &shown), "{said:?}");
}

#[test]
fn evidence_of_earlier_heads_of_both_branches_is_no_news_to_whoever_holds_one_of_them_and_that_of_a_third_is() {
    for (tree, is_third) in [(branch(), false), (third(), true)] {
        let (mine, shown) = (head(14), head_in(&tree, 16));
        let prefix = Prefix { root: root(14, &tree).unwrap(), proof: consistency_proof(14, 16, &tree).unwrap() };
        let found = Evidence::prove(&WORLD.trust, mine.note.clone(), shown.note.clone(), Some(prefix)).unwrap();
        let here = |head: &TreeHead| Some(root(head.size, &script().tree).unwrap() == head.root);
        let held = found.held(&WORLD.trust, &here);
        assert_eq!(held, [mine.head]);
        let said = run(&mut lifted(20), 1, heads::Event::Reported(Box::new(found), held), Some(&tree));
        if is_third {
            assert!(is_proof_of(&said, &shown), "{said:?}");
        } else {
            assert_eq!(said, [heads::Action::Left(log(), shown.head)]);
        }
    }
}

#[test]
fn which_branch_was_left_is_told_by_the_one_that_is_held_whichever_of_the_two_is_longer() {
    let far = Lifted::judge(&kept(20), &log(), "as agreed".to_owned(), at(0)).unwrap().unwrap();
    let left = |held: u64, tree: &Levels| {
        let here = |head: &TreeHead| (head.size <= held).then(|| root(head.size, tree).unwrap() == head.root);
        Left::of(&WORLD.trust, &log(), std::slice::from_ref(&far), &here)
    };
    let (other, mine) = ([head_in(&branch(), 20).head, head_in(&branch(), 12).head], [head(12).head]);
    assert_eq!(left(14, &script().tree).heads, other, "the longer one");
    assert_eq!(left(30, &script().tree).heads, other);
    assert_eq!(left(14, &branch()).heads, mine, "the shorter one");
    assert_eq!(left(30, &third()).heads, [mine[0], other[0], other[1]], "neither is held");
    let unknown = left(6, &script().tree);
    assert!(unknown.heads.is_empty() && unknown.is_pair(other[0], mine[0]), "nothing tells them apart yet");
}

/// A store with proof of the fork.
fn kept(long: u64) -> MemoryStore {
    let store = MemoryStore::new();
    commit(&store, vec![proof_of_fork(long).put()]);
    store
}

#[test]
fn what_was_left_is_neither_recalled_nor_told_on_whether_it_is_told_before_the_lift_or_after_it() {
    let left = head_in(&branch(), 20);
    for before in [true, false] {
        let mut memory = Memory::new(name(1), Arc::clone(&WORLD.trust), true, at(0));
        let told = [known(&head(12), true), known(&left, false)].concat();
        if before {
            memory.told(&name(0), Told::read(&WORLD.trust, &told));
        }
        memory.left(&log(), vec![left.head]);
        if !before {
            memory.told(&name(0), Told::read(&WORLD.trust, &told));
        }
        let open = memory.open().map(|(_, heard)| heard.head).collect::<Vec<_>>();
        assert_eq!(open, [head(12).head]);
    }
}

#[test]
fn a_witness_asks_for_no_proof_from_a_head_that_was_left() {
    let mut watch = super::witnessing::Watch::new(2);
    let heard = |head: PublishedHead| replica::Heard { head: head.head, note: head.note };
    watch.heads = Some(vec![heard(head(10)), heard(head_in(&branch(), 14))]);
    watch.witness.step(witness::Event::Lifted(log(), vec![head_in(&branch(), 14).head]));
    assert_eq!(watch.ask(10, proof(10, 16), &head(16).note), 200);
    // Frozen anew it stays so.
    watch.witness.step(witness::Event::Equivocated(log()));
    assert_eq!(watch.ask(16, proof(16, 18), &head(18).note), 403);
}

#[test]
fn a_witness_of_the_branch_that_was_left_goes_on_from_the_head_that_a_person_names_and_finds_a_fork_of_that_too() {
    let word = Lifted::judge(&kept(20), &log(), "as agreed".to_owned(), at(0)).unwrap().unwrap();
    let note = |head: &TreeHead| word.note_of(&WORLD.trust, &log(), head);
    let beside = |head: &TreeHead| word.beside(&WORLD.trust, &log(), head);
    let (mine, other) = (head(12), head_in(&branch(), 20));
    assert_eq!((note(&mine.head), note(&other.head)), (Some(mine.note.clone()), Some(other.note.clone())));
    assert_eq!(note(&head_in(&third(), 12).head), None);
    let left = beside(&mine.head);
    assert_eq!(left, [other.head, head_in(&branch(), 12).head]);
    assert_eq!(beside(&other.head), [mine.head]);

    let mut watch = super::witnessing::Watch::new(2);
    assert_eq!(watch.ask(0, Vec::new(), &other.note), 200);
    watch.witness.step(witness::Event::Equivocated(log()));
    // Without that word it stays with what it saw, also once it is lifted.
    watch.witness.step(witness::Event::Lifted(log(), left.clone()));
    assert_eq!(watch.ask(12, proof(12, 22), &head(22).note), 409);
    watch.witness.step(witness::Event::Equivocated(log()));
    let PublishedHead { head: named, note } = mine.clone();
    watch.witness.step(witness::Event::Onto { origin: log(), head: named, note });
    assert_eq!(watch.ask(12, proof(12, 22), &head(22).note), 403, "it is lifted by nothing but a lift");
    watch.witness.step(witness::Event::Lifted(log(), left.clone()));
    assert_eq!(watch.ask(20, Vec::new(), &other.note), 409, "what was left is not gone on with");
    assert_eq!(watch.ask(12, proof(12, 22), &head(22).note), 200);
    let forged = consistency_proof(22, 24, &third()).unwrap();
    assert_eq!(watch.ask(22, forged, &head_in(&third(), 24).note), 422);

    // And whoever shows another head off the branch that goes on is found out.
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    let pairs = vec![(mine.head, other.head)];
    assert_eq!(heads.step(at(0), heads::Event::Lifted(log(), Left { pairs, heads: left })), []);
    assert_eq!(heads.step(at(0), heads::Event::Own { note: mine.note, entries: false }), []);
    assert_eq!(run(&mut heads, 1, told(&other), Some(&branch())), [], "what was left is no news");
    let shown = head_in(&third(), 24);
    let said = run(&mut heads, 2, told(&shown), Some(&third()));
    assert!(is_proof_of(&said, &shown), "{said:?}");
}
