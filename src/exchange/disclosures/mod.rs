//! Disclosures: what is for the addressee alone, fetched beside the entries and held against their digests.
//!
//! The [`Fetcher`] is the addressee's side, one for each partner log; it takes no more than it can keep. The issuer's
//! side has no state: it reads, and gives to whom [`super::may_have_disclosures`] names.

mod fetcher;
mod take;

pub use crate::inbox::{Awaited, Receipted, Why};
pub use fetcher::{Action, Event, Fetcher};
pub use take::{Taken, take};
