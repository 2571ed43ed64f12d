//! Particulars made to fit a form: a route that is open, digits and a criterion of that agreement, and neutral names in
//! the place of those of other countries.
//!
//! What always holds: what fits already stays as it was brought.

use super::{super::countries::country_name, SpecimenOf};
use crate::{
    agreement::{CriterionRule, Edition, Form, Known, Member, Participation, Parties, Side},
    certificate::{
        CertificateError, Country, Criterion, CriterionCode, Item, Particulars, Party, Percentage, Place, Text,
        Transport,
    },
    encoding::Decimal,
    time::Date,
};

/// The percentage of a criterion that asks for one, where the sample's does not meet it.
const PERCENT: u32 = 64;

pub(super) fn fit(of: SpecimenOf<'_>, particulars: &mut Particulars, on: Date) -> Result<(), CertificateError> {
    let SpecimenOf { agreement, edition, form } = of;
    let foreign = particulars.agreement != agreement.code;
    let before = (particulars.from, particulars.to);
    let (from, to) = route(&agreement.parties, edition, form, before, on);
    particulars.agreement = agreement.code.clone();
    particulars.edition = Some(edition.code.clone());
    particulars.form = Some(form.code.clone());
    (particulars.from, particulars.to) = (from, to);
    if from != before.0 {
        exporting(particulars)?;
    }
    if to != before.1 {
        importing(particulars)?;
    }
    if before != (from, to) {
        journey(particulars, before)?;
    }
    if foreign {
        particulars.remarks = None;
        particulars.reference.prior = Vec::new();
    }
    for item in &mut particulars.goods.items {
        if from != before.0 || item.origin.is_none() {
            item.origin = Some(from);
        }
        if foreign {
            digits(item, edition)?;
            criterion(item, edition, to);
        } else if item.criterion.as_ref().is_some_and(|one| !edition.criteria.iter().any(|rule| rule.code == one.code))
        {
            criterion(item, edition, to);
        }
    }
    Ok(())
}

/// Countries that may use the form: those brought, where they may; else the first between which it can be issued.
fn route(
    parties: &Parties,
    edition: &Edition,
    form: &Form,
    (from, to): (Country, Country),
    on: Date,
) -> (Country, Country) {
    let belongs = |member: &Member| {
        member.from.value().is_none_or(|first| *first <= on) && member.until.value().is_none_or(|last| on <= *last)
    };
    let member = |country| parties.member(country).filter(|member| belongs(member));
    let issues = |country: Country| {
        let listed = member(country).is_some_and(|member| member.side != Some(Side::Donor));
        (parties.open || listed) && (form.issued_by.is_empty() || form.issued_by.contains(&country))
    };
    let receives =
        |country: Country| parties.open || member(country).is_some_and(|member| member.side != Some(Side::Beneficiary));
    let closed = |from: Country, to: Country| {
        edition.eligibility.closed.iter().any(|route| {
            let concerned = |countries: &[Country], one| countries.is_empty() || countries.contains(&one);
            route.last_issue < on && concerned(&route.from, from) && concerned(&route.to, to)
        })
    };
    // Who takes part for some goods only comes last.
    let mut members = parties.members.iter().collect::<Vec<_>>();
    members.sort_by_key(|member| (!member.confirmed, member.participation.value() == Some(&Participation::Partial)));
    let all = || members.iter().map(|member| member.country);
    let froms = std::iter::once(from).chain(form.issued_by.iter().copied()).chain(all());
    for one in froms.filter(|one| issues(*one)) {
        let open = |other: &Country| *other != one && receives(*other) && !closed(one, *other);
        if let Some(other) = std::iter::once(to).chain(all()).chain(std::iter::once(from)).find(open) {
            return (one, other);
        }
    }
    (from, to)
}

fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, CertificateError> {
    text.parse()
}

fn named(party: &mut Party, name: &str, street: &str, country: Country) -> Result<(), CertificateError> {
    *party = Party {
        name: text(name)?,
        other_name: None,
        address: vec![text(street)?],
        country,
        ids: Vec::new(),
        telephone: None,
        email: None,
    };
    Ok(())
}

/// Who sends and who certifies, of the exporting country.
fn exporting(particulars: &mut Particulars) -> Result<(), CertificateError> {
    let country = particulars.from;
    let name = country_name(country);
    named(&mut particulars.exporter.party, "Specimen Exporter Ltd", "1 Sample Street", country)?;
    particulars.exporter.agent = None;
    let reference = &mut particulars.reference;
    reference.place = Place { locode: None, name: Some(text(name)?) };
    reference.office.body = text(&format!("Issuing authority of {name}"))?;
    reference.office.name = None;
    for signatory in &mut reference.signatories {
        (signatory.name, signatory.title, signatory.body) =
            (text("A. Specimen")?, Some(text("Authorised officer")?), None);
    }
    Ok(())
}

/// Who receives, of the importing country.
fn importing(particulars: &mut Particulars) -> Result<(), CertificateError> {
    let country = particulars.to;
    let Some(consignee) = particulars.consignee.as_mut() else { return Ok(()) };
    (consignee.importer, consignee.claimant, consignee.notify) = (None, None, Vec::new());
    match consignee.party.as_mut() {
        Some(party) => named(party, "Specimen Importer Ltd", "2 Sample Street", country),
        None => Ok(()),
    }
}

/// From one country straight to the other.
fn journey(particulars: &mut Particulars, before: (Country, Country)) -> Result<(), CertificateError> {
    let (from, to) = (particulars.from, particulars.to);
    let Some(transport) = particulars.transport.as_mut() else { return Ok(()) };
    let Transport { route, via, final_destination, transit_countries, legs, loading, discharge, .. } = transport;
    (*route, *final_destination) = (None, None);
    via.clear();
    transit_countries.clear();
    legs.clear();
    let place =
        |country| Ok::<_, CertificateError>(Some(Place { locode: None, name: Some(text(country_name(country))?) }));
    if before.0 != from {
        *loading = place(from)?;
    }
    if before.1 != to {
        *discharge = place(to)?;
    }
    Ok(())
}

/// As many digits as the agreement asks for, in the edition of its rules.
fn digits(item: &mut Item, edition: &Edition) -> Result<(), CertificateError> {
    let Some(hs) = item.hs.as_mut() else { return Ok(()) };
    let wanted = edition.hs.digits.value().and_then(|digits| usize::try_from(*digits).ok()).unwrap_or_default();
    let code = hs.code.as_str();
    if code.len() < wanted {
        hs.code = format!("{code:0<wanted$}").parse()?;
    }
    if let Some(rules) = edition.hs.edition.value() {
        hs.edition = *rules;
    }
    Ok(())
}

/// The sample's criterion where the agreement has it, else the first, those before that the form is known to print
/// something for; the goods are made, and not wholly obtained.
fn criterion(item: &mut Item, edition: &Edition, to: Country) {
    let code = item.criterion.as_ref().map(|one| one.code.clone());
    let sample = |one: &CriterionCode| Some(one) == code.as_ref();
    let serves = |rule: &&CriterionRule| rule.to.value().is_none_or(|countries| countries.contains(&to));
    let rank = |rule: &&CriterionRule| {
        let (printed, for_this) = (rule.printed.value().is_some(), rule.to.value().is_some());
        (!printed, !sample(&rule.code), !for_this, rule.code.as_str() == "WO")
    };
    let Some(rule) = edition.criteria.iter().filter(serves).min_by_key(rank) else {
        item.criterion = None;
        return;
    };
    let percentage = rule.value.as_ref().map(|figure| {
        let brought = item.criterion.as_ref().and_then(|one| one.percentage.as_ref()).map(|one| one.exact);
        let exact = brought.unwrap_or_else(|| Decimal::from_whole(PERCENT));
        let exact = match figure.known() {
            Known::Confirmed(rule) | Known::Unconfirmed(rule) if !rule.is_met_by(exact) => rule.percent,
            _ => exact,
        };
        Percentage { exact, printed: None, basis: rule.bases.first().copied() }
    });
    item.criterion = Some(Criterion {
        code: rule.code.clone(),
        printed: None,
        percentage,
        met_by: None,
        accumulation: false,
        de_minimis: false,
        partial_cumulation: false,
    });
}
