//! A certificate number given in advance: the export declaration names it before there is a certificate.

use super::moves::{By, Moved};
use super::refused::ApplicationRefused;
use super::table::Deed;
use super::{Application, ApplicationId, StageName};
use crate::certificate::{AgreementCode, CertificateNumber, Country, OfficeCode, Text};
use serde::{Deserialize, Serialize};

/// The number that an application holds, and what it was given for: a certificate for anything else cannot bear it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldNumber {
    /// The number.
    pub number: CertificateNumber,
    /// Under which agreement.
    pub agreement: AgreementCode,
    /// At which office.
    pub office: OfficeCode,
    /// To which country.
    pub to: Country,
    /// The exporter's registration, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// When it was given, in Unix milliseconds.
    pub at_ms: u64,
}

/// What is kept of a number that was given in advance, until a certificate bears it; and for ever, if none does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRecord {
    /// The application that it was given to.
    pub application: ApplicationId,
    /// At which office.
    pub office: OfficeCode,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Who asked for it.
    pub by: String,
    /// Why no certificate bears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided: Option<Voided>,
}

/// That a number will never stand on a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Who.
    pub by: String,
    /// By which deed.
    pub deed: Deed,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text<1024>>,
}

impl Application {
    /// Whether a number can be given to it.
    pub fn takes_number(&self) -> Result<(), ApplicationRefused> {
        Deed::ReserveNumber.at(self.stage.name())?;
        match &self.number {
            Some(held) => Err(ApplicationRefused::NumberHeld(held.number.to_string())),
            None => Ok(()),
        }
    }

    /// Gives it a number in advance, for who filed it or an officer.
    pub fn reserve_number(mut self, number: CertificateNumber, registration: Option<String>, by: &By) -> Moved {
        self.takes_number()?;
        let note = Text::typed(number.as_str()).ok();
        let (agreement, office, to) = (self.subject.agreement.clone(), self.subject.office.clone(), self.subject.to);
        self.number = Some(HeldNumber { number, agreement, office, to, registration, at_ms: by.at_ms });
        let stage = self.stage.clone();
        Ok(self.with(by, Deed::ReserveNumber, stage, note))
    }

    /// Voids its number by a signatory's word; it can be given another.
    pub fn void_number(mut self, why: Text<1024>, by: &By) -> Moved {
        self.officer(Deed::VoidNumber, by)?;
        if self.number.take().is_none() {
            return Err(ApplicationRefused::NoNumberHeld);
        }
        let stage = self.stage.clone();
        Ok(self.with(by, Deed::VoidNumber, stage, Some(why)))
    }

    /// Whether a certificate for this can bear the number that it holds.
    pub fn bears_number(
        &self,
        agreement: &AgreementCode,
        to: Country,
        registration: Option<&str>,
    ) -> Result<(), ApplicationRefused> {
        let Some(held) = &self.number else { return Ok(()) };
        let same = held.agreement == *agreement && held.to == to && held.registration.as_deref() == registration;
        if same { Ok(()) } else { Err(ApplicationRefused::NumberBound(held.number.to_string())) }
    }
}

impl NumberRecord {
    /// What is kept of the number that an application holds.
    #[must_use]
    pub fn of(application: &Application, held: &HeldNumber) -> Self {
        let asked = application.history.iter().rev().find(|event| event.deed == Deed::ReserveNumber);
        Self {
            application: application.id,
            office: held.office.clone(),
            at_ms: held.at_ms,
            by: asked.map_or_else(String::new, |event| event.name.clone()),
            voided: None,
        }
    }

    /// The same when what was done last to the application has ended the number; `None` where a certificate bears it.
    #[must_use]
    pub fn ended(self, application: &Application) -> Option<Self> {
        if application.stage.name() == StageName::Issued {
            return None;
        }
        let last = application.last()?;
        let voided = Voided { at_ms: last.at_ms, by: last.name.clone(), deed: last.deed, why: last.note.clone() };
        Some(Self { voided: Some(voided), ..self })
    }
}
