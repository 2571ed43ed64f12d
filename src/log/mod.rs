//! The append-only Merkle log of one authority to one addressee: hashes, proofs, tiles, notes, checkpoints and cosignatures.
