//! Persons, firms, places and countries in UBL.

use super::super::tree::At;
use super::element::{Element, text};

/// What a party says of itself, in the order of UBL: numbers, names, address, register, contact, agent.
#[derive(Default)]
struct Extra<'a> {
    register: Option<Element<'a>>,
    agent: Option<Element<'a>>,
}

fn party<'a>(at: At<'a>, extra: Extra<'a>) -> Vec<Element<'a>> {
    let numbers = at.get("ids").elements().filter_map(|one| {
        let number = text("cbc:ID", one.get("number").take())?.attribute("schemeName", one.get("scheme").take());
        Some(Element::new("cac:PartyIdentification").with([number]))
    });
    let names = ["name", "other_name"].into_iter().filter_map(|name| named(at.get(name).take()));
    let lines = at.get("address").elements();
    let lines =
        lines.filter_map(|line| Element::new("cac:AddressLine").with(text("cbc:Line", line.take())).unless_empty());
    let address = Element::new("cac:PostalAddress").with(lines).with(country("cac:Country", at.get("country")));
    let contact = Element::new("cac:Contact")
        .with(text("cbc:Telephone", at.get("telephone").take()))
        .with(text("cbc:ElectronicMail", at.get("email").take()));
    let mut all: Vec<Element<'a>> = numbers.collect();
    all.extend(names);
    all.extend(address.unless_empty());
    all.extend(extra.register);
    all.extend(contact.unless_empty());
    all.extend(extra.agent);
    all
}

fn named(name: Option<&str>) -> Option<Element<'_>> {
    text("cbc:Name", name).map(|name| Element::new("cac:PartyName").with([name]))
}

/// A party under this name, if there is one.
pub(super) fn under<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    at.is_there().then(|| Element::new(name).with(party(at, Extra::default())))
}

/// What the exporter is.
pub(super) fn exporter(root: At<'_>) -> Option<Vec<Element<'_>>> {
    let exporter = root.get("exporter");
    let registration = exporter.get("registration");
    let register = Element::new("cac:PartyLegalEntity")
        .with(text("cbc:CompanyID", registration.get("number").take()))
        .with(text("cbc:RegistrationExpirationDate", registration.get("valid_until").take()));
    let agent = under("cac:AgentParty", exporter.get("agent"));
    let at = exporter.get("party");
    at.is_there().then(|| party(at, Extra { register: register.unless_empty(), agent }))
}

/// The authority with its office and the place of issue.
pub(super) fn issuer(root: At<'_>) -> Element<'_> {
    let reference = root.get("reference");
    let office = reference.get("office");
    let code = text("cbc:ID", office.get("code").take()).map(|id| id.attribute("schemeName", Some("office")));
    let department = text("cbc:Department", office.get("name").take());
    Element::new("cac:IssuerParty")
        .with(text("cbc:WebsiteURI", root.get("iss").take()))
        .with(code.map(|id| Element::new("cac:PartyIdentification").with([id])))
        .with(named(office.get("body").take()))
        .with(place("cac:PhysicalLocation", reference.get("place")))
        .with(Element::new("cac:Contact").with(department).unless_empty())
}

/// Who signed, in order. UBL wants one at least: where nobody is named it is the body that issued.
pub(super) fn signatories(reference: At<'_>) -> Vec<Element<'_>> {
    let body = reference.down(&["office", "body"]);
    let signed = reference.get("signatories").elements().enumerate().map(|(index, at)| {
        endorser(
            index + 1,
            at.get("role").take().unwrap_or_default(),
            at.get("body").take().or_else(|| body.take()),
            Some(at),
        )
    });
    let mut all: Vec<Element<'_>> = signed.collect();
    if all.is_empty() {
        all.push(endorser(1, "issuing_authority", body.take(), None));
    }
    all
}

fn endorser<'a>(sequence: usize, role: &'a str, body: Option<&'a str>, person: Option<At<'a>>) -> Element<'a> {
    let said = |name: &str| person.and_then(|person| person.get(name).take());
    // UBL wants a contact, and nothing that is empty: where no person is named it is the body that signed.
    let contact = Element::new("cac:SignatoryContact")
        .with(text("cbc:Name", said("name").or(body)))
        .with(text("cbc:JobTitle", said("title")));
    Element::new("cac:EndorserParty")
        .with(text("cbc:RoleCode", Some(role)))
        .with(text("cbc:SequenceNumeric", Some(sequence.to_string())))
        .with([Element::new("cac:Party").with(named(body))])
        .with([contact])
}

/// A place by its UN/LOCODE and its name.
pub(super) fn place<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    let code = text("cbc:ID", at.get("locode").take()).map(|id| id.attribute("schemeID", Some("UNLOCODE")));
    Element::new(name).with(code).with(text("cbc:Name", at.get("name").take())).unless_empty()
}

/// A country by its code.
pub(super) fn country<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    Element::new(name).with(text("cbc:IdentificationCode", at.take())).unless_empty()
}

/// A body known by name and country.
pub(super) fn body<'a>(name: &'static str, called: At<'a>, of: At<'a>, code: At<'a>) -> Option<Element<'a>> {
    let code = text("cbc:ID", code.take()).map(|id| Element::new("cac:PartyIdentification").with([id]));
    let address = Element::new("cac:PostalAddress").with(country("cac:Country", of));
    Element::new(name).with(code).with(named(called.take())).with(address.unless_empty()).unless_empty()
}
