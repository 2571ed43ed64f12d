//! `status-snapshot`: the status lists of a log as they follow from its entries before a size.

use super::super::{StatementError, claims::Claims, compose::Draft, opening::Disclosed};
use crate::log::Hash;

pub(super) const CLEAR: [&str; 4] = ["as_of", "size", "lists", "lists_root"];
pub(super) const SECTIONS: usize = 0;
/// The largest integer every JSON reader keeps exact (RFC 8259, section 6).
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// All of it stands in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusSnapshot {
    /// Unix seconds by the sequencer's clock.
    pub as_of: u64,
    /// It speaks for the entries below this index of the log.
    pub size: u64,
    /// How many lists there are.
    pub lists: u32,
    /// [`lists_root`](crate::statement::status_list::lists_root) over them; base64 as in checkpoints.
    pub lists_root: Hash,
}

pub(super) fn write(body: &StatusSnapshot, draft: &mut Draft) -> Result<(), StatementError> {
    check(body)?;
    draft.claim("as_of", &body.as_of)?;
    draft.claim("size", &body.size)?;
    draft.claim("lists", &body.lists)?;
    draft.claim("lists_root", &body.lists_root)
}

pub(super) fn read<'a>(
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<StatusSnapshot, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let body = StatusSnapshot {
        as_of: claims.take("as_of")?,
        size: claims.take("size")?,
        lists: claims.take("lists")?,
        lists_root: claims.take("lists_root")?,
    };
    check(&body)?;
    Ok(body)
}

fn check(body: &StatusSnapshot) -> Result<(), StatementError> {
    if body.as_of.max(body.size) > INTEGER_MAX {
        return Err(StatementError::shape("as_of", "an integer beyond 2^53 - 1"));
    }
    Ok(())
}
