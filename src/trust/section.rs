//! An authority's own section: who it is, which keys it uses for what, signed by its offline root key.

use super::{
    KindName, NodeName, Role, TrustError, root_name,
    texts::{at_most, has_signed, note_key, twice, whole},
};
use crate::{
    certificate::{AgreementCode, Country, Language, OfficeCode, Text},
    encoding::json::{self, Limits},
    log::{Hash, KeyKind, Origin, Shard, SignedNote, VerifierKey},
    signature::PublicKey,
    statement::{Issuer, Kid},
    time::ZoneName,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The longest section, in bytes of its note: room for 256 keys with their scopes.
pub const MAX_SECTION_BYTES: usize = 256 * 1024;
/// Object, list, object, list, object: `from` inside a key.
const DEPTH: usize = 5;

const MAX_KEYS: usize = 256;
const MAX_LOG_KEYS: usize = 256;
const MAX_NAMES: usize = 32;
const MAX_SCOPE: usize = 512;
const MAX_FROM: usize = 1024;
const MAX_ROLES: usize = 16;

/// What a section says; the shape is closed and every member is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionText {
    /// The authority.
    pub iss: Issuer,
    /// Rises with every change, by the authority's own count.
    #[serde(deserialize_with = "whole")]
    pub serial: u64,
    /// The authority's country.
    pub country: Country,
    /// The time zone of its civil dates.
    pub time_zone: ZoneName,
    /// Its name by language; `en` is always there.
    pub names: BTreeMap<Language, Text>,
    /// The root key that signs this section.
    pub root: VerifierKey,
    /// The node that hosts it; null where it has none.
    #[serde(deserialize_with = "json::present")]
    pub node: Option<NodeName>,
    /// What it is.
    pub roles: Vec<Role>,
    /// Its keys for statements, status lists and stamps, open and closed: a key is never taken out.
    pub keys: Vec<ListedKey>,
    /// Its log keys, one a shard.
    pub log_keys: Vec<ListedLogKey>,
}

/// A key of an authority and what it may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedKey {
    /// Its name, unique to the issuer for ever.
    pub kid: Kid,
    /// Its algorithm.
    pub alg: Algorithm,
    /// The public key.
    pub x: PublicKey,
    /// What it is for.
    pub r#use: ListedUse,
    /// The kinds of statement it may sign; empty for keys of another use.
    pub kinds: Vec<KindName>,
    /// The agreements it may sign under; null for all.
    #[serde(deserialize_with = "json::present")]
    pub agreements: Option<Vec<AgreementCode>>,
    /// The offices it may sign for; null for all.
    #[serde(deserialize_with = "json::present")]
    pub offices: Option<Vec<OfficeCode>>,
    /// From which index on it counts, log by log; in a log that is not named, from 0.
    pub from: Vec<Place>,
}

/// The algorithm of a listed key: a property of the key, never of a token. Both words mean Ed25519
/// (RFC 8037 and RFC 9864).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// RFC 8037.
    EdDSA,
    /// RFC 9864.
    Ed25519,
}

/// What a key of a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListedUse {
    /// Statements.
    Statement,
    /// Status lists.
    Status,
    /// Stamps on paper.
    Stamp,
}

impl ListedUse {
    /// The word for the use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Status => "status",
            Self::Stamp => "stamp",
        }
    }
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The log.
    pub origin: Origin,
    /// The index.
    #[serde(deserialize_with = "whole")]
    pub index: u64,
}

/// The log key of a shard; each log of the shard derives its verifier key from it and the origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedLogKey {
    /// The shard.
    pub shard: Shard,
    /// The public key.
    pub x: PublicKey,
}

/// A section whose root signature and shape were checked. Whether its root is the right one is the list's
/// question, not its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    text: SectionText,
    note: SignedNote,
}

impl Section {
    /// Reads a note and checks that the root key it names signed it.
    pub fn open(note: &str) -> Result<Self, TrustError> {
        if note.len() > MAX_SECTION_BYTES {
            return Err(TrustError::TooLarge { what: "bytes of a section", limit: MAX_SECTION_BYTES });
        }
        let malformed = |problem: String| TrustError::SectionMalformed { iss: "an authority".to_owned(), problem };
        let note = SignedNote::parse_within(note, MAX_SECTION_BYTES).map_err(|e| malformed(e.to_string()))?;
        let limits = Limits { bytes: MAX_SECTION_BYTES, depth: DEPTH };
        let text: SectionText =
            json::from_slice(note.text().as_bytes(), limits).map_err(|e| malformed(e.to_string()))?;
        Self::of(text, note)
    }

    pub(super) fn of(text: SectionText, note: SignedNote) -> Result<Self, TrustError> {
        text.check()?;
        if !has_signed(&note, &text.root)? {
            let problem = "its root key did not sign it".to_owned();
            return Err(TrustError::SectionMalformed { iss: text.iss.to_string(), problem });
        }
        Ok(Self { text, note })
    }

    /// What it says.
    #[must_use]
    pub const fn text(&self) -> &SectionText {
        &self.text
    }

    /// The authority.
    #[must_use]
    pub const fn iss(&self) -> &Issuer {
        &self.text.iss
    }

    /// The note; prints as the exact text with its signatures.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }

    /// SHA-256 of the signed text's bytes, as a key-change statement names the section.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash(Sha256::digest(self.note.text().as_bytes()).into())
    }

    /// The key of this name.
    #[must_use]
    pub fn key(&self, kid: &Kid) -> Option<&ListedKey> {
        self.text.keys.iter().find(|key| key.kid == *kid)
    }

    /// The verifier key of one of its logs.
    #[must_use]
    pub fn log_key(&self, origin: &Origin) -> Option<VerifierKey> {
        if origin.host() != self.text.iss.host() {
            return None;
        }
        let key = self.text.log_keys.iter().find(|key| key.shard == origin.shard())?;
        Some(VerifierKey::log(origin, key.x))
    }

    /// Its name in this language, else in English.
    #[must_use]
    pub fn name(&self, language: &str) -> &str {
        let named = |tongue: &str| self.text.names.iter().find(|(l, _)| l.as_str() == tongue).map(|(_, n)| n.as_str());
        named(language).or_else(|| named("en")).unwrap_or_else(|| self.text.iss.host().as_str())
    }

    /// Whether it is customs, and so may be an addressee.
    #[must_use]
    pub fn is_customs(&self) -> bool {
        self.text.roles.iter().any(|role| role.as_str() == Role::CUSTOMS)
    }
}

impl SectionText {
    /// Every rule that a section can be held to alone.
    pub(super) fn check(&self) -> Result<(), TrustError> {
        at_most("keys of a section", &self.keys, MAX_KEYS)?;
        at_most("log keys of a section", &self.log_keys, MAX_LOG_KEYS)?;
        at_most("roles of a section", &self.roles, MAX_ROLES)?;
        if self.names.len() > MAX_NAMES {
            return Err(TrustError::TooLarge { what: "names of a section", limit: MAX_NAMES });
        }
        let malformed = |problem: String| TrustError::SectionMalformed { iss: self.iss.to_string(), problem };
        note_key(&self.root, KeyKind::Ed25519, Some(&root_name(&self.iss))).map_err(malformed)?;
        if self.serial == 0 {
            return Err(malformed("serials begin with 1".to_owned()));
        }
        if !self.names.keys().any(|language| language.as_str() == "en") {
            return Err(malformed("`names` has no `en`".to_owned()));
        }
        if let Some(role) = twice(&self.roles) {
            return Err(malformed(format!("the role `{role}` stands twice")));
        }
        if let Some(kid) = twice(self.keys.iter().map(|key| &key.kid)) {
            return Err(TrustError::KidReused { iss: self.iss.clone(), kid: kid.clone() });
        }
        if let Some(shard) = twice(self.log_keys.iter().map(|key| key.shard)) {
            return Err(malformed(format!("two log keys for shard {shard}")));
        }
        self.keys.iter().try_for_each(|key| self.check_key(key))
    }

    fn check_key(&self, key: &ListedKey) -> Result<(), TrustError> {
        at_most("kinds of a key", &key.kinds, MAX_SCOPE)?;
        at_most("agreements of a key", key.agreements.as_deref().unwrap_or_default(), MAX_SCOPE)?;
        at_most("offices of a key", key.offices.as_deref().unwrap_or_default(), MAX_SCOPE)?;
        at_most("logs in `from` of a key", &key.from, MAX_FROM)?;
        let malformed = |problem: String| TrustError::SectionMalformed {
            iss: self.iss.to_string(),
            problem: format!("key `{}`: {problem}", key.kid),
        };
        if (key.r#use == ListedUse::Statement) == key.kinds.is_empty() {
            return Err(malformed("a statement key names the kinds it signs, and no other key names any".to_owned()));
        }
        if let Some(kind) = twice(&key.kinds) {
            return Err(malformed(format!("the kind `{kind}` stands twice")));
        }
        if let Some(code) = twice(key.agreements.iter().flatten()) {
            return Err(malformed(format!("the agreement `{code}` stands twice")));
        }
        if let Some(code) = twice(key.offices.iter().flatten()) {
            return Err(malformed(format!("the office `{code}` stands twice")));
        }
        if let Some(origin) = twice(key.from.iter().map(|place| &place.origin)) {
            return Err(malformed(format!("`from` names {origin} twice")));
        }
        match key.from.iter().find(|place| !self.has_log(&place.origin)) {
            Some(place) => Err(TrustError::Dangling {
                what: format!("{}: `from` of key `{}`", self.iss, key.kid),
                problem: format!("{} is not one of its logs", place.origin),
            }),
            None => Ok(()),
        }
    }

    /// Whether the log is the authority's, in a shard it has a key for.
    #[must_use]
    pub fn has_log(&self, origin: &Origin) -> bool {
        origin.host() == self.iss.host() && self.log_keys.iter().any(|key| key.shard == origin.shard())
    }
}
