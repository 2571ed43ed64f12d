//! Section `goods`: what is certified, item by item.

use super::{
    code::{CriterionCode, TariffCode},
    country::Country,
    declare::{section, words},
    hs::HsCode,
    measure::Measure,
    package::PackageCode,
    party::Party,
    text::Text,
};
use crate::encoding::Decimal;

section! {
    /// A number of packages of one kind.
    pub struct Packages {
        /// How many.
        count: u32,
        /// The kind, by UN/ECE Recommendation 21.
        kind: PackageCode,
    }
}

words! {
    /// Whose content a percentage counts.
    pub enum ContentBasis("CONTENT_BASIS") {
        /// The exporting country's alone.
        National = "national",
        /// All parties' together.
        Cumulative = "cumulative",
    }
}

words! {
    /// How a product-specific rule was met.
    pub enum RuleMetBy("RULE_MET_BY") {
        /// By value.
        Value = "value",
        /// By change of heading.
        Heading = "heading",
        /// By a process.
        Process = "process",
    }
}

section! {
    /// A percentage of content.
    pub struct Percentage {
        /// The exact percentage: a decimal as text.
        exact: Decimal,
        /// What the form prints, such as `64%`.
        printed: Option<Text<10>>,
        /// Whose content it counts.
        basis: Option<ContentBasis>,
    }
}

section! {
    /// Why an item originates.
    pub struct Criterion {
        /// The criterion by its canonical name.
        code: CriterionCode,
        /// What the form prints for it.
        printed: Option<Text<35>>,
        /// The percentage it rests on.
        percentage: Option<Percentage>,
        /// How a product-specific rule was met.
        met_by: Option<RuleMetBy>,
        /// Accumulation with materials of other parties was used (ACU).
        accumulation: bool,
        /// The tolerance for small quantities was used (DMI).
        de_minimis: bool,
        /// Only partial cumulation: the item counts towards another's origin and gets no preference.
        partial_cumulation: bool,
    }
}

section! {
    /// A national tariff code.
    pub struct NationalCode {
        /// The country whose code it is.
        country: Country,
        /// The code.
        code: TariffCode,
    }
}

section! {
    /// One item.
    pub struct Item {
        /// Number of the item on the form, from 1.
        number: u32,
        /// Marks and numbers on the packages.
        marks: Option<Text<512>>,
        /// Number and kind of packages.
        packages: Vec<Packages>,
        /// Description of the goods.
        description: Text<1024>,
        /// Brand, where the form shows it.
        brand: Option<Text<256>>,
        /// Code of the Harmonized System.
        hs: Option<HsCode>,
        /// National tariff codes.
        national_codes: Vec<NationalCode>,
        /// Country of origin of this item.
        origin: Option<Country>,
        /// Why it originates.
        criterion: Option<Criterion>,
        /// Quantities, in trade and supplementary units.
        quantities: Vec<Measure>,
        /// Gross weight.
        gross_weight: Option<Measure>,
        /// Net weight.
        net_weight: Option<Measure>,
        /// Producers of this item, where the form names them by item.
        producers: Vec<Party>,
    }
}

section! {
    /// Totals as the form shows them.
    pub struct Totals {
        /// Packages in all.
        packages: Option<u32>,
        /// Gross weight in all.
        gross_weight: Option<Measure>,
        /// Net weight in all.
        net_weight: Option<Measure>,
    }
}

section! {
    /// Section `goods`.
    pub struct Goods {
        /// Totals as the form shows them.
        totals: Option<Totals>,
        /// The items, in the order of the form.
        items: Vec<Item>,
    }
}
