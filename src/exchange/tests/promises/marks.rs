//! When a log had been cosigned, whatever clocks its cosigners have: what the closing of a key goes by.

use super::*;
use crate::sequencer::marks::{Known, Mark, before, due};

const YEAR: i64 = 365 * 86_400;

/// A node's cosignature of the head of this size, with the time that its clock shows.
fn kept(size: u64, node: usize, r#use: Use, shows: i64) -> Kept {
    let who = if matches!(r#use, Use::Replica) { name(node).replica() } else { name(node).witness() };
    let (head, keys) = (head(size), WORLD.trust.node(&name(node)).unwrap());
    let checkpoint = Checkpoint { origin: log(), head: head.head };
    let time = u64::try_from(at(shows).as_second()).unwrap();
    let line = cosign(&checkpoint, &who, key(node, r#use), time).unwrap().to_string();
    Kept::check(&WORLD.trust, &log(), &head, &line, keys.replica_keys().chain(keys.witness_keys())).unwrap()
}

/// What the issuer's node keeps.
struct Issuer {
    store: MemoryStore,
    cosigned: Cosigned,
}

impl Issuer {
    /// Replica and witness cosign a head, by clocks that are so far off, and it is marked if that is due.
    fn cosigned(&mut self, size: u64, now: i64, [replica, witness]: [i64; 2]) {
        let of_witness = kept(size, 2, Use::Witness, now + witness);
        for kept in [kept(size, 1, Use::Replica, now + replica), of_witness] {
            self.cosigned.keep(&kept, &WORLD.trust).unwrap();
        }
        let mark = self.cosigned.mark(&WORLD.trust, at(now)).unwrap();
        let state = due(&self.store, &log(), mark).unwrap().into_iter().collect();
        self.store.commit(Batch { state, ..Batch::default() }).unwrap();
    }

    fn known_before(&self, instant: i64) -> Known {
        before(&self.store, &log(), &WORLD.trust, at(instant)).unwrap()
    }
}

#[test]
fn no_cosigner_whose_clock_is_ahead_or_behind_dates_what_it_cosigned() {
    let cosigned = |seconds, size| Known::Cosigned(Mark { at: at(seconds).as_second(), size });
    let all = [[0, 0], [YEAR, 0], [0, YEAR], [YEAR, YEAR], [-YEAR, 0], [-YEAR, -YEAR], [YEAR, -YEAR], [7_000, 300]];
    for clocks in all {
        let mut issuer = Issuer { store: MemoryStore::new(), cosigned: Cosigned::none(log()) };
        issuer.cosigned(5, 10, clocks);
        issuer.cosigned(6, 20, clocks);
        issuer.cosigned(8, 7_210, clocks);
        let known = [10, 11, 7_210, 7_211].map(|instant| issuer.known_before(instant));
        assert_eq!(known, [Known::Nothing, cosigned(10, 5), cosigned(10, 5), cosigned(7_210, 8)], "{clocks:?}");
    }
}

#[test]
fn what_has_not_enough_cosignatures_is_not_marked_whenever_they_are_of() {
    let mut cosigned = Cosigned::none(log());
    for (size, node, r#use) in [(7, 1, Use::Replica), (5, 2, Use::Witness)] {
        cosigned.keep(&kept(size, node, r#use, YEAR), &WORLD.trust).unwrap();
        assert_eq!(cosigned.mark(&WORLD.trust, at(0)), None);
    }
    cosigned.keep(&kept(5, 1, Use::Replica, 0), &WORLD.trust).unwrap();
    assert_eq!(cosigned.mark(&WORLD.trust, at(0)).map(|mark| mark.size), Some(5), "not of 7, which one alone cosigned");
}
