//! What can go wrong in a store, and whether the caller, the moment or this node is at fault.

use super::state::Table;
use crate::log::{LogError, Origin};
use crate::reason::{Class, Reasoned};

use crate::time::NoRandomness;
use std::{io, path::Path};

/// An error of the store. Unless it says so, nothing was written and nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log was never opened in this store.
    #[error("log {0} is not open in this store")]
    UnknownLog(Origin),
    /// A log is opened once.
    #[error("log {0} is open already")]
    LogExists(Origin),
    /// The entry is not the next of its log: another writer, or a stale plan.
    #[error("log {origin}: the next entry is number {expected}, not {given}")]
    NotNext {
        /// The log.
        origin: Origin,
        /// Index the store expects.
        expected: u64,
        /// Index that was given.
        given: u64,
    },
    /// `jti` must rise strictly within a log, for looking one up is a binary search.
    #[error("log {origin}: the jti of entry {index} does not rise above the one before it")]
    JtiNotRising {
        /// The log.
        origin: Origin,
        /// The entry.
        index: u64,
    },
    /// The certificate number is given to another entry.
    #[error("certificate number `{0}` is taken")]
    NumberTaken(String),
    /// The request was answered before, or twice in one batch.
    #[error("request {request_id} of account {account} has an answer already")]
    RequestAnswered {
        /// The account.
        account: String,
        /// The request, in hexadecimal.
        request_id: String,
    },
    /// Another change came between reading a record and changing it: compare-and-set lost.
    #[error("the record {id} of table {table:?} was changed by another since it was read")]
    RecordMoved {
        /// The table.
        table: Table,
        /// The record, in hexadecimal.
        id: String,
    },
    /// The batch breaks a rule of its shape.
    #[error("the batch cannot be stored: {0}")]
    BadBatch(String),
    /// There is no such entry.
    #[error("log {origin} has no entry {index}")]
    NoEntry {
        /// The log.
        origin: Origin,
        /// The entry.
        index: u64,
    },
    /// The head does not extend the one signed last: compare-and-swap lost.
    #[error("log {origin}: the new head extends size {expected}, but the head signed last has size {signed}")]
    HeadMoved {
        /// The log.
        origin: Origin,
        /// Size the extension starts from.
        expected: u64,
        /// Size signed last.
        signed: u64,
    },
    /// The head covers entries that are not durable.
    #[error("log {origin}: a head of size {size} is wanted, but only {durable} entries are durable")]
    NotDurable {
        /// The log.
        origin: Origin,
        /// Size of the head.
        size: u64,
        /// Durable entries.
        durable: u64,
    },
    /// The head's root is not the root of what is stored.
    #[error("log {origin}: the root for size {size} is not the root of the stored entries")]
    RootDiffers {
        /// The log.
        origin: Origin,
        /// Size of the head.
        size: u64,
    },
    /// The log key could not sign.
    #[error(transparent)]
    Sign(#[from] LogError),
    /// Too little free space to accept more.
    #[error(
        "{free} bytes are free where {needed} are kept in reserve: free some space, or move the data folder to a larger disk; nothing is lost and issuing goes on by itself"
    )]
    NoSpace {
        /// Bytes free.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
    /// An earlier error stopped the writer.
    #[error("the store stopped after an error and must be reloaded: {0}")]
    Poisoned(String),
    /// The operating system refused; the writer stops.
    #[error("{file}: {source}")]
    Io {
        /// The file, relative to the data folder.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the data folder.
    #[error("{0}: another process has this data folder open")]
    Locked(String),
    /// A file is not what was written.
    #[error("{file} is damaged at offset {offset}: {what}; restore it from a backup")]
    Corrupt {
        /// The file, relative to the data folder.
        file: String,
        /// Byte offset of the damage.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// Entries are missing that a signed checkpoint covers. Starting would fork the log.
    #[error(
        "log {origin} holds {durable} entries, but its checkpoint of size {signed} is signed: restore the missing ones from a backup or from a partner"
    )]
    BehindHead {
        /// The log.
        origin: Origin,
        /// Entries held.
        durable: u64,
        /// Size signed last.
        signed: u64,
    },
    /// A copy that is not an earlier one of what is to be copied.
    #[error(
        "{0} holds a copy of another data folder, or a later one: name other folders for this one and for its keys"
    )]
    CopyOfAnother(String),
    /// Keys that are not those of an earlier copy of what is to be copied.
    #[error(
        "{0} holds keys of another data folder, or of a later time: name another folder for the keys of this one, and keep that one with the copy it belongs to"
    )]
    CopiedKeysOfAnother(String),
    /// A copy is not what was made.
    #[error("{file}: {what}; the copy is damaged, use another one")]
    CopyDamaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The data folder was written by another version.
    #[error("{file}: written in format {found}, this version reads format {known}")]
    Version {
        /// The file.
        file: String,
        /// Version found.
        found: u32,
        /// Version known.
        known: u32,
    },
    /// The index failed; it is rebuilt from the journal on reload.
    #[error("the index failed and is rebuilt when the store is reloaded: {0}")]
    Index(String),
    /// The sealed disclosures do not open under their key.
    #[error(
        "the sealed disclosures of entry {index} of log {origin} do not open: the key file or the journal is damaged"
    )]
    Unsealable {
        /// The log.
        origin: Origin,
        /// The entry.
        index: u64,
    },
    /// No random bytes for keys.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl StoreError {
    pub(super) fn io(file: &str, source: io::Error) -> Self {
        Self::Io { file: file.to_owned(), source }
    }

    pub(super) fn corrupt(file: &str, offset: u64, what: impl Into<String>) -> Self {
        Self::Corrupt { file: file.to_owned(), offset, what: what.into() }
    }

    /// The same with its file named from outside the data folder: a node has several, each with the same files.
    pub(super) fn below(self, folder: &Path) -> Self {
        let whole = |file: String| folder.join(file).display().to_string();
        match self {
            Self::Io { file, source } => Self::Io { file: whole(file), source },
            Self::Corrupt { file, offset, what } => Self::Corrupt { file: whole(file), offset, what },
            Self::Version { file, found, known } => Self::Version { file: whole(file), found, known },
            other => other,
        }
    }

    /// Whether the error came before anything was attempted, so that the writer may go on.
    #[must_use]
    pub fn leaves_writer_usable(&self) -> bool {
        matches!(self.class(), Class::Reject) || matches!(self, Self::NoSpace { .. } | Self::Sign(_))
    }
}

impl Reasoned for StoreError {
    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownLog(_) => "LOG_UNKNOWN",
            Self::LogExists(_) => "LOG_EXISTS",
            Self::NotNext { .. } => "ENTRY_NOT_NEXT",
            Self::JtiNotRising { .. } => "JTI_NOT_RISING",
            Self::NumberTaken(_) => "NUMBER_TAKEN",
            Self::RequestAnswered { .. } => "REQUEST_ID_REUSED",
            Self::RecordMoved { .. } => "RECORD_MOVED",
            Self::BadBatch(_) => "BATCH_MALFORMED",
            Self::NoEntry { .. } => "ENTRY_UNKNOWN",
            Self::HeadMoved { .. } => "HEAD_MOVED",
            Self::NotDurable { .. } => "ENTRIES_NOT_DURABLE",
            Self::RootDiffers { .. } => "ROOT_DIFFERS",
            Self::Sign(_) => "SIGNER_UNAVAILABLE",
            Self::NoSpace { .. } => "NO_SPACE",
            Self::Poisoned(_) => "STORE_POISONED",
            Self::Io { .. } => "STORE_IO",
            Self::Locked(_) => "STORE_LOCKED",
            Self::Corrupt { .. } => "STORE_CORRUPT",
            Self::BehindHead { .. } => "STORE_BEHIND_HEAD",
            Self::CopyOfAnother(_) | Self::CopiedKeysOfAnother(_) => "STORE_COPY",
            Self::CopyDamaged { .. } => "STORE_COPY_DAMAGED",
            Self::Version { .. } => "STORE_VERSION",
            Self::Index(_) => "STORE_INDEX",
            Self::Unsealable { .. } => "DISCLOSURES_UNSEALABLE",
            Self::Randomness(_) => "NO_RANDOMNESS",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::UnknownLog(_)
            | Self::LogExists(_)
            | Self::NotNext { .. }
            | Self::JtiNotRising { .. }
            | Self::NumberTaken(_)
            | Self::RequestAnswered { .. }
            | Self::RecordMoved { .. }
            | Self::BadBatch(_)
            | Self::NoEntry { .. }
            | Self::HeadMoved { .. }
            | Self::NotDurable { .. }
            | Self::CopyOfAnother(_)
            | Self::CopiedKeysOfAnother(_) => Class::Reject,
            Self::NoSpace { .. } | Self::Poisoned(_) | Self::Sign(_) => Class::Retry,
            Self::RootDiffers { .. }
            | Self::Io { .. }
            | Self::Locked(_)
            | Self::Corrupt { .. }
            | Self::BehindHead { .. }
            | Self::CopyDamaged { .. }
            | Self::Version { .. }
            | Self::Index(_)
            | Self::Unsealable { .. }
            | Self::Randomness(_) => Class::Fatal,
        }
    }
}
