//! Strict CBOR: checks before anything is read that bytes are one item of the deterministic encoding (RFC 8949, section
//! 4.2.1), so that a document has one spelling.
//!
//! Definite lengths, shortest heads, map keys that rise (and so occur once), UTF-8, nothing after the end. Floats and
//! `undefined` are refused: no format here has them.

/// What a document may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes.
    pub bytes: usize,
    /// Levels of arrays, maps and tags.
    pub depth: usize,
}

/// Why bytes are not strict CBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Longer than the limit; not read.
    #[error("{found} bytes are more than {limit}")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not one item of the deterministic encoding.
    #[error("{0}")]
    Malformed(&'static str),
}

const CUT_OFF: CborError = CborError::Malformed("it is cut off");

/// Checks that `bytes` are exactly one item of the deterministic encoding within the limits.
pub fn check(bytes: &[u8], limits: Limits) -> Result<(), CborError> {
    if bytes.len() > limits.bytes {
        return Err(CborError::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    let mut rest = bytes;
    item(&mut rest, limits.depth)?;
    if rest.is_empty() { Ok(()) } else { Err(CborError::Malformed("bytes follow its end")) }
}

/// Steps over one item.
fn item(rest: &mut &[u8], depth: usize) -> Result<(), CborError> {
    let (major, argument) = head(rest)?;
    let inside = || depth.checked_sub(1).ok_or(CborError::Malformed("it nests too deep"));
    match major {
        0 | 1 => {}
        2 => {
            take(rest, argument)?;
        }
        3 => {
            let text = take(rest, argument)?;
            std::str::from_utf8(text).map_err(|_| CborError::Malformed("a text is not UTF-8"))?;
        }
        // An item has one byte at least, so that a length no input can keep ends with the input.
        4 => {
            let depth = inside()?;
            for _ in 0..argument {
                item(rest, depth)?;
            }
        }
        5 => {
            let (depth, mut previous) = (inside()?, None);
            for _ in 0..argument {
                let before = *rest;
                item(rest, depth)?;
                let key = before.get(..before.len() - rest.len()).ok_or(CUT_OFF)?;
                match previous {
                    Some(previous) if previous == key => return Err(CborError::Malformed("a map has a key twice")),
                    Some(previous) if previous > key => {
                        return Err(CborError::Malformed("the keys of a map do not rise"));
                    }
                    _ => previous = Some(key),
                }
                item(rest, depth)?;
            }
        }
        6 => item(rest, inside()?)?,
        _ if matches!(argument, 20..=22) => {}
        _ => return Err(CborError::Malformed("a float or a simple value other than false, true and null")),
    }
    Ok(())
}

/// The major type and the argument, in its shortest form.
fn head(rest: &mut &[u8]) -> Result<(u8, u64), CborError> {
    let first = take(rest, 1)?.first().copied().ok_or(CUT_OFF)?;
    let (major, additional) = (first >> 5, first & 0x1F);
    let (width, least) = match additional {
        0..=23 => return Ok((major, u64::from(additional))),
        31 => return Err(CborError::Malformed("an item of indefinite length")),
        // Of the major type 7 these are longer simple values and floats.
        _ if major == 7 => return Ok((major, u64::MAX)),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        _ => return Err(CborError::Malformed("a head of a reserved form")),
    };
    let argument = take(rest, width)?.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    if argument < least {
        return Err(CborError::Malformed("a number or length is not in its shortest form"));
    }
    Ok((major, argument))
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], CborError> {
    let (taken, left) = usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n)).ok_or(CUT_OFF)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hex;
    use proptest::prelude::*;

    fn checked(text: &str) -> Result<(), CborError> {
        check(&hex::decode(text).unwrap(), Limits { bytes: 64, depth: 3 })
    }

    #[test]
    fn deterministic_items_pass() {
        let good =
            "00 1818 190100 1b0000000100000000 20 4401020304 6161 80 a0 a201020304 d28443a10126a04040 f4 f6 818181f5";
        for good in good.split(' ') {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn every_other_spelling_is_refused_by_its_name() {
        for (bad, why) in [
            ("", "it is cut off"),
            ("1801", "a number or length is not in its shortest form"),
            ("1900ff", "a number or length is not in its shortest form"),
            ("1b00000000ffffffff", "a number or length is not in its shortest form"),
            ("5801aa", "a number or length is not in its shortest form"),
            ("9fff", "an item of indefinite length"),
            ("bfff", "an item of indefinite length"),
            ("5f4101ff", "an item of indefinite length"),
            ("a201020102", "a map has a key twice"),
            ("a203040102", "the keys of a map do not rise"),
            ("61ff", "a text is not UTF-8"),
            ("0000", "bytes follow its end"),
            ("8201", "it is cut off"),
            ("9bffffffffffffffff", "it is cut off"),
            ("5bffffffffffffffff", "it is cut off"),
            ("8181818100", "it nests too deep"),
            ("f7", "a float or a simple value other than false, true and null"),
            ("f93c00", "a float or a simple value other than false, true and null"),
            ("1c", "a head of a reserved form"),
        ] {
            assert_eq!(checked(bad), Err(CborError::Malformed(why)), "{bad}");
        }
        assert_eq!(checked(&"00".repeat(65)), Err(CborError::TooLarge { found: 65, limit: 64 }));
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes: Vec<u8>) {
            let _ = check(&bytes, Limits { bytes: 1 << 20, depth: 8 });
        }
    }
}
