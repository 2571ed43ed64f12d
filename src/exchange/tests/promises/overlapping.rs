//! Heads that come faster than they are cosigned, by partners at different distances.

use super::*;
use crate::log::size_in;
use std::collections::BTreeMap;

/// Entries that each head adds.
const ENTRIES: u64 = 3;

/// An issuer with its log's addressee and a witness, each so many milliseconds away, there and back.
struct Issuer {
    supplier: Supplier,
    canvasser: Canvasser,
    cosigned: Cosigned,
    replica: i64,
    witness: i64,
    now: i64,
    coming: BTreeMap<(i64, usize), Coming>,
    came: usize,
    /// What each was shown.
    announced: BTreeSet<u64>,
    asked: BTreeSet<u64>,
    /// The newest heads that had enough, and since when.
    full: Vec<(i64, u64)>,
}

/// What comes next: a head, or a cosignature of one.
enum Coming {
    Head(u64),
    Replica(u64),
    Witness(u64),
}

impl Issuer {
    fn new(replica: i64, witness: i64) -> Self {
        let mut supplier = Supplier::new(log(), name(1), Arc::clone(&WORLD.trust), at(0));
        let hello = Hello { log: log(), next_index: 0, head: TreeHead { size: 0, root: crate::log::EMPTY_ROOT } };
        assert_eq!(supplier.step(at(0), supplier::Event::Received(FromReplica::Hello(hello))), []);
        Self {
            supplier,
            canvasser: Canvasser::new(log(), Arc::clone(&WORLD.trust), Vec::new()),
            cosigned: Cosigned::none(log()),
            replica,
            witness,
            now: 0,
            coming: BTreeMap::new(),
            came: 0,
            announced: BTreeSet::new(),
            asked: BTreeSet::new(),
            full: Vec::new(),
        }
    }

    fn later(&mut self, after: i64, coming: Coming) {
        self.came += 1;
        self.coming.insert((self.now + after, self.came), coming);
    }

    /// Publishes the heads, one in so many milliseconds, and ends with the last; of those before the witness was connected it
    /// was asked for none.
    fn run(mut self, heads: &BTreeMap<u64, PublishedHead>, every: i64, connected: i64) -> Self {
        let mut at = 0;
        for size in heads.keys() {
            self.later(at, Coming::Head(*size));
            at += every;
        }
        while self.now + every < at
            && let Some(((now, _), coming)) = self.coming.pop_first()
        {
            self.now = now;
            match coming {
                Coming::Head(size) => {
                    self.supply(supplier::Event::Published(heads[&size].clone()));
                    if now >= connected {
                        self.canvass(canvasser::Event::Published(heads[&size].clone()));
                    }
                }
                Coming::Replica(size) => {
                    let cosign = Cosign { size, line: line(&heads[&size], 1, true) };
                    self.supply(supplier::Event::Received(FromReplica::Cosign(cosign)));
                }
                Coming::Witness(size) => {
                    let answer = Witnessed::Cosigned(line(&heads[&size], 2, false));
                    self.canvass(canvasser::Event::Answered { witness: name(2).into(), answer });
                }
            }
        }
        self
    }

    fn instant(&self) -> Timestamp {
        Timestamp::from_millisecond(START.as_millisecond() + self.now).unwrap()
    }

    fn supply(&mut self, event: supplier::Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.supplier.step(self.instant(), event) {
                match action {
                    supplier::Action::Prove { .. } => events.push(supplier::Event::Proven(Vec::new())),
                    supplier::Action::Send(FromSupplier::Announce(announce)) => {
                        let size = size_in(&announce.note).unwrap();
                        self.announced.insert(size);
                        self.later(self.replica, Coming::Replica(size));
                        events.push(supplier::Event::Sent);
                    }
                    supplier::Action::Keep(kept) => self.keep(&kept),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn canvass(&mut self, event: canvasser::Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.canvasser.step(self.instant(), event) {
                match action {
                    canvasser::Action::Prove { witness, .. } => {
                        events.push(canvasser::Event::Proven { witness, proof: Vec::new() });
                    }
                    canvasser::Action::Ask { request, .. } => {
                        let size = size_in(&request.note).unwrap();
                        self.asked.insert(size);
                        self.later(self.witness, Coming::Witness(size));
                    }
                    canvasser::Action::Keep { kept, .. } => self.keep(&kept),
                    other @ canvasser::Action::Refused { .. } => panic!("{other:?}"),
                }
            }
        }
    }

    fn keep(&mut self, kept: &Kept) {
        self.cosigned.keep(kept, &WORLD.trust).unwrap();
        let known = self.full.last().map_or(0, |(_, size)| *size);
        if let Some((size, _)) = self.cosigned.newest(&WORLD.trust, 0).filter(|(size, _)| *size > known) {
            self.full.push((self.now, size));
        }
    }
}

fn heads(count: u64) -> BTreeMap<u64, PublishedHead> {
    let tree = (0..count * ENTRIES).map(|index| leaf_hash(&index.to_be_bytes())).collect::<Levels>();
    (1..=count).map(|number| (number * ENTRIES, head_in(&tree, number * ENTRIES))).collect()
}

/// The hazard: the addressee's node and a witness are shown other heads each, and no head has both cosignatures. Where
/// each is shown the newest when it has answered, and they are as far away, but began at different times, none ever has.
#[test]
fn a_busy_log_has_a_head_that_all_cosigned_every_few_round_trips_however_far_away_each_is() {
    let (heads, every) = (heads(800), 5);
    for (replica, witness) in [(300, 300), (300, 200), (120, 300), (600, 40)] {
        let issuer = Issuer::new(replica, witness).run(&heads, every, 150);
        let (far, end) = (replica.max(witness), issuer.now);
        // Nobody is further behind than by what comes in two round trips.
        let entries = |millis: i64| u64::try_from(millis / every).unwrap() * ENTRIES;
        let round = entries(2 * far).next_power_of_two();
        let numbers = (1..).map(|count| count * round).take_while(|number| *number < entries(end - 3 * far));
        let firsts = numbers.filter_map(|number| heads.range(number..).next().map(|(size, _)| *size));
        let firsts = firsts.collect::<BTreeSet<_>>();
        assert!(!firsts.is_empty());
        assert!(firsts.is_subset(&issuer.announced), "{replica} {witness}: {:?}", issuer.announced);
        assert!(firsts.is_subset(&issuer.asked), "{replica} {witness}: {:?}", issuer.asked);
        // So whatever is issued is under such a head after a while.
        for (number, size) in (0..).zip(heads.keys()) {
            let published = number * every;
            if published >= 150 && published < end - 4 * far {
                let full = issuer.full.iter().find(|(_, full)| full >= size).map(|(at, _)| *at);
                assert!(full.is_some_and(|at| at <= published + 4 * far), "{replica} {witness}: {size} {full:?}");
            }
        }
    }
}

#[test]
fn every_head_of_a_quiet_log_is_shown_to_all_at_once_and_has_enough_after_a_round_trip() {
    let heads = heads(20);
    let issuer = Issuer::new(300, 200).run(&heads, 400, 0);
    let shown = heads.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!((&issuer.announced, &issuer.asked), (&shown, &shown));
    let full = (0..19).zip(heads.keys()).map(|(number, size)| (number * 400 + 300, *size));
    assert_eq!(issuer.full, full.collect::<Vec<_>>());
}
