//! The shipment in UBL: its consignment, its items, and the way it goes.

use super::super::tree::At;
use super::{
    documents,
    element::{Element, text},
    goods::{amount, item, measure},
    parties::{country, place, under},
};

/// Codes of UN/ECE Recommendation 19.
const MODES: [(&str, &str); 8] = [
    ("maritime", "1"),
    ("rail", "2"),
    ("road", "3"),
    ("air", "4"),
    ("mail", "5"),
    ("multimodal", "6"),
    ("fixed", "7"),
    ("inland_water", "8"),
];

/// The shipment.
pub(super) fn shipment(root: At<'_>) -> Element<'_> {
    let transport = root.get("transport");
    let totals = root.down(&["goods", "totals"]);
    let items = || root.down(&["goods", "items"]).elements();
    let marked = items().filter_map(|item| {
        let marks = text("cbc:ShippingMarks", item.get("marks").take())?;
        let id = text("cbc:ID", item.get("number").take());
        Some(Element::new("cac:TransportHandlingUnit").with(id).with([marks]))
    });
    let legs = transport.get("legs").elements().enumerate();
    Element::new("cac:Shipment")
        .with(text("cbc:Information", transport.get("route").take()))
        .with(measure("cbc:GrossWeightMeasure", totals.get("gross_weight")))
        .with(measure("cbc:NetWeightMeasure", totals.get("net_weight")))
        .with([consignment(root)])
        .with(items().map(|one| item(root, one)))
        .with(legs.map(|(index, leg)| {
            let departed = event("cac:ActualDepartureTransportEvent", leg.get("departed_on"), None);
            let id = text("cbc:ID", Some((index + 1).to_string()));
            let way = stage(Element::new("cac:ShipmentStage").with(id), leg, [leg.get("from"), leg.get("to")]);
            way.with(departed)
        }))
        .with(delivery(root))
        .with(marked)
        .with(country("cac:ExportCountry", root.get("from")))
}

fn consignment(root: At<'_>) -> Element<'_> {
    let (transport, commercial) = (root.get("transport"), root.get("commercial"));
    let references = || root.down(&["remarks", "references"]).elements();
    let unique = references().find(|one| one.get("kind").peek() == Some("ucr"));
    let id = unique.map_or_else(|| root.down(&["reference", "number"]), |unique| unique.get("number"));
    let consignee = root.get("consignee");
    let order = consignee.get("to_order").take().map(|_| "to order");
    let adjustments = commercial.get("adjustments").elements().map(|one| {
        let added = one.get("kind").take() == Some("added");
        Element::new("cac:ExtraAllowanceCharge")
            .with(text("cbc:ChargeIndicator", Some(if added { "true" } else { "false" })))
            .with(text("cbc:AllowanceChargeReason", one.get("reason").take()))
            .with(amount("cbc:Amount", one.get("amount")))
    });
    let legs = || transport.get("legs").elements();
    let containers =
        transport.get("containers").elements().chain(legs().flat_map(|leg| leg.get("containers").elements()));
    let papers = transport.get("documents").elements().chain(legs().map(|leg| leg.get("document")));
    Element::new("cac:Consignment")
        .with(text("cbc:ID", id.take()))
        .with(amount("cbc:TotalInvoiceAmount", commercial.get("total")))
        .with(text("cbc:DeliveryInstructions", order))
        .with(text("cbc:TotalPackagesQuantity", root.down(&["goods", "totals", "packages"]).take()))
        .with(under("cac:ConsigneeParty", consignee.get("party")))
        .with(country("cac:OriginalDepartureCountry", root.get("from")))
        .with(country("cac:FinalDestinationCountry", root.get("to")))
        .with(transport.get("transit_countries").elements().filter_map(|one| country("cac:TransitCountry", one)))
        .with(adjustments)
        .with(carriage(transport))
        .with(containers.map(container))
        .with(papers.filter_map(|paper| documents::typed("cac:DocumentReference", paper)))
}

fn carriage(transport: At<'_>) -> Option<Element<'_>> {
    let departure = transport.get("departure");
    let basis = departure.get("basis");
    let called = transport.get("via").elements().filter_map(|port| {
        let port = place("cac:Location", port)?;
        Some(Element::new("cac:PlannedWaypointTransportEvent").with([port]))
    });
    let ports = [transport.get("loading"), transport.get("discharge")];
    stage(Element::new("cac:MainCarriageShipmentStage"), transport, ports)
        .with(event("cac:PlannedDepartureTransportEvent", departure.get("planned"), None))
        .with(called)
        .with(event("cac:ActualDepartureTransportEvent", departure.get("actual"), Some(basis)))
        .unless_empty()
}

/// Mode, means and ports of a part of the way.
fn stage<'a>(stage: Element<'a>, at: At<'a>, [loading, unloading]: [At<'a>; 2]) -> Element<'a> {
    let mode = at.get("mode").take();
    let code = mode.and_then(|mode| MODES.iter().find(|(word, _)| *word == mode)).map(|(_, code)| *code);
    stage
        .with(text("cbc:TransportModeCode", code))
        .with(means(at, mode))
        .with(place("cac:LoadingPortLocation", loading))
        .with(place("cac:UnloadingPortLocation", unloading))
}

/// What carries the goods. UBL has a name and a number for a vessel, and for others one of them.
fn means<'a>(at: At<'a>, mode: Option<&str>) -> Option<Element<'a>> {
    let (name, number) = (at.get("means"), at.get("means_id"));
    let one = || if number.is_there() { number.take() } else { name.take() };
    let carrier = match mode {
        Some("maritime" | "inland_water") => Element::new("cac:MaritimeTransport")
            .with(text("cbc:VesselID", number.take()))
            .with(text("cbc:VesselName", name.take())),
        Some("air") => Element::new("cac:AirTransport").with(text("cbc:AircraftID", one())),
        Some("road") => Element::new("cac:RoadTransport").with(text("cbc:LicensePlateID", one())),
        Some("rail") => Element::new("cac:RailTransport").with(text("cbc:TrainID", one())),
        // Whatever else it is, it is none of these.
        _ => Element::new("cac:MaritimeTransport"),
    };
    Element::new("cac:TransportMeans")
        .with(text("cbc:JourneyID", at.get("voyage").take()))
        .with(carrier.unless_empty())
        .unless_empty()
}

fn event<'a>(name: &'static str, day: At<'a>, basis: Option<At<'a>>) -> Option<Element<'a>> {
    Element::new(name)
        .with(text("cbc:OccurrenceDate", day.take()))
        .with(text("cbc:Description", basis.and_then(At::take)))
        .unless_empty()
}

fn container(at: At<'_>) -> Element<'_> {
    let seals = at.get("seals").elements();
    let seals =
        seals.filter_map(|seal| Some(Element::new("cac:TransportEquipmentSeal").with([text("cbc:ID", seal.take())?])));
    let equipment = Element::new("cac:TransportEquipment")
        .with(text("cbc:ID", at.get("number").take()))
        .with(text("cbc:SizeTypeCode", at.get("size_type").take()))
        .with(seals);
    Element::new("cac:TransportHandlingUnit").with([equipment])
}

/// Where the goods go in the end, who is told, and the terms of each invoice.
fn delivery(root: At<'_>) -> Option<Element<'_>> {
    let terms = root.down(&["commercial", "invoices"]).elements().filter_map(|invoice| {
        let (worth, term) = (invoice.get("amount"), invoice.get("delivery"));
        if !worth.is_there() && !term.is_there() {
            return None;
        }
        let place =
            text("cbc:Name", term.get("place").take()).map(|name| Element::new("cac:DeliveryLocation").with([name]));
        let terms = Element::new("cac:DeliveryTerms")
            .with(text("cbc:ID", term.get("incoterm").take()))
            .with(text("cbc:SpecialTerms", invoice.get("number").take().map(|number| format!("invoice {number}"))))
            .with(amount("cbc:Amount", worth))
            .with(place);
        Some(terms)
    });
    let told = root.down(&["consignee", "notify"]).elements();
    Element::new("cac:Delivery")
        .with(place("cac:DeliveryLocation", root.down(&["transport", "final_destination"])))
        .with(told.filter_map(|party| under("cac:NotifyParty", party)))
        .with(terms)
        .unless_empty()
}
