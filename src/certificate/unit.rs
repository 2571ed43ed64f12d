//! Units of measure by UN/ECE Recommendation 20.

use super::{
    error::CertificateError,
    member::{quoted, serde_by_member, text_member},
};
use std::{fmt, str::FromStr};

/// A unit by its common code of UN/ECE Recommendation 20, such as `KGM`. The whole list (some two thousand
/// codes) is not held: a well-formed code outside the codes in trade use is taken, and the reader says so.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitCode(String);

/// The codes in trade use, with their names, in order.
const IN_USE: &[(&str, &str)] =
    &[("C62", "one"), ("H87", "piece"), ("KGM", "kilogram"), ("SET", "set"), ("TNE", "tonne (metric ton)")];

impl UnitCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name in English, if it is in trade use.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        let at = IN_USE.binary_search_by_key(&self.0.as_str(), |(code, _)| code).ok()?;
        IN_USE.get(at).map(|(_, name)| *name)
    }
}

impl FromStr for UnitCode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let form = (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if form {
            return Ok(Self(text.to_owned()));
        }
        let why = format!("`{}` is not a unit code of UN/ECE Recommendation 20, such as KGM", quoted(text));
        let meant = match text.to_ascii_lowercase().as_str() {
            "kg" | "kgs" | "kilogram" | "kilograms" => "KGM",
            "t" | "mt" | "ton" | "tons" | "tonne" | "tonnes" => "TNE",
            "g" | "gram" | "grams" => "GRM",
            "l" | "litre" | "litres" | "liter" | "liters" => "LTR",
            "pc" | "pcs" | "piece" | "pieces" => "H87",
            "pair" | "pairs" => "PR",
            "sets" | "set" => "SET",
            "m" | "metre" | "metres" | "meter" | "meters" => "MTR",
            "m2" | "m²" | "sqm" => "MTK",
            "m3" | "m³" | "cbm" => "MTQ",
            "dozen" | "doz" => "DZN",
            _ => return Err(CertificateError::code("UNIT_CODE", why)),
        };
        Err(CertificateError::code_with_help("UNIT_CODE", why, format!("did you mean `{meant}`?")))
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_member!(UnitCode, serde_json::json!({"type": "string", "pattern": "^[A-Z0-9]{2,3}$"}));
serde_by_member!(UnitCode);
