//! Heads of logs that a proof leads to: signed by the log, cosigned by those who hold or watched it.

use super::cache::{Cache, CacheKey};
use crate::{
    log::{Checkpoint, Cosignature, LogError, LogProof, Origin, Quorum, SignedCheckpoint},
    trust::TrustList,
};
use std::{collections::BTreeSet, sync::Arc};

/// Heads kept in one generation of the cache: a verifier of many logs sees one new head an hour or a batch
/// from each.
const HEADS_KEPT: usize = 2_048;

/// Whether a head has the cosignatures its log's policy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cosigning {
    /// The policy asks for nobody's.
    AsksNobody,
    /// It has them.
    Met,
    /// It lacks some.
    Unmet,
}

/// A checkpoint whose log signature was verified, and who cosigned it.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) checkpoint: Checkpoint,
    pub(super) cosigned: Vec<Cosignature>,
    pub(super) cosigning: Cosigning,
}

/// A leaf that stands in a log.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    pub(super) index: u64,
    pub(super) head: Arc<Head>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProofFault {
    /// The trust list names no key for this log, so the proof could not be checked.
    NoLogKey,
    /// The proof is wrong.
    Wrong(LogError),
    /// The log was closed with fewer entries than the head has. Beyond its end nobody vouches for a log, so its
    /// later heads prove nothing, not even about what was before.
    BeyondEnd {
        /// The entry's index.
        index: u64,
        /// Entries under the head.
        size: u64,
        /// Entries with which the log was closed.
        last: u64,
    },
}

impl ProofFault {
    /// Why, in words that follow a colon.
    pub(super) fn why(&self, origin: &Origin) -> String {
        match self {
            Self::NoLogKey => format!("the trust list names no key for {origin}"),
            Self::Wrong(error) => error.to_string(),
            Self::BeyondEnd { size, last, .. } => {
                format!("it rests on {size} entries, but the log {origin} was closed with {last}")
            }
        }
    }
}

/// The heads met so far, under one trust list.
#[derive(Debug)]
pub(super) struct Heads(Cache<Head>);

impl Heads {
    pub(super) fn new() -> Self {
        Self(Cache::new(HEADS_KEPT))
    }

    /// Checks that `leaf` stands in the log by this proof text, in a head that counts.
    pub(super) fn prove(
        &self,
        trust: &TrustList,
        origin: &Origin,
        leaf: &[u8],
        text: &str,
    ) -> Result<Proven, ProofFault> {
        let proof: LogProof = text.parse().map_err(ProofFault::Wrong)?;
        // Older entries than the addressee's node need no replica: of the index the policy asks no more than that.
        let replica_from = trust.text().cosigning.replica_from.get(origin).copied().unwrap_or(0);
        let asks_replica = [u8::from(proof.index >= replica_from)];
        let key = CacheKey::of(&[origin.as_str().as_bytes(), &asks_replica, proof.checkpoint.as_bytes()]);
        let head = self.0.get_or(key, || open(trust, origin, &proof))?;
        proof.verify_in(leaf, &head.checkpoint).map_err(ProofFault::Wrong)?;
        let (index, size) = (proof.index, head.checkpoint.head.size);
        if let Some(last) = trust.shard_final_size(origin).filter(|last| size > *last) {
            return Err(ProofFault::BeyondEnd { index, size, last });
        }
        Ok(Proven { index: proof.index, head })
    }
}

fn open(trust: &TrustList, origin: &Origin, proof: &LogProof) -> Result<Head, ProofFault> {
    let log_key = trust.log_key(origin).ok_or(ProofFault::NoLogKey)?;
    let signed = SignedCheckpoint::open(&proof.checkpoint, &log_key).map_err(ProofFault::Wrong)?;
    let mut cosigned = Vec::new();
    let cosigning = match trust.policy_at(origin, proof.index) {
        // The list asks for more than anybody could give.
        Err(_) => Cosigning::Unmet,
        Ok(policy) => {
            for witness in policy.witnesses() {
                let lines = signed.cosignatures([&witness.key]).map_err(ProofFault::Wrong)?;
                cosigned.extend(lines.into_iter().map(|line| Cosignature { name: witness.name.clone(), ..line }));
            }
            let names = cosigned.iter().map(|line| line.name.as_str()).collect::<BTreeSet<_>>();
            match policy.quorum() {
                Quorum::None => Cosigning::AsksNobody,
                Quorum::Of(_) if policy.evaluate(&names) => Cosigning::Met,
                Quorum::Of(_) => Cosigning::Unmet,
            }
        }
    };
    Ok(Head { checkpoint: signed.checkpoint().clone(), cosigned, cosigning })
}
