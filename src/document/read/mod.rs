//! Reading paper: the attachment of a PDF, and the codes on a photograph, a scan or a drawn page.
//!
//! A file is taken for what its first bytes say it is, whatever its name.

mod codes;
mod error;
mod marks;
mod pages;
mod paper;
mod pdf;
pub mod photograph;
mod picture;
#[cfg(test)]
mod tests;

pub use codes::{Code, codes};
pub use error::PaperError;
pub use marks::Mark;
pub use pages::{PAGES_DRAWN_MAX, codes_of_pages};
pub use paper::{Draw, Paper};
pub use pdf::{ATTACHMENT_MAX, PAGES_MAX, PDF_MAX, Pdf};
pub use picture::{PICTURE_MAX, PIXELS_MAX, Picture};

/// What a file is that may be paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperKind {
    /// A PDF document.
    Pdf,
    /// A picture in PNG.
    Png,
    /// A picture in JPEG.
    Jpeg,
}

/// The longest file that is read as paper.
pub const PAPER_MAX: usize = if PICTURE_MAX > PDF_MAX { PICTURE_MAX } else { PDF_MAX };

impl PaperKind {
    /// What the first bytes say; `None` is no paper.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        [(&b"%PDF-"[..], Self::Pdf), (b"\x89PNG\r\n\x1a\n", Self::Png), (b"\xff\xd8\xff", Self::Jpeg)]
            .into_iter()
            .find_map(|(magic, kind)| bytes.starts_with(magic).then_some(kind))
    }

    /// The kind of a picture that is not read, as people call it: so that nobody is told that his photograph is a broken
    /// certificate.
    #[must_use]
    pub fn unread(bytes: &[u8]) -> Option<&'static str> {
        let at = |place: usize, word: &[u8]| bytes.get(place..).is_some_and(|rest| rest.starts_with(word));
        let brand = |brands: &[&[u8]]| at(4, b"ftyp") && brands.iter().any(|brand| at(8, brand));
        [
            ("HEIC", brand(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])),
            ("AVIF", brand(&[b"avif", b"avis"])),
            ("WebP", at(0, b"RIFF") && at(8, b"WEBP")),
            ("TIFF", at(0, b"II*\0") || at(0, b"MM\0*")),
            // Two letters are few; four bytes that are always zero follow the length (BITMAPFILEHEADER).
            ("BMP", at(0, b"BM") && at(6, &[0; 4])),
            ("GIF", at(0, b"GIF87a") || at(0, b"GIF89a")),
            ("JPEG 2000", at(4, b"jP  \r\n")),
            ("JPEG XL", at(0, b"\xff\x0a") || at(4, b"JXL \r\n")),
        ]
        .into_iter()
        .find_map(|(name, is)| is.then_some(name))
    }
}
