//! The one error of this room.

use crate::{
    encoding::json::JsonError,
    reason::{Class, Reasoned},
    signature::SignError,
    time::NoRandomness,
};

/// Why a statement, status list or bundle could not be made or was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A part is longer than its limit; checked before anything is parsed.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Bytes seen: a reader that was cut off saw no more.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More disclosures than a presentation may carry.
    #[error("{found} disclosures are more than {limit}")]
    TooManyDisclosures {
        /// Disclosures found.
        found: usize,
        /// Disclosures allowed.
        limit: usize,
    },
    /// Not `<header>.<payload>.<signature>~<disclosure>~…~`.
    #[error("not an SD-JWT: {0}")]
    NotAToken(&'static str),
    /// A part is not unpadded base64url with zero tail bits.
    #[error("{0} is not strict base64url")]
    NotBase64Url(&'static str),
    /// A part is not JSON, nests too deep, has two members of one name, or bytes after its end.
    #[error("{what} is not strict JSON: {why}")]
    NotStrictJson {
        /// Which part.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// Not `CO1:` and a COSE_Sign1 of a certificate.
    #[error("not a stamp: {0}")]
    NotAStamp(&'static str),
    /// A part is not CBOR in its one spelling: an indefinite length, a key twice or out of order, bytes after its end.
    #[error("{what} is not strict CBOR: {why}")]
    NotStrictCbor {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The `typ` of the header is another than the one this kind of token has.
    #[error("`typ` is not `{expected}`")]
    WrongType {
        /// The only value accepted.
        expected: &'static str,
    },
    /// The `alg` of the header is neither `EdDSA` nor `Ed25519`.
    #[error("`alg` is neither `EdDSA` nor `Ed25519`")]
    WrongAlgorithm,
    /// The header has a member besides `alg`, `kid` and `typ` (`crit`, `b64`, `jku`, `x5u`, `jwk`, …).
    #[error("header member `{0}` is refused: only `alg`, `kid` and `typ` are allowed")]
    HeaderMemberRefused(String),
    /// The signature is not the key's signature of these bytes.
    #[error("the signature does not verify")]
    BadSignature,
    /// `_sd_alg` is absent or not `sha-256`.
    #[error("`_sd_alg` is not `sha-256`")]
    UnknownDigestAlgorithm,
    /// One digest stands in two places, or one disclosure was given twice.
    #[error("a digest occurs twice")]
    DuplicateDigest,
    /// A disclosure that no digest refers to.
    #[error("disclosure {0} is referred to by no digest")]
    UnreferencedDisclosure(usize),
    /// A disclosure under `_sd` has not 3 elements, or one under `...` has not 2.
    #[error("disclosure {0} has a wrong number of elements")]
    WrongArity(usize),
    /// A disclosed claim is named `_sd` or `...`.
    #[error("a disclosed claim is named `{0}`")]
    ReservedName(String),
    /// Digests inside a disclosed value or a clear claim, where none belong.
    #[error("digests are nested in `{0}`")]
    NestedDigests(String),
    /// Two claims of one name, clear or disclosed.
    #[error("claim `{0}` occurs twice, clear or disclosed")]
    ClaimCollision(String),
    /// A claim that must stand in the clear is disclosed instead.
    #[error("claim `{0}` must stand in the clear")]
    MustBeClear(String),
    /// A disclosed claim that the kind does not have.
    #[error("disclosed claim `{0}` does not belong to this kind of statement")]
    UnknownDisclosure(String),
    /// A salt of fewer than 22 base64url characters.
    #[error("the salt of disclosure {0} is not at least 22 base64url characters")]
    WeakSalt(usize),
    /// A `vct` that names no kind of version 1.
    #[error("`{0}` names no kind of statement known here")]
    UnknownKind(String),
    /// A clear claim that the kind does not have.
    #[error("clear claim `{0}` does not belong to this kind of statement")]
    UnknownClaim(String),
    /// A clear claim of the kind is absent.
    #[error("clear claim `{0}` is absent")]
    MissingClaim(&'static str),
    /// A claim or section has another shape than its kind fixes (type, unknown or absent member, value).
    #[error("`{what}` has not the shape of its kind: {why}")]
    WrongShape {
        /// The claim, section or document.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The holder may not drop this section.
    #[error("`{0}` cannot be dropped from a copy")]
    NotRedactable(&'static str),
    /// The status list does not inflate to exactly its size.
    #[error("the status list does not inflate to {0} bytes exactly")]
    BadStatusList(usize),
    /// A status index beyond the list.
    #[error("status index {0} is beyond the list")]
    StatusIndex(u32),
    /// A status value without a meaning.
    #[error("status value {0} has no meaning here")]
    StatusValue(u8),
    /// The status path does not lead from the list to the root.
    #[error("the status path does not lead from the list to the root of the lists")]
    BadStatusPath,
    /// No salts could be drawn; nothing was composed.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The signer could not sign; nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl StatementError {
    pub(super) fn shape(what: impl Into<String>, why: impl ToString) -> Self {
        Self::WrongShape { what: what.into(), why: why.to_string() }
    }

    pub(super) fn json(what: &'static str, error: JsonError) -> Self {
        match error {
            JsonError::TooLarge { found, limit } => Self::TooLarge { what, found, limit },
            JsonError::Malformed(why) => Self::NotStrictJson { what, why },
        }
    }

    pub(super) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Self> {
        if found > limit { Err(Self::TooLarge { what, found, limit }) } else { Ok(()) }
    }
}

impl Reasoned for StatementError {
    fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "STATEMENT_TOO_LARGE",
            Self::TooManyDisclosures { .. } => "TOO_MANY_DISCLOSURES",
            Self::NotAToken(_) => "NOT_A_TOKEN",
            Self::NotBase64Url(_) => "NOT_BASE64URL",
            Self::NotStrictJson { .. } => "NOT_STRICT_JSON",
            Self::NotAStamp(_) => "NOT_A_STAMP",
            Self::NotStrictCbor { .. } => "NOT_STRICT_CBOR",
            Self::WrongType { .. } => "WRONG_TYP",
            Self::WrongAlgorithm => "WRONG_ALG",
            Self::HeaderMemberRefused(_) => "HEADER_MEMBER_REFUSED",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::UnknownDigestAlgorithm => "UNKNOWN_SD_ALG",
            Self::DuplicateDigest => "DUPLICATE_DIGEST",
            Self::UnreferencedDisclosure(_) => "UNREFERENCED_DISCLOSURE",
            Self::WrongArity(_) => "DISCLOSURE_ARITY",
            Self::ReservedName(_) => "RESERVED_CLAIM_NAME",
            Self::NestedDigests(_) => "NESTED_DIGESTS",
            Self::ClaimCollision(_) => "CLAIM_COLLISION",
            Self::MustBeClear(_) => "CLAIM_MUST_BE_CLEAR",
            Self::UnknownDisclosure(_) => "UNKNOWN_DISCLOSURE",
            Self::WeakSalt(_) => "WEAK_SALT",
            Self::UnknownKind(_) => "UNKNOWN_KIND",
            Self::UnknownClaim(_) => "UNKNOWN_CLAIM",
            Self::MissingClaim(_) => "MISSING_CLAIM",
            Self::WrongShape { .. } => "WRONG_SHAPE",
            Self::NotRedactable(_) => "NOT_REDACTABLE",
            Self::BadStatusList(_) => "BAD_STATUS_LIST",
            Self::StatusIndex(_) => "STATUS_INDEX_OUT_OF_RANGE",
            Self::StatusValue(_) => "STATUS_VALUE_UNKNOWN",
            Self::BadStatusPath => "BAD_STATUS_PATH",
            Self::NoRandomness(_) => "NO_RANDOMNESS",
            Self::Sign(_) => "SIGNING_KEY_UNAVAILABLE",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::NoRandomness(_) => Class::Fatal,
            Self::Sign(_) => Class::Retry,
            _ => Class::Reject,
        }
    }
}
