//! A proof of logging that verifies offline: C2SP tlog-proof.

use super::{
    Checkpoint, Hash, LogError, MAX_CHECKPOINT_NOTE_BYTES, MAX_PROOF_HASHES, SignedNote, leaf_hash, text::decimal,
    verify_inclusion,
};
use crate::encoding::base64;
use std::{fmt, str::FromStr};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// The largest proof that is read, in bytes: the note, the hashes, and a little extra data.
pub const MAX_LOG_PROOF_BYTES: usize = MAX_CHECKPOINT_NOTE_BYTES + 8 * 1024;

/// An entry's place in a log, its inclusion proof, and the checkpoint that the proof leads to. Prints as
/// `c2sp.org/tlog-proof@v1`. Parsing proves nothing: see [`LogProof::verify_in`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The entry's index, counted from zero.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling to the root's child (RFC 6962 section 2.1.1).
    pub hashes: Vec<Hash>,
    /// The checkpoint: the exact text of a signed note.
    pub checkpoint: String,
    /// Opaque and unauthenticated: carried because the format has it, trusted by nobody.
    pub extra: Option<Vec<u8>>,
}

impl LogProof {
    /// A proof without extra data.
    #[must_use]
    pub const fn new(index: u64, hashes: Vec<Hash>, checkpoint: String) -> Self {
        Self { index, hashes, checkpoint, extra: None }
    }

    /// Checks that `leaf` (the entry's bytes) is at this index in a checkpoint that was verified before from the same
    /// note.
    pub fn verify_in(&self, leaf: &[u8], checkpoint: &Checkpoint) -> Result<(), LogError> {
        let head = &checkpoint.head;
        Ok(verify_inclusion(self.index, head.size, &leaf_hash(leaf), &self.hashes, &head.root)?)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64::encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LogProof {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        if text.len() > MAX_LOG_PROOF_BYTES {
            return Err(LogError::TooLarge { what: "a log proof", limit: MAX_LOG_PROOF_BYTES });
        }
        let body = text.strip_prefix(HEADER).ok_or(LogError::ProofText("it does not begin with its format's name"))?;
        let (head, checkpoint) =
            body.split_once("\n\n").ok_or(LogError::ProofText("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let mut line = lines.next();
        let mut extra = None;
        if let Some(data) = line.and_then(|line| line.strip_prefix("extra ")) {
            // An empty value has its own spelling: no line at all.
            let data = base64::decode(data).ok().filter(|data| !data.is_empty());
            extra = Some(data.ok_or(LogError::ProofText("the extra data is not strict base64"))?);
            line = lines.next();
        }
        let index = line
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(LogError::ProofText("the index line reads: index and a decimal number"))?;
        let lines = lines.collect::<Vec<_>>();
        if lines.len() > MAX_PROOF_HASHES {
            return Err(LogError::ProofText("it has too many hashes"));
        }
        let hashes = lines.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        // The format asks for a checkpoint and not for any note; nothing is believed of it here.
        SignedNote::parse(checkpoint)?.text().parse::<Checkpoint>()?;
        Ok(Self { index, hashes, checkpoint: checkpoint.to_owned(), extra })
    }
}

#[cfg(test)]
mod tests;
