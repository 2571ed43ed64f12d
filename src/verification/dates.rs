//! Whether a certificate was usable on the day asked, by its signed dates; and what the agreement says about
//! being late, where its files are at hand.

use super::{Basis, Check, Headline, Subject, day::AsOf};
use crate::{
    agreement::{Agreements, Edition, Known, LatePresentation},
    statement::OpenedCertificate,
};

/// The edition of the agreement that the certificate names, if its file is at hand.
pub(super) fn edition<'a>(agreements: Option<&'a Agreements>, certificate: &OpenedCertificate) -> Option<&'a Edition> {
    agreements?.get(&certificate.agreement)?.edition(&certificate.edition)
}

/// Holds the day asked against the signed dates.
pub(super) fn check(certificate: &OpenedCertificate, as_of: &AsOf, edition: Option<&Edition>) -> Check {
    let date = as_of.day.date;
    let from = certificate.valid_from;
    let until =
        certificate.valid_until.map_or_else(|| "on, with no end stated".to_owned(), |until| format!("until {until}"));
    let window = format!("It is usable from {from} {until}; the day asked is {date}");
    let check = if date < from {
        Check::failed(Subject::Dates, Headline::NotYetValid, format!("{window}."))
            .next(format!("Present it again from {from} on."))
    } else if certificate.valid_until.is_some_and(|until| until < date) {
        let (late, next) = lateness(edition);
        Check::failed(Subject::Dates, Headline::Expired, format!("{window}. {late}")).next(next)
    } else {
        Check::passed(Subject::Dates, format!("{window}."))
    };
    check.resting_on(Basis::of("the signed dates"))
}

fn lateness(edition: Option<&Edition>) -> (String, &'static str) {
    let ask = "Ask the holder for a certificate that is valid on that day.";
    let Some(edition) = edition else {
        return ("Whether the agreement accepts late presentation is unknown: its file was not given.".to_owned(), ask);
    };
    let figure = &edition.late_presentation;
    let article = figure.article().map_or_else(String::new, |article| format!(" ({article})"));
    let unconfirmed = if figure.is_confirmed() { "" } else { ", which is not confirmed" };
    match figure.known().value() {
        None => ("Whether the agreement accepts late presentation is unknown: its file does not say.".to_owned(), ask),
        Some(LatePresentation::Refused) => {
            (format!("The agreement does not accept late presentation{article}{unconfirmed}."), ask)
        }
        Some(LatePresentation::Exceptional) => (
            format!("The agreement accepts late presentation for exceptional reasons{article}{unconfirmed}."),
            "Ask the importer for the exceptional reasons, such as force majeure, and decide on them.",
        ),
        Some(LatePresentation::ImportedInTime) => (
            format!("The agreement accepts late presentation where the goods came in time{article}{unconfirmed}."),
            "Ask for the day of importation, and verify again as of that day.",
        ),
    }
}

/// Endorsements the route asks for, confirmed and unconfirmed apart. None of them can be presented in a form
/// this version reads, so each is awaited.
pub(super) fn awaited<'a>(
    edition: Option<&'a Edition>,
    certificate: &OpenedCertificate,
) -> impl Iterator<Item = Known<String>> + use<'a> {
    let to = certificate.to;
    let required = edition.map_or(&[][..], |edition| &edition.endorsements);
    required.iter().filter(move |one| one.to.is_empty() || one.to.contains(&to)).map(|one| {
        let article = one.article.as_ref().map_or_else(String::new, |article| format!(" ({article})"));
        let text = format!("{} by {}{article}", one.act.as_str().replace('_', " "), one.by);
        if one.confirmed { Known::Confirmed(text) } else { Known::Unconfirmed(text) }
    })
}
