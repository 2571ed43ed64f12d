//! QR codes in a picture: turned, tilted, blurred, several at once.
//!
//! Measured on photographs of twelve million pixels: half the size shows two stamps in three in 8 ms, the full size under
//! one threshold for all of it most of the rest in 17 ms; sharpened, in 180 ms, also those that are badly lit or out of
//! focus. Each pass finds some that the others miss, so the first two are always made, and the slower ones where neither
//! found a stamp.

use super::Picture;
use rxing::{
    BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8Source,
    common::{GlobalHistogramBinarizer, HybridBinarizer},
    multi::MultipleBarcodeReader as _,
    qrcode::cpp_port::{QrReader, detector::FindFinderPatterns},
};
use std::collections::HashSet;

/// A code that was read, by what it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// The stamp, with what was signed in it.
    Stamp(String),
    /// The address under which the whole certificate is looked up.
    LookUp(String),
    /// Another's, such as a carrier's.
    Foreign(String),
}

impl Code {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        let is_look_up = |text: &str| {
            let rest = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).and(text.get(8..));
            rest.and_then(|rest| rest.split_once('/')).is_some_and(|(_, path)| path.starts_with("V/"))
        };
        if text.starts_with("CO1:") {
            Self::Stamp(text.to_owned())
        } else if is_look_up(text) {
            Self::LookUp(text.to_owned())
        } else {
            Self::Foreign(text.to_owned())
        }
    }
}

/// Passes over a picture, the fastest first.
#[derive(Debug, Clone, Copy)]
enum Pass {
    /// Half the size, a threshold for each part of it.
    Half,
    /// Full size, one threshold.
    Whole,
    /// Sharpened, a threshold for each part of it.
    Sharpened,
    /// Full size as it is, a threshold for each part of it.
    Parts,
}

/// Corners of codes that may be on a picture: each code has three, and text and noise make some dozens. They are tried in
/// threes, so that a picture full of them would be tried for hours.
const CORNERS_MAX: usize = 500;
/// Below this width or height nothing is halved: a module would be less than a pixel.
const HALVED_FROM: u32 = 1_500;

/// Every code of a picture, each once.
#[must_use]
pub fn codes(picture: &Picture) -> Vec<Code> {
    let mut found = Vec::new();
    for (pass, always) in [(Pass::Half, true), (Pass::Whole, true), (Pass::Sharpened, false), (Pass::Parts, false)] {
        if !always && found.iter().any(|code| matches!(code, Code::Stamp(_))) {
            break;
        }
        // What is full of corners was made to be hard, and is so in every pass.
        let Some(texts) = pass.texts(picture) else { break };
        for text in texts {
            let code = Code::of(&text);
            if !found.contains(&code) {
                found.push(code);
            }
        }
    }
    found
}

impl Pass {
    /// What the codes say that the pass finds; `None` where there are too many corners.
    fn texts(self, picture: &Picture) -> Option<Vec<String>> {
        match self {
            Self::Half if picture.width.min(picture.height) < HALVED_FROM => Some(Vec::new()),
            Self::Half => by_parts(&picture.halved()?),
            Self::Whole => read(GlobalHistogramBinarizer::new(source(picture)?)),
            Self::Parts => by_parts(picture),
            Self::Sharpened => by_parts(&picture.sharpened()?),
        }
    }
}

fn source(picture: &Picture) -> Option<Luma8Source<'_>> {
    Luma8Source::new_with_slice(&picture.luma, picture.width, picture.height).ok()
}

fn by_parts(picture: &Picture) -> Option<Vec<String>> {
    read(HybridBinarizer::new(source(picture)?))
}

fn read(binarizer: impl Binarizer) -> Option<Vec<String>> {
    let mut bitmap = BinaryBitmap::new(binarizer);
    if FindFinderPatterns(bitmap.get_black_matrix(), true, 0).len() > CORNERS_MAX {
        return None;
    }
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        ..DecodeHints::default()
    };
    let found = QrReader.decode_multiple_with_hints(&mut bitmap, &hints).unwrap_or_default();
    Some(found.iter().map(|code| code.getText().to_owned()).collect())
}
