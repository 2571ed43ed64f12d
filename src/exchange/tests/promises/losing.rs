//! What a log's own node says that it lost for good: nobody waits for it, and it hides nothing.

use super::*;
use crate::exchange::{
    driver::{held_and_heard, lost_by},
    replica::{Event, Loss},
};
use crate::trust::ShardEnd;
use std::collections::BTreeMap;

/// Holds four entries of a log of which a head of ten was heard.
fn heard_of_ten() -> Bench {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(10));
    bench.package(0, 4, 10);
    assert_eq!((bench.store.durable_size(&log()), bench.replica.heard_size()), (4, 10));
    bench.tell(Event::Disconnected);
    bench.said.clear();
    bench
}

fn alarm(bench: &Bench) -> Option<&'static str> {
    bench.replica.alarm().map(|alarm| alarm.why.reason())
}

/// How often the operator was told.
fn told(bench: &Bench) -> usize {
    let lost = |action: &&replica::Action| matches!(action, replica::Action::Alarm(ExchangeError::Lost { .. }));
    bench.said.iter().filter(lost).count()
}

#[test]
fn what_a_logs_own_node_lost_for_good_is_an_alarm_once_and_what_is_left_of_it_comes_and_is_cosigned() {
    let mut bench = heard_of_ten();
    let loss = Loss { size: 6, signed: 10 };
    bench.tell(Event::Lost(loss));
    bench.tell(Event::Lost(loss));
    assert_eq!((alarm(&bench), bench.replica.lost(), told(&bench)), (Some("PARTNER_LOG_LOST"), Some((6, 4)), 1));
    // Without that word it would be refused: a larger head is known.
    bench.connect();
    bench.announce(0, &head(6));
    bench.package(4, 6, 6);
    assert_eq!((bench.size(), bench.cosigned()), (6, vec![6]));
    // What is held is compared beside what was heard of: it may be another history.
    assert_eq!(held_and_heard(&bench.store, &log()), [(head(6).note, true), (head(10).note, false)]);
    // Nothing of what was known is forgotten by that, nor by a start.
    let mut again = Bench::over(bench.store);
    again.tell(Event::Tick);
    assert_eq!((again.replica.heard_size(), again.replica.lost()), (10, Some((6, 4))));
    assert_eq!(alarm(&again), Some("PARTNER_LOG_LOST"));
    // It ends with the log, where what is missing does not count.
    let ended = |final_size| trust(2, |text| text.shards.push(ShardEnd { origin: log(), final_size }));
    again.tell(Event::Trust(ended(7)));
    assert_eq!((alarm(&again), again.replica.lost()), (Some("PARTNER_LOG_LOST"), Some((6, 1))));
    again.tell(Event::Trust(ended(6)));
    assert_eq!((alarm(&again), again.replica.lost()), (None, None));
}

#[test]
fn a_log_of_which_nothing_ever_came_and_nothing_is_left_is_an_alarm_and_its_node_owes_no_head_of_it() {
    let mut bench = Bench::new();
    bench.tell(Event::Lost(Loss { size: 0, signed: 9 }));
    bench.connect();
    bench.now += 70;
    bench.tell(Event::Tick);
    assert_eq!((alarm(&bench), bench.replica.lost(), told(&bench)), (Some("PARTNER_LOG_LOST"), Some((0, 9)), 1));
    assert_eq!(bench.reason(), None, "what has no head announces none");
    let mut again = Bench::over(bench.store);
    again.tell(Event::Tick);
    assert_eq!((alarm(&again), again.replica.lost()), (Some("PARTNER_LOG_LOST"), Some((0, 9))));
    // One that says nothing of the kind is silent.
    let mut other = Bench::new();
    other.connect();
    other.now += 70;
    other.tell(Event::Tick);
    assert_eq!(other.reason(), Some("PARTNER_SILENT"));
    // Once it says so that is over, also where the list ends the log with nothing.
    other.tell(Event::Lost(Loss { size: 0, signed: 9 }));
    assert_eq!(alarm(&other), Some("PARTNER_LOG_LOST"));
    other.tell(Event::Trust(trust(2, |text| text.shards.push(ShardEnd { origin: log(), final_size: 0 }))));
    assert_eq!(alarm(&other), None);
    // What comes of it all the same is taken.
    let mut again = Bench::over(again.store);
    again.connect();
    again.announce(0, &head(9));
    again.package(0, 9, 9);
    assert_eq!((again.size(), alarm(&again), again.replica.lost()), (9, None, None));
}

#[test]
fn what_was_said_to_be_lost_and_comes_all_the_same_is_taken_and_checked() {
    let mut bench = heard_of_ten();
    bench.tell(Event::Lost(Loss { size: 4, signed: 12 }));
    assert_eq!(bench.replica.lost(), Some((4, 8)));
    bench.connect();
    bench.announce(0, &head(10));
    bench.package(4, 10, 10);
    assert_eq!((bench.size(), alarm(&bench), bench.replica.lost()), (10, None, None));
    let findings = replica::findings(&bench.store, &log()).unwrap();
    assert_eq!(findings.iter().map(|one| one.index).collect::<Vec<_>>(), [BAD]);
    assert_eq!(Bench::over(bench.store).replica.held().record.loss, None, "nor is it lost after a start");
}

#[test]
fn a_head_that_is_not_proven_takes_nothing_back_of_what_was_lost() {
    let mut bench = settled();
    let loss = Loss { size: 10, signed: 12 };
    bench.tell(Event::Lost(loss));
    let announce = Announce { note: head(12).note, consistency: Vec::new() };
    bench.tell(Event::Received(FromSupplier::Announce(announce)));
    assert_eq!((bench.reason(), bench.replica.held().record.loss), (Some("HEADS_INCONSISTENT"), Some(loss)));
    bench.connect();
    bench.announce(10, &head(12));
    assert_eq!((bench.reason(), bench.replica.held().record.loss), (None, None));
}

#[test]
fn that_a_node_says_to_have_lost_something_hides_neither_a_head_that_it_signed_nor_another_history() {
    // More is held here than there: nothing is gone, and it is said all the same.
    let mut bench = settled();
    bench.tell(Event::Lost(Loss { size: 3, signed: 4 }));
    assert_eq!((alarm(&bench), bench.replica.lost()), (Some("PARTNER_LOG_LOST"), Some((3, 0))));
    assert_eq!((bench.size(), bench.replica.heard_size()), (10, 10));
    bench.announce(10, &head_in(&branch(), 10));
    assert_eq!((bench.reason(), alarm(&bench)), (Some("LOG_EQUIVOCATED"), Some("LOG_EQUIVOCATED")));

    // A size that goes beyond what was heard takes no smaller head for good, and one that lacks nothing says nothing.
    for loss in [Loss { size: 12, signed: 20 }, Loss { size: 10, signed: 12 }, Loss { size: 6, signed: 6 }] {
        let mut bench = heard_of_ten();
        bench.tell(Event::Lost(loss));
        bench.connect();
        bench.announce(0, &head(6));
        assert_eq!((bench.reason(), bench.size()), (Some("PARTNER_HOLDS_MORE"), 0), "{loss:?}");
        assert!(alarm(&bench).is_some(), "{loss:?}");
    }
}

#[test]
fn a_node_is_believed_to_have_lost_something_of_its_own_logs_alone_and_by_who_holds_them() {
    let loss = Loss { size: 6, signed: 10 };
    let said = [log().to_string(), "tdap.gov.pk/log/2031/customs.gov.cn".to_owned(), "no log".to_owned()];
    let believed = |here: usize, partner: usize| {
        let said = said.iter().map(|log| (log.as_str(), loss));
        lost_by(&WORLD.trust, &name(here), &name(partner), said)
    };
    assert_eq!(believed(1, 0), BTreeMap::from([(log(), loss)]));
    assert!(believed(1, 2).is_empty(), "it is another's");
    assert!(believed(2, 0).is_empty(), "it is for another");
}
