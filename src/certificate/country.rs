//! Countries and territories by ISO 3166-1 alpha-2.

use super::{
    declare::{shown_as_text, text_member},
    error::CertificateError,
    reader::quoted,
};
use std::str::FromStr;

/// A country or territory of ISO 3166-1, such as `PK`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

/// The 249 codes assigned, in order.
const ASSIGNED: [[u8; 2]; 249] = [
    *b"AD", *b"AE", *b"AF", *b"AG", *b"AI", *b"AL", *b"AM", *b"AO", *b"AQ", *b"AR", *b"AS", *b"AT", *b"AU", *b"AW",
    *b"AX", *b"AZ", *b"BA", *b"BB", *b"BD", *b"BE", *b"BF", *b"BG", *b"BH", *b"BI", *b"BJ", *b"BL", *b"BM", *b"BN",
    *b"BO", *b"BQ", *b"BR", *b"BS", *b"BT", *b"BV", *b"BW", *b"BY", *b"BZ", *b"CA", *b"CC", *b"CD", *b"CF", *b"CG",
    *b"CH", *b"CI", *b"CK", *b"CL", *b"CM", *b"CN", *b"CO", *b"CR", *b"CU", *b"CV", *b"CW", *b"CX", *b"CY", *b"CZ",
    *b"DE", *b"DJ", *b"DK", *b"DM", *b"DO", *b"DZ", *b"EC", *b"EE", *b"EG", *b"EH", *b"ER", *b"ES", *b"ET", *b"FI",
    *b"FJ", *b"FK", *b"FM", *b"FO", *b"FR", *b"GA", *b"GB", *b"GD", *b"GE", *b"GF", *b"GG", *b"GH", *b"GI", *b"GL",
    *b"GM", *b"GN", *b"GP", *b"GQ", *b"GR", *b"GS", *b"GT", *b"GU", *b"GW", *b"GY", *b"HK", *b"HM", *b"HN", *b"HR",
    *b"HT", *b"HU", *b"ID", *b"IE", *b"IL", *b"IM", *b"IN", *b"IO", *b"IQ", *b"IR", *b"IS", *b"IT", *b"JE", *b"JM",
    *b"JO", *b"JP", *b"KE", *b"KG", *b"KH", *b"KI", *b"KM", *b"KN", *b"KP", *b"KR", *b"KW", *b"KY", *b"KZ", *b"LA",
    *b"LB", *b"LC", *b"LI", *b"LK", *b"LR", *b"LS", *b"LT", *b"LU", *b"LV", *b"LY", *b"MA", *b"MC", *b"MD", *b"ME",
    *b"MF", *b"MG", *b"MH", *b"MK", *b"ML", *b"MM", *b"MN", *b"MO", *b"MP", *b"MQ", *b"MR", *b"MS", *b"MT", *b"MU",
    *b"MV", *b"MW", *b"MX", *b"MY", *b"MZ", *b"NA", *b"NC", *b"NE", *b"NF", *b"NG", *b"NI", *b"NL", *b"NO", *b"NP",
    *b"NR", *b"NU", *b"NZ", *b"OM", *b"PA", *b"PE", *b"PF", *b"PG", *b"PH", *b"PK", *b"PL", *b"PM", *b"PN", *b"PR",
    *b"PS", *b"PT", *b"PW", *b"PY", *b"QA", *b"RE", *b"RO", *b"RS", *b"RU", *b"RW", *b"SA", *b"SB", *b"SC", *b"SD",
    *b"SE", *b"SG", *b"SH", *b"SI", *b"SJ", *b"SK", *b"SL", *b"SM", *b"SN", *b"SO", *b"SR", *b"SS", *b"ST", *b"SV",
    *b"SX", *b"SY", *b"SZ", *b"TC", *b"TD", *b"TF", *b"TG", *b"TH", *b"TJ", *b"TK", *b"TL", *b"TM", *b"TN", *b"TO",
    *b"TR", *b"TT", *b"TV", *b"TW", *b"TZ", *b"UA", *b"UG", *b"UM", *b"US", *b"UY", *b"UZ", *b"VA", *b"VC", *b"VE",
    *b"VG", *b"VI", *b"VN", *b"VU", *b"WF", *b"WS", *b"YE", *b"YT", *b"ZA", *b"ZM", *b"ZW",
];

impl Country {
    /// The code, two capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        if let Ok(code) = <[u8; 2]>::try_from(text.as_bytes())
            && ASSIGNED.binary_search(&code).is_ok()
        {
            return Ok(Self(code));
        }
        let why = format!("`{}` is not a country code of ISO 3166-1 alpha-2", quoted(text));
        let upper = text.to_ascii_uppercase();
        let meant = match upper.as_str() {
            // The two everybody gets wrong: the codes assigned are GB and GR.
            "UK" => Some("GB"),
            "EL" => Some("GR"),
            _ if upper != text && upper.parse::<Self>().is_ok() => Some(upper.as_str()),
            _ => None,
        };
        Err(match meant {
            Some(meant) => CertificateError::code_with_help("COUNTRY", why, format!("did you mean `{meant}`?")),
            None => CertificateError::code("COUNTRY", why),
        })
    }
}

shown_as_text!(Country);
text_member!(Country, serde_json::json!({"type": "string", "pattern": "^[A-Z]{2}$"}));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_every_code_is_found() {
        assert!(ASSIGNED.is_sorted());
        for code in ASSIGNED {
            let text = std::str::from_utf8(&code).unwrap();
            assert_eq!(text.parse::<Country>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn codes_not_assigned_are_refused_and_the_common_slips_are_named() {
        for bad in ["", "P", "pk", "PAK", "ZZ", "XX", "EU", "AN", "P\u{212A}", "中"] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
        let Err(CertificateError::Code { help, .. }) = "UK".parse::<Country>() else { panic!("UK is not assigned") };
        assert_eq!(help.as_deref(), Some("did you mean `GB`?"));
    }
}
