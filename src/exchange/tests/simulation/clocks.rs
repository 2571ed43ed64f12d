//! Clocks that are wrong, and that are set, or go wrong, while their nodes run.
//!
//! What holds by clocks that are right holds by clocks that are a year apart. One thing is otherwise, and is to be: a node whose
//! clock is behind says of the snapshots that come to it meanwhile that they lie ahead, of no others, and for good.

use super::*;
use crate::store::NewEntry;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
const YEAR: i64 = 365 * DAY;

/// Milliseconds by which a clock may be ahead.
const OFF: [i64; 6] = [0, 2 * MINUTE, -2 * MINUTE, DAY, -DAY, YEAR];
/// Seconds by which a snapshot may lie ahead of the clock of whoever it comes to.
const AHEAD: i64 = 300;

impl Simulation {
    /// Each clock is wrong in its own way, and once in the storm in another.
    pub(super) fn unset_clocks(&mut self) {
        for node in 0..NODES.len() {
            self.set_clock(node);
            let at = self.chance.within(1_000, self.weather.storm);
            self.agenda.plan(at, Happening::Clock(node));
        }
    }

    pub(super) fn set_clock(&mut self, node: usize) {
        let off = usize::try_from(self.chance.within(0, OFF.len() as u64)).unwrap();
        self.nodes[node].ahead = OFF[off];
    }

    /// What a node's clock shows.
    pub(super) fn clock(&self, node: usize) -> Timestamp {
        let shown = i64::try_from(self.now).unwrap() + self.nodes[node].ahead;
        Timestamp::from_millisecond(START.as_millisecond() + shown).unwrap()
    }

    /// Whether an entry is a snapshot of a time to which the clock of a node has not come.
    pub(super) fn lies_ahead(&self, node: usize, log: &Origin, index: u64) -> bool {
        let as_of = WORLD.scripts[log].lines[usize::try_from(index).unwrap()].as_of;
        as_of.is_some_and(|as_of| as_of > self.clock(node).as_second() + AHEAD)
    }

    /// Entries of a partner's log are being kept: what lies ahead now is found to, also once the clock is set.
    pub(super) fn comes(&mut self, node: usize, log: &Origin, entries: &[NewEntry]) {
        for entry in entries.iter().filter(|_| ends(log).1 == node) {
            let id = (log.clone(), entry.index);
            if self.lies_ahead(node, log, entry.index) {
                self.came_ahead.insert(id);
            } else {
                self.came_ahead.remove(&id);
            }
        }
    }
}

#[test]
fn clocks_that_were_a_year_ahead_hold_up_nothing_once_they_are_set() {
    const ISSUER: usize = 0;
    const ADDRESSEE: usize = 1;
    let log = origin(ISSUER, ADDRESSEE);
    let mut simulation = Simulation::of(Chance::new(1), Weather::fair(3_600_000), [(log.clone(), 10)].into());
    simulation.nodes.iter_mut().for_each(|node| (node.slow, node.ahead) = (false, YEAR));
    simulation.run_until(120_000);
    assert_eq!((simulation.issued_and_held(ISSUER), simulation.released.get(&log)), ((10, 10), Some(&10)));

    // They are set while everybody waits for the addressee.
    simulation.part(ADDRESSEE);
    simulation.goals.insert(log.clone(), 20);
    simulation.run_until(simulation.now + 60_000);
    assert_eq!((simulation.issued_and_held(ISSUER), simulation.released.get(&log)), ((20, 10), Some(&10)));
    simulation.nodes.iter_mut().for_each(|node| node.ahead = 0);
    simulation.cut.clear();
    simulation.run_until(simulation.now + 180_000);
    assert_eq!((simulation.issued_and_held(ISSUER), simulation.released.get(&log)), ((20, 20), Some(&20)));
    assert_eq!(simulation.alarms(), Vec::<String>::new());
    assert!(simulation.came_ahead.is_empty());
}
