//! The supplier: to whom a log is given, and what ends it.

use super::*;

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
