//! A key's end: in which log, below which index it still counts, and why it was closed.

use super::texts::whole;
use crate::{
    log::Origin,
    statement::{Issuer, Kid},
};
use serde::{Deserialize, Serialize};

/// A closing. A key with any closing is closed: it counts only in the logs its closings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Whose key.
    pub iss: Issuer,
    /// Which key.
    pub kid: Kid,
    /// In which log.
    pub origin: Origin,
    /// Entries below this index count.
    #[serde(deserialize_with = "whole")]
    pub until_index: u64,
    /// Why.
    pub reason: ClosingReason,
}

/// Why a key was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClosingReason {
    /// Its successor is in use.
    Rotated,
    /// Whoever or whatever it signed for has ended.
    Retired,
    /// Somebody else may have it. What it signed past its end to restrict a certificate (a cancellation, a
    /// withdrawal, a suspension) stays in force until restated; everything else past it fails.
    Compromised,
}
