//! Writes a package, line by line, and seals it.

use super::{EndLine, FrontLine, Line, MAX_LINE_BYTES, MAX_PARCEL_BYTES, ParcelError};
use crate::{keys::KeyError, trust::PackageSeal};
use sha2::{Digest as _, Sha256};
use std::io::Write;

/// A package in the making.
pub struct ParcelWriter<W> {
    to: W,
    hash: Sha256,
    lines: u64,
    bytes: u64,
}

impl<W: Write> ParcelWriter<W> {
    /// Begins one.
    #[must_use]
    pub fn new(to: W) -> Self {
        Self { to, hash: Sha256::new(), lines: 0, bytes: 0 }
    }

    /// The next line.
    pub fn line(&mut self, line: &Line) -> Result<(), ParcelError> {
        let text = self.text(line)?;
        self.hash.update(&text);
        self.lines += 1;
        self.put(&text)
    }

    /// The seal, which says again what the first line said: the package is whole. Gives the seal's note.
    pub fn seal(
        mut self,
        front: &FrontLine,
        sign: impl FnOnce(&PackageSeal) -> Result<String, KeyError>,
    ) -> Result<String, ParcelError> {
        let digest = self.hash.clone().finalize().into();
        let FrontLine { from, to, made_at, .. } = front.clone();
        let seal = PackageSeal { from, to, made_at, lines: self.lines, digest };
        let seal = sign(&seal).map_err(|error| ParcelError::Inside(error.to_string()))?;
        let text = self.text(&Line::End(EndLine { seal: seal.clone() }))?;
        self.put(&text)?;
        self.to.flush().map_err(|error| ParcelError::Inside(error.to_string()))?;
        Ok(seal)
    }

    fn text(&self, line: &Line) -> Result<Vec<u8>, ParcelError> {
        let mut text = serde_json::to_vec(line).map_err(|error| ParcelError::Inside(error.to_string()))?;
        if text.len() > MAX_LINE_BYTES || self.bytes > MAX_PARCEL_BYTES {
            return Err(ParcelError::TooLarge("a line, or the whole of it"));
        }
        text.push(b'\n');
        Ok(text)
    }

    fn put(&mut self, text: &[u8]) -> Result<(), ParcelError> {
        self.bytes = self.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.to.write_all(text).map_err(|error| ParcelError::Inside(error.to_string()))
    }
}
