//! The verifier: one trust list, one set of agreement files, and what was verified once.

use super::{Question, Settings, StampPlace, Verdict, head::Heads, inquiry::Inquiry, listed::Lists};
use crate::{agreement::Agreements, statement::SignedStamp, trust::TrustList};
use std::sync::Arc;

/// Verifies certificates under one trust list. Shared between threads: what was verified once is kept and
/// bounded, and no lock is held while a signature is checked.
#[derive(Debug)]
pub struct Verifier {
    pub(super) trust: Arc<TrustList>,
    pub(super) agreements: Option<Arc<Agreements>>,
    pub(super) settings: Settings,
    pub(super) heads: Heads,
    pub(super) lists: Lists,
}

impl Verifier {
    /// A verifier that believes this trust list, and knows these agreements if any.
    #[must_use]
    pub fn new(trust: Arc<TrustList>, agreements: Option<Arc<Agreements>>, settings: Settings) -> Self {
        Self { trust, agreements, settings, heads: Heads::new(), lists: Lists::new() }
    }

    /// The trust list it believes.
    #[must_use]
    pub const fn trust(&self) -> &Arc<TrustList> {
        &self.trust
    }

    /// Verifies a token, a redacted presentation, a bundle or a stamp. Never fails: what cannot be read gets a verdict
    /// that says so. The answer depends on the input, the question, the trust list, the agreements and the
    /// settings, and on nothing else.
    #[must_use]
    pub fn verify(&self, input: &str, question: &Question) -> Verdict {
        if SignedStamp::is_one(input.trim_start()) {
            return self.verify_stamp(input, StampPlace::Unseen, question);
        }
        Verdict::conclude(Inquiry::begin(self, question).run(input))
    }
}
