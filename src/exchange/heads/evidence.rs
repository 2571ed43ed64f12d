//! Proof that a log has shown two histories, as it is kept, and what a person made of it.

use crate::{
    log::{Origin, TreeHead, size_in},
    store::{StateChange, Store, StoreError, Table},
    time::Timestamp,
    trust::TrustList,
    verification::{Equivocation, Prefix},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Proof that a log has shown two histories. It exists only where it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What is proven.
    pub proven: Equivocation,
    /// One note with the log's signature.
    pub first: String,
    /// The other.
    pub second: String,
    /// What the longer history has at the shorter one's size; none where the sizes are the same.
    pub prefix: Option<Prefix>,
}

impl Evidence {
    /// Verifies evidence, from whomever it came.
    pub fn prove(
        trust: &TrustList,
        first: String,
        second: String,
        prefix: Option<Prefix>,
    ) -> Result<Self, crate::verification::NoEvidence> {
        let proven = Equivocation::prove(trust, &first, &second, prefix.as_ref())?;
        Ok(Self { proven, first, second, prefix })
    }

    /// The file of it, as [`Equivocation::read`] takes it.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let prefix = self.prefix.as_ref();
        let prefix = prefix.map(|prefix| serde_json::json!({ "root": prefix.root, "proof": prefix.proof }));
        let all = serde_json::json!({ "first": self.first, "second": self.second, "prefix": prefix });
        all.to_string().into_bytes()
    }

    /// Those of its two heads that are of the branch that is held here. `here` says of a head whether it is; none where that
    /// is not known.
    #[must_use]
    pub fn held(&self, trust: &TrustList, here: &dyn Fn(&TreeHead) -> Option<bool>) -> Vec<TreeHead> {
        let notes = [&self.first, &self.second].into_iter();
        let heads = notes.filter_map(|note| trust.signed_head(self.proven.origin(), note));
        heads.filter(|head| here(head) == Some(true)).collect()
    }

    /// What keeps it: one record for each log.
    #[must_use]
    pub fn put(&self) -> StateChange {
        let id = self.proven.origin().as_str().as_bytes().to_vec();
        StateChange::RecordPut { table: Table::Evidence, id, record: self.to_file() }
    }
}

/// The logs that are known to have shown two histories, with the proof. What a newer trust list no longer proves is
/// left out, and what a person has lifted. It blocks.
pub fn known_evidence(store: &dyn Store, trust: &TrustList) -> Result<BTreeMap<Origin, Equivocation>, StoreError> {
    let (records, lifted) = (store.records(Table::Evidence)?, Lifted::all(store)?);
    let mut known = BTreeMap::new();
    for (_, record) in records {
        let Ok(proven) = Equivocation::read(trust, &record) else { continue };
        let lifted = lifted.get(proven.origin()).into_iter().flatten();
        if !lifted.filter_map(|one| one.evidence.as_ref()).any(|file| file.as_bytes() == record) {
            known.insert(proven.origin().clone(), proven);
        }
    }
    Ok(known)
}

/// A person has judged that a log that has shown two histories is taken and cosigned again, on the branch that is held
/// here. The proof stays. It is the two heads of that proof that are lifted, and nothing else: whatever else is off the
/// branch that is held is a new deed, and is proven anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifted {
    /// The size of the longer of the two heads.
    pub past: u64,
    /// Why.
    pub reason: String,
    /// When, in Unix seconds.
    pub at: i64,
    /// The proof that was lifted, as a file of evidence has it; none where an earlier version kept the size alone, and
    /// its proof is not here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Heads of the branch that was left: those of the proof, and those that were proven to be its beginning since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<TreeHead>,
}

impl Lifted {
    /// Judges what is proven of a log; none where nothing is. It reads from the disk.
    pub fn judge(
        store: &dyn Store,
        origin: &Origin,
        reason: String,
        at: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(record) = store.record(Table::Evidence, origin.as_str().as_bytes())? else { return Ok(None) };
        let broken = |why: String| StoreError::Index(format!("the evidence of {origin}: {why}"));
        let (_, past) = sizes(&record).map_err(broken)?;
        let evidence = String::from_utf8(record).map_err(|error| broken(error.to_string()))?;
        Ok(Some(Self { past, reason, at: at.as_second(), evidence: Some(evidence), left: Vec::new() }))
    }

    /// What keeps it: one record for each proof that was lifted.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        let mut id = origin.as_str().as_bytes().to_vec();
        if let Some(evidence) = &self.evidence {
            id.push(0);
            id.extend(Sha256::digest(evidence));
        }
        StateChange::RecordPut { table: Table::Lifted, id, record: serde_json::to_vec(self).unwrap_or_default() }
    }

    /// All that were lifted, of each log in the order in which they were. It blocks.
    pub fn all(store: &dyn Store) -> Result<BTreeMap<Origin, Vec<Self>>, StoreError> {
        let broken = |what: &str| StoreError::Index(format!("a log that was lifted: {what}"));
        let mut all = BTreeMap::<Origin, Vec<Self>>::new();
        for (id, record) in store.records(Table::Lifted)? {
            let name = id.split(|byte| *byte == 0).next().unwrap_or_default();
            let origin = std::str::from_utf8(name).ok().and_then(|text| text.parse().ok());
            let origin = origin.ok_or_else(|| broken("it has no name"))?;
            let lifted = serde_json::from_slice(&record).map_err(|error| broken(&error.to_string()))?;
            all.entry(origin).or_default().push(lifted);
        }
        for lifted in all.values_mut() {
            lifted.sort_by_key(|one| one.at);
        }
        Ok(all)
    }

    /// Gives what an earlier version lifted, by the size alone, the proof that is stored of the log, where it is the one
    /// that was lifted: before another takes its place. It blocks.
    pub fn adopt(store: &dyn Store) -> Result<Vec<StateChange>, StoreError> {
        let mut changes = Vec::new();
        for (origin, lifted) in Self::all(store)? {
            let id = origin.as_str().as_bytes().to_vec();
            for one in lifted.into_iter().filter(|one| one.evidence.is_none()) {
                let record = store.record(Table::Evidence, &id)?;
                let record = record.filter(|record| sizes(record).is_ok_and(|(_, longer)| longer == one.past));
                let Some(evidence) = record.and_then(|record| String::from_utf8(record).ok()) else { continue };
                changes.push(StateChange::RecordRemoved { table: Table::Lifted, id: id.clone() });
                changes.push(Self { evidence: Some(evidence), ..one }.put(&origin));
            }
        }
        Ok(changes)
    }

    /// The size of the shorter of the two heads, where the proof is here.
    #[must_use]
    pub fn shorter(&self) -> Option<u64> {
        sizes(self.evidence.as_ref()?.as_bytes()).ok().map(|(shorter, _)| shorter)
    }

    /// The note of one of the two heads that are proven; none where it is neither.
    #[must_use]
    pub fn note_of(&self, trust: &TrustList, origin: &Origin, head: &TreeHead) -> Option<String> {
        let (first, second, _) = Equivocation::parts(self.evidence.as_ref()?.as_bytes()).ok()?;
        [first, second].into_iter().find(|note| trust.signed_head(origin, note).as_ref() == Some(head))
    }

    /// What is left of the two where the branch of this one goes on.
    #[must_use]
    pub fn beside(&self, trust: &TrustList, origin: &Origin, onto: &TreeHead) -> Vec<TreeHead> {
        Left::of(trust, origin, std::slice::from_ref(self), &|head: &TreeHead| Some(head == onto)).heads
    }

    /// The two heads that were lifted; none where the trust list does not prove them any more.
    fn fork(&self, trust: &TrustList, origin: &Origin) -> Option<Fork> {
        Fork::read(trust, origin, self.past, self.evidence.as_ref()?.as_bytes())
    }
}

/// The sizes of the two heads that evidence is of, the smaller first, unproven.
fn sizes(record: &[u8]) -> Result<(u64, u64), String> {
    let (first, second, _) = Equivocation::parts(record).map_err(|why| why.to_string())?;
    let sizes = size_in(&first).zip(size_in(&second));
    let (first, second) = sizes.ok_or_else(|| "a note has no size".to_owned())?;
    Ok((first.min(second), first.max(second)))
}

/// A fork that a person has lifted: two heads of a log that are not of one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fork {
    /// What was shown up to this size that person knows of.
    pub past: u64,
    /// The head of the smaller size, or one of the two.
    pub short: TreeHead,
    /// The other.
    pub long: TreeHead,
    /// What the longer history has at the size of the shorter.
    pub beside: TreeHead,
}

impl Fork {
    /// All that a person has lifted here. What the trust list does not prove any more is left out. It blocks.
    pub fn lifted(store: &dyn Store, trust: &TrustList) -> Result<BTreeMap<Origin, Vec<Self>>, StoreError> {
        let mut all = BTreeMap::new();
        for (origin, lifted) in Lifted::all(store)? {
            let forks = lifted.iter().filter_map(|one| one.fork(trust, &origin)).collect::<Vec<_>>();
            if !forks.is_empty() {
                all.insert(origin, forks);
            }
        }
        Ok(all)
    }

    fn read(trust: &TrustList, origin: &Origin, past: u64, record: &[u8]) -> Option<Self> {
        Equivocation::read(trust, record).ok()?;
        let (first, second, prefix) = Equivocation::parts(record).ok()?;
        let (first, second) = (trust.signed_head(origin, &first)?, trust.signed_head(origin, &second)?);
        let (short, long) = if first.size <= second.size { (first, second) } else { (second, first) };
        let beside = prefix.map_or(long, |prefix| TreeHead { size: short.size, root: prefix.root });
        Some(Self { past, short, long, beside })
    }

    /// Its heads that are not of the branch that is held here. `here` says of a head whether it is; none where that is not
    /// known.
    fn left(&self, here: &dyn Fn(&TreeHead) -> Option<bool>) -> Vec<TreeHead> {
        let off = |head: &TreeHead| here(head).filter(|is_here| !is_here);
        let left = match (here(&self.short), here(&self.long).or_else(|| off(&self.beside))) {
            (Some(true), _) | (None, Some(false)) => vec![self.long, self.beside],
            (Some(false), Some(false)) => vec![self.short, self.long, self.beside],
            (_, Some(true)) | (Some(false), None) => vec![self.short],
            (None, None) => Vec::new(),
        };
        left.into_iter().filter(|head| here(head) != Some(true)).collect()
    }
}

/// What a person has lifted of a log, as it stands to the branch that is held here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// The two heads of each proof: that they are not of one history is no news.
    pub pairs: Vec<(TreeHead, TreeHead)>,
    /// Heads of branches that were left, and beginnings of them: that one of these is shown is no news. What goes further
    /// than they do is.
    pub heads: Vec<TreeHead>,
}

impl Left {
    /// What was lifted of a log. `here` says whether a head is of the branch that is held here; none where that is not
    /// known.
    #[must_use]
    pub fn of(trust: &TrustList, origin: &Origin, lifted: &[Lifted], here: &dyn Fn(&TreeHead) -> Option<bool>) -> Self {
        let mut all = Self::default();
        for one in lifted {
            let fork = one.fork(trust, origin);
            all.pairs.extend(fork.map(|fork| (fork.short, fork.long)));
            let left = one.left.iter().copied().filter(|head| here(head) != Some(true));
            for head in left.chain(fork.into_iter().flat_map(|fork| fork.left(here))) {
                all.leave(head);
            }
        }
        all
    }

    /// Takes in a head that was proven to be the beginning of a branch that was left.
    pub fn leave(&mut self, head: TreeHead) {
        if !self.heads.contains(&head) {
            self.heads.push(head);
        }
    }

    /// Whether a head is of a branch that was left.
    #[must_use]
    pub fn has(&self, head: &TreeHead) -> bool {
        self.heads.contains(head)
    }

    /// Whether these two are those of a proof that was lifted.
    #[must_use]
    pub fn is_pair(&self, one: TreeHead, other: TreeHead) -> bool {
        self.pairs.contains(&(one, other)) || self.pairs.contains(&(other, one))
    }
}
