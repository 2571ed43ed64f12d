//! Holds the lines of an import declaration against a certificate: which item each belongs to, in what the two differ,
//! and how much the agreement's data let that weigh.
//!
//! The machine only proposes. What an agreement lets pass is minor, with its article; what its data do not settle is
//! unknown; everything else is material, which means that an officer looks at it. Less than certified is no
//! difference: goods of one certificate may come in parts. A classification is compared at the six digits that
//! countries have in common, and within one edition of the Harmonized System.

mod differences;
mod likeness;
mod pairing;
mod sums;
#[cfg(test)]
mod tests;
mod weight;

use super::{edition::Edition, fields::words, lists::Lists};
use crate::{
    certificate::{Certificate, Country, HsDigits, HsEdition, Measure, Text},
    time::{Date, serde_date},
};
use serde::{Deserialize, Serialize};

/// What an import declaration says of the goods. Whoever reads it in bounds the lines; the work grows with lines times
/// items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Its date.
    #[serde(with = "serde_date")]
    pub date: Date,
    /// The edition of the Harmonized System that the importing tariff stands on; where that is not said, the one in force
    /// on the date.
    pub hs_edition: Option<HsEdition>,
    /// Where the goods were exported from.
    pub country_of_export: Option<Country>,
    /// Who imports them.
    pub importer: Option<Text<256>>,
    /// Its lines, each with another number.
    pub lines: Vec<DeclaredLine>,
}

/// A line of an import declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredLine {
    /// Its number, from 1.
    pub line: u32,
    /// The item of the certificate that it names; otherwise the item is found.
    pub item: Option<u32>,
    /// The tariff code, the Harmonized System's six digits first, if it is known.
    pub tariff_code: Option<HsDigits>,
    /// The goods in words.
    pub description: Option<Text<1024>>,
    /// Where they originate.
    pub origin: Option<Country>,
    /// How much, in a trade or supplementary unit.
    pub quantity: Option<Measure>,
    /// Gross weight.
    pub gross_weight: Option<Measure>,
    /// Net weight.
    pub net_weight: Option<Measure>,
    /// The invoice they stand on.
    pub invoice: Option<Text<70>>,
    /// Marks and numbers on the packages.
    pub marks: Option<Text<512>>,
    /// How many packages.
    pub packages: Option<u32>,
}

words! {
    /// In what a declaration and a certificate differ.
    Subject {
        /// There is no such item, or none that fits.
        Item = "item",
        /// The classification.
        HsCode = "hs_code",
        /// The words for the goods.
        Description = "description",
        /// The country of origin.
        Origin = "origin",
        /// More is declared than is certified.
        Quantity = "quantity",
        /// Units that do not convert into each other exactly.
        Unit = "unit",
        /// More gross weight.
        GrossWeight = "gross_weight",
        /// More net weight.
        NetWeight = "net_weight",
        /// More packages.
        Packages = "packages",
        /// Marks on the packages.
        Marks = "marks",
        /// The invoice.
        Invoice = "invoice",
        /// The importer is not who the goods are consigned to.
        Consignee = "consignee",
        /// Where the goods come from.
        CountryOfExport = "country_of_export",
        /// The day is outside the certificate's.
        Date = "date",
    }
}

words! {
    /// How much a difference weighs, as the agreement's data say.
    Weight {
        /// It does not invalidate the certificate.
        Minor = "minor",
        /// An officer decides.
        Material = "material",
        /// The data do not say.
        Unknown = "unknown",
    }
}

/// Something in which declaration and certificate differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The line of the declaration; none where it is the whole of it, or several lines together.
    pub line: Option<u32>,
    /// The item of the certificate; none where it is the whole of it.
    pub item: Option<u32>,
    /// In what they differ.
    pub subject: Subject,
    /// What the certificate says.
    pub certificate: String,
    /// What the declaration says.
    pub declaration: String,
    /// How much that weighs, as a proposal.
    pub weight: Weight,
    /// The article that the weight rests on.
    pub article: Option<String>,
    /// Whether that was read in the legal text; never without an article's figure.
    pub confirmed: bool,
    /// In a sentence.
    pub words: String,
}

/// What comes of holding a declaration against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// For each line, in their order, the item it was held against; none where none fits.
    pub items: Vec<Option<u32>>,
    /// Everything in which the two differ, the whole first, then by line; in whatever order the lines came.
    pub differences: Vec<Difference>,
}

/// Holds a declaration against a certificate under the edition the certificate names, if that is known here; lists may say
/// what became of codes between editions of the Harmonized System.
#[must_use]
pub fn compare(certificate: &Certificate, declared: &Declared, edition: Option<&Edition>, lists: &Lists) -> Matching {
    let goods = &certificate.goods.items;
    let pairing = pairing::pair(certificate, declared, lists);
    let items = pairing.iter().map(|at| at.and_then(|at| goods.get(at)).map(|item| item.number)).collect();
    let differences = differences::find(certificate, declared, edition, lists, &pairing);
    Matching { items, differences }
}
