//! What a token opens of all that its account may.

use super::Action;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The actions a token is for. The roles of its account bound it further: a scope gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(Option<BTreeSet<String>>);

impl Scopes {
    /// Whatever the account may.
    #[must_use]
    pub const fn all() -> Self {
        Self(None)
    }

    /// These actions alone.
    #[must_use]
    pub fn only(actions: impl IntoIterator<Item = Action>) -> Self {
        Self(Some(actions.into_iter().map(|action| action.name().to_owned()).collect()))
    }

    /// Whether the action is in scope. A name that this version does not know is no action of it.
    #[must_use]
    pub fn take_in(&self, action: Action) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(action.name()))
    }

    /// The names of the actions; `None` where all are meant.
    #[must_use]
    pub const fn names(&self) -> Option<&BTreeSet<String>> {
        self.0.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_and_takes_in_only_what_it_names() {
        let narrow = Scopes::only([Action::FileApplication, Action::ReadOwn]);
        assert!(narrow.take_in(Action::ReadOwn) && !narrow.take_in(Action::IssueCertificate));
        let text = serde_json::to_string(&narrow).unwrap();
        assert_eq!(serde_json::from_str::<Scopes>(&text).unwrap(), narrow);
        assert!(Scopes::all().take_in(Action::IssueCertificate));
        assert!(!Scopes::only([]).take_in(Action::ReadOwn), "no scope is not every scope");
    }
}
