//! A list that closes a key as compromised, which reaches each node in its own time.

use super::*;
use crate::{
    exchange::tests::world::trust,
    trust::{Closing, ClosingReason},
};

/// The list, and who has it.
pub(super) struct Newer {
    list: Arc<TrustList>,
    told: BTreeSet<usize>,
}

impl Simulation {
    /// A storm in the midst of which the key of one authority is closed somewhere in its logs.
    pub(in crate::exchange::tests) fn closing(seed: u64, weather: Weather) -> Self {
        let mut this = Self::new(seed, weather);
        let log = this.logs.first().unwrap().clone();
        let until_index = this.chance.within(0, this.goals[&log] + 1);
        let list = trust(2, |text| {
            let (iss, kid, reason) = (issuer(ends(&log).0), "s1".parse().unwrap(), ClosingReason::Compromised);
            text.closings.push(Closing { iss, kid, origin: log.clone(), until_index, reason });
        });
        this.newer = Some(Newer { list, told: BTreeSet::new() });
        for node in 0..NODES.len() {
            let at = this.chance.within(1_000, this.weather.storm / 2);
            this.agenda.plan(at, Happening::List(node));
        }
        this
    }

    /// The list that a node has.
    pub(super) fn trust_of(&self, node: usize) -> Arc<TrustList> {
        let newer = self.newer.as_ref().filter(|newer| newer.told.contains(&node));
        newer.map_or_else(|| Arc::clone(&self.trust), |newer| Arc::clone(&newer.list))
    }

    /// A node gets the newer list.
    pub(super) fn list(&mut self, node: usize) {
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
