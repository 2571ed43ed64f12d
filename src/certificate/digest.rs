//! SHA-256 of something that stands elsewhere.

use super::{declare::text_member, error::CertificateError, reader::quoted};
use crate::encoding::base64;
use std::{fmt, str::FromStr};

/// A SHA-256 digest, written as 43 characters of base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl FromStr for Sha256 {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let bytes = base64::decode_url(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| {
            let why = format!("`{}` is not a SHA-256: 43 characters of base64url without padding", quoted(text));
            CertificateError::code("SHA256", why)
        })
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode_url(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_member!(Sha256, serde_json::json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}));
