//! Strict base45 (RFC 9285): what a QR code holds in its alphanumeric mode, exactly one spelling for each byte string.

/// The text is not the one spelling that the format allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not strict base45")]
pub struct NotBase45;

/// Two bytes in three characters of `0–9 A–Z $ % * + - . / :` and space, a last single one in two.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    base45::encode(bytes)
}

/// Decodes; a character outside the alphabet, and a group that stands for more than its bytes hold, is refused.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase45> {
    let bytes = base45::decode(text).map_err(|_| NotBase45)?;
    // The decoder cuts a last group of more than 255 off instead of refusing it.
    if base45::encode(&bytes) == text { Ok(bytes) } else { Err(NotBase45) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_rfc_hold() {
        for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("", "")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text), Ok(bytes.as_bytes().to_vec()));
        }
        assert_eq!(decode("QED8WEX0"), Ok(b"ietf!".to_vec()));
    }

    #[test]
    fn what_stands_for_more_than_its_bytes_hold_is_refused() {
        // 65,536 in three characters, 256 in two, a lone character, lower case, a line feed, a letter of another script.
        for bad in ["GGW", ":::", "V5", "U6", "A", "bb8", "BB8\n", "BB8 ", "ВВ8"] {
            assert_eq!(decode(bad), Err(NotBase45), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_string_reads_back_and_no_text_has_a_second_spelling(bytes: Vec<u8>, text in "[0-9A-Z $%*+./:-]{0,12}") {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes));
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
