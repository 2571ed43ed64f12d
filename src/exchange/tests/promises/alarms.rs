//! What a replica has its operator look into, and until when.

use super::*;
use bytes::Bytes;

fn alarm(bench: &Bench) -> Option<(&'static str, Timestamp)> {
    bench.replica.alarm().map(|alarm| (alarm.why.reason(), alarm.since))
}

#[test]
fn a_log_that_shows_less_than_it_signed_is_an_alarm_until_all_is_shown_again() {
    let mut bench = settled();
    assert_eq!(alarm(&bench), None);
    bench.announce(0, &head(7));
    let since = Some(("PARTNER_HOLDS_MORE", at(bench.now)));
    assert_eq!(alarm(&bench), since);
    // That it says the same again, and then nothing at all, hides neither that nor since when it is so.
    bench.connect();
    bench.announce(0, &head(6));
    bench.connect();
    bench.said.clear();
    bench.now += 31;
    bench.tell(replica::Event::Tick);
    assert_eq!(bench.reason(), Some("PARTNER_SILENT"));
    assert_eq!(alarm(&bench), since);
    bench.connect();
    bench.announce(10, &head(10));
    assert_eq!(alarm(&bench), None);
}

#[test]
fn entries_that_do_not_have_the_announced_root_are_not_kept_and_are_an_alarm_until_those_are_here_that_do() {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(4));
    let mut entries = script().lines[..4].iter().map(|line| line.leaf.clone()).collect::<Vec<_>>();
    entries[2] = Bytes::from_static(b"other");
    let package = Package { start: 0, entries, size: 4, proof: Vec::new() };
    bench.tell(replica::Event::Received(FromSupplier::Package(package)));
    let since = Some(("PACKAGE_OTHER_ROOT", at(bench.now)));
    assert_eq!((bench.reason(), bench.store.durable_size(&log())), (Some("PACKAGE_OTHER_ROOT"), 0));
    assert_eq!(alarm(&bench), since);
    // The next stream begins where it was.
    bench.connect();
    bench.announce(0, &head(4));
    assert_eq!(alarm(&bench), since, "a head is no entries");
    bench.package(0, 4, 4);
    assert_eq!((alarm(&bench), bench.size()), (None, 4));
}

#[test]
fn two_histories_are_an_alarm_after_a_start_too_until_a_person_has_lifted_them() {
    let mut bench = settled();
    bench.announce(10, &head_in(&branch(), 10));
    assert_eq!(alarm(&bench), Some(("LOG_EQUIVOCATED", at(bench.now))));
    let mut again = Bench::over(bench.store);
    again.tell(replica::Event::Equivocated(10));
    assert_eq!(alarm(&again), Some(("LOG_EQUIVOCATED", at(again.now))));
    again.tell(replica::Event::Lifted(vec![head_in(&branch(), 10).head]));
    assert_eq!(alarm(&again), None);
}

#[test]
fn another_history_than_partners_know_is_an_alarm_that_a_newer_head_of_it_does_not_end() {
    let PublishedHead { head: other, note } = head_in(&branch(), 9);
    let heads = Some(vec![replica::Heard { head: other, note }]);
    let mut bench = Bench { heads, ..Bench::over(settled().store) };
    bench.tell(replica::Event::Tick);
    bench.connect();
    bench.announce(10, &head(10));
    assert_eq!(alarm(&bench).map(|(reason, _)| reason), Some("HEADS_INCONSISTENT"));
    bench.announce(10, &head(12));
    bench.package(10, 12, 12);
    assert_eq!((alarm(&bench).map(|(reason, _)| reason), bench.size()), (Some("HEADS_INCONSISTENT"), 12));
    bench.tell(replica::Event::Lifted(vec![other]));
    assert_eq!(alarm(&bench), None);
}
