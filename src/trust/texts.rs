//! How single values stand in the JSON of lists and sections: one spelling each.

use super::TrustError;
use crate::{
    log::{KeyKind, SignedNote, VerifierKey},
    signature::PublicKey,
    time::{Timestamp, read_utc},
};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The largest whole number that every JSON reader keeps exactly (RFC 7493 section 2.2).
pub(super) const MOST: u64 = (1 << 53) - 1;

/// For `#[serde(deserialize_with)]`: a whole number up to [`MOST`].
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number <= MOST { Ok(number) } else { Err(D::Error::custom("a number above 2^53 - 1")) }
}

/// For `#[serde(with)]`: an instant as `YYYY-MM-DDTHH:MM:SSZ`.
pub(super) mod instant {
    use super::{Deserialize, Deserializer, Error, Serializer, Timestamp, read_utc};

    pub(in crate::trust) fn serialize<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(instant)
    }

    pub(in crate::trust) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_utc(&text).map_err(|why| D::Error::custom(format!("`{text}`: {why}")))
    }
}

/// The public key of a note key of the expected type and name.
pub(super) fn note_key(key: &VerifierKey, kind: KeyKind, name: Option<&str>) -> Result<PublicKey, String> {
    if let Some(name) = name.filter(|name| *name != key.name()) {
        return Err(format!("the key `{}` should be named `{name}`", key.name()));
    }
    match key.public_key() {
        Some(public) if key.kind() == kind => Ok(*public),
        _ => Err(format!("the key `{}` is not of type 0x{:02x}", key.name(), kind.byte())),
    }
}

/// How many of the signers signed the note. A line of a signer that does not verify refuses the note (C2SP
/// signed-note, "Signatures").
pub(super) fn signed_by(note: &SignedNote, signers: &[VerifierKey]) -> Result<usize, TrustError> {
    let mut found = 0;
    for signer in signers {
        if has_signed(note, signer)? {
            found += 1;
        }
    }
    Ok(found)
}

/// Whether this key signed the note; a line of it that does not verify is an error.
pub(super) fn has_signed(note: &SignedNote, key: &VerifierKey) -> Result<bool, TrustError> {
    use crate::log::LogError;
    match note.verified_by(key) {
        Ok(()) => Ok(true),
        Err(LogError::NotSigned { .. }) => Ok(false),
        Err(_) => Err(TrustError::BadSignature(key.name().to_owned())),
    }
}

/// Two disjoint groups of k must not exist, or two lists could both be signed. So two partners alone are 2 of 2.
pub(super) fn check_quorum(k: u32, signers: &[VerifierKey]) -> Result<(), TrustError> {
    let n = signers.len();
    let fits = usize::try_from(k).is_ok_and(|k| k <= n && k.saturating_mul(2) > n);
    if fits { Ok(()) } else { Err(TrustError::UnsafeQuorum { k, n }) }
}

/// Bounds a list before anything is done with its elements.
pub(super) fn at_most<T>(what: &'static str, list: &[T], limit: usize) -> Result<(), TrustError> {
    if list.len() <= limit { Ok(()) } else { Err(TrustError::TooLarge { what, limit }) }
}

/// The first element that stands twice.
pub(super) fn twice<T: Ord>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        if seen.contains(&item) {
            return Some(item);
        }
        seen.insert(item);
    }
    None
}
