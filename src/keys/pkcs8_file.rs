//! The encrypted PEM file: RFC 5958 PKCS#8 of an Ed25519 key (RFC 8410), under PBES2 (RFC 8018) with
//! scrypt (RFC 7914) and AES-256-CBC, as OpenSSL reads and writes it.
//!
//! CBC has no integrity of its own: a wrong passphrase shows in the padding, in the DER inside, or at
//! last in the public key, which is always compared with the public side.

use super::{KeyError, Passphrase};
use crate::{
    signature::SecretKey,
    time::{NoRandomness, Random},
};
use pkcs8::{
    EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument,
    der::{Decode, asn1::OctetStringRef, pem::PemLabel},
    pkcs5::{
        EncryptionScheme,
        pbes2::{self, Kdf, ScryptParams},
    },
    spki::AlgorithmIdentifierRef,
};
use std::path::Path;
use zeroize::Zeroizing;

/// A sealed Ed25519 key is about 350 bytes of PEM.
pub(super) const MOST_BYTES: usize = 8 * 1024;

/// id-Ed25519 (RFC 8410 section 3).
const ED25519: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.3.101.112");
/// Tag and length of the inner OCTET STRING that holds the seed (RFC 8410 section 7).
const SEED_HEADER: [u8; 2] = [0x04, 0x20];

/// scrypt with N = 2^14 and r = 8 takes 16 MiB; OpenSSL refuses more than 32 MiB unless told otherwise.
const COST: u64 = 1 << 14;
const BLOCK_SIZE: u16 = 8;
/// N = 2^14, r = 8, p = 5 stands among the equal choices of the OWASP password storage cheat sheet.
const PASSES_CHOSEN: u16 = 5;
/// 256 random bits cannot be guessed at any speed; one pass keeps a node's start quick.
const PASSES_GENERATED: u16 = 1;
/// Memory and time that a file made elsewhere may ask for: 128 · N · r ≤ 128 MiB, p ≤ 16.
const MOST_MEMORY: u64 = 128 << 20;
const MOST_PASSES: u16 = 16;

/// Seals a key.
pub(super) fn seal(
    key: &SecretKey,
    passphrase: &Passphrase,
    random: &dyn Random,
) -> Result<Zeroizing<String>, SealError> {
    let mut salt = [0; 16];
    let mut iv = [0; 16];
    random.fill(&mut salt)?;
    random.fill(&mut iv)?;
    let scheme = pbes2::Parameters {
        kdf: Kdf::Scrypt(ScryptParams {
            salt: salt.as_slice().try_into()?,
            cost_parameter: COST,
            block_size: BLOCK_SIZE,
            parallelization: if passphrase.is_generated() { PASSES_GENERATED } else { PASSES_CHOSEN },
            key_length: None,
        }),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv },
    };
    let seed = key.seed();
    let inner = Zeroizing::new([SEED_HEADER.as_slice(), seed.as_slice()].concat());
    let info = PrivateKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ED25519, parameters: None },
        private_key: OctetStringRef::new(&inner)?,
        // OpenSSL 3.0 does not read the version that carries the public key.
        public_key: None,
    };
    let sealed = info.encrypt_with_params(scheme, passphrase.bytes())?;
    Ok(sealed.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, pkcs8::LineEnding::LF)?)
}

/// Why a key could not be sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SealError {
    #[error(transparent)]
    Random(#[from] NoRandomness),
    #[error("{0}")]
    Encoding(String),
}

impl From<pkcs8::Error> for SealError {
    fn from(error: pkcs8::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl From<pkcs8::der::Error> for SealError {
    fn from(error: pkcs8::der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// Opens a sealed key.
pub(super) fn unseal(pem: &[u8], passphrase: &Passphrase, path: &Path) -> Result<SecretKey, KeyError> {
    let malformed = |problem| KeyError::Malformed { path: path.to_owned(), problem };
    let pem = std::str::from_utf8(pem).map_err(|_| malformed("not a PEM file"))?;
    let (label, sealed) = SecretDocument::from_pem(pem).map_err(|_| malformed("not a PEM file"))?;
    if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        return Err(malformed("the key is not encrypted: its label is not `ENCRYPTED PRIVATE KEY`"));
    }
    let sealed = EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes())
        .map_err(|_| malformed("not an encrypted PKCS#8 key"))?;
    let scheme = acceptable(&sealed.encryption_algorithm)
        .map_err(|problem| KeyError::Scheme { path: path.to_owned(), problem })?;

    let wrong = || KeyError::WrongPassphrase(path.to_owned());
    let mut buffer = Zeroizing::new(sealed.encrypted_data.as_bytes().to_vec());
    let plain = scheme.decrypt_in_place(passphrase.bytes(), &mut buffer).map_err(|_| wrong())?;
    // Noise that happens to end in valid padding is not DER.
    let info = PrivateKeyInfoRef::from_der(plain).map_err(|_| wrong())?;
    if info.algorithm.oid != ED25519 || info.algorithm.parameters.is_some() {
        return Err(malformed("not an Ed25519 key"));
    }
    let seed = info
        .private_key
        .as_bytes()
        .strip_prefix(&SEED_HEADER)
        .and_then(|seed| <&[u8; 32]>::try_from(seed).ok())
        .ok_or_else(|| malformed("not an Ed25519 key of 32 bytes"))?;
    SecretKey::from_seed(seed).map_err(|_| malformed("the key is not admissible"))
}

/// Bounds what a file may make this machine do before the first byte of work is spent on it.
fn acceptable(scheme: &EncryptionScheme) -> Result<&pbes2::Parameters, &'static str> {
    let EncryptionScheme::Pbes2(scheme) = scheme else { return Err("the encryption is not PBES2") };
    let Kdf::Scrypt(scrypt) = &scheme.kdf else { return Err("the key derivation is not scrypt") };
    let memory = scrypt.cost_parameter.checked_mul(128 * u64::from(scrypt.block_size));
    if scrypt.cost_parameter < COST || !scrypt.cost_parameter.is_power_of_two() || scrypt.block_size < BLOCK_SIZE {
        return Err("scrypt is set weaker than N = 16384, r = 8");
    }
    if memory.is_none_or(|bytes| bytes > MOST_MEMORY) || !(1..=MOST_PASSES).contains(&scrypt.parallelization) {
        return Err("scrypt asks for more than 128 MiB or 16 passes");
    }
    Ok(scheme)
}
