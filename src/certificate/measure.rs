//! Quantities, weights and amounts: an exact decimal and its unit or currency.

use super::{currency::Currency, declare::section, unit::UnitCode};
use crate::encoding::Decimal;
use std::fmt;

section! {
    /// A quantity or weight.
    pub struct Measure {
        /// How much: a decimal as text.
        value: Decimal,
        /// The unit, by UN/ECE Recommendation 20.
        unit: UnitCode,
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

section! {
    /// An amount of money.
    pub struct Amount {
        /// How much: a decimal as text.
        value: Decimal,
        /// The currency, by ISO 4217.
        currency: Currency,
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.currency)
    }
}
