//! The compact JWS that statements and status lists share (RFC 7515, RFC 8037, RFC 9864).
//!
//! The header is exactly `{"alg":"EdDSA","kid":…,"typ":…}`; `Ed25519`, its fully specified name, is read too.
//! The algorithm is a property of the trusted key, never of the token: `alg` only has to agree with it.

use super::{Kid, StatementError, claims::Claims};
use crate::{
    encoding::{
        base64,
        json::{self, Limits, Outline},
    },
    signature::{PublicKey, Signature, Signer},
};
use std::ops::Range;

/// Documents inside a token nest at most this deep; the deepest honest one (seals of a leg) needs 7.
pub(super) const DEPTH: usize = 8;
/// A kid of 64 characters makes a header of 112 bytes.
const HEADER_MAX: usize = 256;
/// A dot and 64 bytes in base64url.
pub(super) const SIGNATURE_PART: usize = 1 + 86;

/// The protected header, as far as it can differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `EdDSA` or `Ed25519`: two names of one algorithm.
    pub alg: &'static str,
    /// The key the token says it was signed with.
    pub kid: Kid,
}

/// A JWS taken apart; nothing about it is verified yet.
#[derive(Debug, Clone)]
pub(super) struct Jws {
    pub header: Header,
    payload: String,
    /// Where the claims stand in it.
    members: Vec<(Range<usize>, Range<usize>)>,
    signed: Range<usize>,
    signature: Signature,
}

impl Jws {
    /// Verifier steps 2 to 5 on `text`, whose length the caller has bounded by `limit` already.
    pub(super) fn parse(text: &str, typ: &'static str, limit: usize) -> Result<Self, StatementError> {
        let mut parts = text.split('.');
        let (Some(head), Some(body), Some(tail), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(StatementError::NotAToken("a JWT has three parts with two dots between them"));
        };
        let header = decode("the header", head)?;
        let payload = decode("the payload", body)?;
        let signature = decode("the signature", tail)?;
        let signature = <[u8; 64]>::try_from(signature)
            .map_err(|_| StatementError::NotAToken("an Ed25519 signature has 64 bytes"))?;
        let header = Header::parse(&header, typ)?;
        let outline = json::outline(&payload, Limits { bytes: limit, depth: DEPTH })
            .map_err(|e| StatementError::json("the payload", e))?;
        let Outline::Object(members) = outline else {
            return Err(StatementError::shape("the payload", "not an object"));
        };
        // The outline has found it to be UTF-8.
        let payload = String::from_utf8(payload).map_err(|e| StatementError::shape("the payload", e))?;
        let signed = 0..head.len() + 1 + body.len();
        Ok(Self { header, payload, members, signed, signature: Signature::from_bytes(signature) })
    }

    /// The claims, none taken yet.
    pub(super) fn claims(&self) -> Claims<'_> {
        Claims::of(&self.payload, &self.members)
    }

    /// Verifies over the exact ASCII of `header.payload` in the `text` that was parsed.
    pub(super) fn verify(&self, text: &str, key: &PublicKey) -> Result<(), StatementError> {
        let (signed, signature) = self.signed(text);
        key.verify(signed, &signature).map_err(|_| StatementError::BadSignature)
    }

    /// The exact ASCII of `header.payload` in the `text` that was parsed, and the signature over it.
    pub(super) fn signed<'a>(&self, text: &'a str) -> (&'a [u8], Signature) {
        (text.as_bytes().get(self.signed.clone()).unwrap_or_default(), self.signature)
    }
}

pub(super) fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, StatementError> {
    base64::decode_url(text).map_err(|_| StatementError::NotBase64Url(what))
}

/// `header.payload`, ready to be signed.
pub(super) fn signing_input(typ: &str, kid: &Kid, payload: &[u8]) -> String {
    // Neither `typ` nor a Kid has a character that JSON escapes.
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#);
    let mut text = String::with_capacity((header.len() + payload.len()) * 4 / 3 + SIGNATURE_PART + 8);
    base64::encode_url_into(header.as_bytes(), &mut text);
    text.push('.');
    base64::encode_url_into(payload, &mut text);
    text
}

/// Signs `header.payload` and appends the signature.
pub(super) fn sign(mut input: String, signer: &dyn Signer) -> Result<String, StatementError> {
    let signature = signer.sign(input.as_bytes())?;
    input.push('.');
    base64::encode_url_into(signature.as_bytes(), &mut input);
    Ok(input)
}

impl Header {
    fn parse(text: &[u8], typ: &'static str) -> Result<Self, StatementError> {
        let limits = Limits { bytes: HEADER_MAX, depth: 1 };
        let shape = |what: &dyn std::fmt::Display| StatementError::shape("the header", what);
        // A header of forbidden members may nest deeper: its names decide first, so that the reason is theirs.
        let outline = json::outline(text, Limits { depth: DEPTH, ..limits });
        let Outline::Object(members) = outline.map_err(|e| StatementError::json("the header", e))? else {
            return Err(shape(&"not an object"));
        };
        let text = std::str::from_utf8(text).map_err(|e| shape(&e))?;
        let at = |range: Range<usize>| text.get(range).unwrap_or_default();
        let (mut alg, mut kid, mut found_typ) = (None, None, None);
        for (name, value) in members {
            // A value that is no text has no quotes, and is none of those that are looked for.
            let value = Some(at(value)).filter(|value| value.starts_with('"')).map(json::unquoted);
            match json::unquoted(at(name)).as_ref() {
                "alg" => alg = Some(value),
                "kid" => kid = Some(value),
                "typ" => found_typ = Some(value),
                other => return Err(StatementError::HeaderMemberRefused(other.to_owned())),
            }
        }
        if found_typ.flatten().as_deref() != Some(typ) {
            return Err(StatementError::WrongType { expected: typ });
        }
        let alg = match alg.flatten().as_deref() {
            Some("EdDSA") => "EdDSA",
            Some("Ed25519") => "Ed25519",
            _ => return Err(StatementError::WrongAlgorithm),
        };
        let kid = kid.flatten().ok_or_else(|| StatementError::shape("kid", "not a string"))?;
        Ok(Self { alg, kid: kid.parse().map_err(|e| StatementError::shape("kid", e))? })
    }
}
