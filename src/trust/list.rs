//! The trust list: a note of JSON, signed by k of n, that says who may sign what, where in which log.

use super::{
    Anchor, Closing, Cosigning, Node, NodeName, RootChange, Section, TrustError, admission, continuity,
    cosigning::Policies,
    root_change::leads_from,
    texts::{instant, signed_by, whole},
};
use crate::{
    certificate::Country,
    encoding::json::{self, Limits},
    log::{Hash, NoteSignature, Origin, SignedCheckpoint, SignedNote, TreeHead, VerifierKey},
    statement::{Issuer, Kid},
    time::{Timestamp, ZoneName},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The longest trust list, in bytes of its note: about 4,000 sections of 4 kB.
pub const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
/// The most sections.
pub(super) const MAX_SECTIONS: usize = 4096;
/// Object, list, object, list: `root_history` inside a section's entry.
const DEPTH: usize = 4;

/// What a list says; the shape is closed and every member is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListText {
    /// Rises with every list.
    #[serde(deserialize_with = "whole")]
    pub version: u64,
    /// When it was made.
    #[serde(with = "instant")]
    pub issued: Timestamp,
    /// Past this instant nobody can say whether it still holds, and nothing is VALID.
    #[serde(with = "instant")]
    pub next_update: Timestamp,
    /// How many of the signers must sign.
    pub k: u32,
    /// The federation's signers.
    pub signers: Vec<VerifierKey>,
    /// The authorities' own sections.
    pub sections: Vec<SectionEntry>,
    /// Keys that count no longer, and up to where they did.
    pub closings: Vec<Closing>,
    /// Logs that are closed, with their sizes for ever.
    pub shards: Vec<ShardEnd>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Which authority is the addressee for a country; a country that is not named has no node yet.
    pub addressees: BTreeMap<Country, Issuer>,
    /// Who must cosign.
    pub cosigning: Cosigning,
}

/// A section as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionEntry {
    /// The section's note, exactly.
    pub note: String,
    /// The notes of its root changes, the oldest first.
    pub root_history: Vec<String>,
}

/// The final size of a closed log; entries beyond it are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardEnd {
    /// The log.
    pub origin: Origin,
    /// Its size when it was closed.
    #[serde(deserialize_with = "whole")]
    pub final_size: u64,
}

/// An authority as an accepted list knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) section: Section,
    pub(super) history: Vec<RootChange>,
    pub(super) closings: BTreeMap<Kid, Vec<Closing>>,
}

/// A trust list that was accepted: under its anchor, and as a successor of the one known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustList {
    pub(super) text: ListText,
    /// The exact JSON that is signed, with its final newline.
    pub(super) json: String,
    pub(super) signatures: Vec<NoteSignature>,
    pub(super) authorities: BTreeMap<Issuer, Authority>,
    pub(super) shards: BTreeMap<Origin, u64>,
    pub(super) nodes: BTreeMap<NodeName, usize>,
    pub(super) policies: Policies,
}

impl ListText {
    /// Reads the JSON, strictly. No rule but the shape is checked.
    pub(super) fn from_json(text: &str) -> Result<Self, TrustError> {
        let limits = Limits { bytes: MAX_LIST_BYTES, depth: DEPTH };
        json::from_slice(text.as_bytes(), limits).map_err(|e| TrustError::ListMalformed(e.to_string()))
    }
}

/// Whether a list still holds at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The next one is not yet due.
    Current,
    /// The next one was due at this instant: what the list says is unknown by now, and nothing is VALID.
    Stale {
        /// `next_update`.
        since: Timestamp,
    },
}

impl TrustList {
    /// Accepts a list, or says why not.
    ///
    /// The signatures asked for are k of the signers known before, and k of the list's own: the same check
    /// twice, unless signers change. Known before are those of `known`, the list this node accepted last;
    /// without one, those of the anchor. The anchor's roots hold in either case.
    pub fn open(note: &str, anchor: &Anchor, known: Option<&Self>) -> Result<Self, TrustError> {
        if note.len() > MAX_LIST_BYTES {
            return Err(TrustError::TooLarge { what: "bytes of a trust list", limit: MAX_LIST_BYTES });
        }
        let note =
            SignedNote::parse_within(note, MAX_LIST_BYTES).map_err(|e| TrustError::ListMalformed(e.to_string()))?;
        // Before the JSON is looked at: text that nobody believed in signed is not worth reading.
        let (signers, k, whose) = match known {
            Some(known) => (known.text.signers.as_slice(), known.text.k, "the signers of the list before"),
            None => (anchor.signers(), anchor.k(), "the anchor's signers"),
        };
        enough(&note, signers, k, whose)?;
        let text = ListText::from_json(note.text())?;
        admission::signers(&text)?;
        enough(&note, &text.signers, text.k, "its own signers")?;
        let list = Self::admit(text, note.text().to_owned(), note.signatures().to_vec())?;
        for (iss, root) in anchor.roots() {
            let authority = list.authorities.get(iss);
            if authority.is_some_and(|a| !leads_from(root, &a.history, &a.section)) {
                return Err(TrustError::RootUnchained(iss.clone()));
            }
        }
        if let Some(known) = known {
            continuity::check(&list, known)?;
        }
        Ok(list)
    }

    /// Every rule that a list can be held to alone, whoever signed it.
    pub(super) fn admit(text: ListText, json: String, signatures: Vec<NoteSignature>) -> Result<Self, TrustError> {
        let authorities = admission::authorities(&text)?;
        let shards = text.shards.iter().map(|end| (end.origin.clone(), end.final_size)).collect();
        let nodes = text.nodes.iter().enumerate().map(|(i, node)| (node.name.clone(), i)).collect();
        let list = Self { text, json, signatures, authorities, shards, nodes, policies: Policies::default() };
        admission::check(&list)?;
        Ok(list)
    }

    /// What it says.
    #[must_use]
    pub const fn text(&self) -> &ListText {
        &self.text
    }

    /// The signatures, in the order of the note.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// SHA-256 of the signed text's bytes.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash(Sha256::digest(self.json.as_bytes()).into())
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.text.version
    }

    /// When the next one is due.
    #[must_use]
    pub const fn next_update(&self) -> Timestamp {
        self.text.next_update
    }

    /// Whether it still holds at this instant. A list made after the instant holds: it knows more, not less.
    #[must_use]
    pub fn freshness(&self, at: Timestamp) -> Freshness {
        let since = self.text.next_update;
        if at <= since { Freshness::Current } else { Freshness::Stale { since } }
    }

    /// The sections, by authority.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.authorities.values().map(|authority| &authority.section)
    }

    /// The section of an authority.
    #[must_use]
    pub fn section(&self, iss: &Issuer) -> Option<&Section> {
        self.authorities.get(iss).map(|authority| &authority.section)
    }

    /// The authority whose log this is.
    #[must_use]
    pub fn issuer_of(&self, origin: &Origin) -> Option<&Issuer> {
        let iss = Issuer::new(origin.host().clone());
        self.authorities.get_key_value(&iss).map(|(iss, _)| iss)
    }

    /// The verifier key of a log.
    #[must_use]
    pub fn log_key(&self, origin: &Origin) -> Option<VerifierKey> {
        self.section(self.issuer_of(origin)?)?.log_key(origin)
    }

    /// The head of a note that is signed with the key that the list names for the log.
    #[must_use]
    pub fn signed_head(&self, origin: &Origin, note: &str) -> Option<TreeHead> {
        let signed = SignedCheckpoint::open(note, &self.log_key(origin)?).ok()?;
        Some(signed.checkpoint().head)
    }

    /// The authority to which statements for this country are addressed; none where it has no node yet.
    #[must_use]
    pub fn authority_for(&self, country: &Country) -> Option<&Issuer> {
        self.text.addressees.get(country)
    }

    /// The country of an authority.
    #[must_use]
    pub fn country(&self, iss: &Issuer) -> Option<Country> {
        self.section(iss).map(|section| section.text().country)
    }

    /// The time zone of an authority's civil dates.
    #[must_use]
    pub fn time_zone(&self, iss: &Issuer) -> Option<&ZoneName> {
        self.section(iss).map(|section| &section.text().time_zone)
    }

    /// The final size of a closed log; none while it is open.
    #[must_use]
    pub fn shard_final_size(&self, origin: &Origin) -> Option<u64> {
        self.shards.get(origin).copied()
    }

    /// Whether a log is closed: it takes nothing more, and what its entries are from its final size on is nobody's question.
    #[must_use]
    pub fn is_closed(&self, origin: &Origin) -> bool {
        self.shards.contains_key(origin)
    }

    /// Whether an entry stands beyond the final size of its log: then it is void.
    #[must_use]
    pub fn is_void(&self, origin: &Origin, index: u64) -> bool {
        self.shard_final_size(origin).is_some_and(|last| index >= last)
    }

    /// The closed logs of the same authority to the same addressee that come before a log, with their final sizes, by
    /// their shards.
    #[must_use]
    pub fn closed_before(&self, origin: &Origin) -> Vec<(Origin, u64)> {
        let before = |log: &Origin| {
            log.host() == origin.host() && log.addressee() == origin.addressee() && log.shard() < origin.shard()
        };
        let mut closed = self.shards.iter().filter(|(log, _)| before(log)).collect::<Vec<_>>();
        closed.sort_by_key(|(log, _)| log.shard());
        closed.into_iter().map(|(log, size)| (log.clone(), *size)).collect()
    }

    /// Whether `later` may speak of certificates of `log`: it is the log itself, or, once that is closed, a later one of
    /// the same authority to the same addressee.
    #[must_use]
    pub fn speaks_for(&self, later: &Origin, log: &Origin) -> bool {
        later == log
            || (self.shard_final_size(log).is_some()
                && later.host() == log.host()
                && later.addressee() == log.addressee()
                && later.shard() > log.shard())
    }

    /// A node by name.
    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.nodes.get(name).and_then(|i| self.text.nodes.get(*i))
    }

    /// The node that hosts an authority.
    #[must_use]
    pub fn node_of(&self, iss: &Issuer) -> Option<&Node> {
        self.node(self.section(iss)?.text().node.as_ref()?)
    }

    /// The anchor that follows from this list: its signers and k, and every root it knows. Installed beside
    /// the list, it makes a node refuse an unchained root from then on.
    pub fn anchor(&self) -> Result<Anchor, TrustError> {
        let roots = self.sections().map(|s| (s.iss().clone(), s.text().root.clone())).collect();
        Anchor::new(self.text.k, self.text.signers.clone(), roots)
    }
}

/// The exact note, as it was opened.
impl std::fmt::Display for TrustList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.json)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn enough(note: &SignedNote, signers: &[VerifierKey], k: u32, whose: &'static str) -> Result<(), TrustError> {
    let found = signed_by(note, signers)?;
    if usize::try_from(k).is_ok_and(|k| found >= k) {
        Ok(())
    } else {
        Err(TrustError::NotEnoughSignatures { whose, found, needed: k })
    }
}
