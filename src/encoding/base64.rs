//! Strict base64 (RFC 4648): exactly one spelling for each byte string.
//!
//! One Ed25519 signature has 16 spellings under a lenient decoder, because its last character carries four
//! unused bits; a strict decoder refuses all but one.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

const STD: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(false),
);

/// The text is not the one spelling that the format allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not strict base64")]
pub struct NotBase64;

/// Unpadded base64url, as JOSE wants it (RFC 7515 section 2).
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    URL.encode(bytes)
}

/// Appends the unpadded base64url of `bytes` to `out`.
pub fn encode_url_into(bytes: &[u8], out: &mut String) {
    URL.encode_string(bytes, out);
}

/// Decodes unpadded base64url; padding, white space and set trailing bits are refused.
pub fn decode_url(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    URL.decode(text).map_err(|_| NotBase64)
}

/// Padded standard base64, as signed notes want it.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STD.encode(bytes)
}

/// Decodes padded standard base64; missing padding, white space and set trailing bits are refused.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    STD.decode(text).map_err(|_| NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_one_spelling() {
        let good = encode_url(&[7u8; 64]);
        let (head, last) = good.split_at(good.len() - 1);
        let accepted = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .chars()
            .filter(|c| decode_url(format!("{head}{c}")).is_ok_and(|b| b == [7u8; 64]))
            .collect::<String>();
        assert_eq!(accepted, last);
    }

    #[test]
    fn padding_and_white_space_are_refused() {
        for bad in ["QQ==", "QQ=", "Q Q", "QQ\n", "Q", "QR", "+/8"] {
            assert_eq!(decode_url(bad), Err(NotBase64), "{bad:?}");
        }
        assert_eq!(decode_url("QQ"), Ok(b"A".to_vec()));
        assert_eq!(decode("QQ"), Err(NotBase64));
        assert_eq!(decode("QQ=="), Ok(b"A".to_vec()));
    }
}
