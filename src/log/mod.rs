//! The append-only Merkle log of one authority to one addressee: hashes, proofs, tiles, notes, checkpoints and cosignatures.
//!
//! What always holds: hashing is RFC 6962 with SHA-256; whatever is parsed is bounded first and prints back to the very
//! bytes it came from; a signature is checked strictly over the exact text; a checkpoint can be signed only from an
//! [`Extension`], which exists only where one tree head provably extends another. The texts are those of C2SP:
//! `signed-note`, `tlog-checkpoint`, `tlog-cosignature` (v1), `tlog-proof`, `tlog-tiles`, `tlog-policy`.
//! Not its business: what an entry says, who may sign, where hashes are kept (see [`HashReader`]), and any I/O.

mod any_log;
mod checkpoint;
mod error;
mod extension;
mod hash;
mod inclusion;
mod levels;
mod note;
mod origin;
mod policy;
mod proof;
mod roundness;
mod text;
pub mod tile;
mod tree;
mod verifier_key;

pub use any_log::{AnyCheckpoint, LogName};
pub use checkpoint::{Checkpoint, Cosignature, MAX_TREE_SIZE, SignedCheckpoint, TreeHead, cosign, size_in};
pub use error::LogError;
pub use extension::{Extension, sign_checkpoint};
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, leaf_hash, node_hash};
pub use inclusion::{LogProof, MAX_LOG_PROOF_BYTES};
pub use levels::{Levels, NotHeld};
pub use note::{MAX_CHECKPOINT_NOTE_BYTES, MAX_NOTE_SIGNATURES, NoteSignature, SignedNote, sign_note};
pub use origin::{Host, Origin, Shard};
pub use policy::{Policy, PolicyBuilder, PolicyFault, Quorum, Rule, Witness};
pub use proof::{
    MAX_PROOF_HASHES, ProofError, ReadError, consistency_proof, inclusion_proof, path_in, verify_consistency,
    verify_inclusion,
};
pub use roundness::roundness;
pub use tree::{Frontier, HashReader, root, root_of};
pub use verifier_key::{KeyKind, MAX_KEY_NAME_BYTES, VerifierKey};

/// The longest leaf, in bytes: a statement's JWT is no longer (verifier order, step 1).
pub const MAX_LEAF_BYTES: usize = 4096;
