//! The certificate as signed: what is shown, and what its holder withheld.

use crate::time::Date;
use serde::Serialize;

/// The certificate as signed. Only what the signature and the digests cover stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Code of the agreement.
    pub agreement: String,
    /// Edition of the agreement.
    pub edition: String,
    /// Form of the agreement.
    pub form: String,
    /// Exporting country, ISO 3166-1 alpha-2.
    pub from: String,
    /// Importing country, ISO 3166-1 alpha-2.
    pub to: String,
    /// First day of validity.
    #[serde(with = "crate::time::serde_date")]
    pub valid_from: Date,
    /// Last day of validity; absent where the agreement states no limit.
    #[serde(with = "crate::time::serde_date::option")]
    pub valid_until: Option<Date>,
    /// Names of the flags that are set: `retrospective`, `replacement`, `true_copy`, `back_to_back`,
    /// `partial_cumulation`.
    pub flags: Vec<&'static str>,
    /// The eight sections in the order of the format.
    pub sections: Vec<Section>,
    /// Names of the sections that are withheld.
    pub redacted: Vec<&'static str>,
}

/// One section of the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name in the format.
    pub name: &'static str,
    /// Whether it was presented.
    pub shown: bool,
    /// Its contents as signed; null where it was withheld, or is signed as null.
    pub contents: serde_json::Value,
}
