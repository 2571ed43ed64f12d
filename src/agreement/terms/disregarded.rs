//! What is disregarded: a little material that does not meet the rule, a consignment of little value.

use crate::{
    agreement::{
        fields::{Faults, Fields, FromValue, words},
        origin::HsRange,
    },
    certificate::Currency,
    encoding::Decimal,
};
use std::fmt;
use toml::Value;

/// How much non-originating material that does not meet the rule is disregarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeMinimis {
    /// Per cent, and of what.
    pub share: Tolerance,
    /// For some goods another share may be kept to instead, such as one of the weight for textiles.
    pub or: Vec<(HsRange, Tolerance)>,
}

/// A share that is disregarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Per cent.
    pub percent: Decimal,
    /// Of what.
    pub of: ValueBase,
}

/// `{ hs = "50-63", percent = "10", of = "weight" }`
struct Instead(HsRange, Tolerance);

impl FromValue for Instead {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let hs = fields.required("hs");
        let (percent, of) = (fields.required("percent"), fields.required("of"));
        fields.close();
        Some(Self(hs?, Tolerance { percent: percent?, of: of? }))
    }
}

impl FromValue for DeMinimis {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (percent, of) = (fields.required("percent"), fields.required("of"));
        let or = fields.optional::<Vec<Instead>>("or").unwrap_or_default();
        fields.close();
        let or = or.into_iter().map(|Instead(hs, share)| (hs, share)).collect();
        Some(Self { share: Tolerance { percent: percent?, of: of? }, or })
    }
}

words! {
    /// What a percentage is taken of.
    ValueBase {
        /// Value free on board.
        Fob = "fob",
        /// Price at the factory gate.
        ExWorks = "ex_works",
        /// Cost at the factory gate.
        ExFactoryCost = "ex_factory_cost",
        /// Cost of all materials used.
        TotalCostOfMaterials = "total_cost_of_materials",
        /// Weight of the goods.
        Weight = "weight",
    }
}

/// An amount below which no certificate is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// How much.
    pub amount: Decimal,
    /// In which currency.
    pub currency: Currency,
}

impl FromValue for Waiver {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (amount, currency) = (fields.required("amount"), fields.required("currency"));
        fields.close();
        Some(Self { amount: amount?, currency: currency? })
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
