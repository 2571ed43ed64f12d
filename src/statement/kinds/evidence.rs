//! `evidence`: an authority tells everyone that a log has shown two histories, with the proof that anybody can check
//! alone.

use super::super::{
    StatementError,
    claims::Claims,
    compose::Draft,
    opening::{Disclosed, Shown},
};
use crate::{certificate::declare::words, log::Origin};

pub(super) const CLEAR: [&str; 2] = ["evidence", "concerns"];
pub(super) const SECTIONS: usize = 1;
/// Bytes of a proof at most: two notes of 128 KiB, each line feed of which JSON writes with two bytes, and a proof of
/// consistency leave much of it free. What may stand in it is held narrower where it is verified.
pub const PROOF_BYTES_MAX: usize = 512 * 1024;

words! {
    /// What is proven.
    pub enum EvidenceKind("EVIDENCE_KIND") {
        /// Two heads signed by the log's key that cannot both be true.
        Equivocation = "equivocation",
    }
}

/// Proof of misbehaviour, for everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What is proven.
    pub evidence: EvidenceKind,
    /// Of which log.
    pub concerns: Origin,
    /// The proof, as a file of evidence has it.
    pub proof: String,
}

/// Evidence as presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEvidence {
    /// What is said to be proven.
    pub evidence: EvidenceKind,
    /// Of which log.
    pub concerns: Origin,
    /// The proof, if shown.
    pub proof: Shown<String>,
}

pub(super) fn write(body: &Evidence, draft: &mut Draft) -> Result<(), StatementError> {
    check(&body.proof)?;
    draft.claim("evidence", &body.evidence)?;
    draft.claim("concerns", &body.concerns)?;
    draft.disclose("proof", &body.proof)
}

pub(super) fn read<'a>(
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<OpenedEvidence, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let (evidence, concerns) = (claims.take("evidence")?, claims.take("concerns")?);
    // Without its proof it is no evidence, so nobody may drop it.
    let proof: Shown<String> = disclosed.take("proof", false)?;
    if let Shown::Yes(proof) = &proof {
        check(proof)?;
    }
    Ok(OpenedEvidence { evidence, concerns, proof })
}

fn check(proof: &str) -> Result<(), StatementError> {
    if proof.is_empty() {
        return Err(StatementError::shape("proof", "an empty text proves nothing"));
    }
    StatementError::within("the proof", proof.len(), PROOF_BYTES_MAX)
}
