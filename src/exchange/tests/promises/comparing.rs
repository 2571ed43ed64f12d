//! Heads of one log from several partners, held against each other.

use super::*;
use crate::exchange::{
    driver::{Agreement, Presented, against, agreement},
    heads::{Heads, LASTING, Left, ProvenBy, ROUND},
    message::History,
};
use crate::log::verify_consistency;
use crate::trust::ShardEnd;
use std::collections::VecDeque;

/// Tells something; whoever is asked how heads belong together knows, or does not. Gives what else is to be done.
fn run(heads: &mut Heads, seconds: i64, event: heads::Event, knows: bool) -> Vec<heads::Action> {
    let mut said = Vec::new();
    let mut actions = VecDeque::from(heads.step(at(seconds), event));
    while let Some(action) = actions.pop_front() {
        match action {
            heads::Action::AskHistory { ticket, question, .. } => {
                let (old, new) = (question.old_size, question.new_size);
                let history = knows.then(|| History { root: head(old).head.root, proof: proof(old, new) });
                actions.extend(heads.step(at(seconds), heads::Event::History { ticket, history }));
            }
            other => said.push(other),
        }
    }
    said
}

fn told(partner: usize, head: &PublishedHead, entries: bool) -> heads::Event {
    heads::Event::Heads { partner: name(partner), heads: known(head, entries) }
}

fn presented(head: &PublishedHead) -> heads::Event {
    heads::Event::Presented(head.note.clone(), false)
}

fn own(head: &PublishedHead, entries: bool) -> heads::Event {
    heads::Event::Own { note: head.note.clone(), entries }
}

#[test]
fn a_log_that_shows_two_partners_two_histories_is_found_out() {
    let other = head_in(&branch(), 20);
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    assert_eq!(heads.step(at(0), heads::Event::Tick).len(), 2);
    let tell = |heads: &mut Heads, partner: usize, known: Vec<KnownHead>| {
        heads.step(at(1), heads::Event::Heads { partner: name(partner), heads: known })
    };
    assert_eq!(tell(&mut heads, 0, known(&head(10), true)), []);
    // Of another size it may be the same history: whoever holds it shows how.
    let asked = tell(&mut heads, 1, known(&other, true));
    let [heads::Action::AskHistory { ticket, of: Some(of), question }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((of, question.old_size, question.new_size), (&name(1), 10, 20));
    let tree = branch();
    let proof = consistency_proof(10, 20, &tree).unwrap();
    let history = Some(History { root: root(10, &tree).unwrap(), proof });
    let found = heads.step(at(2), heads::Event::History { ticket: *ticket, history });
    let [heads::Action::Evidence(evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((evidence.proven.origin(), evidence.proven.size()), (&log(), 10));
}

#[test]
fn a_head_that_was_seen_before_counts_no_more_once_the_list_has_not_its_key() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    heads.step(at(0), heads::Event::Own { note: head(10).note, entries: false });
    let tell =
        |heads: &mut Heads| heads.step(at(1), heads::Event::Heads { partner: name(1), heads: known(&head(12), true) });
    for _ in 0..2 {
        let mut asked = tell(&mut heads);
        while let [heads::Action::AskHistory { ticket, .. }] = asked.as_slice() {
            asked = heads.step(at(1), heads::Event::History { ticket: *ticket, history: None });
        }
        assert!(matches!(asked.as_slice(), [heads::Action::Unanswered(_)]), "nobody knows: {asked:?}");
    }
    let without = trust(2, |text| {
        text.sections.remove(0);
        text.addressees.retain(|_, iss| *iss != issuer(0));
    });
    heads.step(at(2), heads::Event::Trust(without));
    assert_eq!(tell(&mut heads), []);
}

#[test]
fn heads_of_one_history_are_no_evidence_and_silence_is_an_alarm() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    heads.step(at(0), heads::Event::Own { note: head(10).note, entries: false });
    let asked = heads.step(at(1), heads::Event::Heads { partner: name(0), heads: known(&head(12), true) });
    let [heads::Action::AskHistory { ticket, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let history = Some(History { root: head(10).head.root, proof: proof(10, 12) });
    assert_eq!(heads.step(at(2), heads::Event::History { ticket: *ticket, history }), []);
    assert_eq!(heads.newest().map(|(_, head, _)| head.size).collect::<Vec<_>>(), [12]);
    let asked = heads.step(at(3), heads::Event::Heads { partner: name(0), heads: known(&head(14), true) });
    let [heads::Action::AskHistory { ticket, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let alarm = heads.step(at(4), heads::Event::History { ticket: *ticket, history: None });
    assert!(matches!(alarm.as_slice(), [heads::Action::Unanswered(_)]));
}

#[test]
fn heads_that_nobody_brings_together_are_an_alarm_after_a_round_however_fast_the_log_grows() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), false), false);
    // Each time it shows a newer one, and explains none.
    for round in 0..3 {
        let size = 12 + u64::try_from(round).unwrap();
        run(&mut heads, 1 + round * ROUND, told(1, &head(size), false), false);
    }
    assert!(heads.is_open());
    assert!(heads.alarms(at(LASTING)).is_empty(), "for a while that is ordinary");
    let alarms = heads.alarms(at(1 + LASTING));
    let alarm = &alarms[&(name(0), log())];
    assert_eq!((alarms.len(), alarm.why.reason(), alarm.since), (1, "HEADS_UNCOMPARED", at(1)));
    assert!(alarm.why.to_string().contains("size 10 and 12") && alarm.why.to_string().ends_with("by cn"), "{alarm:?}");
    // The entries come, and with them whoever holds them knows.
    run(&mut heads, 2 * LASTING, own(&head(20), true), true);
    assert!(!heads.is_open() && heads.alarms(at(2 * LASTING)).is_empty());
}

#[test]
fn heads_without_end_of_one_nodes_logs_keep_none_of_another_from_being_compared() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    heads.step(at(0), own(&head(10), false));
    let mut asked = 0;
    for number in 0..64_u8 {
        let said = heads.step(at(1), told(1, &head_in(&parted(&[number]), 12), false));
        asked += usize::from(matches!(said.as_slice(), [heads::Action::AskHistory { of: Some(_), .. }]));
    }
    assert_eq!(asked, 48);
    let other = origin(1, 0);
    let note = |size| {
        let head = TreeHead { size, root: root(size, &WORLD.scripts[&other].tree).unwrap() };
        sign_checkpoint(&Extension::prove(other.clone(), None, head, &[]).unwrap(), key(1, Use::Log)).unwrap()
    };
    heads.step(at(1), heads::Event::Own { note: note(4), entries: false });
    let told = KnownHead { log: other.clone(), note: note(6), entries: false, cosigned_by_asker: None };
    let said = heads.step(at(1), heads::Event::Heads { partner: name(0), heads: vec![told] });
    assert!(matches!(said.as_slice(), [heads::Action::AskHistory { of: Some(of), .. }] if *of == name(1)), "{said:?}");
}

#[test]
fn logs_to_addressees_that_nobody_knows_are_taken_up_to_a_bound_and_the_first_beyond_is_an_alarm() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    let shown = |number| {
        let (log, note) = made_up(number);
        KnownHead { log, note, entries: false, cosigned_by_asker: None }
    };
    let all = (0..=1_025).map(shown).collect();
    heads.step(at(1), heads::Event::Heads { partner: name(1), heads: all });
    assert_eq!(heads.newest().count(), 1_024);
    let alarms = heads.alarms(at(1));
    let why = &alarms[&(name(0), made_up(1_024).0)];
    assert_eq!((alarms.len(), why.why.reason(), why.since), (1, "LOGS_TOO_MANY", at(1)));
    // It is said once, also where it is the witness that does not take one up.
    heads.step(at(2), heads::Event::TooMany(made_up(1_030).0));
    assert_eq!(heads.alarms(at(2)), alarms);
    // A log to somebody who is known is compared as before, and so is what this node has itself.
    heads.step(at(3), told(1, &head(5), false));
    heads.step(at(3), heads::Event::Own { note: made_up(1_031).1, entries: false });
    assert_eq!(heads.newest().count(), 1_026);
    heads.step(at(4), heads::Event::Trust(trust(2, |_| {})));
    assert!(heads.alarms(at(4)).is_empty());
}

#[test]
fn what_was_left_without_an_answer_is_asked_again_a_round_later() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), false), false);
    run(&mut heads, 1, told(1, &head(12), false), false);
    let asked = |actions: Vec<heads::Action>| {
        actions.into_iter().filter(|action| matches!(action, heads::Action::AskHistory { .. })).count()
    };
    assert_eq!(asked(heads.step(at(ROUND), heads::Event::Tick)), 0);
    run(&mut heads, 1 + ROUND, heads::Event::Tick, true);
    assert!(!heads.is_open());
}

#[test]
fn what_each_partner_has_shown_of_a_log_is_known_with_who_has_proven_it() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), true), true);
    run(&mut heads, 1, told(0, &head(12), true), true);
    run(&mut heads, 2, told(1, &head(12), false), true);
    let shown = |heads: &Heads| {
        let all = heads.compared(&log()).into_iter();
        all.map(|(node, one)| (node, one.head.size, one.by, one.at)).collect::<Vec<_>>()
    };
    let mut expected = vec![(name(0), 12, ProvenBy::Node(name(0)), at(1)), (name(1), 12, ProvenBy::Known, at(2))];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(shown(&heads), expected);
    // Who shows less, as one that lost something, takes nothing back by that.
    run(&mut heads, 3, told(1, &head(8), false), true);
    assert_eq!(shown(&heads), expected);
    // Who shows another history was not shown this one, and is known.
    let found = run(&mut heads, 4, told(1, &head_in(&branch(), 12), false), true);
    assert!(matches!(found.as_slice(), [heads::Action::Evidence(_)]), "{found:?}");
    let all = heads.compared(&log()).into_iter();
    assert_eq!(all.filter(|(_, one)| !one.another).map(|(node, _)| node).collect::<Vec<_>>(), [name(0)]);
    assert_eq!(heads.showed_another(&log()), [name(1)]);
}

#[test]
fn what_a_node_was_only_told_of_is_compared_and_nobody_says_that_it_showed_it() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    let other = head_in(&branch(), 10);
    run(&mut heads, 0, told(1, &head(10), true), true);
    let heard = heads::Event::Heard { partner: name(1), heads: known(&other, false) };
    let found = run(&mut heads, 1, heard, true);
    assert!(matches!(found.as_slice(), [heads::Action::Evidence(_)]), "{found:?}");
    assert!(heads.showed_another(&log()).is_empty());
    assert_eq!((heads.showed(&log(), &head(10).head), heads.showed(&log(), &other.head)), (vec![name(1)], Vec::new()));
    assert_eq!(heads.step(at(2), told(0, &other, true)), []);
    assert_eq!(heads.showed(&log(), &other.head), [name(0)]);
    assert_eq!(heads.showed_another(&log()), [name(0)]);
}

#[test]
fn of_a_log_that_is_frozen_it_is_known_who_showed_the_other_history_and_what_is_shown_then() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), true), true);
    let other = head_in(&branch(), 10);
    let found = run(&mut heads, 1, told(1, &other, true), true);
    assert!(matches!(found.as_slice(), [heads::Action::Evidence(_)]), "{found:?}");
    assert_eq!(heads.showed_another(&log()), [name(1)]);
    // Nobody is asked about it any more: what the entries here can be held against is known all the same.
    for (size, known) in [(12, None), (8, Some(8)), (10, Some(10))] {
        assert_eq!(heads.step(at(2), told(0, &head(size), true)), []);
        assert_eq!(heads.compared(&log()).get(&name(0)).map(|one| one.head.size), known);
    }
    // What froze the log stays what that node showed until a person has looked; whoever shows the same is known too.
    assert_eq!(heads.step(at(3), told(1, &head(10), true)), []);
    let shown = heads.compared(&log()).remove(&name(1)).unwrap();
    assert!(shown.another && shown.head == other.head, "{shown:?}");
    assert_eq!(heads.step(at(4), told(0, &other, true)), []);
    assert_eq!(heads.showed_another(&log()).len(), 2);
    heads.step(at(5), heads::Event::Lifted(log(), Left::default()));
    assert!(heads.showed_another(&log()).is_empty());
}

#[test]
fn a_head_that_was_shown_is_of_the_history_that_is_held_by_a_proof_that_anybody_can_check_or_it_is_of_another() {
    let bench = settled();
    let held = head(10).head;
    let how = |shown: TreeHead| agreement(&bench.store, &log(), &held, &shown).unwrap();
    assert_eq!(how(held), Agreement::Same(Vec::new()));
    let Agreement::Same(proof) = how(head(4).head) else { panic!("{:?}", how(head(4).head)) };
    assert!(verify_consistency(4, 10, &head(4).head.root, &held.root, &proof).is_ok());
    assert_eq!(how(head(12).head), Agreement::Further);
    for size in [9, 10] {
        assert_eq!(how(head_in(&branch(), size).head), Agreement::Another);
    }
}

#[test]
fn a_head_that_anybody_presents_proves_another_history_and_is_nobodys_word() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    // It is never the first that is known of a log: it would be what others are held against.
    assert_eq!(heads.step(at(0), presented(&head(10))), []);
    assert_eq!(heads.newest().count(), 0);
    run(&mut heads, 0, own(&head(10), false), false);
    let found = heads.step(at(1), presented(&head_in(&branch(), 10)));
    let [heads::Action::Evidence(evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((evidence.proven.origin(), evidence.proven.size()), (&log(), 10));
    assert!(heads.showed_another(&log()).is_empty() && heads.compared(&log()).is_empty());
    assert_eq!(heads.step(at(1 + ROUND), presented(&head_in(&branch(), 12))), [], "once");
}

#[test]
fn partners_are_asked_about_one_head_a_round_of_what_anybody_presents() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), false), false);
    let mut asked = Vec::new();
    for (seconds, size) in [(1, 10), (1, 12), (1, 8), (2, 14), (ROUND, 9), (1 + ROUND, 6)] {
        for action in heads.step(at(seconds), presented(&head(size))) {
            let heads::Action::AskHistory { of: Some(of), question, .. } = action else { panic!("{action:?}") };
            asked.push((of, question.old_size, question.new_size));
        }
    }
    assert_eq!(asked, [(name(0), 10, 12), (name(0), 6, 10)]);
}

#[test]
fn a_presented_head_that_nobody_explains_is_no_alarm_and_is_judged_by_the_entries_when_they_come() {
    let mut heads = Heads::new(name(2), Arc::clone(&WORLD.trust), at(0));
    run(&mut heads, 0, own(&head(10), false), false);
    let said = run(&mut heads, 1, presented(&head_in(&branch(), 12)), false);
    assert!(matches!(said.as_slice(), [heads::Action::Unanswered(_)]), "{said:?}");
    assert!(!heads.is_open() && heads.alarms(at(2 * LASTING)).is_empty());
    // But where a statement that it proves is not what stands in its place here.
    assert_eq!(run(&mut heads, 2, heads::Event::Presented(head_in(&branch(), 12).note, true), false), []);
    let alarms = heads.alarms(at(3));
    assert_eq!(alarms.keys().collect::<Vec<_>>(), [&(name(0), log())]);
    assert!(alarms.values().all(|alarm| alarm.why.reason() == "HEADS_UNCOMPARED"), "{alarms:?}");
    let found = run(&mut heads, 2 * LASTING, own(&head(20), true), true);
    let [heads::Action::Evidence(evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((evidence.proven.size(), evidence.proven.longer()), (12, 20));
    assert!(heads.alarms(at(2 * LASTING)).is_empty(), "it is frozen, and told as that");
}

#[test]
fn a_presented_head_is_held_against_the_entries_that_are_here_and_no_partner_is_asked() {
    let bench = settled();
    let judged = |list: &TrustList, note: &str| against(Some(&bench.store), list, &log(), note);
    for size in [1, 4, 9, 10] {
        assert_eq!(judged(&WORLD.trust, &head(size).note), None, "{size}");
    }
    for size in [9, 10] {
        let Some(Presented::Another(evidence)) = judged(&WORLD.trust, &head_in(&branch(), size).note) else {
            panic!("{size}")
        };
        assert_eq!((evidence.proven.origin(), evidence.proven.size(), evidence.proven.longer()), (&log(), size, 10));
    }
    // What is not held here is for the others.
    assert_eq!(judged(&WORLD.trust, &head(12).note), Some(Presented::Open));
    assert_eq!(against(None, &WORLD.trust, &log(), &head(4).note), Some(Presented::Open));
    // Nobody answers for what another key has signed, or for what lies beyond the end of a log.
    let extension = Extension::prove(log(), None, head_in(&branch(), 10).head, &[]).unwrap();
    let forged = sign_checkpoint(&extension, key(1, Use::Log)).unwrap();
    assert_eq!(judged(&WORLD.trust, &forged), None);
    let ended = trust(2, |text| text.shards.push(ShardEnd { origin: log(), final_size: 9 }));
    assert_eq!(judged(&ended, &head_in(&branch(), 10).note), None);
    assert!(judged(&ended, &head_in(&branch(), 9).note).is_some());
}
