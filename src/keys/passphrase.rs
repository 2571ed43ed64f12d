//! The passphrase of a folder of keys: from a file or from bytes, never from an argument, wiped when
//! dropped.

use super::{KeyError, files};
use crate::{
    encoding::base64,
    time::{NoRandomness, Random},
};
use std::{fmt, path::Path};
use zeroize::Zeroizing;

/// A new key asks for at least this many bytes; an existing one opens with whatever it was sealed with.
const FEWEST_BYTES: usize = 12;
const MOST_BYTES: usize = 1024;
/// Marks a passphrase that was drawn, not chosen; also lets scanners for leaked secrets find it.
const GENERATED_PREFIX: &str = "oxp_";
const GENERATED_BYTES: usize = 32;

/// A passphrase, wiped when dropped and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes one line; its end (`\n` or `\r\n`) is not part of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(KeyError::UnusablePassphrase("the passphrase is empty"));
        }
        if line.len() > MOST_BYTES {
            return Err(KeyError::UnusablePassphrase("the passphrase is longer than 1,024 bytes"));
        }
        // OpenSSL reads one line as well; a second line would make two programs disagree.
        if line.iter().any(|b| matches!(b, b'\n' | b'\r' | 0)) {
            return Err(KeyError::UnusablePassphrase("the passphrase is more than one line"));
        }
        Ok(Self(Zeroizing::new(line.to_vec())))
    }

    /// Reads a file of mode 0600 or stricter that holds the passphrase and nothing else.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let bytes = files::read_private(path, MOST_BYTES + 2)?.ok_or_else(|| {
            KeyError::io(path)(std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such file"))
        })?;
        Self::from_bytes(&bytes)
    }

    /// Draws 256 random bits, for machines that start without a person.
    pub fn generate(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut drawn = Zeroizing::new([0; GENERATED_BYTES]);
        random.fill(drawn.as_mut_slice())?;
        let text = Zeroizing::new(base64::encode_url(drawn.as_slice()));
        // The full size at once, so that no shorter copy is left behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(GENERATED_PREFIX.len() + text.len()));
        bytes.extend_from_slice(GENERATED_PREFIX.as_bytes());
        bytes.extend_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }

    /// Writes it to a new file of mode 0600, ended by a line feed; an existing file is left as it is.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.0.len() + 1));
        line.extend_from_slice(&self.0);
        line.push(b'\n');
        if files::create_new(path, &line, files::PRIVATE_FILE)? {
            Ok(())
        } else {
            Err(KeyError::io(path)(std::io::ErrorKind::AlreadyExists.into()))
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn fit_for_new_keys(&self) -> Result<(), KeyError> {
        if self.0.len() < FEWEST_BYTES {
            return Err(KeyError::UnusablePassphrase("the passphrase is too short: new keys want at least 12 bytes"));
        }
        Ok(())
    }

    /// Whether it has the form that [`Passphrase::generate`] gives: 256 random bits need no stretching.
    pub(super) fn is_generated(&self) -> bool {
        self.0
            .strip_prefix(GENERATED_PREFIX.as_bytes())
            .and_then(|text| base64::decode_url(text).ok())
            .is_some_and(|drawn| Zeroizing::new(drawn).len() == GENERATED_BYTES)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}
