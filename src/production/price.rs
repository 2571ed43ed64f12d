//! A price with its delivery term, and the listed steps by which it becomes a price at another place.

use crate::{
    certificate::{
        Currency, Incoterm,
        declare::{section, words},
    },
    encoding::Decimal,
};
use std::fmt::Write;

words! {
    /// What lies between the delivery term of a price and another one.
    pub enum Step("PRICE_STEP") {
        /// Carriage from the factory to the port, station or airport of export.
        InlandCarriage = "inland_carriage",
        /// Charges of export: handling, loading, clearance.
        Loading = "loading",
        /// Main carriage.
        Freight = "freight",
        /// Insurance of the main carriage.
        Insurance = "insurance",
        /// Unloading and carriage to the place of delivery.
        Delivery = "delivery",
        /// Duties and taxes of import.
        Duty = "duty",
    }
}

section! {
    /// What one step costs, in the currency of the price; `0` where it costs nothing.
    pub struct PriceStep {
        /// Which step.
        step: Step,
        /// How much: a decimal as text.
        value: Decimal,
    }
}

section! {
    /// A price, on the delivery term it was agreed or paid on.
    pub struct Price {
        /// How much: a decimal as text.
        value: Decimal,
        /// The currency, by ISO 4217.
        currency: Currency,
        /// The delivery term; without one, a price paid for a material within the country of production.
        term: Option<Incoterm>,
        /// What lies between this term and the one a rule asks for.
        adjustments: Vec<PriceStep>,
    }
}

/// A price at a place, as rules of origin ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// At the factory gate.
    ExWorks,
    /// On board in the country of export.
    Fob,
    /// With freight and insurance to the country of import.
    Cif,
}

impl Basis {
    /// The basis in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExWorks => "ex works",
            Self::Fob => "FOB",
            Self::Cif => "CIF",
        }
    }

    const fn stage(self) -> usize {
        match self {
            Self::ExWorks => 0,
            Self::Fob => 2,
            Self::Cif => 4,
        }
    }
}

/// The steps in order: step `n` leads from stage `n` to stage `n + 1`.
const STEPS: [Step; 6] =
    [Step::InlandCarriage, Step::Loading, Step::Freight, Step::Insurance, Step::Delivery, Step::Duty];

/// How far goods have come, by Incoterms 2020: before how many steps the seller's price ends.
const fn stage(term: Incoterm) -> usize {
    match term {
        Incoterm::Exw => 0,
        Incoterm::Fca | Incoterm::Fas => 1,
        Incoterm::Fob => 2,
        Incoterm::Cfr | Incoterm::Cpt => 3,
        Incoterm::Cif | Incoterm::Cip => 4,
        Incoterm::Dap | Incoterm::Dpu | Incoterm::Dat => 5,
        Incoterm::Ddp => 6,
    }
}

/// Why a price on another basis cannot be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The price names no delivery term.
    Term,
    /// A step that lies between is not listed.
    Step(Step),
    /// The steps taken off are more than the price.
    Negative,
    /// The figures are too large to add.
    Overflow,
}

impl Price {
    /// The steps between this price and `basis`, in the order of the journey, and whether they are added.
    /// None without a delivery term.
    fn between(&self, basis: Basis) -> Option<(&'static [Step], bool)> {
        let (here, there) = (stage(self.term?), basis.stage());
        let steps = STEPS.get(here.min(there)..here.max(there))?;
        Some((steps, here < there))
    }

    /// The price on `basis`, exact, in the price's currency: every step between the two terms must be listed.
    pub fn at(&self, basis: Basis) -> Result<Decimal, Missing> {
        let (steps, added) = self.between(basis).ok_or(Missing::Term)?;
        let mut sum = Decimal::ZERO;
        for step in steps {
            // A step listed twice (two carriers) is added twice.
            let mut listed = self.adjustments.iter().filter(|listed| listed.step == *step).peekable();
            if listed.peek().is_none() {
                return Err(Missing::Step(*step));
            }
            for one in listed {
                sum = sum.checked_add(one.value).ok_or(Missing::Overflow)?;
            }
        }
        if added {
            self.value.checked_add(sum).ok_or(Missing::Overflow)
        } else {
            self.value.checked_sub(sum).ok_or(Missing::Negative)
        }
    }

    /// Whether the steps listed that its term includes come to more than the price itself: no price leaves goods of less
    /// than nothing.
    #[must_use]
    pub fn is_exceeded(&self) -> bool {
        let included = self.term.and_then(|term| STEPS.get(..stage(term))).unwrap_or_default();
        let mut listed = self.adjustments.iter().filter(|listed| included.contains(&listed.step));
        let sum = listed.try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one.value));
        sum.is_none_or(|sum| sum > self.value)
    }

    /// How the price on `basis` comes about, such as `130000 CIF - 8000 freight - 1200 insurance`.
    #[must_use]
    pub fn working(&self, basis: Basis) -> String {
        let term = self.term.map_or_else(String::new, |term| format!(" {term}"));
        let mut text = format!("{} {}{term}", self.value, self.currency);
        let Some((steps, added)) = self.between(basis) else { return text };
        let sign = if added { '+' } else { '-' };
        for one in self.adjustments.iter().filter(|listed| steps.contains(&listed.step)) {
            // Writing to a String cannot fail.
            let _ = write!(text, " {sign} {} {}", one.value, one.step.as_str().replace('_', " "));
        }
        text
    }
}
