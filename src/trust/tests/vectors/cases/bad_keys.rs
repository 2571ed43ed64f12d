//! Keys that no list may name, spelt out byte by byte.

use super::*;

/// A key by its first, middle and last bytes.
fn spelt(first: u8, middle: u8, last: u8) -> String {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    crate::encoding::base64::encode_url(&bytes)
}

pub(super) fn bad_key(which: &str) -> String {
    let good = crate::encoding::base64::encode_url(public("tdap.gov.pk/t-1").as_bytes());
    let bad = match which {
        // The point (0, 1), of order one.
        "small order" => spelt(0x01, 0x00, 0x00),
        // The same point with y = 1 + p.
        "not canonical" => spelt(0xee, 0xff, 0x7f),
        _ => mixed_order(),
    };
    changed(|t| {
        let json = format!("{}\n", serde_json::to_string_pretty(&pakistan()).unwrap());
        assert!(json.contains(&good));
        t.sections[0].note = note(&json.replacen(&good, &bad, 1), &["tdap.gov.pk/root"]);
    })
}

/// A good key plus the point of order two: (x, y) becomes (−x, −y).
fn mixed_order() -> String {
    let mut bytes = *public("tdap.gov.pk/t-1").as_bytes();
    let sign = bytes[31] & 0x80;
    bytes[31] &= 0x7f;
    let mut p = [0xff_u8; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut borrow = 0_i16;
    for (byte, modulus) in bytes.iter_mut().zip(p) {
        let difference = i16::from(modulus) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    bytes[31] |= sign ^ 0x80;
    crate::encoding::base64::encode_url(&bytes)
}
