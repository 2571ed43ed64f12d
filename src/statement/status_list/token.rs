//! The signed form of a status list: a JWT of type `statuslist+jwt` (draft 20, section 5.1).
//!
//! It has no `exp`: a bundle is judged years later, by the age of the snapshot in the log, and a token that
//! ran out would have to be refused. `ttl` tells others how long they may keep it.

use super::{
    super::{
        Issuer, Kid, StatementError, StatusUri,
        jws::{self, Header, Jws},
    },
    STATUS_BITS, StatusList,
};
use crate::{
    encoding::base64,
    signature::{PublicKey, Signer},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const TYP: &str = "statuslist+jwt";
/// 64 KiB that do not compress are 88 kB in base64url, and the payload's base64url makes 118 kB of them.
pub const MAX_STATUS_TOKEN_BYTES: usize = 128 * 1024;

/// Seconds for which a status list may be kept before a fresh one should be fetched; at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ttl(std::num::NonZeroU32);

impl Ttl {
    /// An hour, the interval of snapshots.
    pub const HOUR: Self = match std::num::NonZeroU32::new(3_600) {
        Some(seconds) => Self(seconds),
        None => Self(std::num::NonZeroU32::MIN),
    };
}

/// A status list with what its token says of it.
#[derive(Debug, Clone)]
pub struct StatusToken {
    text: String,
    jws: Jws,
    /// Who says it.
    pub iss: Issuer,
    /// `sub`: the URI by which certificates refer to the list.
    pub uri: StatusUri,
    /// `iat`: when it was signed.
    pub issued_at: Timestamp,
    /// How long it may be kept.
    pub ttl: Ttl,
    /// The list.
    pub list: StatusList,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListClaim<'a> {
    bits: u8,
    #[serde(borrow)]
    lst: Cow<'a, str>,
}

impl StatusToken {
    /// Signs `list` with a key of use `status`.
    pub fn sign(
        (iss, kid): (&Issuer, &Kid),
        uri: &StatusUri,
        issued_at: Timestamp,
        ttl: Ttl,
        list: &StatusList,
        signer: &dyn Signer,
    ) -> Result<String, StatementError> {
        #[derive(Serialize)]
        struct Payload<'a> {
            iss: &'a Issuer,
            sub: &'a StatusUri,
            iat: i64,
            ttl: Ttl,
            status_list: ListClaim<'a>,
        }
        let payload = Payload {
            iss,
            sub: uri,
            iat: issued_at.as_second(),
            ttl,
            status_list: ListClaim { bits: STATUS_BITS, lst: base64::encode_url(&list.deflate()).into() },
        };
        let payload = serde_json::to_vec(&payload).map_err(|e| StatementError::shape("the status list", e))?;
        jws::sign(jws::signing_input(TYP, kid, &payload), signer)
    }

    /// Takes a token apart; its signature is for the caller to verify.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        StatementError::within("the status list token", text.len(), MAX_STATUS_TOKEN_BYTES)?;
        let jws = Jws::parse(text, TYP, MAX_STATUS_TOKEN_BYTES)?;
        let mut claims = jws.claims();
        let (iss, uri) = (claims.take("iss")?, claims.take("sub")?);
        let (iat, ttl) = (claims.take("iat")?, claims.take("ttl")?);
        let ListClaim { bits, lst } = claims.take("status_list")?;
        claims.finish()?;
        let issued_at = Timestamp::from_second(iat).map_err(|e| StatementError::shape("iat", e))?;
        if bits != STATUS_BITS {
            return Err(StatementError::shape("status_list", format!("`bits` is {bits}, not {STATUS_BITS}")));
        }
        let list = StatusList::inflate(&jws::decode("the status list", &lst)?)?;
        Ok(Self { text: text.to_owned(), jws, iss, uri, issued_at, ttl, list })
    }

    /// The key that a token names, if it is one; nothing else of it is read.
    #[must_use]
    pub fn kid_of(text: &str) -> Option<Kid> {
        Jws::parse(text, TYP, MAX_STATUS_TOKEN_BYTES).ok().map(|jws| jws.header.kid)
    }

    /// The header as the token states it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.jws.header
    }

    /// Verifies the signature strictly.
    pub fn verify(&self, key: &PublicKey) -> Result<(), StatementError> {
        self.jws.verify(&self.text, key)
    }
}
