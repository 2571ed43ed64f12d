//! Composes a statement: clear claims, salted disclosures, sorted digests, ready to be signed.
//!
//! JSON is written straight into buffers: a canonical-JSON pass would cost as much as the signature, and
//! nothing here is ever serialised twice.

use super::{
    Body, Envelope, Kid, StatementError,
    envelope::seconds_of,
    jws::{self, SIGNATURE_PART},
    kinds,
    presentation::{MAX_PRESENTATION_BYTES, TYP, join},
};
use crate::{encoding::base64, log::MAX_LEAF_BYTES, signature::Signer, time::Random};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use sha2::{Digest as _, Sha256};

/// 128 random bits, 22 characters of base64url.
pub(super) const SALT_BYTES: usize = 16;
/// `_sd_alg`.
pub(super) const DIGEST_ALGORITHM: &str = "sha-256";

/// A composed statement that nobody has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    signing_input: String,
    disclosures: Vec<String>,
}

/// A signed statement: the log leaf and its disclosures, to be kept for ever exactly as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The JWT: the leaf's exact bytes.
    pub jwt: String,
    /// The disclosures, sections first in the order of their kind, then items in their order.
    pub disclosures: Vec<String>,
}

/// Composes `body` under `envelope`; all salts are drawn in one call.
pub fn compose(envelope: &Envelope, body: &Body, random: &dyn Random) -> Result<Unsigned, StatementError> {
    if !envelope.in_own_log() || !envelope.in_log_of_addressee() {
        return Err(StatementError::shape("log", "not the issuer's log to this addressee"));
    }
    kinds::admit_addressee(body.kind(), &envelope.aud)?;
    let mut draft = Draft::new(kinds::disclosure_count(body), random)?;
    draft.claim("iss", &envelope.iss)?;
    draft.claim("vct", body.kind().vct())?;
    draft.claim("jti", &envelope.jti)?;
    draft.claim("iat", &seconds_of(envelope.day)?)?;
    draft.claim("aud", &envelope.aud)?;
    draft.claim("log", &envelope.log)?;
    kinds::write(body, &mut draft)?;
    draft.finish(&envelope.kid)
}

impl Unsigned {
    /// Signs. It may block, as the signer may.
    pub fn sign(self, signer: &dyn Signer) -> Result<Issued, StatementError> {
        Ok(Issued { jwt: jws::sign(self.signing_input, signer)?, disclosures: self.disclosures })
    }
}

impl Issued {
    /// `<JWT>~<disclosure>~…~`
    #[must_use]
    pub fn token(&self) -> String {
        join(&self.jwt, &self.disclosures)
    }
}

/// The digest of a disclosure's exact text, in base64url (RFC 9901, section 4.2.3).
pub(super) fn digest_of(disclosure: &str) -> [u8; 32] {
    Sha256::digest(disclosure.as_bytes()).into()
}

/// A statement being written.
pub(super) struct Draft {
    payload: Vec<u8>,
    scratch: Vec<u8>,
    salts: std::vec::IntoIter<String>,
    digests: Vec<String>,
    disclosures: Vec<String>,
}

impl Draft {
    fn new(disclosures: usize, random: &dyn Random) -> Result<Self, StatementError> {
        let mut payload = Vec::with_capacity(2_048);
        payload.push(b'{');
        Ok(Self {
            payload,
            scratch: Vec::with_capacity(1_024),
            salts: salts(disclosures, random)?.into_iter(),
            digests: Vec::with_capacity(8),
            disclosures: Vec::with_capacity(disclosures),
        })
    }

    /// Writes a clear claim.
    pub(super) fn claim(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), StatementError> {
        if self.payload.len() > 1 {
            self.payload.push(b',');
        }
        self.payload.push(b'"');
        self.payload.extend_from_slice(name.as_bytes());
        self.payload.extend_from_slice(b"\":");
        serde_json::to_writer(&mut self.payload, value).map_err(|e| StatementError::shape(name, e))
    }

    /// Writes a section that is disclosed.
    pub(super) fn disclose(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), StatementError> {
        let salt = self.salt()?;
        let text = encode(&mut self.scratch, &salt, Some(name), value)?;
        self.digests.push(base64::encode_url(&digest_of(&text)));
        self.disclosures.push(text);
        Ok(())
    }

    /// Writes a section that is disclosed and reads it back, so that what a reader would refuse is not composed: an
    /// item 0, a list too long.
    pub(super) fn disclose_held<T: Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), StatementError> {
        self.disclose(name, value)?;
        let read: Result<(IgnoredAny, IgnoredAny, T), _> = serde_json::from_slice(&self.scratch);
        read.map(drop).map_err(|why| StatementError::shape(name, why))
    }

    /// Encodes array elements; gives their digests and texts, which the caller puts behind the sections.
    pub(super) fn elements<T: Serialize>(&mut self, values: &[T]) -> Result<Vec<(String, String)>, StatementError> {
        values
            .iter()
            .map(|value| {
                let salt = self.salt()?;
                let text = encode(&mut self.scratch, &salt, None, value)?;
                Ok((base64::encode_url(&digest_of(&text)), text))
            })
            .collect()
    }

    /// Puts the texts of elements behind the sections.
    pub(super) fn append(&mut self, elements: impl Iterator<Item = String>) {
        self.disclosures.extend(elements);
    }

    fn salt(&mut self) -> Result<String, StatementError> {
        self.salts.next().ok_or_else(|| StatementError::shape("salts", "more disclosures than the kind counted"))
    }

    fn finish(mut self, kid: &Kid) -> Result<Unsigned, StatementError> {
        // Sorted, so that their order does not tell which is which.
        self.digests.sort_unstable();
        let digests = std::mem::take(&mut self.digests);
        self.claim("_sd", &digests)?;
        self.claim("_sd_alg", DIGEST_ALGORITHM)?;
        self.payload.push(b'}');
        let signing_input = jws::signing_input(TYP, kid, &self.payload);
        let jwt = signing_input.len() + SIGNATURE_PART;
        StatementError::within("the JWT", jwt, MAX_LEAF_BYTES)?;
        // With the `~` after the JWT and after each disclosure.
        let token = self.disclosures.iter().fold(jwt + 1, |bytes, disclosure| bytes + disclosure.len() + 1);
        StatementError::within("the presentation", token, MAX_PRESENTATION_BYTES)?;
        Ok(Unsigned { signing_input, disclosures: self.disclosures })
    }
}

/// `[salt, name, value]` of a claim or `[salt, value]` of an array element, in base64url.
fn encode(
    scratch: &mut Vec<u8>,
    salt: &str,
    name: Option<&str>,
    value: &(impl Serialize + ?Sized),
) -> Result<String, StatementError> {
    scratch.clear();
    scratch.extend_from_slice(b"[\"");
    scratch.extend_from_slice(salt.as_bytes());
    scratch.extend_from_slice(b"\",");
    if let Some(name) = name {
        scratch.push(b'"');
        scratch.extend_from_slice(name.as_bytes());
        scratch.extend_from_slice(b"\",");
    }
    serde_json::to_writer(&mut *scratch, value).map_err(|e| StatementError::shape(name.unwrap_or("..."), e))?;
    scratch.push(b']');
    Ok(base64::encode_url(scratch))
}

/// `count` salts, drawn in one call.
fn salts(count: usize, random: &dyn Random) -> Result<Vec<String>, StatementError> {
    let mut bytes = vec![0; count * SALT_BYTES];
    random.fill(&mut bytes)?;
    Ok(bytes.chunks_exact(SALT_BYTES).map(base64::encode_url).collect())
}
