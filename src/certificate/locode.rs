//! Places by UN/LOCODE.

use super::{
    country::Country,
    declare::{shown_as_text, text_member},
    error::CertificateError,
    reader::quoted,
};
use std::str::FromStr;

/// A place by UN/LOCODE, such as `PKKHI`: a country of ISO 3166-1 (or `XZ`, international waters) and three
/// letters or digits from 2 to 9. The list of places is not held here, so only the form is known to be right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locode([u8; 5]);

impl Locode {
    /// The code, five characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters and digits ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The country the place is in; `None` in international waters.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.as_str().get(..2)?.parse().ok()
    }
}

impl FromStr for Locode {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let fault = |why: &str| CertificateError::code("LOCODE", format!("`{}` {why}", quoted(text)));
        let code = <[u8; 5]>::try_from(text.as_bytes())
            .map_err(|_| fault("is not a UN/LOCODE: five characters, such as PKKHI"))?;
        let [a, b, place @ ..] = code;
        if !place.iter().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'9').contains(byte)) {
            return Err(fault("is not a UN/LOCODE: after the country come capital letters or digits from 2 to 9"));
        }
        let prefix = [a, b];
        let known = prefix == *b"XZ" || std::str::from_utf8(&prefix).is_ok_and(|p| p.parse::<Country>().is_ok());
        if known { Ok(Self(code)) } else { Err(fault("does not begin with a country code of ISO 3166-1")) }
    }
}

shown_as_text!(Locode);
text_member!(Locode, serde_json::json!({"type": "string", "pattern": "^[A-Z]{2}[A-Z2-9]{3}$"}));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_country_and_three_characters() {
        let karachi: Locode = "PKKHI".parse().unwrap();
        assert_eq!(karachi.country().map(|country| country.to_string()).as_deref(), Some("PK"));
        assert_eq!("XZSEA".parse::<Locode>().unwrap().country(), None);
        for bad in ["", "PK", "PK KHI", "pkkhi", "ZZKHI", "PKKH1", "PKKH0", "PKKHIX", "ПККХИ"] {
            assert!(bad.parse::<Locode>().is_err(), "{bad}");
        }
    }
}
