//! Makes a batch durable, re-reads it, and signs heads over what was read.

use super::{
    SequencerError, Setup,
    gate::{Gate, MaySign, asks_nobody},
    press::Pressed,
    spared::spare,
};
use crate::{
    log::{Extension, Frontier, Hash, HashReader, LogError, Origin, TreeHead, consistency_proof, leaf_hash},
    signature::SignError,
    store::{Batch, EntryRef, PublishedHead, StateChange, StoreError},
    trust::TrustList,
    verification::{EntryFault, check_entry},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Commits a batch and publishes it.
pub(super) fn commit(setup: &Setup, gate: &Gate, pressed: Pressed) -> Result<(), SequencerError> {
    let Pressed { mut batch, hashes } = pressed;
    let trust = setup.trust.load_full();
    // Asked before anything is durable, and whoever shuts a log waits until this is through: an entry that is durable
    // and under no head would stand in the place of one that is to be fetched back.
    let _signing = gate.signing();
    let logs = batch.entries.iter().map(|entry| &entry.origin).collect::<BTreeSet<_>>();
    let asked = logs.into_iter().map(|origin| Ok((origin.clone(), gate.may_sign(origin, &trust)?)));
    let mut may_sign = asked.collect::<Result<BTreeMap<_, _>, SequencerError>>()?;
    let followed = followed(setup, &trust, &batch);
    batch.state.extend(followed);
    let committed = setup.store.commit(batch)?;
    let mut heads = Vec::with_capacity(committed.durable.len());
    for (origin, durable) in committed.durable {
        let Some(may_sign) = may_sign.remove(&origin) else { continue };
        // A bit that flipped between signing and the disk must not be signed into a tree.
        let head = extend(setup, may_sign, durable, |entry, _, hash| match hashes.get(entry) {
            Some(signed) if signed == hash => Ok(()),
            _ => Err(SequencerError::Unavailable(format!(
                "entry {} of {} reads back differently from what was signed",
                entry.index, entry.origin
            ))),
        })?;
        heads.extend(head);
    }
    publish(setup, heads)
}

/// The heads that a batch lets others follow in logs that nobody cosigns: of those that are cosigned, what is kept is so
/// with the cosignatures.
fn followed(setup: &Setup, trust: &TrustList, batch: &Batch) -> Vec<StateChange> {
    let ends = batch.entries.iter().map(|entry| (&entry.origin, entry.index.saturating_add(1)));
    let mut followed = Vec::new();
    for (origin, end) in ends.collect::<BTreeMap<_, _>>() {
        if let Some(PublishedHead { head, note }) = setup.store.head(origin).filter(|_| asks_nobody(trust, origin)) {
            followed.extend(spare(origin, head.size, end, &note));
        }
    }
    followed
}

/// Publishes what was durable past the last signed heads when the store was opened, after checking each such
/// entry as a replica would: the answer to it may have been on its way when the process ended. A log that may not be
/// signed for yet waits for its turn: the plan is made again when it is settled. Gives back the logs that are published
/// whole: a plan signs for these and no other, or it would meet answers that are durable and under no head.
pub(super) fn publish_tail(setup: &Setup, gate: &Gate) -> Result<BTreeMap<Origin, MaySign>, SequencerError> {
    let trust = setup.trust.load_full();
    let _signing = gate.signing();
    let (mut heads, mut whole) = (Vec::new(), BTreeMap::new());
    for origin in setup.store.logs() {
        let Ok(may_sign) = gate.may_sign(&origin, &trust) else { continue };
        whole.insert(origin.clone(), may_sign.clone());
        let durable = setup.store.durable_size(&origin);
        let head = extend(setup, may_sign, durable, |entry, leaf, _| {
            match check_entry(leaf, None, &entry.origin, entry.index, &trust) {
                Ok(_) => Ok(()),
                // It is durable and its place is taken: replicas find that it does not count, and the log goes on.
                Err(fault @ (EntryFault::KeyClosed { .. } | EntryFault::BeyondEnd(_))) => {
                    let EntryRef { origin, index } = entry;
                    tracing::warn!(%origin, index, "an entry is published that meanwhile counts no more: {fault}");
                    Ok(())
                }
                Err(fault) => Err(SequencerError::CheckFailed(fault.to_string())),
            }
        })?;
        heads.extend(head);
    }
    publish(setup, heads)?;
    Ok(whole)
}

/// A head to be signed, of a log that may be signed for.
struct Signable(Extension);

fn publish(setup: &Setup, heads: Vec<Signable>) -> Result<(), SequencerError> {
    if heads.is_empty() {
        return Ok(());
    }
    let sign = |extension: &Extension| {
        let shard = extension.checkpoint().origin.shard();
        let key = setup.signers.logs.iter().find(|key| *key.shard() == shard);
        let key = key.ok_or_else(|| LogError::Sign(SignError(format!("no log key for shard {shard}"))))?;
        key.sign(extension).map_err(|e| LogError::Sign(SignError(e.to_string())))
    };
    Ok(setup.store.advance(heads.into_iter().map(|Signable(extension)| extension).collect(), &sign)?)
}

/// Proves that the durable entries of a log extend its last signed head, re-reading each of them.
fn extend(
    setup: &Setup,
    may_sign: MaySign,
    durable: u64,
    check: impl Fn(&EntryRef, &[u8], &Hash) -> Result<(), SequencerError>,
) -> Result<Option<Signable>, SequencerError> {
    let origin = may_sign.origin();
    let store = setup.store.as_ref();
    let previous = store.head(origin).map(|published| published.head);
    let from = previous.map_or(0, |head| head.size);
    if durable <= from {
        return Ok(None);
    }
    let hashes = store.hashes(origin);
    let mut edge = Frontier::load(from, &hashes)?;
    let mut grown = Grown { published: hashes, nodes: HashMap::new() };
    let entry_at = |index| EntryRef { origin: origin.clone(), index };
    for index in from..durable {
        let entry = store
            .durable_entry(origin, index)?
            .ok_or_else(|| SequencerError::Unavailable(format!("entry {index} of {origin} cannot be read back")))?;
        let hash = leaf_hash(&entry.leaf);
        if hash != entry.facts.leaf_hash {
            return Err(SequencerError::Unavailable(format!("entry {index} of {origin} is not what was hashed")));
        }
        check(&entry_at(index), &entry.leaf, &hash)?;
        edge.append_with(hash, |level, at, node| {
            grown.nodes.insert((level, at), node);
        });
    }
    let next = TreeHead { size: durable, root: edge.root() };
    let consistency = match previous {
        None => Vec::new(),
        Some(_) => consistency_proof(from, durable, &grown)
            .map_err(|e| SequencerError::Unavailable(format!("{origin}: no consistency proof: {e}")))?,
    };
    let extension = Extension::prove(origin.clone(), previous, next, &consistency)
        .map_err(|e| SequencerError::Unavailable(format!("{origin}: {e}")))?;
    Ok(Some(Signable(extension)))
}

/// The published tree with the subtrees that new leaves complete.
struct Grown<R> {
    published: R,
    nodes: HashMap<(u8, u64), Hash>,
}

impl<R: HashReader<Error = StoreError>> HashReader for Grown<R> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        match self.nodes.get(&(level, index)) {
            Some(node) => Ok(*node),
            None => self.published.node(level, index),
        }
    }
}
