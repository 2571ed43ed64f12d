//! The only thing a log's key signs: a head that provably extends the last one.

use super::{
    Checkpoint, EMPTY_ROOT, Hash, LogError, MAX_TREE_SIZE, Origin, ProofError, SignedNote, TreeHead, sign_note,
    verify_consistency,
};
use crate::signature::Signer;

/// A next head of a log, proven to extend the previous one. Two heads of one size, or of two histories, cannot both
/// be extensions of the same head as long as the store gives each previous head away once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    checkpoint: Checkpoint,
    previous: Option<TreeHead>,
}

impl Extension {
    /// Proves that `next` extends `previous`, the last head that was signed; the first head of a log has none before
    /// it and no proof. The error is [`LogError::NotAnExtension`], and then nothing may be signed.
    pub fn prove(
        origin: Origin,
        previous: Option<TreeHead>,
        next: TreeHead,
        consistency: &[Hash],
    ) -> Result<Self, LogError> {
        let last = previous.unwrap_or(TreeHead { size: 0, root: EMPTY_ROOT });
        let grown = if next.size > MAX_TREE_SIZE {
            Err(ProofError::OutOfRange)
        } else if previous.is_some() && next.size <= last.size {
            Err(ProofError::NotLarger)
        } else {
            verify_consistency(last.size, next.size, &last.root, &next.root, consistency)
        };
        grown.map_err(|why| LogError::NotAnExtension { previous: last.size, next: next.size, why })?;
        Ok(Self { checkpoint: Checkpoint { origin, head: next }, previous })
    }

    /// The checkpoint to be signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The head it extends; none for the first of a log.
    #[must_use]
    pub const fn previous(&self) -> Option<TreeHead> {
        self.previous
    }
}

/// Signs the checkpoint as the log, and gives the note. The key's name is the origin.
pub fn sign_checkpoint(extension: &Extension, signer: &dyn Signer) -> Result<String, LogError> {
    let text = extension.checkpoint.to_string();
    let line = sign_note(&text, extension.checkpoint.origin.as_str(), signer)?;
    Ok(SignedNote::new(text, vec![line])?.to_string())
}

#[cfg(test)]
mod tests;
