//! Section `commercial`: invoices and values, as far as the form shows them.

use super::{
    currency::Currency,
    declare::{section, words},
    measure::Amount,
    party::Party,
    text::Text,
};
use crate::{encoding::Decimal, time::Date};

words! {
    /// Delivery term of Incoterms 2020, with those of 2010 and before that are still in use.
    pub enum Incoterm("INCOTERM") {
        /// Ex works.
        Exw = "EXW",
        /// Free carrier.
        Fca = "FCA",
        /// Free alongside ship.
        Fas = "FAS",
        /// Free on board.
        Fob = "FOB",
        /// Cost and freight.
        Cfr = "CFR",
        /// Cost, insurance and freight.
        Cif = "CIF",
        /// Carriage paid to.
        Cpt = "CPT",
        /// Carriage and insurance paid to.
        Cip = "CIP",
        /// Delivered at place.
        Dap = "DAP",
        /// Delivered at place unloaded.
        Dpu = "DPU",
        /// Delivered at terminal (Incoterms 2010).
        Dat = "DAT",
        /// Delivered duty paid.
        Ddp = "DDP",
    }
}

section! {
    /// A delivery term with its place.
    pub struct DeliveryTerm {
        /// The term.
        incoterm: Incoterm,
        /// The place named.
        place: Option<Text<256>>,
    }
}

section! {
    /// An invoice.
    pub struct Invoice {
        /// Its number.
        number: Text<70>,
        /// Its date.
        date: Date,
        /// Its amount.
        amount: Option<Amount>,
        /// Its delivery term.
        delivery: Option<DeliveryTerm>,
        /// Who issued it, where another than the exporter.
        issued_by: Option<Party>,
    }
}

words! {
    /// On which basis goods are valued.
    pub enum ValueBasis("VALUE_BASIS") {
        /// Free on board.
        Fob = "fob",
        /// Ex works.
        ExWorks = "ex_works",
        /// Ex factory.
        ExFactory = "ex_factory",
        /// Cost, insurance and freight.
        Cif = "cif",
        /// As invoiced.
        Invoice = "invoice",
    }
}

section! {
    /// The value of an item.
    pub struct ItemValue {
        /// The item's number on the form.
        item: u32,
        /// On which basis.
        basis: ValueBasis,
        /// How much.
        amount: Amount,
        /// The invoice it stands on.
        invoice: Option<Text<70>>,
    }
}

section! {
    /// The rate between the invoice's currency and the certificate's.
    pub struct ExchangeRate {
        /// The invoice's currency.
        from: Currency,
        /// The certificate's currency.
        to: Currency,
        /// Units of `to` for one unit of `from`: a decimal as text.
        rate: Decimal,
        /// The day of the rate.
        date: Date,
        /// Who published it.
        source: Option<Text<256>>,
    }
}

words! {
    /// Which way an adjustment goes.
    pub enum AdjustmentKind("ADJUSTMENT") {
        /// Added to the invoiced amount.
        Added = "added",
        /// Taken from the invoiced amount.
        Deducted = "deducted",
    }
}

section! {
    /// An adjustment between the invoiced amount and the value certified.
    pub struct Adjustment {
        /// Which way it goes.
        kind: AdjustmentKind,
        /// What it is, such as freight or inland carriage.
        reason: Text<70>,
        /// How much.
        amount: Amount,
    }
}

section! {
    /// Section `commercial`.
    pub struct Commercial {
        /// The invoices.
        invoices: Vec<Invoice>,
        /// Values by item.
        item_values: Vec<ItemValue>,
        /// The value of all goods.
        total: Option<Amount>,
        /// The rates used.
        exchange_rates: Vec<ExchangeRate>,
        /// Adjustments made.
        adjustments: Vec<Adjustment>,
    }
}
