//! What a certificate of origin says: its sections, its code types, and the reader that reports every mistake at once.
//!
//! What always holds: a value of these types is well-formed; a section writes one closed shape, every member
//! present and null where there is nothing, and reads back nothing else; what is brought to be issued
//! ([`Particulars`]) may leave optional members out, and either reads or gets every finding at once.
//! Not its business: what an agreement demands (`agreement`), how a certificate is signed (`statement`), and
//! what belongs to the application and never enters a certificate: cost statements, fees, evidence.

pub mod asked;
pub mod check;
pub mod code;
pub mod commercial;
pub mod container_number;
mod conversion;
pub mod country;
pub mod currency;
pub(crate) mod declare;
pub mod digest;
pub mod error;
pub mod finding;
pub mod goods;
pub mod hs;
pub mod issued;
pub mod locode;
pub mod measure;
pub(crate) mod member;
pub(crate) mod node;
pub mod offset_dates;
pub mod package;
pub mod particulars;
pub mod party;
mod printable;
pub mod producer;
pub(crate) mod reader;
pub mod reference;
pub mod remarks;
pub mod remnant;
pub mod schema;
pub mod spelling;
mod stand_in;
pub mod text;
pub mod transport;
pub mod unit;

pub use asked::Asked;
pub use code::{
    AgreementCode, BoxNumber, CertificateNumber, CriterionCode, EditionCode, EndorsementCode, FormCode, Language,
    OfficeCode, TariffCode,
};
pub use commercial::{
    Adjustment, AdjustmentKind, Commercial, DeliveryTerm, ExchangeRate, Incoterm, Invoice, ItemValue, ValueBasis,
};
pub use container_number::ContainerNumber;
pub use country::Country;
pub use currency::Currency;
pub use digest::Sha256;
pub use error::CertificateError;
pub use finding::{Finding, Findings, Severity};
pub use goods::{ContentBasis, Criterion, Goods, Item, NationalCode, Packages, Percentage, RuleMetBy, Totals};
pub use hs::{HsCode, HsDigits, HsEdition};
pub use issued::{Certificate, Flags, PrintedCriterion, Ruling, Terms};
pub use locode::Locode;
pub use measure::{Amount, Measure};
pub use offset_dates::offset_dates;
pub use package::PackageCode;
pub use particulars::{ApplicationFacts, Particulars, Reading, ReferenceParticulars};
pub use party::{Consignee, Exporter, NationalId, Party, Place, Registration};
pub use producer::Producer;
pub use reference::{
    Declaration, DeclarationMeans, DeclarationSignature, Instant, IssuingOffice, PriorCertificate, QuantityDrawn,
    Reference, Relation, Signatory, SigningRole,
};
pub use remarks::{
    DocumentReference, Endorsement, Exhibition, QuotaCertificate, ReferenceKind, Remarks, ThirdParty, ThirdPartyRole,
};
pub use remnant::{Remnant, Unread};
pub use spelling::{is_legal_form, number_as_read, plain, within};
pub use text::Text;
pub use transport::{
    Container, Departure, DepartureBasis, Leg, NonManipulation, Transport, TransportDocument, TransportDocumentKind,
    TransportMode,
};
pub use unit::UnitCode;
