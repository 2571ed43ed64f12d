//! Clear claims and disclosed values, taken one by one by name; what nobody took is refused.

use super::StatementError;
use crate::encoding::json;
use serde::Deserialize;
use std::{borrow::Cow, ops::Range};

/// The members of a payload that were not taken yet.
pub(super) struct Claims<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Claims<'a> {
    /// The members of a payload, where its outline says they stand.
    pub(super) fn of(payload: &'a str, members: &[(Range<usize>, Range<usize>)]) -> Self {
        let text = |range: &Range<usize>| payload.get(range.clone()).unwrap_or_default();
        Self(members.iter().map(|(name, value)| (json::unquoted(text(name)), text(value))).collect())
    }

    /// Takes a claim that must be there.
    pub(super) fn take<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<T, StatementError> {
        let raw = self.take_raw(name).ok_or(StatementError::MissingClaim(name))?;
        typed(name, raw)
    }

    pub(super) fn take_raw(&mut self, name: &str) -> Option<&'a str> {
        let place = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.swap_remove(place).1)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Refuses what is left.
    pub(super) fn finish(self) -> Result<(), StatementError> {
        // The least name, so that the reason does not depend on the order in which others were taken.
        match self.0.into_iter().map(|(name, _)| name).min() {
            None => Ok(()),
            Some(name) => Err(StatementError::UnknownClaim(name.into_owned())),
        }
    }
}

/// Reads one value. Every shape here is closed, so digests hidden in it cannot pass; they only get a reason
/// of their own.
pub(super) fn typed<'a, T: Deserialize<'a>>(name: &str, raw: &'a str) -> Result<T, StatementError> {
    serde_json::from_str(raw).map_err(|error| {
        if has_digest_member(raw) {
            StatementError::NestedDigests(name.to_owned())
        } else {
            StatementError::shape(name, error)
        }
    })
}

/// Whether an object inside has a member `_sd` or `...` (in its plain spelling). A quote inside a JSON string
/// is escaped, so the quoted name followed by a colon is a member and nothing else.
fn has_digest_member(json: &str) -> bool {
    ["\"_sd\"", "\"...\""]
        .iter()
        .any(|name| json.match_indices(name).any(|(at, _)| json.get(at + name.len()..).is_some_and(starts_value)))
}

fn starts_value(rest: &str) -> bool {
    rest.trim_start().starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_looks_like_a_digest_member_is_none() {
        assert!(has_digest_member(r#"{"a":{"_sd" :[]}}"#));
        assert!(has_digest_member(r#"[{"...":"x"}]"#));
        assert!(!has_digest_member(r#"{"marks":"...","b":"\"_sd\":"}"#));
    }
}
