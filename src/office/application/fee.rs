//! The fee: who files is charged by the treasury, and the office hears that it was paid. No money passes here.

use super::Application;
use super::moves::{By, Moved};
use super::stage::Stage;
use super::table::Deed;
use crate::certificate::Text;
use serde::{Deserialize, Serialize};

/// That the fee is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// The treasury's reference: of a receipt or of a payment.
    pub reference: Text<128>,
    /// When it was recorded, in Unix milliseconds: from then on the application waits to be examined.
    pub at_ms: u64,
}

impl Application {
    /// Records that its fee is paid, and lets it into the queue.
    pub fn record_fee(mut self, reference: Text<128>, by: &By) -> Moved {
        self.officer(Deed::RecordFee, by)?;
        // What fits in the reference fits in a note.
        let note = Text::typed(reference.as_str()).ok();
        self.fee = Some(Fee { reference, at_ms: by.at_ms });
        self.take(|submission| Stage::Submitted { submission }, by, Deed::RecordFee, note)
    }
}
