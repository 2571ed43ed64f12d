//! Promises of single machines, and what they do when a partner breaks his.

mod ahead;
mod alarms;
mod comparing;
mod forgotten;
mod kept;
mod lifting;
mod losing;
mod marks;
mod outside;
mod overlapping;
mod own_history;
mod parcels;
mod siblings;
mod supplying;
mod witnessing;

use super::world::{BAD, START, Script, Use, WORLD, issuer, key, name, origin, trust};
use crate::{
    exchange::{
        ExchangeError,
        canvasser::{self, Canvasser},
        cosigned::{Cosigned, Kept},
        heads, is_asked_for,
        message::{
            AddCheckpoint, Announce, Cosign, FromReplica, FromSupplier, Hello, KnownHead, Package, Want, Witnessed,
        },
        replica::{self, Elsewhere, Held, Replica, Setup, check, rejudge},
        supplier::{self, Supplier},
        witness::{self, Witness},
    },
    log::{
        Checkpoint, Extension, Hash, Levels, Origin, TreeHead, consistency_proof, cosign, leaf_hash, root,
        sign_checkpoint,
    },
    reason::Reasoned,
    store::{Batch, MemoryStore, PublishedHead, Store},
    time::Timestamp,
    trust::{Closing, ClosingReason, Cosigning, TrustList},
};
use std::{collections::BTreeSet, sync::Arc};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START.as_second() + seconds).unwrap()
}

fn log() -> Origin {
    origin(0, 1)
}

fn script() -> &'static Script {
    &WORLD.scripts[&log()]
}

/// A history of the same log in which all that comes from index 8 on is this.
fn parted(other: &[u8]) -> Levels {
    let lines = script().lines.iter().enumerate();
    lines.map(|(at, line)| if at < 8 { leaf_hash(&line.leaf) } else { leaf_hash(other) }).collect()
}

/// Another history of the same log.
fn branch() -> Levels {
    parted(b"other")
}

fn head_in(tree: &Levels, size: u64) -> PublishedHead {
    let head = TreeHead { size, root: root(size, tree).unwrap() };
    let extension = Extension::prove(log(), None, head, &[]).unwrap();
    PublishedHead { head, note: sign_checkpoint(&extension, key(0, Use::Log)).unwrap() }
}

fn head(size: u64) -> PublishedHead {
    head_in(&script().tree, size)
}

/// A log that its authority signs heads of and that the trust list knows no addressee of, with a note that is signed.
fn made_up(number: usize) -> (Origin, String) {
    let origin = format!("tdap.gov.pk/log/2026/x{number}.example").parse::<Origin>().unwrap();
    let extension = Extension::prove(origin.clone(), None, head(5).head, &[]).unwrap();
    (origin, sign_checkpoint(&extension, key(0, Use::Log)).unwrap())
}

/// What a partner knows of the log: this head, with the entries or without.
fn known(head: &PublishedHead, entries: bool) -> Vec<KnownHead> {
    vec![KnownHead { log: log(), note: head.note.clone(), entries, cosigned_by_asker: None }]
}

fn proof(old: u64, new: u64) -> Vec<Hash> {
    consistency_proof(old, new, &script().tree).unwrap()
}

fn line(head: &PublishedHead, node: usize, replica: bool) -> String {
    let checkpoint = Checkpoint { origin: log(), head: head.head };
    let (who, key) = if replica {
        (name(node).replica(), key(node, Use::Replica))
    } else {
        (name(node).witness(), key(node, Use::Witness))
    };
    cosign(&checkpoint, &who, key, u64::try_from(at(0).as_second()).unwrap()).unwrap().to_string()
}

/// A replica with its store, whose actions are done at once.
struct Bench {
    store: MemoryStore,
    replica: Replica,
    now: i64,
    /// What partners tell of the log when they are asked.
    heads: Option<Vec<replica::Heard>>,
    /// What was not for the store or the key.
    said: Vec<replica::Action>,
}

impl Bench {
    fn new() -> Self {
        Self::over(MemoryStore::new())
    }

    fn over(store: MemoryStore) -> Self {
        Self::under(store, &WORLD.trust)
    }

    fn under(store: MemoryStore, trust: &Arc<TrustList>) -> Self {
        let held = Held::load(&store, &log()).unwrap();
        let (origin, addressee) = (log(), "https://customs.gov.cn".to_owned());
        let setup =
            Setup { origin, addressee, trust: Arc::clone(trust), cosigns: true, elsewhere: Elsewhere::default() };
        Self { store, replica: Replica::new(setup, held), now: 0, heads: Some(Vec::new()), said: Vec::new() }
    }

    fn tell(&mut self, event: replica::Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.replica.step(at(self.now), event) {
                use replica::{Action, Event};
                match action {
                    Action::Check(work) => events.insert(0, Event::Checked(check(&self.store, &work).unwrap())),
                    Action::Commit(batch) => {
                        self.store.commit(batch).unwrap();
                        events.insert(0, Event::Committed);
                    }
                    Action::Advance { extension, note } => {
                        self.store.advance(vec![*extension], &|_| Ok(note.clone())).unwrap();
                        events.insert(0, Event::Advanced);
                    }
                    Action::JudgeAgain(setup) => {
                        if let Some(again) = rejudge(&self.store, &setup, 0).unwrap() {
                            self.store.commit(again.batch).unwrap();
                        }
                        let held = Held::load(&self.store, &log()).unwrap();
                        events.insert(0, Event::Reloaded(Box::new(held)));
                    }
                    Action::Cosign(checkpoint) => {
                        let size = checkpoint.head.size;
                        let line = line(&head(size), 1, true);
                        events.insert(0, Event::Cosigned { size, line: Some(line) });
                    }
                    Action::Recall => {
                        if let Some(heads) = self.heads.clone() {
                            events.insert(0, Event::Recalled(heads));
                        }
                    }
                    Action::ReadRoot(size) => {
                        let held: &dyn Store = &self.store;
                        events.insert(0, Event::Root(size, root(size, &held.hashes(&log())).ok()));
                    }
                    other => self.said.push(other),
                }
            }
        }
    }

    fn connect(&mut self) {
        self.now += 70;
        self.tell(replica::Event::Tick);
        self.tell(replica::Event::Connected);
    }

    fn announce(&mut self, old: u64, head: &PublishedHead) {
        let consistency = if old == 0 || old == head.head.size { Vec::new() } else { proof(old, head.head.size) };
        let announce = Announce { note: head.note.clone(), consistency };
        self.tell(replica::Event::Received(FromSupplier::Announce(announce)));
    }

    fn package(&mut self, start: u64, end: u64, size: u64) {
        let lines = &script().lines[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
        let entries = lines.iter().map(|line| line.leaf.clone()).collect();
        let package = Package { start, entries, size, proof: proof(end, size) };
        self.tell(replica::Event::Received(FromSupplier::Package(package)));
    }

    fn size(&self) -> u64 {
        self.store.head(&log()).map_or(0, |head| head.head.size)
    }

    fn cosigned(&mut self) -> Vec<u64> {
        let said = std::mem::take(&mut self.said);
        let sizes = said.iter().filter_map(|action| match action {
            replica::Action::Send(FromReplica::Cosign(cosign)) => Some(cosign.size),
            _ => None,
        });
        sizes.collect()
    }

    fn reason(&mut self) -> Option<&'static str> {
        let said = std::mem::take(&mut self.said);
        said.iter().find_map(|action| match action {
            replica::Action::HangUp(why) => Some(why.reason()),
            _ => None,
        })
    }
}

/// A replica that holds ten entries.
fn settled() -> Bench {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(10));
    bench.package(0, 4, 10);
    bench.package(4, 10, 10);
    assert_eq!((bench.size(), bench.cosigned()), (10, vec![10]));
    bench
}

#[test]
fn a_node_that_is_not_asked_for_a_log_is_not_expected_to_have_it() {
    let (all, none) = (trust(1, |_| {}), trust(2, |text| text.cosigning = Cosigning::if_it_has_a_node()));
    let asked = |list: &TrustList| [0, 1, 2].map(|node| is_asked_for(list, &name(node), &log()));
    assert_eq!(asked(&all), [false, true, true], "not its issuer; its addressee; a witness");
    assert_eq!(asked(&none), [false, true, false]);
}

#[test]
fn every_announced_head_is_cosigned_once_its_entries_are_durable() {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(3));
    bench.announce(3, &head(5));
    assert_eq!(bench.cosigned(), Vec::<u64>::new());
    bench.package(0, 5, 5);
    assert_eq!(bench.cosigned(), [3, 5]);
    // One bad entry is a finding and stops nothing.
    bench.announce(5, &head(12));
    bench.package(5, 12, 12);
    assert_eq!((bench.size(), bench.cosigned()), (12, vec![12]));
    let findings = replica::findings(&bench.store, &log()).unwrap();
    assert_eq!(findings.iter().map(|f| (f.index, f.reason.as_str())).collect::<Vec<_>>(), [(9, "BAD_SIGNATURE")]);
}

#[test]
fn what_an_older_list_had_no_key_for_counts_when_a_newer_one_has_it() {
    let closed = trust(1, |text| {
        let (iss, kid, reason) = (issuer(0), "s1".parse().unwrap(), ClosingReason::Rotated);
        text.closings.push(Closing { iss, kid, origin: log(), until_index: 1, reason });
    });
    let mut bench = Bench::under(MemoryStore::new(), &closed);
    bench.connect();
    bench.announce(0, &head(20));
    bench.package(0, 20, 20);
    let findings = |bench: &Bench| {
        let found = replica::findings(&bench.store, &log()).unwrap();
        found.iter().map(|one| (one.index, one.trust_version)).collect::<Vec<_>>()
    };
    assert_eq!(findings(&bench).len(), 19, "all but the first");
    bench.cosigned();

    // The next list says the same of it: then only that is noted, once.
    let same = trust(2, |text| text.closings = closed.text().closings.clone());
    bench.tell(replica::Event::Trust(same));
    assert!(findings(&bench).iter().all(|(index, version)| *version == if *index == BAD { 1 } else { 2 }));

    bench.tell(replica::Event::Trust(trust(3, |_| {})));
    assert_eq!(findings(&bench), [(BAD, 3)]);
    // It stands as where the newer list was there from the first, also after a restart, and goes on so.
    let mut other = Bench::new();
    other.connect();
    other.announce(0, &head(20));
    other.package(0, 20, 20);
    let Bench { store, .. } = bench;
    let mut bench = Bench::under(store, &trust(3, |_| {}));
    // The first thing after a start is to look whether findings still hold.
    bench.tell(replica::Event::Tick);
    for bench in [&mut bench, &mut other] {
        bench.connect();
        bench.announce(20, &head(90));
        bench.package(20, 90, 90);
        assert_eq!(bench.size(), 90);
    }
    let indexes = |bench: &Bench| findings(bench).into_iter().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!((indexes(&bench), indexes(&other)), (vec![BAD], vec![BAD]));
    let lists = |bench: &Bench| bench.store.status_lists(&log()).unwrap();
    assert_eq!(lists(&bench), lists(&other));
    let record = |bench: &Bench| bench.replica.held().record.clone();
    assert_eq!(record(&bench), record(&other));
}

/// A list that closes the key of the log from an index on, because somebody else may have it.
fn compromised(version: u64, until_index: u64) -> Arc<TrustList> {
    trust(version, |text| {
        let (iss, kid, reason) = (issuer(0), "s1".parse().unwrap(), ClosingReason::Compromised);
        text.closings.push(Closing { iss, kid, origin: log(), until_index, reason });
    })
}

#[test]
fn what_was_good_is_a_finding_when_a_list_closes_its_key_before_it() {
    let mut bench = settled();
    bench.announce(10, &head(20));
    bench.package(10, 20, 20);
    let findings = |bench: &Bench| {
        let found = replica::findings(&bench.store, &log()).unwrap();
        found.into_iter().map(|one| (one.index, one.reason)).collect::<Vec<_>>()
    };
    let bad = || (BAD, "BAD_SIGNATURE".to_owned());
    assert_eq!(findings(&bench), [bad()]);
    bench.cosigned();

    // Entry 15 cancels a certificate: that stays in force. All else from entry 12 on falls.
    bench.tell(replica::Event::Trust(compromised(2, 12)));
    let hit = [12, 13, 14, 16, 17, 18, 19].map(|index| (index, "ENTRY_KEY_CLOSED".to_owned()));
    assert_eq!(findings(&bench), [&[bad()][..], &hit].concat());
    let status = |bench: &Bench| bench.store.status_lists(&log()).unwrap();
    // It stands as where that list was there from the first.
    let mut other = Bench::under(MemoryStore::new(), &compromised(2, 12));
    other.connect();
    other.announce(0, &head(20));
    other.package(0, 20, 20);
    assert_eq!((findings(&bench), status(&bench)), (findings(&other), status(&other)));
    assert_eq!(bench.replica.held().record, other.replica.held().record);

    // A restart under the same list judges nothing anew, and the log goes on.
    let Bench { store, .. } = bench;
    let mut bench = Bench::under(store, &compromised(2, 12));
    bench.tell(replica::Event::Tick);
    bench.connect();
    bench.announce(20, &head(24));
    bench.package(20, 24, 24);
    assert_eq!((bench.size(), bench.cosigned()), (24, vec![24]));
    assert_eq!(findings(&bench).len(), 1 + 7 + 3, "entry 23 cancels another");

    // A list that corrects where the closing lies takes back what fell for nothing, and finds what did not.
    bench.tell(replica::Event::Trust(compromised(3, 18)));
    let hit = [18, 19, 20, 21, 22].map(|index| (index, "ENTRY_KEY_CLOSED".to_owned()));
    assert_eq!(findings(&bench), [&[bad()][..], &hit].concat());
    bench.tell(replica::Event::Trust(compromised(4, 9)));
    let indexes = findings(&bench).into_iter().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!(indexes, (9..24).filter(|index| ![15, 23].contains(index)).collect::<Vec<_>>());
}

#[test]
fn a_list_that_closes_keys_where_nothing_was_signed_changes_nothing_but_that_it_is_known() {
    let mut bench = settled();
    bench.tell(replica::Event::Trust(compromised(2, 10)));
    let held = bench.replica.held();
    assert_eq!(held.record.closed, compromised(2, 10).closed_in(&log()));
    let found = replica::findings(&bench.store, &log()).unwrap();
    assert_eq!(found.iter().map(|one| one.index).collect::<Vec<_>>(), [BAD]);
}

#[test]
fn a_head_is_cosigned_again_every_ten_minutes_without_news() {
    let mut bench = settled();
    for (seconds, cosigned) in [(599, vec![]), (1, vec![10]), (1, vec![]), (600, vec![10])] {
        bench.now += seconds;
        bench.tell(replica::Event::Tick);
        assert_eq!(bench.cosigned(), cosigned, "after {seconds} s");
    }
}

#[test]
fn two_heads_of_one_size_stop_cosigning_for_good_and_keep_the_first_branch() {
    let mut bench = settled();
    let other = head_in(&branch(), 10);
    bench.announce(10, &other);
    let suspected = bench.said.iter().any(|action| match action {
        replica::Action::Suspect(found) => {
            heads::Evidence::prove(&WORLD.trust, found.first.clone(), found.second.clone(), None).is_ok()
        }
        _ => false,
    });
    assert!(suspected);
    assert_eq!(bench.reason(), Some("LOG_EQUIVOCATED"));
    // Nor after a restart: it does not even dial.
    let mut again = Bench::over(bench.store);
    again.now = 10_000;
    again.tell(replica::Event::Tick);
    assert!(again.said.is_empty() && again.size() == 10);
    assert_eq!(again.replica.held().record.equivocated, Some(10));
}

#[test]
fn a_head_that_does_not_extend_what_is_held_is_refused_and_suspected() {
    let mut bench = settled();
    let announce = Announce { note: head_in(&branch(), 20).note, consistency: proof(10, 20) };
    bench.tell(replica::Event::Received(FromSupplier::Announce(announce)));
    assert!(bench.said.iter().any(|action| matches!(action, replica::Action::Suspect(_))));
    assert_eq!((bench.reason(), bench.size()), (Some("HEADS_INCONSISTENT"), 10));
    // Nor is a note by another key, or of another log, or a smaller head.
    for (note, reason) in [
        (head(20).note.replace("20\n", "21\n"), "NOTE_SIGNATURE_INVALID"),
        (head(7).note, "PARTNER_HOLDS_MORE"),
        ("text\n".to_owned(), "NOTE_MALFORMED"),
    ] {
        bench.connect();
        let announce = Announce { note, consistency: Vec::new() };
        bench.tell(replica::Event::Received(FromSupplier::Announce(announce)));
        assert_eq!((bench.reason(), bench.size()), (Some(reason), 10));
    }
}

#[test]
fn what_was_heard_before_a_crash_is_not_forgotten() {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(10));
    bench.package(0, 4, 10);
    // Entries are durable, the head is not: as after a crash.
    assert_eq!((bench.store.durable_size(&log()), bench.size()), (4, 0));
    let mut bench = Bench::over(bench.store);
    assert_eq!(bench.replica.heard_size(), 10);
    bench.connect();
    let hello = Hello { log: log(), next_index: 4, head: bench.replica.held().tree_head() };
    assert!(bench.said.iter().any(|a| matches!(a, replica::Action::Send(FromReplica::Hello(h)) if *h == hello)));
    // The log's node, restored from an old copy, goes on with less: it is told.
    bench.announce(0, &head(6));
    assert_eq!(bench.reason(), Some("PARTNER_HOLDS_MORE"));
    // With as much, but otherwise: it is caught.
    bench.connect();
    bench.announce(0, &head_in(&branch(), 10));
    assert_eq!(bench.reason(), Some("LOG_EQUIVOCATED"));
}

#[test]
fn packages_without_credit_or_out_of_turn_end_the_stream() {
    for (start, end, size) in [(4, 10, 10), (0, 10, 20)] {
        let mut bench = Bench::new();
        bench.connect();
        bench.announce(0, &head(10));
        bench.package(start, end, size);
        assert_eq!((bench.reason(), bench.store.durable_size(&log())), (Some("PARTNER_PROTOCOL"), 0));
    }
    let mut bench = settled();
    bench.package(10, 12, 12);
    assert_eq!(bench.reason(), Some("PARTNER_PROTOCOL"));
}
