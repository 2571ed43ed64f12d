//! Whether a certificate was usable on the day asked, by its signed dates; and what the agreement says about
//! being late, where its files are at hand.

use super::{Basis, Check, Day, Headline, Subject};
use crate::{
    agreement::{Agreements, Edition, Known, LatePresentation, Usability},
    certificate::Country,
    statement::OpenedCertificate,
};

/// The edition of the agreement that the certificate names, if its file is at hand.
pub(super) fn edition<'a>(agreements: Option<&'a Agreements>, certificate: &OpenedCertificate) -> Option<&'a Edition> {
    agreements?.get(&certificate.agreement)?.edition(&certificate.edition)
}

/// Holds the day asked against the signed dates.
pub(super) fn check(certificate: &OpenedCertificate, as_of: &Day, edition: Option<&Edition>) -> Check {
    let date = as_of.date;
    let (from, until) = (certificate.valid_from, certificate.valid_until);
    let usability = edition.map_or_else(
        || Usability::on(date, from, until, Known::Unknown),
        |edition| edition.usable_on(date, from, until),
    );
    let end = until.map_or_else(|| "on, with no end stated".to_owned(), |until| format!("until {until}"));
    let window = format!("It is usable from {from} {end}; the day asked is {date}.");
    let check = match usability {
        Usability::Usable => Check::passed(Subject::Dates, window),
        Usability::NotYetValid => Check::failed(Subject::Dates, Headline::NotYetValid, window)
            .next(format!("Present it again from {from} on.")),
        Usability::Expired(late) => {
            let (rule, next) = lateness(late, edition);
            Check::failed(Subject::Dates, Headline::Expired, format!("{window} {rule}")).next(next)
        }
    };
    check.resting_on(Basis::of("the signed dates"))
}

fn lateness(late: Known<LatePresentation>, edition: Option<&Edition>) -> (String, &'static str) {
    let ask = "Ask the holder for a certificate that is valid on that day.";
    let article = edition.and_then(|edition| edition.late_presentation.article());
    let article = article.map_or_else(String::new, |article| format!(" ({article})"));
    let (rule, doubt) = match late {
        Known::Unknown => {
            let why = if edition.is_some() { "its file does not say" } else { "its file was not given" };
            return (format!("Whether the agreement accepts late presentation is unknown: {why}."), ask);
        }
        Known::Confirmed(rule) => (rule, ""),
        Known::Unconfirmed(rule) => (rule, ", which is not confirmed"),
    };
    let (says, next) = match rule {
        LatePresentation::Refused => ("does not accept late presentation", ask),
        LatePresentation::Exceptional => (
            "accepts late presentation for exceptional reasons",
            "Ask the importer for the exceptional reasons, such as force majeure, and decide on them.",
        ),
        LatePresentation::ImportedInTime => (
            "accepts late presentation where the goods came in time",
            "Ask for the day of importation, and verify again as of that day.",
        ),
        LatePresentation::ExceptionalOrImportedInTime => (
            "accepts late presentation for exceptional reasons, or where the goods came in time",
            "Ask for the day of importation, and verify again as of that day; else for the exceptional reasons.",
        ),
    };
    (format!("The agreement {says}{article}{doubt}."), next)
}

/// Endorsements the route asks for, confirmed and unconfirmed apart. None of them can be presented in a form
/// this version reads, so each is awaited.
pub(super) fn awaited<'a>(
    edition: Option<&'a Edition>,
    certificate: &OpenedCertificate,
) -> impl Iterator<Item = Known<String>> + use<'a> {
    let (from, to) = (certificate.from, certificate.to);
    let concerns = |countries: &[Country], country| countries.is_empty() || countries.contains(&country);
    let required = edition.map_or(&[][..], |edition| &edition.endorsements);
    required.iter().filter(move |one| concerns(&one.from, from) && concerns(&one.to, to)).map(|one| {
        let article = one.article.as_ref().map_or_else(String::new, |article| format!(" ({article})"));
        let text = format!("{} by {}{article}", one.act.as_str().replace('_', " "), one.by);
        if one.confirmed { Known::Confirmed(text) } else { Known::Unconfirmed(text) }
    })
}
