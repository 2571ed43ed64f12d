//! A later log speaks for a closed one: what it says is held against the lists of the closed one.

use super::{Bench, at, head, key, known, log};
use crate::exchange::message::{Announce, FromSupplier, KnownHead, Package};
use crate::exchange::recall::{self, Recall};
use crate::exchange::replica::{
    self, Action, Elsewhere, Event, Held, Loss, Replica, ReplicaRecord, Setup, check, rejudge,
};
use crate::exchange::tests::world::{Line, Script, Use, WORLD, issuer, name, trust};
use crate::log::{Extension, Hash, Origin, TreeHead, leaf_hash, root, sign_checkpoint};
use crate::signature::{SecretKey, Signer};
use crate::statement::{
    Act, Addressee, Body, Change, Envelope, Jti, StatementRef, Status, StatusChange, StatusList, StatusSnapshot,
    compose, status_list::lists_root,
};
use crate::store::{Batch, MemoryStore, StateChange, Store};
use crate::time::{Date, SeededRandom};
use crate::trust::{ListedLogKey, Section, ShardEnd, TrustList};
use crate::verification::StatusPlace;
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The entries with which the log of 2026 is closed.
const FINAL: u64 = 12;
/// Seconds after which the log of 2027 is replicated: its first snapshot is made 600 s before.
const NEXT_YEAR: i64 = 3_459_000;
/// A certificate of it that is in force at its end, and where its status stands.
const TARGET: usize = 5;

fn next() -> Origin {
    "tdap.gov.pk/log/2027/customs.gov.cn".parse().unwrap()
}

/// Its key: each shard has one of its own.
fn next_key() -> SecretKey {
    SecretKey::from_seed(&[200; 32]).unwrap()
}

fn place() -> StatusPlace {
    StatusPlace { list: 0, place: WORLD.scripts[&log()].lines[TARGET].status_index.unwrap() }
}

/// A list by which there is a log of 2027, and that of 2026 is closed or is not.
fn list(version: u64, closed: bool) -> Arc<TrustList> {
    trust(version, |text| {
        let entry = text.sections.iter().position(|entry| entry.note.contains("tdap.gov.pk/root")).unwrap();
        let mut section = Section::open(&text.sections[entry].note).unwrap().successor();
        section.log_keys.push(ListedLogKey { shard: next().shard(), x: next_key().public_key() });
        text.put(&section.sign(key(0, Use::Root)).unwrap(), None);
        if closed {
            text.shards.push(ShardEnd { origin: log(), final_size: FINAL });
        }
    })
}

/// The list of 2026 as it ended: its first certificate was cancelled.
fn ended() -> StatusList {
    let mut list = StatusList::new();
    list.set(WORLD.scripts[&log()].lines[2].status_index.unwrap(), Status::Cancelled).unwrap();
    list
}

/// The log of 2027: a snapshot before the other is closed, one that speaks for it, a withdrawal there, one that knows of
/// that, if it is honest.
fn script(honest: bool) -> Script {
    let (own, mut old) = (StatusList::new(), ended());
    let snapshot = |size: u64, closed: Option<&StatusList>| {
        let mut digests = vec![own.digest()];
        digests.extend(closed.map(|list| list.digest_of(&log(), 0)));
        let (lists, as_of) = (u32::try_from(digests.len()).unwrap(), 1_798_800_000 + size);
        Body::StatusSnapshot(StatusSnapshot { as_of, size, lists, lists_root: lists_root(&digests) })
    };
    let target = StatementRef { log: log(), jti: WORLD.scripts[&log()].lines[TARGET].jti };
    let change = Change { target, act: Act::Suspended, items: None };
    let before = old.clone();
    old.set(place().place, Status::Suspended).unwrap();
    let bodies = [
        snapshot(0, None),
        snapshot(1, Some(&before)),
        Body::StatusChange(StatusChange { change, reason: None, remarks: None }),
        snapshot(3, Some(if honest { &old } else { &before })),
    ];
    let lines = bodies.iter().enumerate().map(|(index, body)| {
        let jti = Jti((1_798_761_600_000_u128 << 80 | (index as u128) << 56 | 7).to_be_bytes());
        let envelope = Envelope {
            iss: issuer(0),
            kid: "s1".parse().unwrap(),
            jti,
            day: Date::constant(2027, 2, 1),
            aud: Addressee::Authority(issuer(1)),
            log: next(),
        };
        let issued = compose(&envelope, body, &SeededRandom::new(index as u64)).unwrap();
        let issued = issued.sign(key(0, Use::Statement)).unwrap();
        Line { jti, leaf: Bytes::from(issued.jwt), disclosures: issued.disclosures, status_index: None, as_of: None }
    });
    let lines = lines.collect::<Vec<_>>();
    let tree = lines.iter().map(|line| leaf_hash(&line.leaf)).collect();
    Script { lines, tree }
}

/// The note of the head over all of it.
fn note(script: &Script) -> String {
    let size = script.lines.len() as u64;
    let head = TreeHead { size, root: root(size, &script.tree).unwrap() };
    let extension = Extension::prove(next(), None, head, &[]).unwrap();
    sign_checkpoint(&extension, &next_key()).unwrap()
}

/// The replica of the log of 2027, beside that of 2026 where that is held.
struct Later {
    store: MemoryStore,
    replica: Replica,
    elsewhere: Elsewhere,
}

impl Later {
    fn under(store: MemoryStore, trust: &Arc<TrustList>, elsewhere: Elsewhere) -> Self {
        Self::of(store, trust, elsewhere, true)
    }

    fn of(store: MemoryStore, trust: &Arc<TrustList>, elsewhere: Elsewhere, cosigns: bool) -> Self {
        let held = Held::load(&store, &next()).unwrap();
        let held = held.beside(&store, &next(), trust, &elsewhere).unwrap();
        let (origin, addressee) = (next(), "https://customs.gov.cn".to_owned());
        let setup = Setup { origin, addressee, trust: Arc::clone(trust), cosigns, elsewhere: elsewhere.clone() };
        Self { store, replica: Replica::new(setup, held), elsewhere }
    }

    /// Whether it dialled.
    fn tell(&mut self, now: i64, event: Event) -> bool {
        let (mut events, mut dialled) = (vec![event], false);
        while let Some(event) = events.pop() {
            for action in self.replica.step(at(NEXT_YEAR + now), event) {
                match action {
                    Action::Dial => dialled = true,
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
                        let held = Held::load(&self.store, &next()).unwrap();
                        let held = held.beside(&self.store, &next(), &setup.trust, &self.elsewhere).unwrap();
                        events.insert(0, Event::Reloaded(Box::new(held)));
                    }
                    _ => {}
                }
            }
        }
        dialled
    }

    /// Takes the whole of a script.
    fn take(&mut self, script: &Script) {
        assert!(self.tell(700, Event::Tick), "it waited long enough for the other log");
        self.give(script);
    }

    /// The same once it dialled.
    fn give(&mut self, script: &Script) {
        let size = script.lines.len() as u64;
        self.tell(700, Event::Connected);
        let announce = Announce { note: note(script), consistency: Vec::new() };
        self.tell(700, Event::Received(FromSupplier::Announce(announce)));
        let entries = script.lines.iter().map(|line| line.leaf.clone()).collect();
        let package = Package { start: 0, entries, size, proof: Vec::new() };
        self.tell(700, Event::Received(FromSupplier::Package(package)));
        assert_eq!(self.store.head(&next()).unwrap().head.size, size, "a finding stops nothing");
    }

    fn findings(&self) -> Vec<(u64, String)> {
        let found = replica::findings(&self.store, &next()).unwrap();
        found.into_iter().map(|one| (one.index, one.reason)).collect()
    }

    fn status(&self) -> Option<Status> {
        self.replica.held().status.status_in(&log(), place())
    }
}

/// The log of 2026, held to its end.
fn whole() -> (Arc<MemoryStore>, Elsewhere) {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(FINAL));
    bench.package(0, FINAL, FINAL);
    let store = Arc::new(bench.store);
    let kept = Arc::clone(&store);
    let elsewhere = Elsewhere::new(move |origin| (*origin == log()).then(|| Arc::clone(&kept) as Arc<dyn Store>));
    (store, elsewhere)
}

#[test]
fn what_a_later_log_says_of_a_closed_one_is_held_against_its_lists() {
    let (closed, elsewhere) = whole();
    let mut later = Later::under(MemoryStore::new(), &list(2, true), elsewhere);
    later.take(&script(true));
    assert_eq!((later.findings(), later.status()), (Vec::new(), Some(Status::Suspended)));
    let kept = closed.status(&log(), 0, place().place).unwrap();
    assert_eq!(kept, None, "a closed log's own store never changes by another's word");
    // After a restart it is made again from what is kept beside both.
    let Later { store, elsewhere, .. } = later;
    let again = Later::under(store, &list(2, true), elsewhere);
    assert_eq!((again.findings(), again.status()), (Vec::new(), Some(Status::Suspended)));
}

#[test]
fn a_snapshot_that_leaves_out_a_change_of_a_closed_logs_certificate_is_a_finding() {
    let (_, elsewhere) = whole();
    let mut later = Later::under(MemoryStore::new(), &list(2, true), elsewhere);
    later.take(&script(false));
    assert_eq!(later.findings(), [(3, "ENTRY_SNAPSHOT_LISTS".to_owned())]);
}

#[test]
fn what_cannot_be_held_against_a_closed_log_yet_is_judged_again_when_that_is_here() {
    let (_, elsewhere) = whole();
    let here = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (shown, inner) = (Arc::clone(&here), elsewhere);
    let looked = Elsewhere::new(move |origin| {
        shown.load(std::sync::atomic::Ordering::Relaxed).then(|| inner.store(origin)).flatten()
    });
    let list = list(2, true);
    let mut later = Later::under(MemoryStore::new(), &list, looked.clone());
    assert!(!later.tell(0, Event::Tick), "it waits for the closed log first");
    assert_eq!(later.replica.awaits_closed(at(NEXT_YEAR)), [log()], "and says so");
    later.take(&script(true));
    assert!(later.replica.awaits_closed(at(NEXT_YEAR + 701)).is_empty());
    let lists = "ENTRY_SNAPSHOT_LISTS".to_owned();
    assert_eq!(later.findings(), [(1, lists.clone()), (3, lists)]);
    assert!(!later.replica.held().siblings.came(&list, &next(), &looked));
    here.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(later.replica.held().siblings.came(&list, &next(), &looked));
    later.tell(701, Event::Beside);
    assert_eq!((later.findings(), later.status()), (Vec::new(), Some(Status::Suspended)));
}

#[test]
fn nobody_waits_for_what_the_own_node_of_a_closed_log_says_to_have_lost_of_it() {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(9));
    bench.package(0, 9, 9);
    let closed = Arc::new(bench.store);
    let (kept, list) = (Arc::clone(&closed), list(2, true));
    let elsewhere = Elsewhere::new(move |origin| (*origin == log()).then(|| Arc::clone(&kept) as Arc<dyn Store>));
    let says = |loss: Loss| {
        let record = ReplicaRecord { loss: Some(loss), ..ReplicaRecord::read(closed.as_ref(), &log()).unwrap() };
        closed.commit(Batch { state: vec![record.put(&log())], ..Batch::default() }).unwrap();
    };
    let mut later = Later::under(MemoryStore::new(), &list, elsewhere.clone());
    let came = |later: &Later| later.replica.held().siblings.came(&list, &next(), &elsewhere);
    assert!(!later.tell(0, Event::Tick) && !came(&later));
    says(Loss { size: 10, signed: FINAL });
    assert!(!came(&later), "what is left of it comes yet");
    says(Loss { size: 9, signed: FINAL });
    assert!(came(&later));
    later.tell(1, Event::Beside);
    assert!(later.tell(5, Event::Tick) && !came(&later));
    assert!(later.replica.awaits_closed(at(NEXT_YEAR + 5)).is_empty());
}

#[test]
fn nobody_waits_for_a_closed_log_of_which_nothing_ever_came_once_its_own_node_says_that_nothing_is_left() {
    let mut gone = Bench::new();
    gone.tell(Event::Lost(Loss { size: 0, signed: FINAL }));
    let is_noted = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (shown, kept, list) = (Arc::clone(&is_noted), Arc::new(gone.store), list(2, true));
    let elsewhere = Elsewhere::new(move |origin| {
        let noted = *origin == log() && shown.load(std::sync::atomic::Ordering::Relaxed);
        noted.then(|| Arc::clone(&kept) as Arc<dyn Store>)
    });
    let mut later = Later::under(MemoryStore::new(), &list, elsewhere.clone());
    assert!(!later.tell(0, Event::Tick), "nobody has said anything of it");
    is_noted.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(later.replica.held().siblings.came(&list, &next(), &elsewhere));
    later.tell(1, Event::Beside);
    assert!(later.tell(5, Event::Tick) && later.replica.awaits_closed(at(NEXT_YEAR + 5)).is_empty());
    assert!(!later.replica.held().siblings.came(&list, &next(), &elsewhere), "once is enough");
}

#[test]
fn a_list_that_closes_a_log_later_finds_the_change_that_came_before() {
    let (_, elsewhere) = whole();
    let mut later = Later::under(MemoryStore::new(), &list(2, false), elsewhere);
    later.take(&script(true));
    let lists = "ENTRY_SNAPSHOT_LISTS".to_owned();
    assert_eq!(later.findings(), [(1, lists.clone()), (3, lists)], "by this list it speaks for nobody");
    later.tell(701, Event::Trust(list(3, true)));
    assert_eq!((later.findings(), later.status()), (Vec::new(), Some(Status::Suspended)));
}

#[test]
fn a_closed_log_that_was_judged_again_has_the_later_one_judged_again() {
    let (closed, elsewhere) = whole();
    let list = list(2, true);
    let mut later = Later::under(MemoryStore::new(), &list, elsewhere.clone());
    later.take(&script(true));
    let came = |later: &Later| later.replica.held().siblings.came(&list, &next(), &elsewhere);
    assert!(!came(&later));
    // As a list leaves it that closes a key: what was cancelled is in force again.
    let record = ReplicaRecord { closed: Some(Hash([7; 32])), ..ReplicaRecord::read(closed.as_ref(), &log()).unwrap() };
    let index = WORLD.scripts[&log()].lines[2].status_index.unwrap();
    let set = StateChange::StatusSet { origin: log(), list: 0, index, status: Status::Valid.value() };
    closed.commit(Batch { state: vec![record.put(&log()), set], ..Batch::default() }).unwrap();
    assert!(came(&later));
    later.tell(701, Event::Beside);
    let lists = "ENTRY_SNAPSHOT_LISTS".to_owned();
    assert_eq!(later.findings(), [(1, lists.clone()), (3, lists)]);
    assert!(!came(&later), "once is enough");
}

#[test]
fn entries_that_came_before_the_list_that_closed_their_log_are_void_by_it() {
    let mut bench = Bench::new();
    bench.connect();
    bench.announce(0, &head(20));
    bench.package(0, 20, 20);
    bench.tell(Event::Trust(list(2, true)));
    let found = replica::findings(&bench.store, &log()).unwrap();
    let found = found.iter().filter(|one| one.reason == "ENTRY_BEYOND_END").map(|one| one.index);
    assert_eq!(found.collect::<Vec<_>>(), (FINAL..20).collect::<Vec<_>>());
    assert_eq!(bench.store.head(&log()).unwrap().head.size, 20, "what is held is held");
}

#[test]
fn an_own_log_comes_back_at_once_where_the_closed_one_that_it_spoke_for_is_lost() {
    let mut later = Later::of(MemoryStore::new(), &list(2, true), Elsewhere::default(), false);
    assert!(later.tell(0, Event::Tick), "what comes back of an own log waits for no other");
    later.give(&script(true));
    assert_eq!(later.findings(), Vec::new(), "what it said of the closed one was judged when it was said");
}

/// A node that lost both logs, once the replica told what it has of them.
fn lost(told: Vec<KnownHead>) -> (Recall, Vec<recall::Action>) {
    let hosts = BTreeSet::from([log().host().clone()]);
    let mut recall = Recall::new(&name(0), list(2, true), hosts, []);
    recall.step(at(NEXT_YEAR), recall::Event::Tick);
    recall.step(at(NEXT_YEAR), recall::Event::Unreachable(name(2)));
    let told = recall::Event::Heads {
        partner: name(1),
        heads: told,
        durable: BTreeMap::new(),
        all: true,
        awaits: BTreeSet::new(),
    };
    let actions = recall.step(at(NEXT_YEAR), told);
    (recall, actions)
}

#[test]
fn a_closed_log_comes_back_before_the_later_one_that_speaks_for_it_unless_nobody_gives_it() {
    let note = note(&script(true));
    let of_later = KnownHead { log: next(), note: note.clone(), entries: true, cosigned_by_asker: None };
    let both = || [vec![of_later.clone()], known(&head(FINAL), true)].concat();
    let closed = || recall::Action::Refill { origin: log(), from: name(1), note: head(FINAL).note };
    let later = || recall::Action::Refill { origin: next(), from: name(1), note: note.clone() };

    let (mut recall, first) = lost(both());
    assert_eq!(first, [closed()]);
    let then = recall.step(at(NEXT_YEAR + 1), recall::Event::Refilled { origin: log(), durable: FINAL });
    assert!(then.contains(&later()), "{then:?}");
    let (mut recall, first) = lost(both());
    assert_eq!(first, [closed()]);
    let then = recall.step(at(NEXT_YEAR + 1), recall::Event::Refilled { origin: log(), durable: 0 });
    assert_eq!(then, [later()], "one that does not come stops no other");
    assert_eq!(lost(vec![of_later]).1, [later()], "nobody has the other any more");
}
