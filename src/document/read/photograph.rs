//! What a camera sees of a page with codes on it, made by arithmetic: to measure reading, and to test it.

use super::Picture;
use fast_qr::{ECL, Mode, QRBuilder, QRCode};

/// A code on the page, in micrometres from its upper left corner.
struct Printed {
    modules: Box<QRCode>,
    left: i64,
    upper: i64,
    side: i64,
}

/// A page of A4 with lines of text and codes.
pub struct Page {
    printed: Vec<Printed>,
}

/// How the camera is held.
#[derive(Debug, Clone, Copy)]
pub struct Pose {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Sine and cosine of the angle by which the page lies turned, times 65,536.
    pub turned: (i64, i64),
    /// Micrometres of the page that a pixel sees in the middle of the picture.
    pub micrometres: i64,
    /// How much smaller the page gets towards one side: thousandths over 150 mm.
    pub tilt: i64,
    /// Spread of the sensor's noise, in steps of brightness.
    pub noise: u8,
}

/// Width and height of A4 in micrometres.
const A4: (i64, i64) = (210_000, 297_000);
const ONE: i64 = 1 << 16;

impl Page {
    /// A page without codes.
    #[must_use]
    pub const fn blank() -> Self {
        Self { printed: Vec::new() }
    }

    /// Prints a code at level M with its corner and side in millimetres; false where the text fits no code.
    pub fn print(&mut self, text: &str, left: i64, upper: i64, side: i64) -> bool {
        let modules = QRBuilder::new(text).ecl(ECL::M).mode(Mode::Alphanumeric).build();
        let Ok(modules) = modules else { return false };
        let (left, upper, side) = (left * 1_000, upper * 1_000, side * 1_000);
        self.printed.push(Printed { modules: Box::new(modules), left, upper, side });
        true
    }

    /// Ink at a place of the page: 0 is black.
    fn ink(&self, x: i64, y: i64) -> u8 {
        if x < 0 || y < 0 || x >= A4.0 || y >= A4.1 {
            return 90;
        }
        for code in &self.printed {
            let (x, y) = (x - code.left, y - code.upper);
            if x >= 0 && y >= 0 && x < code.side && y < code.side {
                let size = i64::try_from(code.modules.size).unwrap_or(1);
                let at = (y * size / code.side) * size + x * size / code.side;
                let module = usize::try_from(at).ok().and_then(|at| code.modules.data.get(at));
                return if module.is_some_and(|module| module.value()) { 0 } else { u8::MAX };
            }
        }
        // Something like text, where no code is.
        let (column, line) = (x / 1_400, y / 4_000);
        let is_text = y < 215_000 && (15_000..195_000).contains(&x) && y % 4_000 < 2_200;
        if is_text && (column * 7 + line * 13 + column * line) % 5 < 2 { 40 } else { u8::MAX }
    }

    /// The page as the camera sees it: lit from one side, each pixel seeing a small square.
    #[must_use]
    pub fn photographed(&self, pose: &Pose) -> Option<Picture> {
        let (width, height) = (i64::from(pose.width), i64::from(pose.height));
        let mut noise = Noise(0x9E37_79B9);
        let mut luma = Vec::new();
        for row in 0..height {
            for column in 0..width {
                let mut seen = 0;
                for (right, down) in [(-1, -1), (1, -1), (-1, 1), (1, 1)] {
                    // Quarters of a pixel from the middle of the picture.
                    let across = 4 * column + 2 + right - 2 * width;
                    let along = 4 * row + 2 + down - 2 * height;
                    let (x, y) = pose.on_page(across, along);
                    seen += i64::from(self.ink(x, y));
                }
                let light = 700 + 250 * column / width + 50 * row / height;
                let seen = 20 + (seen / 4) * light * 4 / 5_000 + noise.next(pose.noise);
                luma.push(u8::try_from(seen.clamp(0, 255)).unwrap_or(u8::MAX));
            }
        }
        Picture::of_luma(pose.width, pose.height, luma)
    }
}

impl Pose {
    /// The place of the page that is seen, from quarters of a pixel.
    fn on_page(&self, across: i64, along: i64) -> (i64, i64) {
        let (sine, cosine) = self.turned;
        let x = (across * cosine - along * sine) / ONE * self.micrometres / 4;
        let y = (across * sine + along * cosine) / ONE * self.micrometres / 4;
        let depth = (ONE + x * self.tilt * ONE / 150_000_000).max(ONE / 8);
        (x * ONE / depth + A4.0 / 2, y * ONE / depth + A4.1 / 2)
    }
}

/// The same noise each time.
struct Noise(u32);

impl Noise {
    fn next(&mut self, spread: u8) -> i64 {
        let mut sum = 0;
        for _ in 0..2 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 17;
            self.0 ^= self.0 << 5;
            sum += i64::from(self.0 & 0xFF) - 128;
        }
        // Two even ones together have a spread of 104.
        sum * i64::from(spread) / 104
    }
}
