//! An office closes: what waits there is moved to another, which issues in its place.

use super::Application;
use super::moves::{By, Moved};
use super::stage::Stage;
use super::table::Deed;
use crate::certificate::{OfficeCode, Text};

impl Application {
    /// The office that what it asks for names.
    #[must_use]
    pub fn asked_of(&self) -> &OfficeCode {
        self.filed_at.as_ref().unwrap_or(&self.subject.office)
    }

    /// Moves it to another office. What an officer has in hand waits for one of the other office; an approval that led
    /// to no certificate is given there anew. What was declared stays as it is.
    pub fn move_to(mut self, office: OfficeCode, by: &By) -> Moved {
        Deed::MoveOffice.at(self.stage.name())?;
        let stage = match self.stage.clone() {
            Stage::UnderExamination { submission, .. } => Stage::Submitted { submission },
            Stage::Approved { submission, recommendation, .. } => Stage::Recommended { submission, recommendation },
            other => other,
        };
        let note = Text::typed(&format!("from {} to {office}", self.subject.office)).ok();
        let asked_of = self.asked_of().clone();
        self.filed_at = (asked_of != office).then_some(asked_of);
        self.subject.office = office;
        Ok(self.with(by, Deed::MoveOffice, stage, note))
    }
}
