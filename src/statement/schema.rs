//! JSON Schema (2020-12) of the kinds whose every member is a disclosed section, made from the definitions that read
//! and write them. Rules across members are theirs alone; the descriptions tell them.

use super::{
    Kind,
    kinds::{CustomsResponse, Endorsement, Enquiry, EnquiryReply, PaperCertificate},
};
use crate::certificate::{member::Member, schema::signed_parts};
use serde_json::{Map, Value};

/// What each of these kinds discloses, as `<kind>.disclosures`, and the parts of it, each under the name in
/// `#/$defs/<Type>` they refer to each other by.
#[must_use]
pub fn signed_definitions() -> Map<String, Value> {
    let mut definitions = Map::new();
    add::<CustomsResponse>(&mut definitions, Kind::CustomsResponse, "CustomsResponse");
    add::<Enquiry>(&mut definitions, Kind::Enquiry, "Enquiry");
    add::<EnquiryReply>(&mut definitions, Kind::EnquiryReply, "EnquiryReply");
    add::<Endorsement>(&mut definitions, Kind::Endorsement, "Endorsement");
    add::<PaperCertificate>(&mut definitions, Kind::PaperCertificate, "PaperCertificate");
    definitions
}

fn add<T: Member>(definitions: &mut Map<String, Value>, kind: Kind, name: &str) {
    let (disclosures, parts) = signed_parts::<T>(name);
    definitions.extend(parts);
    definitions.extend(disclosures.map(|disclosures| (format!("{kind}.disclosures"), disclosures)));
}
