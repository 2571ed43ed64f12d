//! A process carried out, by code.

use crate::certificate::{
    CertificateError, Country, Text,
    declare::{section, text_member},
    reader::quoted,
};
use std::{fmt, str::FromStr};

/// Letters of a process code at most.
const LONGEST: usize = 50;

/// A process by its name in the agreement's rules, such as `CUT_AND_SEWN`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessCode(String);

impl ProcessCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProcessCode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if text.len() <= LONGEST && text.split('_').all(word) {
            return Ok(Self(text.to_owned()));
        }
        let why = format!(
            "`{}` is not a process code: up to {LONGEST} capital letters and digits, with single `_` between them",
            quoted(text)
        );
        let meant = text.trim().to_ascii_uppercase().replace([' ', '-'], "_");
        Err(if meant != text && meant.parse::<Self>().is_ok() {
            CertificateError::code_with_help("PROCESS_CODE", why, format!("did you mean `{meant}`?"))
        } else {
            CertificateError::code("PROCESS_CODE", why)
        })
    }
}

impl fmt::Display for ProcessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_member!(
    ProcessCode,
    serde_json::json!({"type": "string", "maxLength": LONGEST, "pattern": "^[A-Z0-9]+(_[A-Z0-9]+)*$"})
);

section! {
    /// A process carried out.
    pub struct Process {
        /// Which.
        code: ProcessCode,
        /// In which country; the exporting one where nothing is said.
        country: Option<Country>,
        /// What was done, in words.
        description: Option<Text<512>>,
        /// What shows that it was done: a record, a report of a visit.
        evidence: Option<Text<256>>,
    }
}
