//! What is drawn of a certificate is what that certifies: the same goods, of the same origin by the same criterion, and
//! of one's own the same makers. None of it was examined anew.

use super::{beside::sources, originals::Proven};
use crate::{
    certificate::{Certificate, Finding, Findings, Item, Particulars, Party, Percentage, Producer},
    office::{Draws, folded},
};

/// The criterion of goods that come from one country alone; nobody claims more.
const WHOLLY_OBTAINED: &str = "WO";

/// An item that another is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) item: &'a Item,
    /// Whether it is this authority's own, of which the other is a part.
    pub(super) own: bool,
}

/// Holds an item against the one that it is drawn from. Whom a back-to-back certificate is for may have a longer code of
/// his own; that of a part is the same in full.
pub(super) fn same_goods(
    (particulars, new): (&Particulars, &Item),
    of: Whole<'_>,
    path: &str,
    say: &mut impl FnMut(Finding),
) {
    let old = of.item;
    let whole = format!("item {} of certificate {}", old.number, of.certificate.reference.number);
    if let (Some(own), Some(was)) = (&new.hs, &old.hs) {
        let same = if of.own { own.code == was.code } else { own.code.subheading() == was.code.subheading() };
        if own.edition != was.edition {
            let message = format!(
                "item {} is of {own}, and {whole} of {was}: whether it is the same is yours to see",
                new.number
            );
            say(Finding::warning("DRAWN_GOODS", path, message));
        } else if !same {
            let message = format!("item {} is of HS {}, and {whole} of HS {}", new.number, own.code, was.code);
            say(Finding::error("DRAWN_GOODS", path, message));
        }
    }
    // What names no country of origin is the exporting country's.
    let (own, origin) = (new.origin.unwrap_or(particulars.from), old.origin.unwrap_or(of.certificate.from));
    if own != origin {
        let message =
            format!("item {} is said to originate in {own}, and it is drawn from goods of {origin}", new.number);
        let finding = Finding::error("DRAWN_GOODS", path, message);
        say(if new.origin.is_none() { finding.with_help(format!("say `origin`: {origin}")) } else { finding });
    }
    same_criterion(new, old, (of.own, &whole), path, say);
}

/// Nothing better is claimed than the original does, and by a part nothing else.
fn same_criterion(new: &Item, old: &Item, (part, whole): (bool, &str), path: &str, say: &mut impl FnMut(Finding)) {
    let claimed = |item: &Item| match &item.criterion {
        Some(criterion) => criterion.code.to_string(),
        None => "no criterion".to_owned(),
    };
    let code = |item: &Item| item.criterion.as_ref().map(|criterion| criterion.code.clone());
    if code(new) != code(old) {
        let message = format!("item {} claims {}, and {whole} claims {}", new.number, claimed(new), claimed(old));
        // Goods of one country alone meet what asks for less; whether they meet this is told to the signatory.
        let less = old.criterion.as_ref().is_some_and(|was| was.code.as_str() == WHOLLY_OBTAINED);
        say(if !part && (less || new.criterion.is_none()) {
            Finding::warning("DRAWN_CRITERION", path, message)
        } else {
            Finding::error("DRAWN_CRITERION", path, message).with_help("claim what the original claims")
        });
        return;
    }
    let Some((own, was)) = new.criterion.as_ref().zip(old.criterion.as_ref()) else { return };
    let same = |says: &Percentage, said: &Percentage| {
        says.exact == said.exact && (says.basis.is_none() || says.basis == said.basis)
    };
    let said = was.percentage.as_ref();
    if let Some(says) = own.percentage.as_ref().filter(|says| !said.is_some_and(|said| same(says, said))) {
        let said = said.map_or_else(|| "none".to_owned(), in_words);
        let message = format!("item {} says {}, and {whole} says {said}", new.number, in_words(says));
        say(Finding::error("DRAWN_CRITERION", path, message).with_help("say what the original says"));
    }
    if was.partial_cumulation && !own.partial_cumulation {
        let message =
            format!("item {} claims preference, and {whole} is of partial cumulation, which has none", new.number);
        say(Finding::error("DRAWN_CRITERION", path, message));
    }
}

/// A percentage with whose content it counts.
fn in_words(percentage: &Percentage) -> String {
    match percentage.basis {
        Some(basis) => format!("{} % on a {basis} basis", percentage.exact),
        None => format!("{} %", percentage.exact),
    }
}

/// A part is described as the whole is, and one for several as each of them: goods in other words are other goods, which
/// nobody examined as these. A back-to-back certificate may have other words for the same goods, which are told to the
/// signatory.
pub(super) fn same_descriptions(
    particulars: &Particulars,
    originals: &[Proven],
    draws: &Draws,
    findings: &mut Findings,
) {
    for (index, item) in particulars.goods.items.iter().enumerate() {
        let sources = sources(item.number, originals, draws);
        let wholes = sources.iter().filter_map(|source| {
            let proven = originals.get(source.original)?;
            Some(Whole { certificate: &proven.certificate, item: &source.item, own: proven.own.is_some() })
        });
        findings.0.extend(same_description((index, item), wholes));
    }
}

/// The same of one item.
pub(super) fn same_description<'a>(
    (index, item): (usize, &Item),
    wholes: impl Iterator<Item = Whole<'a>>,
) -> Option<Finding> {
    let (own, path) = (folded(item.description.as_str()), format!("goods.items[{index}].description"));
    // One of this authority's own forbids it, whatever the others say.
    let other = wholes.filter(|of| folded(of.item.description.as_str()) != own).min_by_key(|of| !of.own)?;
    let message = format!(
        "item {} is `{}`, and item {} of certificate {} is `{}`",
        item.number, item.description, other.item.number, other.certificate.reference.number, other.item.description
    );
    Some(if other.own {
        let help =
            "describe it as the original does, each of other goods as an item of its own; new goods are applied for";
        Finding::error("DRAWN_DESCRIPTION", path, message).with_help(help)
    } else {
        Finding::warning("DRAWN_DESCRIPTION", path, message)
    })
}

/// Whose making the goods are stays what it was: a maker that is named is one that an original of one's own names.
pub(super) fn same_makers(particulars: &Particulars, own: &[&Certificate], findings: &mut Findings) {
    if own.is_empty() {
        return;
    }
    let known = own.iter().flat_map(|one| named(one.producer.as_ref(), &one.goods.items)).collect::<Vec<_>>();
    for maker in named(particulars.producer.as_ref(), &particulars.goods.items) {
        if !known.iter().any(|one| is_same(one, maker)) {
            let message = format!("`{}` is no producer of the goods that are drawn", maker.name);
            let help = "name the producers that the originals name";
            findings.push(Finding::error("DRAWN_PRODUCER", "producer", message).with_help(help));
        }
    }
    let itself = |producer: Option<&Producer>| producer == Some(&Producer::Same);
    if itself(particulars.producer.as_ref()) && !own.iter().any(|one| itself(one.producer.as_ref())) {
        let message = "the exporter is said to be the producer, and by no certificate that is drawn on it is";
        findings.push(Finding::error("DRAWN_PRODUCER", "producer", message));
    }
}

/// The parties that are named as producers.
fn named<'a>(producer: Option<&'a Producer>, items: &'a [Item]) -> Vec<&'a Party> {
    let all = match producer {
        Some(Producer::Named(parties)) => parties.as_slice(),
        _ => &[],
    };
    all.iter().chain(items.iter().flat_map(|item| &item.producers)).collect()
}

/// By a number that both state, else by the name.
fn is_same(one: &Party, other: &Party) -> bool {
    let has = |party: &Party, number: &str| party.ids.iter().any(|id| folded(id.number.as_str()) == number);
    if one.ids.is_empty() || other.ids.is_empty() {
        return folded(one.name.as_str()) == folded(other.name.as_str());
    }
    one.ids.iter().any(|id| has(other, &folded(id.number.as_str())))
}
