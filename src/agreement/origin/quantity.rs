//! The quantity that declared figures are for, beside the one the certificate states: so that the cost of ten pieces is
//! never held against the value of a hundred.

use super::exact::Exact;
use crate::{
    certificate::{Finding, Item, Measure, Severity},
    production::ItemProduction,
};

/// The part of an item that the declared figures are for.
pub(super) struct Part {
    share: Exact,
    /// The quantity declared for, and the item's own; none where they are for the whole item.
    named: Option<(Measure, Measure)>,
}

/// Why that part is not known.
pub(super) struct Unlike {
    pub(super) why: String,
    severity: Severity,
    help: String,
}

/// What one quantity is of another, exactly; none where the units do not convert into each other.
pub(super) fn share(part: &Measure, whole: &Measure) -> Option<Exact> {
    Exact::ratio(part.parts(&whole.unit)?, whole.parts(&whole.unit)?)
}

/// The item's quantity that `other` converts into, and what `other` is of it; the net weight where no quantity does. Of
/// two that differ neither could be chosen: then both.
pub(super) fn of_item<'a>(item: &'a Item, other: &Measure) -> Result<Option<(&'a Measure, Exact)>, [&'a Measure; 2]> {
    let mut found: Option<(&Measure, Exact)> = None;
    for whole in &item.quantities {
        let Some(part) = share(other, whole) else { continue };
        match &found {
            Some((first, one)) if part != *one => return Err([*first, whole]),
            Some(_) => {}
            None => found = Some((whole, part)),
        }
    }
    let by_weight = || item.net_weight.as_ref().and_then(|net| share(other, net).map(|part| (net, part)));
    Ok(found.or_else(by_weight))
}

impl Part {
    /// `valued`: the certificate states a value of the item, which the figures are held against.
    pub(super) fn of(declared: &ItemProduction, item: &Item, valued: bool) -> Result<Self, Unlike> {
        let Some(per) = &declared.per else { return Ok(Self { share: Exact::whole(1), named: None }) };
        let number = item.number;
        let whole_item = "leave it out and declare the figures for the whole item";
        match of_item(item, per) {
            Ok(Some((whole, share))) => Ok(Self { share, named: Some((per.clone(), whole.clone())) }),
            Err([one, other]) => Err(Unlike {
                why: format!(
                    "the figures of item {number} are for {per}, and the certificate states two quantities of it, {one} \
                     and {other}"
                ),
                severity: Severity::Error,
                help: format!(
                    "mend the quantity on the certificate, or write `per` in another of its units, or {whole_item}"
                ),
            }),
            Ok(None) if item.quantities.is_empty() => Err(Unlike {
                why: format!(
                    "the figures of item {number} are for {per}, and the certificate states no quantity of it"
                ),
                severity: if valued { Severity::Error } else { Severity::Unknown },
                help: format!(
                    "state the quantity of the item in {} on the certificate, or leave `per` out and declare the figures \
                     for the whole item",
                    per.unit
                ),
            }),
            Ok(None) => {
                let units = item.quantities.iter().map(|stated| stated.unit.to_string()).collect::<Vec<_>>().join(", ");
                Err(Unlike {
                    why: format!(
                        "the figures of item {number} are for {per}, and the certificate states its quantity in {units}: \
                         {} does not convert into that exactly",
                        per.unit
                    ),
                    severity: Severity::Error,
                    help: format!("write `per` in {units}, or {whole_item}"),
                })
            }
        }
    }

    /// What of a figure for the whole item falls to this part.
    pub(super) fn of_whole(&self, figure: &Exact) -> Exact {
        figure.times(&self.share)
    }

    /// The quantity declared for, and the item's own, where the figures are not for the whole item.
    pub(super) fn named(&self) -> Option<(&Measure, &Measure)> {
        self.named.as_ref().map(|(per, whole)| (per, whole))
    }
}

impl Unlike {
    /// To be told at `path`, that of the declared quantity.
    pub(super) fn finding(&self, path: String) -> Finding {
        let message = format!("{}; so they cannot be held against what it says", self.why);
        Finding::new(self.severity, "PER", path, message).with_help(self.help.clone())
    }
}
