//! The lines of a package: one JSON object each, of one member that says what it is.

use super::ParcelError;
use crate::{
    encoding::json::{self, Limits},
    exchange::message::Disclosed,
    log::{Hash, Origin},
    trust::NodeName,
};
use serde::{Deserialize, Serialize};

/// The longest line, in bytes: the disclosures of one token take at most 1 MiB, and a note 128 KiB.
pub const MAX_LINE_BYTES: usize = 2 << 20;
/// Nesting of a line.
const DEPTH: usize = 4;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// First, and once.
    Package(FrontLine),
    /// Begins a log.
    Log(LogLine),
    /// The next entry of the log begun last.
    Entry(EntryLine),
    /// A head of one of the addressee's own logs.
    Cosigned(CosignedLine),
    /// What the sender lost for good of a log of its own.
    Lost(LostLine),
    /// Last, and once.
    End(EndLine),
}

/// From whom, for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontLine {
    /// Of this format: 1.
    pub version: u32,
    /// The node that made it.
    pub from: NodeName,
    /// The node that it is for.
    pub to: NodeName,
    /// When, in Unix seconds by the clock of its maker.
    pub made_at: i64,
    /// The trust list in use there.
    pub trust_list: TrustLine,
}

/// Which trust list is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustLine {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its text, in hexadecimal digits.
    pub digest: String,
}

/// A log, up to one head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// Which.
    pub origin: Origin,
    /// Its entries follow from this index on: the size that the addressee is known to hold.
    pub after: u64,
    /// The checkpoint's note, with the log's signature; entries follow up to its size.
    pub checkpoint: String,
    /// RFC 6962 consistency proof from `after`; empty from 0.
    pub consistency: Vec<Hash>,
}

/// An entry, and what there is to disclose of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Its index in the log.
    pub index: u64,
    /// The exact leaf: the JWT of the statement.
    pub leaf: String,
    /// The exact disclosure strings, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosures: Option<Vec<String>>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
}

/// Why an entry comes without disclosures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// The statement has none.
    None,
    /// Kept back until the holder or the law lets them go.
    Held,
    /// Made unreadable, for ever.
    Erased,
}

/// A head of one of the addressee's own logs that the sender holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosignedLine {
    /// The checkpoint's note, with the log's signature and the sender's cosignature.
    pub note: String,
}

/// Entries of a log of the sender's own that are lost for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostLine {
    /// The log.
    pub origin: Origin,
    /// Entries that it still gives.
    pub size: u64,
    /// Entries that it signed for, as far as it knows, or that count by the trust list.
    pub signed: u64,
}

/// The seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndLine {
    /// The note of a [`crate::trust::PackageSeal`].
    pub seal: String,
}

impl Line {
    /// Reads a line without its newline; `number` is where it stands, from 1.
    pub fn read(text: &[u8], number: u64) -> Result<Self, ParcelError> {
        json::from_slice(text, Limits { bytes: MAX_LINE_BYTES, depth: DEPTH })
            .map_err(|error| ParcelError::malformed(number, error.to_string()))
    }
}

impl EntryLine {
    /// An entry as it is sent.
    #[must_use]
    pub fn new(index: u64, leaf: String, disclosed: Disclosed) -> Self {
        let (disclosures, without) = match disclosed {
            Disclosed::All(all) => (Some(all), None),
            Disclosed::Held => (None, Some(Without::Held)),
            Disclosed::Erased => (None, Some(Without::Erased)),
            Disclosed::None => (None, Some(Without::None)),
        };
        Self { index, leaf, disclosures, without }
    }

    /// What there is to disclose; none where the line says two things, or nothing.
    #[must_use]
    pub fn disclosed(self) -> Option<Disclosed> {
        match (self.disclosures, self.without) {
            (Some(all), None) => Some(Disclosed::All(all)),
            (None, Some(Without::None)) => Some(Disclosed::None),
            (None, Some(Without::Held)) => Some(Disclosed::Held),
            (None, Some(Without::Erased)) => Some(Disclosed::Erased),
            _ => None,
        }
    }
}
