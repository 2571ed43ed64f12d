//! What a node signs when it hands another a package that travels by itself: from whom, for whom, when, and every line of it.
//!
//! It is signed as a note (type 0x01) by the key that the list names as the node's replica key. Its first line is none that
//! a cosignature begins with, so neither can be taken for the other.

use super::{NodeName, TrustList};
use crate::{
    encoding::base64,
    log::{LogError, NoteSignature, SignedNote, VerifierKey, sign_note},
    signature::Signer,
};
use std::{fmt, str::FromStr};

/// The first line of what is signed.
const FIRST_LINE: &str = "origin-exchange package/1";
/// The longest seal, in bytes.
const MAX_BYTES: usize = 4096;

/// The text of a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSeal {
    /// The node that made the package.
    pub from: NodeName,
    /// The node that it is for.
    pub to: NodeName,
    /// When it was made, in Unix seconds by the clock of its maker.
    pub made_at: i64,
    /// Lines before the seal.
    pub lines: u64,
    /// SHA-256 of those lines, each with its newline.
    pub digest: [u8; 32],
}

/// Why a seal is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// It does not read.
    #[error("its seal does not read")]
    Malformed,
    /// The list knows no node of this name with a key.
    #[error("trust list {version} names no key of {name}")]
    Unknown {
        /// Who is said to have made it.
        name: NodeName,
        /// Version of the list.
        version: u64,
    },
    /// None of the node's keys signed it.
    #[error("it is not sealed by a key of {0}")]
    NotSealed(NodeName),
}

impl fmt::Display for PackageSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, made_at, lines, digest } = self;
        writeln!(f, "{FIRST_LINE}\n{from}\n{to}\n{made_at}\n{lines}\n{}", base64::encode(digest))
    }
}

impl FromStr for PackageSeal {
    type Err = SealFault;

    fn from_str(text: &str) -> Result<Self, SealFault> {
        let mut lines = text.lines();
        let mut next = || lines.next().ok_or(SealFault::Malformed);
        if next()? != FIRST_LINE {
            return Err(SealFault::Malformed);
        }
        let name = |text: &str| text.parse::<NodeName>().map_err(|_| SealFault::Malformed);
        let (from, to) = (name(next()?)?, name(next()?)?);
        let made_at = next()?.parse::<i64>().map_err(|_| SealFault::Malformed)?;
        let count = next()?.parse::<u64>().map_err(|_| SealFault::Malformed)?;
        let digest = base64::decode(next()?).map_err(|_| SealFault::Malformed)?;
        let digest = digest.try_into().map_err(|_| SealFault::Malformed)?;
        let seal = Self { from, to, made_at, lines: count, digest };
        // One spelling: the text that is printed is the text that was signed.
        if seal.to_string() == text { Ok(seal) } else { Err(SealFault::Malformed) }
    }
}

impl PackageSeal {
    /// Signs as the node that made the package; gives the note.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, LogError> {
        let text = self.to_string();
        let line: NoteSignature = sign_note(&text, &self.from.replica(), signer)?;
        Ok(SignedNote::new(text, vec![line])?.to_string())
    }

    /// Reads a note that one of the maker's keys signed, as the list names them.
    pub fn open(note: &str, list: &TrustList) -> Result<Self, SealFault> {
        let note = SignedNote::parse_within(note, MAX_BYTES).map_err(|_| SealFault::Malformed)?;
        let seal = note.text().parse::<Self>()?;
        let node = list.node(&seal.from).filter(|node| node.replica_keys().next().is_some());
        let unknown = || SealFault::Unknown { name: seal.from.clone(), version: list.version() };
        let mut keys = node.ok_or_else(unknown)?.replica_keys().filter_map(|key| {
            let key = VerifierKey::note(key.name(), *key.public_key()?).ok()?;
            Some(key)
        });
        if keys.any(|key| note.verified_by(&key).is_ok()) { Ok(seal) } else { Err(SealFault::NotSealed(seal.from)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_has_one_spelling() {
        let (from, to) = ("node.a".parse().unwrap(), "node.b".parse().unwrap());
        let seal = PackageSeal { from, to, made_at: 5, lines: 7, digest: [9; 32] };
        let text = seal.to_string();
        assert_eq!(text.parse::<PackageSeal>().unwrap(), seal);
        for bad in [
            text.replace("package/1", "package/2"),
            text.replace("\n7\n", "\n07\n"),
            text.replace("\n5\n", "\n+5\n"),
            format!("{text}\n"),
            text.replace("node.b", "Node B"),
        ] {
            assert_eq!(bad.parse::<PackageSeal>(), Err(SealFault::Malformed), "{bad:?}");
        }
    }
}
