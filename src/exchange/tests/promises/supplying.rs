//! The supplier: to whom a log is given, and what ends it.

use super::*;
use bytes::Bytes;

fn supplier(hello_size: u64, newest: u64) -> (Supplier, Vec<supplier::Action>) {
    let mut supplier = Supplier::new(log(), name(1), Arc::clone(&WORLD.trust), at(0));
    supplier.step(at(0), supplier::Event::Published(head(newest)));
    let hello = Hello { log: log(), next_index: hello_size, head: head(hello_size).head };
    let actions = supplier.step(at(0), supplier::Event::Received(FromReplica::Hello(hello)));
    (supplier, actions)
}

#[test]
fn a_log_is_given_to_its_addressee_and_to_nobody_else() {
    for (node, allowed) in [(0, true), (1, true), (2, false)] {
        let mut supplier = Supplier::new(log(), name(node), Arc::clone(&WORLD.trust), at(0));
        supplier.step(at(0), supplier::Event::Published(head(5)));
        let hello = Hello { log: log(), next_index: 0, head: TreeHead { size: 0, root: crate::log::EMPTY_ROOT } };
        let actions = supplier.step(at(0), supplier::Event::Received(FromReplica::Hello(hello)));
        let refused = actions.contains(&supplier::Action::HangUp(ExchangeError::NotForYou));
        assert_eq!(refused, !allowed, "{node}");
    }
}

#[test]
fn a_partner_who_holds_more_is_told_and_not_served() {
    let (_, actions) = supplier(12, 10);
    assert_eq!(actions, [supplier::Action::HangUp(ExchangeError::Ahead { held: 12, published: 10 })]);
}

#[test]
fn a_partner_who_takes_nothing_is_cut_off() {
    let (mut supplier, actions) = supplier(0, 10);
    assert!(matches!(actions.as_slice(), [supplier::Action::Send(FromSupplier::Announce(_))]));
    assert_eq!(supplier.step(at(59), supplier::Event::Tick), []);
    assert_eq!(supplier.step(at(60), supplier::Event::Tick), [supplier::Action::HangUp(ExchangeError::SlowConsumer)]);
    assert_eq!(supplier.step(at(61), supplier::Event::Published(head(20))), []);
}

#[test]
fn a_cosignature_counts_only_if_it_is_the_callers_own() {
    let (mut supplier, _) = supplier(10, 10);
    let mut say = |line: String| {
        let cosign = Cosign { size: 10, line };
        supplier.step(at(1), supplier::Event::Received(FromReplica::Cosign(cosign)))
    };
    let kept = say(line(&head(10), 1, true));
    assert!(matches!(kept.as_slice(), [supplier::Action::Keep(kept)] if kept.size == 10));
    let other = say(line(&head(10), 2, true));
    assert!(matches!(other.as_slice(), [supplier::Action::HangUp(_)]));
}

/// The hazard: heads that are announced as fast as they come. A partner farther away than the next few would cosign what
/// nobody waits for any more, again and again, and be ended for holding too many.
#[test]
fn a_partner_far_away_is_cosigned_for_while_heads_come_faster_than_it_answers() {
    let (mut supplier, _) = supplier(0, 1);
    let announced = |actions: &[supplier::Action]| {
        actions.iter().filter(|action| matches!(action, supplier::Action::Send(FromSupplier::Announce(_)))).count()
    };
    let publish = |supplier: &mut Supplier, second: i64, size: u64| {
        let mut actions = supplier.step(at(second), supplier::Event::Published(head(size)));
        if actions.iter().any(|action| matches!(action, supplier::Action::Prove { .. })) {
            actions.extend(supplier.step(at(second), supplier::Event::Proven(Vec::new())));
        }
        // The transport takes everything at once.
        for _ in 0..announced(&actions) {
            actions.extend(supplier.step(at(second), supplier::Event::Sent));
        }
        announced(&actions)
    };
    supplier.step(at(0), supplier::Event::Sent);
    let told = (2..=40).map(|size| publish(&mut supplier, 0, size)).sum::<usize>();
    assert_eq!(told, 7, "beside the first");
    // What it was told of first counts, and there is room for one more: the roundest, and then the newest.
    for (size, old, new) in [(1, 8, 32), (2, 32, 40)] {
        let cosign = Cosign { size, line: line(&head(size), 1, true) };
        let actions = supplier.step(at(0), supplier::Event::Received(FromReplica::Cosign(cosign)));
        assert!(matches!(actions.first(), Some(supplier::Action::Keep(kept)) if kept.size == size), "{actions:?}");
        assert_eq!(actions.get(1), Some(&supplier::Action::Prove { old, new }));
        supplier.step(at(0), supplier::Event::Proven(Vec::new()));
        supplier.step(at(0), supplier::Event::Sent);
    }
}

#[test]
fn a_partner_who_cosigns_nothing_yet_hears_of_what_is_new_once_a_second_when_it_has_what_it_heard_of() {
    let (mut supplier, _) = supplier(1, 1);
    let mut heard = Vec::new();
    let (mut from, mut takes, mut proven) = (1, false, 1);
    for second in 0..30_u64 {
        takes |= second == 15;
        for size in (second * 3 + 2)..(second * 3 + 5) {
            let mut events = vec![supplier::Event::Tick, supplier::Event::Sent, supplier::Event::Published(head(size))];
            while let Some(event) = events.pop() {
                for action in supplier.step(at(i64::try_from(second).unwrap()), event) {
                    match action {
                        supplier::Action::Prove { new, .. } => {
                            proven = new;
                            events.push(supplier::Event::Proven(Vec::new()));
                        }
                        supplier::Action::Read { start, end, .. } => {
                            let entries = (start..end).map(|_| Bytes::from_static(b"entry")).collect();
                            events.push(supplier::Event::Read { entries, proof: Vec::new() });
                        }
                        supplier::Action::Send(message) => {
                            if matches!(message, FromSupplier::Announce(_)) {
                                heard.push((second, proven));
                            }
                            events.push(supplier::Event::Sent);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                let newest = heard.last().map_or(1, |(_, size)| *size);
                if takes && newest > from {
                    let want = Want { from, to: newest, credit: 1 << 20 };
                    events.push(supplier::Event::Received(FromReplica::Want(want)));
                    from = newest;
                }
            }
        }
    }
    let told = |seconds: std::ops::Range<u64>| heard.iter().filter(|(second, _)| seconds.contains(second)).count();
    assert_eq!(told(0..15), 7, "it has not taken what it heard of: {heard:?}");
    assert!((10..=16).contains(&told(15..30)), "{heard:?}");
}

/// The hazard: a partner that may cosign only after a while, and whose answers take more than a second. In the place of what it
/// cosigns first a newer head stands; were those waited for that it passed over, it would go so with each after that.
#[test]
fn a_partner_far_away_that_begins_to_cosign_late_is_cosigned_for_while_heads_come() {
    let (mut supplier, _) = supplier(1, 1);
    let (mut announced, mut kept) = (Vec::<(u64, u64)>::new(), Vec::<(u64, u64)>::new());
    for second in 0..40_u64 {
        let mut events = vec![supplier::Event::Tick, supplier::Event::Published(head(second + 2))];
        if let Some((_, size)) = announced.iter().find(|(told, _)| *told + 1 == second) {
            events.push(supplier::Event::Received(FromReplica::Want(Want { from: 1, to: *size, credit: 1 << 20 })));
        }
        // It answers two seconds after it was told, from the twentieth on.
        let answers = announced.iter().filter(|(told, _)| second >= 20 && *told + 2 == second);
        events.extend(answers.map(|(_, size)| {
            let cosign = Cosign { size: *size, line: line(&head(*size), 1, true) };
            supplier::Event::Received(FromReplica::Cosign(cosign))
        }));
        while let Some(event) = events.pop() {
            for action in supplier.step(at(i64::try_from(second).unwrap()), event) {
                match action {
                    supplier::Action::Prove { .. } => events.push(supplier::Event::Proven(Vec::new())),
                    supplier::Action::Read { start, end, .. } => {
                        let entries = (start..end).map(|_| Bytes::from_static(b"entry")).collect();
                        events.push(supplier::Event::Read { entries, proof: Vec::new() });
                    }
                    supplier::Action::Send(FromSupplier::Announce(announce)) => {
                        announced.push((second, crate::log::size_in(&announce.note).unwrap()));
                        events.push(supplier::Event::Sent);
                    }
                    supplier::Action::Send(_) => events.push(supplier::Event::Sent),
                    supplier::Action::Keep(one) => kept.push((second, one.size)),
                    supplier::Action::HangUp(why) => panic!("{why}"),
                }
            }
        }
    }
    assert!(kept.len() > 10 && kept.iter().all(|(second, size)| size + 5 > *second), "{announced:?} {kept:?}");
}
