//! Codes of the Harmonized System, with the edition they belong to.

use super::{
    declare::{section, text_member, words},
    error::CertificateError,
    reader::quoted,
};
use crate::time::Date;
use std::{fmt, str::FromStr};

words! {
    /// An edition of the Harmonized System. Six digits mean different goods in different editions.
    pub enum HsEdition("HS_EDITION") {
        /// In force from 1 January 2012.
        Hs2012 = "2012",
        /// In force from 1 January 2017.
        Hs2017 = "2017",
        /// In force from 1 January 2022.
        Hs2022 = "2022",
        /// In force from 1 January 2028.
        Hs2028 = "2028",
    }
}

impl HsEdition {
    /// The edition in force on a day; none before 2012. A country may go over to it later.
    #[must_use]
    pub fn in_force_on(date: Date) -> Option<Self> {
        Some(match date.year() {
            ..2012 => return None,
            2012..2017 => Self::Hs2012,
            2017..2022 => Self::Hs2017,
            2022..2028 => Self::Hs2022,
            2028.. => Self::Hs2028,
        })
    }
}

/// The digits of a tariff code: six of the Harmonized System, or up to ten with a country's own after them;
/// no points or spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HsDigits(String);

impl HsDigits {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first two digits.
    #[must_use]
    pub fn chapter(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The first four digits.
    #[must_use]
    pub fn heading(&self) -> &str {
        self.0.get(..4).unwrap_or_default()
    }

    /// The first six digits, all that countries have in common.
    #[must_use]
    pub fn subheading(&self) -> &str {
        self.0.get(..6).unwrap_or_default()
    }
}

impl FromStr for HsDigits {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(6..=10).contains(&text.len()) {
            let why = format!("`{}` is not an HS code: 6 to 10 digits without points or spaces", quoted(text));
            let bare: String = text.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
            return Err(if bare != text && bare.parse::<Self>().is_ok() {
                CertificateError::code_with_help("HS_CODE", why, format!("did you mean `{bare}`?"))
            } else {
                CertificateError::code("HS_CODE", why)
            });
        }
        // 77 is reserved by the WCO for future use; 98 and 99 are left to countries.
        if text.starts_with("00") || text.starts_with("77") {
            return Err(CertificateError::code("HS_CODE", format!("`{text}`: the HS has no such chapter")));
        }
        if text.get(2..4) == Some("00") && text < "98" {
            return Err(CertificateError::code("HS_CODE", format!("`{text}`: the HS has no heading 00")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HsDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_member!(HsDigits, serde_json::json!({"type": "string", "pattern": "^[0-9]{6,10}$"}));

section! {
    /// A code of the Harmonized System with its edition.
    pub struct HsCode {
        /// Six digits, or up to ten where the agreement wants the importing country's own.
        code: HsDigits,
        /// The edition the code belongs to.
        edition: HsEdition,
    }
}

impl fmt::Display for HsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HS {})", self.code, self.edition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_bare_and_of_a_chapter_that_exists() {
        let footballs: HsDigits = "950662".parse().unwrap();
        assert_eq!((footballs.chapter(), footballs.heading(), footballs.subheading()), ("95", "9506", "950662"));
        assert_eq!("9506621000".parse::<HsDigits>().unwrap().subheading(), "950662");
        for bad in ["", "9506", "95066", "95066210001", "9506.62", "95O662", "000101", "770101", "950000", "٩٥٠٦٦٢"]
        {
            assert!(bad.parse::<HsDigits>().is_err(), "{bad}");
        }
    }

    #[test]
    fn points_are_named_as_the_slip_they_are() {
        let Err(CertificateError::Code { help, .. }) = "9506.62".parse::<HsDigits>() else { panic!("points") };
        assert_eq!(help.as_deref(), Some("did you mean `950662`?"));
    }
}
