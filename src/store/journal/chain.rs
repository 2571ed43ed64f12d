//! The writer's end of a record class: where the next frame goes, and when a new segment is begun.

use super::disk::{Disk, DiskFile};
use super::frame::{Class, FrameBuilder, Link};
use super::segment::{SEGMENT_HEAD, SegmentHead, name};
use super::wire::length32;
use crate::store::error::StoreError;
use crate::time::Random;
use std::sync::Arc;

/// The writer's end of a record class.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) class: Class,
    pub(super) ordinal: u32,
    pub(super) file: Arc<dyn DiskFile>,
    /// Where the next frame goes.
    pub(super) offset: u64,
    /// What it has to say of its place.
    pub(super) next: Link,
}

/// A frame ready to be written at the end of a chain.
#[derive(Debug)]
pub(super) struct Staged {
    bytes: Vec<u8>,
    crc: u32,
    count: u32,
}

impl Staged {
    pub(super) fn crc(&self) -> u32 {
        self.crc
    }

    pub(super) fn length(&self) -> u32 {
        length32(self.bytes.len())
    }
}

impl Chain {
    /// Begins the chain: segment 1, with a first frame if the class has one in each segment.
    pub(super) fn begin(
        disk: &dyn Disk,
        class: Class,
        random: &dyn Random,
        first: Option<FrameBuilder>,
    ) -> Result<Self, StoreError> {
        let link = Link { segment: 0, first: 0, previous: 0 };
        Self::segment(disk, class, 1, link, 0, random, first)
    }

    fn segment(
        disk: &dyn Disk,
        class: Class,
        ordinal: u32,
        link: Link,
        length_before: u64,
        random: &dyn Random,
        first: Option<FrameBuilder>,
    ) -> Result<Self, StoreError> {
        let mut identity = [0; 8];
        random.fill(&mut identity)?;
        let link = Link { segment: u64::from_le_bytes(identity), ..link };
        let mut bytes = SegmentHead { ordinal, link, length_before }.bytes(class);
        let mut next = link;
        if let Some(frame) = first {
            let (frame, crc) = frame.finish(class, link, 0);
            bytes.extend_from_slice(&frame);
            next.previous = crc;
        }
        let name = name(class, ordinal);
        let failed = |e| StoreError::io(&name, e);
        let file = disk.create(&name).map_err(failed)?;
        file.write_at(&bytes, 0).map_err(failed)?;
        file.sync().map_err(failed)?;
        Ok(Self { class, ordinal, file, offset: bytes.len() as u64, next })
    }

    /// Whether a frame of `length` belongs into a new segment.
    pub(super) fn is_full(&self, length: usize, cap: u64) -> bool {
        self.offset > SEGMENT_HEAD as u64 && self.offset.saturating_add(length as u64) > cap
    }

    /// Begins the next segment.
    pub(super) fn roll(
        &mut self,
        disk: &dyn Disk,
        random: &dyn Random,
        first: Option<FrameBuilder>,
    ) -> Result<(), StoreError> {
        *self = Self::segment(disk, self.class, self.ordinal + 1, self.next, self.offset, random, first)?;
        Ok(())
    }

    pub(super) fn stage(&self, frame: FrameBuilder, count: u32) -> Staged {
        let (bytes, crc) = frame.finish(self.class, self.next, count);
        Staged { bytes, crc, count }
    }

    /// Writes and syncs a frame. After an error nobody knows what is there.
    pub(super) fn write(&self, staged: &Staged) -> Result<(), StoreError> {
        let failed = |e| StoreError::io(&name(self.class, self.ordinal), e);
        self.file.write_at(&staged.bytes, self.offset).map_err(failed)?;
        self.file.sync().map_err(failed)
    }

    /// Takes note that a frame is durable.
    pub(super) fn settle(&mut self, staged: &Staged) {
        self.offset += staged.bytes.len() as u64;
        self.next.first += u64::from(staged.count);
        self.next.previous = staged.crc;
    }
}
