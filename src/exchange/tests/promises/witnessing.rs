//! Witness and canvasser: what is cosigned, and when a head is released.

use super::*;

pub(super) struct Watch {
    pub(super) witness: Witness,
    pub(super) store: MemoryStore,
    pub(super) heads: Option<Vec<replica::Heard>>,
}

impl Watch {
    pub(super) fn new(node: usize) -> Self {
        Self::over(MemoryStore::new(), node)
    }

    pub(super) fn over(store: MemoryStore, node: usize) -> Self {
        let witness = Witness::load(&store, name(node), Arc::clone(&WORLD.trust), BTreeSet::new()).unwrap();
        Self { witness, store, heads: Some(Vec::new()) }
    }

    pub(super) fn ask(&mut self, old_size: u64, consistency: Vec<Hash>, note: &str) -> u16 {
        let request = AddCheckpoint { old_size, consistency, note: note.to_owned() };
        let mut events = vec![witness::Event::Asked { ticket: 1, request }];
        let mut answered = None;
        while let Some(event) = events.pop() {
            for action in self.witness.step(event) {
                match action {
                    witness::Action::Keep { origin, change } => {
                        self.store.commit(Batch { state: vec![change], ..Batch::default() }).unwrap();
                        events.push(witness::Event::Kept(origin));
                    }
                    witness::Action::Cosign(checkpoint) => {
                        let line = Some(line(&head(checkpoint.head.size), 2, false));
                        events.push(witness::Event::Cosigned { origin: checkpoint.origin, line });
                    }
                    witness::Action::Answer { answer, .. } => answered = Some(answer.status()),
                    witness::Action::Suspect(_) | witness::Action::SuspectOutside { .. } => {}
                    witness::Action::TooMany(_) => {}
                    witness::Action::Recall(origin) => {
                        events.push(witness::Event::Recalled { origin, heads: self.heads.clone() });
                    }
                }
            }
        }
        answered.unwrap()
    }
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    let mut watch = Watch::new(2);
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 200);
    assert_eq!(watch.ask(0, Vec::new(), &head(10).note), 409);
    assert_eq!(watch.ask(11, Vec::new(), &head(10).note), 400);
    assert_eq!(watch.ask(5, proof(4, 10), &head(10).note), 422);
    assert_eq!(watch.ask(5, proof(5, 10), &head(10).note), 200);
    assert_eq!(watch.ask(10, Vec::new(), &head(10).note), 200);
    assert_eq!(watch.ask(10, Vec::new(), &head_in(&branch(), 10).note), 409);
    assert_eq!(watch.ask(10, Vec::new(), &head(11).note.replace("11\n", "10\n")), 403);
    assert_eq!(watch.ask(0, Vec::new(), "nothing"), 400);
    // What it cosigned it remembers.
    let mut watch = Watch::over(watch.store, 2);
    assert_eq!(watch.ask(5, proof(5, 12), &head(12).note), 409);
    assert_eq!(watch.ask(10, proof(10, 12), &head(12).note), 200);
    watch.witness.step(witness::Event::Equivocated(log()));
    assert_eq!(watch.ask(12, proof(12, 14), &head(14).note), 403);
    // Neither the addressee's node nor the log's own is a witness of it.
    for node in [0, 1] {
        assert_eq!(Watch::new(node).ask(0, Vec::new(), &head(5).note), 404);
    }
}

#[test]
fn of_logs_to_addressees_that_nobody_knows_a_witness_takes_up_so_many_and_says_that_there_are_more() {
    let store = MemoryStore::new();
    let unsigned = |log: &Origin| head(5).note.replace(super::log().as_str(), log.as_str());
    let state = (0..1_023).map(|number| {
        let log: Origin = format!("tdap.gov.pk/log/2026/x{number}.example").parse().unwrap();
        let (id, record) = (log.as_str().as_bytes().to_vec(), unsigned(&log).into_bytes());
        crate::store::StateChange::RecordPut { table: crate::store::Table::Witnessed, id, record }
    });
    store.commit(Batch { state: state.collect(), ..Batch::default() }).unwrap();
    let mut watch = Watch::over(store, 2);
    // Who has not the key uses up nothing.
    assert_eq!(watch.ask(0, Vec::new(), &unsigned(&made_up(1_023).0)), 403);
    assert_eq!(watch.ask(0, Vec::new(), &made_up(1_024).1), 200);
    let (log, note) = made_up(1_025);
    let request = AddCheckpoint { old_size: 0, consistency: Vec::new(), note };
    let said = watch.witness.step(witness::Event::Asked { ticket: 1, request });
    let [witness::Action::TooMany(refused), witness::Action::Answer { answer, .. }] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!((refused, answer), (&log, &Witnessed::UnknownLog));
    // What was taken up goes on, and what is to somebody who is known is taken up.
    assert_eq!(watch.ask(5, Vec::new(), &made_up(1_024).1), 200);
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 200);
}

/// A list that ends the log.
fn ended(version: u64, final_size: u64) -> Arc<TrustList> {
    trust(version, |text| text.shards.push(crate::trust::ShardEnd { origin: log(), final_size }))
}

#[test]
fn no_head_is_cosigned_that_goes_beyond_the_end_of_its_log() {
    for (final_size, cosigned) in [(10, vec![10]), (8, Vec::new())] {
        let mut bench = settled();
        bench.tell(replica::Event::Trust(ended(2, final_size)));
        bench.connect();
        bench.announce(10, &head(10));
        assert_eq!((bench.cosigned(), bench.replica.holds_all_uncosigned()), (cosigned, final_size < 10));
        // Nor with the heartbeat.
        bench.now += 700;
        bench.tell(replica::Event::Tick);
        assert_eq!(bench.cosigned().is_empty(), final_size < 10, "{final_size}");
        // Nor is a witness asked to.
        let mut canvasser = Canvasser::new(log(), ended(2, final_size), Vec::new());
        let asked = canvasser.step(at(0), canvasser::Event::Published(head(10)));
        assert_eq!(asked.is_empty(), final_size < 10, "{asked:?}");
        // Nor does one cosign that is asked, by whomever.
        let mut watch = Watch::new(2);
        watch.witness.step(witness::Event::Trust(ended(2, final_size)));
        assert_eq!(watch.ask(0, Vec::new(), &head(10).note), if final_size < 10 { 403 } else { 200 });
    }
}

#[test]
fn what_was_cosigned_as_replica_is_not_rolled_back_as_witness() {
    let mut watch = Watch::new(2);
    let held = |size| {
        let PublishedHead { head, note } = head(size);
        witness::Event::Held { origin: log(), head, note }
    };
    watch.witness.step(held(10));
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 409);
    assert_eq!(watch.ask(10, proof(10, 12), &head(12).note), 200);
    // It knows more by now.
    watch.witness.step(held(11));
    assert_eq!(watch.ask(12, proof(12, 14), &head(14).note), 200);
}

#[test]
fn a_canvasser_learns_what_the_witness_saw_and_asks_all_for_the_same_head() {
    let mut canvasser = Canvasser::new(log(), Arc::clone(&WORLD.trust), Vec::new());
    let asked = canvasser.step(at(0), canvasser::Event::Published(head(10)));
    assert!(matches!(asked.as_slice(), [canvasser::Action::Ask { witness, request }]
        if *witness == name(2).into() && request.old_size == 0));
    // News during the round waits.
    assert_eq!(canvasser.step(at(0), canvasser::Event::Published(head(12))), []);
    let answered = canvasser::Event::Answered { witness: name(2).into(), answer: Witnessed::Conflict(4) };
    let proven = canvasser.step(at(1), answered);
    assert_eq!(proven, [canvasser::Action::Prove { witness: name(2).into(), old: 4, new: 10 }]);
    let asked = canvasser.step(at(1), canvasser::Event::Proven { witness: name(2).into(), proof: proof(4, 10) });
    assert!(matches!(asked.as_slice(), [canvasser::Action::Ask { request, .. }] if request.note == head(10).note));
    let answer = Witnessed::Cosigned(line(&head(10), 2, false));
    let next = canvasser.step(at(1), canvasser::Event::Answered { witness: name(2).into(), answer });
    assert!(
        matches!(next.as_slice(), [canvasser::Action::Keep { kept, .. }, canvasser::Action::Prove { old: 10, new: 12, .. }]
        if kept.size == 10)
    );
    // A witness that fails is left alone for a moment, and asked again.
    assert_eq!(canvasser.step(at(2), canvasser::Event::Failed(name(2).into())), []);
    assert_eq!(canvasser.step(at(2), canvasser::Event::Tick), []);
    assert_eq!(canvasser.step(at(3), canvasser::Event::Tick).len(), 1);
}

#[test]
fn a_witness_that_saw_more_than_the_next_head_is_waited_for_by_no_round() {
    let mut canvasser = Canvasser::new(log(), Arc::clone(&WORLD.trust), Vec::new());
    for size in [10, 16, 17] {
        canvasser.step(at(0), canvasser::Event::Published(head(size)));
    }
    // The next would be 16, the roundest.
    let answer = canvasser::Event::Answered { witness: name(2).into(), answer: Witnessed::Conflict(17) };
    assert_eq!(canvasser.step(at(0), answer), []);
    let asked = canvasser.step(at(1), canvasser::Event::Tick);
    assert!(matches!(asked.as_slice(), [canvasser::Action::Ask { request, .. }] if request.note == head(17).note));
}

/// A node's cosignature of the head of this size.
fn kept(size: u64, node: usize, replica: bool) -> Kept {
    let (head, keys) = (head(size), WORLD.trust.node(&name(node)).unwrap());
    let line = line(&head, node, replica);
    Kept::check(&WORLD.trust, &log(), &head, &line, keys.replica_keys().chain(keys.witness_keys())).unwrap()
}

#[test]
fn a_head_is_released_when_replica_and_witness_cosigned_the_same_one() {
    let mut cosigned = Cosigned::none(log());
    let mut keep = |size: u64, node: usize, replica: bool| {
        let changes = cosigned.keep(&kept(size, node, replica), &WORLD.trust).unwrap().len();
        (changes, cosigned.newest(&WORLD.trust, 0).map(|(size, _)| size), cosigned.newest(&WORLD.trust, 7).is_some())
    };
    assert_eq!(keep(5, 1, true), (1, None, false));
    assert_eq!(keep(6, 2, false), (1, None, false));
    // The head of 5 is of no more use once that of 6 has enough.
    assert_eq!(keep(6, 1, true), (2, Some(6), false));
    assert_eq!(keep(7, 1, true), (1, Some(6), false));
    // That had enough, so it is kept apart.
    assert_eq!(keep(7, 2, false), (3, Some(7), true));
}

/// A note has room for so many lines.
#[test]
fn a_cosignature_that_finds_no_room_takes_none_of_the_others_away() {
    let mut cosigned = Cosigned::none(log());
    for of_two in [kept(5, 1, true), kept(5, 2, false)] {
        cosigned.keep(&of_two, &WORLD.trust).unwrap();
    }
    let line = |nth: usize| crate::log::NoteSignature::parse(&format!("\u{2014} w{nth} AAAAAAA=")).unwrap();
    let mut keeps =
        |nth| cosigned.keep(&Kept { line: line(nth), ..kept(5, 1, true) }, &WORLD.trust).map(|changes| changes.len());
    assert_eq!(keeps(0), Ok(1));
    assert!((1..crate::log::MAX_NOTE_SIGNATURES).any(|nth| keeps(nth).is_err()));
    assert_eq!(cosigned.newest(&WORLD.trust, 5).map(|(size, _)| size), Some(5));
}

/// The hazard: of the heads that a replica nearby cosigns the oldest are dropped as too many, and the witnesses, far away,
/// have been asked for one of these.
#[test]
fn the_roundest_heads_are_kept_for_cosigners_far_away_while_one_nearby_cosigns_many_newer_ones() {
    let mut cosigned = Cosigned::none(log());
    for size in 1..=96 {
        cosigned.keep(&kept(size, 1, true), &WORLD.trust).unwrap();
    }
    assert_eq!((cosigned.heads().count(), cosigned.newest(&WORLD.trust, 0)), (64, None));
    cosigned.keep(&kept(16, 2, false), &WORLD.trust).unwrap();
    assert_eq!(cosigned.newest(&WORLD.trust, 0).map(|(size, _)| size), Some(16));
    assert_eq!(cosigned.heads().last().map(|(size, _)| size), Some(96), "the newest");
}

/// The witness has never cosigned the newest head of a busy log, which the replica has.
#[test]
fn who_replicates_a_busy_log_is_shown_a_head_that_has_enough_and_keeps_that_one() {
    let (mut issuer, mut replica) = (Cosigned::none(log()), Cosigned::none(log()));
    let keys = WORLD.trust.node(&name(1)).unwrap().replica_keys().collect::<Vec<_>>();
    let shown = |issuer: &Cosigned| issuer.enough_by(&WORLD.trust, &keys);
    let open = |note: Option<String>| {
        crate::log::SignedCheckpoint::open(&note.unwrap(), &WORLD.trust.log_key(&log()).unwrap()).unwrap()
    };
    issuer.keep(&kept(5, 1, true), &WORLD.trust).unwrap();
    assert_eq!(shown(&issuer), issuer.newest_by(&keys), "what it cosigned, though no other did");
    assert!(replica.take(open(shown(&issuer)), &WORLD.trust).is_empty());
    for cosigned in [kept(6, 1, true), kept(6, 2, false), kept(7, 1, true)] {
        issuer.keep(&cosigned, &WORLD.trust).unwrap();
    }
    assert_eq!(open(issuer.newest_by(&keys)).checkpoint().head.size, 7);
    assert!(replica.take(open(issuer.newest_by(&keys)), &WORLD.trust).is_empty());
    assert_eq!(open(shown(&issuer)).checkpoint().head.size, 6);
    assert_eq!(replica.take(open(shown(&issuer)), &WORLD.trust).len(), 1);
    assert_eq!(replica.newest(&WORLD.trust, 6).map(|(size, _)| size), Some(6));
    assert!(replica.take(open(shown(&issuer)), &WORLD.trust).is_empty(), "once");
}
