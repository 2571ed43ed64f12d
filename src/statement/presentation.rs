//! A statement as somebody presents it: the JWT and the disclosures he shows, bounded and well-formed, not
//! yet verified.

use super::{
    Envelope, Header, Issuer, Kind, StatementError,
    claims::Claims,
    envelope::day_of,
    jws::{DEPTH, Jws, decode},
};
use crate::{
    encoding::json::{self, Limits, Outline},
    log::MAX_LEAF_BYTES,
    signature::{PublicKey, Signature},
};
use std::{borrow::Cow, ops::Range};

/// The `typ` of a statement (SD-JWT VC).
pub(super) const TYP: &str = "dc+sd-jwt";
/// Disclosures of one presentation: 8 sections and up to 504 items.
pub const MAX_DISCLOSURES: usize = 512;
/// Bytes of a whole presentation.
pub const MAX_PRESENTATION_BYTES: usize = 1 << 20;

/// Verifier steps 1 to 5 passed: sizes, shape of the text, strict base64url, strict JSON, `typ` and `alg`.
#[derive(Debug, Clone)]
pub struct Presentation {
    token: String,
    jwt: Range<usize>,
    jws: Jws,
    envelope: Envelope,
    vct: String,
    disclosures: Vec<Disclosure>,
}

/// One disclosure: where its exact text stands, and the JSON it encodes.
#[derive(Debug, Clone)]
pub(super) struct Disclosure {
    text: Range<usize>,
    json: String,
    elements: Vec<Range<usize>>,
}

impl Presentation {
    /// Takes `<JWT>~<disclosure>~…~` apart.
    pub fn parse(token: &str) -> Result<Self, StatementError> {
        StatementError::within("the presentation", token.len(), MAX_PRESENTATION_BYTES)?;
        let (jwt, rest) = token.split_once('~').ok_or(StatementError::NotAToken("no `~` after the JWT"))?;
        StatementError::within("the JWT", jwt.len(), MAX_LEAF_BYTES)?;
        // What follows the last `~` would be a key binding, which a bearer document has not.
        if !(rest.is_empty() || rest.ends_with('~')) {
            return Err(StatementError::NotAToken("it does not end with `~`"));
        }
        let found = rest.bytes().filter(|b| *b == b'~').count();
        if found > MAX_DISCLOSURES {
            return Err(StatementError::TooManyDisclosures { found, limit: MAX_DISCLOSURES });
        }
        let jws = Jws::parse(jwt, TYP, MAX_LEAF_BYTES)?;
        let mut disclosures = Vec::with_capacity(found);
        let mut start = jwt.len() + 1;
        for text in rest.split_terminator('~') {
            disclosures.push(Disclosure::parse(text, start)?);
            start += text.len() + 1;
        }
        let (envelope, vct) = envelope(&jws)?;
        Ok(Self { token: token.to_owned(), jwt: 0..jwt.len(), jws, envelope, vct, disclosures })
    }

    /// The same on a log leaf (the JWT alone) and the disclosures kept beside it.
    pub fn from_leaf(jwt: &[u8], disclosures: &[impl AsRef<str>]) -> Result<Self, StatementError> {
        StatementError::within("the JWT", jwt.len(), MAX_LEAF_BYTES)?;
        let jwt = std::str::from_utf8(jwt).map_err(|_| StatementError::NotAToken("a JWT is ASCII"))?;
        if jwt.contains('~') || disclosures.iter().any(|d| d.as_ref().contains('~')) {
            return Err(StatementError::NotAToken("a part of it contains `~`"));
        }
        Self::parse(&join(jwt, disclosures))
    }

    /// The header as the token states it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.jws.header
    }

    /// The claims every statement has, as the token states them.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The kind it states, if it is one known here.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_vct(&self.vct)
    }

    /// The `vct` claim as the token states it.
    #[must_use]
    pub fn vct(&self) -> &str {
        &self.vct
    }

    /// The whole text.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The JWT alone, which is the log leaf.
    #[must_use]
    pub fn jwt(&self) -> &str {
        self.token.get(self.jwt.clone()).unwrap_or_default()
    }

    /// The disclosures shown, exactly as they stand.
    #[must_use]
    pub fn disclosures(&self) -> impl ExactSizeIterator<Item = &str> {
        self.disclosures.iter().map(|d| self.text_of(d))
    }

    /// Step 7: the signature, strictly, over the exact ASCII of `header.payload`.
    pub fn verify(&self, key: &PublicKey) -> Result<(), StatementError> {
        self.jws.verify(self.jwt(), key)
    }

    /// What is signed, the exact ASCII of `header.payload`, and the signature it has.
    #[must_use]
    pub fn signed(&self) -> (&[u8], Signature) {
        self.jws.signed(self.jwt())
    }

    pub(super) fn claims(&self) -> Claims<'_> {
        self.jws.claims()
    }

    pub(super) fn parts(&self) -> &[Disclosure] {
        &self.disclosures
    }

    pub(super) fn text_of(&self, disclosure: &Disclosure) -> &str {
        self.token.get(disclosure.text.clone()).unwrap_or_default()
    }
}

/// `<JWT>~<disclosure>~…~`
pub(super) fn join(jwt: &str, disclosures: &[impl AsRef<str>]) -> String {
    let length = disclosures.iter().map(|d| d.as_ref().len() + 1).sum::<usize>();
    let mut token = String::with_capacity(jwt.len() + 1 + length);
    token.push_str(jwt);
    token.push('~');
    for disclosure in disclosures {
        token.push_str(disclosure.as_ref());
        token.push('~');
    }
    token
}

impl Disclosure {
    /// Reads the disclosure that stands from `start` on.
    pub(super) fn parse(text: &str, start: usize) -> Result<Self, StatementError> {
        if text.is_empty() {
            return Err(StatementError::NotAToken("an empty disclosure"));
        }
        let json = decode("a disclosure", text)?;
        let outline = json::outline(&json, Limits { bytes: MAX_PRESENTATION_BYTES, depth: DEPTH })
            .map_err(|e| StatementError::json("a disclosure", e))?;
        // What is no array has no elements: too few for anything.
        let elements = if let Outline::Array(elements) = outline { elements } else { Vec::new() };
        // The outline has found it to be UTF-8.
        let json = String::from_utf8(json).map_err(|e| StatementError::shape("a disclosure", e))?;
        Ok(Self { text: start..start + text.len(), json, elements })
    }

    /// The salt and the value of an array element.
    pub(super) fn element(&self) -> Option<(&str, &str)> {
        let [salt, value] = self.elements.as_slice() else { return None };
        Some((self.json.get(salt.clone())?, self.json.get(value.clone())?))
    }

    /// Salt, name and value of a section.
    pub(super) fn section(&self) -> Option<(&str, &str, &str)> {
        let [salt, name, value] = self.elements.as_slice() else { return None };
        Some((self.json.get(salt.clone())?, self.json.get(name.clone())?, self.json.get(value.clone())?))
    }
}

/// The names of the claims that make the envelope, taken by [`envelope`].
pub(super) const ENVELOPE_CLAIMS: [&str; 6] = ["iss", "vct", "jti", "iat", "aud", "log"];

fn envelope(jws: &Jws) -> Result<(Envelope, String), StatementError> {
    let mut claims = jws.claims();
    let iss: Issuer = claims.take("iss")?;
    let vct: Cow<'_, str> = claims.take("vct")?;
    let envelope = Envelope {
        iss,
        kid: jws.header.kid.clone(),
        jti: claims.take("jti")?,
        day: day_of(claims.take("iat")?)?,
        aud: claims.take("aud")?,
        log: claims.take("log")?,
    };
    Ok((envelope, vct.into_owned()))
}
