//! Who exports, as the office knows them.

use super::account::{draw_id, is_id};
use crate::time::{NoRandomness, Random};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What every exporter's id begins with.
const ID_MARK: &str = "exp_";

/// The id of an exporter, unique to the authority for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExporterId(String);

/// The text is not the id of an exporter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an exporter, such as `exp_0123456789abcdef`")]
pub struct NotExporterId(pub String);

impl ExporterId {
    /// Draws a new one.
    pub fn draw(random: &dyn Random) -> Result<Self, NoRandomness> {
        draw_id(ID_MARK, random).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExporterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ExporterId {
    type Err = NotExporterId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_id(ID_MARK, text) { Ok(Self(text.to_owned())) } else { Err(NotExporterId(text.to_owned())) }
    }
}
