//! Pictures: PNG and JPEG, decoded to brightness alone, within bounds that are known before decoding.

use super::{PaperError, PaperKind};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// The longest picture file that is read, in bytes.
pub const PICTURE_MAX: usize = 30 << 20;
/// The most pixels, width times height: the cameras of telephones mostly take twelve millions, or fifty.
pub const PIXELS_MAX: u64 = 52_000_000;
/// Bytes that decoding may take at a time: 16 bits of four colours for each pixel.
const ALLOCATED_MAX: u64 = 8 * PIXELS_MAX;

/// The brightness of each pixel, row by row; 0 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) luma: Vec<u8>,
}

impl Picture {
    /// Decodes a PNG or a JPEG, whichever its first bytes say it is.
    pub fn read(bytes: &[u8]) -> Result<Self, PaperError> {
        let format = match PaperKind::of(bytes) {
            Some(PaperKind::Png) => ImageFormat::Png,
            Some(PaperKind::Jpeg) => ImageFormat::Jpeg,
            Some(PaperKind::Pdf) | None => {
                return Err(PaperError::PictureMalformed("it is neither PNG nor JPEG"));
            }
        };
        if bytes.len() > PICTURE_MAX {
            return Err(PaperError::TooLarge { what: "the picture", limit: PICTURE_MAX });
        }
        // What the decoder says is for those who write decoders.
        let malformed = |error: image::ImageError| {
            PaperError::PictureMalformed(match error {
                ImageError::IoError(_) => "it is cut off, or cannot be read to its end",
                ImageError::Limits(_) => "it says that it has more pixels than are looked at",
                ImageError::Unsupported(_) => "it is packed in a way that is not read",
                _ => "what stands in it is not a picture of its kind",
            })
        };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        let mut limits = Limits::default();
        limits.max_alloc = Some(ALLOCATED_MAX);
        reader.limits(limits);
        let decoder = reader.into_decoder().map_err(malformed)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > PIXELS_MAX {
            return Err(PaperError::PicturePixels { width, height, limit: PIXELS_MAX });
        }
        let luma = DynamicImage::from_decoder(decoder).map_err(malformed)?.into_luma8().into_raw();
        Ok(Self { width, height, luma })
    }

    /// Whether a JPEG ends before its end mark: the decoder fills up with grey what is missing. Within the data of a picture
    /// a byte 255 is followed by 0 or a mark (ITU-T T.81, B.1.1.2), so that the end mark stands in them once; the small
    /// pictures that cameras put before them are skipped by their length.
    pub(super) fn is_cut_off(bytes: &[u8]) -> bool {
        let mut at = 2;
        loop {
            match bytes.get(at..) {
                Some([0xff, 0xff, ..]) => at += 1,
                Some([0xff, 0xda, ..]) => break,
                Some([0xff, _, high, low, ..]) => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
                _ => return true,
            }
        }
        !bytes.get(at..).unwrap_or_default().windows(2).any(|pair| pair == [0xff, 0xd9])
    }

    /// Of what was drawn, `width` times `height` bytes.
    #[must_use]
    pub fn of_luma(width: u32, height: u32, luma: Vec<u8>) -> Option<Self> {
        let pixels = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
        (width > 0 && height > 0 && luma.len() == pixels).then_some(Self { width, height, luma })
    }

    /// The brightness of each pixel, row by row.
    #[must_use]
    pub fn luma(&self) -> &[u8] {
        &self.luma
    }

    /// Whether all of it is of one brightness, as an empty page is.
    pub(super) fn is_blank(&self) -> bool {
        let first = self.luma.first();
        self.luma.iter().all(|pixel| Some(pixel) == first)
    }

    /// Half as wide and half as high, each pixel the mean of four.
    pub(super) fn halved(&self) -> Option<Self> {
        let width = usize::try_from(self.width).ok()?;
        let mut luma = Vec::with_capacity(self.luma.len() / 4);
        for rows in self.luma.chunks_exact(2 * width) {
            let (upper, lower) = rows.split_at(width);
            luma.extend(upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|pixels| match pixels {
                ([a, b], [c, d]) => mean([*a, *b, *c, *d]),
                _ => u8::MAX,
            }));
        }
        Self::of_luma(self.width / 2, self.height / 2, luma)
    }

    /// As a lens out of focus shows it: each pixel the mean of five by five.
    #[cfg(test)]
    pub(super) fn softened(&self) -> Self {
        let (width, height) = (self.width.try_into().unwrap(), usize::try_from(self.height).unwrap());
        let rows = self.luma.chunks_exact(width).map(around::<5>).collect::<Vec<_>>();
        let luma = (0..height * width).map(|at| {
            let near = (0..5).map(|down| rows[(at / width + down).clamp(2, height + 1) - 2][at % width]);
            u8::try_from(near.sum::<u16>() / 25).unwrap()
        });
        Self::of_luma(self.width, self.height, luma.collect()).unwrap()
    }

    /// With its edges drawn out: each pixel as much further from the mean around it, a square of seven by seven.
    pub(super) fn sharpened(&self) -> Option<Self> {
        const REACH: usize = 3;
        const SIDE: usize = 2 * REACH + 1;
        let width = usize::try_from(self.width).ok()?;
        let rows = self.luma.chunks_exact(width).map(around::<SIDE>).collect::<Vec<_>>();
        let mut luma = Vec::with_capacity(self.luma.len());
        let mut sums = vec![0_i32; width];
        for (y, row) in self.luma.chunks_exact(width).enumerate() {
            // The rows of the square, those beyond the edge being the edge's own.
            let near = |y: usize| rows.get(y.clamp(REACH, REACH + rows.len() - 1) - REACH);
            if y == 0 {
                for nth in 0..SIDE {
                    near(nth)?.iter().zip(&mut sums).for_each(|(mean, sum)| *sum += i32::from(*mean));
                }
            } else {
                let (gone, come) = (near(y - 1)?, near(y + SIDE - 1)?);
                for (sum, (gone, come)) in sums.iter_mut().zip(gone.iter().zip(come)) {
                    *sum += i32::from(*come) - i32::from(*gone);
                }
            }
            let area = i32::try_from(SIDE * SIDE).ok()?;
            luma.extend(row.iter().zip(&sums).map(|(pixel, sum)| {
                let pixel = i32::from(*pixel);
                let drawn_out = pixel + (pixel - sum / area) * 5 / 2;
                u8::try_from(drawn_out.clamp(0, 255)).unwrap_or(u8::MAX)
            }));
        }
        Self::of_luma(self.width, self.height, luma)
    }
}

fn mean(pixels: [u8; 4]) -> u8 {
    let sum = pixels.into_iter().map(u16::from).sum::<u16>();
    u8::try_from(sum / 4).unwrap_or(u8::MAX)
}

/// The sum of the pixels around each of a row, those beyond its ends being the ends' own.
fn around<const SIDE: usize>(row: &[u8]) -> Vec<u16> {
    let (first, last) = (row.first().copied().unwrap_or_default(), row.last().copied().unwrap_or_default());
    let reach = SIDE / 2;
    let wide = std::iter::repeat_n(first, reach).chain(row.iter().copied()).chain(std::iter::repeat_n(last, reach));
    let wide = wide.collect::<Vec<_>>();
    wide.windows(SIDE).map(|pixels| pixels.iter().copied().map(u16::from).sum()).collect()
}
