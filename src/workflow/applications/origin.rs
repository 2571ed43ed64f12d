//! What the rules of origin make of how the goods were made: what examination and signature rest on.

use super::keep;
use super::{Applications, Paper};
use crate::{agreement::ItemOrigin, office::Application, time::Date, workflow::WorkflowError};

/// What was judged, line by line and on both bases, and as of which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedOrigin {
    /// The civil date at the office.
    pub on: Date,
    /// The items, in the order of the form.
    pub items: Vec<ItemOrigin>,
}

impl Applications {
    /// What the rules say today at the application's office; `None` where it is not declared how the goods were made, or
    /// what was filed cannot be judged.
    #[must_use]
    pub fn judged_origin(&self, application: &Application, paper: &Paper) -> Option<JudgedOrigin> {
        if paper.production_json.is_empty() {
            return None;
        }
        let read = paper.read();
        let (particulars, production) = read.particulars.zip(read.production)?;
        let agreement = self.desk.agreements().get(&particulars.agreement)?;
        let on = self.day_at(&application.subject.office);
        let lists = self.desk.lists();
        let judged = agreement.judge_origin(&particulars, &production, lists.rates(), on);
        Some(JudgedOrigin { on, items: judged.items })
    }

    /// The same of an application as it is kept.
    pub(super) fn judged_origin_of(&self, application: &Application) -> Result<Option<JudgedOrigin>, WorkflowError> {
        let paper = keep::paper(self.store(), application.id)?;
        Ok(self.judged_origin(application, &paper))
    }
}
