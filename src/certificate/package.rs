//! Kinds of package by UN/ECE Recommendation 21.

use super::{
    error::CertificateError,
    member::{quoted, serde_by_member, text_member},
};
use std::{fmt, str::FromStr};

/// A kind of package by its code of UN/ECE Recommendation 21, such as `CT` (carton). The whole list (some four
/// hundred codes) is not held: a well-formed code outside the codes in trade use is taken, and the reader says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageCode([u8; 2]);

/// The codes in trade use, with their names, in order.
const IN_USE: &[([u8; 2], &str)] = &[(*b"BG", "bag"), (*b"CS", "case"), (*b"CT", "carton"), (*b"SA", "sack")];

impl PackageCode {
    /// The code, two characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters and digits ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its name in English, if it is in trade use.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let at = IN_USE.binary_search_by_key(&self.0, |(code, _)| *code).ok()?;
        IN_USE.get(at).map(|(_, name)| *name)
    }
}

impl FromStr for PackageCode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        if let Ok(code) = <[u8; 2]>::try_from(text.as_bytes())
            && code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Ok(Self(code));
        }
        let why = format!("`{}` is not a package code of UN/ECE Recommendation 21, such as CT (carton)", quoted(text));
        let meant = match text.to_ascii_lowercase().as_str() {
            "carton" | "cartons" | "ctn" | "ctns" => "CT",
            "bag" | "bags" => "BG",
            "case" | "cases" => "CS",
            "sack" | "sacks" => "SA",
            "pallet" | "pallets" => "PX",
            "drum" | "drums" => "DR",
            "bale" | "bales" => "BL",
            "roll" | "rolls" => "RO",
            "box" | "boxes" => "BX",
            "bulk" => "VR",
            _ => return Err(CertificateError::code("PACKAGE_CODE", why)),
        };
        Err(CertificateError::code_with_help("PACKAGE_CODE", why, format!("did you mean `{meant}`?")))
    }
}

impl fmt::Display for PackageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PackageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_member!(PackageCode, serde_json::json!({"type": "string", "pattern": "^[A-Z0-9]{2}$"}));
serde_by_member!(PackageCode);
