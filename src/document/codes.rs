//! The QR codes of a sheet, as vectors and as dots.

use super::DocumentError;
use fast_qr::{ECL, Mode, QRBuilder, QRCode, Version};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use std::fmt::Write;

/// Light modules around a code, which readers need (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;
/// Dots of a module in a PNG: 40 mm of the largest code at 600 dpi.
const DOTS: usize = 8;
/// The largest version that paper carries legibly: 117 modules a side.
const LARGEST: Version = Version::V25;

/// What the codes of a sheet say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperCodes {
    /// `HTTPS://HOST/V/<jti>/<code>`, all of it of the characters of a QR code's alphanumeric mode; none once the
    /// contents are erased. Whoever has it sees the whole certificate: not for a redacted copy.
    pub look_up: Option<String>,
    /// `CO1:…`, what was signed, readable without a network; none where the authority has no stamp key that counts, or
    /// the contents are erased. It carries no names.
    pub stamp: Option<String>,
    /// Items that the stamp carries, the first ones.
    pub carried: u32,
    /// Items of the certificate, as the stamp counts them.
    pub total: u32,
}

impl PaperCodes {
    /// Each as files beside the paper: SVG for printers, PNG for screens, with the light modules around it.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, DocumentError> {
        let mut files = Vec::new();
        for (name, text) in [("lookup", &self.look_up), ("stamp", &self.stamp)] {
            let Some(text) = text else { continue };
            let code = Code::new(text)?;
            files.push((format!("{name}.svg"), code.svg(QUIET).into_bytes()));
            files.push((format!("{name}.png"), code.png(DOTS)?));
        }
        Ok(files)
    }
}

/// One code.
pub struct Code {
    modules: Box<QRCode>,
    text: String,
}

impl Code {
    /// The code of a text, at level M. Capital letters, digits and ` $%*+-./:` cost half of what bytes do.
    pub fn new(text: &str) -> Result<Self, DocumentError> {
        let dense = text.bytes().all(
            |b| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':'),
        );
        let mode = if dense { Mode::Alphanumeric } else { Mode::Byte };
        let modules = QRBuilder::new(text).ecl(ECL::M).mode(mode).build();
        let modules = modules.map_err(|_| DocumentError::CodeTooLong(text.len()))?;
        if modules.size > LARGEST as usize * 4 + 21 {
            return Err(DocumentError::CodeTooLong(text.len()));
        }
        Ok(Self { modules: Box::new(modules), text: text.to_owned() })
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Modules a side, without the light ones around.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.modules.size
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        self.modules.data.get(row * self.modules.size + column).is_some_and(|module| module.value())
    }

    /// The code as one path on nothing, a unit for each module, with `quiet` light modules around it. Each run of dark
    /// modules is one stroke of the pen: no hairline between them on paper, and a third less than their outlines.
    #[must_use]
    pub fn svg(&self, quiet: usize) -> String {
        let (size, side) = (self.size(), self.size() + 2 * quiet);
        let mut path = String::new();
        for row in 0..size {
            let (mut column, mut pen) = (0, None);
            while column < size {
                let run = (column..size).take_while(|at| self.is_dark(row, *at)).count();
                if run > 0 {
                    let _ = match pen {
                        None => write!(path, "M{} {}.5h{run}", column + quiet, row + quiet),
                        Some(pen) => write!(path, "m{} 0h{run}", column - pen),
                    };
                    pen = Some(column + run);
                }
                column += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{side}\" height=\"{side}\">\
             <path stroke=\"#000\" stroke-width=\"1\" fill=\"none\" d=\"{path}\"/></svg>\n"
        )
    }

    /// The code as a PNG of `scale` dots a module, on white with the light modules around it.
    pub fn png(&self, scale: usize) -> Result<Vec<u8>, DocumentError> {
        let scale = scale.clamp(1, 64);
        let side = (self.size() + 2 * QUIET) * scale;
        let mut dots = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let module = |at: usize| (at / scale).checked_sub(QUIET).filter(|at| *at < self.size());
                let dark = module(y).zip(module(x)).is_some_and(|(row, column)| self.is_dark(row, column));
                dots.push(if dark { 0 } else { 255 });
            }
        }
        let side = u32::try_from(side).map_err(|_| DocumentError::CodeTooLong(self.text.len()))?;
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(&dots, side, side, ExtendedColorType::L8)
            .map_err(|error| DocumentError::File { path: "code.png".into(), message: error.to_string() })?;
        Ok(png)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(png: &[u8]) -> Vec<String> {
        let dots = image::load_from_memory(png).unwrap().to_luma8();
        let (width, height) = dots.dimensions();
        let found = rxing::helpers::detect_multiple_in_luma(dots.into_raw(), width, height).unwrap();
        found.iter().map(|one| one.getText().to_owned()).collect()
    }

    #[test]
    fn a_reader_nobody_here_wrote_reads_every_code() {
        for text in [
            "HTTPS://TDAP.GOV.PK/V/01KB6X0000000000000000000A/ABCDEFGHJKMNPQRS",
            "CO1:6BF+70 $%*+-./:",
            "lower case too",
        ] {
            assert_eq!(read(&Code::new(text).unwrap().png(4).unwrap()), [text]);
        }
        let longest = "A1".repeat(722);
        assert_eq!(read(&Code::new(&longest).unwrap().png(3).unwrap()), [longest]);
    }

    #[test]
    fn a_text_beyond_what_paper_carries_is_refused() {
        assert!(Code::new(&"A".repeat(1_451)).is_ok());
        assert_eq!(Code::new(&"A".repeat(1_452)).err(), Some(DocumentError::CodeTooLong(1_452)));
        assert!(Code::new(&"A".repeat(10_000)).is_err());
    }

    #[test]
    fn the_vectors_draw_the_same_modules_as_the_dots() {
        let code = Code::new("CO1:TEST").unwrap();
        let svg = code.svg(0);
        let path = svg.split_once(" d=\"").unwrap().1.split_once('"').unwrap().0;
        let mut drawn = std::collections::BTreeSet::new();
        for row in path.split('M').skip(1) {
            let (mut column, row) = row.split_once(' ').map(|(x, rest)| (x.parse::<usize>().unwrap(), rest)).unwrap();
            let (row, strokes) = row.split_once(".5h").unwrap();
            let row = row.parse::<usize>().unwrap();
            for (nth, stroke) in strokes.split('m').enumerate() {
                let (skip, run) = if nth == 0 { ("0", stroke) } else { stroke.split_once(" 0h").unwrap() };
                column += skip.parse::<usize>().unwrap();
                let run = run.parse::<usize>().unwrap();
                drawn.extend((column..column + run).map(|column| (row, column)));
                column += run;
            }
        }
        let all = (0..code.size()).flat_map(|row| (0..code.size()).map(move |column| (row, column)));
        assert!(all.filter(|(row, column)| code.is_dark(*row, *column)).eq(drawn));
    }
}
