//! Codes an authority or an agreement gives itself: a form, and no list.

use super::{declare::text_member, error::CertificateError, reader::quoted};

/// A code whose form is a set of characters and a length.
macro_rules! code {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident ($rule:literal, $length:literal, $pattern:literal, $form:literal) if $holds:expr;
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The code.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = CertificateError;

            fn from_str(text: &str) -> Result<Self, CertificateError> {
                let holds: fn(&str) -> bool = $holds;
                if (1..=$length).contains(&text.len()) && holds(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(CertificateError::code($rule, format!("`{}` is not {}", quoted(text), $form)))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        text_member!($name, ::serde_json::json!({"type": "string", "maxLength": $length, "pattern": $pattern}));
    };
}

fn all(text: &str, allowed: fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

/// Letters, digits, and single separators between them.
fn separated(text: &str, letter: fn(u8) -> bool, separators: &[u8]) -> bool {
    let mut after_separator = true;
    for byte in text.bytes() {
        let separator = separators.contains(&byte);
        if separator && after_separator || !separator && !letter(byte) {
            return false;
        }
        after_separator = separator;
    }
    !after_separator
}

fn upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

code! {
    /// The number of a certificate, unique to its issuer: 1 to 35 ASCII letters and digits, with single spaces,
    /// `-`, `/`, `.` or `_` between them (UN/TDED 1004, an..35; ASEAN numbers carry a space and slashes).
    pub struct CertificateNumber("CERTIFICATE_NUMBER", 35, "^[A-Za-z0-9]+([ ./_-][A-Za-z0-9]+)*$",
        "a certificate number: up to 35 characters, letters A to Z in either case and digits 0 to 9, with single spaces or \
         - / . _ between them")
        if |text| separated(text, letter_or_digit, b" ./_-");
}

code! {
    /// An issuing office as its authority names it, such as `LHE`: an..17.
    pub struct OfficeCode("OFFICE_CODE", 17, "^[A-Z0-9]+(-[A-Z0-9]+)*$",
        "an office code: up to 17 capital letters and digits, with single `-` between them")
        if |text| separated(text, upper_or_digit, b"-");
}

code! {
    /// An agreement or scheme, such as `CPFTA`; `NONPREF` where there is none.
    pub struct AgreementCode("AGREEMENT_CODE", 20, "^[A-Z0-9]+(-[A-Z0-9]+)*$",
        "an agreement code: up to 20 capital letters and digits, with single `-` between them")
        if |text| separated(text, upper_or_digit, b"-");
}

code! {
    /// An edition of an agreement's rules, such as `2019-12-01`.
    pub struct EditionCode("EDITION_CODE", 20, "^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$",
        "an edition code: up to 20 letters and digits, with single `-` or `.` between them")
        if |text| separated(text, letter_or_digit, b"-.");
}

code! {
    /// A form of certificate, such as `CPFTA` or `NONPREF-8`.
    pub struct FormCode("FORM_CODE", 20, "^[A-Z0-9]+(-[A-Z0-9]+)*$",
        "a form code: up to 20 capital letters and digits, with single `-` between them")
        if |text| separated(text, upper_or_digit, b"-");
}

code! {
    /// An origin criterion by its canonical name, one for all agreements, such as `WO` or `VALUE_CONTENT`;
    /// what a form prints for it stands beside it.
    pub struct CriterionCode("CRITERION_CODE", 35, "^[A-Z0-9]+(_[A-Z0-9]+)*$",
        "a criterion code: up to 35 capital letters and digits, with single `_` between them")
        if |text| separated(text, upper_or_digit, b"_");
}

code! {
    /// An endorsement by its canonical name, such as `ISSUED_RETROACTIVELY`.
    pub struct EndorsementCode("ENDORSEMENT_CODE", 35, "^[A-Z0-9]+(_[A-Z0-9]+)*$",
        "an endorsement code: up to 35 capital letters and digits, with single `_` between them")
        if |text| separated(text, upper_or_digit, b"_");
}

code! {
    /// A box of a form as the form numbers it, such as `4` or `13`.
    pub struct BoxNumber("BOX_NUMBER", 5, "^[0-9A-Za-z]{1,5}$", "a box number: up to 5 letters and digits")
        if |text| all(text, letter_or_digit);
}

code! {
    /// A national tariff code: 4 to 12 digits, no points.
    pub struct TariffCode("TARIFF_CODE", 12, "^[0-9]{4,12}$", "a tariff code: 4 to 12 digits without points or spaces")
        if |text| text.len() >= 4 && all(text, |byte| byte.is_ascii_digit());
}

code! {
    /// A language by BCP 47 in its short form, such as `en`, `zh`, `zh-Hant`.
    pub struct Language("LANGUAGE", 12, "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", "a language such as `en`, `zh` or `ur`")
        if |text| {
            let (tongue, variant) = text.split_once('-').map_or((text, None), |(tongue, variant)| (tongue, Some(variant)));
            (2..=3).contains(&tongue.len())
                && all(tongue, |byte| byte.is_ascii_lowercase())
                && variant.is_none_or(|variant| (2..=8).contains(&variant.len()) && all(variant, letter_or_digit))
        };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_brings_a_number_in_other_letters_hears_which_it_may_have() {
        let (longest, long) = ("9".repeat(35), "9".repeat(36));
        for good in ["PK-CN-2026-LHE-000417", "VN-CN 26/02/00017", "a.B_1", longest.as_str()] {
            assert!(good.parse::<CertificateNumber>().is_ok(), "{good}");
        }
        for bad in ["", "\u{41A}-417", "\u{C9}-417", "K-\u{664}17", "K--417", "K-417-", "K#417", long.as_str()] {
            let refused = bad.parse::<CertificateNumber>().unwrap_err().to_string();
            for words in ["up to 35 characters", "letters A to Z", "digits 0 to 9", "- / . _ between them"] {
                assert!(refused.contains(words), "{bad}: {refused}");
            }
        }
    }
}
