//! What stands in the boxes of a form that are no columns of the goods.

use super::{super::countries::country_name, Cells, Line};
use crate::{
    agreement::Shows,
    certificate::{
        Commercial, Consignee, Exporter, Invoice, Party, Place, PriorCertificate, Producer, Reference, Relation,
        Remarks, Transport, TransportDocument,
    },
    statement::{OpenedCertificate, Shown},
    time::Date,
};

/// What a box holds; nothing where the holder withheld it.
type Cell = Option<Vec<Line>>;

/// Every word's lines, whether the form has a box for it or not.
pub(super) fn of(certificate: &OpenedCertificate) -> Cells {
    let reference = certificate.reference.as_option();
    let commercial = section(&certificate.commercial);
    let mut cells = Cells::new();
    for word in Shows::ALL {
        let cell: Cell = match word {
            Shows::Number => reference.map(|reference| vec![Line::bold(&reference.number)]),
            Shows::Exporter => certificate.exporter.as_option().map(exporter),
            Shows::Consignee => section(&certificate.consignee).map(|one| one.map(consignee).unwrap_or_default()),
            Shows::Producer => section(&certificate.producer).map(|one| one.map(producer).unwrap_or_default()),
            Shows::Transport => section(&certificate.transport).map(|one| one.map(transport).unwrap_or_default()),
            Shows::Destination => Some(vec![Line::new(country_name(certificate.to))]),
            Shows::Origin => Some(vec![Line::new(country_name(certificate.from))]),
            Shows::Remarks => remarks(certificate),
            Shows::Invoices => commercial.map(|one| invoices(one, |_| true)),
            Shows::InvoiceValue => commercial.map(amounts),
            Shows::Incoterm => commercial.map(terms),
            Shows::IssuingAuthority => reference.map(authority),
            // Left free for hands and stamps; or in the sheet beside the cells, with images and words of their own.
            Shows::OfficialUse
            | Shows::AuthorityUse
            | Shows::Declaration
            | Shows::Certification
            | Shows::ExportCustoms => continue,
            // Columns of the goods.
            Shows::Item
            | Shows::Marks
            | Shows::Packages
            | Shows::Description
            | Shows::HsCode
            | Shows::Criterion
            | Shows::GrossWeight
            | Shows::Quantity
            | Shows::Fob => continue,
        };
        cells.insert(word.as_str(), cell);
    }
    cells
}

/// A section: not shown, shown as nothing, or shown.
#[allow(clippy::option_option)]
pub(super) fn section<T>(shown: &Shown<Option<T>>) -> Option<Option<&T>> {
    shown.as_option().map(Option::as_ref)
}

/// Name, address and country of a party, with the numbers it is known by.
pub(super) fn party(party: &Party) -> Vec<Line> {
    let mut lines = vec![Line::bold(&party.name)];
    lines.extend(party.other_name.iter().map(Line::bold));
    lines.extend(party.address.iter().map(Line::new));
    lines.push(Line::new(country_name(party.country)));
    lines.extend(party.ids.iter().map(|id| Line::new(format!("{} {}", id.scheme, id.number))));
    let contact = [party.telephone.as_ref().map(|text| text.as_str()), party.email.as_ref().map(|text| text.as_str())];
    let contact = contact.into_iter().flatten().collect::<Vec<_>>().join(", ");
    lines.extend((!contact.is_empty()).then(|| Line::new(contact)));
    lines
}

/// A party behind a word that says what it is.
fn labelled(label: &str, one: &Party) -> Vec<Line> {
    let mut lines = vec![Line::new(format!("{label}:"))];
    lines.extend(party(one));
    lines
}

fn exporter(exporter: &Exporter) -> Vec<Line> {
    let mut lines = party(&exporter.party);
    lines.extend(exporter.registration.iter().map(|one| Line::new(format!("Registered exporter {}", one.number))));
    lines.extend(exporter.agent.iter().flat_map(|agent| labelled("By its agent", agent)));
    lines
}

fn consignee(consignee: &Consignee) -> Vec<Line> {
    let mut lines = Vec::new();
    match (&consignee.party, consignee.to_order) {
        (None, _) => lines.push(Line::bold("TO ORDER")),
        (Some(one), true) => {
            lines.push(Line::bold("TO THE ORDER OF"));
            lines.extend(party(one));
        }
        (Some(one), false) => lines.extend(party(one)),
    }
    lines.extend(consignee.importer.iter().flat_map(|one| labelled("Importer", one)));
    lines.extend(consignee.claimant.iter().flat_map(|one| labelled("Claimant", one)));
    lines.extend(consignee.notify.iter().flat_map(|one| labelled("Notify", one)));
    lines
}

fn producer(producer: &Producer) -> Vec<Line> {
    match producer {
        Producer::Named(named) => named.iter().flat_map(party).collect(),
        Producer::Same => vec![Line::new("SAME")],
        Producer::OnRequest { .. } => vec![Line::new("AVAILABLE TO CUSTOMS UPON REQUEST")],
    }
}

/// A place by its name and its code.
pub(super) fn place(place: &Place) -> Option<String> {
    match (&place.name, &place.locode) {
        (Some(name), Some(code)) => Some(format!("{name} ({code})")),
        (Some(name), None) => Some(name.to_string()),
        (None, Some(code)) => Some(code.to_string()),
        (None, None) => None,
    }
}

fn transport(transport: &Transport) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |label: &str, text: Option<String>| {
        lines.extend(text.filter(|text| !text.is_empty()).map(|text| Line::new(format!("{label}: {text}"))));
    };
    let departure = transport.departure.as_ref();
    let date = departure.and_then(|one| one.actual.or(one.planned)).map(|date| date.to_string());
    say("Departure date", date);
    let mode = transport.mode.map(|mode| mode.as_str().replace('_', " "));
    let means = joined([
        transport.means.as_ref().map(ToString::to_string),
        transport.means_id.as_ref().map(ToString::to_string),
        transport.voyage.as_ref().map(|voyage| format!("voyage {voyage}")),
        mode.map(|mode| format!("by {mode} transport").replace("maritime", "sea")),
    ]);
    say("Vessel, flight or vehicle", means);
    say("Route", transport.route.as_ref().map(ToString::to_string));
    say("Place of loading", transport.loading.as_ref().and_then(place));
    say("Via", joined(transport.via.iter().map(place)));
    say("Transit", joined(transport.transit_countries.iter().map(|one| Some(country_name(*one).to_owned()))));
    say("Place of discharge", transport.discharge.as_ref().and_then(place));
    say("Final destination", transport.final_destination.as_ref().and_then(place));
    for leg in &transport.legs {
        let from_to = joined([leg.from.as_ref().and_then(place), leg.to.as_ref().and_then(place)]);
        let means = joined([leg.means.as_ref().map(ToString::to_string), leg.voyage.as_ref().map(ToString::to_string)]);
        let document = leg.document.as_ref().map(document);
        say("Leg", joined([from_to, means, leg.departed_on.map(|date| date.to_string()), document]));
    }
    say("Documents", joined(transport.documents.iter().map(|one| Some(document(one)))));
    let containers = transport.containers.iter().map(|one| {
        let seals = one.seals.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Some(if seals.is_empty() { one.number.to_string() } else { format!("{} (seal {seals})", one.number) })
    });
    say("Containers", joined(containers));
    lines
}

fn document(one: &TransportDocument) -> String {
    dated(&format!("{} {}", one.kind.as_str().replace('_', " "), one.number), one.date)
}

fn dated(text: &str, date: Option<Date>) -> String {
    date.map_or_else(|| text.to_owned(), |date| format!("{text} of {date}"))
}

/// Those that are there, with commas between them.
fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts = parts.into_iter().flatten().collect::<Vec<_>>();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Earlier certificates, third parties and what else the box of remarks holds; endorsements stand beside, since the
/// agreement says where each is printed.
fn remarks(certificate: &OpenedCertificate) -> Cell {
    let section = section(&certificate.remarks)?;
    let mut lines = Vec::new();
    if let Some(reference) = certificate.reference.as_option() {
        lines.extend(reference.prior.iter().map(prior));
    }
    if let Some(one) = section {
        lines.extend(further(one));
    }
    Some(lines)
}

fn prior(prior: &PriorCertificate) -> Line {
    let words = match prior.relation {
        Relation::Replaces => "Replaces certificate",
        Relation::TrueCopyOf => "Certified true copy of certificate",
        Relation::BackToBackOn => "Issued on the basis of certificate",
        Relation::CumulatesWith => "Cumulated with certificate",
    };
    Line::new(format!("{words} {} of {}, {}", prior.number, prior.issued_on, country_name(prior.country)))
}

fn further(remarks: &Remarks) -> Vec<Line> {
    let mut lines = Vec::new();
    for third in &remarks.third_parties {
        let label = match third.role {
            crate::certificate::ThirdPartyRole::Invoicing => "Invoiced by",
            crate::certificate::ThirdPartyRole::Trading => "Traded by",
        };
        lines.extend(labelled(label, &third.party));
    }
    if let Some(exhibition) = &remarks.exhibition {
        let days = joined([exhibition.from.map(|day| day.to_string()), exhibition.until.map(|day| day.to_string())]);
        let name = joined([Some(exhibition.name.to_string()), days]).unwrap_or_default();
        lines.push(Line::new(format!("Exhibition: {name}")));
        lines.extend(exhibition.address.iter().map(Line::new));
        lines.push(Line::new(country_name(exhibition.country)));
    }
    if let Some(quota) = &remarks.quota {
        lines.push(Line::new(format!("Quota certificate {} for {}", quota.number, quota.year)));
    }
    for one in &remarks.references {
        let text = format!("{} {}", one.kind.as_str().replace('_', " "), one.number);
        lines.push(Line::new(dated(&text, one.date)));
    }
    lines.extend(remarks.text.iter().map(Line::new));
    lines
}

/// Numbers and dates of the invoices that are wanted.
pub(super) fn invoices(commercial: Option<&Commercial>, wanted: impl Fn(&Invoice) -> bool) -> Vec<Line> {
    let all = commercial.map(|one| one.invoices.as_slice()).unwrap_or_default();
    let line = |one: &Invoice| Line::new(format!("{} of {}", one.number, one.date));
    all.iter().filter(|one| wanted(one)).map(line).collect()
}

fn amounts(commercial: Option<&Commercial>) -> Vec<Line> {
    let all = commercial.map(|one| one.invoices.as_slice()).unwrap_or_default();
    let mut lines = all.iter().filter_map(|one| one.amount.as_ref()).map(Line::from_amount).collect::<Vec<_>>();
    if lines.is_empty() {
        lines.extend(commercial.and_then(|one| one.total.as_ref()).map(Line::from_amount));
    }
    lines
}

fn terms(commercial: Option<&Commercial>) -> Vec<Line> {
    let all = commercial.map(|one| one.invoices.as_slice()).unwrap_or_default();
    let mut lines: Vec<Line> = Vec::new();
    for delivery in all.iter().filter_map(|one| one.delivery.as_ref()) {
        let place = delivery.place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
        let line = Line::new(format!("{}{place}", delivery.incoterm));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn authority(reference: &Reference) -> Vec<Line> {
    let mut lines = vec![Line::bold(&reference.office.body)];
    lines.extend(reference.office.name.iter().map(Line::new));
    lines
}
