//! Who takes part: names as registered, in any script, with the numbers their countries know them by.

use super::{country::Country, declare::section, locode::Locode, text::Text};
use crate::time::Date;

section! {
    /// A number a country or a register knows a party by.
    pub struct NationalId {
        /// The kind of number, such as `NTN`, `USCC`, `KRA PIN`, `EORI`.
        scheme: Text<35>,
        /// The number.
        number: Text<35>,
    }
}

section! {
    /// A person or firm.
    pub struct Party {
        /// Name as registered.
        name: Text<256>,
        /// The name in another script or language, where the form shows both.
        other_name: Option<Text<256>>,
        /// Address, line by line, without the country.
        address: Vec<Text<256>>,
        /// The country of the address, by ISO 3166-1.
        country: Country,
        /// National and registration numbers.
        ids: Vec<NationalId>,
        /// Telephone number.
        telephone: Option<Text<35>>,
        /// E-mail address.
        email: Option<Text<254>>,
    }
}

section! {
    /// A registration or approval of an exporter.
    pub struct Registration {
        /// The number.
        number: Text<35>,
        /// Last day it is good for, if it ends.
        valid_until: Option<Date>,
    }
}

section! {
    /// Section `exporter`: who sends the goods.
    pub struct Exporter {
        /// The exporter.
        party: Party,
        /// Registered or approved exporter, where the agreement knows such.
        registration: Option<Registration>,
        /// The agent who filed for the exporter.
        agent: Option<Party>,
    }
}

section! {
    /// Section `consignee`: who receives the goods. At least one of `to_order` and `party` is given; both
    /// together read "to the order of" the party.
    pub struct Consignee {
        /// The goods are consigned to order.
        to_order: bool,
        /// The consignee.
        party: Option<Party>,
        /// The importer, where another than the consignee.
        importer: Option<Party>,
        /// Who is to be notified of arrival.
        notify: Vec<Party>,
        /// Who claims the preference, where another than the importer.
        claimant: Option<Party>,
    }
}

section! {
    /// A place, by code, name or both.
    pub struct Place {
        /// UN/LOCODE.
        locode: Option<Locode>,
        /// The name as the form shows it.
        name: Option<Text<256>>,
    }
}
