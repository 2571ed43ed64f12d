//! Papers that a certificate refers to, and the exporter's declaration, in UBL.

use super::super::tree::At;
use super::{
    element::{Element, text},
    parties,
};

/// Codes of UN/EDIFACT list 1001.
const CERTIFICATE_OF_ORIGIN: &str = "861";
const COMMERCIAL_INVOICE: &str = "380";

/// Marks of the certificate that are told in words; the mark of a true copy has an element.
const MARKS: [&str; 4] = ["retrospective", "replacement", "back_to_back", "partial_cumulation"];

/// Every paper, the certificate itself first, then the agreement it is issued under.
pub(super) fn supporting(root: At<'_>) -> Vec<Element<'_>> {
    let mut all = vec![itself(root), agreement(root)];
    let reference = root.get("reference");
    all.extend(text("cbc:ID", reference.get("paper_number").take()).map(|id| of_kind(id, "paper")));
    all.extend(reference.get("prior").elements().map(prior));
    all.extend(root.down(&["commercial", "invoices"]).elements().map(invoice));
    let remarks = root.get("remarks");
    all.extend(remarks.get("references").elements().filter_map(|one| typed("cac:SupportingDocumentReference", one)));
    let quota = remarks.get("quota");
    all.extend(
        text("cbc:ID", quota.get("number").take())
            .map(|id| of_kind(id, "quota certificate").with(text("cbc:DocumentDescription", quota.get("year").take()))),
    );
    all.extend(untouched(root.down(&["transport", "non_manipulation"])));
    all
}

fn reference(id: Option<Element<'_>>) -> Element<'_> {
    Element::new("cac:SupportingDocumentReference").with(id)
}

fn of_kind<'a>(id: Element<'a>, kind: &'static str) -> Element<'a> {
    reference(Some(id)).with(text("cbc:DocumentType", Some(kind)))
}

fn itself(root: At<'_>) -> Element<'_> {
    let (own, flags) = (root.get("reference"), root.get("flags"));
    let marks = MARKS.into_iter().filter(|mark| flags.get(mark).take().is_some());
    let period = Element::new("cac:ValidityPeriod")
        .with(text("cbc:StartDate", root.get("valid_from").take()))
        .with(text("cbc:EndDate", root.get("valid_until").take()));
    reference(text("cbc:ID", own.get("number").take()))
        .with(text("cbc:CopyIndicator", flags.get("true_copy").take()))
        .with(text("cbc:DocumentTypeCode", Some(CERTIFICATE_OF_ORIGIN)))
        .with(text("cbc:LanguageID", own.get("languages").first().take()))
        .with(text("cbc:VersionID", own.get("form_edition").take()))
        .with(marks.filter_map(|mark| text("cbc:DocumentDescription", Some(mark))))
        .with(period.unless_empty())
}

fn agreement(root: At<'_>) -> Element<'_> {
    reference(text("cbc:ID", root.get("agreement").take()))
        .with(text("cbc:DocumentType", Some("agreement")))
        .with(text("cbc:VersionID", root.get("edition").take()))
}

fn prior(at: At<'_>) -> Element<'_> {
    let issuer = parties::body("cac:IssuerParty", At::NOWHERE, at.get("country"), at.get("exporter_code"));
    reference(text("cbc:ID", at.get("number").take()))
        .with(text("cbc:IssueDate", at.get("issued_on").take()))
        .with(text("cbc:DocumentTypeCode", Some(CERTIFICATE_OF_ORIGIN)))
        .with(text("cbc:DocumentType", at.get("relation").take()))
        .with(issuer)
}

fn invoice(at: At<'_>) -> Element<'_> {
    reference(text("cbc:ID", at.get("number").take()))
        .with(text("cbc:IssueDate", at.get("date").take()))
        .with(text("cbc:DocumentTypeCode", Some(COMMERCIAL_INVOICE)))
        .with(parties::under("cac:IssuerParty", at.get("issued_by")))
}

fn untouched(at: At<'_>) -> Option<Element<'_>> {
    let id = text("cbc:ID", at.get("number").take())?;
    let issuer = parties::body("cac:IssuerParty", at.get("issued_by"), at.get("country"), At::NOWHERE);
    let document = reference(Some(id))
        .with(text("cbc:IssueDate", at.get("date").take()))
        .with(text("cbc:DocumentType", Some("non-manipulation certificate")));
    Some(document.with(issuer))
}

/// A paper with its kind, its number and its date.
pub(super) fn typed<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    let id = text("cbc:ID", at.get("number").take())?;
    let kind = at.get("kind").take();
    Some(
        Element::new(name)
            .with([id])
            .with(text("cbc:IssueDate", at.get("date").take()))
            .with(text("cbc:DocumentType", kind)),
    )
}

/// What the exporter declared, as a signature in the sense of UBL.
pub(super) fn declaration(at: At<'_>) -> Option<Element<'_>> {
    if !at.is_there() {
        return None;
    }
    let signature = at.get("signature");
    let person = Element::new("cac:Contact")
        .with(text("cbc:Name", at.get("person").take()))
        .with(text("cbc:JobTitle", at.get("capacity").take()));
    let value = text("cbc:EmbeddedDocument", signature.get("value").take());
    let value = value.map(|value| Element::new("cac:DigitalSignatureAttachment").with([value]));
    let shown = text("cbc:DocumentHash", at.get("shown_sha256").take()).map(|hash| {
        let external = Element::new("cac:ExternalReference")
            .with([hash])
            .with(text("cbc:HashAlgorithmMethod", Some("http://www.w3.org/2001/04/xmlenc#sha256")));
        Element::new("cac:OriginalDocumentReference")
            .with(text("cbc:ID", Some("shown")))
            .with([Element::new("cac:Attachment").with([external])])
    });
    let declared = Element::new("cac:Signature")
        .with(text("cbc:ID", Some("declaration")))
        .with(text("cbc:Note", at.get("means").take()))
        .with(text("cbc:SignatureMethod", signature.get("algorithm").take()))
        .with([Element::new("cac:SignatoryParty").with(person.unless_empty())])
        .with(value)
        .with(shown);
    Some(declared)
}
