//! The public half of a note key with its name and type: C2SP signed-note, "Verifier keys".

use super::{LogError, Origin};
use crate::{
    encoding::{base64, hex, text::serde_as_text},
    signature::PublicKey,
};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// The longest key name, in bytes; an origin has at most 519.
pub const MAX_KEY_NAME_BYTES: usize = 1024;
/// The longest verifier key text, in bytes: room for a name and a post-quantum key.
const MAX_KEY_BYTES: usize = 8192;

/// What a key signs and how: the signature type byte of C2SP signed-note. Kept open, because ML-DSA-44 (0x06) will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the note text.
    Ed25519,
    /// 0x04: Ed25519 cosignature/v1 over a time and a checkpoint.
    CosignatureV1,
    /// A type that is carried but not verified here.
    Other(u8),
}

impl KeyKind {
    /// The type byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
            Self::Other(byte) => byte,
        }
    }
}

/// A name, a type and a public key. Name and key id together select signature lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Material {
    Ed25519(PublicKey),
    CosignatureV1(PublicKey),
    Other(u8, Vec<u8>),
}

impl VerifierKey {
    /// The key of a log: its name is the origin, its type 0x01.
    #[must_use]
    pub fn log(origin: &Origin, key: PublicKey) -> Self {
        Self::of(origin.to_string(), Material::Ed25519(key))
    }

    /// The key of a cosigner: type 0x04.
    pub fn cosigner(name: &str, key: PublicKey) -> Result<Self, LogError> {
        check_name(name)?;
        Ok(Self::of(name.to_owned(), Material::CosignatureV1(key)))
    }

    /// The key of anybody else who signs notes: type 0x01.
    pub fn note(name: &str, key: PublicKey) -> Result<Self, LogError> {
        check_name(name)?;
        Ok(Self::of(name.to_owned(), Material::Ed25519(key)))
    }

    fn of(name: String, material: Material) -> Self {
        let id = key_id(&name, material.kind(), material.bytes());
        Self { name, id, material }
    }

    /// The key name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), or what the text said for a type
    /// that is not verified here.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.material.kind()
    }

    /// The Ed25519 key; none for a type that is not verified here.
    #[must_use]
    pub const fn public_key(&self) -> Option<&PublicKey> {
        match &self.material {
            Material::Ed25519(key) | Material::CosignatureV1(key) => Some(key),
            Material::Other(..) => None,
        }
    }

    /// The public key's bytes, whatever the type.
    #[must_use]
    pub fn key_bytes(&self) -> &[u8] {
        self.material.bytes()
    }
}

impl Material {
    const fn kind(&self) -> KeyKind {
        match self {
            Self::Ed25519(_) => KeyKind::Ed25519,
            Self::CosignatureV1(_) => KeyKind::CosignatureV1,
            Self::Other(kind, _) => KeyKind::Other(*kind),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) | Self::CosignatureV1(key) => key.as_bytes(),
            Self::Other(_, bytes) => bytes,
        }
    }
}

/// C2SP signed-note, "Signatures".
pub(super) fn key_id(name: &str, kind: KeyKind, public_key: &[u8]) -> [u8; 4] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(public_key).finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// C2SP signed-note: a key name is not empty and has neither Unicode spaces nor a plus; here it is also bounded and
/// free of control characters.
pub(super) fn check_name(name: &str) -> Result<(), LogError> {
    if name.is_empty() || name.len() > MAX_KEY_NAME_BYTES {
        return Err(LogError::name("a key name", name, "it has 1 to 1024 bytes"));
    }
    if name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(LogError::name("a key name", name, "no spaces, control characters or plus signs"));
    }
    Ok(())
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![self.kind().byte()];
        typed.extend_from_slice(self.key_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(&self.id), base64::encode(&typed))
    }
}

impl FromStr for VerifierKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        if text.len() > MAX_KEY_BYTES {
            return Err(LogError::TooLarge { what: "a verifier key", limit: MAX_KEY_BYTES });
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(LogError::Key("it reads <name>+<key id>+<base64 of type and key>"));
        };
        check_name(name)?;
        let id_bytes = hex::decode(id).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let Some(id) = id_bytes.filter(|_| !id.contains(|c: char| c.is_ascii_uppercase())) else {
            return Err(LogError::Key("the key id has 8 lower-case hexadecimal digits"));
        };
        let typed = base64::decode(typed).map_err(|_| LogError::Key("type and key are not strict base64"))?;
        let (kind, bytes) = match typed.split_first() {
            Some((kind, bytes)) if !bytes.is_empty() => (*kind, bytes),
            _ => return Err(LogError::Key("type or key is missing")),
        };
        let admit = || PublicKey::from_bytes(bytes).map_err(|_| LogError::Key("the Ed25519 key is not admissible"));
        let material = match kind {
            0x01 => Material::Ed25519(admit()?),
            0x04 => Material::CosignatureV1(admit()?),
            // How other types form their ids is their specification's business: the id is taken as it stands.
            other => return Ok(Self { name: name.into(), id, material: Material::Other(other, bytes.into()) }),
        };
        let key = Self::of(name.into(), material);
        if key.id == id { Ok(key) } else { Err(LogError::Key("the key id is not that of name, type and key")) }
    }
}

serde_as_text!(VerifierKey);

#[cfg(test)]
mod tests;
