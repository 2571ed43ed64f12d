//! What the production of an item cost, and the cost statement it is held against.

use crate::{
    certificate::{Amount, Measure, Text, declare::section},
    time::Date,
};

section! {
    /// A cost that is neither material, labour nor overheads.
    pub struct OtherCost {
        /// What it is for.
        description: Text<256>,
        /// How much.
        amount: Amount,
        /// Net cost leaves it out: sales promotion, royalties, shipping, interest and the like.
        outside_net_cost: bool,
    }
}

section! {
    /// Costs of production beside the materials, for the quantity the item is declared for.
    pub struct Costs {
        /// Direct labour.
        labour: Option<Amount>,
        /// Direct overheads.
        overheads: Option<Amount>,
        /// Other costs.
        other: Vec<OtherCost>,
        /// The producer's profit.
        profit: Option<Amount>,
        /// The ex-factory cost as the books have it: all costs up to the factory gate, without profit.
        ex_factory_cost: Option<Amount>,
    }
}

section! {
    /// What a cost statement says of one item.
    pub struct CostLine {
        /// The item's number on the form.
        item: u32,
        /// All materials.
        materials: Option<Amount>,
        /// Direct labour.
        labour: Option<Amount>,
        /// Direct overheads.
        overheads: Option<Amount>,
        /// The quantity its figures are for; where nothing is said, the same as the item's.
        per: Option<Measure>,
    }
}

section! {
    /// A cost statement, which materials and labour must add up to.
    pub struct CostStatement {
        /// Its reference.
        reference: Text<70>,
        /// Its date.
        date: Date,
        /// Last day it is good for.
        valid_until: Option<Date>,
        /// The body that verified it.
        verified_by: Option<Text<256>>,
        /// What it says, item by item.
        lines: Vec<CostLine>,
    }
}
