//! An issuer that was put back from an old copy and settled without the one partner that had seen more: what happens
//! when that comes back.

use super::*;
use crate::{
    log::{Levels, leaf_hash},
    store::Table,
    verification::Prefix,
};

/// How many entries the copy has. The histories part here.
const COPY: u64 = FORK;
/// How many the replica has, none of them seen by the witness.
const SEEN: u64 = COPY + 10;

const ISSUER: usize = 0;
const REPLICA: usize = 1;
const WITNESS: usize = 2;

impl Simulation {
    fn log() -> Origin {
        origin(ISSUER, REPLICA)
    }

    fn sizes(&self) -> (u64, u64) {
        self.issued_and_held(ISSUER)
    }

    fn is_signed_on(&self) -> bool {
        self.nodes[ISSUER].process.as_ref().is_some_and(|process| process.recall.is_settled(&Self::log()))
    }

    fn pass(&mut self, seconds: u64) {
        self.run_until(self.now + seconds * 1_000);
    }

    /// The replica holds and cosigned more than the witness saw, and is down; the issuer is an old copy, and goes on by
    /// the word of the witness alone, which was restarted.
    fn put_back(goal: u64) -> Self {
        let log = Self::log();
        let mut this = Self::of(Chance::new(1), Weather::fair(1_200_000), [(log.clone(), COPY)].into());
        this.nodes.iter_mut().for_each(|node| node.slow = false);
        this.pass(120);
        assert_eq!((this.sizes(), this.released.get(&log)), ((COPY, COPY), Some(&COPY)));

        this.part(WITNESS);
        this.goals.insert(log.clone(), SEEN);
        this.pass(120);
        assert_eq!((this.sizes(), this.released.get(&log)), ((SEEN, SEEN), Some(&COPY)));
        let cosigned = this.last_cosigned.get(&(log.clone(), name(REPLICA).replica()));
        assert_eq!(cosigned, Some(&SEEN));

        this.down.insert(REPLICA);
        this.crash(REPLICA);
        this.crash(ISSUER);
        this.nodes[ISSUER].disk.own = Arc::default();
        this.nodes[ISSUER].issue(&log, COPY);
        this.publish(ISSUER, &log);
        this.crash(WITNESS);
        this.cut.clear();
        this.goals.insert(log, goal);
        this.nodes[ISSUER].strays = goal > COPY;
        this.pass(180);
        assert_eq!(this.sizes(), (goal, SEEN));
        assert!(this.is_signed_on());
        this
    }

    /// The issuer is an old copy once more, of before the histories part, and says again what it said first. Of what a
    /// person lifted it knows nothing.
    fn put_back_before_the_fork(&mut self) {
        self.crash(ISSUER);
        let issuer = &mut self.nodes[ISSUER];
        (issuer.disk.own, issuer.strays) = (Arc::default(), false);
        issuer.issue(&Self::log(), COPY);
        self.publish(ISSUER, &Self::log());
    }

    fn come_back(&mut self) {
        self.down.remove(&REPLICA);
        self.start(REPLICA);
        self.pass(200);
    }
}

#[test]
fn an_old_copy_that_said_nothing_yet_gets_back_what_a_partner_brings_later() {
    let mut simulation = Simulation::put_back(COPY);
    simulation.come_back();
    assert_eq!(simulation.sizes(), (SEEN, SEEN));
    assert!(simulation.is_signed_on());
    simulation.goals.insert(Simulation::log(), SEEN + 4);
    simulation.run();
    simulation.check_rest();
    assert_eq!(simulation.sizes(), (SEEN + 4, SEEN + 4));
    assert!(simulation.closed.is_empty() && simulation.alarmed.is_empty());
}

#[test]
fn an_old_copy_that_spoke_stands_still_with_an_alarm_when_a_partner_has_the_other_history() {
    // Less than the partner has, as much, and more: it is found out whatever the sizes.
    for said in [COPY + 6, SEEN, SEEN + 6] {
        let log = Simulation::log();
        let mut simulation = Simulation::put_back(said);
        simulation.come_back();
        assert!(simulation.alarmed.contains(&log) && !simulation.is_signed_on(), "{said}");
        // There is work to do, and it is not done, neither now nor after a restart.
        simulation.goals.insert(log, SCRIPT as u64);
        simulation.pass(60);
        simulation.crash(ISSUER);
        simulation.pass(60);
        assert!(!simulation.is_signed_on(), "{said}");
        assert_eq!(simulation.sizes(), (said, SEEN), "it went on though it had forked");
    }
}

#[test]
fn a_good_old_copy_gets_back_the_branch_that_its_partner_goes_on_with_though_it_knows_of_the_fork_and_of_no_lifting() {
    let log = Simulation::log();
    let mut simulation = Simulation::put_back(COPY + 6);
    simulation.come_back();
    let forked = |node: &SimNode| known_evidence(node.disk.node.as_ref(), &WORLD.trust).unwrap().contains_key(&log);
    assert!(simulation.alarmed.contains(&log) && simulation.nodes.iter().all(forked));
    // The partner goes on with what it holds, and the witness with the branch that it saw: both by a person's word.
    simulation.lift(REPLICA, &log);
    simulation.lift(WITNESS, &log);
    simulation.put_back_before_the_fork();
    simulation.pass(100);
    assert!(forked(&simulation.nodes[ISSUER]), "nobody told it that the fork was lifted");
    assert!(simulation.is_signed_on());
    assert_eq!(simulation.sizes(), (SEEN, SEEN));
    simulation.goals.insert(log.clone(), SEEN + 4);
    simulation.pass(200);
    assert_eq!(simulation.sizes(), (SEEN + 4, SEEN + 4));
    assert!(simulation.closed.is_empty());
}

/// A history of the log that goes otherwise from [`COPY`] on.
fn history(log: &Origin, other: &[u8]) -> Levels {
    let lines = WORLD.scripts[log].lines.iter().zip(0..);
    lines.map(|(line, at)| if at < COPY { leaf_hash(&line.leaf) } else { leaf_hash(other) }).collect()
}

/// A head of it with its log's signature.
fn signed(log: &Origin, tree: &Levels, size: u64) -> String {
    let head = TreeHead { size, root: root(size, tree).unwrap() };
    let extension = Extension::prove(log.clone(), None, head, &[]).unwrap();
    sign_checkpoint(&extension, key(ISSUER, Use::Log)).unwrap()
}

#[test]
fn a_third_history_after_a_lift_is_frozen_anew_at_everybody_by_a_second_proof_also_after_a_restart() {
    let log = Simulation::log();
    let mut simulation = Simulation::of(Chance::new(1), Weather::fair(1_200_000), [(log.clone(), SEEN)].into());
    simulation.nodes.iter_mut().for_each(|node| node.slow = false);
    simulation.pass(200);
    assert_eq!(simulation.sizes(), (SEEN, SEEN));
    // Somebody has the log's key, and shows a branch that is far longer than what is held.
    simulation.alarmed.insert(log.clone());
    let (other, far) = (history(&log, b"other"), SEEN + 40);
    let note = simulation.nodes[REPLICA].disk.partners[&log].head(&log).unwrap().note;
    let prefix = Prefix { root: root(SEEN, &other).unwrap(), proof: consistency_proof(SEEN, far, &other).unwrap() };
    let evidence = Evidence::prove(&WORLD.trust, note, signed(&log, &other, far), Some(prefix)).unwrap();
    simulation.reported(REPLICA, Box::new(evidence));
    simulation.pass(60);
    let proof = |simulation: &Simulation, node: usize| {
        let store = simulation.nodes[node].disk.node.as_ref();
        let known = known_evidence(store, &WORLD.trust).unwrap().contains_key(&log);
        store.record(Table::Evidence, log.as_str().as_bytes()).unwrap().filter(|_| known)
    };
    let nodes = [ISSUER, REPLICA, WITNESS];
    let first = nodes.map(|node| proof(&simulation, node).expect("everybody has the proof"));
    for node in nodes {
        simulation.lift(node, &log);
    }
    simulation.goals.insert(log.clone(), SEEN + 4);
    simulation.pass(200);
    assert_eq!(simulation.sizes(), (SEEN + 4, SEEN + 4), "the branch that is held goes on");
    assert_eq!(simulation.released.get(&log), Some(&(SEEN + 4)), "and is cosigned");
    assert!(nodes.iter().all(|node| proof(&simulation, *node).is_none()), "what was lifted is no news");

    // The third is within the sizes that were lifted.
    let third = signed(&log, &history(&log, b"third"), SEEN + 2);
    let head = KnownHead { log: log.clone(), note: third, entries: false, cosigned_by_asker: None };
    let told = heads::Event::Heads { partner: name(ISSUER), heads: vec![head] };
    simulation.local(REPLICA, Local::Heads(told));
    simulation.pass(120);
    for node in nodes {
        let second = proof(&simulation, node);
        assert!(second.is_some_and(|second| !first.contains(&second)), "{} has no second proof", NODES[node]);
        simulation.crash(node);
    }
    simulation.pass(60);
    assert!(nodes.iter().all(|node| proof(&simulation, *node).is_some()), "it is frozen after a start too");
    simulation.goals.insert(log.clone(), SEEN + 6);
    simulation.pass(60);
    assert_eq!(simulation.sizes().1, SEEN + 4);
    for node in nodes {
        simulation.lift(node, &log);
    }
    simulation.pass(200);
    assert_eq!(simulation.sizes(), (SEEN + 6, SEEN + 6));
}
