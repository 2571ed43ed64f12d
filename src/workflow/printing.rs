//! Certificates on paper: printed from what is signed, for those who may read them.

use super::{CertificateName, Desk, EvidenceFile, Stands, WorkflowError, record};
use crate::{
    document::{FontFolders, Forms, PaperCodes, Press, Sheet, Subject, sheet},
    office::Caller,
    statement::{Opened, OpenedBody, Presentation, Section, Status, redact},
};
use std::{
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
};
use tokio::sync::Semaphore;

/// A press, and how many sheets are set on it at once: as many as the machine has cores. It is set up with the first
/// sheet, since its fonts take 100 MB. Cheap to clone.
#[derive(Clone)]
pub struct Printer(Arc<Inner>);

struct Inner {
    forms: Forms,
    fonts: FontFolders,
    press: Mutex<Option<Arc<Press>>>,
    places: Arc<Semaphore>,
}

/// A printed certificate.
#[derive(Debug, Clone)]
pub struct Printed {
    /// The document.
    pub pdf: Vec<u8>,
    /// The evidence it was printed from, less what the copy leaves out.
    pub evidence: EvidenceFile,
}

impl Printer {
    /// With these templates, and the fonts of these folders.
    #[must_use]
    pub fn new(forms: Forms, fonts: FontFolders) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let places = Arc::new(Semaphore::new(cores));
        Self(Arc::new(Inner { forms, fonts, press: Mutex::new(None), places }))
    }

    /// The press. It blocks, the first time for as long as fonts take to read.
    fn press(&self) -> Result<Arc<Press>, WorkflowError> {
        let mut press = self.0.press.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(press) = press.as_ref() {
            return Ok(Arc::clone(press));
        }
        let made = Arc::new(Press::new(self.0.forms.clone(), &self.0.fonts)?);
        *press = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Makes a sheet and prints it, on a thread that may block, when it is its turn.
    pub async fn print(
        &self,
        make: impl FnOnce() -> Result<Sheet, WorkflowError> + Send + 'static,
    ) -> Result<Vec<u8>, WorkflowError> {
        let inside = |error: &dyn std::fmt::Display| WorkflowError::Record(error.to_string());
        let turn = Arc::clone(&self.0.places).acquire_owned().await.map_err(|error| inside(&error))?;
        let printer = self.clone();
        let work = move || {
            // Held by the work and not by who waits for it: a call that was given up still takes its core.
            let _turn = turn;
            Ok(printer.press()?.print(&make()?)?)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| inside(&error))?
    }
}

impl Desk {
    /// A certificate as printed, once the partners have cosigned as the policy asks; after ten seconds as it is by then,
    /// and marked so. With sections to drop it is a redacted copy, marked so too.
    pub async fn printed(
        &self,
        caller: &Caller,
        name: &CertificateName,
        drop: &[Section],
    ) -> Result<Printed, WorkflowError> {
        let mut evidence = self.released(caller, name).await?;
        if !drop.is_empty() {
            evidence = redacted(evidence, drop)?;
        }
        let (desk, shown) = (self.clone(), evidence.clone());
        let (reader, named) = (caller.clone(), name.clone());
        let make = move || {
            let record = desk.get(&reader, &named)?;
            let changes = record.history(desk.store().as_ref())?.changes;
            let stands = desk.stands(&record)?;
            let successor = changes.into_iter().rev().find_map(|change| change.successor);
            let successor = successor.filter(|_| stands == Stands::As(Status::Superseded));
            desk.sheet(&shown, &desk.paper_codes(&reader, &named)?, standing(&stands), successor.as_deref())
        };
        let pdf = self.setup().printer.print(make).await?;
        Ok(Printed { pdf, evidence })
    }

    /// The evidence of a certificate without some of its sections, for a bank or another third party.
    pub async fn redacted(
        &self,
        caller: &Caller,
        name: &CertificateName,
        drop: &[Section],
    ) -> Result<EvidenceFile, WorkflowError> {
        redacted(self.released(caller, name).await?, drop)
    }

    /// What is printed of a certificate.
    fn sheet(
        &self,
        evidence: &EvidenceFile,
        codes: &PaperCodes,
        standing: Option<&str>,
        successor: Option<&str>,
    ) -> Result<Sheet, WorkflowError> {
        let Opened { envelope, body, completeness } = Presentation::parse(&evidence.bundle.token)?.open()?;
        let OpenedBody::Certificate(certificate) = body else { return Err(WorkflowError::CertificateUnknown) };
        // Without its number and its goods there is nothing to print.
        if !certificate.reference.is_shown() || !certificate.goods.is_shown() {
            let store = self.store().as_ref();
            let entry = record::find(store, &CertificateName::Jti(envelope.jti))?;
            return Err(record::without_contents(store, &entry));
        }
        let subject = Subject {
            envelope: &envelope,
            certificate: &certificate,
            completeness: &completeness,
            token: Some(&evidence.bundle.token),
            agreement: self.setup().agreements.get(&certificate.agreement),
            codes,
            images: &self.setup().images,
            awaiting_cosignatures: evidence.awaiting_cosignatures,
            standing,
            successor,
        };
        Ok(sheet(&subject)?)
    }
}

/// What the paper says of how a certificate stands, where that is not as issued.
const fn standing(stands: &Stands) -> Option<&'static str> {
    match stands {
        Stands::As(Status::Valid) => None,
        Stands::Unknown(_) => Some("status unknown"),
        other => Some(other.word()),
    }
}

fn redacted(mut evidence: EvidenceFile, drop: &[Section]) -> Result<EvidenceFile, WorkflowError> {
    evidence.bundle.token = redact(&Presentation::parse(&evidence.bundle.token)?, drop)?;
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_says_that_a_certificate_counts_for_nothing_or_that_nobody_can_say() {
        let said = |stands: fn(String) -> Stands| standing(&stands("why".to_owned()));
        let all = [said(Stands::Void), said(Stands::KeyClosed), said(Stands::Unproven), said(Stands::Unknown)];
        assert_eq!(all, ["void", "key closed", "unproven", "status unknown"].map(Some));
        let listed = |status| standing(&Stands::As(status));
        assert_eq!((listed(Status::Valid), listed(Status::Cancelled)), (None, Some("cancelled")));
    }
}
