//! A list that closes a key as compromised, which reaches each node in its own time.

use super::*;
use crate::{
    exchange::tests::world::{anchor, trust, trust_of_another},
    trust::{Closing, ClosingReason},
};

/// Seconds between two times that a node offers its list.
const OFFER: u64 = 10;

/// The list, and who has it.
pub(super) struct Newer {
    list: Arc<TrustList>,
    told: BTreeSet<usize>,
}

impl Simulation {
    /// A storm in the midst of which the key of one authority is closed somewhere in its logs.
    pub(in crate::exchange::tests) fn closing(seed: u64, weather: Weather) -> Self {
        let mut this = Self::new(seed, weather);
        this.close_a_key();
        this
    }

    pub(super) fn close_a_key(&mut self) {
        let log = self.logs.first().unwrap().clone();
        let until_index = self.chance.within(0, self.goals[&log] + 1);
        let list = trust(2, |text| {
            let (iss, kid, reason) = (issuer(ends(&log).0), "s1".parse().unwrap(), ClosingReason::Compromised);
            text.closings.push(Closing { iss, kid, origin: log.clone(), until_index, reason });
        });
        self.newer = Some(Newer { list, told: BTreeSet::new() });
        for node in 0..NODES.len() {
            let at = self.chance.within(1_000, self.weather.storm / 2);
            self.agenda.plan(at, Happening::List(node));
        }
    }

    /// Whether everybody has the list that there is in the end.
    pub(super) fn have_the_newest_list(&self) -> bool {
        self.newer.as_ref().is_none_or(|newer| newer.told.len() == NODES.len())
    }

    /// A node offers its list to the others, or one that it wants believed.
    pub(super) fn offer(&mut self, node: usize) {
        if self.newer.is_none() || (self.now / 1_000) % OFFER != node as u64 {
            return;
        }
        for to in (0..NODES.len()).filter(|to| *to != node) {
            if self.apart(node, to) {
                continue;
            }
            let mut list = self.trust_of(node).to_string();
            if self.does(node, Malice::StaleList) {
                match self.chance.within(0, 4) {
                    0 => list = list.replacen("\"version\":1", "\"version\":3", 1),
                    1 => list = trust_of_another(3).to_string(),
                    2 => list.truncate(list.len() / 2),
                    _ => {}
                }
            }
            let at = self.now + self.way(node, to);
            self.agenda.plan(at, Happening::Offered { to: (to, self.nodes[to].epoch), list });
        }
    }

    /// A node takes what may follow the list that it has.
    pub(super) fn offered(&mut self, node: usize, list: &str) {
        let known = self.trust_of(node);
        if list == known.to_string() {
            return;
        }
        if TrustList::open(list, &anchor(), Some(&known)).is_ok_and(|list| list.version() > known.version()) {
            let newer = self.newer.as_ref().map(|newer| newer.list.to_string());
            assert_eq!(Some(list), newer.as_deref(), "{} takes a list that nobody signed", NODES[node]);
            self.list(node);
        }
    }

    /// The list that a node has.
    pub(super) fn trust_of(&self, node: usize) -> Arc<TrustList> {
        let newer = self.newer.as_ref().filter(|newer| newer.told.contains(&node));
        newer.map_or_else(|| Arc::clone(&self.trust), |newer| Arc::clone(&newer.list))
    }

    /// A node gets the newer list.
    pub(super) fn list(&mut self, node: usize) {
        if self.does(node, Malice::StaleList) {
            return;
        }
        let Some(newer) = &mut self.newer else { return };
        newer.told.insert(node);
        let list = Arc::clone(&newer.list);
        let logs = self.nodes[node].process.iter().flat_map(|process| process.replicas.keys().cloned());
        for log in logs.collect::<Vec<_>>() {
            self.local(node, Local::Replica(log, replica::Event::Trust(Arc::clone(&list))));
        }
    }

    /// Whether an entry counts by the list that everybody has in the end.
    pub(super) fn counts(&self, log: &Origin, index: u64) -> bool {
        let Some(newer) = &self.newer else { return true };
        let leaf = &WORLD.scripts[log].lines[usize::try_from(index).unwrap()].leaf;
        CheckedEntry::read(leaf, index).unwrap().counts(&newer.list)
    }
}
