//! Inflating what a PDF has packed, no further than it may.

use super::PaperError;
use flate2::read::ZlibDecoder;
use std::io::{Read as _, Write};

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Not at all.
    Plain,
    /// By deflate alone.
    Deflate,
    /// In another way, or in several.
    Other,
}

/// A stream as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed<'a> {
    pub(super) filter: Filter,
    pub(super) data: &'a [u8],
}

impl Packed<'_> {
    /// What it says, if that is at most `limit` bytes.
    pub(super) fn inflate(&self, what: &'static str, limit: usize) -> Result<Vec<u8>, PaperError> {
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut out = Vec::new();
        match self.filter {
            Filter::Plain => out.extend_from_slice(self.data.get(..limit.saturating_add(1)).unwrap_or(self.data)),
            Filter::Deflate => {
                let read = ZlibDecoder::new(self.data).take(most.saturating_add(1)).read_to_end(&mut out);
                read.map_err(|_| PaperError::PdfMalformed("what is packed in it does not inflate"))?;
            }
            Filter::Other => return Err(PaperError::PdfMalformed("something is packed in a way that is not read")),
        }
        if out.len() > limit { Err(PaperError::PdfInflates { what, limit: most }) } else { Ok(out) }
    }

    /// What drawing it costs, counted up to `limit` bytes and kept nowhere. What is not by deflate counts as it stands.
    pub(super) fn cost(&self, limit: u64) -> Cost {
        let mut cost = Cost::default();
        // A stream that breaks off counts up to there; nothing else can fail.
        let _ = match self.filter {
            Filter::Deflate => std::io::copy(&mut ZlibDecoder::new(self.data).take(limit), &mut cost),
            Filter::Plain | Filter::Other => std::io::copy(&mut self.data.take(limit), &mut cost),
        };
        cost
    }
}

/// What a stream has in it for whoever draws it.
#[derive(Debug, Default)]
pub(super) struct Cost {
    /// Bytes, inflated.
    pub(super) bytes: u64,
    /// The most brackets that are open at a time, which is how deep lists may nest.
    pub(super) depth: u64,
    lists: u64,
    dictionaries: u64,
}

impl Write for Cost {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            match byte {
                b'[' => self.lists += 1,
                b']' => self.lists = self.lists.saturating_sub(1),
                b'<' => self.dictionaries += 1,
                b'>' => self.dictionaries = self.dictionaries.saturating_sub(1),
                _ => continue,
            }
            self.depth = self.depth.max(self.lists + self.dictionaries);
        }
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
