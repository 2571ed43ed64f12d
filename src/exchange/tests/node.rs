//! One node: its stores, which survive a crash, and its machines, which do not.

use super::world::{NODES, Script, WORLD, ends, name, origin};
use crate::{
    exchange::{
        canvasser::Canvasser,
        cosigned::Cosigned,
        disclosures::{Awaited, Fetcher},
        heads::{Heads, known_evidence},
        memory::Memory,
        recall::Recall,
        replica::{Elsewhere, Held, Replica, Setup},
        supplier::Supplier,
        witness::Witness,
    },
    log::Origin,
    statement::Addressee,
    store::{Batch, MemoryStore, NewEntry, StateChange, Store},
    time::Timestamp,
    trust::TrustList,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a node keeps.
pub(super) struct Disk {
    /// All logs of its authority.
    pub(super) own: Arc<MemoryStore>,
    /// What it knows as a node.
    pub(super) node: Arc<MemoryStore>,
    /// Each partner log.
    pub(super) partners: BTreeMap<Origin, Arc<MemoryStore>>,
}

/// What a process has.
pub(super) struct Process {
    pub(super) replicas: BTreeMap<Origin, Replica>,
    /// Own logs that are fetched back, each up to a size and until a time.
    pub(super) refills: BTreeMap<Origin, (Replica, u64, u64)>,
    pub(super) recall: Recall,
    /// Own logs of which a root was read.
    pub(super) rooted: BTreeSet<Origin>,
    pub(super) memory: Memory,
    pub(super) fetchers: BTreeMap<Origin, Fetcher>,
    pub(super) suppliers: BTreeMap<u64, Supplier>,
    pub(super) canvassers: BTreeMap<Origin, Canvasser>,
    pub(super) cosigned: BTreeMap<Origin, Cosigned>,
    pub(super) witness: Witness,
    pub(super) heads: Heads,
}

pub(super) struct SimNode {
    pub(super) at: usize,
    pub(super) disk: Disk,
    pub(super) process: Option<Process>,
    /// Counts processes: what one of them was waiting for is not for the next.
    pub(super) epoch: u32,
    pub(super) slow: bool,
    /// Milliseconds by which its clock is ahead.
    pub(super) ahead: i64,
    /// Durable: everybody has answered since its disks were new.
    pub(super) whole: bool,
    /// It goes on from an old copy, and says other things than it said before.
    pub(super) strays: bool,
}

impl SimNode {
    pub(super) fn new(at: usize, logs: &BTreeSet<Origin>) -> Self {
        let partners = logs.iter().filter(|log| ends(log).1 == at);
        let disk = Disk {
            own: Arc::new(MemoryStore::new()),
            node: Arc::new(MemoryStore::new()),
            partners: partners.map(|log| (log.clone(), Arc::new(MemoryStore::new()))).collect(),
        };
        Self { at, disk, process: None, epoch: 0, slow: false, ahead: 0, whole: false, strays: false }
    }

    /// Everything it kept of others is gone, and so is what its process knew.
    pub(super) fn wipe(&mut self) {
        self.disk.node = Arc::new(MemoryStore::new());
        self.disk.partners.values_mut().for_each(|store| *store = Arc::new(MemoryStore::new()));
        self.whole = false;
    }

    /// The logs of its own that are open.
    pub(super) fn own_logs(&self) -> Vec<Origin> {
        self.disk.own.logs()
    }

    /// Starts from what is on disk.
    pub(super) fn start(&mut self, trust: &Arc<TrustList>, now: Timestamp) {
        self.epoch += 1;
        let replica = |(log, store): (&Origin, &Arc<MemoryStore>)| {
            let held = Held::load(store.as_ref(), log).unwrap();
            let addressee = Addressee::Authority(super::world::issuer(self.at)).to_string();
            let setup = Setup {
                origin: log.clone(),
                addressee,
                trust: Arc::clone(trust),
                cosigns: true,
                elsewhere: Elsewhere::default(),
            };
            (log.clone(), Replica::new(setup, held))
        };
        let own = (0..NODES.len()).filter(|to| *to != self.at).map(|to| origin(self.at, to));
        let durable = self.disk.own.logs().into_iter().map(|log| (log.clone(), self.disk.own.durable_size(&log)));
        let hosts = BTreeSet::from([super::world::issuer(self.at).host().clone()]);
        let recall = Recall::new(&name(self.at), Arc::clone(trust), hosts, durable.collect::<Vec<_>>());
        let cosigned = |log: Origin| (log.clone(), Cosigned::load(self.disk.own.as_ref(), &log, trust).unwrap());
        let equivocated = known_evidence(self.disk.node.as_ref(), trust).unwrap().into_keys().collect();
        self.process = Some(Process {
            replicas: self.disk.partners.iter().map(replica).collect(),
            fetchers: self.disk.partners.keys().map(|log| (log.clone(), self.fetcher(log))).collect(),
            refills: BTreeMap::new(),
            recall,
            rooted: BTreeSet::new(),
            memory: Memory::new(name(self.at), Arc::clone(trust), self.whole, now),
            suppliers: BTreeMap::new(),
            canvassers: own
                .clone()
                .map(|log| (log.clone(), Canvasser::new(log, Arc::clone(trust), Vec::new())))
                .collect(),
            cosigned: own.map(cosigned).collect(),
            witness: Witness::load(self.disk.node.as_ref(), name(self.at), Arc::clone(trust), equivocated).unwrap(),
            heads: Heads::new(name(self.at), Arc::clone(trust), now),
        });
    }

    /// Fetches an own log back, as a replica that cosigns nothing.
    pub(super) fn refill(&self, log: &Origin, trust: &Arc<TrustList>) -> Replica {
        let held = Held::load(self.disk.own.as_ref(), log).unwrap();
        let addressee = Addressee::Authority(super::world::issuer(ends(log).1)).to_string();
        Replica::new(
            Setup {
                origin: log.clone(),
                addressee,
                trust: Arc::clone(trust),
                cosigns: false,
                elsewhere: Elsewhere::default(),
            },
            held,
        )
    }

    /// The store of a log here: the authority's own, or the partner log's.
    pub(super) fn store(&self, log: &Origin) -> Arc<MemoryStore> {
        Arc::clone(if ends(log).0 == self.at { &self.disk.own } else { &self.disk.partners[log] })
    }

    /// What fetches the disclosures of a partner log, from what is on disk.
    pub(super) fn fetcher(&self, log: &Origin) -> Fetcher {
        let store = &self.disk.partners[log];
        let awaited = Awaited::load(store.as_ref(), log).unwrap();
        Fetcher::new(log.clone(), awaited, store.head(log).map_or(0, |head| head.head.size))
    }

    /// What it says in a log of its own.
    pub(super) fn script(&self, log: &Origin) -> &'static Script {
        if self.strays { &WORLD.forks[log] } else { &WORLD.scripts[log] }
    }

    /// Appends the next lines of the script to an own log: durable, not yet published.
    pub(super) fn issue(&self, log: &Origin, count: u64) {
        let script = self.script(log);
        let store = &self.disk.own;
        let mut batch = Batch::default();
        if store.addressee(log).is_none() {
            let addressee = Addressee::Authority(super::world::issuer(ends(log).1)).to_string();
            batch.state.push(StateChange::LogOpened { origin: log.clone(), addressee });
        }
        let from = store.durable_size(log);
        let lines = script.lines.iter().enumerate().skip(usize::try_from(from).unwrap());
        for (index, line) in lines.take(usize::try_from(count).unwrap()) {
            let index = index as u64;
            let sealed = (!line.disclosures.is_empty()).then(|| store.seal(log, index, &line.disclosures).unwrap());
            batch.entries.push(NewEntry {
                origin: log.clone(),
                index,
                jti: line.jti,
                status_index: line.status_index,
                number: None,
                leaf: line.leaf.clone(),
                disclosures: sealed,
            });
        }
        store.commit(batch).unwrap();
    }
}
