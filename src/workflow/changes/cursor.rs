//! Where a reader of changes is. Opaque to its holder, and good for as long as what stands behind it is kept.

use super::super::WorkflowError;
use crate::{encoding::base64, statement::Issuer, store::FeedRow};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The form of cursors that are given now.
const FORM: u8 = 2;
/// The form before it, whose places were the indexes of entries: each told of one change.
const FORM_OF_ENTRIES: u8 = 1;
/// Bits of a place that say which of the changes of one entry it is: an enquiry is about 500 certificates at most.
const PART_BITS: u32 = 10;
/// Every place of a row was read.
const END: u64 = u64::MAX;

/// The place of a change in what a row tells of: the entry, and which of the changes that the entry is.
pub(super) const fn place(index: u64, part: u64) -> u64 {
    (index << PART_BITS) | part
}

/// The entry of a place.
pub(super) const fn entry_of(place: u64) -> u64 {
    place >> PART_BITS
}

/// Up to where the feed of an authority was read: a row, and a place in what it tells of. The time of the row and the
/// authority stand in it too, so that a cursor of another authority, or of a state that a restored backup does not
/// have, is not taken for one of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    authority: [u8; 4],
    pub(super) number: u64,
    /// The next place to read in what the row tells of.
    next: u64,
    pub(in crate::workflow) at_ms: u64,
}

impl Cursor {
    /// Behind all of a row; before everything, where there is none.
    pub(super) fn behind(issuer: &Issuer, number: u64, at_ms: u64) -> Self {
        Self { authority: mark(issuer), number, next: END, at_ms }
    }

    /// In a row: at the next place to read of those it tells of, or behind it.
    pub(super) const fn within(self, row: &FeedRow, next: Option<u64>) -> Self {
        let next = match next {
            Some(next) => next,
            None => END,
        };
        Self { authority: self.authority, number: row.number, next, at_ms: row.at_ms }
    }

    /// The row to go on with, and the place in it.
    pub(super) const fn next(&self) -> (u64, u64) {
        if self.next == END { (self.number.saturating_add(1), 0) } else { (self.number, self.next) }
    }

    /// Whether all of its row was read.
    pub(super) const fn is_behind(&self) -> bool {
        self.next == END
    }

    /// Reads one of this authority.
    pub fn read(text: &str, issuer: &Issuer) -> Result<Self, WorkflowError> {
        let bytes = base64::decode_url(text).map_err(|_| WorkflowError::CursorInvalid)?;
        let bytes = <[u8; 29]>::try_from(bytes).map_err(|_| WorkflowError::CursorInvalid)?;
        let [form, rest @ ..] = bytes;
        let (authority, rest) = rest.split_first_chunk::<4>().ok_or(WorkflowError::CursorInvalid)?;
        let mut fields = rest.chunks_exact(8).map(|field| field.try_into().map(u64::from_be_bytes).unwrap_or_default());
        let mut field = || fields.next().ok_or(WorkflowError::CursorInvalid);
        let mut cursor = Self { authority: *authority, number: field()?, next: field()?, at_ms: field()? };
        if form == FORM_OF_ENTRIES && cursor.next != END {
            cursor.next = place(cursor.next, 0);
        }
        let known = form == FORM || form == FORM_OF_ENTRIES;
        if known && cursor.authority == mark(issuer) { Ok(cursor) } else { Err(WorkflowError::CursorInvalid) }
    }
}

fn mark(issuer: &Issuer) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::digest(issuer.to_string().as_bytes()).into();
    hash.first_chunk::<4>().copied().unwrap_or_default()
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.authority);
        for field in [self.number, self.next, self.at_ms] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        f.write_str(&base64::encode_url(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_only_at_its_authority() {
        let (own, other) = ("https://tdap.gov.pk".parse().unwrap(), "https://kra.go.ke".parse().unwrap());
        let cursor = Cursor { next: 7, ..Cursor::behind(&own, 3, 1_790_000_000_000) };
        let text = cursor.to_string();
        assert_eq!(Cursor::read(&text, &own).unwrap(), cursor);
        assert_eq!((cursor.next(), Cursor::behind(&own, 3, 0).next()), ((3, 7), (4, 0)));
        for wrong in [&text[1..], "", "AAAA", &format!("{text}AAAA"), "not a cursor"] {
            assert!(Cursor::read(wrong, &own).is_err(), "{wrong}");
        }
        assert!(Cursor::read(&text, &other).is_err());
    }

    #[test]
    fn a_cursor_of_the_form_before_goes_on_at_the_same_entry() {
        let own = "https://tdap.gov.pk".parse().unwrap();
        for (before, now) in [(7, place(7, 0)), (END, END)] {
            let mut bytes = vec![FORM_OF_ENTRIES];
            bytes.extend_from_slice(&mark(&own));
            for field in [3, before, 1_790_000_000_000] {
                bytes.extend_from_slice(&u64::to_be_bytes(field));
            }
            assert_eq!(Cursor::read(&base64::encode_url(&bytes), &own).unwrap().next, now);
        }
        assert_eq!((entry_of(place(7, 500)), place(7, 500) < place(8, 0)), (7, true));
    }
}
