//! The cosignatures that heads have, and whether they are enough: of own heads as they come, of those of a log that is
//! replicated as its issuer shows them.

use super::{marks::Mark, spared::spare};
use crate::{
    log::{LogError, NoteSignature, Origin, SignedCheckpoint, SignedNote, VerifierKey, roundness},
    reason::{Class, Reasoned},
    store::{PublishedHead, StateChange, Store, StoreError, Table},
    time::Timestamp,
    trust::TrustList,
};
use std::collections::BTreeMap;

/// Heads that are kept at most, from the newest on that has enough cosignatures.
const MOST_OPEN: usize = 64;

/// Why a line is no cosignature of an own head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The trust list names no key for the log.
    #[error("the trust list names no key for this log")]
    UntrustedLog,
    /// It is not a line, or not by one of the keys.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Reasoned for CosignatureError {
    fn reason(&self) -> &'static str {
        match self {
            Self::UntrustedLog => "LOG_KEY_UNKNOWN",
            Self::Log(error) => error.reason(),
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// A verified cosignature of an own head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The log.
    pub origin: Origin,
    /// Size of the head.
    pub size: u64,
    /// The head's note with the log's signature.
    pub note: String,
    /// The line.
    pub line: NoteSignature,
    /// When the cosigner says it cosigned, in Unix seconds.
    pub time: u64,
}

impl Kept {
    /// Takes a line if it is a cosignature of this head by one of these keys.
    pub fn check<'a>(
        trust: &TrustList,
        origin: &Origin,
        head: &PublishedHead,
        line: &str,
        keys: impl Iterator<Item = &'a VerifierKey>,
    ) -> Result<Self, CosignatureError> {
        let log_key = trust.log_key(origin).ok_or(CosignatureError::UntrustedLog)?;
        let mut signed = SignedCheckpoint::open(&head.note, &log_key)?;
        let line = NoteSignature::parse(line)?;
        let mut refused = LogError::NotSigned { name: line.name().to_owned() };
        for key in keys.filter(|key| key.name() == line.name() && key.id() == line.key_id()) {
            match signed.add_cosignature(line.clone(), key) {
                Ok(time) => {
                    let (origin, note) = (origin.clone(), head.note.clone());
                    return Ok(Self { origin, size: head.head.size, note, line, time });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused.into())
    }
}

/// Heads of one log with the cosignatures they have.
#[derive(Debug, Clone)]
pub struct Cosigned {
    origin: Origin,
    heads: BTreeMap<u64, SignedCheckpoint>,
}

impl Cosigned {
    /// None.
    #[must_use]
    pub const fn none(origin: Origin) -> Self {
        Self { origin, heads: BTreeMap::new() }
    }

    /// Reads what is kept. Heads whose log key the trust list no longer names are left out.
    pub fn load(store: &dyn Store, origin: &Origin, trust: &TrustList) -> Result<Self, StoreError> {
        let mut this = Self::none(origin.clone());
        let Some(key) = trust.log_key(origin) else { return Ok(this) };
        let prefix = prefix(origin);
        for (id, note) in store.records_under(Table::Cosigned, &prefix, usize::MAX)? {
            let Some(size) = size_of(&prefix, &id) else { continue };
            if let Some(signed) = String::from_utf8(note).ok().and_then(|note| SignedCheckpoint::open(&note, &key).ok())
            {
                this.heads.insert(size, signed);
            }
        }
        Ok(this)
    }

    /// The note of the head of this size with the cosignatures that are kept of it, if there are any. It reads one record.
    pub fn note_at(store: &dyn Store, origin: &Origin, size: u64) -> Result<Option<String>, StoreError> {
        let record = store.record(Table::Cosigned, &Self::none(origin.clone()).id(size))?;
        Ok(record.and_then(|note| String::from_utf8(note).ok()))
    }

    /// The note of a published head with the cosignatures that came for it so far.
    pub fn note_of(store: &dyn Store, origin: &Origin, head: PublishedHead) -> Result<String, StoreError> {
        Ok(Self::note_at(store, origin, head.head.size)?.unwrap_or(head.note))
    }

    /// Takes a cosignature in; gives the changes that make it durable. Heads below the newest that has enough are dropped
    /// from here; some of them are kept [apart](super::spared).
    pub fn keep(&mut self, kept: &Kept, trust: &TrustList) -> Result<Vec<StateChange>, CosignatureError> {
        let key = trust.log_key(&self.origin).ok_or(CosignatureError::UntrustedLog)?;
        let mut note = match self.heads.get(&kept.size) {
            Some(signed) => signed.note().clone(),
            None => SignedNote::parse(&kept.note)?,
        };
        note.add(kept.line.clone())?;
        let signed = SignedCheckpoint::of(note, &key)?;
        let record = signed.note().to_string().into_bytes();
        self.heads.insert(kept.size, signed);
        let mut changes = vec![StateChange::RecordPut { table: Table::Cosigned, id: self.id(kept.size), record }];
        changes.extend(self.drop_stale(trust));
        Ok(changes)
    }

    /// Takes a head with all its cosignatures, if they are enough and it is newer than any that is kept with enough; gives
    /// the changes that make it durable.
    pub fn take(&mut self, signed: SignedCheckpoint, trust: &TrustList) -> Vec<StateChange> {
        let size = signed.checkpoint().head.size;
        let known = self.newest(trust, 0).is_some_and(|(newest, _)| newest >= size);
        if known || !enough(trust, &self.origin, &signed, size.saturating_sub(1)) {
            return Vec::new();
        }
        let record = signed.note().to_string().into_bytes();
        self.heads.insert(size, signed);
        let mut changes = vec![StateChange::RecordPut { table: Table::Cosigned, id: self.id(size), record }];
        changes.extend(self.drop_stale(trust));
        changes
    }

    /// Forgets heads that a newer one follows which has enough, and those that are too many above it.
    fn drop_stale(&mut self, trust: &TrustList) -> Vec<StateChange> {
        let newest = self.newest(trust, 0).map_or(0, |(size, _)| size);
        let (mut next, mut changes) = (newest, Vec::new());
        for (size, signed) in self.heads.range(..newest).rev() {
            if enough(trust, &self.origin, signed, size.saturating_sub(1)) {
                changes.extend(spare(&self.origin, *size, next, &signed.note().to_string()));
                next = *size;
            }
        }
        let open = self.heads.split_off(&newest);
        let mut stale = std::mem::replace(&mut self.heads, open).into_keys().collect::<Vec<_>>();
        while self.heads.len() > MOST_OPEN
            && let Some(size) = self.least_awaited(newest)
        {
            self.heads.remove(&size);
            stale.push(size);
        }
        let removed = |size| StateChange::RecordRemoved { table: Table::Cosigned, id: self.id(size) };
        changes.extend(stale.into_iter().map(removed));
        changes
    }

    /// Of the heads above the newest that has enough, and below the last, the one that lies farthest back for its
    /// [roundness]. Others are asked for the roundest and answer later: where a partner nearby has cosigned some hundred
    /// heads meanwhile, its cosignature of that one is still needed.
    fn least_awaited(&self, enough: u64) -> Option<u64> {
        let (last, _) = self.heads.last_key_value()?;
        let mut before = enough;
        let open = self.heads.keys().filter(|size| **size > enough && *size < last).map(|size| {
            let back = last.saturating_sub(*size);
            let after = std::mem::replace(&mut before, *size);
            (back.checked_shr(roundness(after, *size)).unwrap_or(0), back, *size)
        });
        open.max().map(|(_, _, size)| size)
    }

    /// The newest head of at least this size whose cosignatures meet the policy that the trust list has for an entry
    /// just below that size; with its note and all lines. Where the policy asks for nobody any head will do, cosigned
    /// or not, and those are not kept here.
    #[must_use]
    pub fn newest(&self, trust: &TrustList, at_least: u64) -> Option<(u64, String)> {
        let mut heads = self.heads.range(at_least..).rev();
        heads
            .find(|(size, signed)| {
                let asked_of = if at_least == 0 { **size } else { at_least };
                enough(trust, &self.origin, signed, asked_of.saturating_sub(1))
            })
            .map(|(size, signed)| (*size, signed.note().to_string()))
    }

    /// The newest head that has enough, as of now: that is when it is known here, whatever the cosigners' clocks say. One
    /// that is ahead, or lies, would make a head younger than it is, and one that is slow older.
    #[must_use]
    pub fn mark(&self, trust: &TrustList, now: Timestamp) -> Option<Mark> {
        self.newest(trust, 0).map(|(size, _)| Mark { at: now.as_second(), size })
    }

    /// The newest note that carries a cosignature of one of these keys.
    #[must_use]
    pub fn newest_by(&self, keys: &[&VerifierKey]) -> Option<String> {
        self.by(keys).next().map(|(_, signed)| signed.note().to_string())
    }

    /// The same, of those that have enough before any other: heads come faster than all have cosigned them, and who
    /// replicates the log [takes](Self::take) none that has not enough.
    #[must_use]
    pub fn enough_by(&self, trust: &TrustList, keys: &[&VerifierKey]) -> Option<String> {
        let found = self.by(keys).find(|(size, signed)| enough(trust, &self.origin, signed, size.saturating_sub(1)));
        found.or_else(|| self.by(keys).next()).map(|(_, signed)| signed.note().to_string())
    }

    /// The heads that one of these keys cosigned, the newest first.
    fn by<'a>(&'a self, keys: &'a [&'a VerifierKey]) -> impl Iterator<Item = (u64, &'a SignedCheckpoint)> {
        let heads = self.heads.iter().rev().map(|(size, signed)| (*size, signed));
        heads.filter(move |(_, signed)| signed.cosignatures(keys.iter().copied()).is_ok_and(|found| !found.is_empty()))
    }

    /// The cosignatures of all heads kept, by size, with their times: for lag and last cosignature.
    pub fn heads(&self) -> impl Iterator<Item = (u64, &SignedCheckpoint)> {
        self.heads.iter().map(|(size, signed)| (*size, signed))
    }

    fn id(&self, size: u64) -> Vec<u8> {
        [prefix(&self.origin).as_slice(), &size.to_be_bytes()].concat()
    }
}

/// Whether a head has the cosignatures that the trust list asks for the entry at this index.
#[must_use]
pub fn enough(trust: &TrustList, origin: &Origin, signed: &SignedCheckpoint, index: u64) -> bool {
    trust.policy_at(origin, index).is_ok_and(|policy| policy.is_met_by(signed))
}

/// No origin has a zero byte.
fn prefix(origin: &Origin) -> Vec<u8> {
    [origin.as_str().as_bytes(), &[0]].concat()
}

fn size_of(prefix: &[u8], id: &[u8]) -> Option<u64> {
    id.strip_prefix(prefix)?.try_into().map(u64::from_be_bytes).ok()
}
