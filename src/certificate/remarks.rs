//! Section `remarks`: endorsements, third parties, references and what else the form says in its box.

use super::{
    code::{BoxNumber, EndorsementCode},
    country::Country,
    declare::{section, words},
    party::Party,
    text::Text,
};
use crate::time::Date;

section! {
    /// An endorsement as the agreement words it.
    pub struct Endorsement {
        /// Canonical name.
        code: EndorsementCode,
        /// The exact text printed.
        text: Text<256>,
        /// The box of the form it stands in.
        form_box: Option<BoxNumber>,
    }
}

words! {
    /// What a third party does.
    pub enum ThirdPartyRole("THIRD_PARTY_ROLE") {
        /// Invoices from a country that is not a party.
        Invoicing = "invoicing",
        /// Trades between exporter and importer.
        Trading = "trading",
    }
}

section! {
    /// An operator of a third country.
    pub struct ThirdParty {
        /// What it does.
        role: ThirdPartyRole,
        /// Who it is.
        party: Party,
    }
}

section! {
    /// An exhibition the goods were shown at.
    pub struct Exhibition {
        /// Its name.
        name: Text<256>,
        /// Its address, line by line.
        address: Vec<Text<256>>,
        /// Its country.
        country: Country,
        /// First day.
        from: Option<Date>,
        /// Last day.
        until: Option<Date>,
    }
}

section! {
    /// A certificate of a tariff-rate quota.
    pub struct QuotaCertificate {
        /// Its number.
        number: Text<70>,
        /// The quota year.
        year: u32,
    }
}

words! {
    /// Kind of document referred to.
    pub enum ReferenceKind("REFERENCE_KIND") {
        /// Unique consignment reference (UCR).
        Ucr = "ucr",
        /// Export declaration.
        ExportDeclaration = "export_declaration",
        /// Letter of credit.
        LetterOfCredit = "letter_of_credit",
        /// Contract of sale.
        Contract = "contract",
        /// Purchase order.
        PurchaseOrder = "purchase_order",
        /// Claim of preference at import.
        PreferenceClaim = "preference_claim",
        /// Any other paper; the number says which.
        Other = "other",
    }
}

section! {
    /// A document referred to.
    pub struct DocumentReference {
        /// Its kind.
        kind: ReferenceKind,
        /// Its number.
        number: Text<70>,
        /// Its date.
        date: Option<Date>,
    }
}

section! {
    /// Section `remarks`.
    pub struct Remarks {
        /// Endorsements.
        endorsements: Vec<Endorsement>,
        /// Operators of third countries.
        third_parties: Vec<ThirdParty>,
        /// The exhibition, if the goods came from one.
        exhibition: Option<Exhibition>,
        /// The quota certificate, if any.
        quota: Option<QuotaCertificate>,
        /// Documents referred to.
        references: Vec<DocumentReference>,
        /// Free text.
        text: Option<Text<1024>>,
    }
}

impl Remarks {
    /// Remarks that say nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            endorsements: Vec::new(),
            third_parties: Vec::new(),
            exhibition: None,
            quota: None,
            references: Vec::new(),
            text: None,
        }
    }
}
