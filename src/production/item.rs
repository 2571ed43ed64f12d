//! The declaration as a whole, item by item.

use super::{
    cost::{CostStatement, Costs},
    material::Material,
    obtained::Obtained,
    price::Price,
    process::Process,
};
use crate::certificate::{Measure, declare::section};

section! {
    /// How one item of the certificate was made.
    pub struct ItemProduction {
        /// The item's number on the form.
        item: u32,
        /// The quantity the figures are for; where nothing is said, the whole item.
        per: Option<Measure>,
        /// That it was wholly obtained, and how.
        obtained: Option<Obtained>,
        /// The materials used.
        materials: Vec<Material>,
        /// The list of materials is complete.
        materials_complete: bool,
        /// Costs beside the materials.
        costs: Option<Costs>,
        /// What the goods are sold at.
        price: Option<Price>,
        /// Their weight, for tolerances by weight.
        weight: Option<Measure>,
        /// Processes carried out.
        processes: Vec<Process>,
        /// Whether nothing was done but operations that never confer origin: packing, sorting, simple assembly.
        minimal_operations_only: Option<bool>,
    }
}

section! {
    /// How the goods of a certificate were made, as the exporter declares it.
    pub struct Production {
        /// The items.
        items: Vec<ItemProduction>,
        /// Cost statements the figures stand on.
        cost_statements: Vec<CostStatement>,
    }
}

impl Production {
    /// The declaration of an item, by its number on the form.
    #[must_use]
    pub fn item(&self, number: u32) -> Option<&ItemProduction> {
        self.items.iter().find(|item| item.item == number)
    }
}
