//! The forms of an edition: title, boxes and what each shows, languages, most items, producer wording.

use super::{
    fields::{Fields, words},
    figure::Figure,
    terms::ItemCap,
};
use crate::certificate::{BoxNumber, Country, FormCode, Language};

words! {
    /// What a box of a form shows.
    Shows {
        /// Number of the certificate.
        Number = "number",
        /// Exporter, with address and country.
        Exporter = "exporter",
        /// Consignee.
        Consignee = "consignee",
        /// Producer.
        Producer = "producer",
        /// Means of transport and route.
        Transport = "transport",
        /// Country or region of destination.
        Destination = "destination",
        /// Country of origin.
        Origin = "origin",
        /// Space for customs of the importing country.
        OfficialUse = "official_use",
        /// Space for the certifying authority.
        AuthorityUse = "authority_use",
        /// Item number.
        Item = "item",
        /// Marks and numbers.
        Marks = "marks",
        /// Number and kind of packages.
        Packages = "packages",
        /// Description of the goods.
        Description = "description",
        /// HS code.
        HsCode = "hs_code",
        /// Origin criterion.
        Criterion = "criterion",
        /// Gross weight.
        GrossWeight = "gross_weight",
        /// Quantity.
        Quantity = "quantity",
        /// Value free on board.
        Fob = "fob",
        /// Number and date of invoices.
        Invoices = "invoices",
        /// Amounts of the invoices.
        InvoiceValue = "invoice_value",
        /// Delivery terms of the invoices.
        Incoterm = "incoterm",
        /// Remarks and endorsements.
        Remarks = "remarks",
        /// The exporter's declaration.
        Declaration = "declaration",
        /// The authority's certification.
        Certification = "certification",
        /// The name of the issuing authority.
        IssuingAuthority = "issuing_authority",
        /// Verification by customs of the exporting country.
        ExportCustoms = "export_customs",
    }
}

/// A numbered box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormBox {
    /// Its number on the form.
    pub number: BoxNumber,
    /// Its heading, as the sources give it.
    pub title: String,
    /// What stands in it.
    pub shows: Vec<Shows>,
    /// What the form prints in it in full, such as a declaration; `{from}` and `{to}` stand for the countries.
    pub words: Figure<String>,
}

words! {
    /// Whether the form shows the value free on board.
    FobPrinted {
        /// For every item.
        Always = "always",
        /// For items whose criterion is a percentage of value.
        ValueCriterion = "value_criterion",
        /// Never.
        Never = "never",
    }
}

words! {
    /// Ways a producer may be named.
    ProducerNaming {
        /// By name, one.
        Named = "named",
        /// By name, several.
        Several = "several",
        /// The exporter is the producer: `SAME`.
        Same = "same",
        /// Withheld, available to the authority or to customs upon request.
        OnRequest = "on_request",
        /// Not stated.
        Absent = "absent",
    }
}

/// A form of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its code within the agreement.
    pub code: FormCode,
    /// Its printed title, word for word.
    pub title: Figure<String>,
    /// Exporting countries that issue on it; empty: any.
    pub issued_by: Vec<Country>,
    /// Its boxes, in order; none where the form was not found, and then nothing is asked for on its account.
    pub boxes: Vec<FormBox>,
    /// Languages it is filled in.
    pub languages: Figure<Vec<Language>>,
    /// Most items on one certificate.
    pub max_items: Figure<ItemCap>,
    /// Whether the form may be continued on further sheets.
    pub continuation_sheets: Figure<bool>,
    /// Whether it shows the value free on board.
    pub fob: Figure<FobPrinted>,
    /// Exporting or importing countries that want that value shown; without a value here, all.
    pub fob_countries: Figure<Vec<Country>>,
    /// Ways its producer box may be filled; a form without that box has `absent` alone.
    pub producer: Figure<Vec<ProducerNaming>>,
    /// Whether the consignee's box may stay empty.
    pub consignee_optional: Figure<bool>,
    /// Whether the consignee may be `TO ORDER`.
    pub to_order: Figure<bool>,
    /// Where the boxes are read.
    pub article: Option<String>,
    /// Whether they were confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

impl Form {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (code, title) = (fields.required("code"), fields.figure("title"));
        let issued_by = fields.optional("issued_by").unwrap_or_default();
        let boxes = fields.list("boxes", FormBox::read);
        for (index, each) in boxes.iter().enumerate() {
            if boxes.iter().take(index).any(|earlier: &FormBox| earlier.number == each.number) {
                let path = format!("{}[{index}].number", fields.at("boxes"));
                fields.faults().add(&path, format!("box {} stands here twice", each.number));
            }
        }
        let languages = fields.figure("languages");
        let max_items = fields.figure("max_items");
        let continuation_sheets = fields.figure("continuation_sheets");
        let fob = fields.figure("fob");
        let fob_countries = fields.figure("fob_countries");
        let producer = fields.figure("producer");
        let consignee_optional = fields.figure("consignee_optional");
        let to_order = fields.figure("to_order");
        let (article, confirmed, note) = fields.source();
        if confirmed && boxes.is_empty() {
            fields.faults().add(&fields.at("boxes"), "a form that is confirmed has at least one box");
        }
        Some(Self {
            code: code?,
            title,
            issued_by,
            boxes,
            languages,
            max_items,
            continuation_sheets,
            fob,
            fob_countries,
            producer,
            consignee_optional,
            to_order,
            article,
            confirmed,
            note,
        })
    }

    /// Whether a box of the form shows `what`.
    #[must_use]
    pub fn shows(&self, what: Shows) -> bool {
        self.boxes.iter().any(|each| each.shows.contains(&what))
    }

    /// The number of the first box that shows `what`.
    #[must_use]
    pub fn box_of(&self, what: Shows) -> Option<&BoxNumber> {
        self.boxes.iter().find(|each| each.shows.contains(&what)).map(|each| &each.number)
    }
}

impl FormBox {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (number, title, shows) = (fields.required("number"), fields.required("title"), fields.required("shows"));
        let words: Figure<String> = fields.figure("words");
        let unknown = words.value().and_then(|words| unknown_place(words));
        if let Some(unknown) = unknown {
            let path = format!("{}.value", fields.at("words"));
            fields
                .faults()
                .add(&path, format!("`{unknown}` stands for nothing; `{{from}}` and `{{to}}` are the countries"));
        }
        Some(Self { number: number?, title: title?, shows: shows?, words })
    }
}

/// What stands in braces in a box's words and is not a country.
fn unknown_place(words: &str) -> Option<&str> {
    words.match_indices('{').find_map(|(at, _)| {
        let rest = words.get(at..)?;
        let known = rest.starts_with("{from}") || rest.starts_with("{to}");
        (!known).then(|| rest.split_inclusive('}').next().unwrap_or(rest))
    })
}
