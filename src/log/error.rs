//! What can be wrong with a log's texts, proofs and signatures.

use super::proof::ProofError;
use crate::{
    reason::{Class, Reasoned},
    signature::SignError,
};

/// Why something of a log is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not a host, shard, origin or key name.
    #[error("{text:?} is not {what}: {rule}")]
    Name {
        /// What it should have been.
        what: &'static str,
        /// What it was, shortened.
        text: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// Not the base64 of 32 bytes.
    #[error("not the base64 of a 32-byte hash")]
    Hash,
    /// More than a reader takes; nothing was parsed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What was offered.
        what: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not a C2SP signed note.
    #[error("not a signed note: {0}")]
    Note(&'static str),
    /// Not a C2SP verifier key.
    #[error("not a verifier key: {0}")]
    Key(&'static str),
    /// A key of a type this version does not verify.
    #[error("verifier key {name:?} has type 0x{kind:02x}, which is not supported here")]
    KeyKind {
        /// The key's name.
        name: String,
        /// The type byte.
        kind: u8,
    },
    /// The note has no signature of this key.
    #[error("the note is not signed by {name:?}")]
    NotSigned {
        /// The key's name.
        name: String,
    },
    /// The note has a signature line of this key, and it does not verify.
    #[error("the signature by {name:?} does not verify")]
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// The signed text is not a checkpoint body.
    #[error("not a checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A checkpoint, but of another log than the key's.
    #[error("the checkpoint is of log {found}, not of {expected}")]
    OtherLog {
        /// The key's name.
        expected: String,
        /// The checkpoint's origin.
        found: String,
    },
    /// The Merkle proof fails.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The next tree head does not extend the last one signed: signing it would fork the log.
    #[error("a head of size {next} does not extend the head of size {previous}: {why}")]
    NotAnExtension {
        /// Size of the last head.
        previous: u64,
        /// Size of the refused head.
        next: u64,
        /// What is wrong.
        why: ProofError,
    },
    /// Not a C2SP tlog-proof.
    #[error("not a log proof: {0}")]
    ProofText(&'static str),
    /// Not a C2SP tile or entry bundle path.
    #[error("not a tile path: {0}")]
    TilePath(&'static str),
    /// Not an entry bundle.
    #[error("not an entry bundle: {0}")]
    Bundle(&'static str),
    /// A leaf longer than [`super::MAX_LEAF_BYTES`].
    #[error("a leaf of {0} bytes is too long for this log")]
    LeafTooLong(usize),
    /// The signing key is not available, or signed wrongly; nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl LogError {
    /// A name that breaks a rule; the text is shortened, because it may be anybody's.
    pub(super) fn name(what: &'static str, text: &str, rule: &'static str) -> Self {
        Self::Name { what, text: text.chars().take(64).collect(), rule }
    }
}

impl Reasoned for LogError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Name { .. } => "LOG_NAME_INVALID",
            Self::Hash => "HASH_MALFORMED",
            Self::TooLarge { .. } => "LOG_INPUT_TOO_LARGE",
            Self::Note(_) => "NOTE_MALFORMED",
            Self::Key(_) => "VERIFIER_KEY_MALFORMED",
            Self::KeyKind { .. } => "VERIFIER_KEY_TYPE_UNSUPPORTED",
            Self::NotSigned { .. } => "NOTE_NOT_SIGNED",
            Self::BadSignature { .. } => "NOTE_SIGNATURE_INVALID",
            Self::Checkpoint(_) => "CHECKPOINT_MALFORMED",
            Self::OtherLog { .. } => "CHECKPOINT_OF_ANOTHER_LOG",
            Self::Proof(error) => error.reason(),
            Self::NotAnExtension { .. } => "CHECKPOINT_NOT_AN_EXTENSION",
            Self::ProofText(_) => "LOG_PROOF_MALFORMED",
            Self::TilePath(_) => "TILE_PATH_MALFORMED",
            Self::Bundle(_) => "ENTRY_BUNDLE_MALFORMED",
            Self::LeafTooLong(_) => "LEAF_TOO_LONG",
            Self::Sign(_) => "SIGNING_KEY_UNAVAILABLE",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::NotAnExtension { .. } | Self::Sign(_) => Class::Fatal,
            _ => Class::Reject,
        }
    }
}
