//! Paper beside electronic certificates: corridors, papers that are registered, numbers kept for an outage, and what was
//! issued on paper meanwhile; and what is put back here after a loss.
//!
//! What always holds: a number is of one certificate, on paper or not; a paper is registered by a statement in the log of
//! its addressee, and says nothing of goods; what was issued in an outage is issued electronically once, bears the date of
//! its paper, and says that it was registered afterwards.

mod again;
mod back;
mod block;
mod outage;
mod paper;

pub use again::{BlockAgain, BlockBack};
pub use back::CertificateBack;
pub use block::BlockWish;
pub use outage::OutageRow;
pub use paper::{PaperRecord, PaperRow, PapersAsked, PapersPage};

use super::{Accounts, Desk, WorkflowError};
use crate::{
    certificate::{Finding, Findings, OfficeCode, Particulars},
    office::{Caller, Continuity, Medium, OfficeRecord},
    sequencer::Outcome,
    time::Date,
};
use std::sync::Arc;

/// What came of a row.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Where the statement stands.
    pub outcome: Outcome,
    /// What the rules warned of.
    pub warnings: Findings,
    /// Whether it was registered before, just as it is brought.
    pub before: bool,
}

impl Desk {
    /// The corridors of this authority, and the days of an outage: public, as the form of its certificates is.
    #[must_use]
    pub fn continuity(&self) -> &Continuity {
        &self.setup().continuity
    }

    /// Today's civil date at this authority.
    #[must_use]
    pub fn today(&self) -> Date {
        self.own_today()
    }

    /// What the corridor of a certificate that is issued on a day says of it.
    pub(super) fn by_corridor(&self, particulars: &Particulars, day: Date, findings: &mut Findings) {
        let Particulars { agreement, to, reference, .. } = particulars;
        let Some(corridor) = self.setup().continuity.corridor(agreement, *to, day) else { return };
        match corridor.medium {
            Medium::Electronic => {}
            Medium::Both if reference.paper_number.is_some() => {}
            Medium::Both => {
                let message =
                    format!("certificates under {agreement} to {to} go with a paper, whose number is not said");
                let finding = Finding::warning("PAPER_NUMBER_ASKED", "reference.paper_number", message);
                findings.push(finding.with_help("say the number that is printed on the form"));
            }
            Medium::Paper => {
                let until = corridor.until.map_or_else(String::new, |until| format!(" until {until}"));
                let message = format!("certificates under {agreement} to {to} are issued on paper{until}");
                let finding = Finding::error("CORRIDOR_PAPER", "agreement", message);
                findings.push(finding.with_help("issue it on paper, and register that: origin paper register"));
            }
        }
    }

    /// An office for which the caller acts, open or closed: what it issued stays its own.
    fn office_of(&self, caller: &Caller, code: &OfficeCode) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let Some(record) = self.offices().find(code) else {
            let message = format!("`{code}` is not an office of this authority");
            return Err(refused(Finding::error("OFFICE_UNKNOWN", "office", message)));
        };
        if caller.acts_for(&record.office.code) {
            Ok(record)
        } else {
            Err(WorkflowError::NotYourOffice(code.to_string()))
        }
    }
}

/// Refused for one thing.
fn refused(finding: Finding) -> WorkflowError {
    WorkflowError::RulesRefuse(Findings(vec![finding]))
}

#[cfg(test)]
mod tests;
