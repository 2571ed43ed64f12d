//! `receipt`: the addressee of a log says which disclosures reached it. That one was withheld cannot be proven; that
//! it was not receipted can.

use super::super::{StatementError, claims::Claims, compose::Draft, opening::Disclosed};
use crate::log::Origin;
use std::collections::BTreeSet;

pub(super) const CLEAR: [&str; 4] = ["origin", "size", "missing", "held"];
pub(super) const SECTIONS: usize = 0;
/// Indexes that one receipt names at most: with 2^53 - 1 entries each takes 17 bytes, and a JWT has 4,096.
pub const RECEIPT_INDEXES_MAX: usize = 96;
/// The largest integer every JSON reader keeps exact (RFC 8259, section 6).
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// What reached the addressee of a log. It speaks only of entries that have disclosures; all of it stands in the
/// clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The log it is about; its issuer is the receipt's addressee.
    pub origin: Origin,
    /// It speaks for the entries below this index.
    pub size: u64,
    /// Indexes of entries whose disclosures did not come, or are not theirs; rising.
    pub missing: Vec<u64>,
    /// Indexes of entries whose disclosures the issuer holds back until there is consent, which is no alarm; rising.
    pub held: Vec<u64>,
}

pub(super) fn write(body: &Receipt, draft: &mut Draft) -> Result<(), StatementError> {
    check(body)?;
    draft.claim("origin", &body.origin)?;
    draft.claim("size", &body.size)?;
    draft.claim("missing", &body.missing)?;
    draft.claim("held", &body.held)
}

pub(super) fn read<'a>(claims: &mut Claims<'a>, disclosed: &mut Disclosed<'a>) -> Result<Receipt, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let body = Receipt {
        origin: claims.take("origin")?,
        size: claims.take("size")?,
        missing: claims.take("missing")?,
        held: claims.take("held")?,
    };
    check(&body)?;
    Ok(body)
}

fn check(body: &Receipt) -> Result<(), StatementError> {
    let Receipt { size, missing, held, .. } = body;
    if *size > INTEGER_MAX {
        return Err(StatementError::shape("size", "an integer beyond 2^53 - 1"));
    }
    if missing.len() + held.len() > RECEIPT_INDEXES_MAX {
        return Err(StatementError::shape("missing", format!("more than {RECEIPT_INDEXES_MAX} indexes with `held`")));
    }
    for (name, indexes) in [("missing", missing), ("held", held)] {
        if !indexes.is_sorted_by(|a, b| a < b) || indexes.last().is_some_and(|last| last >= size) {
            return Err(StatementError::shape(name, "not rising indexes below `size`"));
        }
    }
    let missing = missing.iter().collect::<BTreeSet<_>>();
    if held.iter().any(|index| missing.contains(index)) {
        return Err(StatementError::shape("held", "an index that stands in `missing` too"));
    }
    Ok(())
}
