//! `key-change`: the public record that a key was opened or closed. What a key may sign is decided by the
//! trust list alone.

use super::super::{
    Kid, StatementError,
    claims::Claims,
    compose::Draft,
    opening::{Disclosed, Shown},
};
use crate::{certificate::Text, log::Hash};
use serde::{Deserialize, Serialize};

pub(super) const CLEAR: [&str; 4] = ["key", "act", "trust_version", "section"];
pub(super) const SECTIONS: usize = 1;
/// The largest integer every JSON reader keeps exact (RFC 8259, section 6).
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// What happened to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAct {
    /// It may be used from now on.
    Opened,
    /// It may not be used any more.
    Closed,
}

/// The clear part of a key change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: Kid,
    /// What happened to it.
    pub act: KeyAct,
    /// The version of the trust list that says so.
    pub trust_version: u64,
    /// SHA-256 of the root-signed section (the exact note) that says so; base64 as in checkpoints.
    pub section: Hash,
}

/// A key change with its disclosed section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The clear part.
    pub record: KeyRecord,
    /// Why.
    pub reason: Option<Text<1024>>,
}

/// A key change as presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedKeyChange {
    /// The clear part.
    pub record: KeyRecord,
    /// Why, if shown.
    pub reason: Shown<Option<Text<1024>>>,
}

pub(super) fn write(body: &KeyChange, draft: &mut Draft) -> Result<(), StatementError> {
    check(&body.record)?;
    draft.claim("key", &body.record.key)?;
    draft.claim("act", &body.record.act)?;
    draft.claim("trust_version", &body.record.trust_version)?;
    draft.claim("section", &body.record.section)?;
    draft.disclose("reason", &body.reason)
}

pub(super) fn read<'a>(
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<OpenedKeyChange, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let record = KeyRecord {
        key: claims.take("key")?,
        act: claims.take("act")?,
        trust_version: claims.take("trust_version")?,
        section: claims.take("section")?,
    };
    check(&record)?;
    Ok(OpenedKeyChange { record, reason: disclosed.take("reason", true)? })
}

fn check(record: &KeyRecord) -> Result<(), StatementError> {
    if record.trust_version > INTEGER_MAX {
        return Err(StatementError::shape("trust_version", "an integer beyond 2^53 - 1"));
    }
    Ok(())
}
