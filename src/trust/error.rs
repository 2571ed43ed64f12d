//! Why an anchor, a section or a trust list is refused.

use crate::{
    log::Origin,
    reason::{Class, Reasoned},
    signature::SignError,
    statement::{Issuer, Kid},
};

/// A refusal. Nothing of a refused document is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A document, or a list inside it, is larger than its limit.
    #[error("{what}: more than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit: bytes of a document, elements of a list.
        limit: usize,
    },
    /// The anchor file cannot be read.
    #[error("the anchor: {0}")]
    AnchorMalformed(String),
    /// The list is not a signed note of strict JSON of the list's shape.
    #[error("the trust list: {0}")]
    ListMalformed(String),
    /// A section is not a signed note of strict JSON of the section's shape.
    #[error("section of {iss}: {problem}")]
    SectionMalformed {
        /// Whose, as far as it could be read.
        iss: String,
        /// What is wrong.
        problem: String,
    },
    /// Two disjoint groups could each sign a list: k must be more than half of the signers.
    #[error("{k} of {n} signers: k must be at most n and more than half of it (two partners alone: 2 of 2)")]
    UnsafeQuorum {
        /// Signatures asked for.
        k: u32,
        /// Signers.
        n: usize,
    },
    /// Too few of the signers signed.
    #[error("{found} of the {needed} signatures needed from {whose}")]
    NotEnoughSignatures {
        /// Whose signers: the anchor's, the list before, or the list itself.
        whose: &'static str,
        /// Valid signatures found.
        found: usize,
        /// Valid signatures needed.
        needed: u32,
    },
    /// A signature by a key that is known does not verify; the note was altered.
    #[error("the signature of `{0}` does not verify")]
    BadSignature(String),
    /// `next_update` is not after `issued`.
    #[error("`next_update` is not after `issued`")]
    Dates,
    /// The list is older than one this node accepted.
    #[error("version {found} is older than version {known}, which was accepted before")]
    RolledBack {
        /// The version accepted before.
        known: u64,
        /// The version offered.
        found: u64,
    },
    /// Another list of the same version was accepted before.
    #[error("two different lists of version {0}: report both to the federation")]
    Forked(u64),
    /// Two sections of one authority.
    #[error("two sections of {0}")]
    SectionTwice(Issuer),
    /// An authority that was listed is gone; the federation closes keys, it does not remove sections.
    #[error("the section of {0} was removed; keys are closed, sections are not removed")]
    SectionRemoved(Issuer),
    /// The section is older than one this node accepted.
    #[error("section of {iss}: serial {found} is older than {known}, which was accepted before")]
    SectionRolledBack {
        /// Whose.
        iss: Issuer,
        /// The serial accepted before.
        known: u64,
        /// The serial offered.
        found: u64,
    },
    /// Another section of the same serial was accepted before.
    #[error("section of {iss}: two different texts under serial {serial}")]
    SectionForked {
        /// Whose.
        iss: Issuer,
        /// The serial.
        serial: u64,
    },
    /// The root is not the one pinned or seen before, and no chain of old roots' signatures leads to it.
    #[error("section of {0}: its root key is not the one known, and the old root did not sign the change")]
    RootUnchained(Issuer),
    /// The chain of root changes is broken in itself.
    #[error("section of {iss}: `root_history`: {problem}")]
    RootHistory {
        /// Whose.
        iss: Issuer,
        /// What is wrong.
        problem: String,
    },
    /// One public key is listed for two uses.
    #[error("one key for two uses: {first} and {second}")]
    KeyReused {
        /// One use.
        first: String,
        /// The other.
        second: String,
    },
    /// One key id names two keys of an issuer.
    #[error("{iss}: key id `{kid}` names two keys; it is unique to an issuer for ever")]
    KidReused {
        /// Whose.
        iss: Issuer,
        /// The key id.
        kid: Kid,
    },
    /// A key that was listed is gone.
    #[error("{iss}: the key {key} was removed; a key is closed, not removed, or what it signed could not be verified")]
    KeyRemoved {
        /// Whose.
        iss: Issuer,
        /// The key id or the shard.
        key: String,
    },
    /// A closing, a shard's end or a `from` names something that is not there.
    #[error("{what}: {problem}")]
    Dangling {
        /// What names it.
        what: String,
        /// What is not there.
        problem: String,
    },
    /// Authorities that only rehearse stand beside one that does not.
    #[error(
        "{rehearsal} only rehearses and {other} does not: a list has one or the other, or a rehearsal is taken for real"
    )]
    RehearsalMixed {
        /// One that rehearses.
        rehearsal: Issuer,
        /// One that does not.
        other: Issuer,
    },
    /// A closed key was opened again.
    #[error("{iss}: the closed key `{kid}` was opened again")]
    Reopened {
        /// Whose.
        iss: Issuer,
        /// The key id.
        kid: Kid,
    },
    /// The final size of a closed shard changed or vanished.
    #[error("the final size of the closed log {0} changed")]
    ShardChanged(Origin),
    /// A node's entry is wrong.
    #[error("node `{name}`: {problem}")]
    Node {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The cosigning policy cannot be met by those it counts on.
    #[error("cosigning: {0}")]
    Cosigning(String),
    /// Two partial lists do not have the same text, byte for byte.
    #[error("the two drafts are not the same text; sign and merge copies of one draft")]
    OtherText,
    /// The signer is not one of those the document names.
    #[error("`{0}` is not the key that this document names")]
    OtherSigner(String),
    /// The signing key failed; nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Reasoned for TrustError {
    fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "TRUST_TOO_LARGE",
            Self::AnchorMalformed(_) => "ANCHOR_MALFORMED",
            Self::ListMalformed(_) => "TRUST_MALFORMED",
            Self::SectionMalformed { .. } => "SECTION_MALFORMED",
            Self::UnsafeQuorum { .. } => "TRUST_QUORUM_UNSAFE",
            Self::NotEnoughSignatures { .. } => "TRUST_NOT_ENOUGH_SIGNATURES",
            Self::BadSignature(_) => "TRUST_BAD_SIGNATURE",
            Self::Dates => "TRUST_DATES",
            Self::RolledBack { .. } => "TRUST_ROLLED_BACK",
            Self::Forked(_) => "TRUST_FORKED",
            Self::SectionTwice(_) => "SECTION_TWICE",
            Self::SectionRemoved(_) => "SECTION_REMOVED",
            Self::SectionRolledBack { .. } => "SECTION_ROLLED_BACK",
            Self::SectionForked { .. } => "SECTION_FORKED",
            Self::RootUnchained(_) => "ROOT_UNCHAINED",
            Self::RootHistory { .. } => "ROOT_HISTORY_BROKEN",
            Self::KeyReused { .. } => "KEY_REUSED",
            Self::KidReused { .. } => "KID_REUSED",
            Self::KeyRemoved { .. } => "KEY_REMOVED",
            Self::Dangling { .. } => "TRUST_DANGLING",
            Self::RehearsalMixed { .. } => "TRUST_REHEARSAL_MIXED",
            Self::Reopened { .. } => "KEY_REOPENED",
            Self::ShardChanged(_) => "SHARD_CHANGED",
            Self::Node { .. } => "NODE_MALFORMED",
            Self::Cosigning(_) => "COSIGNING_UNREACHABLE",
            Self::OtherText => "TRUST_OTHER_TEXT",
            Self::OtherSigner(_) => "TRUST_OTHER_SIGNER",
            Self::Sign(_) => "KEY_UNAVAILABLE",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Sign(_) => Class::Retry,
            _ => Class::Reject,
        }
    }
}
