//! The public side of a key: its name, its use and the public key, in a small file beside the private one.

use crate::{
    log::{Shard, VerifierKey},
    signature::PublicKey,
    statement::{Issuer, Kid},
    trust::{NodeName, SignerName, root_name},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Bytes of the longest public side that is read.
pub(super) const MOST_BYTES: usize = 4 * 1024;

/// The name of a key in its folder: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

/// Not the name of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name for a key: write 1 to 64 of a-z, 0-9, `.`, `_`, `-`, beginning with a letter or digit")]
pub struct InvalidKeyName(pub String);

impl KeyName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        let letter_or_digit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = text.len() <= 64
            && text.bytes().next().is_some_and(letter_or_digit)
            && text.bytes().all(|b| letter_or_digit(b) || matches!(b, b'.' | b'_' | b'-'));
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidKeyName(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key is for, and whose it is. One key has one use, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUse {
    /// Signs an authority's section of the trust list; kept offline.
    Root {
        /// The authority.
        iss: Issuer,
    },
    /// Signs trust lists; one of the federation's k of n.
    Federation {
        /// The note key name.
        signer: SignerName,
    },
    /// Signs statements.
    Statement {
        /// The authority.
        iss: Issuer,
        /// The key id in its section.
        kid: Kid,
    },
    /// Signs status lists.
    Status {
        /// The authority.
        iss: Issuer,
        /// The key id in its section.
        kid: Kid,
    },
    /// Signs the stamp on paper.
    Stamp {
        /// The authority.
        iss: Issuer,
        /// The key id in its section.
        kid: Kid,
    },
    /// Signs the heads of all logs of an authority and shard.
    Log {
        /// The authority.
        iss: Issuer,
        /// The shard.
        shard: Shard,
    },
    /// Cosigns heads of logs this node holds in full.
    Replica {
        /// The node.
        node: NodeName,
    },
    /// Cosigns heads of logs whose growth this node watches.
    Witness {
        /// The node.
        node: NodeName,
    },
}

impl KeyUse {
    /// The word for the use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Root { .. } => "root",
            Self::Federation { .. } => "federation",
            Self::Statement { .. } => "statement",
            Self::Status { .. } => "status",
            Self::Stamp { .. } => "stamp",
            Self::Log { .. } => "log",
            Self::Replica { .. } => "replica",
            Self::Witness { .. } => "witness",
        }
    }

    /// The authority whose key it is, where it is an authority's.
    #[must_use]
    pub const fn issuer(&self) -> Option<&Issuer> {
        match self {
            Self::Root { iss }
            | Self::Statement { iss, .. }
            | Self::Status { iss, .. }
            | Self::Stamp { iss, .. }
            | Self::Log { iss, .. } => Some(iss),
            Self::Federation { .. } | Self::Replica { .. } | Self::Witness { .. } => None,
        }
    }
}

/// What may be told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSide {
    /// Its name in the folder.
    pub name: KeyName,
    /// What it is for.
    pub key_use: KeyUse,
    /// The public key.
    pub public_key: PublicKey,
}

/// The file, flat, so that a person reads it at a glance.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    r#use: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<Issuer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<Kid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<SignerName>,
    alg: String,
    x: PublicKey,
}

const ALGORITHM: &str = "Ed25519";

impl PublicSide {
    /// Whether it is the key of what an authority logs in a shard.
    #[must_use]
    pub fn is_log_key(&self, issuer: &Issuer, shard: Shard) -> bool {
        matches!(&self.key_use, KeyUse::Log { iss, shard: of } if iss == issuer && *of == shard)
    }

    /// The verifier key as a trust list or an anchor names it: for root, federation, replica and witness
    /// keys. A log key has one per log, a statement, status or stamp key is named by its key id instead.
    #[must_use]
    pub fn verifier_key(&self) -> Option<VerifierKey> {
        match &self.key_use {
            KeyUse::Root { iss } => VerifierKey::note(&root_name(iss), self.public_key).ok(),
            KeyUse::Federation { signer } => VerifierKey::note(signer.as_str(), self.public_key).ok(),
            KeyUse::Replica { node } => VerifierKey::cosigner(&node.replica(), self.public_key).ok(),
            KeyUse::Witness { node } => VerifierKey::cosigner(&node.witness(), self.public_key).ok(),
            KeyUse::Statement { .. } | KeyUse::Status { .. } | KeyUse::Stamp { .. } | KeyUse::Log { .. } => None,
        }
    }

    pub(super) fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut file = File {
            r#use: self.key_use.word().to_owned(),
            iss: self.key_use.issuer().cloned(),
            kid: None,
            shard: None,
            node: None,
            signer: None,
            alg: ALGORITHM.to_owned(),
            x: self.public_key,
        };
        match &self.key_use {
            KeyUse::Root { .. } => {}
            KeyUse::Federation { signer } => file.signer = Some(signer.clone()),
            KeyUse::Statement { kid, .. } | KeyUse::Status { kid, .. } | KeyUse::Stamp { kid, .. } => {
                file.kid = Some(kid.clone());
            }
            KeyUse::Log { shard, .. } => file.shard = Some(*shard),
            KeyUse::Replica { node } | KeyUse::Witness { node } => file.node = Some(node.clone()),
        }
        let body = toml::to_string(&file)?;
        Ok(format!("# Public side of the key `{}`: no secret, and the key's use for ever.\n{body}", self.name))
    }

    pub(super) fn from_toml(name: KeyName, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        if file.alg != ALGORITHM {
            return Err(format!("`alg` is `{}`; only `{ALGORITHM}` is known", file.alg));
        }
        let File { r#use, iss, kid, shard, node, signer, alg: _, x } = file;
        let key_use = match (r#use.as_str(), iss, kid, shard, node, signer) {
            ("root", Some(iss), None, None, None, None) => KeyUse::Root { iss },
            ("federation", None, None, None, None, Some(signer)) => KeyUse::Federation { signer },
            ("statement", Some(iss), Some(kid), None, None, None) => KeyUse::Statement { iss, kid },
            ("status", Some(iss), Some(kid), None, None, None) => KeyUse::Status { iss, kid },
            ("stamp", Some(iss), Some(kid), None, None, None) => KeyUse::Stamp { iss, kid },
            ("log", Some(iss), None, Some(shard), None, None) => KeyUse::Log { iss, shard },
            ("replica", None, None, None, Some(node), None) => KeyUse::Replica { node },
            ("witness", None, None, None, Some(node), None) => KeyUse::Witness { node },
            (other, ..) => {
                return Err(format!("`use = \"{other}\"` is unknown, or does not go with the other members"));
            }
        };
        Ok(Self { name, key_use, public_key: x })
    }
}
