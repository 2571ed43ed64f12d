//! A segment: one file of a record class, with a head that says where it stands in the chain.
//!
//! ```text
//!  0  8  magic of the record class     28  8  first sequence
//!  8  4  format                        36  4  crc of the batch before its first
//! 12  4  ordinal, from 1               40  8  length of the segment before it
//! 16  8  identity, random              48  4  crc32c of bytes 0–47
//! 24  4  0
//! ```

use super::disk::{Disk, DiskFile};
use super::frame::{Class, FRAME_HEAD, FrameHead, Link, is_whole, read_head};
use super::rows::Place;
use super::wire::{Fields, length32};
use crate::store::error::StoreError;
use std::sync::Arc;

/// Bytes before the first frame.
pub(super) const SEGMENT_HEAD: usize = 52;
/// The format this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The name of a segment's file.
pub(super) fn name(class: Class, ordinal: u32) -> String {
    format!("{}/{ordinal:08}", class.folder())
}

/// Ordinals of the segments there are, ascending.
pub(super) fn ordinals(disk: &dyn Disk, class: Class) -> Result<Vec<u32>, StoreError> {
    let names = disk.list(class.folder()).map_err(|e| StoreError::io(class.folder(), e))?;
    let mut found: Vec<u32> =
        names.iter().filter(|name| name.len() == 8).filter_map(|name| name.parse().ok()).collect();
    found.sort_unstable();
    Ok(found)
}

/// Opens a segment's file.
pub(super) fn open(disk: &dyn Disk, class: Class, ordinal: u32) -> Result<Arc<dyn DiskFile>, StoreError> {
    let name = name(class, ordinal);
    let file = disk.open(&name).map_err(|e| StoreError::io(&name, e))?;
    file.ok_or_else(|| StoreError::corrupt(&name, 0, "the file is missing"))
}

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHead {
    pub(super) ordinal: u32,
    /// Identity, first sequence and the crc the first frame follows.
    pub(super) link: Link,
    /// Length of the segment before it, so that a cut one is noticed without reading it.
    pub(super) length_before: u64,
}

impl SegmentHead {
    pub(super) fn bytes(&self, class: Class) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEAD);
        bytes.extend_from_slice(class.magic());
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.ordinal.to_le_bytes());
        bytes.extend_from_slice(&self.link.segment.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.link.first.to_le_bytes());
        bytes.extend_from_slice(&self.link.previous.to_le_bytes());
        bytes.extend_from_slice(&self.length_before.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the head; `None` if it is not whole.
    pub(super) fn read(class: Class, ordinal: u32, file: &dyn DiskFile) -> Result<Option<Self>, StoreError> {
        let name = name(class, ordinal);
        let mut bytes = [0; SEGMENT_HEAD];
        if file.read_at(&mut bytes, 0).map_err(|e| StoreError::io(&name, e))? < SEGMENT_HEAD {
            return Ok(None);
        }
        let Some((format, head)) = Self::parse(class, &bytes) else { return Ok(None) };
        if format != FORMAT {
            return Err(StoreError::Version { file: name, found: format, known: FORMAT });
        }
        if head.ordinal != ordinal {
            return Err(StoreError::corrupt(&name, 12, format!("it is segment {}, under another name", head.ordinal)));
        }
        Ok(Some(head))
    }

    fn parse(class: Class, bytes: &[u8; SEGMENT_HEAD]) -> Option<(u32, Self)> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut fields = Fields::new(content);
        if fields.array::<8>()? != *class.magic() {
            return None;
        }
        let (format, ordinal, segment) = (fields.u32()?, fields.u32()?, fields.u64()?);
        fields.u32()?;
        let (first, previous, length_before) = (fields.u64()?, fields.u32()?, fields.u64()?);
        Some((format, Self { ordinal, link: Link { segment, first, previous }, length_before }))
    }
}

/// A frame that was found whole and in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) ordinal: u32,
    pub(super) offset: u64,
    pub(super) head: FrameHead,
}

impl Found {
    /// Offset of the byte behind the frame.
    pub(super) fn end(&self) -> u64 {
        self.offset + FRAME_HEAD as u64 + u64::from(self.head.length)
    }

    /// The payload of one of entries, from its file.
    pub(super) fn payload(&self, file: &dyn DiskFile) -> Result<Vec<u8>, StoreError> {
        let mut payload = vec![0; usize::try_from(self.head.length).unwrap_or(0)];
        let failed = |error| StoreError::io(&name(Class::Entries, self.ordinal), error);
        file.read_at(&mut payload, self.offset + FRAME_HEAD as u64).map_err(failed)?;
        Ok(payload)
    }

    /// Where bytes stand that begin at an offset of its payload.
    pub(super) fn place(&self, offset: usize, bytes: &[u8]) -> Place {
        let start = u32::try_from(self.offset).unwrap_or(u32::MAX).saturating_add(length32(FRAME_HEAD));
        let offset = start.saturating_add(length32(offset));
        Place { segment: self.ordinal, offset, length: length32(bytes.len()) }
    }
}

/// What stands at a place of a segment.
#[derive(Debug)]
pub(super) enum Step {
    /// A whole frame that follows the one before.
    Frame(Found),
    /// Nothing more.
    End,
    /// Bytes that are not the next frame.
    Torn,
}

/// Walks the frames of one segment.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    class: Class,
    ordinal: u32,
    file: &'a dyn DiskFile,
    length: u64,
    next: Link,
    offset: u64,
    payload: Vec<u8>,
    /// Frames of any segment count, where the head that told the identity is lost.
    any_segment: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(class: Class, head: &SegmentHead, file: &'a dyn DiskFile) -> Result<Self, StoreError> {
        Self::resume(class, head.ordinal, file, (SEGMENT_HEAD as u64, head.link))
    }

    /// Goes on where an earlier walk came to its [`Self::end`].
    pub(super) fn resume(
        class: Class,
        ordinal: u32,
        file: &'a dyn DiskFile,
        (offset, next): (u64, Link),
    ) -> Result<Self, StoreError> {
        let length = file.length().map_err(|e| StoreError::io(&name(class, ordinal), e))?;
        Ok(Self { class, ordinal, file, length, next, offset, payload: Vec::new(), any_segment: false })
    }

    /// Looks at a file whose head is lost; [`Self::skip`] comes to its first frame.
    pub(super) fn without_head(class: Class, ordinal: u32, file: &'a dyn DiskFile) -> Result<Self, StoreError> {
        let link = Link { segment: 0, first: 0, previous: 0 };
        Ok(Self { any_segment: true, ..Self::resume(class, ordinal, file, (0, link))? })
    }

    /// Whether a file whose head is lost holds a whole frame: then it was in use, and is damaged.
    pub(super) fn any_whole_frame(class: Class, ordinal: u32, file: &'a dyn DiskFile) -> Result<bool, StoreError> {
        Ok(Self::without_head(class, ordinal, file)?.whole_frame_past_tear()?.is_some())
    }

    /// Whether a whole frame stands at an offset.
    pub(super) fn is_whole_at(
        class: Class,
        ordinal: u32,
        file: &'a dyn DiskFile,
        offset: u64,
    ) -> Result<bool, StoreError> {
        Ok(Self::without_head(class, ordinal, file)?.frame_at(offset)?.is_some())
    }

    /// Where the next frame has to stand, and what it has to follow.
    pub(super) const fn end(&self) -> (u64, Link) {
        (self.offset, self.next)
    }

    /// The payload of the frame last found.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn step(&mut self) -> Result<Step, StoreError> {
        if self.offset == self.length {
            return Ok(Step::End);
        }
        let Some(head) = self.frame_at(self.offset)?.filter(|head| head.link == self.next) else {
            return Ok(Step::Torn);
        };
        let found = Found { ordinal: self.ordinal, offset: self.offset, head };
        self.offset = found.end();
        self.next = Link { first: self.next.first + u64::from(head.count), previous: head.crc, ..self.next };
        Ok(Step::Frame(found))
    }

    /// A whole frame of this segment at an offset, wherever it belongs; its payload is read.
    fn frame_at(&mut self, offset: u64) -> Result<Option<FrameHead>, StoreError> {
        let failed = |e| StoreError::io(&name(self.class, self.ordinal), e);
        let mut bytes = [0; FRAME_HEAD];
        if self.file.read_at(&mut bytes, offset).map_err(failed)? < FRAME_HEAD {
            return Ok(None);
        }
        let of_this = |head: &FrameHead| self.any_segment || head.link.segment == self.next.segment;
        let Some(head) = read_head(self.class, &bytes).filter(of_this) else { return Ok(None) };
        let start = offset + FRAME_HEAD as u64;
        if start + u64::from(head.length) > self.length {
            return Ok(None);
        }
        self.payload.resize(usize::try_from(head.length).unwrap_or(0), 0);
        let read = self.file.read_at(&mut self.payload, start).map_err(failed)?;
        Ok((read == self.payload.len() && is_whole(&head, &bytes, &self.payload)).then_some(head))
    }

    /// The offset of a whole frame behind the torn one. If there is one, the torn one had been synced before
    /// it was written: then it is no torn tail but damage.
    pub(super) fn whole_frame_past_tear(&mut self) -> Result<Option<u64>, StoreError> {
        const WINDOW: usize = 1 << 20;
        let magic = self.class.magic();
        let mut window = vec![0; WINDOW];
        let mut at = self.offset + 1;
        while at + FRAME_HEAD as u64 <= self.length {
            let read =
                self.file.read_at(&mut window, at).map_err(|e| StoreError::io(&name(self.class, self.ordinal), e))?;
            let seen = window.get(..read).unwrap_or_default();
            for place in
                seen.windows(magic.len()).enumerate().filter(|(_, bytes)| bytes == magic).map(|(place, _)| place)
            {
                if self.frame_at(at + place as u64)?.is_some() {
                    return Ok(Some(at + place as u64));
                }
            }
            // The next window begins where a magic could have been cut in two.
            at += (read.saturating_sub(magic.len() - 1)).max(1) as u64;
        }
        Ok(None)
    }

    /// Goes on at the next whole frame behind what is torn, or at the end where there is none; gives where that is.
    pub(super) fn skip(&mut self) -> u64 {
        // A disk that does not read on is at its end.
        let offset = self.whole_frame_past_tear().ok().flatten();
        let found = offset.and_then(|offset| Some((offset, self.frame_at(offset).ok().flatten()?)));
        match found {
            Some((offset, head)) => (self.offset, self.next, self.any_segment) = (offset, head.link, false),
            None => self.offset = self.length,
        }
        self.offset
    }
}
