//! One batch on disk: a frame that says which segment it belongs to, which batch it follows and whether it is whole.
//!
//! ```text
//!  0  8  magic of the record class
//!  8  8  identity of the segment, random: nothing a caller brings can look like a frame of it
//! 16  8  first sequence
//! 24  4  count: the next frame's first sequence is first + count
//! 28  4  length of the payload
//! 32  4  crc of the previous batch of this class, across segments
//! 36  4  crc32c of bytes 0–35 and the payload
//! 40     payload
//! ```

use super::wire::{Fields, length32};
use crate::store::batch::MAX_BATCH_BYTES;

/// Bytes before the payload.
pub(super) const FRAME_HEAD: usize = 40;
const CRC_AT: usize = 36;
/// Longest payload: a batch's bytes and room for the record heads, numbers and audit rows beside them.
pub(super) const MAX_PAYLOAD: usize = 2 * MAX_BATCH_BYTES;

/// The two record classes: one for ever, one replaced now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Entries,
    State,
}

impl Class {
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::State => "state",
        }
    }

    /// Non-ASCII first byte: no text can be mistaken for it.
    pub(super) const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Entries => b"\x9fOXent\r\n",
            Self::State => b"\x9fOXsta\r\n",
        }
    }
}

/// The place of a frame in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// Identity of the segment.
    pub(super) segment: u64,
    /// Sequence of the first record.
    pub(super) first: u64,
    /// Crc of the previous batch.
    pub(super) previous: u32,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) link: Link,
    pub(super) count: u32,
    pub(super) length: u32,
    pub(super) crc: u32,
}

/// A frame being filled: the head's room first, the payload behind it.
#[derive(Debug)]
pub(super) struct FrameBuilder(Vec<u8>);

impl FrameBuilder {
    pub(super) fn with_capacity(payload: usize) -> Self {
        let mut bytes = Vec::with_capacity(FRAME_HEAD + payload);
        bytes.resize(FRAME_HEAD, 0);
        Self(bytes)
    }

    /// The frame so far; push payload behind it. Its length is the next payload byte's offset in the frame.
    pub(super) const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    /// Fills in the head; gives the frame and its crc.
    pub(super) fn finish(mut self, class: Class, link: Link, count: u32) -> (Vec<u8>, u32) {
        let length = length32(self.0.len().saturating_sub(FRAME_HEAD));
        let mut head = Vec::with_capacity(FRAME_HEAD);
        head.extend_from_slice(class.magic());
        head.extend_from_slice(&link.segment.to_le_bytes());
        head.extend_from_slice(&link.first.to_le_bytes());
        head.extend_from_slice(&count.to_le_bytes());
        head.extend_from_slice(&length.to_le_bytes());
        head.extend_from_slice(&link.previous.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head), self.0.get(FRAME_HEAD..).unwrap_or_default());
        head.extend_from_slice(&crc.to_le_bytes());
        for (to, from) in self.0.iter_mut().zip(head) {
            *to = from;
        }
        (self.0, crc)
    }
}

/// Reads a frame's head; `None` if it is not one of this class.
pub(super) fn read_head(class: Class, bytes: &[u8; FRAME_HEAD]) -> Option<FrameHead> {
    let mut fields = Fields::new(bytes);
    if fields.array::<8>()? != *class.magic() {
        return None;
    }
    let (segment, first) = (fields.u64()?, fields.u64()?);
    let (count, length) = (fields.u32()?, fields.u32()?);
    let (previous, crc) = (fields.u32()?, fields.u32()?);
    let plausible = usize::try_from(length).is_ok_and(|length| length <= MAX_PAYLOAD);
    plausible.then_some(FrameHead { link: Link { segment, first, previous }, count, length, crc })
}

/// Whether the frame is whole.
pub(super) fn is_whole(head: &FrameHead, head_bytes: &[u8; FRAME_HEAD], payload: &[u8]) -> bool {
    let before_crc = head_bytes.get(..CRC_AT).unwrap_or_default();
    crc32c::crc32c_append(crc32c::crc32c(before_crc), payload) == head.crc
}
