//! OASIS UBL 2.5, Certificate of Origin: XML by the published schema, whose order of elements is kept.
//!
//! UBL gives the certificate an application within, which holds the shipment. What it asks for and a certificate
//! does not have is said with what stands nearest: the application's reference is the certificate's number, and its
//! job the statement's identifier.

mod documents;
mod element;
mod goods;
mod parties;
mod transport;

use super::{
    ExportError, sentence,
    source::Source,
    tree::{At, Left},
};
use element::{Element, text};
use quick_xml::{
    Writer,
    events::{BytesDecl, Event},
};

/// The version of UBL.
const VERSION: &str = "2.5";
const NAMESPACE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CertificateOfOrigin-2";
const AGGREGATES: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const BASICS: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
/// What this use of UBL is known by.
const CUSTOMIZATION: &str = "urn:origin-exchange:export:ubl:1";
/// The word of the endorsement: the certificate was issued. Whether it still stands is no export's to say.
const APPROVED: &str = "issued";

/// Writes the document.
pub(super) fn write(source: &Source) -> Result<Vec<u8>, ExportError> {
    let mut writer = Writer::new(Vec::with_capacity(8 << 10));
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| certificate(source).write(&mut writer));
    written.map_err(|error| ExportError::Unwritten(error.to_string()))?;
    let mut content = writer.into_inner();
    content.push(b'\n');
    Ok(content)
}

fn certificate(source: &Source) -> Element<'_> {
    let root = source.tree.root();
    let reference = root.get("reference");
    let withheld =
        (!source.withheld.is_empty()).then(|| format!("withheld by the holder: {}", source.withheld.join(", ")));
    Element::new("CertificateOfOrigin")
        .attribute("xmlns", Some(NAMESPACE))
        .attribute("xmlns:cac", Some(AGGREGATES))
        .attribute("xmlns:cbc", Some(BASICS))
        .with(text("cbc:UBLVersionID", Some(VERSION)))
        .with(text("cbc:CustomizationID", Some(CUSTOMIZATION)))
        .with(text("cbc:ProfileID", root.get("form").take()))
        .with(text("cbc:ID", reference.get("number").take()))
        .with(text("cbc:IssueDate", reference.get("issued_on").take()))
        .with(text("cbc:Note", withheld))
        .with(parties::exporter(root).map(|party| Element::new("cac:ExporterParty").with(party)))
        .with(parties::under("cac:ImporterParty", root.down(&["consignee", "importer"])))
        .with(parties::signatories(reference))
        .with([application(root)])
        .with([endorsement(root)])
}

fn application(root: At<'_>) -> Element<'_> {
    let reference = root.get("reference");
    let mut prior = reference.get("prior").elements();
    let replaced = prior.find(|one| one.get("relation").peek() == Some("replaces"));
    let agent = root.down(&["exporter", "agent"]);
    let prepared = if agent.is_there() {
        parties::under("cac:PreparationParty", agent)
    } else {
        parties::exporter(root).map(|party| Element::new("cac:PreparationParty").with(party))
    };
    Element::new("cac:CertificateOfOriginApplication")
        .with(text("cbc:ReferenceID", reference.get("number").take()))
        .with(text("cbc:CertificateType", root.get("agreement").take()))
        .with(text("cbc:OriginalJobID", root.get("jti").take()))
        .with(text("cbc:PreviousJobID", replaced.and_then(|one| one.get("number").take())))
        .with(text("cbc:Remarks", root.down(&["remarks", "text"]).take()))
        .with([transport::shipment(root)])
        .with(parties::signatories(reference))
        .with(prepared)
        .with([parties::issuer(root)])
        .with([parties::country("cac:IssuingCountry", root.get("from")).unwrap_or(Element::new("cac:IssuingCountry"))])
        .with(documents::supporting(root))
        .with(documents::declaration(reference.get("declaration")))
}

fn endorsement(root: At<'_>) -> Element<'_> {
    let reference = root.get("reference");
    let words = root.down(&["remarks", "endorsements"]).elements();
    Element::new("cac:IssuerEndorsement")
        .with(text("cbc:DocumentID", reference.get("number").take()))
        .with(text("cbc:ApprovalStatus", Some(APPROVED)))
        .with(words.filter_map(|one| text("cbc:Remarks", one.get("text").take())))
        .with(parties::signatories(reference).into_iter().take(1))
}

/// Why a member is not carried, by the longest beginning of its path.
const WHY_NOT: &[(&str, &str)] = &[
    ("reference.languages", "UBL has a place for one language of the form"),
    ("reference.declaration.declared_at", "UBL has no place for when it was declared"),
    ("reference.declaration.signature.key", "UBL has no place for what identifies the key"),
    ("reference.prior[].drawn", "UBL has no place for quantities drawn from earlier certificates"),
    ("consignee.claimant", "UBL has no place for who claims the preference"),
    ("producer", "UBL has no place for a producer who is named on request"),
    ("transport.means", "UBL names the means of transport by sea, air, road and rail, each by one name or number"),
    ("transport.means_id", "UBL names the means of transport by sea, air, road and rail, each by one name or number"),
    ("transport.legs[].means", "UBL names the means of transport by sea, air, road and rail"),
    ("goods.items[].quantities", "UBL has places for two quantities of an item, of trade and of the tariff"),
    ("commercial.exchange_rates", "UBL's certificate of origin has no place for rates of exchange"),
    ("remarks.endorsements[]", "UBL has a place for the words of an endorsement alone"),
    ("remarks.third_parties", "UBL has no place for an operator of a third country"),
    ("remarks.exhibition", "UBL has no place for an exhibition"),
];

/// Why this is not carried.
pub(super) fn why_not(left: &Left) -> String {
    sentence(&left.path, WHY_NOT, "UBL has no place for it").to_owned()
}
