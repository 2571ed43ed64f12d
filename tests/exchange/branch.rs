//! A history of a log that its own key signs and that its node never wrote.

use crate::{federation::Member, pretender::wire};
use bytes::Bytes;
use origin_exchange::{
    keys::{KeyStore, LogKey, Passphrase},
    log::{Extension, Hash, Levels, Origin, TreeHead, consistency_proof, leaf_hash, root},
};
use std::path::Path;
use wire::sync_response::Message;

/// The keys that lie below a member's folder.
pub(crate) fn keys(member: &Member, below: &str) -> KeyStore {
    let passphrase = Passphrase::from_file(Path::new(&member.at(&format!("{below}keys.passphrase")))).unwrap();
    KeyStore::open(Path::new(&member.at(&format!("{below}keys"))), passphrase).unwrap()
}

/// Hashes as they cross.
fn hashes(all: &[Hash]) -> Vec<Bytes> {
    all.iter().map(|hash| Bytes::copy_from_slice(&hash.0)).collect()
}

pub(crate) struct Branch {
    origin: Origin,
    leaves: Vec<Bytes>,
    tree: Levels,
    key: LogKey,
}

impl Branch {
    /// With these entries, signed by a key that the member has.
    pub(crate) fn new(keys: &KeyStore, log: &str, leaves: Vec<Bytes>) -> Self {
        let origin: Origin = log.parse().unwrap();
        let key = keys.log(&format!("log-{}", origin.shard()).parse().unwrap()).unwrap();
        let tree = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        Self { origin, leaves, tree, key }
    }

    /// With entries that say nothing.
    pub(crate) fn of_nothing(keys: &KeyStore, log: &str, count: u32) -> Self {
        Self::new(keys, log, (0..count).map(|nth| Bytes::from(format!("entry {nth} of another history"))).collect())
    }

    /// The same entries as those of another log of the same key.
    pub(crate) fn named(self, log: &str) -> Self {
        Self { origin: log.parse().unwrap(), ..self }
    }

    pub(crate) fn log(&self) -> &str {
        self.origin.as_str()
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The head of this size, signed.
    pub(crate) fn note(&self, size: u64) -> Bytes {
        let head = TreeHead { size, root: root(size, &self.tree).unwrap() };
        let extension = Extension::prove(self.origin.clone(), None, head, &[]).unwrap();
        self.key.sign(&extension).unwrap().into()
    }

    pub(crate) fn proof(&self, old: u64, new: u64) -> Vec<Bytes> {
        hashes(&consistency_proof(old, new, &self.tree).unwrap())
    }

    /// What a witness is shown that saw the smaller size last.
    pub(crate) fn checkpoint(&self, old: u64, new: u64) -> wire::AddCheckpointRequest {
        wire::AddCheckpointRequest { old_size: old, proof: self.proof(old, new), checkpoint: self.note(new) }
    }

    /// As partners are told of it.
    pub(crate) fn known(&self, size: u64) -> wire::KnownHead {
        let (log, checkpoint) = (self.log().to_owned(), self.note(size));
        wire::KnownHead { log, checkpoint, cosigned_by_caller: Bytes::new(), entries: true, heard: false }
    }

    /// The head of one size to who has that of another.
    pub(crate) fn announce(&self, old: u64, new: u64) -> wire::SyncResponse {
        let announce = wire::SyncAnnounce { checkpoint: self.note(new), consistency: self.proof(old, new) };
        wire::SyncResponse { message: Some(Message::Announce(announce)) }
    }

    /// As many entries as a package may have, up to a head.
    pub(crate) fn package(&self, start: u64, size: u64) -> wire::SyncResponse {
        let end = size.min(start + 256);
        let range = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
        let (leaves, proof) = (self.leaves[range].to_vec(), self.proof(end, size));
        wire::SyncResponse { message: Some(Message::Package(wire::SyncPackage { start, leaves, size, proof })) }
    }
}
