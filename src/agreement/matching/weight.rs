//! How much a difference weighs under an edition: what it lists as not invalidating, and what no edition lets pass.

use super::Weight;
use crate::agreement::{edition::Edition, figure::Figure, terms::Discrepancy};

/// What kind of difference something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One that an agreement may let pass.
    Listed(Discrepancy),
    /// One that none lets pass by itself.
    Beyond,
    /// One that no figure is about.
    Unsettled,
}

/// The weight of a difference, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weighed {
    pub(super) weight: Weight,
    pub(super) article: Option<String>,
    pub(super) confirmed: bool,
    /// The end of the sentence about it.
    pub(super) tail: String,
}

/// What an edition lets pass.
pub(super) struct Scale<'a> {
    passes: Option<&'a Figure<Vec<Discrepancy>>>,
}

impl<'a> Scale<'a> {
    pub(super) fn of(edition: Option<&'a Edition>) -> Self {
        Self { passes: edition.map(|edition| &edition.minor_discrepancies) }
    }

    pub(super) fn weigh(&self, kind: Kind) -> Weighed {
        let listed = match kind {
            Kind::Listed(listed) => listed,
            Kind::Beyond => return Weighed::bare(Weight::Material, "an officer decides"),
            Kind::Unsettled => return Weighed::bare(Weight::Unknown, "an officer decides"),
        };
        let Some(figure) = self.passes else {
            return Weighed::bare(Weight::Unknown, "this node does not know the agreement, nor what that weighs");
        };
        let Some(passes) = figure.value() else {
            return Weighed::bare(Weight::Unknown, "what that weighs is not known of the agreement");
        };
        let slight = passes.contains(&Discrepancy::Slight);
        let weight = match listed {
            // Whether something is slight no figure says.
            Discrepancy::Slight if slight => Weight::Unknown,
            _ if passes.contains(&listed) => Weight::Minor,
            Discrepancy::Typing if slight => Weight::Minor,
            // Another classification changes the duty: no agreement means it by a slight difference.
            Discrepancy::HsCode => Weight::Material,
            _ if slight => Weight::Unknown,
            _ => Weight::Material,
        };
        let article = figure.article().unwrap_or("the agreement");
        let unconfirmed = if figure.is_confirmed() { "" } else { ", which is not confirmed" };
        let tail = match weight {
            Weight::Minor => format!("it does not invalidate the certificate by {article}{unconfirmed}"),
            Weight::Material => format!("it is not among what {article} lets pass{unconfirmed}; an officer decides"),
            Weight::Unknown => {
                format!("{article} lets slight differences pass{unconfirmed}; whether this is one an officer decides")
            }
        };
        Weighed { weight, article: figure.article().map(str::to_owned), confirmed: figure.is_confirmed(), tail }
    }
}

impl Weighed {
    fn bare(weight: Weight, tail: &str) -> Self {
        Self { weight, article: None, confirmed: false, tail: tail.to_owned() }
    }
}
