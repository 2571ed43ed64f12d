//! Base 32 in the alphabet of Crockford, which statement identifiers use too: no I, L, O or U to be taken for another.

/// The 32 characters, in order.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Five bytes in eight characters; what is short of five bytes is filled with zeros.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = (0..5).fold(0_u64, |bits, nth| bits << 8 | u64::from(group.get(nth).copied().unwrap_or(0)));
        for place in (0..8_u32).rev() {
            let five = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
            text.push(char::from(ALPHABET.get(five).copied().unwrap_or(b'0')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_bytes_make_eight_characters() {
        assert_eq!(encode(&[0; 5]), "00000000");
        assert_eq!(encode(&[0xFF; 10]), "ZZZZZZZZZZZZZZZZ");
        // 00001 00010 00011 00100 00101 00110 00111 01000
        assert_eq!(encode(&[0x08, 0x86, 0x42, 0x98, 0xE8]), "12345678");
    }
}
