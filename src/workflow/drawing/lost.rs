//! What was drawn before this node lost what it had. Ledgers stand in no log, and do not come back with it.

use super::{ledgers::place_of, originals::Proven};
use crate::{
    certificate::Finding,
    sequencer::Recalled,
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// Warns where an original was issued before a loss: what was drawn of it until then may not be known here any more.
    pub(super) fn drawn_before_a_loss(&self, proven: &Proven) -> Result<Option<Finding>, WorkflowError> {
        let lost = Recalled::last_ms(self.store().as_ref())?;
        let Some((_, jti)) = place_of(proven.kept.name()) else { return Ok(None) };
        if lost.is_none_or(|at_ms| at_ms < jti.hour_ms()) {
            return Ok(None);
        }
        let number = &proven.certificate.reference.number;
        let message = format!(
            "this node lost what it had since {number} was issued: what was drawn of it before that may not be counted"
        );
        let help = "look for its parts among the certificates, and hold what is left against them";
        Ok(Some(Finding::warning("DRAWN_BEFORE_LOSS", "reference.prior", message).with_help(help)))
    }
}
