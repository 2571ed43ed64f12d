//! What can be named: agreements and offices that there are.

use super::{Accounts, Desk, WorkflowError};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    office::{Action, Caller, MandateRefused, PolicyRefused, PolicyTerms, Scope},
    reason::some_of,
};
use std::collections::BTreeSet;

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

    /// What is to be said of the agreements and offices of these that there are not.
    pub(super) fn nowhere<'a>(
        &self,
        agreements: impl IntoIterator<Item = &'a AgreementCode>,
        offices: impl IntoIterator<Item = &'a OfficeCode>,
    ) -> Option<String> {
        let agreements = agreements.into_iter().filter(|code| self.agreements().get(code).is_none());
        let offices = offices.into_iter().filter(|code| self.offices().find(code).is_none());
        let agreements = none_such("agreement", agreements.map(AgreementCode::as_str), || self.codes_of_agreements());
        let offices = none_such("office", offices.map(OfficeCode::as_str), || self.codes_of_open_offices());
        let said = [agreements, offices].into_iter().flatten().collect::<Vec<_>>();
        (!said.is_empty()).then(|| said.join("; "))
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

/// That there are none of these, and what there is; nothing where none is named.
fn none_such<'a>(what: &str, named: impl Iterator<Item = &'a str>, known: impl FnOnce() -> String) -> Option<String> {
    let named = named.map(|code| format!("`{code}`")).collect::<BTreeSet<_>>();
    let none = match named.len() {
        0 => return None,
        1 => format!("is no {what}"),
        _ => format!("are no {what}s"),
    };
    Some(format!("there {none} {} here; there are {}", some_of(named), known()))
}
