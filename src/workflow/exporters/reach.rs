//! What can be named: agreements and offices that there are.

use crate::{
    certificate::{AgreementCode, OfficeCode},
    office::{Action, Caller, MandateRefused, PolicyRefused, PolicyTerms, Scope},
    workflow::{Accounts, Desk, WorkflowError},
};
use std::fmt;

/// What is named and is not there, and what there is.
pub(in crate::workflow) struct Nowhere {
    what: &'static str,
    named: String,
    known: String,
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, named, known } = self;
        write!(f, "there is no {what} `{named}` here; there are {known}")
    }
}

impl Desk {
    /// Refuses a mandate by which nothing could be filed, because it names an agreement or an office that there is not.
    pub fn within_reach(&self, scope: &Scope) -> Result<(), MandateRefused> {
        match self.nowhere(&scope.agreements, &scope.offices) {
            Some(Nowhere { what, named, known }) => Err(MandateRefused::Nowhere { what, named, known }),
            None => Ok(()),
        }
    }

    /// Refuses a policy that names an agreement or an office that there is not: it would cover less than it says.
    pub fn policy_within_reach(&self, caller: &Caller, terms: &PolicyTerms) -> Result<(), WorkflowError> {
        Accounts::allow(caller, Action::SetPolicy)?;
        match self.nowhere(&terms.agreements, &terms.offices) {
            Some(nowhere) => Err(PolicyRefused::Form(nowhere.to_string()).into()),
            None => Ok(()),
        }
    }

    /// The first agreement or office of these that there is not.
    pub(in crate::workflow) fn nowhere<'a>(
        &self,
        agreements: impl IntoIterator<Item = &'a AgreementCode>,
        offices: impl IntoIterator<Item = &'a OfficeCode>,
    ) -> Option<Nowhere> {
        let all = self.agreements();
        if let Some(named) = agreements.into_iter().find(|code| all.get(code).is_none()) {
            let known = all.iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ");
            return Some(Nowhere { what: "agreement", named: named.to_string(), known });
        }
        if let Some(named) = offices.into_iter().find(|code| self.offices().find(code).is_none()) {
            let open = self.offices().all().into_iter().filter(|record| !record.is_closed());
            let known = open.map(|record| record.office.code.to_string()).collect::<Vec<_>>().join(", ");
            return Some(Nowhere { what: "office", named: named.to_string(), known });
        }
        None
    }
}
