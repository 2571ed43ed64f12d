//! A material used, where it originates, and what shows that.

use super::price::Price;
use crate::{
    certificate::{
        CertificateError, Country, HsCode, Measure, Text,
        declare::{section, text_member, words},
        reader::quoted,
    },
    encoding::Decimal,
    time::Date,
};
use std::{fmt, str::FromStr};

/// Where a material originates: `originating`, `undetermined`, or a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MaterialOrigin {
    /// In the exporting country, under the rules of the agreement.
    Originating,
    /// In this country: an originating material of a party where the agreement cumulates, else none.
    Country(Country),
    /// Not known: counts as non-originating.
    Undetermined,
}

impl FromStr for MaterialOrigin {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        match text {
            "originating" => Ok(Self::Originating),
            "undetermined" => Ok(Self::Undetermined),
            country => country.parse().map(Self::Country).map_err(|_| {
                let why = format!("`{}` is neither `originating`, `undetermined` nor a country", quoted(text));
                CertificateError::code_with_help(
                    "MATERIAL_ORIGIN",
                    why,
                    "a country is its two letters of ISO 3166-1, such as `CN`",
                )
            }),
        }
    }
}

impl fmt::Display for MaterialOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Originating => f.write_str("originating"),
            Self::Country(country) => country.fmt(f),
            Self::Undetermined => f.write_str("undetermined"),
        }
    }
}

text_member!(MaterialOrigin, serde_json::json!({"type": "string", "pattern": "^(originating|undetermined|[A-Z]{2})$"}));

words! {
    /// What shows where a material originates.
    pub enum EvidenceKind("EVIDENCE") {
        /// A certificate of origin of the same agreement.
        Certificate = "certificate",
        /// A declaration of the supplier or producer.
        SupplierDeclaration = "supplier_declaration",
        /// Own books: invoices, import declarations, production records.
        Records = "records",
    }
}

section! {
    /// What shows where a material originates.
    pub struct Evidence {
        /// Of which kind.
        kind: EvidenceKind,
        /// Its number or reference.
        reference: Text<70>,
        /// Its date.
        date: Option<Date>,
        /// The country it was made out in.
        country: Option<Country>,
    }
}

section! {
    /// A material used in the production of an item.
    pub struct Material {
        /// What it is.
        description: Text<512>,
        /// Code of the Harmonized System.
        hs: Option<HsCode>,
        /// Where it originates: `originating`, `undetermined`, or a country's two letters.
        origin: MaterialOrigin,
        /// What shows that.
        evidence: Vec<Evidence>,
        /// The part of its value that is content of the parties, per cent, where it does not originate itself and
        /// the agreement carries such content forward.
        content_percent: Option<Decimal>,
        /// What was paid for it.
        price: Option<Price>,
        /// How much of it was used.
        quantity: Option<Measure>,
        /// Its weight, for tolerances by weight.
        weight: Option<Measure>,
        /// Who made it.
        producer: Option<Text<256>>,
    }
}

impl Material {
    /// The certificates and declarations that stand behind the origin; one's own books show none.
    pub fn shown_by(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(|evidence| evidence.kind != EvidenceKind::Records)
    }

    /// Whether there is any.
    #[must_use]
    pub fn is_evidenced(&self) -> bool {
        self.shown_by().next().is_some()
    }
}
