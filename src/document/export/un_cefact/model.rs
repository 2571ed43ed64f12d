//! The members of the schema that are written, in their order. What is empty is left out.

use serde::Serialize;

/// A code, an identifier, a text or a quantity: all are objects with their content.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Content<'a> {
    pub(super) content: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    pub(super) exchanged_document: Exchanged<'a>,
    pub(super) specified_consignment: [Consignment<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exchanged<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) type_code: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issue_date_time: Option<String>,
    #[serde(rename = "firstSignatoryDocumentAuthentication", skip_serializing_if = "Option::is_none")]
    pub(super) first_signatory: Option<Authentication<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<Party<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authentication<'a> {
    pub(super) issue_logistics_location: Location<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Location<'a> {
    id: [Content<'a>; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Party<'a> {
    pub(super) id: [Content<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consignment<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) id: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consignor: Option<Party<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consignee: Option<Party<'a>>,
    pub(super) included_consignment_item: Vec<ConsignmentItem<'a>>,
    #[serde(rename = "mainCarriageLogisticsTransportMovement", skip_serializing_if = "Vec::is_empty")]
    pub(super) main_carriage: Vec<Movement<'a>>,
    #[serde(rename = "applicableCrossBorderRegulatoryProcedure", skip_serializing_if = "Vec::is_empty")]
    pub(super) procedure: Vec<Procedure<'a>>,
    #[serde(rename = "unloadingLogisticsLocation", skip_serializing_if = "Option::is_none")]
    pub(super) unloading: Option<Location<'a>>,
    #[serde(rename = "loadingLogisticsLocation", skip_serializing_if = "Option::is_none")]
    pub(super) loading: Option<Location<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Procedure<'a> {
    pub(super) free_trade_agreement_name: Content<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Movement<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode_code: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Content<'a>>,
    #[serde(rename = "usedLogisticsTransportMeans", skip_serializing_if = "Option::is_none")]
    pub(super) used: Option<Means<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Means<'a> {
    pub(super) name: Content<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConsignmentItem<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) id: Vec<Content<'a>>,
    pub(super) included_trade_line_item: [LineItem<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem<'a> {
    pub(super) specified_trade_product: [Product<'a>; 1],
    #[serde(rename = "physicalReferencedLogisticsPackage", skip_serializing_if = "Vec::is_empty")]
    pub(super) package: Vec<Package<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) designated_product_classification: Vec<Classification<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) origin_trade_country: Vec<TradeCountry<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Classification<'a> {
    class_code: Content<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct TradeCountry<'a> {
    id: [Content<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item_quantity: Option<Content<'a>>,
    pub(super) level_code: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) type_code: Option<Content<'a>>,
    #[serde(rename = "physicalLogisticsShippingMarks", skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<ShippingMarks<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShippingMarks<'a> {
    pub(super) marking: [Content<'a>; 1],
}

pub(super) fn content(text: Option<&str>) -> Option<Content<'_>> {
    text.map(|content| Content { content })
}

pub(super) fn party(id: Option<&str>) -> Option<Party<'_>> {
    content(id).map(|id| Party { id: [id] })
}

pub(super) fn location(code: Option<&str>) -> Option<Location<'_>> {
    content(code).map(|id| Location { id: [id] })
}

pub(super) fn classified(code: Option<&str>) -> Vec<Classification<'_>> {
    content(code).map(|class_code| Classification { class_code }).into_iter().collect()
}

pub(super) fn country(code: Option<&str>) -> Vec<TradeCountry<'_>> {
    content(code).map(|id| TradeCountry { id: [id] }).into_iter().collect()
}
