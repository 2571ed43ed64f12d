//! Currencies by ISO 4217.

use super::{
    declare::{shown_as_text, text_member},
    error::CertificateError,
    finding::Finding,
    reader::quoted,
};
use std::str::FromStr;

/// A currency, fund or precious metal of ISO 4217, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The codes in force, in order; without `XTS` (for tests) and `XXX` (no currency), in which no amount is owed.
const ACTIVE: [[u8; 3]; 176] = [
    *b"AED", *b"AFN", *b"ALL", *b"AMD", *b"AOA", *b"ARS", *b"AUD", *b"AWG", *b"AZN", *b"BAM", *b"BBD", *b"BDT",
    *b"BHD", *b"BIF", *b"BMD", *b"BND", *b"BOB", *b"BOV", *b"BRL", *b"BSD", *b"BTN", *b"BWP", *b"BYN", *b"BZD",
    *b"CAD", *b"CDF", *b"CHE", *b"CHF", *b"CHW", *b"CLF", *b"CLP", *b"CNY", *b"COP", *b"COU", *b"CRC", *b"CUP",
    *b"CVE", *b"CZK", *b"DJF", *b"DKK", *b"DOP", *b"DZD", *b"EGP", *b"ERN", *b"ETB", *b"EUR", *b"FJD", *b"FKP",
    *b"GBP", *b"GEL", *b"GHS", *b"GIP", *b"GMD", *b"GNF", *b"GTQ", *b"GYD", *b"HKD", *b"HNL", *b"HTG", *b"HUF",
    *b"IDR", *b"ILS", *b"INR", *b"IQD", *b"IRR", *b"ISK", *b"JMD", *b"JOD", *b"JPY", *b"KES", *b"KGS", *b"KHR",
    *b"KMF", *b"KPW", *b"KRW", *b"KWD", *b"KYD", *b"KZT", *b"LAK", *b"LBP", *b"LKR", *b"LRD", *b"LSL", *b"LYD",
    *b"MAD", *b"MDL", *b"MGA", *b"MKD", *b"MMK", *b"MNT", *b"MOP", *b"MRU", *b"MUR", *b"MVR", *b"MWK", *b"MXN",
    *b"MXV", *b"MYR", *b"MZN", *b"NAD", *b"NGN", *b"NIO", *b"NOK", *b"NPR", *b"NZD", *b"OMR", *b"PAB", *b"PEN",
    *b"PGK", *b"PHP", *b"PKR", *b"PLN", *b"PYG", *b"QAR", *b"RON", *b"RSD", *b"RUB", *b"RWF", *b"SAR", *b"SBD",
    *b"SCR", *b"SDG", *b"SEK", *b"SGD", *b"SHP", *b"SLE", *b"SOS", *b"SRD", *b"SSP", *b"STN", *b"SVC", *b"SYP",
    *b"SZL", *b"THB", *b"TJS", *b"TMT", *b"TND", *b"TOP", *b"TRY", *b"TTD", *b"TWD", *b"TZS", *b"UAH", *b"UGX",
    *b"USD", *b"USN", *b"UYI", *b"UYU", *b"UYW", *b"UZS", *b"VED", *b"VES", *b"VND", *b"VUV", *b"WST", *b"XAD",
    *b"XAF", *b"XAG", *b"XAU", *b"XBA", *b"XBB", *b"XBC", *b"XBD", *b"XCD", *b"XCG", *b"XDR", *b"XOF", *b"XPD",
    *b"XPF", *b"XPT", *b"XSU", *b"XUA", *b"YER", *b"ZAR", *b"ZMW", *b"ZWG",
];

/// Codes withdrawn since 2021: what was signed in them stays readable, and a new certificate gets a warning.
const WITHDRAWN: [([u8; 3], &str); 6] =
    [(*b"ANG", "XCG"), (*b"BGN", "EUR"), (*b"CUC", "CUP"), (*b"HRK", "EUR"), (*b"SLL", "SLE"), (*b"ZWL", "ZWG")];

impl Currency {
    /// The code, three capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The code that took its place, if it has been withdrawn.
    #[must_use]
    pub fn successor(self) -> Option<&'static str> {
        WITHDRAWN.iter().find(|(code, _)| *code == self.0).map(|(_, successor)| *successor)
    }
}

impl FromStr for Currency {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        if let Ok(code) = <[u8; 3]>::try_from(text.as_bytes())
            && (ACTIVE.binary_search(&code).is_ok() || WITHDRAWN.iter().any(|(old, _)| *old == code))
        {
            return Ok(Self(code));
        }
        let why = format!("`{}` is not a currency code of ISO 4217", quoted(text));
        let upper = text.to_ascii_uppercase();
        let meant = match upper.as_str() {
            "RMB" => Some("CNY"),
            _ if upper != text && upper.parse::<Self>().is_ok() => Some(upper.as_str()),
            _ => None,
        };
        Err(match meant {
            Some(meant) => CertificateError::code_with_help("CURRENCY", why, format!("did you mean `{meant}`?")),
            None => CertificateError::code("CURRENCY", why),
        })
    }
}

shown_as_text!(Currency);
text_member!(Currency, serde_json::json!({"type": "string", "pattern": "^[A-Z]{3}$"}), remark: |currency: &Self| {
    currency.successor().map(|successor| {
        Finding::warning("CURRENCY_WITHDRAWN", "", format!("`{currency}` has been withdrawn from ISO 4217"))
            .with_help(format!("amounts owed today are in `{successor}`"))
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_every_code_is_found() {
        assert!(ACTIVE.is_sorted());
        for code in ACTIVE {
            let currency: Currency = std::str::from_utf8(&code).unwrap().parse().unwrap();
            assert_eq!(currency.successor(), None);
        }
    }

    #[test]
    fn withdrawn_codes_stay_readable_and_name_their_successor() {
        let leone: Currency = "SLL".parse().unwrap();
        assert_eq!(leone.successor(), Some("SLE"));
    }

    #[test]
    fn what_is_no_currency_is_refused_and_the_renminbi_is_named() {
        for bad in ["", "US", "usd", "USDT", "XXX", "XTS", "ABC", "元"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
        let Err(CertificateError::Code { help, .. }) = "RMB".parse::<Currency>() else { panic!("RMB is no code") };
        assert_eq!(help.as_deref(), Some("did you mean `CNY`?"));
    }
}
