//! A change of an authority's root key: signed by the old root and by the new one, kept in `root_history`.

use super::{
    Section, TrustError, root_name,
    texts::{has_signed, note_key, whole},
};
use crate::{
    encoding::json::{self, Limits},
    log::{KeyKind, SignedNote, VerifierKey},
    statement::Issuer,
};
use serde::{Deserialize, Serialize};

/// The longest note of a root change, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// The most root changes of an authority: one a year for a working life.
pub(super) const MAX_ROOT_CHANGES: usize = 64;

/// What a root change says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootChangeText {
    /// The authority.
    pub iss: Issuer,
    /// The serial of the first section under the new root.
    #[serde(deserialize_with = "whole")]
    pub serial: u64,
    /// The old root.
    pub from: VerifierKey,
    /// The new root.
    pub to: VerifierKey,
}

/// A root change that both roots signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootChange {
    text: RootChangeText,
    note: SignedNote,
}

impl RootChange {
    /// Reads a note and checks both signatures. The old root's says that the authority wants it; the new
    /// one's, that somebody holds its private key.
    pub fn open(note: &str) -> Result<Self, TrustError> {
        let unread = |problem: String| TrustError::SectionMalformed { iss: "a root change".to_owned(), problem };
        let note = SignedNote::parse_within(note, MAX_BYTES).map_err(|e| unread(e.to_string()))?;
        let limits = Limits { bytes: MAX_BYTES, depth: 1 };
        let text: RootChangeText =
            json::from_slice(note.text().as_bytes(), limits).map_err(|e| unread(e.to_string()))?;
        Self::of(text, note)
    }

    pub(super) fn of(text: RootChangeText, note: SignedNote) -> Result<Self, TrustError> {
        text.check()?;
        for (root, which) in [(&text.from, "old"), (&text.to, "new")] {
            if !has_signed(&note, root)? {
                let problem = format!("the {which} root did not sign the change at serial {}", text.serial);
                return Err(TrustError::RootHistory { iss: text.iss.clone(), problem });
            }
        }
        Ok(Self { text, note })
    }

    /// What it says.
    #[must_use]
    pub const fn text(&self) -> &RootChangeText {
        &self.text
    }

    /// The note; prints as the exact text with its signatures.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }
}

impl RootChangeText {
    pub(super) fn check(&self) -> Result<(), TrustError> {
        let broken = |problem: String| TrustError::RootHistory { iss: self.iss.clone(), problem };
        let name = root_name(&self.iss);
        note_key(&self.from, KeyKind::Ed25519, Some(&name)).map_err(broken)?;
        note_key(&self.to, KeyKind::Ed25519, Some(&name)).map_err(broken)?;
        if self.from.key_bytes() == self.to.key_bytes() {
            return Err(broken("the new root is the old one".to_owned()));
        }
        Ok(())
    }
}

/// Checks that the changes lead, one to the next, to the section's root.
pub(super) fn check_chain(history: &[RootChange], section: &Section) -> Result<(), TrustError> {
    let iss = section.iss();
    let broken = |problem: &str| TrustError::RootHistory { iss: iss.clone(), problem: problem.to_owned() };
    if history.len() > MAX_ROOT_CHANGES {
        return Err(TrustError::TooLarge { what: "changes in `root_history`", limit: MAX_ROOT_CHANGES });
    }
    let Some(last) = history.last() else { return Ok(()) };
    if history.iter().any(|change| change.text.iss != *iss) {
        return Err(broken("a change is another authority's"));
    }
    let linked = history.windows(2).all(|pair| match pair {
        [a, b] => a.text.to == b.text.from && a.text.serial < b.text.serial,
        _ => true,
    });
    if !linked {
        return Err(broken("a change does not begin where the one before it ended"));
    }
    if last.text.to != section.text().root || last.text.serial > section.text().serial {
        return Err(broken("the last change does not lead to this section's root"));
    }
    Ok(())
}

/// Whether `known`, pinned or seen before, is the section's root or leads to it.
pub(super) fn leads_from(known: &VerifierKey, history: &[RootChange], section: &Section) -> bool {
    *known == section.text().root || history.iter().any(|change| change.text.from == *known)
}
