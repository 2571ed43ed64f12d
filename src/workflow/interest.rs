//! What applications obey, for what is issued without one: nobody issues for himself, and nothing is issued for who was
//! struck off.

use super::{Desk, WorkflowError, exporters};
use crate::{
    certificate::{Findings, Particulars},
    office::{ApplicationRefused, Caller, ExporterRefused},
    store::EntryRef,
};

impl Desk {
    /// Refuses a certificate in the name of the caller's own exporter, and says what stands against the parties it names.
    pub(super) fn disinterested(
        &self,
        caller: &Caller,
        particulars: &Particulars,
        findings: &mut Findings,
    ) -> Result<(), WorkflowError> {
        let store = self.store().as_ref();
        if let Some(own) = caller.account().exporter.as_ref()
            && exporters::is_in_its_name(store, own, particulars)?
        {
            return Err(ApplicationRefused::OwnApplication.into());
        }
        findings.extend(exporters::parties(store, particulars)?);
        Ok(())
    }

    /// Refuses what would follow a certificate that was issued for the caller's own application, or for an exporter that
    /// was struck off since.
    pub(super) fn disinterested_in(&self, caller: &Caller, certificate: &EntryRef) -> Result<(), WorkflowError> {
        for application in self.asked_for(certificate)? {
            if application.is_of(caller.id(), caller.account().exporter.as_ref()) {
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
