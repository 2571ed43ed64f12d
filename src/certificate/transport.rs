//! Section `transport`: how, when and on which way the goods travel, as far as known.

use super::{
    container_number::ContainerNumber,
    country::Country,
    declare::{section, words},
    party::Place,
    text::Text,
};
use crate::time::Date;

words! {
    /// Mode of transport by UN/ECE Recommendation 19.
    pub enum TransportMode("TRANSPORT_MODE") {
        /// Maritime (code 1).
        Maritime = "maritime",
        /// Rail (code 2).
        Rail = "rail",
        /// Road (code 3).
        Road = "road",
        /// Air (code 4).
        Air = "air",
        /// Mail (code 5).
        Mail = "mail",
        /// Multimodal (code 6).
        Multimodal = "multimodal",
        /// Fixed installation, such as a pipeline (code 7).
        Fixed = "fixed",
        /// Inland water (code 8).
        InlandWater = "inland_water",
    }
}

words! {
    /// What the actual date of departure rests on.
    pub enum DepartureBasis("DEPARTURE_BASIS") {
        /// The on-board notation.
        OnBoard = "on_board",
        /// The date of the bill of lading.
        BillOfLading = "bill_of_lading",
        /// The date of the air waybill.
        AirWaybill = "air_waybill",
        /// The date of the rail or road consignment note.
        ConsignmentNote = "consignment_note",
        /// The date of the export declaration's exit confirmation.
        ExitConfirmation = "exit_confirmation",
    }
}

section! {
    /// When the goods leave the exporting country.
    pub struct Departure {
        /// The day planned.
        planned: Option<Date>,
        /// The day it happened.
        actual: Option<Date>,
        /// What the actual day rests on.
        basis: Option<DepartureBasis>,
    }
}

words! {
    /// Kind of transport document.
    pub enum TransportDocumentKind("TRANSPORT_DOCUMENT") {
        /// Bill of lading.
        BillOfLading = "bill_of_lading",
        /// Through bill of lading, which proves direct consignment.
        ThroughBillOfLading = "through_bill_of_lading",
        /// Sea waybill.
        SeaWaybill = "sea_waybill",
        /// Air waybill.
        AirWaybill = "air_waybill",
        /// Rail consignment note.
        RailConsignmentNote = "rail_consignment_note",
        /// Road consignment note.
        RoadConsignmentNote = "road_consignment_note",
        /// Multimodal transport document.
        Multimodal = "multimodal",
        /// Postal receipt.
        PostalReceipt = "postal_receipt",
    }
}

section! {
    /// A transport document.
    pub struct TransportDocument {
        /// Its kind.
        kind: TransportDocumentKind,
        /// Its number.
        number: Text<70>,
        /// Its date.
        date: Option<Date>,
    }
}

section! {
    /// A container with its seals.
    pub struct Container {
        /// Its number.
        number: ContainerNumber,
        /// Size and type by ISO 6346, such as `22G1`.
        size_type: Option<Text<4>>,
        /// Numbers of the seals on it.
        seals: Vec<Text<35>>,
    }
}

section! {
    /// One leg of the journey.
    pub struct Leg {
        /// Mode.
        mode: Option<TransportMode>,
        /// Vessel, flight, train or vehicle.
        means: Option<Text<70>>,
        /// Voyage or flight number.
        voyage: Option<Text<35>>,
        /// Where it begins.
        from: Option<Place>,
        /// Where it ends.
        to: Option<Place>,
        /// Day it began.
        departed_on: Option<Date>,
        /// Its transport document.
        document: Option<TransportDocument>,
        /// The containers on it.
        containers: Vec<Container>,
    }
}

section! {
    /// A certificate of non-manipulation by customs of a country passed through.
    pub struct NonManipulation {
        /// Its number.
        number: Text<70>,
        /// Who issued it.
        issued_by: Text<256>,
        /// The country that issued it.
        country: Country,
        /// When.
        date: Option<Date>,
    }
}

section! {
    /// Section `transport`.
    pub struct Transport {
        /// Mode of the main carriage.
        mode: Option<TransportMode>,
        /// Vessel, flight, train or vehicle of the main carriage.
        means: Option<Text<70>>,
        /// What identifies it: IMO number, registration or plate.
        means_id: Option<Text<35>>,
        /// Voyage or flight number.
        voyage: Option<Text<35>>,
        /// The route as the form prints it.
        route: Option<Text<256>>,
        /// When the goods leave.
        departure: Option<Departure>,
        /// Place of loading.
        loading: Option<Place>,
        /// Place of discharge.
        discharge: Option<Place>,
        /// Places called at between.
        via: Vec<Place>,
        /// Where the goods go in the end.
        final_destination: Option<Place>,
        /// Countries passed through.
        transit_countries: Vec<Country>,
        /// The legs, where there are several.
        legs: Vec<Leg>,
        /// Transport documents for the whole way.
        documents: Vec<TransportDocument>,
        /// Containers for the whole way.
        containers: Vec<Container>,
        /// Proof that the goods were not manipulated on the way.
        non_manipulation: Option<NonManipulation>,
    }
}
