//! What can be named: agreements and offices that there are.

use super::{Accounts, Desk, WorkflowError};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    office::{Action, Caller, MandateRefused, PolicyRefused, PolicyTerms, Scope},
};

impl Desk {
    /// Refuses a mandate by which nothing could be filed, because it names an agreement or an office that there is not.
    pub fn within_reach(&self, scope: &Scope) -> Result<(), MandateRefused> {
        self.nowhere(&scope.agreements, &scope.offices).map_or(Ok(()), |why| Err(MandateRefused::Nowhere(why)))
    }

    /// Refuses a policy that names an agreement or an office that there is not: it would cover less than it says.
    pub fn policy_within_reach(&self, caller: &Caller, terms: &PolicyTerms) -> Result<(), WorkflowError> {
        Accounts::allow(caller, Action::SetPolicy)?;
        let nowhere = self.nowhere(&terms.agreements, &terms.offices);
        nowhere.map_or(Ok(()), |why| Err(PolicyRefused::Form(why).into()))
    }

    /// What is to be said of the first agreement or office of these that there is not.
    pub(super) fn nowhere<'a>(
        &self,
        agreements: impl IntoIterator<Item = &'a AgreementCode>,
        offices: impl IntoIterator<Item = &'a OfficeCode>,
    ) -> Option<String> {
        if let Some(named) = agreements.into_iter().find(|code| self.agreements().get(code).is_none()) {
            return Some(format!("there is no agreement `{named}` here; there are {}", self.codes_of_agreements()));
        }
        let named = offices.into_iter().find(|code| self.offices().find(code).is_none())?;
        Some(format!("there is no office `{named}` here; there are {}", self.codes_of_open_offices()))
    }

    /// The agreements there are, as a sentence lists them.
    pub(super) fn codes_of_agreements(&self) -> String {
        self.agreements().iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// The offices that are open, as a sentence lists them.
    pub(super) fn codes_of_open_offices(&self) -> String {
        let open = self.offices().all().into_iter().filter(|record| !record.is_closed());
        open.map(|record| record.office.code.to_string()).collect::<Vec<_>>().join(", ")
    }
}
