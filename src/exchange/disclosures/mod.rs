//! Disclosures: what is for the addressee alone, fetched beside the entries and held against their digests.
//!
//! The addressee's side is the [`Fetcher`], one for each partner log; the issuer's side of one call is the
//! [`Discloser`]. Both send no more than the other has said it takes.

mod discloser;
mod fetcher;
mod record;
mod take;

pub use discloser::{Discloser, DiscloserAction, DiscloserEvent};
pub use fetcher::{Action, Event, Fetcher};
pub use record::{Awaited, Receipted, Why};
pub use take::{Taken, take};
