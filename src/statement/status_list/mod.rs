//! Token Status Lists (draft 20): 4 bits for each of 2^17 certificates, zlib, in a signed JWT.
//!
//! What a list says counts only as far as a `status-snapshot` in the log commits to it: [`lists_root`] binds
//! the lists of a log, and a [`StatusPath`] proves that one list is among them.

mod order;
mod path;
mod token;

pub use order::StatusOrder;
pub use path::{StatusPath, lists_root};
pub use token::{MAX_STATUS_TOKEN_BYTES, StatusToken, Ttl};

use super::StatementError;
use crate::log::{Hash, Origin};
use flate2::{Compression, Decompress, FlushDecompress, Status as Inflate, write::ZlibEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Bits of a status.
pub const STATUS_BITS: u8 = 4;
/// Certificates of a list: 2^17, so that an index tells little and a list still inflates to only 64 KiB.
pub const LIST_ENTRIES: u32 = 1 << 17;
/// Bytes of an uncompressed list.
pub const LIST_BYTES: usize = 1 << 16;

/// The status of a certificate. The first three values are registered by the draft, the others lie in its
/// range for applications (section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was changed.
    Valid,
    /// Cancelled on the holder's wish.
    Cancelled,
    /// Does not hold until further notice.
    Suspended,
    /// Withdrawn by the authority.
    Withdrawn,
    /// Another certificate took its place.
    Superseded,
    /// Items differ: see the entries.
    InPart,
}

impl Status {
    /// It in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Cancelled => "cancelled",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::InPart => "valid in part",
        }
    }

    /// The value in a list.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0x00,
            Self::Cancelled => 0x01,
            Self::Suspended => 0x02,
            Self::Withdrawn => 0x0C,
            Self::Superseded => 0x0D,
            Self::InPart => 0x0E,
        }
    }

    /// The status that a value in a list means.
    pub const fn from_value(value: u8) -> Result<Self, StatementError> {
        Ok(match value {
            0x00 => Self::Valid,
            0x01 => Self::Cancelled,
            0x02 => Self::Suspended,
            0x0C => Self::Withdrawn,
            0x0D => Self::Superseded,
            0x0E => Self::InPart,
            other => return Err(StatementError::StatusValue(other)),
        })
    }
}

/// The uncompressed list: 2^17 values of 4 bits, packed from the least significant bit.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList(Vec<u8>);

impl StatusList {
    /// A list in which everything is valid.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![0; LIST_BYTES])
    }

    /// The status at `index`. A value without a meaning here is an error for that index alone.
    pub fn get(&self, index: u32) -> Result<Status, StatementError> {
        let (place, shift) = place(index)?;
        let byte = self.0.get(place).ok_or(StatementError::StatusIndex(index))?;
        Status::from_value(byte >> shift & 0x0F)
    }

    /// Sets the status at `index`.
    pub fn set(&mut self, index: u32, status: Status) -> Result<(), StatementError> {
        let (place, shift) = place(index)?;
        let byte = self.0.get_mut(place).ok_or(StatementError::StatusIndex(index))?;
        *byte = *byte & !(0x0F << shift) | status.value() << shift;
        Ok(())
    }

    /// SHA-256 of the uncompressed list, the entry that [`lists_root`] commits to.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash(Sha256::digest(&self.0).into())
    }

    /// The uncompressed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the log, the number of the list in it and the list, each of the first two behind a line feed: how a
    /// later log commits to a list of one that is closed. There the place of a list says nothing of whose it is, so its
    /// name is hashed with it.
    #[must_use]
    pub fn digest_of(&self, log: &Origin, number: u32) -> Hash {
        let named = Sha256::new_with_prefix(format!("{log}\n{number}\n"));
        Hash(named.chain_update(&self.0).finalize().into())
    }

    /// DEFLATE in the zlib format, at the highest level (draft 20, section 4.1).
    #[must_use]
    pub fn deflate(&self) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail.
        let _ = encoder.write_all(&self.0);
        encoder.finish().unwrap_or_default()
    }

    /// Inflates into exactly the size of a list: a bomb is stopped at one byte more, and nothing may follow.
    pub fn inflate(compressed: &[u8]) -> Result<Self, StatementError> {
        const BAD: StatementError = StatementError::BadStatusList(LIST_BYTES);
        let mut bytes = vec![0; LIST_BYTES + 1];
        let mut inflater = Decompress::new(true);
        let outcome = inflater.decompress(compressed, &mut bytes, FlushDecompress::Finish).map_err(|_| BAD)?;
        let all_read = u64::try_from(compressed.len()).is_ok_and(|length| inflater.total_in() == length);
        let whole = u64::try_from(LIST_BYTES).is_ok_and(|length| inflater.total_out() == length);
        if outcome != Inflate::StreamEnd || !all_read || !whole {
            return Err(BAD);
        }
        bytes.truncate(LIST_BYTES);
        Ok(Self(bytes))
    }
}

impl Default for StatusList {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({})", self.digest())
    }
}

/// The byte and the shift within it.
fn place(index: u32) -> Result<(usize, u32), StatementError> {
    let place = usize::try_from(index / 2).map_err(|_| StatementError::StatusIndex(index))?;
    Ok((place, index % 2 * u32::from(STATUS_BITS)))
}

#[cfg(test)]
mod tests;
