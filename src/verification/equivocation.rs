//! Evidence that a log has shown two histories: two heads signed by its key that cannot both be true.
//!
//! As a file it is JSON, the two notes with the lines of each as they stand, and for heads of different sizes
//! the longer history's prefix, hashes in base64:
//!
//! ```text
//! {"first": "<note>", "second": "<note>", "prefix": null | {"root": "<hash>", "proof": ["<hash>", …]}}
//! ```

use crate::{
    encoding::json::{self, JsonError, Limits},
    log::{
        Hash, LogError, MAX_CHECKPOINT_NOTE_BYTES, MAX_PROOF_HASHES, Origin, ProofError, SignedCheckpoint, SignedNote,
        verify_consistency,
    },
    reason::{Class, Reasoned},
    time::Timestamp,
    trust::TrustList,
};
use serde::Deserialize;

/// Bytes of the longest evidence: two notes, in which JSON may double a byte, and a proof of 44-character hashes.
pub const MAX_EVIDENCE_BYTES: usize = 4 * MAX_CHECKPOINT_NOTE_BYTES + 64 * MAX_PROOF_HASHES;
/// The object, the prefix, its proof.
const DEPTH: usize = 3;

/// Two histories of one log, proven by its own signatures. It exists only where they were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivocation {
    origin: Origin,
    size: u64,
    longer: u64,
    lifting: Option<Lifting>,
}

/// That a person has judged that the log goes on, on the branch that is held here. What is proven stays proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifting {
    /// When.
    pub at: Timestamp,
    /// Why, in that person's words.
    pub reason: String,
}

/// What the longer of two heads of different sizes says the shorter one's root should have been.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    /// The root that the longer history has at the shorter one's size.
    pub root: Hash,
    /// The consistency proof from that root to the longer head.
    pub proof: Vec<Hash>,
}

/// Evidence as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    first: String,
    second: String,
    #[serde(deserialize_with = "json::present")]
    prefix: Option<Prefix>,
}

/// Why two notes are no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvidence {
    /// The file is not JSON with the two notes and the prefix.
    #[error("the evidence cannot be read: {0}")]
    Malformed(JsonError),
    /// A note is not a checkpoint signed by the log's key.
    #[error(transparent)]
    Note(#[from] LogError),
    /// The trust list names no key for the log.
    #[error("the trust list names no key for the log {0}")]
    NoLogKey(Origin),
    /// The notes are of two logs.
    #[error("the notes are of two logs")]
    TwoLogs,
    /// Both notes may be true.
    #[error("the two heads can be of one history")]
    Consistent,
    /// The sizes differ and nothing shows the longer history's root at the shorter size.
    #[error("heads of different sizes are evidence only with the proof that their histories differ")]
    PrefixNeeded,
    /// The proof does not lead to the longer head.
    #[error("the proof does not lead from the prefix to the longer head: {0}")]
    Proof(ProofError),
}

impl Reasoned for NoEvidence {
    fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "EVIDENCE_MALFORMED",
            Self::Note(error) => error.reason(),
            Self::NoLogKey(_) => "LOG_KEY_UNKNOWN",
            Self::TwoLogs => "EVIDENCE_OF_TWO_LOGS",
            Self::Consistent => "EVIDENCE_CONSISTENT",
            Self::PrefixNeeded => "EVIDENCE_PREFIX_NEEDED",
            Self::Proof(error) => error.reason(),
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

impl Equivocation {
    /// Proves what a file of evidence shows.
    pub fn read(trust: &TrustList, text: &[u8]) -> Result<Self, NoEvidence> {
        let (first, second, prefix) = Self::parts(text)?;
        Self::prove(trust, &first, &second, prefix.as_ref())
    }

    /// What a file of evidence shows, unproven: the two notes, and what goes with notes of different sizes.
    pub fn parts(text: &[u8]) -> Result<(String, String, Option<Prefix>), NoEvidence> {
        let limits = Limits { bytes: MAX_EVIDENCE_BYTES, depth: DEPTH };
        let Presented { first, second, prefix } = json::from_slice(text, limits).map_err(NoEvidence::Malformed)?;
        Ok((first, second, prefix))
    }

    /// Proves that the key of one log signed both notes and that they tell two histories: one size with two
    /// roots, or a prefix of the longer one that is not the shorter one.
    pub fn prove(trust: &TrustList, first: &str, second: &str, prefix: Option<&Prefix>) -> Result<Self, NoEvidence> {
        let (first, second) = (open(trust, first)?, open(trust, second)?);
        let (first, second) = (first.checkpoint(), second.checkpoint());
        if first.origin != second.origin {
            return Err(NoEvidence::TwoLogs);
        }
        let (short, long) = if first.head.size <= second.head.size { (first, second) } else { (second, first) };
        let (origin, size, longer) = (short.origin.clone(), short.head.size, long.head.size);
        let found = Self { origin, size, longer, lifting: None };
        if short.head.size == long.head.size {
            return if short.head.root == long.head.root { Err(NoEvidence::Consistent) } else { Ok(found) };
        }
        let prefix = prefix.ok_or(NoEvidence::PrefixNeeded)?;
        verify_consistency(short.head.size, long.head.size, &prefix.root, &long.head.root, &prefix.proof)
            .map_err(NoEvidence::Proof)?;
        if prefix.root == short.head.root { Err(NoEvidence::Consistent) } else { Ok(found) }
    }

    /// The same as a person has lifted it.
    #[must_use]
    pub fn lifted(self, lifting: Lifting) -> Self {
        Self { lifting: Some(lifting), ..self }
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The size of the shorter of the two heads: the histories parted at or before it. What a quorum cosigned below it
    /// stays good.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The size of the longer.
    #[must_use]
    pub const fn longer(&self) -> u64 {
        self.longer
    }

    /// What is proven, in words that go on from "two histories".
    #[must_use]
    pub fn parted(&self) -> String {
        parted(self.size, self.longer)
    }
}

/// Where the histories of two heads parted, which is all that the heads prove.
#[must_use]
pub fn parted(shorter: u64, longer: u64) -> String {
    format!("that parted at or before size {shorter} (heads of sizes {shorter} and {longer})")
}

/// The proof of two histories of a log that was found at the least size, of what nobody has lifted.
pub(super) fn frozen<'a>(known: &'a [Equivocation], origin: &Origin) -> Option<&'a Equivocation> {
    let found = known.iter().filter(|found| found.origin == *origin && found.lifting.is_none());
    found.min_by_key(|found| found.size)
}

/// What a person has lifted of a log, in words; none where nothing was.
pub(super) fn lifted(known: &[Equivocation], origin: &Origin) -> Option<String> {
    let lifted = known.iter().filter(|found| found.origin == *origin);
    let mut lifted = lifted.filter_map(|found| Some((found, found.lifting.as_ref()?))).collect::<Vec<_>>();
    lifted.sort_by_key(|(_, lifting)| lifting.at);
    let said = lifted.into_iter().map(|(found, Lifting { at, reason })| {
        let parted = found.parted();
        format!(
            "{origin} showed two histories {parted}. A person has lifted that here on {at}, with the reason \"{reason}\"."
        )
    });
    Some(said.collect::<Vec<_>>().join(" ")).filter(|said| !said.is_empty())
}

/// What is said of the history of a log of which nothing is known that nobody has lifted.
pub(super) fn told(known: &[Equivocation], origin: &Origin) -> String {
    match lifted(known, origin) {
        Some(said) => format!("{said} The branch that is held here is taken as the log's history."),
        None => format!("No second history of {origin} is known here."),
    }
}

/// The note says itself which log it is of; the key is that log's in the trust list.
fn open(trust: &TrustList, note: &str) -> Result<SignedCheckpoint, NoEvidence> {
    let note = SignedNote::parse(note)?;
    let origin: Origin = note.text().lines().next().unwrap_or_default().parse()?;
    let key = trust.log_key(&origin).ok_or(NoEvidence::NoLogKey(origin))?;
    Ok(SignedCheckpoint::of(note, &key)?)
}
