//! Tree heads of any C2SP log: what a witness sees, whoever keeps the log and however it names it (tlog-checkpoint).
//!
//! Our own logs are stricter ([`super::Origin`], [`Checkpoint`]): nothing here makes an origin of ours.

use super::{
    Checkpoint, EMPTY_ROOT, KeyKind, LogError, MAX_TREE_SIZE, NoteSignature, Origin, SignedNote, TreeHead, VerifierKey,
    note::cosign_text, text::decimal,
};
use crate::{encoding::text::serde_as_text, signature::Signer};
use std::{fmt, str::FromStr, sync::Arc};

/// The longest name of a log, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// The origin line of any log. It may have spaces, which the name of a key may not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName(Arc<str>);

impl LogName {
    /// The line, without its newline.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogName {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        if text.is_empty() || text.len() > MAX_NAME_BYTES {
            return Err(LogError::name("the origin of a log", text, "it has 1 to 1024 bytes"));
        }
        if text.contains(char::is_control) {
            return Err(LogError::name("the origin of a log", text, "no control characters"));
        }
        Ok(Self(text.into()))
    }
}

impl From<&Origin> for LogName {
    fn from(origin: &Origin) -> Self {
        Self(origin.as_str().into())
    }
}

impl AsRef<str> for LogName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(LogName);

/// A tree head of any log, with the exact text that its log signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyCheckpoint {
    /// Which log.
    pub origin: LogName,
    /// Its head.
    pub head: TreeHead,
    text: String,
}

impl AnyCheckpoint {
    /// Checks a note against the keys that are known for its log; lines of other keys are ignored, and one known key
    /// is enough (tlog-witness). [`LogError::NotSigned`] where none of the lines is of a known key.
    pub fn open(note: &SignedNote, log_keys: &[VerifierKey]) -> Result<Self, LogError> {
        let mut refused = LogError::Note("no key is known for its log");
        for key in log_keys.iter().filter(|key| key.kind() == KeyKind::Ed25519) {
            match note.verified_by(key) {
                // The signature first: text that nobody signed is not looked at.
                Ok(()) => return note.text().parse(),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// What the log signs.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Signs cosignature/v1 as [`super::cosign`] does; the extension lines of the log are cosigned with it, and
    /// nothing is said about them (tlog-cosignature).
    pub fn cosign(&self, name: &str, signer: &dyn Signer, time: u64) -> Result<NoteSignature, LogError> {
        cosign_text(&self.text, name, signer, time)
    }
}

impl From<&Checkpoint> for AnyCheckpoint {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { origin: (&checkpoint.origin).into(), head: checkpoint.head, text: checkpoint.to_string() }
    }
}

impl FromStr for AnyCheckpoint {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let mut lines = text.strip_suffix('\n').ok_or(LogError::Checkpoint("no final newline"))?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(LogError::Checkpoint("it has at least three lines: origin, size and root"));
        };
        let origin = origin.parse()?;
        let size = decimal(size)
            .filter(|size| *size <= MAX_TREE_SIZE)
            .ok_or(LogError::Checkpoint("the size is not a decimal number below 2^63"))?;
        let root = root.parse().map_err(|_| LogError::Checkpoint("the root is not the base64 of 32 bytes"))?;
        if size == 0 && root != EMPTY_ROOT {
            return Err(LogError::Checkpoint("the empty tree has another root"));
        }
        if lines.any(str::is_empty) {
            return Err(LogError::Checkpoint("an extension line is empty"));
        }
        Ok(Self { origin, head: TreeHead { size, root }, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{log::sign_note, signature::SecretKey};

    const TEXT: &str = "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn signed(text: &str, name: &str, seed: u8) -> (SignedNote, VerifierKey) {
        let key = SecretKey::from_seed(&[seed; 32]).unwrap();
        let note = SignedNote::new(text.to_owned(), vec![sign_note(text, name, &key).unwrap()]).unwrap();
        (note, VerifierKey::note(name, key.public_key()).unwrap())
    }

    #[test]
    fn the_log_and_its_key_may_have_different_names_and_extension_lines_are_kept() {
        let text = format!("{TEXT}an extension\n");
        let (note, key) = signed(&text, "sum.golang.org", 1);
        let opened = AnyCheckpoint::open(&note, std::slice::from_ref(&key)).unwrap();
        assert_eq!((opened.origin.as_str(), opened.head.size), ("go.sum database tree", 20_852_163));
        assert_eq!(opened.text(), text);
        let witness = SecretKey::from_seed(&[9; 32]).unwrap();
        let line = opened.cosign("witness.example/w1", &witness, 7).unwrap();
        let mut whole = note.clone();
        whole.add(line).unwrap();
        let cosigner = VerifierKey::cosigner("witness.example/w1", witness.public_key()).unwrap();
        assert_eq!(whole.cosigned_by(&cosigner).unwrap(), 7);
    }

    #[test]
    fn one_known_key_is_enough_and_none_is_refused() {
        let (note, key) = signed(TEXT, "sum.golang.org", 1);
        let (_, other) = signed(TEXT, "sum.golang.org", 2);
        assert!(AnyCheckpoint::open(&note, &[other.clone(), key]).is_ok());
        assert!(matches!(AnyCheckpoint::open(&note, &[other]), Err(LogError::NotSigned { .. })));
        assert!(AnyCheckpoint::open(&note, &[]).is_err());
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for bad in [
            "",
            "a\n1\n",
            "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            "a\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        ] {
            assert!(bad.parse::<AnyCheckpoint>().is_err(), "{bad:?}");
        }
    }
}
