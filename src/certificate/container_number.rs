//! Container numbers by ISO 6346.

use super::{
    declare::{shown_as_text, text_member},
    error::CertificateError,
    reader::quoted,
};
use std::str::FromStr;

/// A freight container by ISO 6346, such as `CSQU3054383`: owner (three letters), category `U`, `J` or `Z`,
/// serial (six digits) and a check digit, which is right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerNumber([u8; 11]);

impl ContainerNumber {
    /// The number, eleven characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters and digits ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The check digit: values of the first ten characters, each times 2 to its place, modulo 11, and 10 as 0
/// (ISO 6346, annex A).
fn check_digit(code: &[u8; 11]) -> u32 {
    let sum: u32 = code.iter().take(10).zip(0u32..).map(|(byte, place)| value(*byte) << place).sum();
    sum % 11 % 10
}

/// Digits count themselves; letters count from 10 upwards, leaving out the multiples of 11.
fn value(byte: u8) -> u32 {
    if byte.is_ascii_digit() {
        return u32::from(byte - b'0');
    }
    let letter = u32::from(byte.saturating_sub(b'A'));
    // A = 10, then 11, 22 and 33 are passed over before B, L and V.
    10 + letter + u32::from(byte >= b'B') + u32::from(byte >= b'L') + u32::from(byte >= b'V')
}

impl FromStr for ContainerNumber {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let fault = |why: String| CertificateError::code("CONTAINER_NUMBER", format!("`{}` {why}", quoted(text)));
        let shape = || {
            fault("is not a container number: three letters, U, J or Z, and seven digits, without spaces".to_owned())
        };
        let code = <[u8; 11]>::try_from(text.as_bytes()).map_err(|_| shape())?;
        let [owner @ .., category, _, _, _, _, _, _, last] = code;
        let serial_is_digits = code.iter().skip(4).all(u8::is_ascii_digit);
        if !owner.iter().all(u8::is_ascii_uppercase) || !matches!(category, b'U' | b'J' | b'Z') || !serial_is_digits {
            return Err(shape());
        }
        let expected = check_digit(&code);
        if u32::from(last - b'0') != expected {
            return Err(fault(format!("has the wrong check digit; with this owner and serial it would be {expected}")));
        }
        Ok(Self(code))
    }
}

shown_as_text!(ContainerNumber);
text_member!(ContainerNumber, serde_json::json!({"type": "string", "pattern": "^[A-Z]{3}[UJZ][0-9]{7}$"}));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_digit_of_the_standard_holds() {
        // The worked example of ISO 6346, and one whose remainder is 10.
        assert!("CSQU3054383".parse::<ContainerNumber>().is_ok());
        assert!("ZZZU1002002".parse::<ContainerNumber>().is_ok());
        for bad in ["CSQU3054384", "CSQU305438", "CSQ03054383", "csqu3054383", "CSQU 305438", "CSQX3054383", ""] {
            assert!(bad.parse::<ContainerNumber>().is_err(), "{bad}");
        }
    }

    #[test]
    fn letters_have_the_values_of_the_standard() {
        let values: Vec<u32> = (b'A'..=b'Z').map(value).collect();
        let expected =
            [10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38];
        assert_eq!(values, expected);
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(serial in 0u32..1_000_000, place in 4usize..11, add in 1u8..10) {
            let mut code = *b"ABCU0000000";
            code[4..10].copy_from_slice(format!("{serial:06}").as_bytes());
            code[10] = b'0' + u8::try_from(check_digit(&code)).unwrap();
            let right = String::from_utf8(code.to_vec()).unwrap();
            prop_assert!(right.parse::<ContainerNumber>().is_ok());
            code[place] = b'0' + (code[place] - b'0' + add) % 10;
            let wrong = String::from_utf8(code.to_vec()).unwrap();
            // Remainder 10 is written 0, so a serial of remainder 10 and one of remainder 0 share a digit;
            // ISO 6346 recommends not to use the former. That is the only slip that passes.
            let sum = |text: &str| text.bytes().take(10).zip(0u32..).map(|(b, p)| value(b) << p).sum::<u32>() % 11;
            let ambiguous = place < 10 && [sum(&right), sum(&wrong)].iter().all(|r| matches!(r, 0 | 10));
            prop_assert!(ambiguous || wrong.parse::<ContainerNumber>().is_err());
        }
    }
}
