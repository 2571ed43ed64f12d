//! A signed tree head: C2SP tlog-checkpoint, and the cosignatures on it.

use super::{
    EMPTY_ROOT, Hash, KeyKind, LogError, NoteSignature, Origin, SignedNote, VerifierKey,
    note::{cosign_text, verify_line},
    text::decimal,
};
use crate::signature::Signer;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The largest size that a checkpoint may state: others count in signed 64-bit numbers.
pub const MAX_TREE_SIZE: u64 = i64::MAX.unsigned_abs();

/// How many leaves a tree has, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Root over all of them.
    pub root: Hash,
}

/// A tree head of a log. Prints as the note text: origin, size, base64 root, and no extension lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Its head.
    pub head: TreeHead,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, self.head.root)
    }
}

impl FromStr for Checkpoint {
    type Err = LogError;

    /// Exactly three lines: extension lines are what no log monitor can audit, so our logs have none.
    fn from_str(text: &str) -> Result<Self, LogError> {
        let mut lines = text.strip_suffix('\n').ok_or(LogError::Checkpoint("no final newline"))?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(LogError::Checkpoint("it has three lines: origin, size and root"));
        };
        let origin = origin.parse()?;
        let size = decimal(size)
            .filter(|size| *size <= MAX_TREE_SIZE)
            .ok_or(LogError::Checkpoint("the size is not a decimal number below 2^63"))?;
        let root = root.parse().map_err(|_| LogError::Checkpoint("the root is not the base64 of 32 bytes"))?;
        if size == 0 && root != EMPTY_ROOT {
            return Err(LogError::Checkpoint("the empty tree has another root"));
        }
        Ok(Self { origin, head: TreeHead { size, root } })
    }
}

/// The size that the note of a head says, whoever signed it.
#[must_use]
pub fn size_in(note: &str) -> Option<u64> {
    note.lines().nth(1)?.parse().ok()
}

/// A verified statement of a cosigner about a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The cosigner's key name.
    pub name: String,
    /// When it cosigned, by its own clock, in Unix seconds.
    pub time: u64,
}

/// A checkpoint whose log's signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a note and checks it against the log's key, whose name is the log's origin.
    pub fn open(note: &str, log_key: &VerifierKey) -> Result<Self, LogError> {
        Self::of(SignedNote::parse(note)?, log_key)
    }

    /// Checks a parsed note against the log's key.
    pub fn of(note: SignedNote, log_key: &VerifierKey) -> Result<Self, LogError> {
        if log_key.kind() != KeyKind::Ed25519 {
            return Err(LogError::KeyKind { name: log_key.name().into(), kind: log_key.kind().byte() });
        }
        // The signature first: text that nobody signed is not looked at.
        note.verified_by(log_key)?;
        let checkpoint = note.text().parse::<Checkpoint>()?;
        if checkpoint.origin.as_str() != log_key.name() {
            return Err(LogError::OtherLog { expected: log_key.name().into(), found: checkpoint.origin.to_string() });
        }
        Ok(Self { checkpoint, note })
    }

    /// What the log signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with every signature line; prints as the exact text.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }

    /// The cosignatures of these keys, in the order of the keys; lines of unknown keys are ignored. A line of a known
    /// key that does not verify refuses the note (C2SP signed-note, "Signatures").
    pub fn cosignatures<'a>(
        &self,
        cosigners: impl IntoIterator<Item = &'a VerifierKey>,
    ) -> Result<Vec<Cosignature>, LogError> {
        let mut found = Vec::new();
        for key in cosigners.into_iter().filter(|key| key.kind() == KeyKind::CosignatureV1) {
            match self.note.cosigned_by(key) {
                Ok(time) => found.push(Cosignature { name: key.name().into(), time }),
                Err(LogError::NotSigned { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Checks a cosignature line of this cosigner and adds it, in place of an older one of the same key; gives its
    /// time, in Unix seconds.
    pub fn add_cosignature(&mut self, line: NoteSignature, cosigner: &VerifierKey) -> Result<u64, LogError> {
        let time = verify_line(self.note.text(), &line, cosigner)?
            .ok_or_else(|| LogError::KeyKind { name: cosigner.name().into(), kind: cosigner.kind().byte() })?;
        self.note.add(line)?;
        Ok(time)
    }
}

/// Signs cosignature/v1: "at this Unix time, this was the largest head of this log that I had seen, and all I saw
/// before is consistent with it" (C2SP tlog-cosignature). That it is so is for the caller to see to.
pub fn cosign(checkpoint: &Checkpoint, name: &str, signer: &dyn Signer, time: u64) -> Result<NoteSignature, LogError> {
    cosign_text(&checkpoint.to_string(), name, signer, time)
}

#[cfg(test)]
pub(super) mod tests;
