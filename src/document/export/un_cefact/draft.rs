//! A UN/CEFACT document as the draft of an application: what it says, in the file that exporters fill in.

use super::super::{
    rules::{Essentials, Purpose},
    tree::{At, Node},
};
use super::{LEVEL, MARITIME, MIDNIGHT};
use crate::{
    certificate::{AgreementCode, Country, Finding, Findings, HsDigits, Locode, OfficeCode, PackageCode},
    encoding::json::{self, JsonError, Limits},
    reason::{Class, Reasoned},
};
use serde_json::{Map, Value, json};

/// Bytes of a document.
pub const DOCUMENT_BYTES: usize = 1 << 20;
/// Nesting of a document. The marks of a package stand on the 14th level; members of others may lie deeper.
const DEPTH: usize = 24;
/// Items of a document: as many as a certificate can disclose.
const ITEMS: usize = 500;
/// Findings about what was not understood; a document of nothing else is told in as many.
const NOT_UNDERSTOOD: usize = 500;

/// Modes of UN/ECE Recommendation 19 by their codes.
const MODES: [(&str, &str); 8] = [
    MARITIME,
    ("2", "rail"),
    ("3", "road"),
    ("4", "air"),
    ("5", "mail"),
    ("6", "multimodal"),
    ("7", "fixed"),
    ("8", "inland_water"),
];

/// An application that is still to be finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The file, JSON as `docs/certificate-v1.schema.json` has it, less what is not known yet.
    pub application: Value,
    /// What of the document was not taken over, or only with a guess; paths are the document's.
    pub document: Findings,
}

/// Why a document cannot be taken as an application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is no strict JSON, or too large.
    #[error("the document cannot be read: {0}")]
    Unreadable(JsonError),
    /// It is JSON of another kind.
    #[error(
        "the document is no UN/CEFACT certificate of origin: it has neither exchangedDocument nor specifiedConsignment"
    )]
    AnotherKind,
    /// One of its members is of another kind.
    #[error("the document is no UN/CEFACT certificate of origin: {member} is no {wanted}")]
    MemberOfAnotherKind {
        /// Its name.
        member: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// It does not say what it has to.
    #[error("the document does not say what it has to: {0}")]
    Lacks(Findings),
    /// It has more items than a certificate can have.
    #[error("the document has {0} items; a certificate has {ITEMS} at most")]
    TooManyItems(usize),
}

impl Reasoned for ImportError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "DOCUMENT_UNREADABLE",
            Self::AnotherKind | Self::MemberOfAnotherKind { .. } => "DOCUMENT_OF_ANOTHER_KIND",
            Self::Lacks(_) => "EXPORT_LACKS",
            Self::TooManyItems(_) => "TOO_MANY_ITEMS",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// Takes a UN/CEFACT document as the draft of an application.
pub fn import(document: &[u8]) -> Result<Draft, ImportError> {
    let limits = Limits { bytes: DOCUMENT_BYTES, depth: DEPTH };
    let value: Value = json::from_slice(document, limits).map_err(ImportError::Unreadable)?;
    let tree = Node::of(value);
    let root = tree.root();
    let (exchanged, consignments) = (root.get("exchangedDocument"), root.get("specifiedConsignment"));
    if !exchanged.is_there() && !consignments.is_there() {
        return Err(ImportError::AnotherKind);
    }
    if exchanged.is_there() && !exchanged.is_object() {
        return Err(ImportError::MemberOfAnotherKind { member: "exchangedDocument", wanted: "object" });
    }
    if consignments.is_there() && !consignments.is_list_of_objects() {
        return Err(ImportError::MemberOfAnotherKind { member: "specifiedConsignment", wanted: "list of objects" });
    }
    let items = consignments.first().get("includedConsignmentItem").elements().len();
    if items > ITEMS {
        return Err(ImportError::TooManyItems(items));
    }
    let lacks = essentials(root).missing(Purpose::Application);
    if lacks.has_errors() {
        return Err(ImportError::Lacks(lacks));
    }
    let mut reading = Reading { findings: Findings::default() };
    let application = reading.application(root);
    let mut findings = reading.findings;
    let left = tree.left();
    for one in left.iter().take(NOT_UNDERSTOOD) {
        let message = format!("not understood, and not taken over: `{}`", shortened(&one.text));
        findings.push(Finding::warning("NOT_UNDERSTOOD", one.path.clone(), message));
    }
    if left.len() > NOT_UNDERSTOOD {
        let message = format!("{} more members were not understood, and not taken over", left.len() - NOT_UNDERSTOOD);
        findings.push(Finding::warning("NOT_UNDERSTOOD", "", message));
    }
    Ok(Draft { application, document: findings })
}

/// The beginning of a text, as long as a line of a report.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// An identifier, which is an object or a list of one.
fn id(at: At<'_>) -> At<'_> {
    let id = at.get("id");
    if id.get("content").is_there() { id.get("content") } else { id.first().get("content") }
}

fn consignment(root: At<'_>) -> At<'_> {
    root.get("specifiedConsignment").first()
}

fn agreement(root: At<'_>) -> At<'_> {
    let procedure = consignment(root).get("applicableCrossBorderRegulatoryProcedure").first();
    procedure.down(&["freeTradeAgreementName", "content"])
}

fn class(product: At<'_>) -> At<'_> {
    product.get("designatedProductClassification").first().down(&["classCode", "content"])
}

fn product(item: At<'_>) -> At<'_> {
    item.get("includedTradeLineItem").first().get("specifiedTradeProduct").first()
}

fn essentials(root: At<'_>) -> Essentials<'_> {
    let exchanged = root.get("exchangedDocument");
    let items = consignment(root).get("includedConsignmentItem").elements();
    Essentials {
        number: id(exchanged).peek(),
        issued_on: exchanged.get("issueDateTime").peek(),
        issuer: id(exchanged.get("issuer")).peek(),
        agreement: agreement(root).peek(),
        items: items.map(|item| (id(item).peek(), class(product(item)).peek().is_some())).collect(),
    }
}

struct Reading {
    findings: Findings,
}

impl Reading {
    fn application(&mut self, root: At<'_>) -> Value {
        let exchanged = root.get("exchangedDocument");
        let consignment = consignment(root);
        let mut application = Map::new();
        let path = "specifiedConsignment[0].applicableCrossBorderRegulatoryProcedure[0].freeTradeAgreementName.content";
        let help = "write the code of the agreement into the draft: `origin agreement list`";
        let code = self.of_form::<AgreementCode>(agreement(root), path, help);
        put(&mut application, &["agreement"], code);

        let place = "specifiedConsignment[0].loadingLogisticsLocation.id[0].content";
        let loading = self.locode(id(consignment.get("loadingLogisticsLocation")), place);
        self.country_of(&mut application, "from", loading, place);
        let place = "specifiedConsignment[0].unloadingLogisticsLocation.id[0].content";
        let discharge = self.locode(id(consignment.get("unloadingLogisticsLocation")), place);
        self.country_of(&mut application, "to", discharge, place);

        self.exchanged(&mut application, exchanged);
        put(&mut application, &["exporter", "party", "ids"], known_as(consignment.get("consignor")));
        put(&mut application, &["consignee", "party", "ids"], known_as(consignment.get("consignee")));

        let movement = consignment.get("mainCarriageLogisticsTransportMovement").first();
        let mode = movement.down(&["modeCode", "content"]);
        let word = mode.peek().and_then(|code| MODES.iter().find(|(known, _)| *known == code)).map(|(_, word)| *word);
        if word.is_some() {
            mode.take();
        }
        put(&mut application, &["transport", "mode"], word.map(Value::from));
        put(&mut application, &["transport", "voyage"], text(id(movement)));
        let means = movement.down(&["usedLogisticsTransportMeans", "name", "content"]);
        put(&mut application, &["transport", "means"], text(means));
        put(&mut application, &["transport", "loading", "locode"], loading.map(Value::from));
        put(&mut application, &["transport", "discharge", "locode"], discharge.map(Value::from));

        let items = consignment.get("includedConsignmentItem").elements().enumerate();
        let items: Vec<Value> = items.map(|(index, item)| self.item(index, item)).collect();
        put(&mut application, &["goods", "items"], Some(Value::Array(items)));
        let reference = text(id(consignment)).map(|number| json!([{ "kind": "ucr", "number": number }]));
        put(&mut application, &["remarks", "references"], reference);
        Value::Object(application)
    }

    /// The header. Number and date are the office's to give: those of the document are another certificate's.
    fn exchanged(&mut self, application: &mut Map<String, Value>, exchanged: At<'_>) {
        if let Some(number) = id(exchanged).take() {
            let message = format!(
                "the number `{}` is not taken over: the office gives the certificate its own",
                shortened(number)
            );
            self.findings.push(Finding::warning("NUMBER_OF_ANOTHER", "exchangedDocument.id.content", message));
        }
        if let Some(instant) = exchanged.get("issueDateTime").take() {
            let day = instant.strip_suffix(MIDNIGHT).unwrap_or(instant);
            let message = format!(
                "the date `{}` is not taken over: the certificate is issued on a day of its own",
                shortened(day)
            );
            self.findings.push(Finding::warning("DATE_OF_ANOTHER", "exchangedDocument.issueDateTime", message));
        }
        // A certificate of origin it is, with preference or without: the agreement says which.
        exchanged.down(&["typeCode", "content"]).take_if(|code| matches!(code, "861" | "864"));
        let path = "exchangedDocument.firstSignatoryDocumentAuthentication.issueLogisticsLocation.id[0].content";
        let place = id(exchanged.down(&["firstSignatoryDocumentAuthentication", "issueLogisticsLocation"]));
        put(application, &["reference", "place"], Some(json!({})));
        let locode = self.locode(place, path).map(Value::from);
        put(application, &["reference", "place", "locode"], locode);
        let path = "exchangedDocument.issuer.id[0].content";
        let office = self.of_form::<OfficeCode>(
            id(exchanged.get("issuer")),
            path,
            "write the code of the office into the draft",
        );
        put(application, &["reference", "office", "code"], office);
    }

    fn item(&mut self, index: usize, item: At<'_>) -> Value {
        let place = format!("specifiedConsignment[0].includedConsignmentItem[{index}]");
        let mut draft = Map::new();
        let number = id(item).take_if(|number| number.parse::<u32>().is_ok_and(|number| number > 0));
        let number = number.and_then(|number| number.parse::<u32>().ok());
        // Items stand in the order of the form, so that one whose number is none is known by its place.
        let by_place = || u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX);
        put(&mut draft, &["number"], Some(Value::from(number.unwrap_or_else(by_place))));
        let product = product(item);
        let line = format!("{place}.includedTradeLineItem[0]");
        let path = format!("{line}.specifiedTradeProduct[0].designatedProductClassification[0].classCode.content");
        let help = "write the code of the Harmonized System into the draft: 6 to 10 digits";
        let code = self.of_form::<HsDigits>(class(product), &path, help);
        put(&mut draft, &["hs", "code"], code);
        let path = format!("{line}.specifiedTradeProduct[0].originTradeCountry[0].id[0].content");
        let origin = id(product.get("originTradeCountry").first());
        let origin = self.of_form::<Country>(origin, &path, "write the country of origin into the draft");
        put(&mut draft, &["origin"], origin);
        let packages = item.get("includedTradeLineItem").first().get("physicalReferencedLogisticsPackage");
        let mut all = Vec::new();
        for (nth, package) in packages.elements().enumerate() {
            let path = format!("{line}.physicalReferencedLogisticsPackage[{nth}]");
            let mut one = Map::new();
            let count = package.down(&["itemQuantity", "content"]);
            let count = count.take_if(|count| count.parse::<u32>().is_ok()).and_then(|count| count.parse::<u32>().ok());
            put(&mut one, &["count"], count.map(Value::from));
            let help = "write the code of UN/ECE Recommendation 21 into the draft";
            let kind = package.down(&["typeCode", "content"]);
            put(&mut one, &["kind"], self.of_form::<PackageCode>(kind, &format!("{path}.typeCode.content"), help));
            // The one level that the published list has; it says nothing.
            package.down(&["levelCode", "content"]).take_if(|level| level == LEVEL);
            let marking = package.get("physicalLogisticsShippingMarks").first().get("marking").first();
            if nth == 0 {
                put(&mut draft, &["marks"], text(marking.get("content")));
            }
            all.push(Value::Object(one));
        }
        put(&mut draft, &["packages"], (!all.is_empty()).then_some(Value::Array(all)));
        Value::Object(draft)
    }

    /// What has the form of a `T`; otherwise it is left, and said so.
    fn of_form<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        at: At<'_>,
        path: &str,
        help: &str,
    ) -> Option<Value> {
        let text = at.take()?;
        match text.parse::<T>() {
            Ok(_) => Some(Value::from(text)),
            Err(error) => {
                self.findings.push(Finding::warning("NOT_TAKEN_OVER", path, error.to_string()).with_help(help));
                None
            }
        }
    }

    fn locode<'a>(&mut self, at: At<'a>, path: &str) -> Option<&'a str> {
        let text = at.peek();
        self.of_form::<Locode>(at, path, "write the place into the draft").and(text)
    }

    /// The country of a port: a guess where goods are loaded or unloaded in a neighbouring country.
    fn country_of(&mut self, application: &mut Map<String, Value>, member: &str, port: Option<&str>, path: &str) {
        let Some(country) = port.and_then(|port| port.get(..2)).filter(|code| code.parse::<Country>().is_ok()) else {
            return;
        };
        let message = format!("`{member}` of the draft is {country} because the port lies there: see that it is so");
        self.findings.push(Finding::warning("COUNTRY_BY_PORT", path, message));
        put(application, &[member], Some(Value::from(country)));
    }
}

fn text(at: At<'_>) -> Option<Value> {
    at.take().map(Value::from)
}

/// The numbers a party is known by: one, of a kind that the document does not say.
fn known_as(party: At<'_>) -> Option<Value> {
    id(party).take().map(|number| json!([{ "number": number }]))
}

/// Puts a value at a place, making the objects above it.
fn put(into: &mut Map<String, Value>, place: &[&str], value: Option<Value>) {
    let (Some(value), Some((last, above))) = (value, place.split_last()) else { return };
    let mut at = into;
    for name in above {
        let below = at.entry(*name).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(members) = below else { return };
        at = members;
    }
    at.insert((*last).to_owned(), value);
}
