//! Specimens: a form filled in with made-up particulars, for those who write templates and those who learn the form.

mod fit;

use super::{DocumentError, Images, PaperCodes, Sheet, Subject, sheet};
use crate::{
    agreement::{Agreement, Edition, Form, Holidays},
    certificate::{Certificate, CertificateNumber, Flags, Particulars, Ruling, Terms},
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

/// A form filled in with particulars. Agreement, countries and criteria are made to fit the form, and what it prints is
/// what a certificate would: nothing is refused.
pub fn filled(of: SpecimenOf<'_>, mut particulars: Particulars, on: Date) -> Result<Filled, DocumentError> {
    let SpecimenOf { agreement, edition, form } = of;
    let broken =
        |why: &dyn std::fmt::Display| DocumentError::Form { form: form.code.to_string(), message: why.to_string() };
    fit::fit(of, &mut particulars, on).map_err(|error| broken(&error))?;
    let to = particulars.to;
    let ruled = agreement.would_rule(&particulars, on, &Holidays::default());
    let ruling = ruled.unwrap_or_else(|| Ruling {
        issued_on: on,
        edition: edition.code.clone(),
        form: form.code.clone(),
        form_edition: None,
        languages: form.languages.value().cloned().unwrap_or_default(),
        valid_from: on,
        valid_until: on.checked_add(jiff::Span::new().years(1)).ok(),
        flags: Flags {
            retrospective: false,
            replacement: false,
            true_copy: false,
            back_to_back: false,
            partial_cumulation: false,
        },
        endorsements: Vec::new(),
        printed: Vec::new(),
    });
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
        codes: &codes,
        images,
        awaiting_cosignatures: false,
        standing: None,
        successor: None,
    };
    sheet(&subject).map(Sheet::into_specimen)
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

#[cfg(test)]
mod tests;
