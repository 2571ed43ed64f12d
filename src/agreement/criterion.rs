//! The origin criteria an edition allows: what each means, how it is printed, which percentage it needs.

use super::{
    fields::{Faults, Fields, FromValue, words},
    figure::Figure,
    terms::ValueBase,
};
use crate::{
    certificate::{ContentBasis, Country, CriterionCode},
    encoding::Decimal,
};
use std::fmt;
use toml::Value;

words! {
    /// On which side of the threshold a percentage qualifies.
    Bound {
        /// The percentage or more.
        AtLeast = "at_least",
        /// The percentage or less.
        AtMost = "at_most",
    }
}

/// A value rule: which percentage qualifies, of what, by which method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRule {
    /// On which side.
    pub bound: Bound,
    /// The threshold, per cent.
    pub percent: Decimal,
    /// What the percentage is taken of.
    pub of: ValueBase,
    /// How it is computed, as the agreement says it, where that was found.
    pub formula: Option<String>,
}

impl ValueRule {
    /// Whether `percent` qualifies: compared exactly, never as printed.
    #[must_use]
    pub fn is_met_by(&self, percent: Decimal) -> bool {
        match self.bound {
            Bound::AtLeast => percent >= self.percent,
            Bound::AtMost => percent <= self.percent,
        }
    }
}

impl FromValue for ValueRule {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (bound, percent) = (fields.required("bound"), fields.required("percent"));
        let (of, formula) = (fields.required("of"), fields.optional("formula"));
        fields.close();
        Some(Self { bound: bound?, percent: percent?, of: of?, formula })
    }
}

impl fmt::Display for ValueRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.bound.as_str().replace('_', " ");
        write!(f, "{bound} {} % of the {}", self.percent, self.of.as_str().replace('_', " "))
    }
}

/// A criterion of the edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriterionRule {
    /// What it means, the same in every agreement.
    pub code: CriterionCode,
    /// What the form prints; `{percent}` stands for the percentage, `{heading}` for the four digits of the
    /// item's heading.
    pub printed: Figure<String>,
    /// Importing countries it is used for; without a value, all.
    pub to: Figure<Vec<Country>>,
    /// Whether it refers to the agreement's rules for single products.
    pub product_rule: bool,
    /// The percentage it needs; absent where it needs none.
    pub value: Option<Figure<ValueRule>>,
    /// The bases a percentage may be computed on; empty where the agreement knows one only.
    pub bases: Vec<ContentBasis>,
    /// What an officer should know.
    pub meaning: String,
}

impl CriterionRule {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required("code");
        let printed: Figure<String> = fields.figure("printed");
        let to = fields.figure("to");
        let product_rule = fields.optional("product_rule").unwrap_or_default();
        let value = fields.optional_figure("value");
        let bases: Vec<ContentBasis> = fields.optional("bases").unwrap_or_default();
        let meaning = fields.required("meaning");
        if value.is_none() && printed.value().is_some_and(|text| text.contains("{percent}")) {
            let message = "prints a percentage, so the criterion needs a `value` figure";
            fields.faults().add(&fields.at("printed.value"), message);
        }
        Some(Self { code: code?, printed, to, product_rule, value, bases, meaning: meaning? })
    }

    /// Reports criteria that mean the same.
    pub(super) fn tell_apart(criteria: &[Self], path: &str, faults: &Faults) {
        for (index, rule) in criteria.iter().enumerate() {
            if criteria.iter().take(index).any(|earlier| earlier.code == rule.code) {
                faults.add(&format!("{path}[{index}].code"), format!("criterion `{}` stands here twice", rule.code));
            }
        }
    }
}
