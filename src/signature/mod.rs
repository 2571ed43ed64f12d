//! Ed25519 keys and signatures under the strictest reading of RFC 8032.
//!
//! What always holds: a [`PublicKey`] is canonical, of prime order and not small-order, so no signature
//! under it can be valid for two messages or two keys; [`PublicKey::verify`] is the only check of what comes from
//! elsewhere, and it is `verify_strict`. Not its business: whose key it is, and what it may sign.

#[cfg(test)]
mod known;

use crate::encoding::base64;
use ed25519_dalek::{Signer as _, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A public key that passed admission: canonical encoding, prime order, not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

/// Why bytes are not an admissible public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InadmissibleKey {
    /// Not 32 bytes.
    #[error("a public key has 32 bytes")]
    Length,
    /// Not the canonical encoding of a point of the curve.
    #[error("not the canonical encoding of a curve point")]
    NotCanonical,
    /// A point of small order: forgeries under it pass lenient checks.
    #[error("the key has small order: anyone could sign with it")]
    SmallOrder,
    /// A point with a torsion component: verifiers disagree about its signatures.
    #[error("the key is of mixed order: verifiers would disagree about its signatures")]
    MixedOrder,
}

/// The signature is not this key's signature of this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

impl PublicKey {
    /// Admits a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InadmissibleKey> {
        let bytes: &[u8; PUBLIC_KEY_BYTES] = bytes.try_into().map_err(|_| InadmissibleKey::Length)?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InadmissibleKey::NotCanonical)?;
        let point = key.to_edwards();
        if point.compress().as_bytes() != bytes {
            return Err(InadmissibleKey::NotCanonical);
        }
        if key.is_weak() {
            return Err(InadmissibleKey::SmallOrder);
        }
        if !point.is_torsion_free() {
            return Err(InadmissibleKey::MixedOrder);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        self.0.as_bytes()
    }

    /// Checks a signature, strictly: canonical `S`, no small-order `R`, no cofactor.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        #[cfg(test)]
        if known::is_known(self, message, signature) {
            return Ok(());
        }
        let verified = self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0));
        #[cfg(test)]
        if verified.is_ok() {
            known::note(self, message, signature);
        }
        verified.map_err(|_| BadSignature)
    }
}

/// Whether a signer of our own signed these, asked of all at once at a third of the cost. It finds the signer that failed,
/// and no forger: a signature made to deceive may pass here and not [`PublicKey::verify`].
pub fn verify_own(signed: &[(PublicKey, &[u8], Signature)]) -> Result<(), BadSignature> {
    let messages = signed.iter().map(|(_, message, _)| *message).collect::<Vec<_>>();
    let keys = signed.iter().map(|(key, ..)| key.0).collect::<Vec<_>>();
    let signatures = signed.iter().map(|(_, _, one)| ed25519_dalek::Signature::from_bytes(&one.0)).collect::<Vec<_>>();
    ed25519_dalek::verify_batch(&messages, &signatures, &keys).map_err(|_| BadSignature)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", base64::encode_url(self.as_bytes()))
    }
}

/// As in a JWK `x` member: unpadded base64url (RFC 8037).
impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode_url(self.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = base64::decode_url(&text).map_err(serde::de::Error::custom)?;
        Self::from_bytes(&bytes).map_err(serde::de::Error::custom)
    }
}

/// Sixty-four bytes that claim to be a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_BYTES]);

impl Signature {
    /// Takes the 64 bytes of RFC 8032; whether they verify is another question.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; SIGNATURE_BYTES]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes of RFC 8032.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", base64::encode_url(&self.0))
    }
}

/// A signer could not sign; nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing key is not available: {0}")]
pub struct SignError(pub String);

/// Something that holds a private key and signs with it. It may block (a token, a remote module).
pub trait Signer: Send + Sync {
    /// The key that verifies what this signer signs.
    fn public_key(&self) -> PublicKey;
    /// Signs the exact bytes.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// A private key in memory, wiped when dropped.
pub struct SecretKey(ed25519_dalek::SigningKey, PublicKey);

impl SecretKey {
    /// Takes the 32-byte seed of RFC 8032.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InadmissibleKey> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(key.verifying_key().as_bytes())?;
        Ok(Self(key, public))
    }

    /// The 32-byte seed, for writing an encrypted key file and nothing else.
    #[must_use]
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }
}

impl Signer for SecretKey {
    fn public_key(&self) -> PublicKey {
        self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature(self.0.sign(message).to_bytes()))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.1)
    }
}

#[cfg(test)]
mod tests;
