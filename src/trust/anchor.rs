//! What a verifier pins before it believes any list: the signers, k, and roots of authorities it knows.

use super::{
    TrustError, root_name,
    texts::{at_most, check_quorum, note_key, twice},
};
use crate::{
    log::{KeyKind, VerifierKey},
    statement::Issuer,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest anchor file, in bytes.
pub const MAX_ANCHOR_BYTES: usize = 256 * 1024;
/// The most signers of a federation.
pub(super) const MAX_SIGNERS: usize = 64;
/// The most roots an anchor pins: one for each section a list may have.
const MAX_ROOTS: usize = super::list::MAX_SECTIONS;

/// Signers and k, and optionally root keys by authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    signers: Vec<VerifierKey>,
    k: u32,
    roots: BTreeMap<Issuer, VerifierKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    k: u32,
    signers: Vec<VerifierKey>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roots: BTreeMap<Issuer, VerifierKey>,
}

impl Anchor {
    /// Pins `k` of these signers, and these roots.
    pub fn new(k: u32, signers: Vec<VerifierKey>, roots: BTreeMap<Issuer, VerifierKey>) -> Result<Self, TrustError> {
        at_most("signers of an anchor", &signers, MAX_SIGNERS)?;
        if roots.len() > MAX_ROOTS {
            return Err(TrustError::TooLarge { what: "roots of an anchor", limit: MAX_ROOTS });
        }
        check_signers(&signers).map_err(TrustError::AnchorMalformed)?;
        check_quorum(k, &signers)?;
        for (iss, root) in &roots {
            note_key(root, KeyKind::Ed25519, Some(&root_name(iss))).map_err(TrustError::AnchorMalformed)?;
        }
        Ok(Self { signers, k, roots })
    }

    /// Reads an anchor file.
    pub fn from_toml(text: &str) -> Result<Self, TrustError> {
        if text.len() > MAX_ANCHOR_BYTES {
            return Err(TrustError::TooLarge { what: "bytes of an anchor", limit: MAX_ANCHOR_BYTES });
        }
        let file: File = toml::from_str(text).map_err(|e| TrustError::AnchorMalformed(e.to_string()))?;
        Self::new(file.k, file.signers, file.roots)
    }

    /// Writes an anchor file that explains itself and reads back to the same anchor.
    pub fn to_toml(&self) -> Result<String, TrustError> {
        let file = File { k: self.k, signers: self.signers.clone(), roots: BTreeMap::new() };
        let problem = |e: toml::ser::Error| TrustError::AnchorMalformed(e.to_string());
        let signers = toml::to_string_pretty(&file).map_err(problem)?;
        let mut text = format!(
            "# What this verifier believes before it reads any trust list. Compare it with the federation by another\n\
             # road (telephone, paper) before you use it.\n\
             #\n\
             # A trust list counts when `k` of these `signers` signed it.\n\
             {signers}"
        );
        if !self.roots.is_empty() {
            let roots = toml::to_string(&self.roots).map_err(problem)?;
            text.push_str(
                "\n# Root keys known already: another root is believed only if this one signed the change, whoever\n\
                 # signs the list.\n[roots]\n",
            );
            text.push_str(&roots);
        }
        Ok(text)
    }

    /// The signers.
    #[must_use]
    pub fn signers(&self) -> &[VerifierKey] {
        &self.signers
    }

    /// How many of them must sign.
    #[must_use]
    pub const fn k(&self) -> u32 {
        self.k
    }

    /// The root keys pinned.
    #[must_use]
    pub const fn roots(&self) -> &BTreeMap<Issuer, VerifierKey> {
        &self.roots
    }
}

/// Signers are note keys with names and keys of their own, so that each counts once.
pub(super) fn check_signers(signers: &[VerifierKey]) -> Result<(), String> {
    for signer in signers {
        note_key(signer, KeyKind::Ed25519, None)?;
        signer.name().parse::<super::SignerName>().map_err(|e| e.to_string())?;
    }
    if let Some(name) = twice(signers.iter().map(VerifierKey::name)) {
        return Err(format!("two signers are named `{name}`"));
    }
    if twice(signers.iter().map(VerifierKey::key_bytes)).is_some() {
        return Err("one key stands under two signers".to_owned());
    }
    Ok(())
}
