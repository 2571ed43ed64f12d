//! What must agree between the members of one document, whatever the agreement.

use super::{
    finding::{Finding, Findings},
    particulars::Particulars,
};

impl Particulars {
    /// Everything to say about how the members agree with each other.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut findings = Findings::default();
        if self.goods.items.is_empty() {
            findings.push(Finding::error("NO_ITEMS", "goods.items", "a certificate covers at least one item"));
        }
        findings
    }
}
