//! Specimens: a form filled in with made-up particulars, for those who write templates and those who learn the form.

use super::{DocumentError, Images, PaperCodes, Sheet, Subject, sheet};
use crate::{
    agreement::{Agreement, Edition, Form, Parties, Side},
    certificate::{Certificate, CertificateNumber, Country, Criterion, Flags, Item, Particulars, Ruling, Terms, Text},
    log::Origin,
    statement::{
        Addressee, Completeness, Envelope, Issuer, Jti, Kid, OpenedCertificate, OpenedGoods, Shown, StatusReference,
        StatusUri,
    },
    time::Date,
};

/// Whose specimens they are: a domain that nobody has (RFC 2606).
const HOST: &str = "specimen.example";

/// What a specimen is of.
#[derive(Debug, Clone, Copy)]
pub struct SpecimenOf<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The edition.
    pub edition: &'a Edition,
    /// The form.
    pub form: &'a Form,
}

/// A form filled in, as a statement would say it.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// Under which identifier, in which log: of nobody.
    pub envelope: Envelope,
    /// What stands on the form.
    pub certificate: Certificate,
    /// Where its status would stand.
    pub status: StatusReference,
}

/// A form filled in with particulars. Agreement, countries and criteria are made to fit the form; nothing is judged.
pub fn filled(of: SpecimenOf<'_>, mut particulars: Particulars, on: Date) -> Result<Filled, DocumentError> {
    let SpecimenOf { agreement, edition, form } = of;
    let broken =
        |why: &dyn std::fmt::Display| DocumentError::Form { form: form.code.to_string(), message: why.to_string() };
    let (from, to) = route(&agreement.parties, form, (particulars.from, particulars.to));
    (particulars.from, particulars.to) = (from, to);
    particulars.agreement = agreement.code.clone();
    particulars.exporter.party.country = from;
    if let Some(party) = particulars.consignee.as_mut().and_then(|consignee| consignee.party.as_mut()) {
        party.country = to;
    }
    for item in &mut particulars.goods.items {
        item.origin = Some(from);
        fit_criterion(item, edition)?;
    }
    let flags = Flags {
        retrospective: false,
        replacement: false,
        true_copy: false,
        back_to_back: false,
        partial_cumulation: false,
    };
    let ruling = Ruling {
        issued_on: on,
        edition: edition.code.clone(),
        form: form.code.clone(),
        form_edition: None,
        languages: form.languages.value().cloned().unwrap_or_default(),
        valid_from: on,
        valid_until: on.checked_add(jiff::Span::new().years(1)).ok(),
        flags,
        endorsements: Vec::new(),
        printed: Vec::new(),
    };
    let number = "SPECIMEN-000001".parse::<CertificateNumber>().map_err(|error| broken(&error))?;
    let aud = format!("urn:iso:std:iso:3166:-1:{to}").parse::<Addressee>().map_err(|error| broken(&error))?;
    let log = format!("{HOST}/log/{}/{}", on.year(), to.as_str().to_lowercase());
    let envelope = Envelope {
        iss: format!("https://{HOST}").parse::<Issuer>().map_err(|error| broken(&error))?,
        kid: "specimen".parse::<Kid>().map_err(|error| broken(&error))?,
        jti: Jti([0; 16]),
        day: on,
        aud,
        log: log.parse::<Origin>().map_err(|error| broken(&error))?,
    };
    let uri = format!("https://{HOST}/status/0").parse::<StatusUri>().map_err(|error| broken(&error))?;
    let certificate = particulars.finish(Terms { number, ruling });
    Ok(Filled { envelope, certificate, status: StatusReference { uri, index: 0 } })
}

/// The sheet of a form filled in, marked as what it is.
pub fn specimen(
    of: SpecimenOf<'_>,
    particulars: Particulars,
    on: Date,
    images: &Images,
) -> Result<Sheet, DocumentError> {
    let filled = filled(of, particulars, on)?;
    let total = u32::try_from(filled.certificate.goods.items.len()).unwrap_or(u32::MAX);
    // As large as codes usually are, and saying what they are.
    let codes = PaperCodes {
        look_up: Some(format!("HTTPS://{}/V/{}/SPECIMEN", HOST.to_uppercase(), filled.envelope.jti)),
        stamp: Some("SPECIMEN: NO STAMP. ".repeat(45)),
        carried: total,
        total,
    };
    let subject = Subject {
        envelope: &filled.envelope,
        certificate: &opened(filled.certificate, filled.status),
        completeness: &Completeness::Complete,
        token: None,
        agreement: Some(of.agreement),
        authority: Some("Specimen Authority"),
        codes: &codes,
        images,
        awaiting_cosignatures: false,
        status: None,
    };
    sheet(&subject).map(Sheet::into_specimen)
}

/// Countries that may use the form: those brought, where they may.
fn route(parties: &Parties, form: &Form, brought: (Country, Country)) -> (Country, Country) {
    let issues = |country: Country| {
        let side = parties.member(country).map(|member| member.side);
        let member = parties.open || side.is_some_and(|side| side != Some(Side::Donor));
        member && (form.issued_by.is_empty() || form.issued_by.contains(&country))
    };
    let receives = |country: Country, from: Country| {
        let member = parties.member(country);
        country != from && (parties.open || member.is_some_and(|member| member.side != Some(Side::Beneficiary)))
    };
    let members = || parties.members.iter().map(|member| member.country);
    let from = Some(brought.0)
        .filter(|country| issues(*country))
        .or_else(|| form.issued_by.iter().copied().chain(members()).find(|country| issues(*country)))
        .unwrap_or(brought.0);
    let to = Some(brought.1)
        .filter(|country| receives(*country, from))
        .or_else(|| members().find(|country| receives(*country, from)))
        .unwrap_or(brought.1);
    (from, to)
}

/// The first criterion of the edition that the form prints something for, in the place of one of another agreement.
fn fit_criterion(item: &mut Item, edition: &Edition) -> Result<(), DocumentError> {
    let known = |one: &Criterion| edition.criteria.iter().any(|rule| rule.code == one.code);
    if item.criterion.as_ref().is_some_and(known) {
        return Ok(());
    }
    let Some(rule) = edition.criteria.iter().find(|rule| rule.printed.value().is_some()) else {
        item.criterion = None;
        return Ok(());
    };
    let heading = item.hs.as_ref().map(|hs| hs.code.heading().to_owned()).unwrap_or_default();
    let printed = rule.printed.value().map(|printed| printed.replace("{percent}", "64").replace("{heading}", &heading));
    let printed = printed.map(|text| text.parse::<Text<35>>()).transpose();
    let refused = |error: crate::certificate::CertificateError| DocumentError::Form {
        form: edition.code.to_string(),
        message: error.to_string(),
    };
    item.criterion = Some(Criterion {
        code: rule.code.clone(),
        printed: printed.map_err(refused)?,
        percentage: None,
        met_by: None,
        accumulation: false,
        de_minimis: false,
        partial_cumulation: false,
    });
    Ok(())
}

fn opened(certificate: Certificate, status: StatusReference) -> OpenedCertificate {
    let goods = OpenedGoods {
        totals: certificate.goods.totals,
        items: certificate.goods.items.into_iter().map(Shown::Yes).collect(),
    };
    OpenedCertificate {
        agreement: certificate.agreement,
        edition: certificate.edition,
        form: certificate.form,
        from: certificate.from,
        to: certificate.to,
        valid_from: certificate.valid_from,
        valid_until: certificate.valid_until,
        flags: certificate.flags,
        status,
        reference: Shown::Yes(certificate.reference),
        exporter: Shown::Yes(certificate.exporter),
        consignee: Shown::Yes(certificate.consignee),
        producer: Shown::Yes(certificate.producer),
        transport: Shown::Yes(certificate.transport),
        goods: Shown::Yes(goods),
        commercial: Shown::Yes(certificate.commercial),
        remarks: Shown::Yes(certificate.remarks),
    }
}
