//! Snapshots of a time that has not come: found by this node's clock as they come, and never again.

use super::{Bench, at, head_in, log};
use crate::{
    exchange::{
        message::{Announce, FromSupplier, Package},
        replica::{self, Elsewhere, Event, Held, Replica, Setup},
        tests::world::{Use, WORLD, issuer, key, trust},
    },
    inbox::Finding,
    log::{Levels, consistency_proof, leaf_hash},
    statement::{Addressee, Body, Envelope, Jti, StatusList, StatusSnapshot, compose, status_list::lists_root},
    store::{MemoryStore, status_as_of, status_snapshot},
    time::{Date, SeededRandom},
    trust::{Closing, ClosingReason, TrustList},
};
use bytes::Bytes;
use std::sync::Arc;

const YEAR: i64 = 365 * 86_400;
/// What the clock shows when a bench is connected for the first time.
const FIRST: i64 = 70;

fn second(seconds: i64) -> u64 {
    at(seconds).as_second().try_into().unwrap()
}

/// A log of snapshots alone.
struct Said {
    leaves: Vec<Bytes>,
    tree: Levels,
}

impl Said {
    /// Made at these seconds, by the clock of its issuer.
    fn at(times: &[i64]) -> Self {
        let leaves = times.iter().enumerate().map(|(index, time)| {
            let envelope = Envelope {
                iss: issuer(0),
                kid: "s1".parse().unwrap(),
                jti: Jti((1_794_470_400_000_u128 << 80 | (index as u128) << 56 | 7).to_be_bytes()),
                day: Date::constant(2026, 11, 22),
                aud: Addressee::Authority(issuer(1)),
                log: log(),
            };
            let body = Body::StatusSnapshot(StatusSnapshot {
                as_of: second(*time),
                size: index as u64,
                lists: 1,
                lists_root: lists_root(&[StatusList::new().digest()]),
            });
            let unsigned = compose(&envelope, &body, &SeededRandom::new(index as u64)).unwrap();
            Bytes::from(unsigned.sign(key(0, Use::Statement)).unwrap().jwt)
        });
        let leaves = leaves.collect::<Vec<_>>();
        let tree = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        Self { leaves, tree }
    }

    /// Its entries from one size up to another come.
    fn comes(&self, bench: &mut Bench, from: u64, to: u64) {
        let consistency = if from == 0 { Vec::new() } else { consistency_proof(from, to, &self.tree).unwrap() };
        let announce = Announce { note: head_in(&self.tree, to).note, consistency };
        bench.tell(Event::Received(FromSupplier::Announce(announce)));
        let entries = self.leaves[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()].to_vec();
        let package = Package { start: from, entries, size: to, proof: Vec::new() };
        bench.tell(Event::Received(FromSupplier::Package(package)));
        assert_eq!(bench.size(), to, "a finding stops nothing");
    }
}

fn found(bench: &Bench) -> Vec<Finding> {
    replica::findings(&bench.store, &log()).unwrap()
}

fn reasons(bench: &Bench) -> Vec<(u64, String)> {
    found(bench).into_iter().map(|one| (one.index, one.reason)).collect()
}

fn is_ahead(index: u64) -> Vec<(u64, String)> {
    vec![(index, "ENTRY_SNAPSHOT_AHEAD".to_owned())]
}

/// A list by which nothing of the log counts from its second entry on.
fn closed(version: u64) -> Arc<TrustList> {
    trust(version, |text| {
        let (iss, kid, reason) = (issuer(0), "s1".parse().unwrap(), ClosingReason::Rotated);
        text.closings.push(Closing { iss, kid, origin: log(), until_index: 1, reason });
    })
}

#[test]
fn a_snapshot_of_a_time_that_has_not_come_is_a_finding_until_the_clock_of_its_issuer_is_right_again() {
    let said = Said::at(&[0, FIRST + 300, FIRST + YEAR, FIRST + 301, 500]);
    let mut bench = Bench::new();
    bench.connect();
    said.comes(&mut bench, 0, 2);
    assert_eq!(reasons(&bench), [], "five minutes are what clocks may differ by");
    said.comes(&mut bench, 2, 4);
    assert_eq!(reasons(&bench), [is_ahead(2), is_ahead(3)].concat());
    let told = bench.said.iter().any(|action| matches!(action, replica::Action::Found(_)));
    let found = found(&bench);
    let [far, near] = found.as_slice() else { panic!("{found:?}") };
    assert!(told && far.sentence.contains("365 days ahead of this node's clock"), "{}", far.sentence);
    assert!(near.sentence.contains(", 5 min ahead of this node's clock"), "{}", near.sentence);
    // They count for nothing: the status known is that of before, and what comes next does not lie behind them.
    let as_of = |bench: &Bench| (bench.replica.held().record.as_of, status_as_of(&bench.store, &log()).unwrap());
    assert_eq!(as_of(&bench), (second(FIRST + 300), Some(second(FIRST + 300))));
    bench.now = 500;
    said.comes(&mut bench, 4, 5);
    assert_eq!(reasons(&bench), [is_ahead(2), is_ahead(3)].concat());
    assert_eq!(as_of(&bench), (second(500), Some(second(500))));
    assert_eq!(status_snapshot(&bench.store, &log()).unwrap(), Some((second(500), Some(4))), "with its place");
}

#[test]
fn a_snapshot_that_was_long_on_its_way_is_none() {
    let mut bench = Bench::new();
    bench.now = YEAR;
    bench.connect();
    Said::at(&[0, 3_600]).comes(&mut bench, 0, 2);
    assert_eq!(reasons(&bench), []);
}

#[test]
fn what_the_clock_showed_when_a_snapshot_came_stands_whatever_it_shows_when_its_log_is_judged_again() {
    let said = Said::at(&[0, FIRST + YEAR, 60, FIRST + YEAR + 100]);
    let mut bench = Bench::new();
    bench.connect();
    said.comes(&mut bench, 0, 3);
    let first = found(&bench);
    assert_eq!(reasons(&bench), is_ahead(1));

    // After a restart a year later, by when its time has come.
    let mut bench = Bench::under(bench.store, &WORLD.trust);
    bench.now = FIRST + YEAR + 50;
    bench.tell(Event::Tick);
    assert_eq!(found(&bench), first);
    // What another list closed and a third one opens again is judged from the first entry on.
    bench.tell(Event::Trust(closed(2)));
    let all = [1, 2].map(|index| (index, "ENTRY_KEY_CLOSED".to_owned()));
    assert_eq!(reasons(&bench), all);
    bench.tell(Event::Trust(trust(3, |_| {})));
    assert_eq!(found(&bench), [Finding { trust_version: 3, ..first[0].clone() }]);
    assert_eq!(bench.replica.held().record.as_of, second(60));
    // And the next is held to the clock of today.
    bench.connect();
    said.comes(&mut bench, 3, 4);
    assert_eq!(reasons(&bench), is_ahead(1));
}

#[test]
fn a_snapshot_that_came_before_the_list_that_has_its_key_lay_ahead_all_the_same() {
    let mut bench = Bench::under(MemoryStore::new(), &closed(1));
    bench.connect();
    Said::at(&[0, FIRST + YEAR, 60]).comes(&mut bench, 0, 3);
    assert_eq!(reasons(&bench), [1, 2].map(|index| (index, "ENTRY_KEY_CLOSED".to_owned())));
    bench.now = 2 * YEAR;
    bench.tell(Event::Trust(trust(2, |_| {})));
    assert_eq!(reasons(&bench), is_ahead(1));
}

#[test]
fn what_comes_back_of_an_own_log_is_not_held_to_the_clock() {
    let mut bench = Bench::new();
    let (trust, elsewhere) = (Arc::clone(&WORLD.trust), Elsewhere::default());
    let addressee = "https://customs.gov.cn".to_owned();
    let setup = Setup { origin: log(), addressee, trust, cosigns: false, elsewhere };
    bench.replica = Replica::new(setup, Held::load(&bench.store, &log()).unwrap());
    bench.connect();
    Said::at(&[0, YEAR]).comes(&mut bench, 0, 2);
    assert_eq!(reasons(&bench), []);
}
