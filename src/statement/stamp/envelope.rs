//! The envelope of a stamp: a tagged COSE_Sign1 (RFC 9052, section 4.2), zlib, base45.

use super::{Stamp, contents};
use crate::{
    encoding::{
        base45,
        cbor::{self, CborError, Limits},
    },
    signature::{PublicKey, Signature, Signer},
    statement::{Kid, StatementError},
};
use flate2::{Compression, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use minicbor::{Decoder, Encoder, data::Tag};
use std::{convert::Infallible, io::Write as _};

/// What a stamp's text begins with: a certificate of origin, version 1.
pub const STAMP_PREFIX: &str = "CO1:";
/// Characters of a stamp that is made: a QR code of version 25 at level M in alphanumeric mode (ISO/IEC 18004, table 7).
pub const STAMP_TEXT_MAX: usize = 1_451;
/// Characters of a stamp that is read: the largest QR code there is, version 40 at level L.
const READ_TEXT_MAX: usize = 4_296;
/// The same with its line ends, where it was pasted.
const PASTED_MAX: usize = 2 * READ_TEXT_MAX;
/// Bytes that a stamp inflates to.
const INFLATED_MAX: usize = 8 << 10;
/// A tag, an array, in it nothing that nests but empty maps; the payload is a map of lists of lists.
const DEPTH: usize = 4;

const WHAT: &str = "the stamp";
/// COSE_Sign1 (RFC 9052, section 2).
const COSE_SIGN1: u64 = 18;
/// Header parameters (RFC 9052, section 3.1), and EdDSA (RFC 9053, section 2.2).
const ALG: u8 = 1;
const KID: u8 = 4;
const EDDSA: i8 = -8;

/// A stamp as it stands in a QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedStamp {
    /// `CO1:…`, of the characters that a QR code's alphanumeric mode has.
    pub text: String,
    /// Items that it carries, the first ones.
    pub carried: u32,
    /// Items of the certificate.
    pub total: u32,
}

/// A stamp taken apart. Nothing it says is to be believed before [`SignedStamp::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStamp {
    /// The key it says it was signed with.
    pub kid: Kid,
    /// What it says.
    pub stamp: Stamp,
    to_be_signed: Vec<u8>,
    signature: Signature,
}

impl Stamp {
    /// Signs it with a key of use `stamp`, with as many of its items as fit a QR code of version 25 at level M. It may
    /// block, as the signer may. The same stamp and key give the same bytes.
    pub fn sign(&self, kid: &Kid, signer: &dyn Signer) -> Result<SealedStamp, StatementError> {
        let (mut least, mut beyond, mut best) = (0, self.items.len() + 1, None);
        // All of them first: most certificates have few.
        let mut carried = self.items.len();
        while least < beyond {
            match self.sealed(carried, kid, signer)? {
                Some(text) => (least, best) = (carried + 1, Some((text, carried))),
                None => beyond = carried,
            }
            carried = least + (beyond - least) / 2;
        }
        let (text, carried) =
            best.ok_or_else(|| StatementError::shape(WHAT, "it does not fit a QR code even without items"))?;
        let carried = u32::try_from(carried).map_err(|e| StatementError::shape(WHAT, e))?;
        Ok(SealedStamp { text, carried, total: self.total })
    }

    /// The text with the first `carried` items, if it fits.
    fn sealed(&self, carried: usize, kid: &Kid, signer: &dyn Signer) -> Result<Option<String>, StatementError> {
        let payload = contents::write(self, carried)?;
        if payload.len() > INFLATED_MAX {
            return Ok(None);
        }
        let written = |e: minicbor::encode::Error<Infallible>| StatementError::shape(WHAT, e);
        let protected = protected(kid).map_err(written)?;
        let signature = signer.sign(&to_be_signed(&protected, &payload).map_err(written)?)?;
        let message = message(&protected, &payload, &signature).map_err(written)?;
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let _ = zlib.write_all(&message);
        let text = format!("{STAMP_PREFIX}{}", base45::encode(&zlib.finish().unwrap_or_default()));
        Ok((text.len() <= STAMP_TEXT_MAX && message.len() <= INFLATED_MAX).then_some(text))
    }
}

impl SignedStamp {
    /// Whether a text sets out to be a stamp.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with(STAMP_PREFIX)
    }

    /// Takes `CO1:…` apart; its signature is for the caller to verify, with a key from the trust list.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        StatementError::within(WHAT, text.len(), READ_TEXT_MAX)?;
        let encoded =
            text.strip_prefix(STAMP_PREFIX).ok_or(StatementError::NotAStamp("it does not begin with `CO1:`"))?;
        let compressed = base45::decode(encoded).map_err(|_| StatementError::NotAStamp("it is not strict base45"))?;
        Self::open(&inflate(&compressed)?)
    }

    /// The same of a text that was pasted. Line ends, which no code has, are a mail program's and are left out; whether a
    /// space beside one is the stamp's own is tried out, and the sum in its zlib stream tells.
    pub fn pasted(text: &str) -> Result<Self, StatementError> {
        StatementError::within(WHAT, text.len(), PASTED_MAX)?;
        let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let read = Self::parse(&lines.concat());
        let width = lines.iter().map(|line| line.len()).max().unwrap_or_default();
        // A mail program breaks lines of about one length: what is filled up is hardly longer than what was pasted.
        let filled_up = width.saturating_mul(lines.len());
        if read.is_ok() || lines.len() < 2 || !text.is_ascii() || filled_up > 2 * PASTED_MAX {
            return read;
        }
        // Some programs put spaces before lines and at their ends; others take the stamp's own away there.
        let bare = lines.iter().map(|line| line.trim_matches(' ')).collect::<String>();
        let (last, rest) = lines.split_last().unwrap_or((&"", &[]));
        let mut filled = rest.iter().fold(String::new(), |all, line| all + &format!("{line:width$}"));
        filled.push_str(last);
        Self::parse(&bare).or_else(|_| Self::parse(&filled)).or(read)
    }

    /// Takes the COSE_Sign1 apart.
    fn open(message: &[u8]) -> Result<Self, StatementError> {
        let strict = |what: &'static str, bytes: &[u8]| {
            cbor::check(bytes, Limits { bytes: INFLATED_MAX, depth: DEPTH }).map_err(|error| match error {
                CborError::TooLarge { found, limit } => StatementError::TooLarge { what, found, limit },
                CborError::Malformed(why) => StatementError::NotStrictCbor { what, why },
            })
        };
        strict(WHAT, message)?;
        let (protected, payload, signature) = parts(message)
            .ok_or(StatementError::NotAStamp("it is not a COSE_Sign1 with its payload and nothing unprotected"))?;
        let signature = <[u8; 64]>::try_from(signature)
            .map_err(|_| StatementError::NotAStamp("an Ed25519 signature has 64 bytes"))?;
        strict("the protected header", protected)?;
        let kid = kid_of(protected)?;
        strict("the payload", payload)?;
        let stamp = contents::read(payload)?;
        let to_be_signed = to_be_signed(protected, payload).map_err(|e| StatementError::shape(WHAT, e))?;
        Ok(Self { kid, stamp, to_be_signed, signature: Signature::from_bytes(signature) })
    }

    /// The signature, strictly.
    pub fn verify(&self, key: &PublicKey) -> Result<(), StatementError> {
        key.verify(&self.to_be_signed, &self.signature).map_err(|_| StatementError::BadSignature)
    }
}

/// Inflates up to the limit: a bomb is stopped at one byte more, and nothing may follow the stream.
fn inflate(compressed: &[u8]) -> Result<Vec<u8>, StatementError> {
    const BAD: StatementError = StatementError::NotAStamp("it is not one zlib stream");
    let mut bytes = vec![0; INFLATED_MAX + 1];
    let mut inflater = Decompress::new(true);
    let outcome = inflater.decompress(compressed, &mut bytes, FlushDecompress::Finish).map_err(|_| BAD)?;
    let length = usize::try_from(inflater.total_out()).map_err(|_| BAD)?;
    StatementError::within("the stamp, inflated,", length, INFLATED_MAX)?;
    let all_read = u64::try_from(compressed.len()).is_ok_and(|length| inflater.total_in() == length);
    if outcome != Status::StreamEnd || !all_read {
        return Err(BAD);
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// `{1: -8, 4: kid}`
fn protected(kid: &Kid) -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
    let mut out = Encoder::new(Vec::with_capacity(72));
    out.map(2)?.u8(ALG)?.i8(EDDSA)?.u8(KID)?.bytes(kid.as_str().as_bytes())?;
    Ok(out.into_writer())
}

/// The key that a protected header of exactly the two parameters names.
fn kid_of(protected: &[u8]) -> Result<Kid, StatementError> {
    const HEADER: &str = "the protected header";
    let mut input = Decoder::new(protected);
    let exact = StatementError::shape(HEADER, "not a map of `1` (alg) and `4` (kid)");
    if input.map().ok() != Some(Some(2)) || input.u8().ok() != Some(ALG) {
        return Err(exact);
    }
    if input.i8().ok() != Some(EDDSA) {
        return Err(StatementError::WrongAlgorithm);
    }
    if input.u8().ok() != Some(KID) {
        return Err(exact);
    }
    let kid = input.bytes().ok().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    kid.parse::<Kid>().map_err(|e| StatementError::shape(HEADER, e))
}

/// `Sig_structure` (RFC 9052, section 4.4), with nothing supplied from outside.
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
    let mut out = Encoder::new(Vec::with_capacity(protected.len() + payload.len() + 24));
    out.array(4)?.str("Signature1")?.bytes(protected)?.bytes(&[])?.bytes(payload)?;
    Ok(out.into_writer())
}

/// `18([protected, {}, payload, signature])`
fn message(
    protected: &[u8],
    payload: &[u8],
    signature: &Signature,
) -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
    let mut out = Encoder::new(Vec::with_capacity(protected.len() + payload.len() + 80));
    out.tag(Tag::new(COSE_SIGN1))?.array(4)?.bytes(protected)?.map(0)?.bytes(payload)?.bytes(signature.as_bytes())?;
    Ok(out.into_writer())
}

fn parts(message: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut input = Decoder::new(message);
    let tagged = input.tag().ok()? == Tag::new(COSE_SIGN1) && input.array().ok()? == Some(4);
    let protected = input.bytes().ok().filter(|_| tagged)?;
    let nothing_unprotected = input.map().ok()? == Some(0);
    let payload = input.bytes().ok().filter(|_| nothing_unprotected)?;
    Some((protected, payload, input.bytes().ok()?))
}
