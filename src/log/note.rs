//! Text signed by one or more keys: C2SP signed-note.

use super::{
    KeyKind, LogError, VerifierKey,
    verifier_key::{check_name, key_id},
};
use crate::{
    encoding::base64,
    signature::{SignError, Signature, Signer},
};
use std::fmt;

/// The largest note that [`SignedNote::parse`] takes, in bytes: a checkpoint with 16 post-quantum signatures of nearly
/// 5 kB each, which C2SP signed-note asks for, and room to spare.
pub const MAX_CHECKPOINT_NOTE_BYTES: usize = 128 * 1024;
/// The most signature lines of a note.
pub const MAX_NOTE_SIGNATURES: usize = 128;

/// The em dash and space that begin a signature line.
const MARK: &str = "\u{2014} ";
/// The largest time a cosignature may state (C2SP tlog-cosignature), in Unix seconds.
const MAX_TIME: u64 = i64::MAX.unsigned_abs();

/// One signature line. Whether it verifies is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl NoteSignature {
    /// Reads one line, without its newline.
    pub fn parse(line: &str) -> Result<Self, LogError> {
        let (name, blob) = line
            .strip_prefix(MARK)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(LogError::Note("a signature line reads: em dash, key name, base64"))?;
        check_name(name)?;
        let blob = base64::decode(blob).map_err(|_| LogError::Note("a signature is not strict base64"))?;
        match blob.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => {
                Ok(Self { name: name.into(), id: *id, signature: signature.into() })
            }
            _ => Err(LogError::Note("a signature is too short")),
        }
    }

    /// The name of the key that claims to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that claims to have signed.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature without the key id; its form is the key type's.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn is_of(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == key.name()
    }
}

/// The line, without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [self.id.as_slice(), &self.signature].concat();
        write!(f, "{MARK}{} {}", self.name, base64::encode(&blob))
    }
}

/// A text and its signature lines. Parsing proves nothing: see [`SignedNote::verified_by`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Puts a text and its signatures together, under the rules of the format.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Self, LogError> {
        check_text(&text)?;
        if signatures.is_empty() {
            return Err(LogError::Note("it has no signature"));
        }
        if signatures.len() > MAX_NOTE_SIGNATURES {
            return Err(LogError::Note("it has too many signatures"));
        }
        // Two lines of one key would leave open which of them counts.
        let mut keys = signatures.iter().map(|line| (line.name(), line.id)).collect::<Vec<_>>();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(LogError::Note("two signatures are of one key"));
        }
        Ok(Self { text, signatures })
    }

    /// Reads a note of at most [`MAX_CHECKPOINT_NOTE_BYTES`].
    pub fn parse(note: &str) -> Result<Self, LogError> {
        Self::parse_within(note, MAX_CHECKPOINT_NOTE_BYTES)
    }

    /// Reads a note of at most `limit` bytes.
    pub fn parse_within(note: &str, limit: usize) -> Result<Self, LogError> {
        if note.len() > limit {
            return Err(LogError::TooLarge { what: "a signed note", limit });
        }
        let blank = note.rfind("\n\n").ok_or(LogError::Note("no blank line before the signatures"))?;
        let (text, rest) = note.split_at(blank + 1);
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(LogError::Note("the last line does not end in a newline"))?;
        // Counted before any is decoded.
        if lines.split('\n').count() > MAX_NOTE_SIGNATURES {
            return Err(LogError::Note("it has too many signatures"));
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        Self::new(text.to_owned(), signatures)
    }

    /// The signed text, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line, in place of an older one of the same key.
    pub fn add(&mut self, line: NoteSignature) -> Result<(), LogError> {
        if let Some(old) = self.signatures.iter_mut().find(|old| old.id == line.id && old.name == line.name) {
            *old = line;
            return Ok(());
        }
        if self.signatures.len() >= MAX_NOTE_SIGNATURES {
            return Err(LogError::Note("it has too many signatures"));
        }
        self.signatures.push(line);
        Ok(())
    }

    /// Checks this key's signature: [`LogError::NotSigned`] if there is none, [`LogError::BadSignature`] if it fails.
    pub fn verified_by(&self, key: &VerifierKey) -> Result<(), LogError> {
        self.line_of(key).and_then(|line| verify_line(&self.text, line, key)).map(|_| ())
    }

    /// Checks this cosigner's signature and gives the time it states, in Unix seconds.
    pub fn cosigned_by(&self, key: &VerifierKey) -> Result<u64, LogError> {
        let line = self.line_of(key)?;
        verify_line(&self.text, line, key)?
            .ok_or_else(|| LogError::KeyKind { name: key.name().into(), kind: key.kind().byte() })
    }

    fn line_of(&self, key: &VerifierKey) -> Result<&NoteSignature, LogError> {
        let found = self.signatures.iter().find(|line| line.is_of(key));
        found.ok_or_else(|| LogError::NotSigned { name: key.name().into() })
    }
}

/// The exact note, as it was parsed.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Signs a text with a key of type 0x01: a log's own signature, or that of a document such as a trust list.
pub fn sign_note(text: &str, name: &str, signer: &dyn Signer) -> Result<NoteSignature, LogError> {
    check_text(text)?;
    check_name(name)?;
    let signature = sign_and_check(text.as_bytes(), signer)?;
    let id = key_id(name, KeyKind::Ed25519, signer.public_key().as_bytes());
    Ok(NoteSignature { name: name.into(), id, signature: signature.as_bytes().to_vec() })
}

/// Signs a checkpoint's text as cosignature/v1 at this time, in Unix seconds (C2SP tlog-cosignature).
pub(super) fn cosign_text(text: &str, name: &str, signer: &dyn Signer, time: u64) -> Result<NoteSignature, LogError> {
    check_name(name)?;
    if time > MAX_TIME {
        return Err(LogError::Note("a cosignature's time is below 2^63"));
    }
    let signature = sign_and_check(cosigned_message(text, time).as_bytes(), signer)?;
    let id = key_id(name, KeyKind::CosignatureV1, signer.public_key().as_bytes());
    let blob = [time.to_be_bytes().as_slice(), signature.as_bytes()].concat();
    Ok(NoteSignature { name: name.into(), id, signature: blob })
}

/// Checks a line that names this key; gives the time if it is a cosignature.
pub(super) fn verify_line(text: &str, line: &NoteSignature, key: &VerifierKey) -> Result<Option<u64>, LogError> {
    let bad = || LogError::BadSignature { name: key.name().into() };
    let Some(public) = key.public_key().filter(|_| line.is_of(key)) else {
        return Err(if line.is_of(key) {
            LogError::KeyKind { name: key.name().into(), kind: key.kind().byte() }
        } else {
            LogError::NotSigned { name: key.name().into() }
        });
    };
    let (time, message, signature) = match key.kind() {
        KeyKind::CosignatureV1 => {
            let (time, signature) = line.signature.split_first_chunk().ok_or_else(bad)?;
            let time = u64::from_be_bytes(*time);
            if time > MAX_TIME {
                return Err(bad());
            }
            (Some(time), cosigned_message(text, time), signature)
        }
        _ => (None, text.to_owned(), line.signature.as_slice()),
    };
    let signature = Signature::from_bytes(signature.try_into().map_err(|_| bad())?);
    public.verify(message.as_bytes(), &signature).map_err(|_| bad())?;
    Ok(time)
}

/// C2SP tlog-cosignature, "Ed25519 signed message".
fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A signature that does not verify never leaves: a fault while signing with Ed25519 can give the key away.
fn sign_and_check(message: &[u8], signer: &dyn Signer) -> Result<Signature, LogError> {
    let signature = signer.sign(message)?;
    signer
        .public_key()
        .verify(message, &signature)
        .map_err(|_| SignError("it made a signature that does not verify".into()))?;
    Ok(signature)
}

/// C2SP signed-note, "Format": no control character but the newline, and a newline at the end.
fn check_text(text: &str) -> Result<(), LogError> {
    if !text.ends_with('\n') {
        return Err(LogError::Note("the text does not end in a newline"));
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(LogError::Note("the text has a control character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
