//! An issuer that was put back from an old copy and settled without the one partner that had seen more: what happens
//! when that comes back.

use super::*;

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
