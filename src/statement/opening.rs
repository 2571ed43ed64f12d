//! Verifier steps 8 and 9: digests against disclosures, then the closed shape of the kind.

use super::{
    Envelope, OpenedBody, Presentation, StatementError,
    claims::{Claims, typed},
    compose::{DIGEST_ALGORITHM, digest_of},
    kinds,
    presentation::{Disclosure, ENVELOPE_CLAIMS},
};
use crate::encoding::{base64, json};
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap};

/// 128 bits in base64url.
const SALT_CHARACTERS_MIN: usize = 22;

/// A statement taken apart and found in the shape of its kind. Whether its signature was verified is the
/// caller's knowledge.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The claims every statement has.
    pub envelope: Envelope,
    /// What it says.
    pub body: OpenedBody,
    /// Whether everything it says is shown.
    pub completeness: Completeness,
}

/// Whether everything that a statement says is shown. Names are those of the sections, and `goods.items[i]`
/// (from 0) for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Everything is shown.
    Complete,
    /// Only sections that a holder may drop are missing.
    Redacted {
        /// Names of the missing sections, in the order of the kind.
        missing: Vec<String>,
    },
    /// Something is missing that must not be.
    Incomplete {
        /// Names of all that is missing, in the order of the kind.
        missing: Vec<String>,
    },
}

impl Presentation {
    /// Takes the statement apart: verifier steps 8 and 9.
    pub fn open(&self) -> Result<Opened, StatementError> {
        let mut claims = self.claims();
        let algorithm: Option<Cow<'_, str>> =
            claims.take_raw("_sd_alg").map(|raw| typed("_sd_alg", raw)).transpose()?;
        if algorithm.as_deref() != Some(DIGEST_ALGORITHM) {
            return Err(StatementError::UnknownDigestAlgorithm);
        }
        let digests: Vec<Cow<'_, str>> = claims.take("_sd")?;
        let mut disclosed = Disclosed::match_up(self, &digests, &claims)?;
        let kind = self.kind().ok_or_else(|| StatementError::UnknownKind(self.vct().to_owned()))?;
        if !self.envelope().in_own_log() {
            return Err(StatementError::shape("log", "not a log of the issuer"));
        }
        kinds::admit_addressee(kind, &self.envelope().aud)?;
        for name in ENVELOPE_CLAIMS {
            claims.take_raw(name);
        }
        let body = kinds::read(kind, &mut claims, &mut disclosed)?;
        claims.finish()?;
        let completeness = disclosed.finish()?;
        Ok(Opened { envelope: self.envelope().clone(), body, completeness })
    }
}

/// Takes a log leaf and the disclosures kept beside it apart; its signature is for the caller to verify.
pub fn open_leaf(jwt: &[u8], disclosures: &[impl AsRef<str>]) -> Result<Opened, StatementError> {
    Presentation::from_leaf(jwt, disclosures)?.open()
}

/// A claim that a statement discloses, if it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<T> {
    /// It is shown.
    Yes(T),
    /// The holder left it out.
    No,
}

impl<T> Shown<T> {
    /// The value, if it is shown.
    #[must_use]
    pub const fn as_option(&self) -> Option<&T> {
        match self {
            Self::Yes(value) => Some(value),
            Self::No => None,
        }
    }

    /// The value, if it is shown.
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Yes(value) => Some(value),
            Self::No => None,
        }
    }

    /// Whether it is shown.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

/// Disclosures matched to digests and not taken yet.
pub(super) struct Disclosed<'a> {
    sections: Vec<(Cow<'a, str>, &'a str)>,
    expected: usize,
    /// By digest: the disclosure and its place. They wait for the section that refers to them.
    elements: BTreeMap<[u8; 32], (usize, &'a Disclosure)>,
    /// Every digest seen; none may occur twice anywhere.
    seen: Vec<[u8; 32]>,
    missing: Vec<(String, bool)>,
}

impl<'a> Disclosed<'a> {
    fn match_up(
        presentation: &'a Presentation,
        digests: &[Cow<'_, str>],
        claims: &Claims<'_>,
    ) -> Result<Self, StatementError> {
        let mut open = Vec::with_capacity(digests.len());
        for text in digests {
            open.push(digest(text, "_sd")?);
        }
        let mut this = Self {
            sections: Vec::with_capacity(digests.len()),
            expected: digests.len(),
            elements: BTreeMap::new(),
            seen: Vec::with_capacity(presentation.parts().len() + digests.len()),
            missing: Vec::new(),
        };
        this.see(&open)?;
        for (place, part) in presentation.parts().iter().enumerate() {
            let digest = digest_of(presentation.text_of(part));
            match open.iter().position(|d| *d == digest) {
                // Taken out, so that the same disclosure given twice finds no digest left.
                Some(found) => {
                    open.swap_remove(found);
                    this.section(place, part, claims)?;
                }
                None if this.seen.contains(&digest) => return Err(StatementError::DuplicateDigest),
                None => {
                    if this.elements.insert(digest, (place, part)).is_some() {
                        return Err(StatementError::DuplicateDigest);
                    }
                }
            }
        }
        Ok(this)
    }

    fn section(&mut self, place: usize, part: &'a Disclosure, claims: &Claims<'_>) -> Result<(), StatementError> {
        let (salt, name, value) = part.section().ok_or(StatementError::WrongArity(place))?;
        check_salt(place, salt)?;
        if !name.starts_with('"') {
            return Err(StatementError::shape(format!("the name of disclosure {place}"), "not a text"));
        }
        let name = json::unquoted(name);
        if matches!(name.as_ref(), "_sd" | "...") {
            return Err(StatementError::ReservedName(name.into_owned()));
        }
        if claims.contains(&name) || self.sections.iter().any(|(n, _)| *n == name) {
            return Err(StatementError::ClaimCollision(name.into_owned()));
        }
        if kinds::must_be_clear(&name) {
            return Err(StatementError::MustBeClear(name.into_owned()));
        }
        self.sections.push((name, value));
        Ok(())
    }

    /// Refuses digests that were seen before.
    fn see(&mut self, digests: &[[u8; 32]]) -> Result<(), StatementError> {
        self.seen.extend_from_slice(digests);
        self.seen.sort_unstable();
        let mut pairs = self.seen.windows(2);
        if pairs.any(|pair| matches!(pair, [a, b] if a == b)) { Err(StatementError::DuplicateDigest) } else { Ok(()) }
    }

    /// Holds the number of digests in `_sd` against the number of sections of the kind: there are no decoys.
    pub(super) fn hold_to(&self, sections: usize) -> Result<(), StatementError> {
        if self.expected == sections {
            return Ok(());
        }
        Err(StatementError::shape("_sd", format!("{} digests where the kind has {sections}", self.expected)))
    }

    /// Takes a section, if it is shown.
    pub(super) fn take<T: Deserialize<'a>>(
        &mut self,
        name: &'static str,
        droppable: bool,
    ) -> Result<Shown<T>, StatementError> {
        if let Some(place) = self.sections.iter().position(|(n, _)| n == name) {
            return typed(name, self.sections.swap_remove(place).1).map(Shown::Yes);
        }
        self.missing.push((name.to_owned(), droppable));
        Ok(Shown::No)
    }

    /// Takes the array elements that `digests` of the section `array` refer to, each if it is shown.
    pub(super) fn take_elements<T: Deserialize<'a>>(
        &mut self,
        array: &'static str,
        digests: &[ElementDigest<'_>],
    ) -> Result<Vec<Shown<T>>, StatementError> {
        let digests = digests.iter().map(|d| digest(&d.digest, array)).collect::<Result<Vec<_>, _>>()?;
        self.see(&digests)?;
        let mut elements = Vec::with_capacity(digests.len());
        for (index, digest) in digests.iter().enumerate() {
            let name = format!("{array}[{index}]");
            if let Some((place, part)) = self.elements.remove(digest) {
                let (salt, value) = part.element().ok_or(StatementError::WrongArity(place))?;
                check_salt(place, salt)?;
                elements.push(Shown::Yes(typed(&name, value)?));
            } else {
                self.missing.push((name, false));
                elements.push(Shown::No);
            }
        }
        Ok(elements)
    }

    /// Refuses disclosures that nothing refers to and claims that the kind does not have.
    fn finish(self) -> Result<Completeness, StatementError> {
        if let Some(place) = self.elements.values().map(|(place, _)| *place).min() {
            return Err(StatementError::UnreferencedDisclosure(place));
        }
        if let Some(name) = self.sections.into_iter().map(|(name, _)| name).min() {
            return Err(StatementError::UnknownDisclosure(name.into_owned()));
        }
        let redacted = self.missing.iter().all(|(_, droppable)| *droppable);
        let missing: Vec<String> = self.missing.into_iter().map(|(name, _)| name).collect();
        Ok(match (missing.is_empty(), redacted) {
            (true, _) => Completeness::Complete,
            (false, true) => Completeness::Redacted { missing },
            (false, false) => Completeness::Incomplete { missing },
        })
    }
}

/// `{"...": digest}`: the place of an array element that is disclosed.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ElementDigest<'a> {
    #[serde(rename = "...", borrow)]
    pub digest: Cow<'a, str>,
}

fn digest(text: &str, place: &str) -> Result<[u8; 32], StatementError> {
    let bytes = base64::decode_url(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| StatementError::shape(place, "not a SHA-256 digest in base64url"))
}

fn check_salt(place: usize, raw: &str) -> Result<(), StatementError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let salt = raw.starts_with('"').then(|| json::unquoted(raw));
    let strong = salt.is_some_and(|salt| salt.len() >= SALT_CHARACTERS_MIN && salt.bytes().all(plain));
    if strong { Ok(()) } else { Err(StatementError::WeakSalt(place)) }
}
