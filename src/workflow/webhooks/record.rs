//! A webhook as it is kept: whose, where to, what of, how far it came.

use super::super::{Kinds, Wish, WorkflowError};
use super::target::Target;
use crate::{
    office::{AccountId, Scopes},
    store::{StateChange, Table},
    time::Random,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What every id begins with.
const MARK: &str = "whk_";
/// Bytes of an id behind its mark.
const ID_BYTES: usize = 12;

/// The id of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookId(String);

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is; it hears what this account may hear.
    pub account: AccountId,
    /// Where to.
    pub target: Target,
    /// What of.
    #[serde(flatten)]
    pub kinds: Kinds,
    /// Whether only of what the account filed or had issued itself.
    pub own_alone: bool,
    /// The scopes of the token it was made with: it hears no more than that opened.
    pub scopes: Scopes,
    /// When it was made, in Unix milliseconds.
    pub made_ms: u64,
    /// Behind the last change that was taken.
    pub cursor: String,
    /// When something was taken last, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_ms: Option<u64>,
    /// That nothing is taken, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// That it is paused, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
}

/// Deliveries that fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Since when, in Unix milliseconds.
    pub since_ms: u64,
    /// How often in a row.
    pub attempts: u32,
    /// Why the last one did.
    pub why: String,
}

/// A webhook that nothing is delivered to until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when, in Unix milliseconds.
    pub since_ms: u64,
    /// Why.
    pub why: String,
}

impl Webhook {
    /// What it hears of.
    #[must_use]
    pub const fn wish(&self) -> Wish {
        Wish { kinds: self.kinds, own_alone: self.own_alone }
    }

    pub(super) fn put(&self) -> Result<StateChange, WorkflowError> {
        let record = serde_json::to_vec(self).map_err(|e| WorkflowError::Record(format!("a webhook: {e}")))?;
        Ok(StateChange::RecordPut { table: Table::Webhook, id: self.id.0.as_bytes().to_vec(), record })
    }

    pub(super) fn remove(&self) -> StateChange {
        StateChange::RecordRemoved { table: Table::Webhook, id: self.id.0.as_bytes().to_vec() }
    }
}

impl WebhookId {
    pub(super) fn draw(random: &dyn Random) -> Result<Self, WorkflowError> {
        let mut bytes = [0; ID_BYTES];
        random.fill(&mut bytes).map_err(|e| WorkflowError::Record(e.to_string()))?;
        Ok(Self(format!("{MARK}{}", crate::encoding::hex::encode(&bytes))))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebhookId {
    type Err = WorkflowError;

    fn from_str(text: &str) -> Result<Self, WorkflowError> {
        let body = text.strip_prefix(MARK).filter(|body| crate::encoding::hex::decode(body).is_some());
        match body {
            Some(body) if body.len() == 2 * ID_BYTES => Ok(Self(text.to_owned())),
            _ => Err(WorkflowError::WebhookUnknown(text.chars().take(40).collect())),
        }
    }
}
