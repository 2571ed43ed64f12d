//! The certificate as it is issued, and the terms that make one of particulars.

use super::{
    code::{AgreementCode, CertificateNumber, EditionCode, FormCode, Language},
    commercial::Commercial,
    country::Country,
    declare::section,
    goods::Goods,
    party::{Consignee, Exporter},
    producer::Producer,
    reference::Reference,
    remarks::{Endorsement, Remarks},
    text::Text,
    transport::Transport,
};
use crate::time::Date;

section! {
    /// What a certificate says of itself in the clear.
    pub struct Flags {
        /// Issued after exportation, beyond the days the agreement leaves free.
        retrospective: bool,
        /// It takes an earlier certificate's place.
        replacement: bool,
        /// It is a certified true copy.
        true_copy: bool,
        /// It is issued on the basis of another country's certificate.
        back_to_back: bool,
        /// An item counts only towards another's origin.
        partial_cumulation: bool,
    }
}

section! {
    /// A certificate of origin, complete. Which of its parts are clear and which are disclosed is `statement`'s.
    pub struct Certificate {
        /// Agreement or scheme.
        agreement: AgreementCode,
        /// Edition of its rules.
        edition: EditionCode,
        /// Form.
        form: FormCode,
        /// Exporting country.
        from: Country,
        /// Importing country.
        to: Country,
        /// First day it may be used.
        valid_from: Date,
        /// Last day it may be used; null where the agreement states no limit.
        valid_until: Option<Date>,
        /// What it says of itself in the clear.
        flags: Flags,
        /// Number, date, place and office of issue; declaration; earlier certificates.
        reference: Reference,
        /// Who sends the goods.
        exporter: Exporter,
        /// Who receives them.
        consignee: Option<Consignee>,
        /// Who made them.
        producer: Option<Producer>,
        /// How they travel.
        transport: Option<Transport>,
        /// What they are.
        goods: Goods,
        /// Invoices and values.
        commercial: Option<Commercial>,
        /// Endorsements and references.
        remarks: Option<Remarks>,
    }
}

/// What a form prints for the criterion of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedCriterion {
    /// The item's number on the form.
    pub item: u32,
    /// The criterion as printed.
    pub criterion: Text<35>,
    /// The percentage as printed, where the item has one.
    pub percentage: Option<Text<10>>,
}

/// What the agreement decides for particulars issued on a certain day: everything of [`Terms`] but the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The civil date of issue judged.
    pub issued_on: Date,
    /// Edition of the rules in force.
    pub edition: EditionCode,
    /// Form to be used.
    pub form: FormCode,
    /// Edition of the form, as printed on it.
    pub form_edition: Option<Text<35>>,
    /// Languages of the form.
    pub languages: Vec<Language>,
    /// First day of use.
    pub valid_from: Date,
    /// Last day of use, if the agreement states one.
    pub valid_until: Option<Date>,
    /// Clear flags.
    pub flags: Flags,
    /// Endorsements to be printed besides those brought.
    pub endorsements: Vec<Endorsement>,
    /// What the form prints for each criterion brought without its printed form.
    pub printed: Vec<PrintedCriterion>,
}

impl Ruling {
    /// The terms with this number.
    #[must_use]
    pub const fn numbered(self, number: CertificateNumber) -> Terms {
        Terms { number, ruling: self }
    }
}

/// What issue adds to particulars: a number, and what the agreement decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The certificate's number.
    pub number: CertificateNumber,
    /// What the agreement decided.
    pub ruling: Ruling,
}
