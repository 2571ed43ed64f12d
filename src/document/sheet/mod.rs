//! What a form's template is handed: everything that will stand on the paper, in the words of the form.
//!
//! What always holds: every line of it comes from the signed statement as opened, and from the agreement's form data;
//! what the holder withheld is null; the same statement gives the same bytes. `node-config/forms/README.md` describes it
//! for people who write templates.

mod cells;
mod goods;
mod notices;
mod words;

use super::{
    codes::{Code, PaperCodes},
    countries::country_name,
    error::DocumentError,
    images::{Images, Signing},
    line::Line,
};
use crate::{
    agreement::{Agreement, Form},
    certificate::{Country, DeclarationMeans, Reference, SigningRole},
    statement::{Completeness, Envelope, OpenedCertificate, media},
    time::Date,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of what templates are handed.
const VERSION: u32 = 1;
/// The file of the attached token.
pub const ATTACHMENT: &str = "certificate-of-origin.sd-jwt";
const LOOK_UP: &str = "lookup.svg";
const STAMP: &str = "stamp.svg";

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The certificate as issued.
    Original,
    /// A certified true copy.
    TrueCopy,
    /// It takes an earlier one's place.
    Replacement,
    /// A holder's copy without some sections.
    Redacted,
    /// Not a certificate.
    Specimen,
}

/// What a sheet is made of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who says it, and under which identifier.
    pub envelope: &'a Envelope,
    /// What it says.
    pub certificate: &'a OpenedCertificate,
    /// Whether all of it is shown.
    pub completeness: &'a Completeness,
    /// The statement with the disclosures shown, to be attached; a specimen has none.
    pub token: Option<&'a str>,
    /// The agreement, if its data are held.
    pub agreement: Option<&'a Agreement>,
    /// What its codes say.
    pub codes: &'a PaperCodes,
    /// Images of signatures and seals.
    pub images: &'a Images,
    /// Whether the partners have yet to cosign it.
    pub awaiting_cosignatures: bool,
    /// How the authority's records have it when it is printed; none where that is as issued, or nobody was asked.
    pub standing: Option<&'a str>,
    /// The number of the certificate that took its place, where it stands so and that number is known.
    pub successor: Option<&'a str>,
}

/// A sheet, with the files that go with it.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub(super) contents: Contents,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    ident: String,
    issued_on: Option<Date>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Contents {
    version: u32,
    kind: Kind,
    /// What the paper is, in words that stand on each sheet.
    marked: String,
    language: String,
    title: String,
    description: String,
    pub(super) form: FormPart,
    pub(super) number: String,
    jti: String,
    issued_on: Option<String>,
    /// Place of issue.
    place: Option<String>,
    valid_from: String,
    valid_until: Option<String>,
    from: CountryPart,
    to: CountryPart,
    cells: Cells,
    items: Vec<ItemPart>,
    totals: Vec<Line>,
    endorsements: Vec<EndorsementPart>,
    declaration: Option<DeclarationPart>,
    signatories: Vec<SignatoryPart>,
    authority: AuthorityPart,
    codes: CodesPart,
    pub(super) verify: Vec<Verify>,
    notices: Vec<String>,
    attachment: Option<AttachmentPart>,
    pub(super) fonts: Vec<String>,
}

/// Lines by the word of what they show; null where the holder withheld it.
type Cells = BTreeMap<&'static str, Option<Vec<Line>>>;

#[derive(Debug, Clone, Serialize)]
pub(super) struct FormPart {
    pub(super) agreement: String,
    edition: String,
    pub(super) code: String,
    title: Option<String>,
    agreement_title: String,
    confirmed: bool,
    boxes: Vec<BoxPart>,
    continuation_sheets: Option<bool>,
}

#[derive(Debug, Clone, Serialize)]
struct BoxPart {
    number: String,
    title: String,
    shows: Vec<&'static str>,
    /// The sentence that the form prints in it, with `{from}` and `{to}` for the countries.
    words: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct CountryPart {
    code: String,
    name: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct ItemPart {
    number: String,
    cells: Cells,
}

#[derive(Debug, Clone, Serialize)]
struct EndorsementPart {
    code: String,
    text: String,
    r#box: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct DeclarationPart {
    words: Option<String>,
    person: String,
    capacity: Option<String>,
    place: Option<String>,
    date: Option<String>,
    means: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct SignatoryPart {
    role: &'static str,
    name: String,
    title: Option<String>,
    body: String,
    place: Option<String>,
    date: String,
    signature: Option<String>,
    seal: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct AuthorityPart {
    name: String,
    issuer: String,
}

#[derive(Debug, Clone, Serialize)]
struct CodesPart {
    lookup: Option<LookUpPart>,
    stamp: Option<StampPart>,
}

#[derive(Debug, Clone, Serialize)]
struct LookUpPart {
    file: &'static str,
    text: String,
    alt: String,
}

#[derive(Debug, Clone, Serialize)]
struct StampPart {
    file: &'static str,
    carried: u32,
    total: u32,
    alt: String,
}

/// A sentence of the program's own: how to verify the paper.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verify {
    language: &'static str,
    direction: &'static str,
    pub(super) text: String,
}

#[derive(Debug, Clone, Serialize)]
struct AttachmentPart {
    file: &'static str,
    mime: &'static str,
    description: &'static str,
}

/// Makes the sheet of a certificate.
pub fn sheet(subject: &Subject<'_>) -> Result<Sheet, DocumentError> {
    let certificate = subject.certificate;
    let reference = certificate.reference.as_option();
    let edition = subject.agreement.and_then(|agreement| agreement.edition(&certificate.edition));
    let form = edition.and_then(|edition| edition.forms.iter().find(|form| form.code == certificate.form));
    let kind = kind_of(subject);
    let number = reference.map(|reference| reference.number.to_string()).unwrap_or_default();
    let mut files = BTreeMap::new();
    let codes = codes(subject, kind, &mut files)?;
    let is_coded = codes.lookup.is_some() || codes.stamp.is_some();
    let signatories = reference.map(|reference| signatories(subject, reference, &mut files)).unwrap_or_default();
    let attachment = subject.token.map(|token| {
        files.insert(ATTACHMENT.to_owned(), token.as_bytes().to_vec());
        AttachmentPart {
            file: ATTACHMENT,
            mime: media::STATEMENT,
            description: "The certificate of origin as signed: verify this, not the page",
        }
    });
    let languages = reference.map(|reference| reference.languages.as_slice()).unwrap_or_default();
    let iss = &subject.envelope.iss;
    let jti = subject.envelope.jti.to_string();
    let contents = Contents {
        version: VERSION,
        kind,
        marked: notices::marked(subject, kind),
        language: languages.first().map_or_else(|| "en".to_owned(), ToString::to_string),
        title: format!("Certificate of origin {number}"),
        description: format!(
            "Certificate of origin {number} for goods from {} to {} under {}",
            country_name(certificate.from),
            country_name(certificate.to),
            subject.agreement.map_or_else(|| certificate.agreement.to_string(), |agreement| agreement.title.clone()),
        ),
        form: form_part(subject, form),
        number,
        jti: jti.clone(),
        issued_on: reference.map(|reference| reference.issued_on.to_string()),
        place: reference.and_then(|reference| cells::place(&reference.place)),
        valid_from: certificate.valid_from.to_string(),
        valid_until: certificate.valid_until.map(|date| date.to_string()),
        from: country(certificate.from),
        to: country(certificate.to),
        cells: cells::of(certificate),
        items: goods::items(certificate, edition),
        totals: goods::totals(certificate, form),
        endorsements: endorsements(certificate),
        declaration: reference.and_then(|reference| reference.declaration.as_ref()).map(declaration),
        signatories,
        authority: AuthorityPart {
            // As signed, and never as a list has it on the day of printing: so every copy is the same.
            name: reference.map_or_else(|| iss.host().to_string(), |reference| reference.office.body.to_string()),
            issuer: iss.to_string(),
        },
        codes,
        verify: words::verify(iss, [certificate.from, certificate.to], is_coded),
        notices: notices::of(subject, kind),
        attachment,
        fonts: Vec::new(),
    };
    let (awaiting, status) = (subject.awaiting_cosignatures, subject.standing.unwrap_or("valid"));
    let successor = subject.successor.unwrap_or_default();
    let ident =
        format!("{iss} {jti} {kind:?} {:?} {awaiting} {status}{successor}", notices::withheld(subject.completeness));
    Ok(Sheet { contents, files, ident, issued_on: reference.map(|reference| reference.issued_on) })
}

impl Sheet {
    /// As templates read it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text keys and plain values cannot fail to be written.
        let mut text = serde_json::to_string_pretty(&self.contents).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The files that go with it, by name: codes, images, the attachment.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// What tells the document from every other, the same each time it is printed.
    #[must_use]
    pub fn ident(&self) -> &str {
        &self.ident
    }

    /// The date of issue.
    #[must_use]
    pub const fn issued_on(&self) -> Option<Date> {
        self.issued_on
    }

    /// Agreement and form that choose the template.
    #[must_use]
    pub fn form(&self) -> (&str, &str) {
        (&self.contents.form.agreement, &self.contents.form.code)
    }

    /// The sheet as a specimen: marked on its face, without codes and attachment.
    #[must_use]
    pub fn into_specimen(mut self) -> Self {
        self.contents.kind = Kind::Specimen;
        Kind::Specimen.words().clone_into(&mut self.contents.marked);
        let form = &self.contents.form;
        self.contents.title = format!("Specimen of form {} of {}", form.code, form.agreement_title);
        self.contents.notices = vec!["SPECIMEN: not a certificate".to_owned()];
        self.contents.attachment = None;
        self.files.remove(ATTACHMENT);
        self.ident = format!("specimen {}", self.ident);
        self
    }
}

fn kind_of(subject: &Subject<'_>) -> Kind {
    let flags = &subject.certificate.flags;
    match subject.completeness {
        Completeness::Redacted { .. } | Completeness::Incomplete { .. } => Kind::Redacted,
        Completeness::Complete if flags.true_copy => Kind::TrueCopy,
        Completeness::Complete if flags.replacement => Kind::Replacement,
        Completeness::Complete => Kind::Original,
    }
}

fn country(code: Country) -> CountryPart {
    CountryPart { code: code.to_string(), name: country_name(code) }
}

fn form_part(subject: &Subject<'_>, form: Option<&Form>) -> FormPart {
    let certificate = subject.certificate;
    FormPart {
        agreement: certificate.agreement.to_string(),
        edition: certificate.edition.to_string(),
        code: certificate.form.to_string(),
        title: form.and_then(|form| form.title.value()).cloned(),
        agreement_title: subject
            .agreement
            .map_or_else(|| certificate.agreement.to_string(), |agreement| agreement.title.clone()),
        confirmed: form.is_some_and(|form| form.confirmed),
        boxes: form.map(|form| form.boxes.as_slice()).unwrap_or_default().iter().map(box_part).collect(),
        continuation_sheets: form.and_then(|form| form.continuation_sheets.value()).copied(),
    }
}

fn box_part(one: &crate::agreement::FormBox) -> BoxPart {
    BoxPart {
        number: one.number.to_string(),
        title: one.title.clone(),
        shows: one.shows.iter().map(|word| word.as_str()).collect(),
        words: one.words.value().cloned(),
    }
}

fn endorsements(certificate: &OpenedCertificate) -> Vec<EndorsementPart> {
    let remarks = certificate.remarks.as_option().and_then(Option::as_ref);
    let all = remarks.map(|remarks| remarks.endorsements.as_slice()).unwrap_or_default();
    let part = |one: &crate::certificate::Endorsement| EndorsementPart {
        code: one.code.to_string(),
        text: one.text.to_string(),
        r#box: one.form_box.as_ref().map(ToString::to_string),
    };
    all.iter().map(part).collect()
}

fn declaration(declaration: &crate::certificate::Declaration) -> DeclarationPart {
    DeclarationPart {
        words: None,
        person: declaration.person.to_string(),
        capacity: declaration.capacity.as_ref().map(ToString::to_string),
        place: None,
        date: declaration.declared_at.map(|at| crate::time::ZoneName::utc().date_at(at.timestamp()).to_string()),
        means: match declaration.means {
            DeclarationMeans::SignedPaper => "on a signed paper that the authority keeps",
            DeclarationMeans::Portal => "in the authority's portal",
            DeclarationMeans::System => "through the exporter's system",
            DeclarationMeans::ElectronicSignature => "with the exporter's electronic signature",
        },
    }
}

fn signatories(
    subject: &Subject<'_>,
    reference: &Reference,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Vec<SignatoryPart> {
    let mut all = Vec::with_capacity(reference.signatories.len());
    for (nth, one) in reference.signatories.iter().enumerate() {
        let signing = Signing {
            office: &reference.office.code,
            role: one.role,
            person: one.name.as_str(),
            on: reference.issued_on,
        };
        let mut keep = |what: &str, png: Option<std::sync::Arc<[u8]>>| {
            png.map(|png| {
                let name = format!("{what}-{nth}.png");
                files.insert(name.clone(), png.to_vec());
                name
            })
        };
        // Other bodies sign for themselves: the office's seal is none of theirs.
        let seal = subject.images.seal(signing);
        all.push(SignatoryPart {
            role: one.role.as_str(),
            name: one.name.to_string(),
            title: one.title.as_ref().map(ToString::to_string),
            body: one.body.as_ref().map_or_else(|| reference.office.body.to_string(), ToString::to_string),
            place: cells::place(&reference.place),
            date: reference.issued_on.to_string(),
            signature: keep("signature", subject.images.signature(signing)),
            seal: keep("seal", seal.filter(|_| one.role == SigningRole::IssuingAuthority || one.body.is_none())),
        });
    }
    all
}

fn codes(subject: &Subject<'_>, kind: Kind, files: &mut BTreeMap<String, Vec<u8>>) -> Result<CodesPart, DocumentError> {
    let mut draw = |file: &'static str, text: &str| {
        Code::new(text).map(|code| files.insert(file.to_owned(), code.svg(0).into_bytes()))
    };
    // A look-up code opens the whole certificate, which a redacted copy keeps back.
    let look_up = subject.codes.look_up.as_ref().filter(|_| kind != Kind::Redacted);
    let lookup = look_up.map(|text| -> Result<LookUpPart, DocumentError> {
        draw(LOOK_UP, text)?;
        let alt = format!("QR code to look the certificate up at {}", subject.envelope.iss);
        Ok(LookUpPart { file: LOOK_UP, text: text.clone(), alt })
    });
    let PaperCodes { carried, total, .. } = *subject.codes;
    let stamp = subject.codes.stamp.as_ref().map(|text| -> Result<StampPart, DocumentError> {
        draw(STAMP, text)?;
        let alt = format!("QR code with what {} signed: {carried} of {total} items", subject.envelope.iss);
        Ok(StampPart { file: STAMP, carried, total, alt })
    });
    Ok(CodesPart { lookup: lookup.transpose()?, stamp: stamp.transpose()? })
}

#[cfg(test)]
mod tests;
