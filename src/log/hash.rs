//! RFC 6962 hashes: leaves and nodes can never be taken for one another.

use crate::encoding::base64;
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

use super::LogError;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// A SHA-256 hash in a Merkle tree. Prints as padded standard base64, as in every C2SP text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of an entry: SHA-256(0x00 ‖ entry) (RFC 6962 section 2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash of a node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 section 2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

impl Hash {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        // 44 characters are the only spelling: refuse the rest before decoding.
        if text.len() != 44 {
            return Err(LogError::Hash);
        }
        let bytes = base64::decode(text).map_err(|_| LogError::Hash)?;
        bytes.try_into().map(Self).map_err(|_| LogError::Hash)
    }
}

/// Base64 for people, 32 bytes for machines.
impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> serde::Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; HASH_BYTES]>::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hex;

    #[test]
    fn hashes_are_those_of_rfc_6962() {
        // Independent: `printf '\x00' | sha256sum`, `printf '\x00L123456' | sha256sum`, `printf '\x01N123N456' | …`
        // are the published checks of the RFC 6962 hashers; nodes here are 32 bytes, so the node check is the root
        // of the two-leaf tree ("", 00).
        assert_eq!(hex::encode(&Sha256::digest(b"")), hex::encode(EMPTY_ROOT.as_bytes()));
        assert_eq!(
            hex::encode(leaf_hash(b"").as_bytes()),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex::encode(leaf_hash(b"L123456").as_bytes()),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
        );
        assert_eq!(
            hex::encode(node_hash(&leaf_hash(b""), &leaf_hash(&[0])).as_bytes()),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn a_hash_has_one_text_and_one_binary_form() {
        let hash = leaf_hash(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        let text = hash.to_string();
        for bad in ["", &text[1..], &format!("{text}="), &text.replace('=', " "), &format!("{text}\n")] {
            assert_eq!(bad.parse::<Hash>(), Err(LogError::Hash), "{bad:?}");
        }
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(json, format!("\"{hash}\""));
        assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), hash);
        let binary = postcard::to_stdvec(&hash).unwrap();
        assert_eq!(binary, hash.0);
        assert_eq!(postcard::from_bytes::<Hash>(&binary).unwrap(), hash);
    }
}
