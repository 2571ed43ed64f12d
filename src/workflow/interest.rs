//! What applications obey, for what is issued without one: nobody issues for himself, nothing is issued for who was
//! struck off, and one consignment has one certificate.

use super::{
    Desk, WorkflowError,
    applications::{self, Reader},
    exporters,
};
use crate::{
    certificate::{Findings, Particulars},
    office::{Action, ApplicationRefused, Caller, ExporterRefused},
    store::EntryRef,
};

impl Desk {
    /// Refuses a certificate in the name of an exporter of which the caller's person has an account, and says what
    /// stands against the parties it names.
    pub(super) fn disinterested(
        &self,
        caller: &Caller,
        particulars: &Particulars,
        findings: &mut Findings,
    ) -> Result<(), WorkflowError> {
        let store = self.store().as_ref();
        for own in caller.accounts().filter_map(|account| account.exporter.as_ref()) {
            if exporters::is_in_its_name(store, own, particulars)? {
                return Err(ApplicationRefused::OwnApplication.into());
            }
        }
        findings.extend(exporters::parties(store, particulars)?);
        Ok(())
    }

    /// Says by which application the goods of an invoice are certified already, or will be: the exporter applied for them,
    /// and they are issued without.
    pub(super) fn applied_for(
        &self,
        caller: &Caller,
        particulars: &Particulars,
        findings: &mut Findings,
    ) -> Result<(), WorkflowError> {
        let store = self.store().as_ref();
        if particulars.commercial.as_ref().is_some_and(|commercial| !commercial.invoices.is_empty())
            && let Some(exporter) = exporters::registered_as(store, particulars)?
        {
            let reader = Reader { own: None, officer: caller.may(Action::ReadQueue) };
            findings.extend(applications::twice(store, &exporter, reader, particulars)?);
        }
        Ok(())
    }

    /// Refuses what would follow a certificate that was issued for an application of the caller's person, or for an
    /// exporter that was struck off since.
    pub(super) fn disinterested_in(&self, caller: &Caller, certificate: &EntryRef) -> Result<(), WorkflowError> {
        for application in self.asked_for(certificate)? {
            if caller.accounts().any(|one| application.is_of(&one.id, one.exporter.as_ref())) {
                return Err(ApplicationRefused::OwnApplication.into());
            }
            match exporters::registered(self.store().as_ref(), &application.exporter) {
                Ok(exporter) if exporter.struck_off => return Err(ExporterRefused::StruckOff.into()),
                // It may have been lost with the node's own state.
                Ok(_) | Err(WorkflowError::ExporterUnknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
