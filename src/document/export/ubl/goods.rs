//! Items, amounts and measures in UBL.

use super::super::tree::At;
use super::{
    element::{Element, text},
    parties,
};

/// A quantity or weight with its unit.
pub(super) fn measure<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    Some(text(name, at.get("value").take())?.attribute("unitCode", at.get("unit").take()))
}

/// An amount with its currency.
pub(super) fn amount<'a>(name: &'static str, at: At<'a>) -> Option<Element<'a>> {
    Some(text(name, at.get("value").take())?.attribute("currencyID", at.get("currency").take()))
}

/// Members of a criterion that UBL has no element for: each is a property of the item, under its own name.
const PROPERTIES: [&[&str]; 8] = [
    &["criterion", "printed"],
    &["criterion", "percentage", "exact"],
    &["criterion", "percentage", "printed"],
    &["criterion", "percentage", "basis"],
    &["criterion", "met_by"],
    &["criterion", "accumulation"],
    &["criterion", "de_minimis"],
    &["criterion", "partial_cumulation"],
];

/// One item.
pub(super) fn item<'a>(root: At<'a>, at: At<'a>) -> Element<'a> {
    let number = at.get("number").take();
    let values = root.down(&["commercial", "item_values"]).elements();
    let values: Vec<At<'a>> = values.filter(|value| value.get("item").peek() == number).collect();
    let board = values.iter().find(|value| value.get("basis").peek() == Some("fob"));
    let mut quantities = at.get("quantities").elements();
    let (trade, tariff) = (quantities.next(), quantities.next());
    Element::new("cac:GoodsItem")
        .with(text("cbc:SequenceNumberID", number))
        .with(text("cbc:Description", at.get("description").take()))
        .with(board.and_then(|value| amount("cbc:FreeOnBoardValueAmount", value.get("amount"))))
        .with(measure("cbc:GrossWeightMeasure", at.get("gross_weight")))
        .with(measure("cbc:NetWeightMeasure", at.get("net_weight")))
        .with(trade.and_then(|quantity| measure("cbc:Quantity", quantity)))
        .with(text("cbc:PreferenceCriterionCode", at.down(&["criterion", "code"]).take()))
        .with(tariff.and_then(|quantity| measure("cbc:CustomsTariffQuantity", quantity)))
        .with(product(root, at).unless_empty())
        .with(values.into_iter().map(|value| line(value, at)))
        .with(at.get("packages").elements().filter_map(|one| packages(one).unless_empty()))
}

fn product<'a>(root: At<'a>, at: At<'a>) -> Element<'a> {
    let hs = at.get("hs");
    let class = text("cbc:ItemClassificationCode", hs.get("code").take())
        .map(|code| code.attribute("listID", Some("HS")).attribute("listVersionID", hs.get("edition").take()));
    let classes = class.map(|code| Element::new("cac:CommodityClassification").with([code]));
    let national = at.get("national_codes").elements().filter_map(|one| {
        let code = text("cbc:CommodityCode", one.get("code").take())?;
        let code = code.attribute("listID", Some("national")).attribute("listAgencyName", one.get("country").take());
        Some(Element::new("cac:CommodityClassification").with([code]))
    });
    let properties = PROPERTIES.iter().filter_map(|path| {
        let value = text("cbc:Value", at.down(path).take())?;
        let name = text("cbc:Name", Some(path.join(".")));
        Some(Element::new("cac:AdditionalItemProperty").with(name).with([value]))
    });
    let own = at.get("producers").elements().filter_map(|one| parties::under("cac:ManufacturerParty", one));
    let producer = root.get("producer");
    let named = producer.get("named").elements().filter_map(|one| parties::under("cac:ManufacturerParty", one));
    let same = producer.get("same").take().and_then(|_| parties::exporter(root));
    Element::new("cac:Item")
        .with(text("cbc:BrandName", at.get("brand").take()))
        .with(parties::country("cac:OriginCountry", at.get("origin")))
        .with(classes)
        .with(national)
        .with(properties)
        .with(own)
        .with(named)
        .with(same.map(|exporter| Element::new("cac:ManufacturerParty").with(exporter)))
}

/// The value of an item as a line of its invoice.
fn line<'a>(value: At<'a>, item: At<'a>) -> Element<'a> {
    let invoice = text("cbc:ID", value.get("invoice").take());
    Element::new("cac:InvoiceLine")
        .with(text("cbc:ID", value.get("item").take()))
        .with(text("cbc:Note", value.get("basis").take()))
        .with(amount("cbc:LineExtensionAmount", value.get("amount")))
        .with(invoice.map(|id| Element::new("cac:DocumentReference").with([id])))
        // UBL wants an item on every line, though the line stands within it, and nothing that is empty.
        .with([Element::new("cac:Item").with(text("cbc:Description", described(item)))])
}

/// What an item is called; one without a description by its number, which each has.
fn described(item: At<'_>) -> Option<&str> {
    item.get("description").peek().or_else(|| item.get("number").peek())
}

fn packages(at: At<'_>) -> Element<'_> {
    Element::new("cac:ContainingPackage")
        .with(text("cbc:Quantity", at.get("count").take()))
        .with(text("cbc:PackagingTypeCode", at.get("kind").take()))
}
