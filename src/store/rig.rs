//! A writer for tests: it knows what it brought, what was acknowledged and what was signed, and can tell
//! whether a store still agrees.

use super::{Batch, Disclosures, EntryRef, NewEntry, StateChange, Store, StoreError};
use crate::log::{Extension, Frontier, Hash, Levels, Origin, TreeHead, consistency_proof, leaf_hash};
use crate::statement::Jti;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

pub(super) const START_MS: u64 = 1_790_000_000_000;

/// What was brought for one place of a log.
#[derive(Debug, Clone)]
pub(super) struct Brought {
    pub(super) leaf: Bytes,
    pub(super) jti: Jti,
    pub(super) number: String,
    pub(super) request: [u8; 16],
    pub(super) disclosures: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Rig {
    pub(super) logs: Vec<Origin>,
    /// All that was brought for a place, acknowledged or not.
    pub(super) brought: HashMap<EntryRef, Vec<Brought>>,
    pub(super) acknowledged: BTreeMap<Origin, Vec<Brought>>,
    pub(super) published: BTreeMap<Origin, u64>,
    /// Whatever root was ever signed for a size.
    pub(super) signed: Mutex<HashMap<(Origin, u64), Hash>>,
    pub(super) erased: HashSet<EntryRef>,
    /// Erasures that were neither acknowledged nor refused.
    pub(super) unsure: HashSet<EntryRef>,
    pub(super) series: u64,
    pub(super) made: u64,
}

pub(super) fn origin(addressee: &str) -> Origin {
    format!("tdap.gov.pk/log/2026/{addressee}").parse().unwrap()
}

impl Rig {
    pub(super) fn new(addressees: &[&str]) -> Self {
        Self { logs: addressees.iter().map(|addressee| origin(addressee)).collect(), ..Self::default() }
    }

    pub(super) fn now_ms(&self) -> u64 {
        START_MS + self.made * 1000
    }

    /// An unheard-of entry for a place.
    pub(super) fn make(&mut self, at: EntryRef, filler: usize) -> Brought {
        self.made += 1;
        let made = self.made;
        let mut jti = [0; 16];
        jti[..8].copy_from_slice(&made.to_be_bytes());
        let mut request = [7; 16];
        request[..6].copy_from_slice(&self.now_ms().to_be_bytes()[2..]);
        request[8..].copy_from_slice(&made.to_be_bytes());
        let mut leaf = format!("header.{made}.{}", "x".repeat(filler));
        leaf.truncate(4096);
        let brought = Brought {
            leaf: leaf.into(),
            jti: Jti(jti),
            number: format!("PK-{made:08}"),
            request,
            disclosures: if made.is_multiple_of(5) {
                Vec::new()
            } else {
                vec![format!("disclosure {made}"), "y".repeat(filler)]
            },
        };
        self.brought.entry(at).or_default().push(brought.clone());
        brought
    }

    pub(super) fn entry(store: &dyn Store, at: &EntryRef, brought: &Brought) -> Result<NewEntry, StoreError> {
        let disclosures = match brought.disclosures.as_slice() {
            [] => None,
            some => Some(store.seal(&at.origin, at.index, some)?),
        };
        Ok(NewEntry {
            origin: at.origin.clone(),
            index: at.index,
            jti: brought.jti,
            status_index: u32::try_from(at.index).ok().filter(|index| index % 2 == 0),
            number: Some(brought.number.clone()),
            leaf: brought.leaf.clone(),
            disclosures,
        })
    }

    /// Opens the logs that are not open, and commits `count` entries to each log named.
    pub(super) fn commit(
        &mut self,
        store: &dyn Store,
        counts: &[(usize, u64)],
        filler: usize,
    ) -> Result<(), StoreError> {
        let known = store.logs();
        let mut batch = Batch { at_ms: self.now_ms(), ..Batch::default() };
        for log in self.logs.iter().filter(|log| !known.contains(log)) {
            batch.state.push(StateChange::LogOpened { origin: log.clone(), addressee: format!("aud of {log}") });
        }
        let mut new = Vec::new();
        for &(log, count) in counts {
            let origin = self.logs[log].clone();
            let from = store.durable_size(&origin);
            for index in from..from + count {
                let at = EntryRef { origin: origin.clone(), index };
                let brought = self.make(at.clone(), filler);
                batch.entries.push(Self::entry(store, &at, &brought)?);
                batch.state.push(StateChange::RequestAnswered {
                    account: "exporter".to_owned(),
                    request_id: brought.request,
                    body_digest: [9; 32],
                    answer: brought.number.clone().into_bytes(),
                    entry: Some(at),
                });
                new.push((origin.clone(), brought));
            }
        }
        let next = self.made;
        batch.state.push(StateChange::SeriesAdvanced { series: "PK".to_owned(), next });
        batch.audit.push(format!("batch up to {next}").into_bytes());
        store.commit(batch)?;
        self.series = next;
        for (origin, brought) in new {
            self.acknowledged.entry(origin).or_default().push(brought);
        }
        Ok(())
    }

    fn levels(store: &dyn Store, origin: &Origin) -> Result<Levels, StoreError> {
        let hashes = (0..store.durable_size(origin)).map(|index| {
            let entry = store.durable_entry(origin, index)?.unwrap();
            assert_eq!(leaf_hash(&entry.leaf), entry.facts.leaf_hash);
            Ok(entry.facts.leaf_hash)
        });
        hashes.collect::<Result<Levels, StoreError>>()
    }

    /// What extends the head of a log to all its durable entries.
    pub(super) fn extension(store: &dyn Store, origin: &Origin) -> Result<Option<Extension>, StoreError> {
        let levels = Self::levels(store, origin)?;
        let previous = store.head(origin).map(|head| head.head);
        let old = previous.map_or(0, |head| head.size);
        if levels.size() == old {
            return Ok(None);
        }
        let next = TreeHead { size: levels.size(), root: levels.root() };
        let proof = if old == 0 { Vec::new() } else { consistency_proof(old, levels.size(), &levels).unwrap() };
        Ok(Some(Extension::prove(origin.clone(), previous, next, &proof).unwrap()))
    }

    /// Signs the heads of all durable entries.
    pub(super) fn advance(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut extensions = Vec::new();
        for origin in store.logs() {
            extensions.extend(Self::extension(store, &origin)?);
        }
        let heads: Vec<_> = extensions.iter().map(|extension| extension.checkpoint().clone()).collect();
        store.advance(extensions, &|extension| {
            let checkpoint = extension.checkpoint();
            let key = (checkpoint.origin.clone(), checkpoint.head.size);
            let before = self.signed.lock().unwrap().insert(key, checkpoint.head.root);
            assert!(before.is_none_or(|root| root == checkpoint.head.root), "a fork was signed");
            Ok(note(extension))
        })?;
        for checkpoint in heads {
            self.published.insert(checkpoint.origin, checkpoint.head.size);
        }
        Ok(())
    }

    /// Everything acknowledged is there, as it was brought; nothing else is, but what was brought.
    pub(super) fn check(&mut self, store: &dyn Store) {
        let mut numbers: HashMap<String, EntryRef> = HashMap::new();
        for origin in self.logs.clone() {
            let acknowledged = self.acknowledged.entry(origin.clone()).or_default();
            let durable = store.durable_size(&origin);
            assert!(durable >= acknowledged.len() as u64, "{origin}: {durable} of {}", acknowledged.len());
            let mut edge = Frontier::empty();
            let published = store.head(&origin).map_or(0, |head| head.head.size);
            assert!(published >= self.published.get(&origin).copied().unwrap_or(0), "{origin}: a head is lost");
            assert!(published <= durable);
            for index in 0..durable {
                let at = EntryRef { origin: origin.clone(), index };
                let entry = store.durable_entry(&origin, index).unwrap().unwrap();
                let known = acknowledged.get(usize::try_from(index).unwrap()).cloned();
                let found = known.unwrap_or_else(|| {
                    let same = |brought: &&Brought| brought.leaf == entry.leaf;
                    let found = self.brought[&at].iter().find(same).expect("an entry nobody brought").clone();
                    acknowledged.push(found.clone());
                    found
                });
                assert_eq!((&entry.leaf, entry.facts.jti), (&found.leaf, found.jti), "{origin} {index}");
                edge.append(entry.facts.leaf_hash);
                if index + 1 == published {
                    assert_eq!(edge.root(), store.head(&origin).unwrap().head.root, "{origin}: a fork");
                    assert_eq!(self.signed.lock().unwrap()[&(origin.clone(), published)], edge.root());
                }
                assert!(numbers.insert(found.number.clone(), at.clone()).is_none(), "a number twice");
                assert!(store.number_taken(&found.number).unwrap(), "{} is lost", found.number);
                let answer = store.answered("exporter", &found.request).unwrap().expect("an answer is lost");
                assert_eq!((answer.answer.as_slice(), answer.published), (found.number.as_bytes(), index < published));
                let shown = (index < published).then(|| at.clone());
                assert_eq!(store.find_number(&found.number).unwrap(), shown);
                assert_eq!(store.find(&found.jti).unwrap(), shown);
                assert_eq!(store.leaf(&origin, index).unwrap(), shown.as_ref().map(|_| found.leaf.clone()));
                let disclosures = match found.disclosures.as_slice() {
                    [] => Disclosures::None,
                    _ if self.erased.contains(&at) => Disclosures::Erased,
                    some => Disclosures::Present(some.to_vec()),
                };
                let stored = store.disclosures(&origin, index).unwrap();
                if stored == Some(Disclosures::Erased) && self.unsure.contains(&at) {
                    self.erased.insert(at);
                } else {
                    assert_eq!(stored, shown.map(|_| disclosures), "{origin} {index}");
                }
            }
        }
        assert!(store.series_next("PK").unwrap() >= self.series, "a series went back");
    }
}

/// A note that nobody's key signed: the store does not judge signatures.
pub(super) fn note(extension: &Extension) -> String {
    format!("{}\n— test {}\n", extension.checkpoint(), "AAAA")
}
